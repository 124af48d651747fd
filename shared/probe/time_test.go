package probe_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/probe"
	"firn/shared/vend"
)

// New roles are known after some seconds: what is denied is tried again, what is wrong in another way is not.
func TestWhatIsDeniedIsTriedAgainForAWhile(t *testing.T) {
	rows := []struct {
		name   string
		err    error
		behind time.Duration // when the store comes to its senses
		want   lake.ProbeState
		most   time.Duration
	}{
		{"a role that is new", denied(""), 7 * time.Second, lake.ProbePassed, 10 * time.Second},
		{"a role that is wrong", denied(""), time.Hour, lake.ProbeFailed, 10 * time.Second},
		{"keys that are wrong", fault.Of(fault.Forbidden, fault.Credential, "", "x").Because(said{"InvalidClientTokenId", ""}), time.Second, lake.ProbeFailed, 0},
		{"an endpoint that is wrong", fault.Of(fault.Unavailable, fault.Credential, "", "x"), time.Second, lake.ProbeFailed, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				began := time.Now()
				w.mint = func(s *lake.Storage, g vend.Grant) error {
					if time.Since(began) < row.behind || s.ExternalID != "" {
						return row.err
					}
					return nil
				}
				got := w.try(t.Context(), nil)
				if took := time.Since(began); got.State != row.want || took > row.most {
					t.Errorf("got %s after %s, want %s within %s: %v", got.State, took, row.want, row.most, told(got))
				}
			})
		})
	}
}

// The same for what a key may do: the policy of the role is as new as the role.
func TestARoleWhosePolicyIsNewPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		began := time.Now()
		w.fail = func(string, string, vend.Actions, int) error {
			if time.Since(began) < 4*time.Second {
				return refused(fault.Forbidden, "AccessDenied", "")
			}
			return nil
		}
		if got := w.try(t.Context(), nil); got.State != lake.ProbePassed {
			t.Errorf("got %s %v, want passed", got.State, told(got))
		}
	})
}

func TestAProbeEndsInTime(t *testing.T) {
	rows := []struct {
		name  string
		takes time.Duration // a minting
		want  string
	}{
		{"with the sibling's key", 9 * time.Second, "broken endpoint.timeout sibling"},
		{"with the reader's key, when an object is there", 11 * time.Second, "broken endpoint.timeout reader.key"},
		{"with the first key", 30 * time.Second, "broken endpoint.timeout key"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				began := time.Now()
				got := probe.New(probe.Config{Vendor: slow{w, row.takes}, Files: w, Now: time.Now}).Probe(t.Context(), asker, catalog())
				if took := time.Since(began); took > 23*time.Second || got.State != lake.ProbeFailed {
					t.Errorf("got %s after %s, want failed within the time and what cleaning up may take", got.State, took)
				}
				if diff := cmp.Diff(told(got), []string{row.want}); diff != "" {
					t.Errorf("(-got +want):\n%s", diff)
				}
				if w.leftovers() {
					t.Error("objects are left")
				}
			})
		})
	}
}

// slow is a token service that takes its time.
type slow struct {
	*world
	takes time.Duration
}

func (s slow) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	select {
	case <-ctx.Done():
		return vend.Credential{}, fault.Of(fault.Timeout, fault.Credential, "", "late").Because(ctx.Err())
	case <-time.After(s.takes):
	}
	return s.world.Vend(ctx, storage, g)
}

// A probe that is killed leaves a few small objects, which the next one finds and deletes.
func TestTheNextProbeCleansUpBehindOneThatWasKilled(t *testing.T) {
	type killed struct{}
	calls := 0
	for at := 1; ; at++ {
		w := newWorld(t)
		w.fail = func(_, _ string, _ vend.Actions, n int) error {
			if n == at {
				panic(killed{})
			}
			return nil
		}
		died := false
		func() {
			defer func() {
				if r := recover(); r != nil {
					if _, ok := r.(killed); !ok {
						panic(r)
					}
					died = true
				}
			}()
			w.try(t.Context(), nil)
		}()
		if !died {
			calls = at
			break
		}
		w.fail = nil
		if got := w.try(t.Context(), nil); got.State != lake.ProbePassed {
			t.Errorf("killed at call %d: got %v, want the next to pass", at, told(got))
		}
		if w.leftovers() {
			t.Errorf("killed at call %d: objects are left behind the next probe", at)
		}
	}
	if calls < 15 {
		t.Errorf("got %d calls of the store, want all checks among them", calls)
	}
}

// Two probes at once get in each other's way and pass all the same.
func TestTwoProbesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		inside := false
		w.fail = func(op, _ string, _ vend.Actions, n int) error {
			if op == "get" && !inside { // between the put and the get of the first, and later on
				inside = true
				if got := w.try(t.Context(), nil); got.State != lake.ProbePassed {
					t.Errorf("inside, at call %d: got %v, want passed", n, told(got))
				}
				inside = n > 20
			}
			return nil
		}
		if got := w.try(t.Context(), nil); got.State != lake.ProbePassed {
			t.Errorf("got %v, want passed", told(got))
		}
		w.fail = nil
		if w.leftovers() {
			t.Error("objects are left")
		}
	})
}
