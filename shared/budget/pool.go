package budget

import (
	"context"
	"slices"
	"sync"
)

// pool is bytes that are taken and returned. Requests that have some already are served first, and have a
// part to themselves: else all bytes would be held by requests that wait for more.
// (golang.org/x/sync/semaphore serves in the order of arrival alone.)
type pool struct {
	size int64

	mu      sync.Mutex
	used    int64
	growing []*waiter // that hold bytes already
	fresh   []*waiter
}

type waiter struct {
	bytes int64
	ready chan struct{} // closed when it has them
}

// forFresh is how much of the pool requests get that hold nothing yet, in quarters.
const forFresh = 3

// fits reports whether there are so many bytes. Whatever is in the pool is there for the only one who asks.
func (p *pool) fits(bytes int64, grows bool) bool {
	most := p.size
	if !grows && p.used > 0 {
		most = p.size / 4 * forFresh
	}
	return p.used+bytes <= most
}

// acquire takes bytes, no more than the pool's size, and waits for them until ctx ends: then it returns the
// context's error.
func (p *pool) acquire(ctx context.Context, bytes int64, grows bool) error {
	p.mu.Lock()
	if p.fits(bytes, grows) && (grows || len(p.growing)+len(p.fresh) == 0) {
		p.used += bytes
		p.mu.Unlock()
		return nil
	}
	if err := ctx.Err(); err != nil {
		p.mu.Unlock()
		return err
	}
	w := &waiter{bytes, make(chan struct{})}
	queue := &p.fresh
	if grows {
		queue = &p.growing
	}
	*queue = append(*queue, w)
	p.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(*queue, w)
	if i < 0 { // it got them in the last moment
		return nil
	}
	*queue = slices.Delete(*queue, i, i+1)
	p.wake()
	return ctx.Err()
}

// release returns bytes.
func (p *pool) release(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used -= bytes
	p.wake()
}

// wake serves those who wait: any that grows and fits, so that it ends and returns what it has, then the
// others in their order.
func (p *pool) wake() {
	p.growing = slices.DeleteFunc(p.growing, func(w *waiter) bool { return p.serve(w, true) })
	for len(p.growing) == 0 && len(p.fresh) > 0 && p.serve(p.fresh[0], false) {
		p.fresh = slices.Delete(p.fresh, 0, 1)
	}
}

func (p *pool) serve(w *waiter, grows bool) bool {
	if !p.fits(w.bytes, grows) {
		return false
	}
	p.used += w.bytes
	close(w.ready)
	return true
}
