package vend

import (
	"cmp"
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"firn/shared/fault"
	"firn/shared/lake"
)

// MinRemaining is how long a credential that is served again still lives at least. Engines fetch a new one when less than
// 5 minutes remain, and a query must be able to begin in between.
const MinRemaining = 15 * time.Minute

// CacheConfig says what a Cache stands before. Now must give wall-clock time: after a function was frozen, no other clock
// has moved.
type CacheConfig struct {
	Vendor  Vendor
	Now     func() time.Time
	Entries int // most credentials kept; 0: 10,000
	Bytes   int // most bytes of memory that they take; 0: 48 MB. A credential has some 2 KB, and may have twice that
}

const (
	defaultEntries = 10_000
	defaultBytes   = 48 << 20
	entrySize      = 768 // bytes of an entry beside its texts
)

// breather is how long a refusal by a throttling issuer is told to those who ask for the same again.
const breather = time.Second

// Cache is a Vendor that mints once for equal grants and serves that credential until half its life is over, as long as
// MinRemaining is left. Callers that ask for the same at the same time wait for one minting.
//
// It stands before issuers that are far away. A driver that mints in microseconds needs none: its fresh credentials know
// of every revocation.
//
// It caches minting, never a decision: callers have authorised the grant on this request, before they ask here. A
// credential that was handed out lives until it expires; Forget stops it from being handed out again.
//
// # Why
//
// Nothing runs in the background, because a function stands still between requests. The first caller mints in its own
// call; if its context ends, one of those who wait takes over. An error is told to those who waited for it and is then
// forgotten; that an issuer is throttling is told for a second more, so that a herd does not knock one after the other.
type Cache struct {
	vendor Vendor
	now    func() time.Time

	mu      sync.Mutex
	entries *simplelru.LRU[cacheKey, entry]
	flights map[cacheKey]*flight
	bytes   int // of the entries
	most    int
}

var (
	_ Vendor  = (*Cache)(nil)
	_ Checker = (*Cache)(nil)
)

type entry struct {
	cred        Credential
	err         error     // a refusal, in place of a credential
	from, until time.Time // when it may be served
	subjects    [2]lake.ID
}

// size returns the bytes of memory that it takes.
func (e *entry) size() int {
	n := entrySize + e.cred.size()
	if e.err != nil {
		n += len(e.err.Error())
	}
	return n
}

// flight is one minting under way. Its result is set before done is closed.
type flight struct {
	done      chan struct{}
	cred      Credential
	err       error
	abandoned bool // the caller that was minting is gone; the result says nothing about the grant
}

// NewCache makes an empty cache.
func NewCache(c CacheConfig) *Cache {
	cache := &Cache{vendor: c.Vendor, now: c.Now, flights: map[cacheKey]*flight{}, most: cmp.Or(c.Bytes, defaultBytes)}
	gone := func(_ cacheKey, e entry) { cache.bytes -= e.size() }
	// simplelru fails for sizes below 1 alone.
	entries, err := simplelru.NewLRU(max(cmp.Or(c.Entries, defaultEntries), 1), gone)
	if err != nil {
		panic(err)
	}
	cache.entries = entries
	return cache
}

// Vend serves a credential that is good for a while, or mints one.
func (c *Cache) Vend(ctx context.Context, storage *lake.Storage, g Grant) (Credential, error) {
	key, err := keyOf(storage, g)
	if err != nil {
		return Credential{}, err
	}
	for {
		c.mu.Lock()
		if e, ok := c.entries.Get(key); ok {
			if now := c.wall(); !now.Before(e.from) && now.Before(e.until) {
				c.mu.Unlock()
				return e.cred, e.err
			}
			c.entries.Remove(key)
		}
		f, waits := c.flights[key]
		if !waits {
			f = &flight{done: make(chan struct{}), abandoned: true}
			c.flights[key] = f
		}
		c.mu.Unlock()
		if !waits {
			c.mint(ctx, key, f, storage, g)
			return f.cred, f.err
		}
		select {
		case <-ctx.Done():
			return Credential{}, fault.Of(fault.Timeout, fault.Credential, "", "Minting a storage credential took too long.").Because(ctx.Err())
		case <-f.done:
			if !f.abandoned {
				return f.cred, f.err
			}
		}
	}
}

// mint runs a flight to its end, also when the vendor panics: nobody must wait for ever.
func (c *Cache) mint(ctx context.Context, key cacheKey, f *flight, storage *lake.Storage, g Grant) {
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		// A flight that Forget took off the map is not kept: what it mints may be what must be forgotten.
		if c.flights[key] == f {
			delete(c.flights, key)
			if !f.abandoned {
				c.keep(key, f, g)
			}
		}
		close(f.done)
	}()
	f.cred, f.err = c.vendor.Vend(ctx, storage, g)
	f.abandoned = f.err != nil && ctx.Err() != nil
}

// keep stores a credential if there is a time in which to serve it, and a throttle for a moment.
func (c *Cache) keep(key cacheKey, f *flight, g Grant) {
	e := entry{cred: f.cred, err: f.err, from: c.wall(), subjects: [2]lake.ID{g.PrincipalID, g.TableID}}
	if f.err != nil {
		e.cred = Credential{}
		if e.until = e.from; throttled(f.err) {
			e.until = e.from.Add(breather)
		}
	} else {
		e.until = servedUntil(key, e.from, f.cred.Expires)
	}
	if !e.from.Before(e.until) {
		return
	}
	c.entries.Add(key, e)
	for c.bytes += e.size(); c.bytes > c.most; {
		c.entries.RemoveOldest()
	}
}

// throttled says whether the issuer asks to be left alone for a while.
func throttled(err error) bool {
	e := fault.From(err)
	return e.Kind == fault.Unavailable && e.RetryAfter > 0
}

// servedUntil gives how long a credential may be served that was found at a time: until about half of what is left of its
// life, and until MinRemaining is left.
func servedUntil(key cacheKey, now, expires time.Time) time.Time {
	life := expires.Sub(now)
	until := now.Add(life/2 - jitter(key, life/20))
	if last := expires.Add(-MinRemaining); last.Before(until) {
		return last
	}
	return until
}

// wall is the time without its monotonic part: a clock that is set, or a machine that slept, moves it. A time before the
// minting means that the clock was set back and that nothing is known about how much life is left: a miss.
func (c *Cache) wall() time.Time { return c.now().Round(0) }

// jitter is a part of most (at least 0, below most) that depends on the key alone: credentials minted together do not
// all end together, and a test can repeat it.
func jitter(key cacheKey, most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	return time.Duration(binary.BigEndian.Uint64(key[:8]) % uint64(most))
}

// Forget drops every credential of the principals and tables with these ids, and keeps what is being minted from being
// served to anyone who asks from now on. For revocation: other instances have caches of their own, and what was handed
// out is out.
func (c *Cache) Forget(ids ...lake.ID) {
	forget := make(map[lake.ID]bool, len(ids))
	for _, id := range ids {
		forget[id] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range c.entries.Keys() {
		if e, ok := c.entries.Peek(key); ok && (forget[e.subjects[0]] || forget[e.subjects[1]]) {
			c.entries.Remove(key)
		}
	}
	clear(c.flights)
}

// Check asks the vendor.
func (c *Cache) Check(storage *lake.Storage, g Grant) error { return Check(c.vendor, storage, g) }
