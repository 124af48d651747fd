package admin

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/store"
)

// forgetAfter is how long a role that cannot be reached is cleaned up for, once its revoked keys have expired.
const forgetAfter = 24 * time.Hour

// sweepPatience is how long a turn waits for all roles. One that does not answer has patience, and delays no other.
const sweepPatience = time.Minute

// Sweep brings all roles in line with the revocations: it ends what could not be ended at once, makes good what others
// undid, and removes what has nothing left to refuse. The worker calls it at each turn. It takes a bounded time, and all
// ends before it returns.
func (s *Service) Sweep(ctx context.Context) error {
	all, err := s.Store.ListRevocations(ctx, "")
	if err != nil {
		return err
	}
	for _, slot := range all {
		if slot.Value.Halts() && s.Now().Before(slot.Value.Until) {
			s.endHere(ctx, slot.Value) // also what was being minted when it was written
		}
		if slot.Value.Planned {
			continue
		}
		if err := again(func() error { return s.plan(ctx, slot) }); err != nil {
			s.tell(ctx, slot.Value, err)
		}
	}
	soon, cancel := context.WithTimeout(ctx, sweepPatience)
	targets := targetsOf(all...)
	rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] }) // where many hang, each has its turn
	outcomes := s.endAll(soon, targets)
	cancel()
	for _, slot := range all {
		if s.Now().Before(slot.Value.Until) {
			if err := s.note(ctx, slot, outcomes); err != nil {
				s.tell(ctx, slot.Value, err)
			}
			continue
		}
		if err := s.tidy(ctx, slot, outcomes); err != nil && !fault.Is(err, fault.Conflict) {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "a revocation could not be cleaned up", slog.String("revocation", string(slot.Value.ID)), slog.String("error", err.Error()))
		}
	}
	return nil
}

// tell logs that keys may live on. A lost race is not that.
func (s *Service) tell(ctx context.Context, r *lake.Revocation, err error) {
	if !fault.Is(err, fault.Conflict) {
		s.Log.LogAttrs(ctx, slog.LevelError, unfinished, slog.String("revocation", string(r.ID)), slog.String("error", err.Error()))
	}
}

// tidy forgets the places of a revocation whose keys have all expired, once nothing is denied in them any more; and the
// revocation, unless it halts somebody.
func (s *Service) tidy(ctx context.Context, slot *store.Slot[lake.Revocation], outcomes map[revoke.Target]outcome) error {
	next := *slot.Value
	next.Places = slices.DeleteFunc(slices.Clone(next.Places), func(p lake.RevokePlace) bool {
		clean := p.Kind != lake.AWSRole || outcomes[targetOf(p)].err == nil
		return clean || s.Now().After(next.Until.Add(forgetAfter))
	})
	switch {
	case len(next.Places) == 0 && !next.Halts():
		return s.Store.RemoveRevocation(ctx, slot)
	case len(next.Places) < len(slot.Value.Places):
		return s.Store.SaveRevocation(ctx, slot, &next)
	}
	return nil
}
