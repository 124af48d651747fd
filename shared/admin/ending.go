package admin

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/store"
)

// unfinished begins what is logged when revoked keys may live on: somebody must act, or wait for the next turn.
const unfinished = "revoked keys could not all be ended and will be tried again"

// endHere ends the keys of the store inside the process, and what its caches hold.
func (s *Service) endHere(ctx context.Context, r *lake.Revocation) {
	switch {
	case r.Of.Credential == "" && s.Revoked != nil:
		s.Revoked(cmp.Or(r.Of.PrincipalID, r.Of.TableID))
	case s.EndKey != nil && embeddedKey.MatchString(r.Of.Credential):
		if err := s.EndKey(r.Realm, r.Of.Credential); err != nil {
			s.Log.LogAttrs(ctx, slog.LevelError, unfinished, slog.String("revocation", string(r.ID)), slog.String("error", err.Error()))
		}
	}
}

// carryOut finds the places of a revocation, once it is written: no key is vended any more that could lead elsewhere. Then
// it ends the keys in each, and notes how far that went.
func (s *Service) carryOut(ctx context.Context, slot *store.Slot[lake.Revocation]) error {
	if err := again(func() error { return s.plan(ctx, slot) }); err != nil {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.note(ctx, slot, s.endAll(soon, targetsOf(slot)))
}

// plan writes down the places of a revocation. Whoever lost a race goes on from what is there: the worker may have carried it
// out, or another has renewed it.
func (s *Service) plan(ctx context.Context, slot *store.Slot[lake.Revocation]) error {
	if slot.Value.Planned {
		return nil
	}
	places, err := s.places(ctx, slot.Value)
	if err != nil {
		return err
	}
	next := *slot.Value
	next.Places, next.Planned = places, true
	err = s.Store.SaveRevocation(ctx, slot, &next)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	b := s.Store.Batch(next.Realm)
	now := b.Revocation(next.ID)
	if err := b.Read(ctx); err != nil {
		return err
	}
	if now.Value != nil {
		*slot = *now
	}
	return err
}

// patience is how long an administrator waits for keys to be ended; it leaves time to write down how far that went. The
// worker does the rest.
const patience = 15 * time.Second

// places gives where the keys of a revocation may lead: to the store of the table's catalog, else to that of any; and the
// roles that it was carried out at before it was renewed, also if no catalog names them any more.
func (s *Service) places(ctx context.Context, r *lake.Revocation) ([]lake.RevokePlace, error) {
	if embeddedKey.MatchString(r.Of.Credential) {
		return []lake.RevokePlace{{Kind: lake.EmbeddedStore, Catalogs: []string{}}}, nil
	}
	all, err := s.Store.ListCatalogs(ctx, r.Realm)
	if err != nil {
		return nil, fmt.Errorf("list the catalogs whose keys are revoked: %w", err)
	}
	var out []lake.RevokePlace
	for i := range all {
		c := &all[i]
		p, ok := c.Storage.PlaceOf(c.ID)
		if !ok || r.Of.TableID != "" && c.ID != r.Of.CatalogID || r.Of.Credential != "" && p.Kind != lake.AWSRole {
			continue
		}
		at := slices.IndexFunc(out, p.Same)
		if at < 0 {
			at = len(out)
			out = append(out, p)
		}
		if q := &out[at]; len(q.Catalogs) < lake.MaxPlaceCatalogs {
			q.Catalogs = append(q.Catalogs, c.Name)
		} else {
			q.More++
		}
	}
	for _, p := range r.Places {
		if p.Kind == lake.AWSRole && !slices.ContainsFunc(out, p.Same) {
			out = append(out, p)
		}
	}
	return out, nil
}

// targetsOf are the roles of revocations, each once.
func targetsOf(all ...*store.Slot[lake.Revocation]) []revoke.Target {
	seen := map[revoke.Target]bool{}
	var out []revoke.Target
	for _, r := range all {
		for _, p := range r.Value.Places {
			if t := targetOf(p); p.Kind == lake.AWSRole && !seen[t] {
				seen[t] = true
				out = append(out, t)
			}
		}
	}
	return out
}

func targetOf(p lake.RevokePlace) revoke.Target {
	return revoke.Target{Role: p.Role, ExternalID: p.ExternalID}
}

// outcome is what became of a target.
type outcome struct {
	widely bool
	err    error
}

// endAll brings targets in line, a few at a time.
func (s *Service) endAll(ctx context.Context, targets []revoke.Target) map[revoke.Target]outcome {
	const atOnce = 4
	done := make([]outcome, len(targets))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, t := range targets {
		group.Go(func() error {
			done[i].widely, done[i].err = s.bringInLine(ctx, t)
			return nil
		})
	}
	_ = group.Wait() // none fails: each has an outcome of its own
	out := map[revoke.Target]outcome{}
	for i, t := range targets {
		out[t] = done[i]
	}
	return out
}

// bringInLine makes a target refuse what the revocations in the table say, of which this may be one. Others may write the
// same policy at the same time, from a list that lacks this revocation; so whoever has written lists again, and writes again
// if something came or went. The last to write then saw everything that was listed before it wrote.
func (s *Service) bringInLine(ctx context.Context, t revoke.Target) (widely bool, err error) {
	if s.Ender == nil {
		return false, fault.Of(fault.Unsupported, fault.Credential, "", "This server has no AWS credentials with which keys could be ended.")
	}
	const rounds = 5
	cuts, err := s.cuts(ctx, t)
	for range rounds {
		if err != nil {
			return false, err
		}
		if widely, err = s.Ender.End(ctx, t, cuts); err != nil {
			return false, err
		}
		wrote := cuts
		if cuts, err = s.cuts(ctx, t); err == nil && slices.Equal(wrote, cuts) {
			return widely, nil
		}
	}
	return false, fault.Of(fault.Unavailable, fault.Credential, "", "Others keep revoking keys of the same role.")
}

// cuts are what a target must refuse now.
func (s *Service) cuts(ctx context.Context, t revoke.Target) ([]revoke.Cut, error) {
	all, err := s.Store.ListRevocations(ctx, "")
	if err != nil {
		return nil, err
	}
	var out []revoke.Cut
	for _, slot := range all {
		r := slot.Value
		there := func(p lake.RevokePlace) bool { return p.Kind == lake.AWSRole && targetOf(p) == t }
		if s.Now().Before(r.Until) && slices.ContainsFunc(r.Places, there) {
			out = append(out, revoke.Cut{Realm: r.Realm, Of: r.Of, Before: r.Before, Latest: r.Lifted})
		}
	}
	return out, nil
}

// note writes down what became of a revocation's places. A lost race is nobody's loss: whoever changed the revocation
// notes it, or the worker does.
func (s *Service) note(ctx context.Context, slot *store.Slot[lake.Revocation], outcomes map[revoke.Target]outcome) error {
	next := *slot.Value
	next.Places = slices.Clone(next.Places)
	var failed error
	for i := range next.Places {
		p := &next.Places[i]
		o, tried := outcomes[targetOf(*p)]
		if p.Kind != lake.AWSRole || !tried {
			continue
		}
		switch {
		case o.err != nil:
			failed = fmt.Errorf("end keys of role %s: %w", p.Role, o.err)
			p.Done, p.Why = lake.Pending, fault.From(o.err).Message
		case o.widely:
			p.Done, p.Why = lake.DeniedWidely, ""
		default:
			p.Done, p.Why = lake.Denied, ""
		}
	}
	if !samePlaces(next.Places, slot.Value.Places) {
		if err := s.Store.SaveRevocation(ctx, slot, &next); err != nil && !fault.Is(err, fault.Conflict) && failed == nil {
			failed = err
		}
		slot.Value = &next // what is told is what happened, also where it could not be noted
	}
	return failed
}

func samePlaces(a, b []lake.RevokePlace) bool {
	return slices.EqualFunc(a, b, func(p, q lake.RevokePlace) bool { return p.Done == q.Done && p.Why == q.Why })
}
