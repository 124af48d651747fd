package admin

import (
	"context"
	"slices"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// SharedTable is a table of a share, and where it is now: another place than the alias names once it was renamed, which
// changes nothing for recipients; nil once it was dropped.
type SharedTable struct {
	lake.SharedTable
	At *lake.Identifier
}

// ListSharedTables gives the tables of a share. Access requirement: SERVICE_MANAGE_ACCESS on the realm.
func (s *Service) ListSharedTables(ctx context.Context, c lake.Caller, share string) ([]SharedTable, error) {
	found, err := s.share(ctx, c, share, access.GetShare)
	if err != nil {
		return nil, err
	}
	all, err := s.Store.ListSharedTables(ctx, c.Realm, found.Value)
	if err != nil {
		return nil, err
	}
	at, err := s.Store.Locate(ctx, c.Realm, all)
	out := make([]SharedTable, len(all))
	for i := range at {
		out[i] = SharedTable{all[i], at[i]}
	}
	return out, err
}

// NewSharedTable is a table that is to be put into a share.
type NewSharedTable struct {
	Schema, Name string // in the share
	Catalog      string
	Table        lake.Identifier
}

func (n NewSharedTable) check() error {
	if err := lake.CheckSharedName("schema", n.Schema); err != nil {
		return err
	}
	return lake.CheckSharedName("name", n.Name)
}

// ShareTable puts a table into a share. The alias stays with the table when that is renamed, and dies with it. Exists if the
// alias is taken, in whatever case. Access requirement: SERVICE_MANAGE_ACCESS on the realm, and TABLE_LIST on the table.
func (s *Service) ShareTable(ctx context.Context, c lake.Caller, share string, n NewSharedTable) (*SharedTable, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	var made *SharedTable
	err := again(func() (err error) {
		made, err = s.shareTable(ctx, c, share, n)
		return err
	})
	return made, err
}

func (s *Service) shareTable(ctx context.Context, c lake.Caller, share string, n NewSharedTable) (*SharedTable, error) {
	levels, name := n.Table.Namespace, n.Table.Name
	could := len(levels) > 0 && lake.Reachable(append(slices.Clone(levels), name)...)
	if !could {
		levels = nil
	}
	x := s.on(c, n.Catalog)
	found := x.batch.Share(share)
	alias := x.batch.SharedTable(found, share, n.Schema, n.Name)
	in := x.batch.Namespace(x.cat, levels)
	table := new(store.Slot[lake.Table])
	if could {
		table = x.batch.Table(in, name)
	}
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	switch {
	case found.Value == nil:
		return nil, fault.Missing(fault.Share, share)
	case x.cat.Value == nil:
		return nil, fault.Missing(fault.Catalog, n.Catalog)
	case table.Value == nil:
		return nil, fault.Missing(fault.Table, n.Table.String())
	}
	if err := x.allow(ctx, access.AddTableToShare, path(found.Value.ID), append(in.Path(), table.Value.ID)); err != nil {
		return nil, err
	}
	if alias.There() {
		return nil, fault.Taken(fault.SharedTable, n.Schema+"."+n.Name)
	}
	made := lake.SharedTable{ShareID: found.Value.ID, Schema: n.Schema, Name: n.Name, Catalog: n.Catalog,
		Namespace: n.Table.Namespace, Table: name, TableID: table.Value.ID, Created: s.moment()}
	return &SharedTable{made, &n.Table}, s.Store.AddSharedTable(ctx, alias, table, &made)
}

// UnshareTable takes a table out of a share. NotFound if it is not in it. Access requirement: SERVICE_MANAGE_ACCESS on the
// realm.
func (s *Service) UnshareTable(ctx context.Context, c lake.Caller, share, schema, name string) error {
	return again(func() error {
		x := s.open(c)
		found := x.batch.Share(share)
		alias := x.batch.SharedTable(found, share, schema, name)
		if err := x.read(ctx); err != nil {
			return err
		}
		if found.Value == nil {
			return fault.Missing(fault.Share, share)
		}
		if !alias.There() {
			return fault.Missing(fault.SharedTable, schema+"."+name)
		}
		if err := x.allow(ctx, access.RemoveTableFromShare, path(found.Value.ID)); err != nil {
			return err
		}
		return s.takeFromHolders(ctx, s.members(ctx, c.Realm, found.Value),
			func() error { return s.Store.RemoveSharedTable(ctx, alias) })
	})
}
