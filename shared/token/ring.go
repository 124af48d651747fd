package token

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// MaxAge is how old a Ring's keys may become before they are read again: less than the time between two steps of a
// rotation, by far.
const MaxAge = 5 * time.Minute

// retryAfter is how long a Ring waits after it could not read.
const retryAfter = 30 * time.Second

// Ring is a Source whose keys are read elsewhere, and again when they are old. It is safe for concurrent use.
type Ring struct {
	read func(context.Context) (*Keys, error)
	keys atomic.Pointer[Keys]
	due  atomic.Int64 // when to read next: unix nanoseconds
	one  sync.Mutex   // held by who reads
}

var _ Source = (*Ring)(nil)

// NewRing reads the keys for the first time.
func NewRing(ctx context.Context, now time.Time, read func(context.Context) (*Keys, error)) (*Ring, error) {
	r := &Ring{read: read}
	return r, r.Refresh(ctx, now)
}

// Keys gives the keys as they were read last.
func (r *Ring) Keys() *Keys { return r.keys.Load() }

// Refresh reads the keys again if they are old; one caller does, and the others go on with what they have. Where they
// cannot be read, the keys stay, the error says why, and the next try is half a minute away.
func (r *Ring) Refresh(ctx context.Context, now time.Time) error {
	if now.UnixNano() < r.due.Load() || !r.one.TryLock() {
		return nil
	}
	defer r.one.Unlock()
	k, err := r.read(ctx)
	if err != nil {
		r.due.Store(now.Add(retryAfter).UnixNano())
		return fmt.Errorf("reading the signing keys: %w", err)
	}
	r.keys.Store(k)
	r.due.Store(now.Add(MaxAge).UnixNano())
	return nil
}
