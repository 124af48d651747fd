package admin_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/shared/admin"
	"firn/shared/kv/bolt"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/store"
)

// hangingRoles ends credentials of every role but those whose names begin with "hangs": IAM does not answer for these.
type hangingRoles struct {
	revoke.Ender
	mu    sync.Mutex
	ended map[string]time.Time
}

func (h *hangingRoles) End(ctx context.Context, t revoke.Target, _ []revoke.Cut) (bool, error) {
	if strings.HasPrefix(t.Role, "hangs") {
		<-ctx.Done()
		return false, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended[t.Role] = time.Now()
	return false, nil
}

func TestSweep_RoleThatHangs_DelaysNoOther(t *testing.T) {
	for _, row := range []struct {
		hanging       int
		other, within time.Duration // until the other role is done with, and the turn is over
	}{{1, 0, 15 * time.Second}, {40, 45 * time.Second, time.Minute}, {200, time.Minute, time.Minute}} {
		t.Run(fmt.Sprint(row.hanging), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				s := store.New(store.Config{Driver: db, Now: time.Now})
				h := &hangingRoles{ended: map[string]time.Time{}}
				service := admin.New(admin.Config{Store: s, Log: slog.New(slog.DiscardHandler), Now: time.Now, Ender: h})
				save := func(role string) {
					b := s.Batch("R")
					of := lake.Revoked{PrincipalID: lake.NewID()}
					slot := b.Revocation(lake.RevocationOf(of))
					if err := b.Read(t.Context()); err != nil {
						t.Fatal(err)
					}
					r := &lake.Revocation{ID: lake.RevocationOf(of), Realm: "R", Of: of, Before: time.Now(), Until: time.Now().Add(time.Hour), Planned: true,
						Places: []lake.RevokePlace{{Kind: lake.AWSRole, Role: role}}}
					if err := s.SaveRevocation(t.Context(), slot, r); err != nil {
						t.Fatal(err)
					}
				}
				save("other")
				for i := range row.hanging {
					save(fmt.Sprint("hangs", i))
				}
				began := time.Now()
				if err := service.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > row.within {
					t.Errorf("got the turn over after %s, want %s at most", took, row.within)
				}
				at, ended := h.ended["other"]
				if row.hanging < 100 && (!ended || at.Sub(began) > row.other) {
					t.Errorf("got the other role done %v after %s, want %s at most", ended, at.Sub(began), row.other)
				}
				all, err := s.ListRevocations(t.Context(), "R")
				if err != nil {
					t.Fatal(err)
				}
				for _, slot := range all {
					p := slot.Value.Places[0]
					if want := p.Role == "other" && ended; (p.Done == lake.Denied) != want {
						t.Errorf("%s: got %q, want denied %v", p.Role, p.Done, want)
					}
				}
			})
		})
	}
}
