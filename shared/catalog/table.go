package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/budget"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/packed"
	"firn/shared/store"
	"firn/shared/vend"
)

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
	MetadataLocation string       // empty for a staged table
	Metadata         []byte       // the JSON document; not to be changed; nil where Packed is all that is at hand
	Packed           *packed.Text // the same, compressed, for a client that takes it (Packing); may be nil
	Keys             Keys
	Unchanged        string // the tag by which the client has all this: nothing else is set
	refsOnly         bool
}

// LoadTable gives a table's current metadata, with keys if they are asked for. refsOnly leaves out the snapshots that no
// branch or tag names. known are the tags of the answers that the client has: if it would get one of these, it is told so,
// and no key is minted. Access requirement: TABLE_READ_PROPERTIES; with keys TABLE_WRITE_DATA, or TABLE_READ_DATA for keys
// that only read.
func (s *Service) LoadTable(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, d Delegation, refsOnly bool, known ...string) (Loaded, error) {
	var copied *store.CopySlot
	x, n, t, err := s.table(ctx, c, catalog, id, func(x *session, n *store.NamespaceSlot) { copied = x.batch.Copy(n, id.Name) })
	if err != nil {
		return Loaded{}, err
	}
	actions, err := x.loadActions(ctx, d, append(n.Path(), t.Value.ID))
	if err != nil {
		return Loaded{}, err
	}
	if err := x.choose(d); err != nil {
		return Loaded{}, err
	}
	h := holderOf(t.Value)
	l := Loaded{MetadataLocation: t.Value.MetadataLocation, Keys: Keys{scope: x.scope(h, actions)}, refsOnly: refsOnly}
	if tag := l.among(known, s.Now()); tag != "" {
		_, err := x.vendable(id, h, actions)
		return Loaded{Unchanged: tag}, err
	}
	if err := x.fill(ctx, &l, n, t.Value, copied); err != nil {
		return Loaded{}, err
	}
	l.Keys, err = x.keys(ctx, n, h, actions, "load")
	return l, err
}

// fill puts the metadata into an answer, as the client takes it.
func (x *session) fill(ctx context.Context, l *Loaded, n *store.NamespaceSlot, t *lake.Table, copied *store.CopySlot) (err error) {
	packs := x.packs && !l.refsOnly && x.cat.Value.Storage.Type != lake.File
	if packs {
		if l.Packed, err = copied.Packed(ctx, t); l.Packed != nil || err != nil {
			return err
		}
	}
	doc, err := x.document(ctx, n, t, copied, readActions)
	switch {
	case err != nil:
		return err
	case packs:
		l.Packed = x.Store.Pack(t, doc)
	case l.refsOnly:
		if err := budget.Take(ctx, int64(len(doc))); err != nil {
			return err
		}
		parsed, err := iceberg.ParseTrusted(doc)
		if err != nil {
			return err
		}
		l.Metadata, err = parsed.OnlyRefs()
		return err
	default:
		l.Metadata = doc
	}
	return nil
}

// document gives the current metadata document: the copy if it is the right one, else the file, whose copy is then kept.
// FILE storage is always read: its files may be changed by hand, and tests do.
// The key that reads it has the actions of what is to follow, so that one does for both; what a commit reads is kept by
// nobody, since the next version is about to be.
func (x *session) document(ctx context.Context, n *store.NamespaceSlot, t *lake.Table, copied *store.CopySlot, actions vend.Actions) ([]byte, error) {
	onDisk := x.cat.Value.Storage.Type == lake.File
	keep := !onDisk && !actions.Has(vend.Write)
	if !onDisk {
		if doc, err := copied.Document(ctx, t); doc != nil || err != nil {
			return doc, err
		}
	}
	doc, err := x.current(ctx, t, actions)
	if err != nil {
		return nil, err
	}
	if _, err := parse(ctx, t.Kind(), doc); fault.Is(err, fault.Unavailable, fault.TooLarge) {
		return nil, err // of the request, not of the file
	} else if err != nil {
		return nil, fault.New(fault.Internal, "The metadata file cannot be read.").Because(err)
	}
	if keep {
		x.Store.KeepCopy(ctx, n, t, doc)
	}
	return doc, nil
}

// current reads the current metadata file of a table or view.
func (x *session) current(ctx context.Context, t *lake.Table, actions vend.Actions) ([]byte, error) {
	own, err := folders(t.Location, t.Paths)
	if err != nil {
		return nil, err
	}
	file, err := location.Parse(t.MetadataLocation)
	if err != nil {
		return nil, err
	}
	if !(bounds{folders: own}).contain(file) { // registered with its metadata file elsewhere
		return x.file(ctx, t.ID, t.Name, file, t.MetadataLocation)
	}
	b, err := x.tableBucket(ctx, t, own, actions)
	if err != nil {
		return nil, err
	}
	return readMetadata(ctx, b, t.MetadataLocation)
}
