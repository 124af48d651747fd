package catalog

import (
	"context"
	"strings"
	"time"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/store"
	"firn/shared/vend"
)

// Creation is a table that a client asks for.
type Creation struct {
	Name    string
	Request iceberg.CreateRequest // with the location that the client chose; empty: firn chooses
	Staged  bool                  // only prepare it: the client commits it later
}

// CreateTable makes a table, or stages one, with keys to write it if they are asked for. Access requirement: TABLE_CREATE
// on the namespace; with keys TABLE_WRITE_DATA too.
//
// A staged table is stored, with its claim of a location, before any key for it is vended.
func (s *Service) CreateTable(ctx context.Context, c lake.Caller, catalog string, levels []string, want Creation, d Delegation) (Loaded, error) {
	if want.Name == "" {
		return Loaded{}, fault.New(fault.Argument, "Invalid table name: null or empty")
	}
	if err := lake.CheckName(want.Name); err != nil {
		return Loaded{}, err
	}
	if err := lake.CheckProperties(want.Request.Properties, nil); err != nil {
		return Loaded{}, err
	}
	var made Loaded
	err := s.Store.Again(ctx, func() (err error) {
		made, err = s.create(ctx, c, catalog, levels, want, d)
		return err
	})
	id := lake.Identifier{Namespace: levels, Name: want.Name}
	if first, ok := facts[staging](err); ok && want.Staged {
		return s.restage(ctx, c, catalog, id, want, first, d)
	}
	if table, ok := facts[lake.ID](err); ok {
		return s.reload(ctx, c, catalog, id, lake.TableKind, table, func(x *session, path access.Path) (vend.Actions, error) {
			if err := x.choose(d); err != nil {
				return 0, err
			}
			return d.actions(), x.allow(ctx, createOperation(want.Staged, d), path)
		})
	}
	return made, err
}

func (s *Service) create(ctx context.Context, c lake.Caller, catalog string, levels []string, want Creation, d Delegation) (Loaded, error) {
	var guards store.Guards
	var taken *store.Slot[store.Claim]
	x, n, err := s.at(ctx, c, catalog, levels, createOperation(want.Staged, d), func(x *session, n *store.NamespaceSlot) {
		taken = x.batch.Name(n, want.Name)
		guards = x.batch.Guards(n)
	})
	if err != nil {
		return Loaded{}, err
	}
	if err := x.choose(d); err != nil {
		return Loaded{}, err
	}
	if x.cat.Value.Type == lake.External {
		return Loaded{}, fault.New(fault.Malformed, "Cannot create table on static-facade external catalogs.")
	}
	id := lake.Identifier{Namespace: levels, Name: want.Name}
	if taken.Value != nil {
		return Loaded{}, taken.Value.Against(lake.TableKind, id)
	}
	loc, alone, err := x.newLocation(n, want.Name, want.Request.Location)
	if err != nil {
		return Loaded{}, err
	}
	now := s.Now()
	table, err := iceberg.Create(want.Request, newUUID(), loc, now.UnixMilli())
	if err != nil {
		return Loaded{}, err
	}
	if err := judge(id, table.References(), func() []string { return shownLocations(table, !want.Staged) }, creationBounds(x.cat.Value, n), x.cat.Value); err != nil {
		return Loaded{}, err
	}
	paths := pathsOf(table.Property)
	if err := x.answerable(id, table, d.actions()); err != nil {
		return Loaded{}, err
	}
	claims, err := folders(table.Location(), paths)
	if err != nil {
		return Loaded{}, err
	}
	alone = alone && len(paths) == 0 // the client chose the paths, and they may be around the folder
	if want.Staged {
		if err := s.Store.Remember(staging{table.UUID(), table.Location(), now.UnixMilli()}); err != nil {
			return Loaded{}, err
		}
		return x.stage(ctx, n, want.Name, table, paths, claims, alone, guards, d)
	}
	return x.put(ctx, n, table, store.NewTable{Table: x.newTable(n, want.Name, table, now), Folders: claims, Alone: alone, Guards: guards, Principal: x.who.ID}, d)
}

