package azure

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

// between stands before the cloud and may answer in its place.
type between struct {
	next   http.RoundTripper
	answer func(r *http.Request) (*http.Response, error) // nil, nil: the cloud's

	mu    sync.Mutex
	asked int
}

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	b.asked++
	answer := b.answer
	b.mu.Unlock()
	if answer != nil {
		if w, err := answer(r); w != nil || err != nil {
			return w, err
		}
	}
	return b.next.RoundTrip(r)
}

func newBetween(t *testing.T, change func(*Config)) (*world, *between) {
	t.Helper()
	b := &between{}
	return newWorld(t, func(c *Config) {
		b.next, c.Transport = c.Transport, b
		if change != nil {
			change(c)
		}
	}), b
}

func TestAWarmVendorAsksNobody(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 1000 {
		w.now = w.now.Add(7 * time.Second) // almost two hours
		w.vend(t, fmt.Sprintf("%sns/t%d", root, i))
	}
	if w.keysAsked() != 1 || w.identity.asked != 1 {
		t.Errorf("got %d keys and %d tokens for 1,000 credentials, want 1 and 1", w.keysAsked(), w.identity.asked)
	}
}

func TestKeysOverTime(t *testing.T) {
	rows := []struct {
		name string
		step time.Duration
		keys int
	}{
		{"before half of its life", 2*time.Hour - time.Second, 1},
		{"at half of its life", 2 * time.Hour, 2},
		{"after its end", 5 * time.Hour, 2},
		{"a clock that was set back", -time.Second, 2},
		{"a clock that was set back far", -30 * 24 * time.Hour, 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.vend(t, root+"ns/t")
			w.now = w.now.Add(row.step)
			cred := w.vend(t, root+"ns/t")
			if got := w.keysAsked(); got != row.keys {
				t.Errorf("got %d keys, want %d", got, row.keys)
			}
			if life := cred.Expires.Sub(w.now); life != time.Hour {
				t.Errorf("got a credential for %s, want an hour", life)
			}
		})
	}
}

func TestEachAccountAndTenantHasItsKey(t *testing.T) {
	w := newWorld(t, nil)
	w.vend(t, root+"ns/t")
	w.storage.AllowedLocations = []string{"abfss://data@other.dfs.core.windows.net/ns/"}
	w.vend(t, "abfss://data@other.dfs.core.windows.net/ns/t")
	w.storage.TenantID = "contoso.example"
	w.vend(t, "abfss://data@other.blob.core.windows.net/ns/t")
	w.vend(t, "abfss://data@other.dfs.core.windows.net/ns/t")
	if got := w.keysAsked(); got != 3 {
		t.Errorf("got %d keys, want 3: one for each account and tenant, and both hosts of an account are one", got)
	}
}

func TestAnOutageWithinTheLifeOfAKeyIsNotFelt(t *testing.T) {
	w, b := newBetween(t, nil)
	w.vend(t, root+"ns/t")
	b.answer, b.asked = says(503), 0
	w.now = w.now.Add(2 * time.Hour)
	w.vend(t, root+"ns/t")
	w.vend(t, root+"ns/t")
	if b.asked != 3 {
		t.Errorf("got %d requests, want 3 attempts of one renewal, and a minute's pause", b.asked)
	}
	w.now = w.now.Add(time.Minute)
	w.vend(t, root+"ns/t")
	if b.asked != 6 {
		t.Errorf("got %d requests after a minute, want 3 more", b.asked)
	}
	w.now = w.now.Add(time.Hour) // the key has less than an hour left
	if _, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read, root+"ns/t")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v once the key cannot last as long as a credential, want unavailable", err)
	}
}

func TestARightThatIsLostEndsTheKey(t *testing.T) {
	w, b := newBetween(t, nil)
	w.vend(t, root+"ns/t")
	b.answer = says(403)
	w.now = w.now.Add(2 * time.Hour)
	for range 2 {
		if _, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read, root+"ns/t")); !fault.Is(err, fault.Forbidden) {
			t.Errorf("got %v, want forbidden", err)
		}
	}
	b.answer = says(503)
	if _, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read, root+"ns/t")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v from an account that is away after it refused, want no key", err)
	}
}

func TestAHerdMakesOneRequest(t *testing.T) {
	w, b := newBetween(t, nil)
	open := make(chan struct{})
	b.answer = func(*http.Request) (*http.Response, error) { <-open; return nil, nil }
	var herd sync.WaitGroup
	for i := range 50 {
		g := w.grant(t, vend.Read, fmt.Sprintf("%sns/t%d", root, i))
		herd.Go(func() {
			if _, err := w.vendor.Vend(t.Context(), w.storage, g); err != nil {
				t.Error(err)
			}
		})
	}
	close(open)
	herd.Wait()
	if b.asked != 1 {
		t.Errorf("got %d requests for 50 credentials, want 1", b.asked)
	}
}

// wire is a store of one function.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

func TestWhoGivesUpDoesNotFailTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		v, err := New(Config{Identity: &someone{}, Now: time.Now, Timeout: time.Hour, Transport: wire(func(r *http.Request) (*http.Response, error) {
			if asked++; asked == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return body(200, strings.ReplaceAll(goodKey, "2026-11-21T14:00:00Z", time.Now().Add(keyLife).UTC().Format(iso)))(r)
		})})
		if err != nil {
			t.Fatal(err)
		}
		yes, w := true, &world{}
		storage := &lake.Storage{Type: lake.Azure, TenantID: tenant, Hierarchical: &yes, AllowedLocations: []string{root + "ns/"}}
		try := func(ctx context.Context) error {
			_, err := v.Vend(ctx, storage, w.grant(t, vend.Read, root+"ns/t"))
			return err
		}
		ctx, cancel := context.WithCancel(t.Context())
		gone, leave := context.WithCancel(t.Context())
		errs := make([]error, 4)
		var all sync.WaitGroup
		all.Go(func() { errs[0] = try(ctx) })
		synctest.Wait()
		for i := range 2 {
			all.Go(func() { errs[1+i] = try(t.Context()) })
		}
		all.Go(func() { errs[3] = try(gone) })
		synctest.Wait()
		leave()
		synctest.Wait()
		if !fault.Is(errs[3], fault.Timeout) {
			t.Errorf("who stopped to wait: got %v, want a timeout", errs[3])
		}
		cancel()
		all.Wait()
		if !fault.Is(errs[0], fault.Timeout) || errs[1] != nil || errs[2] != nil || asked != 2 {
			t.Errorf("got %v, and from %d requests %v and %v, want a timeout, and two keys from the second request", errs[0], asked, errs[1], errs[2])
		}
	})
}

func TestKeysAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	for i := range maxKeys + 10 {
		account := fmt.Sprintf("abfss://data@a%d.dfs.core.windows.net/ns/", i)
		w.storage.AllowedLocations = []string{account}
		w.vend(t, account+"t")
	}
	if got := w.vendor.keys.held.Len(); got != maxKeys {
		t.Errorf("got %d keys, want %d", got, maxKeys)
	}
}

func BenchmarkVendFromAWarmKey(b *testing.B) {
	w := newWorld(b, nil)
	g := w.grant(b, vend.Read|vend.List, root+"ns/t")
	w.vend(b, root+"ns/t")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.vendor.Vend(b.Context(), w.storage, g); err != nil {
			b.Fatal(err)
		}
	}
}
