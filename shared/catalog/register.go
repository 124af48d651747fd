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

// Registration is a table that is to be made of a metadata file which is there.
type Registration struct {
	Name      string
	File      string // its location
	Overwrite bool   // in the place of a table of that name, if there is one
}

// RegisterTable makes a table of a metadata file that is there, with keys if they are asked for. Access requirement:
// TABLE_CREATE on the namespace, or TABLE_FULL_METADATA on the table that is overwritten; with keys TABLE_WRITE_DATA too, or
// TABLE_READ_DATA for keys that only read.
//
// The file is foreign: nothing of it is read before it is known that no other table claims a folder around
// it; it is validated as a whole, and every location in it must be within the namespace's bounds. A table
// that is overwritten keeps its id, its grants and the folders that it holds.
func (s *Service) RegisterTable(ctx context.Context, c lake.Caller, catalog string, levels []string, want Registration, d Delegation) (Loaded, error) {
	if err := lake.CheckName(want.Name); err != nil {
		return Loaded{}, err
	}
	file, err := checkFile(fault.Table, want.File)
	if err != nil {
		return Loaded{}, err
	}
	var made Loaded
	err = s.Store.Again(ctx, func() (err error) {
		made, err = s.register(ctx, c, catalog, levels, want, file, d)
		return err
	})
	if first, ok := facts[registered](err); ok {
		id := lake.Identifier{Namespace: levels, Name: want.Name}
		return s.reload(ctx, c, catalog, id, lake.TableKind, first.ID, func(x *session, path access.Path) (vend.Actions, error) {
			if err := x.choose(d); err != nil {
				return 0, err
			}
			return x.registerActions(ctx, d, path, first.Replaced)
		})
	}
	return made, err
}

func checkFile(as fault.Noun, file string) (location.URI, error) {
	switch {
	case file == "":
		return location.URI{}, fault.New(fault.Argument, "Cannot register an empty metadata file location as a %s", as)
	case !strings.Contains(file, "/"):
		return location.URI{}, fault.Of(fault.Argument, fault.Location, file, "Invalid metadata file location; metadata file location must be absolute and contain a '/': %s", file)
	}
	return location.Parse(file)
}

func (s *Service) register(ctx context.Context, c lake.Caller, catalog string, levels []string, want Registration, file location.URI, d Delegation) (Loaded, error) {
	nt := store.NewTable{Asked: want.File}
	var around *store.Around
	var taken *store.Slot[store.Claim]
	var old *store.Slot[lake.Table]
	x, n, err := s.atAny(ctx, c, catalog, levels, func(x *session, n *store.NamespaceSlot) {
		taken = x.batch.Name(n, want.Name)
		nt.Guards = x.batch.Guards(n)
		old = x.batch.Table(n, want.Name)
		around = x.batch.Around(n, file)
	})
	if err != nil {
		return Loaded{}, err
	}
	replaces, path := want.Overwrite && old.Value != nil, n.Path()
	if replaces {
		path = append(path, old.Value.ID)
	}
	actions, err := x.registerActions(ctx, d, path, replaces)
	if err != nil {
		return Loaded{}, err
	}
	if err := x.choose(d); err != nil {
		return Loaded{}, err
	}
	if want.Overwrite && x.cat.Value.Type == lake.External {
		return Loaded{}, fault.New(fault.Malformed, "Register table overwrite is only supported for internal Polaris catalogs")
	}
	id := lake.Identifier{Namespace: levels, Name: want.Name}
	if taken.Value != nil && !replaces {
		return Loaded{}, taken.Value.Against(lake.TableKind, id)
	}
	nt.Table = &lake.Table{ID: lake.NewID()}
	if replaces {
		nt.Table.ID = old.Value.ID
	}
	t, outside, err := x.readForeign(ctx, n, id, nt.Table, file, around)
	if err != nil {
		return Loaded{}, err
	}
	nt.Folders = outside
	if err := x.answerable(id, t, actions); err != nil {
		return Loaded{}, err
	}
	if err := s.Store.Remember(registered{nt.Table.ID, replaces}); err != nil {
		return Loaded{}, err
	}
	if replaces {
		nt.Table = x.follow(old.Value, t, x.spelt(want.File), s.Now())
		err = x.overwrite(ctx, n, old, nt, t)
	} else {
		made := x.newTable(n, want.Name, t, s.Now())
		made.ID, made.MetadataLocation = nt.Table.ID, x.spelt(want.File)
		nt.Table = made
		err = x.enter(ctx, n, nt, t)
	}
	if err != nil {
		return Loaded{}, err
	}
	return x.made(ctx, n, nt.Table, t, actions)
}

