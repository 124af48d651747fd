package gcs

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/shared/fault"
	"firn/shared/vend"
	"firn/shared/vend/gcs/gcstest"
)

func TestHowLongAVendedTokenLives(t *testing.T) {
	rows := []struct {
		name    string
		account string
		change  func(*Config)
		life    time.Duration // of firn's own token
		after   time.Duration // the second minting
		want    time.Duration // what it lives then
		asked   int           // for firn's own tokens, in all
	}{
		{"at once", catalogSA, nil, time.Hour, 0, time.Hour, 1},
		{"within ten minutes", catalogSA, nil, time.Hour, 9 * time.Minute, 51 * time.Minute, 1},
		{"after ten minutes", catalogSA, nil, time.Hour, 10 * time.Minute, time.Hour, 2},
		{"after a night of freeze", catalogSA, nil, time.Hour, 10 * time.Hour, time.Hour, 2},
		{"when the clock went back", catalogSA, nil, time.Hour, -time.Minute, time.Hour, 2},
		{"own account", "", nil, time.Hour, 9 * time.Minute, 51 * time.Minute, 1},
		{"a short token of firn's own, the account's is not", catalogSA, nil, 5 * time.Minute, 0, time.Hour, 1},
		{"a short token of firn's own, asked for each time", catalogSA, nil, 5 * time.Minute, 10 * time.Minute, time.Hour, 2},
		{"sealed", catalogSA, clientSide, time.Hour, 9 * time.Minute, 51 * time.Minute, 1},
		{"sealed, after ten minutes", catalogSA, clientSide, time.Hour, 10 * time.Minute, time.Hour, 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.change)
			w.life = row.life
			w.vend(t, row.account, grant(t, reader, "gs://lake/t/"))
			w.pass(row.after)
			cred := w.vend(t, row.account, grant(t, reader, "gs://lake/t/"))
			if got := cred.Expires.Sub(w.clock()); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
			if w.asks != row.asked {
				t.Errorf("got %d tokens of firn's own, want %d", w.asks, row.asked)
			}
		})
	}
}

func TestATokenThatExpiresTooSoonIsNotVended(t *testing.T) {
	for name, change := range map[string]func(*Config){"exchanged": nil, "sealed": clientSide} {
		for life, ok := range map[time.Duration]bool{vend.MinRemaining: true, vend.MinRemaining - time.Second: false} {
			w := newWorld(t, change)
			w.life = life
			_, err := w.vendor.Vend(t.Context(), storage(""), grant(t, reader, "gs://lake/t/"))
			if ok && err != nil {
				t.Errorf("%s, %v: got %v, want a token", name, life, err)
			} else if !ok {
				fails(t, err, fault.Unavailable, shortLived)
			}
		}
	}
}

// down answers every call of one kind with a status.
func down(call string, status int) func(string) gcstest.Fault {
	return func(c string) gcstest.Fault {
		if c != call {
			return gcstest.Fault{}
		}
		return gcstest.Fault{Status: status}
	}
}

func TestAnAccountsTokenOutlivesAnOutage(t *testing.T) {
	rows := []struct {
		name   string
		status int
		after  time.Duration
		want   fault.Kind // Internal: a token
	}{
		{"while it may be vended", http.StatusServiceUnavailable, 44 * time.Minute, fault.Internal},
		{"throttled", http.StatusTooManyRequests, 44 * time.Minute, fault.Internal},
		{"with less than 15 minutes left", http.StatusServiceUnavailable, 45 * time.Minute, fault.Unavailable},
		{"when the clock went back", http.StatusServiceUnavailable, -time.Minute, fault.Unavailable},
		{"not one that was taken away", http.StatusForbidden, 11 * time.Minute, fault.Forbidden},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				w.vend(t, catalogSA, grant(t, reader, "gs://lake/t/"))
				w.Plan(down("impersonate", row.status))
				w.pass(row.after)
				_, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/"))
				if row.want == fault.Internal && err != nil || row.want != fault.Internal && !fault.Is(err, row.want) {
					t.Errorf("got %v, want %s (internal: a token)", err, row.want)
				}
				w.Plan(nil)
				if got := w.vend(t, catalogSA, grant(t, reader, "gs://lake/t/")).Expires.Sub(w.clock()); got != time.Hour {
					t.Errorf("got %v behind the outage, want an hour", got)
				}
			})
		})
	}
}

func TestAHerdAsksOnceForTheAccountsToken(t *testing.T) {
	for name, status := range map[string]int{"that comes": 0, "that does not": http.StatusForbidden} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil)
				release := make(chan struct{})
				w.Plan(func(call string) gcstest.Fault {
					if call != "impersonate" {
						return gcstest.Fault{}
					}
					<-release
					return gcstest.Fault{Status: status}
				})
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						_, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/"))
						if status == 0 && err != nil || status != 0 && !fault.Is(err, fault.Forbidden) {
							t.Errorf("got %v", err)
						}
					})
				}
				synctest.Wait()
				close(release)
				all.Wait()
				if got := w.Take()["impersonate"]; got != 1 {
					t.Errorf("got %d calls, want 1", got)
				}
			})
		})
	}
}

// Whoever waits is not held to the time of the one who asks.
func TestAWaiterGoesWhenItsTimeIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Timeout = time.Minute })
		release := make(chan struct{})
		w.Plan(func(string) gcstest.Fault { <-release; return gcstest.Fault{} })
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/")); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		w.vendor.config.Timeout = time.Second
		_, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/"))
		fails(t, err, fault.Timeout, late)
		close(release)
		all.Wait()
	})
}

// Those who wait for one whose time ran out ask for themselves.
func TestACallerThatGivesUpFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Timeout = time.Minute })
		release := make(chan struct{})
		w.Plan(func(string) gcstest.Fault { <-release; return gcstest.Fault{Status: http.StatusServiceUnavailable} })
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, err := w.vendor.Vend(ctx, storage(catalogSA), grant(t, reader, "gs://lake/t/"))
			fails(t, err, fault.Timeout, late)
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := w.vendor.Vend(t.Context(), storage(catalogSA), grant(t, reader, "gs://lake/t/")); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		w.Plan(nil)
		cancel()
		close(release)
		all.Wait()
	})
}

func TestAccountsAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 2 * maxAccounts {
		w.vendor.accounts.of(string(rune('a'+i%26)) + time.Duration(i).String() + "@p.iam.gserviceaccount.com")
	}
	if got := w.vendor.accounts.kept.Len(); got != maxAccounts {
		t.Errorf("got %d accounts, want %d", got, maxAccounts)
	}
	if w.vendor.accounts.of("") != w.vendor.accounts.own {
		t.Error("firn's own account is gone")
	}
}
