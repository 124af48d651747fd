package admin

import (
	"context"
	"time"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// ListRevocations gives the realm's revocations: those that halt somebody, and those whose keys have not all expired. Access
// requirement: SERVICE_MANAGE_ACCESS.
func (s *Service) ListRevocations(ctx context.Context, c lake.Caller) ([]lake.Revocation, error) {
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.ListRevocations, wholeRealm); err != nil {
		return nil, err
	}
	found, err := s.Store.ListRevocations(ctx, c.Realm)
	if err != nil {
		return nil, err
	}
	out := make([]lake.Revocation, 0, len(found))
	for _, slot := range found {
		out = append(out, *slot.Value)
	}
	return out, nil
}

// LiftRevocation lets keys be vended again; a second time changes nothing. Keys that were revoked stay dead, so one key alone
// cannot be given back: Invalid. Conflict, with the time, while new keys would die with the old. Access requirement: as to
// revoke.
func (s *Service) LiftRevocation(ctx context.Context, c lake.Caller, id lake.ID) error {
	return again(func() error {
		x := s.open(c)
		slot := x.batch.Revocation(id)
		if err := x.read(ctx); err != nil {
			return err
		}
		r := slot.Value
		switch {
		case r == nil:
			return fault.Of(fault.NotFound, fault.Credential, string(id), "There is no revocation %s", id)
		case r.Of.PrincipalID != "":
			return s.liftPrincipal(ctx, c, slot)
		case r.Of.TableID != "":
			return s.liftTable(ctx, c, slot)
		}
		if err := x.allow(ctx, access.RevokeKey, wholeRealm); err != nil {
			return err
		}
		return fault.Of(fault.Invalid, fault.Credential, string(id), "A single key that was revoked stays so; its principal gets new ones")
	})
}

func (s *Service) liftPrincipal(ctx context.Context, c lake.Caller, slot *store.Slot[lake.Revocation]) error {
	x := s.open(c)
	p := x.batch.Principal(slot.Value.Principal)
	if err := x.read(ctx); err != nil {
		return err
	}
	if err := x.allow(ctx, access.RevokeKeysOfPrincipal, path(slot.Value.Of.PrincipalID)); err != nil {
		return err
	}
	if p.Value == nil || p.Value.ID != slot.Value.Of.PrincipalID {
		return s.lift(ctx, slot) // it is gone
	}
	keys := p.Value.Keys
	keys.Halted = false
	return s.lift(ctx, slot, s.Store.KeysOf(p, keys))
}

func (s *Service) liftTable(ctx context.Context, c lake.Caller, slot *store.Slot[lake.Revocation]) error {
	r := slot.Value
	x, t, err := s.tableAt(ctx, c, r.Catalog, lake.Identifier{Namespace: r.Namespace, Name: r.Table})
	if err == nil && (t == nil || t.Value.ID != r.Of.TableID) {
		var now *lake.Identifier
		if now, err = s.Store.Whereabouts(ctx, c.Realm, r.Of.TableID); err == nil && now != nil {
			x, t, err = s.tableAt(ctx, c, r.Catalog, *now)
		}
	}
	switch {
	case fault.Is(err, fault.NotFound): // with its catalog, and whoever could manage access there
		x := s.open(c)
		if err := x.read(ctx); err != nil {
			return err
		}
		if err := x.allow(ctx, access.RevokeKey, wholeRealm); err != nil {
			return err
		}
		return s.lift(ctx, slot)
	case err != nil:
		return err
	case t == nil || t.Value.ID != r.Of.TableID:
		if err := x.allow(ctx, access.RevokeKeysForTable, path(x.cat.Value.ID)); err != nil {
			return err
		}
		return s.lift(ctx, slot)
	}
	if err := x.allow(ctx, access.RevokeKeysForTable, t.path); err != nil {
		return err
	}
	keys := t.Value.Keys
	keys.Halted = false
	return s.lift(ctx, slot, s.Store.KeysFor(t.Slot, keys))
}

// lift notes that a revocation halts nobody any more, and gives its subject back what it took.
func (s *Service) lift(ctx context.Context, slot *store.Slot[lake.Revocation], subjects ...store.Subject) error {
	now := s.moment()
	switch r := slot.Value; {
	case !r.Lifted.IsZero():
		return nil
	case now.Before(r.Before):
		return fault.Of(fault.Conflict, fault.Credential, string(r.ID),
			"This can be lifted from %s on: keys that are issued earlier die with the revoked ones", r.Before.Format(time.RFC3339)).After(r.Before.Sub(now))
	}
	s.endHere(ctx, slot.Value) // what was being minted when it was written, and what the worker has not come to
	next := *slot.Value
	next.Lifted = now
	return s.Store.SaveRevocation(ctx, slot, &next, subjects...)
}
