package catalog

import (
	"context"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/sign"
	"firn/shared/store"
)

// session is one request's view: what its batch read found, and who asks.
type session struct {
	*Service
	caller lake.Caller
	batch  *store.Batch
	me     *store.CallerSlot
	cat    *store.CatalogSlot
	who    *access.Subject
	signs  *sign.Site // the client's requests are signed one by one: no key is handed out; nil: they are not
}

// open begins a request on a catalog. Name what else is needed on the batch, then read.
func (s *Service) open(caller lake.Caller, catalog string) *session {
	b := s.Store.Batch(caller.Realm)
	return &session{Service: s, caller: caller, batch: b, me: b.Caller(caller), cat: b.Catalog(catalog)}
}

// read fills the slots and authenticates the caller. The error is a *store.Replayed if the request was answered before
// (Once): before access is checked, as what is answered by a status alone gives nothing away, and what happened is not to
// be refused.
func (x *session) read(ctx context.Context) error {
	if err := x.batch.Read(ctx); err != nil {
		return err
	}
	who, err := x.Store.Authority(ctx, x.me, x.cat)
	if err != nil {
		return err
	}
	who.Log, who.MustRotate = x.Log, who.MustRotate && x.RequireRotation
	x.who = who
	return x.batch.Replayed()
}

// allow checks access on one target, or on the two of an operation that has two.
func (x *session) allow(ctx context.Context, op access.Operation, targets ...access.Path) error {
	return x.who.Check(ctx, op, targets...)
}

// at opens a request on a namespace that must be there, for an operation on it.
func (s *Service) at(ctx context.Context, c lake.Caller, catalog string, levels []string, op access.Operation, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, error) {
	x, n, err := s.atAny(ctx, c, catalog, levels, more)
	if err != nil {
		return nil, nil, err
	}
	return x, n, x.allow(ctx, op, n.Path())
}

// atAny is at for a caller that decides on the operation itself.
func (s *Service) atAny(ctx context.Context, c lake.Caller, catalog string, levels []string, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, error) {
	x := s.open(c, catalog)
	look := levels
	unreachable := lake.CheckLevels(levels) != nil || len(levels) == 0
	if unreachable {
		look = nil
	}
	n := x.batch.Namespace(x.cat, look)
	if more != nil && !unreachable {
		more(x, n)
	}
	if err := x.read(ctx); err != nil {
		return nil, nil, err
	}
	if unreachable || !n.There() {
		return nil, nil, noNamespace(levels)
	}
	return x, n, nil
}

// noNamespace tells that a namespace is not there.
func noNamespace(levels []string) error {
	if len(levels) == 0 {
		return fault.Missing(fault.Namespace, "''")
	}
	return fault.Missing(fault.Namespace, strings.Join(levels, "."))
}

// table opens a request on a table that must be there. A table of a missing namespace or catalog is a missing table.
func (s *Service) table(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, *store.Slot[lake.Table], error) {
	return s.entry(ctx, c, catalog, id, lake.TableKind, more)
}

// entry is table for a table or a view.
func (s *Service) entry(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, kind lake.Kind, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, *store.Slot[lake.Table], error) {
	gone := fault.Missing(store.NounOf(kind), id.String())
	x := s.open(c, catalog)
	if !reachable(id) {
		if err := x.read(ctx); err != nil {
			return nil, nil, nil, err
		}
		return nil, nil, nil, gone
	}
	n := x.batch.Namespace(x.cat, id.Namespace)
	find := x.batch.Table
	if kind == lake.ViewKind {
		find = x.batch.View
	}
	t := find(n, id.Name)
	if more != nil {
		more(x, n)
	}
	if err := x.read(ctx); err != nil {
		return nil, nil, nil, err
	}
	if t.Value == nil || !n.There() {
		return nil, nil, nil, gone
	}
	return x, n, t, nil
}

// reachable says whether a table could be there: names that no rule would have let in are not looked up, so that what a
// client sends never makes a key that breaks the store's limits.
func reachable(id lake.Identifier) bool {
	return len(id.Namespace) > 0 && lake.CheckLevels(id.Namespace) == nil && lake.CheckName(id.Name) == nil
}
