package azure

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"firn/shared/fault"
	"firn/shared/vend"
	"firn/shared/vend/azure/adlsrest"
)

// The life of a delegation key. It is short, because it signs for everything that firn's identity may do; Azure allows a
// week. It is twice that of what it signs at least.
const (
	keyLife  = 4 * time.Hour
	backdate = 5 * time.Minute // of its beginning, for a clock that is ahead of Azure's
	postpone = time.Minute     // of a renewal that failed, while the old key is good
	maxKeys  = 256             // accounts are what administrators wrote into catalogs
)

// slot is what one key is for: an account, asked as firn's identity in a tenant.
type slot struct {
	account adlsrest.Account
	tenant  string
}

// keyring keeps delegation keys in memory. A key is renewed when half of its life is over, by the call that notices; while
// it is good, the others go on with it, and so does that call if Azure is away. Who waits for a first key waits for one
// request; if its caller gives up, one of those who wait takes over.
type keyring struct {
	client   *adlsrest.Client
	identity Identity
	now      func() time.Time
	duration time.Duration // of what the keys sign
	life     time.Duration // of the keys
	timeout  time.Duration

	mu      sync.Mutex
	held    *simplelru.LRU[slot, *held]
	flights map[slot]*flight
}

// held is a key and when it may sign.
type held struct {
	key                *delegationKey
	from, renew, until time.Time
}

// flight is one request under way. Its result is set before done is closed.
type flight struct {
	done      chan struct{}
	key       *delegationKey
	err       error
	abandoned bool // its caller is gone; the result says nothing about the account
}

func newKeyring(c Config) *keyring {
	// simplelru fails for sizes below 1 alone.
	all, err := simplelru.NewLRU[slot, *held](maxKeys, nil)
	if err != nil {
		panic(err)
	}
	return &keyring{client: adlsrest.New(c.Transport, c.Pause), identity: c.Identity, now: c.Now, duration: c.Duration, life: max(keyLife, 2*c.Duration), timeout: c.Timeout,
		held: all, flights: map[slot]*flight{}}
}

// wall is the time without its monotonic part, which stands still while a function is frozen.
func (k *keyring) wall() time.Time { return k.now().Round(0) }

// get gives a key that outlives what it is to sign, as far as Azure gives such keys.
func (k *keyring) get(ctx context.Context, s slot) (*delegationKey, error) {
	for {
		k.mu.Lock()
		good, fresh := k.look(s)
		if fresh {
			k.mu.Unlock()
			return good, nil
		}
		f, waits := k.flights[s]
		if !waits {
			f = &flight{done: make(chan struct{}), abandoned: true}
			k.flights[s] = f
		}
		k.mu.Unlock()
		switch {
		case !waits:
			k.fetch(ctx, s, f)
			if good != nil && fault.Is(f.err, fault.Unavailable, fault.Timeout) {
				return good, nil
			}
			return f.key, f.err
		case good != nil:
			return good, nil
		}
		select {
		case <-ctx.Done():
			return nil, fault.Of(fault.Timeout, fault.Credential, "", late).Because(ctx.Err())
		case <-f.done:
			if !f.abandoned {
				return f.key, f.err
			}
		}
	}
}

// look gives the key that may sign now, and whether it need not be renewed. A time before the key was got means that the
// clock was set back, and nothing is known of the life that is left.
func (k *keyring) look(s slot) (good *delegationKey, fresh bool) {
	h, ok := k.held.Get(s)
	now := k.wall()
	if !ok || now.Before(h.from) || !now.Before(h.until) {
		return nil, false
	}
	return h.key, now.Before(h.renew)
}

// fetch runs a flight to its end, also when something below panics: nobody must wait for ever.
func (k *keyring) fetch(ctx context.Context, s slot, f *flight) {
	asked := k.wall()
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		delete(k.flights, s)
		k.keep(s, f, asked)
		close(f.done)
	}()
	limited, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	f.key, f.err = k.ask(limited, s, asked)
	f.abandoned = f.err != nil && ctx.Err() != nil
}

// keep notes what a flight brought: a key; that the old one must do for a while; or that there is none any more.
func (k *keyring) keep(s slot, f *flight, asked time.Time) {
	switch {
	case f.abandoned:
	case f.err == nil:
		life := f.key.expires.Sub(asked)
		k.held.Add(s, &held{key: f.key, from: asked, renew: asked.Add(life / 2), until: f.key.expires.Add(-k.duration)})
	case fault.Is(f.err, fault.Unavailable, fault.Timeout):
		if h, ok := k.held.Get(s); ok {
			h.renew = asked.Add(postpone)
		}
	default:
		k.held.Remove(s)
	}
}

// ask gets a token and, with it, a key.
func (k *keyring) ask(ctx context.Context, s slot, now time.Time) (*delegationKey, error) {
	token, err := k.identity.Token(ctx, s.tenant, s.account.Domain)
	if err != nil {
		return nil, err
	}
	key, err := requestKey(ctx, k.client, s, token, now, now.Add(k.life))
	if err != nil {
		return nil, err
	}
	if key.expires.Sub(now) < vend.MinRemaining {
		return nil, fault.Of(fault.Unavailable, fault.Credential, "", incomplete)
	}
	return key, nil
}
