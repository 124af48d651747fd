package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
	"firn/shared/vend"
)

// table opens a request on a table that must be there. A table of a missing namespace or catalog is a missing table.
func (s *Service) table(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, *store.Slot[lake.Table], error) {
	gone := fault.Missing(fault.Table, id.String())
	x := s.open(c, catalog)
	if !reachable(id) {
		if err := x.read(ctx); err != nil {
			return nil, nil, nil, err
		}
		return nil, nil, nil, gone
	}
	n := x.batch.Namespace(x.cat, id.Namespace)
	t := x.batch.Table(n, id.Name)
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

// ListTables gives the names of a namespace's tables, and the name to go on behind. Access requirement: TABLE_LIST.
func (s *Service) ListTables(ctx context.Context, c lake.Caller, catalog string, levels []string, p Page) ([]string, string, error) {
	x, n, err := s.at(ctx, c, catalog, levels, access.ListTables, nil)
	if err != nil {
		return nil, "", err
	}
	page, nothing, err := x.page(p)
	if err != nil || nothing {
		return nil, "", err
	}
	return s.Store.ListTables(ctx, n, page)
}

// TableExists answers nil if the table is there. Access requirement: TABLE_LIST.
func (s *Service) TableExists(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier) error {
	x, n, t, err := s.table(ctx, c, catalog, id, nil)
	if err != nil {
		return err
	}
	return x.allow(ctx, access.TableExists, append(n.Path(), t.Value.ID))
}

// Loaded is a table as clients load it.
type Loaded struct {
	MetadataLocation string // empty for a staged table
	Metadata         []byte // the JSON document; not to be changed
	Keys             Keys
}

// LoadTable gives a table's current metadata, with keys if they are asked for. refsOnly leaves out the snapshots that no
// branch or tag names. Access requirement: TABLE_READ_PROPERTIES; with keys TABLE_WRITE_DATA, or TABLE_READ_DATA for keys
// that only read.
func (s *Service) LoadTable(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, d Delegation, refsOnly bool) (Loaded, error) {
	var copied *store.CopySlot
	x, n, t, err := s.table(ctx, c, catalog, id, func(x *session, n *store.NamespaceSlot) { copied = x.batch.Copy(n, id.Name) })
	if err != nil {
		return Loaded{}, err
	}
	actions, err := x.loadActions(ctx, d, append(n.Path(), t.Value.ID))
	if err != nil {
		return Loaded{}, err
	}
	if err := d.Check(); err != nil {
		return Loaded{}, err
	}
	doc, err := x.document(ctx, n, t.Value, copied, readActions)
	if err != nil {
		return Loaded{}, err
	}
	if refsOnly {
		parsed, err := iceberg.ParseTrusted(doc)
		if err != nil {
			return Loaded{}, err
		}
		if doc, err = parsed.OnlyRefs(); err != nil {
			return Loaded{}, err
		}
	}
	k, err := x.keys(ctx, n, t.Value.ID, id.Name, t.Value.Location, t.Value.Paths, actions)
	return Loaded{MetadataLocation: t.Value.MetadataLocation, Metadata: doc, Keys: k}, err
}

// document gives the current metadata document: the copy if it is the right one, else the file, whose copy is then kept.
// FILE storage is always read: its files may be changed by hand, and tests do.
// The key that reads it has the actions of what is to follow, so that one does for both.
func (x *session) document(ctx context.Context, n *store.NamespaceSlot, t *lake.Table, copied *store.CopySlot, actions vend.Actions) ([]byte, error) {
	onDisk := x.cat.Value.Storage.Type == lake.File
	if doc, ok := copied.Document(t); ok && !onDisk {
		return doc, nil
	}
	own, err := folders(t.Location, t.Paths)
	if err != nil {
		return nil, err
	}
	file, err := location.Parse(t.MetadataLocation)
	if err != nil {
		return nil, err
	}
	if !(bounds{folders: own}).contain(file) { // registered with its metadata file elsewhere
		folder, err := file.Folder()
		if err != nil {
			return nil, err
		}
		own, actions = []location.Prefix{folder}, readActions
	}
	b, err := x.bucket(ctx, t.ID, t.Name, own, actions)
	if err != nil {
		return nil, err
	}
	doc, err := readMetadata(ctx, b, t.MetadataLocation)
	if err != nil {
		return nil, err
	}
	if _, err := iceberg.Parse(doc); err != nil {
		return nil, fault.New(fault.Internal, "The table's metadata file cannot be read.").Because(err)
	}
	if !onDisk {
		x.Store.KeepCopy(ctx, n, t, doc)
	}
	return doc, nil
}

// RenameTable gives a table another name, which may be in another namespace. Access requirement: TABLE_DROP on the table,
// TABLE_CREATE and TABLE_LIST on the namespace that it goes to.
func (s *Service) RenameTable(ctx context.Context, c lake.Caller, catalog string, from, to lake.Identifier) error {
	if err := lake.CheckName(to.Name); err != nil {
		return err
	}
	return s.Store.Again(ctx, func() error {
		var dest *store.NamespaceSlot
		var claim *store.Slot[store.Claim]
		possible := reachable(to)
		x, n, t, err := s.table(ctx, c, catalog, from, func(x *session, _ *store.NamespaceSlot) {
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
		if err := x.allow(ctx, access.RenameTable, append(n.Path(), t.Value.ID), dest.Path()); err != nil {
			return err
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

func renameTaken(from, to lake.Identifier, by fault.Noun) error {
	what := map[fault.Noun]string{fault.Table: "Table", fault.View: "View", fault.GenericTable: "Generic table"}[by]
	return fault.Of(fault.Exists, by, to.String(), "Cannot rename %s to %s. %s already exists", from, to, what)
}

// Report takes a metrics report of an engine. Access requirement: TABLE_WRITE_DATA for a report of a commit, else
// TABLE_READ_DATA.
func (s *Service) Report(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, kind string) error {
	x, n, t, err := s.table(ctx, c, catalog, id, nil)
	if err != nil {
		return err
	}
	op := access.ReportReadMetrics
	if kind == "commit-report" {
		op = access.ReportWriteMetrics
	}
	if err := x.allow(ctx, op, append(n.Path(), t.Value.ID)); err != nil {
		return err
	}
	s.Log.InfoContext(ctx, "metrics report", "kind", kind, "table_id", string(t.Value.ID))
	return nil
}
