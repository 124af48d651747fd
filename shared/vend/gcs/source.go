package gcs

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"firn/shared/fault"
	"firn/shared/vend"
)

// maxAccounts bounds the kept service accounts: they are what administrators wrote into catalogs.
const maxAccounts = 256

// account is what firn holds of one service account.
type account struct {
	token        *held[Token]
	intermediary *held[sealer]
}

// accounts are the service accounts by their address, and firn itself.
type accounts struct {
	vendor *Vendor
	own    *account
	kept   *lru.Cache[string, *account]
}

func newAccounts(v *Vendor) (*accounts, error) {
	kept, err := lru.New[string, *account](maxAccounts)
	if err != nil {
		return nil, fmt.Errorf("make cache of service accounts: %w", err)
	}
	a := &accounts{vendor: v, kept: kept}
	a.own = a.make(newHeld(v.config.Now, func(ctx context.Context) (Token, time.Time, error) {
		t, err := v.config.Identity.Token(ctx)
		return t, t.Expires, err
	}))
	return a, nil
}

// of gives the account; firn's own where there is no address.
func (a *accounts) of(address string) *account {
	if address == "" {
		return a.own
	}
	made := a.make(newHeld(a.vendor.config.Now, func(ctx context.Context) (Token, time.Time, error) {
		self, err := a.own.token.get(ctx)
		if err != nil {
			return Token{}, time.Time{}, err
		}
		t, err := a.vendor.service.impersonate(ctx, self, address)
		return t, t.Expires, err
	}))
	if there, ok, _ := a.kept.PeekOrAdd(address, made); ok {
		a.kept.Get(address) // it is in use
		return there
	}
	return made
}

func (a *accounts) make(token *held[Token]) *account {
	return &account{token: token, intermediary: newHeld(a.vendor.config.Now, func(ctx context.Context) (sealer, time.Time, error) {
		source, err := token.get(ctx)
		if err != nil {
			return sealer{}, time.Time{}, err
		}
		out, err := a.vendor.service.exchange(ctx, source, intermediaryToken, "")
		if err != nil {
			return sealer{}, time.Time{}, err
		}
		key, err := newSealer(out)
		return key, out.Expires, err
	})}
}

// reuse is how long a token is made use of again: a vended one lives as long as what it is made of, so this is what it may
// lack of an hour.
const reuse = 10 * time.Minute

// held keeps a value that expires, and lets one caller at a time fetch it.
type held[T any] struct {
	now      func() time.Time
	fetch    func(context.Context) (value T, expires time.Time, err error)
	turn     chan struct{} // holds a token while someone has the fields below
	attempts atomic.Uint64

	value   T
	fetched time.Time
	until   time.Time // used without asking
	last    time.Time // used while the service is away
	err     error     // of the last attempt
}

func newHeld[T any](now func() time.Time, fetch func(context.Context) (T, time.Time, error)) *held[T] {
	return &held[T]{now: now, fetch: fetch, turn: make(chan struct{}, 1)}
}

// get gives the value, fetched anew if it is not fresh. Those who waited for an attempt that failed are told its error, so
// that a herd does not knock at a throttling service one after the other. While the service is away a value that is not
// fresh will do, as long as what is made of it may be vended.
func (h *held[T]) get(ctx context.Context) (T, error) {
	var none T
	before := h.attempts.Load()
	select {
	case <-ctx.Done():
		return none, tooLate(ctx.Err())
	case h.turn <- struct{}{}:
	}
	defer func() { <-h.turn }()
	// Without its monotonic part: after a function was frozen, no other clock has moved. A time before the fetch means
	// that the clock was set back, and that nothing is known about how much life is left.
	now := h.now().Round(0)
	known := !now.Before(h.fetched)
	if known && now.Before(h.until) {
		return h.value, nil
	}
	if h.attempts.Load() == before || h.err == nil {
		value, expires, err := h.fetch(ctx)
		if err != nil && ctx.Err() != nil {
			return none, err // of this caller alone
		}
		h.attempts.Add(1)
		if h.err = err; err == nil {
			h.value, h.fetched, h.last = value, now, expires.Add(-vend.MinRemaining)
			h.until = earlier(now.Add(reuse), h.last)
			return value, nil
		}
	}
	if known && now.Before(h.last) && fault.Is(h.err, fault.Unavailable, fault.Timeout) {
		return h.value, nil
	}
	return none, h.err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
