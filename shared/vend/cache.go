package vend

import (
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
	Entries int // most credentials kept; 0: 10,000 (some 3 KB each)
}

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
// call; if its context ends, one of those who wait takes over. An error is told to those who waited for it, so that a
// herd does not knock at a throttling issuer one after the other, and is forgotten at once.
type Cache struct {
	vendor Vendor
	now    func() time.Time

	mu      sync.Mutex
	entries *simplelru.LRU[cacheKey, entry]
	flights map[cacheKey]*flight
}

var _ Vendor = (*Cache)(nil)

type entry struct {
	cred        Credential
	from, until time.Time // when it may be served
	subjects    [2]lake.ID
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
	if c.Entries == 0 {
		c.Entries = 10_000
	}
	// simplelru fails for sizes below 1 alone.
	entries, err := simplelru.NewLRU[cacheKey, entry](max(c.Entries, 1), nil)
	if err != nil {
		panic(err)
	}
	return &Cache{vendor: c.Vendor, now: c.Now, entries: entries, flights: map[cacheKey]*flight{}}
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
				return e.cred, nil
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
			if !f.abandoned && f.err == nil {
				c.keep(key, f.cred, g)
			}
		}
		close(f.done)
	}()
	f.cred, f.err = c.vendor.Vend(ctx, storage, g)
	f.abandoned = f.err != nil && ctx.Err() != nil
}

// keep stores a credential if there is a time in which to serve it.
func (c *Cache) keep(key cacheKey, cred Credential, g Grant) {
	now := c.wall()
	life := cred.Expires.Sub(now)
	until := now.Add(life/2 - jitter(key, life/20))
	if last := cred.Expires.Add(-MinRemaining); last.Before(until) {
		until = last
	}
	if !now.Before(until) {
		return
	}
	c.entries.Add(key, entry{cred: cred, from: now, until: until, subjects: [2]lake.ID{g.PrincipalID, g.TableID}})
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
