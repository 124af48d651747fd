package catalog

import (
	"context"
	"slices"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// swap puts the new metadata file of a table or view and moves the pointer.
func (x *session) swap(ctx context.Context, n *store.NamespaceSlot, t *store.Slot[lake.Table], base, next metadata, item *lake.Table, moved store.Moved) (Loaded, error) {
	own, err := folders(item.Location, item.Paths)
	if err != nil {
		return Loaded{}, err
	}
	file := newFile{name: item.MetadataLocation, doc: next.Bytes()}
	moved.Ready = func() error { return x.write(ctx, &file, item, own) }
	ctx, cancel := unbroken(ctx)
	defer cancel()
	err = x.Store.UpdateTable(ctx, n, t, item, moved)
	switch {
	case err == nil:
	case fault.Is(err, fault.StateUnknown):
		if !x.inLog(ctx, n, item, file.bucket) {
			return Loaded{}, fault.Of(fault.StateUnknown, store.NounOf(item.Kind()), item.Name, "It is not known whether the commit succeeded").Because(err)
		}
	default:
		x.withdraw(ctx, &file)
		return Loaded{}, err
	}
	done := Loaded{MetadataLocation: item.MetadataLocation, Metadata: next.Bytes()}
	if x.cat.Value.Storage.Type != lake.File {
		if x.packs {
			done.Packed = x.Store.Pack(item, next.Bytes()) // once, for the answer and the copy
		}
		x.Store.KeepCopy(ctx, n, item, next.Bytes())
	}
	if t, ok := next.(*iceberg.Table); ok {
		x.deleteOld(ctx, file.bucket, item, base.(*iceberg.Table), t)
	}
	return done, nil
}

// inLog looks for a version whose swap had no clear answer in the metadata log of the table as it is now: whoever
// committed after it has logged it. Views log no files, so that none is found.
func (x *session) inLog(ctx context.Context, n *store.NamespaceSlot, item *lake.Table, b blob.Bucket) bool {
	again := x.Store.Batch(x.caller.Realm)
	cat := again.Catalog(x.cat.Name)
	now := again.Table(again.Namespace(cat, n.Levels()), item.Name)
	if again.Read(ctx) != nil || now.Value == nil || now.Value.ID != item.ID {
		return false
	}
	doc, err := readMetadata(ctx, b, now.Value.MetadataLocation)
	if err != nil {
		return false
	}
	t, err := parse(ctx, lake.TableKind, doc)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(t.(*iceberg.Table).MetadataLog(), func(e iceberg.LogEntry) bool { return e.File == item.MetadataLocation })
}

// deleteOld removes metadata files that fell out of the log, if the table asks for it. The swap has landed:
// the table names them no more. A log says whatever the file said that was registered, so only what is in
// folders that are this table's alone is removed: where tables may share folders, nothing is.
func (x *session) deleteOld(ctx context.Context, b blob.Bucket, item *lake.Table, base, next *iceberg.Table) {
	if v, _ := next.Property("write.metadata.delete-after-commit.enabled"); v != "true" {
		return
	}
	kept := map[string]bool{}
	for _, e := range next.MetadataLog() {
		kept[e.File] = true
	}
	for _, e := range base.MetadataLog() {
		if !kept[e.File] && !x.cat.Value.Shared && claims(item, e.File) {
			x.discard(ctx, b, e.File)
		}
	}
}

// claims reports whether a file is a metadata file by its name, in a folder that is claimed for the table.
func claims(t *lake.Table, file string) bool {
	if !iceberg.NamesMetadata(file) {
		return false
	}
	uri, err := location.Parse(file)
	if err != nil {
		return false
	}
	folder, err := uri.Folder()
	return err == nil && holdsAll(t.Claims, []location.Prefix{folder})
}