func createOperation(staged bool, d Delegation) access.Operation {
	switch {
	case staged && d.Asked():
		return access.CreateTableStagedWithWriteDelegation
	case staged:
		return access.CreateTableStaged
	case d.Asked():
		return access.CreateTableDirectWithWriteDelegation
	}
	return access.CreateTableDirect
}

// newLocation gives where a new table is to be: where the client says, if it may, or where firn chooses.
func (x *session) newLocation(n *store.NamespaceSlot, name, asked string) (string, bool, error) {
	if asked == "" {
		return x.freeFolder(n, name)
	}
	if !x.cat.Value.On(lake.ClientLocations, true) {
		return "", false, fault.Of(fault.Argument, fault.Location, asked, "Clients may not specify the location of a table in this catalog (%s)", lake.ClientLocations)
	}
	return strings.TrimRight(asked, "/"), false, nil
}

// shownLocations are the locations that a refusal lists.
func shownLocations(t metadata, withFile bool) []string {
	out := []string{t.Location()}
	if withFile {
		file := t.Location() + "/metadata/metadata.json"
		if p, ok := t.Property("write.metadata.path"); ok {
			file = strings.TrimRight(p, "/") + "/metadata.json"
		}
		out = append(out, file)
	}
	return append(out, pathsOf(t.Property)...)
}

func (x *session) newTable(n *store.NamespaceSlot, name string, t metadata, now time.Time) *lake.Table {
	at := now.Truncate(time.Millisecond)
	_, view := t.(*iceberg.View)
	return &lake.Table{View: view, ID: lake.NewID(), CatalogID: x.cat.Value.ID, NamespaceID: n.ID(), Name: name, UUID: t.UUID(),
		MetadataLocation: metadataFile(t, 0), Location: t.Location(), Paths: pathsOf(t.Property), FormatVersion: t.FormatVersion(),
		Version: 1, Created: at, Updated: at}
}

// put stores a new table or view, and its first metadata file just before.
func (x *session) put(ctx context.Context, n *store.NamespaceSlot, t metadata, nt store.NewTable, d Delegation) (Loaded, error) {
	own, err := folders(t.Location(), nt.Table.Paths)
	if err != nil {
		return Loaded{}, err
	}
	file := newFile{name: nt.Table.MetadataLocation, doc: t.Bytes()}
	nt.Ready = func() error { return x.write(ctx, &file, nt.Table, own) }
	if err := x.Store.Remember(nt.Table.ID); err != nil {
		return Loaded{}, err
	}
	if x.cat.Value.Storage.Type != lake.File {
		nt.Document = t.Bytes()
	}
	ctx, cancel := unbroken(ctx)
	defer cancel()
	if err := x.Store.CreateTable(ctx, n, nt); err != nil {
		if !fault.Is(err, fault.StateUnknown) {
			x.withdraw(ctx, &file)
		}
		return Loaded{}, err
	}
	return x.made(ctx, n, nt.Table, t, d.actions())
}

// answerable refuses, before any effect, a new table that could not be answered with what was asked for.
func (x *session) answerable(id lake.Identifier, t metadata, actions vend.Actions) error {
	if err := x.fits(nil, t); err != nil {
		return err
	}
	h := planned(id.Name, t)
	all, err := x.vendable(id, h, actions)
	if err != nil || len(all) == 0 || x.signs != nil {
		return err
	}
	return vend.Check(x.Vendor, &x.cat.Value.Storage, x.grant(id, h, all, actions, "create"))
}

// made answers for a table that has just been stored: there is no refusing any more.
func (x *session) made(ctx context.Context, n *store.NamespaceSlot, item *lake.Table, t metadata, actions vend.Actions) (Loaded, error) {
	k, err := x.keys(ctx, n, holderOf(item), actions, "create")
	if err != nil {
		return Loaded{}, fault.Of(fault.StateUnknown, fault.Table, item.Name, "The table was made, but no credentials for it; load it").Because(err)
	}
	return Loaded{MetadataLocation: item.MetadataLocation, Metadata: t.Bytes(), Keys: k}, nil
}
