package catalog

import (
	"context"
	"slices"
	"time"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// Change is what a client wants to commit to a table.
type Change struct {
	Requirements []iceberg.Requirement
	Updates      []iceberg.Update
}

// defaultRetries is how often a lost swap is tried again.
const defaultRetries = 4

// CommitTable applies a change to a table, or makes the table if the change says that there must be none. Access
// requirement: for each update its own TABLE_ privilege, or TABLE_WRITE_PROPERTIES where the catalog turns that off;
// TABLE_CREATE on the namespace to make one.
func (s *Service) CommitTable(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, change Change) (Loaded, error) {
	create, err := iceberg.IsCreate(change.Requirements)
	if err != nil {
		return Loaded{}, err
	}
	if err := checkKeys(change.Updates); err != nil {
		return Loaded{}, err
	}
	for try := 0; ; try++ {
		var done Loaded
		var retries int
		if create {
			done, retries, err = s.commitNew(ctx, c, catalog, id, change)
		} else {
			done, retries, err = s.commit(ctx, c, catalog, id, change)
		}
		if !store.Raced(err) {
			return done, err
		}
		if try >= retries {
			return Loaded{}, fault.Of(fault.CommitFailed, fault.Table, id.String(), "Cannot commit to table %s: too many concurrent commits; please retry", id)
		}
	}
}

// checkKeys refuses reserved properties.
func checkKeys(updates []iceberg.Update) error {
	for _, u := range updates {
		keys := lake.Properties{}
		for _, k := range u.PropertyKeys() {
			keys[k] = ""
		}
		if err := lake.CheckProperties(keys, nil); err != nil {
			return err
		}
	}
	return nil
}

// moves says whether the updates may change where the table's files are.
func moves(updates []iceberg.Update) bool {
	return slices.ContainsFunc(updates, func(u iceberg.Update) bool {
		return u.Action() == "set-location" || slices.ContainsFunc(u.PropertyKeys(), func(k string) bool { return slices.Contains(pathProperties, k) })
	})
}

// updateOperations are the operations of a commit's updates, each once.
func (x *session) updateOperations(updates []iceberg.Update) []access.Operation {
	if len(updates) == 0 || !x.cat.Value.On(lake.FineGrainedUpdates, true) {
		return []access.Operation{access.UpdateTable}
	}
	var ops []access.Operation
	for _, u := range updates {
		if op := access.UpdateOperation(u.Action()); !slices.Contains(ops, op) {
			ops = append(ops, op)
		}
	}
	return ops
}

// commit is one attempt. An error for which store.Raced holds had no effect, and is to be tried again from fresh reads.
func (s *Service) commit(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, change Change) (Loaded, int, error) {
	var copied *store.CopySlot
	moved := store.Moved{}
	x, n, t, err := s.table(ctx, c, catalog, id, func(x *session, n *store.NamespaceSlot) {
		copied = x.batch.Copy(n, id.Name)
		if moves(change.Updates) {
			moved.Guards = x.batch.Guards(n)
		}
	})
	if err != nil {
		return Loaded{}, 0, err
	}
	retries := x.cat.Value.Number(lake.CommitRetries, defaultRetries, 20)
	if err := x.who.CheckAll(ctx, x.updateOperations(change.Updates), append(n.Path(), t.Value.ID)); err != nil {
		return Loaded{}, 0, err
	}
	if x.cat.Value.Type == lake.External {
		return Loaded{}, 0, fault.New(fault.Malformed, "Cannot update table on static-facade external catalogs.")
	}
	doc, err := x.document(ctx, n, t.Value, copied, writeActions)
	if err != nil {
		return Loaded{}, 0, err
	}
	base, err := iceberg.ParseTrusted(doc)
	if err != nil {
		return Loaded{}, 0, err
	}
	if err := iceberg.Check(base, change.Requirements); err != nil {
		return Loaded{}, 0, err
	}
	now := s.Now()
	next, changed, err := iceberg.Apply(base, change.Updates, iceberg.At{NowMS: now.UnixMilli(), Previous: t.Value.MetadataLocation})
	if err != nil {
		return Loaded{}, 0, err
	}
	if !changed {
		return Loaded{MetadataLocation: t.Value.MetadataLocation, Metadata: doc}, 0, nil
	}
	if err := s.fits(base, next); err != nil {
		return Loaded{}, 0, err
	}
	item, err := x.nextItem(id, t.Value, base, next, now)
	if err != nil {
		return Loaded{}, 0, err
	}
	moved.Principal = x.who.ID
	if moves(change.Updates) {
		if moved.Folders, err = x.newFolders(t.Value, item); err != nil {
			return Loaded{}, 0, err
		}
	} else if err := stays(id, t.Value, item); err != nil {
		return Loaded{}, 0, err
	}
	done, err := x.swap(ctx, n, t, base, next, item, moved)
	return done, retries, err
}

// fits refuses a commit after which the table could not be answered any more. One that makes the table smaller is never
// refused: it is the way out.
func (s *Service) fits(base, next *iceberg.Table) error {
	if size := len(next.Bytes()); s.MaxAnswer > 0 && size > s.MaxAnswer && (base == nil || size > len(base.Bytes())) {
		return fault.New(fault.Invalid, "The table's metadata would grow to %d bytes, more than the %d that can be answered; expire snapshots first", size, s.MaxAnswer)
	}
	return nil
}

// nextItem judges the new version's locations and gives its item.
func (x *session) nextItem(id lake.Identifier, t *lake.Table, base, next *iceberg.Table, now time.Time) (*lake.Table, error) {
	refs := append(next.Added(), emptied(base, next)...)
	moved := next.Location() != t.Location || !slices.Equal(pathsOf(next.Property), t.Paths)
	if moved {
		refs = next.References() // what was inside may be outside now
	}
	// No update brings a log entry in, and a registered table's first file may be outside.
	refs = slices.DeleteFunc(refs, func(r iceberg.Reference) bool { return r.Field == "metadata-file" })
	shown := func() []string {
		all := shownLocations(next, true)
		if !moved {
			all = all[1:2] // the folders are as they were
		}
		return append(all, files(next.References())...)
	}
	if err := judge(id, refs, shown, commitBounds(x.cat.Value, t), x.cat.Value); err != nil {
		return nil, err
	}
	item := *t
	item.UUID = next.UUID()
	item.MetadataLocation = metadataFile(next, iceberg.VersionOf(t.MetadataLocation)+1)
	item.Previous = append([]string{t.MetadataLocation}, t.Previous...)
	item.Previous = item.Previous[:min(len(item.Previous), lake.KeptLocations)]
	item.Location, item.Paths = next.Location(), pathsOf(next.Property)
	item.FormatVersion = next.FormatVersion()
	item.Version++
	item.Updated = now.Truncate(time.Millisecond)
	return &item, nil
}

// stays refuses a version that names folders beyond the table's own although no update moves it: its metadata file was
// changed by other hands, which may write there, and what it names now was never claimed.
func stays(id lake.Identifier, old, item *lake.Table) error {
	own, err := folders(old.Location, old.Paths)
	if err != nil {
		return err
	}
	want, err := folders(item.Location, item.Paths)
	if err != nil {
		return err
	}
	for _, p := range want {
		if !(bounds{folders: own}).cover(p) {
			return fault.Of(fault.Invalid, fault.Table, id.String(), "Cannot commit to table %s: its metadata file was changed outside of the catalog and names the folder %s, which is not the table's", id, p)
		}
	}
	return nil
}

// newFolders gives the folders of a version that moves which the table does not hold yet.
func (x *session) newFolders(old, item *lake.Table) ([]location.Prefix, error) {
	want, err := folders(item.Location, item.Paths)
	if err != nil {
		return nil, err
	}
	var missing []location.Prefix
	for _, p := range want {
		held := append(p.Ancestors(), p.Index())
		if !slices.ContainsFunc(old.Claims, func(index string) bool { return slices.Contains(held, index) }) {
			missing = append(missing, p)
		}
	}
	return missing, nil
}