// registered is what a replay of a registration is answered by.
type registered struct {
	ID       lake.ID `json:"id"`
	Replaced bool    `json:"replaced,omitempty"`
}

// enter stores a table whose metadata file is there, and which claims its folders beside those that are
// named.
func (x *session) enter(ctx context.Context, n *store.NamespaceSlot, nt store.NewTable, t metadata) error {
	nt.Principal = x.who.ID
	own, err := folders(t.Location(), nt.Table.Paths)
	if err != nil {
		return err
	}
	nt.Folders = append(own, nt.Folders...)
	if x.cat.Value.Storage.Type != lake.File {
		nt.Document = t.Bytes()
	}
	return x.Store.CreateTable(ctx, n, nt)
}

// overwrite stores it in the place of another version of the table. Its file may have been that of an earlier one.
func (x *session) overwrite(ctx context.Context, n *store.NamespaceSlot, old *store.Slot[lake.Table], nt store.NewTable, t metadata) error {
	missing, err := x.newFolders(ctx, n, old.Value, nt.Table, nt.Folders...)
	if err != nil {
		return err
	}
	err = x.Store.UpdateTable(ctx, n, old, nt.Table, store.Moved{Folders: missing, Guards: nt.Guards, Principal: x.who.ID, Asked: nt.Asked, Known: true})
	if err == nil && x.cat.Value.Storage.Type != lake.File {
		x.Store.KeepCopy(ctx, n, nt.Table, t.Bytes())
	}
	return err
}

// spelt gives a FILE location without the empty authority, as it is shown to clients.
func (x *session) spelt(file string) string {
	if rest, ok := strings.CutPrefix(file, "file:///"); ok {
		return "file:/" + rest
	}
	return file
}

// registerActions decides what keys a caller gets for a table that is registered, or overwritten.
func (x *session) registerActions(ctx context.Context, d Delegation, path access.Path, replaces bool) (vend.Actions, error) {
	alone, write, read := access.RegisterTable, access.RegisterTableWithWriteDelegation, access.RegisterTableWithReadDelegation
	if replaces {
		alone, write, read = access.RegisterTableOverwrite, access.RegisterTableOverwriteWithWriteDelegation, access.RegisterTableOverwriteWithReadDelegation
	}
	if !d.Asked() {
		return 0, x.allow(ctx, alone, path)
	}
	op, err := x.who.CheckFirst(ctx, []access.Operation{write, read}, path)
	if err != nil {
		return 0, err
	}
	if op == write {
		return writeActions, nil
	}
	return readActions, nil
}

// readForeign reads and judges a metadata file that firn did not write, once it is known to be in nobody's
// folder. outside is what is to be claimed for it where it is not in the folders of its table.
//
// No refusal quotes what the file says: the caller named it, and need not be allowed to see it.
func (x *session) readForeign(ctx context.Context, n *store.NamespaceSlot, id lake.Identifier, item *lake.Table, file location.URI, around *store.Around) (t metadata, outside []location.Prefix, err error) {
	within := creationBounds(x.cat.Value, n)
	self := []iceberg.Reference{{Field: "metadata-location", URI: file.String()}}
	if err := judge(id, self, func() []string { return []string{file.String()} }, within, x.cat.Value); err != nil {
		return nil, nil, err
	}
	if err := around.Free(item.ID, item.Kind(), id.Name, x.who.ID); err != nil {
		return nil, nil, err
	}
	doc, err := x.file(ctx, item.ID, id.Name, file, x.spelt(file.String()))
	if err != nil {
		return nil, nil, err
	}
	if t, err = parse(ctx, item.Kind(), doc); err != nil {
		return nil, nil, err
	}
	if err := judgeForeign(id, file, t.References(), within, x.cat.Value); err != nil {
		return nil, nil, err
	}
	own, err := folders(t.Location(), pathsOf(t.Property))
	if err != nil || (bounds{folders: own}).contain(file) {
		return t, nil, err
	}
	if !x.cat.Value.On(lake.ExternalMetadataFiles, false) {
		return nil, nil, fault.Of(fault.Malformed, fault.Location, file.String(),
			"Metadata location %s is not allowed outside of the table location that the file names", file)
	}
	claim, err := store.FileClaim(file)
	return t, []location.Prefix{claim}, err
}

// file reads a metadata file with a key to its folder alone.
func (x *session) file(ctx context.Context, table lake.ID, name string, uri location.URI, file string) ([]byte, error) {
	folder, err := uri.Folder()
	if err != nil {
		return nil, err
	}
	b, err := x.bucket(ctx, table, name, []location.Prefix{folder}, readActions)
	if err != nil {
		return nil, err
	}
	return readMetadata(ctx, b, file)
}
