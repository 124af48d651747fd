package catalog

import (
	"context"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
	"firn/shared/vend"
)

// RegisterTable makes a table of a metadata file that is there, with keys if they are asked for. Access requirement:
// TABLE_CREATE on the namespace; with keys TABLE_WRITE_DATA too, or TABLE_READ_DATA for keys that only read.
//
// The file is foreign: it is validated as a whole, and every location in it must be within the namespace's bounds.
func (s *Service) RegisterTable(ctx context.Context, c lake.Caller, catalog string, levels []string, name, file string, d Delegation) (Loaded, error) {
	if err := lake.CheckName(name); err != nil {
		return Loaded{}, err
	}
	if err := checkFile(fault.Table, file); err != nil {
		return Loaded{}, err
	}
	var made Loaded
	err := s.Store.Again(ctx, func() (err error) {
		made, err = s.register(ctx, c, catalog, levels, name, file, d)
		return err
	})
	return made, err
}

func checkFile(as fault.Noun, file string) error {
	switch {
	case file == "":
		return fault.New(fault.Argument, "Cannot register an empty metadata file location as a %s", as)
	case !strings.Contains(file, "/"):
		return fault.Of(fault.Argument, fault.Location, file, "Invalid metadata file location; metadata file location must be absolute and contain a '/': %s", file)
	}
	_, err := location.Parse(file)
	return err
}

func (s *Service) register(ctx context.Context, c lake.Caller, catalog string, levels []string, name, file string, d Delegation) (Loaded, error) {
	nt := store.NewTable{}
	var taken *store.Slot[store.Claim]
	x, n, err := s.atAny(ctx, c, catalog, levels, func(x *session, n *store.NamespaceSlot) {
		taken = x.batch.Name(n, name)
		nt.Guards = x.batch.Guards(n)
	})
	if err != nil {
		return Loaded{}, err
	}
	actions, err := x.registerActions(ctx, d, n.Path())
	if err != nil {
		return Loaded{}, err
	}
	if err := x.choose(d); err != nil {
		return Loaded{}, err
	}
	id := lake.Identifier{Namespace: levels, Name: name}
	if taken.Value != nil {
		return Loaded{}, taken.Value.Against(lake.TableKind, id)
	}
	nt.Table = &lake.Table{ID: lake.NewID()}
	t, err := x.readForeign(ctx, n, id, nt.Table, file)
	if err != nil {
		return Loaded{}, err
	}
	if err := x.answerable(id, t, actions); err != nil {
		return Loaded{}, err
	}
	now := s.Now()
	tableID := nt.Table.ID
	nt.Table = x.newTable(n, name, t, now)
	nt.Table.ID, nt.Table.MetadataLocation = tableID, x.spelt(file)
	nt.Principal = x.who.ID
	if nt.Folders, err = folders(t.Location(), nt.Table.Paths); err != nil {
		return Loaded{}, err
	}
	if x.cat.Value.Storage.Type != lake.File {
		nt.Document = t.Bytes()
	}
	if err := s.Store.CreateTable(ctx, n, nt); err != nil {
		return Loaded{}, err
	}
	return x.made(ctx, n, nt.Table, t, actions)
}

// spelt gives a FILE location without the empty authority, as it is shown to clients.
func (x *session) spelt(file string) string {
	if rest, ok := strings.CutPrefix(file, "file:///"); ok {
		return "file:/" + rest
	}
	return file
}

func (x *session) registerActions(ctx context.Context, d Delegation, path access.Path) (vend.Actions, error) {
	if !d.Asked() {
		return 0, x.allow(ctx, access.RegisterTable, path)
	}
	op, err := x.who.CheckFirst(ctx, []access.Operation{access.RegisterTableWithWriteDelegation, access.RegisterTableWithReadDelegation}, path)
	if err != nil {
		return 0, err
	}
	if op == access.RegisterTableWithWriteDelegation {
		return writeActions, nil
	}
	return readActions, nil
}

// readForeign reads and judges a metadata file that firn did not write.
func (x *session) readForeign(ctx context.Context, n *store.NamespaceSlot, id lake.Identifier, item *lake.Table, file string) (metadata, error) {
	within := creationBounds(x.cat.Value, n)
	self := []iceberg.Reference{{Field: "metadata-location", URI: file}}
	if err := judge(id, self, func() []string { return []string{file} }, within, x.cat.Value); err != nil {
		return nil, err
	}
	uri, err := location.Parse(file)
	if err != nil {
		return nil, err
	}
	folder, err := uri.Folder()
	if err != nil {
		return nil, err
	}
	b, err := x.bucket(ctx, item.ID, id.Name, []location.Prefix{folder}, vend.Read|vend.List)
	if err != nil {
		return nil, err
	}
	doc, err := readMetadata(ctx, b, x.spelt(file))
	if err != nil {
		return nil, err
	}
	t, err := parse(item.Kind(), doc)
	if err != nil {
		return nil, err
	}
	shown := func() []string { return append(shownLocations(t, false), files(t.References())...) }
	if err := judge(id, t.References(), shown, within, x.cat.Value); err != nil {
		return nil, err
	}
	own, err := folders(t.Location(), pathsOf(t.Property))
	if err != nil {
		return nil, err
	}
	if !(bounds{folders: own}).contain(uri) && !x.cat.Value.On(lake.ExternalMetadataFiles, false) {
		return nil, fault.Of(fault.Malformed, fault.Location, file, "Metadata location %s is not allowed outside of table location %s", file, t.Location())
	}
	return t, nil
}
