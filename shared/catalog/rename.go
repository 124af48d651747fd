package catalog

import (
	"context"
	"errors"
	"fmt"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// RenameTable gives a table another name, which may be in another namespace. Access requirement: TABLE_DROP on the table,
// TABLE_CREATE and TABLE_LIST on the namespace that it goes to, and on the table as it is each data privilege
// (TABLE_READ_DATA, TABLE_WRITE_DATA) that the caller has where it goes.
func (s *Service) RenameTable(ctx context.Context, c lake.Caller, catalog string, from, to lake.Identifier) error {
	return s.rename(ctx, c, catalog, from, to, lake.TableKind, access.RenameTable)
}

func (s *Service) rename(ctx context.Context, c lake.Caller, catalog string, from, to lake.Identifier, kind lake.Kind, op access.Operation) error {
	if err := lake.CheckName(to.Name); err != nil {
		return err
	}
	return s.Store.Again(ctx, func() error {
		var dest *store.NamespaceSlot
		var claim *store.Slot[store.Claim]
		possible := reachable(to)
		x, n, t, err := s.entry(ctx, c, catalog, from, kind, func(x *session, _ *store.NamespaceSlot) {
			if possible {
				dest = x.batch.Namespace(x.cat, to.Namespace)
				claim = x.batch.Name(dest, to.Name)
			}
		})
		if err != nil {
			return err
		}
		if !possible || !dest.There() {
			return noNamespace(to.Namespace)
		}
		if err := x.whole(ctx); err != nil {
			return err
		}
		if err := x.allow(ctx, op, append(n.Path(), t.Value.ID), dest.Path()); err != nil {
			return gained(err, "on table "+from.String(), "where it would go, as "+to.String())
		}
		if x.cat.Value.Type == lake.External {
			return fault.New(fault.Malformed, "Cannot rename %s on static-facade external catalogs.", kind)
		}
		if claim.Value != nil {
			return renameTaken(from, to, store.NounOf(claim.Value.Kind))
		}
		err = s.Store.RenameTable(ctx, n, t, dest, to.Name)
		if fault.Is(err, fault.Exists) {
			return renameTaken(from, to, fault.From(err).Noun)
		}
		return err
	})
}

// whole reads what all roles of the caller hold, for a decision on a move.
func (x *session) whole(ctx context.Context) (err error) {
	if !x.who.AllRoles && x.who.Whole == nil {
		x.who.Whole, err = x.Store.Authority(ctx, x.me.Whole(), x.cat)
	}
	return err
}

// gained adds to a refusal which data privilege the caller lacks, and where it would have it. Both are the caller's own grants.
func gained(err error, lacks, has string) error {
	g, ok := errors.AsType[access.Gain](err)
	if !ok {
		return err
	}
	e := *fault.From(err)
	e.Message += fmt.Sprintf(": it lacks %s %s and has it %s", g.Privilege, lacks, has)
	return &e
}

func renameTaken(from, to lake.Identifier, by fault.Noun) error {
	what := map[fault.Noun]string{fault.Table: "Table", fault.View: "View", fault.GenericTable: "Generic table"}[by]
	return fault.Of(fault.Exists, by, to.String(), "Cannot rename %s to %s. %s already exists", from, to, what)
}
