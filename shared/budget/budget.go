// Package budget bounds the memory that all requests in flight use together: request bodies, metadata
// documents and large responses. A request takes bytes before it allocates them and returns them all when it
// is over.
//
// It refuses a request that does not get its bytes within a short time (Unavailable, with the time to come
// again), and one that needs more than the whole budget (TooLarge): waiting would not help it.
//
// # Why
//
// Limits per request bound nothing when many requests come at once: 300 bodies of 10 MB are 3 GB. One budget,
// a share of the process's memory limit, is what keeps the process alive.
//
// The share of a request travels in its context. Documents are read by drivers and inflated three packages
// below the handler, and each of them must take from the share of the request that it works for: as an
// argument it would be in the signature of every function between. It carries no data and decides nothing but
// whether to go on. A context without a share takes without bound, so that drivers work alone in tests and
// tools.
//
// A request has a small allowance of its own, which the bound on connections bounds: most requests never meet
// the budget, and are served while large ones wait.
//
// Most requests need a second part, to parse what they have read or to change it. Those that have a good part
// are served first and have a quarter of the budget to themselves, or requests that hold a part and wait for
// the rest would hold each other up.
//
// A document that lies in a cache is shared by the requests that read it. It counts once while any of them
// does: the cache may drop it meanwhile, and a slow client still holds it.
package budget

import (
	"context"
	"sync"
	"time"

	"firn/shared/fault"
)

const (
	// Allowance is how many bytes a request has beside the budget.
	Allowance = 16 << 10
	// Wait is how long a request waits for bytes that others hold, from the first time that it has to.
	Wait = 5 * time.Second
	// goodPart is what part of the bytes that it asks for a request must hold to be served first: a quarter.
	goodPart = 4
	// retryAfter is when a request that got none should come again.
	retryAfter = 2 * time.Second
)

// Budget is the bytes that requests share. Safe for concurrent use.
type Budget struct {
	size int64
	pool pool

	mu   sync.Mutex
	lent map[*byte]*loan // cached documents that requests read, by their first byte
}

type loan struct {
	requests int
	bytes    int64
}

// New returns a budget of size bytes.
func New(size int64) *Budget {
	return &Budget{size: size, pool: pool{size: size}, lent: map[*byte]*loan{}}
}

// share is what one request has taken.
type share struct {
	budget *Budget

	mu       sync.Mutex
	used     int64 // by the request, its allowance included
	reserved int64 // of the budget
	borrowed []*byte
	reads    int64           // bytes of what is borrowed
	patience context.Context // ends when the request has waited for long enough; nil before it has to
	cancel   context.CancelFunc
}

type shareKey struct{}

// Begin returns a context whose Take and Borrow take from the budget, and the function that returns all of
// it. A nil Budget bounds nothing.
func (b *Budget) Begin(ctx context.Context) (context.Context, func()) {
	if b == nil {
		return ctx, func() {}
	}
	s := &share{budget: b}
	return context.WithValue(ctx, shareKey{}, s), s.end
}

// Take takes n bytes for the request of the context, and waits for them if it must. Errors: TooLarge if the
// request then had more than the whole budget, Unavailable if others held the bytes for too long.
func Take(ctx context.Context, n int64) error {
	s, _ := ctx.Value(shareKey{}).(*share)
	if s == nil || n <= 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if missing := s.used + n - Allowance - s.reserved; missing > 0 {
		if err := s.acquire(ctx, missing); err != nil {
			return err
		}
		s.reserved += missing
	}
	s.used += n
	return nil
}

// Borrow takes the bytes of a cached document for the request of the context, unless another request that is
// in flight has borrowed the same. Errors: as Take.
func Borrow(ctx context.Context, document []byte) error {
	s, _ := ctx.Value(shareKey{}).(*share)
	if s == nil || len(document) <= Allowance {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, b := &document[0], s.budget
	if !b.join(key) {
		n := int64(len(document))
		if err := s.acquire(ctx, n); err != nil {
			return err
		}
		b.lend(key, n)
	}
	s.borrowed, s.reads = append(s.borrowed, key), s.reads+int64(len(document))
	return nil
}

// join reports whether the document is lent, and if so adds a request to those that read it.
func (b *Budget) join(key *byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.lent[key]
	if l == nil {
		return false
	}
	l.requests++
	return true
}

// lend notes a document whose bytes are acquired. Where two requests did so at once, the second returns its
// own.
func (b *Budget) lend(key *byte, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l := b.lent[key]; l != nil {
		l.requests++
		b.pool.release(n)
		return
	}
	b.lent[key] = &loan{requests: 1, bytes: n}
}

// impatient is the context of one who does not wait.
var impatient = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// acquire takes n bytes of the pool, and waits for them as long as the request may still wait.
func (s *share) acquire(ctx context.Context, n int64) error {
	if s.reserved+s.reads+n > s.budget.size {
		return fault.New(fault.TooLarge, "The request needs more than the %d bytes of memory that this server has for requests.", s.budget.size)
	}
	grows := s.reserved+s.reads >= n/goodPart
	if s.patience == nil {
		if s.budget.pool.acquire(impatient, n, grows) == nil {
			return nil
		}
		s.patience, s.cancel = context.WithTimeout(ctx, Wait)
	}
	if err := s.budget.pool.acquire(s.patience, n, grows); err != nil {
		return fault.New(fault.Unavailable, "The server has no memory left for this request; please retry.").After(retryAfter).Because(err)
	}
	return nil
}

// end returns all that the request has.
func (s *share) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel != nil {
		s.cancel()
	}
	b := s.budget
	b.pool.release(s.reserved)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range s.borrowed {
		l := b.lent[key]
		if l.requests--; l.requests == 0 {
			delete(b.lent, key)
			b.pool.release(l.bytes)
		}
	}
	s.used, s.reserved, s.borrowed, s.reads = 0, 0, nil, 0
}
