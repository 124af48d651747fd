package admin

import (
	"context"
	"log/slog"
	"slices"
	"time"
	"unicode/utf8"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/store"
)

// TakeBack says whose keys to storage are revoked: a principal's, those for a table, or one. Of Principal, Table and
// Credential one is set.
type TakeBack struct {
	Principal  string // name
	Catalog    string
	Table      *lake.Identifier
	Credential string // vend.Credential.ID, as the log of the store and the audit record name the key
	Reason     string // for people; may be empty
}

// maxReason bounds what an administrator may say, in bytes.
const maxReason = 1024

// check refuses what names nobody, or more than one.
func (t TakeBack) check() error {
	named := 0
	for _, is := range []bool{t.Principal != "", t.Table != nil, t.Credential != ""} {
		if is {
			named++
		}
	}
	switch {
	case named != 1:
		return fault.New(fault.Argument, "Say whose keys are revoked by one of: principal; catalog, namespace and table; credentialId")
	case t.Table != nil && (t.Catalog == "" || len(t.Table.Namespace) == 0 || t.Table.Name == ""):
		return fault.New(fault.Argument, "A table is named by catalog, namespace and table")
	case t.Table == nil && t.Catalog != "":
		return fault.New(fault.Argument, "A catalog is named with a table of it")
	case len(t.Reason) > maxReason || !utf8.ValidString(t.Reason):
		return fault.New(fault.Argument, "Invalid value: reason: must be text of at most %d bytes", maxReason)
	}
	return nil
}

// RevokeKeys takes keys to storage back. Of a principal, and for a table, no new ones are vended from the next request on,
// until that is lifted; one key dies alone. What is out already is ended where it can be; the places of the answer say where
// it was, where it will be tried again, and where nothing can.
//
// Access requirement: for a principal, to be the principal root, as to reset its credentials; for a table,
// TABLE_MANAGE_GRANTS_ON_SECURABLE on it (or manage access on what holds it); for one key, SERVICE_MANAGE_ACCESS.
func (s *Service) RevokeKeys(ctx context.Context, c lake.Caller, t TakeBack) (*lake.Revocation, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	var slot *store.Slot[lake.Revocation]
	plan := func() (err error) {
		switch {
		case t.Principal != "":
			slot, err = s.haltPrincipal(ctx, c, t)
		case t.Table != nil:
			slot, err = s.haltTable(ctx, c, t)
		default:
			slot, err = s.revokeKey(ctx, c, t)
		}
		return err
	}
	// Again and again: a table does not escape by being committed to all the time.
	err := again(func() error { return again(plan) })
	if err != nil {
		return nil, err
	}
	s.endHere(ctx, slot.Value)
	if err := s.carryOut(ctx, slot); err != nil {
		// It is written and holds; the worker takes up what could not be done now.
		s.Log.LogAttrs(ctx, slog.LevelError, unfinished, slog.String("revocation", string(slot.Value.ID)), slog.String("error", err.Error()))
	}
	r := slot.Value
	s.Log.LogAttrs(ctx, slog.LevelInfo, "keys revoked", slog.String("revocation", string(r.ID)), slog.String("realm", string(r.Realm)), slog.String("by", r.By),
		slog.String("principal", r.Principal), slog.String("table_id", string(r.Of.TableID)), slog.String("credential", r.Of.Credential), slog.Time("issued_before", r.Before))
	return r, nil
}

// record makes the revocation, or renews the one that is there.
func (s *Service) record(ctx context.Context, c lake.Caller, t TakeBack, of lake.Revoked) (*store.Slot[lake.Revocation], *lake.Revocation, error) {
	id := lake.RevocationOf(of)
	b := s.Store.Batch(c.Realm)
	slot := b.Revocation(id)
	if err := b.Read(ctx); err != nil {
		return nil, nil, err
	}
	now := s.moment()
	before := now.Add(revoke.Settle + time.Second - 1).Truncate(time.Second) // AWS tells sessions apart by the second
	next := &lake.Revocation{ID: id, Realm: c.Realm, Of: of, Reason: t.Reason, By: c.Principal, Created: now, Before: before, Until: before.Add(revoke.Longest)}
	if slot.Value != nil {
		next.Places = pending(slot.Value.Places) // what is denied there stays denied meanwhile
	}
	return slot, next, nil
}

func pending(places []lake.RevokePlace) []lake.RevokePlace {
	out := slices.Clone(places)
	for i := range out {
		out[i].Done, out[i].Why = lake.Pending, ""
	}
	return out
}

// halted is the state of keys that are revoked: no new ones, and what was minted before is never served again.
func halted(k lake.KeyState) lake.KeyState { return lake.KeyState{Epoch: k.Epoch + 1, Halted: true} }

func (s *Service) haltPrincipal(ctx context.Context, c lake.Caller, t TakeBack) (*store.Slot[lake.Revocation], error) {
	_, p, err := s.principal(ctx, c, t.Principal, access.RevokeKeysOfPrincipal)
	if err != nil {
		return nil, err
	}
	slot, next, err := s.record(ctx, c, t, lake.Revoked{PrincipalID: p.Value.ID})
	if err != nil {
		return nil, err
	}
	next.Principal = p.Value.Name
	return slot, s.Store.SaveRevocation(ctx, slot, next, s.Store.KeysOf(p, halted(p.Value.Keys)))
}

func (s *Service) haltTable(ctx context.Context, c lake.Caller, t TakeBack) (*store.Slot[lake.Revocation], error) {
	x, found, err := s.tableAt(ctx, c, t.Catalog, *t.Table)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, fault.Missing(fault.Table, t.Table.String())
	}
	if err := x.allow(ctx, access.RevokeKeysForTable, found.path); err != nil {
		return nil, err
	}
	slot, next, err := s.record(ctx, c, t, lake.Revoked{CatalogID: x.cat.Value.ID, TableID: found.Value.ID})
	if err != nil {
		return nil, err
	}
	next.Catalog, next.Namespace, next.Table = t.Catalog, t.Table.Namespace, t.Table.Name
	return slot, s.Store.SaveRevocation(ctx, slot, next, s.Store.KeysFor(found.Slot, halted(found.Value.Keys)))
}

// foundTable is a table with the way to it.
type foundTable struct {
	*store.Slot[lake.Table]
	path access.Path
}

// tableAt opens a request on a table; nil if it is not there. The catalog must be.
func (s *Service) tableAt(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier) (*session, *foundTable, error) {
	x := s.on(c, catalog)
	could := lake.Reachable(append([]string{id.Name}, id.Namespace...)...) && lake.CheckLevels(id.Namespace) == nil && lake.CheckName(id.Name) == nil
	var n *store.NamespaceSlot
	var t *store.Slot[lake.Table]
	if could {
		n = x.batch.Namespace(x.cat, id.Namespace)
		t = x.batch.Table(n, id.Name)
	}
	if err := x.read(ctx); err != nil {
		return nil, nil, err
	}
	switch {
	case x.cat.Value == nil:
		return nil, nil, fault.Missing(fault.Catalog, catalog)
	case !could || t.Value == nil:
		return x, nil, nil
	}
	return x, &foundTable{t, append(n.Path(), t.Value.ID)}, nil
}
