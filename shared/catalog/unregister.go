package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// unregistering are the operations of UnregisterTable: it is a drop whose answer shows the table.
var unregistering = []access.Operation{access.DropTableWithoutPurge, access.LoadTable}

// UnregisterTable removes a table from the catalog, leaves all its files, and gives the last version, with which it can be
// registered again (iceberg-rest, unregisterTable): the drop is of that very version. Access requirement: TABLE_DROP and
// TABLE_READ_PROPERTIES.
func (s *Service) UnregisterTable(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier) (Loaded, error) {
	var last Loaded
	err := s.Store.Again(ctx, func() error {
		var copied *store.CopySlot
		x, n, t, err := s.table(ctx, c, catalog, id, func(x *session, n *store.NamespaceSlot) { copied = x.batch.Copy(n, id.Name) })
		if err != nil {
			return err
		}
		if err := x.who.CheckAll(ctx, unregistering, append(n.Path(), t.Value.ID)); err != nil {
			return err
		}
		doc, err := x.document(ctx, n, t.Value, copied, readActions)
		if err != nil {
			return err
		}
		if err := s.Store.Remember(t.Value); err != nil {
			return err
		}
		if err := s.Store.DropTable(ctx, n, t, nil); err != nil {
			return err
		}
		s.Revoked(keyed(t.Value)...)
		last = Loaded{MetadataLocation: t.Value.MetadataLocation, Metadata: doc}
		return nil
	})
	if first, ok := facts[lake.Table](err); ok {
		return s.unregistered(ctx, c, catalog, id, &first)
	}
	return last, err
}

// unregistered answers again for a table that an earlier try of the request removed: by its file, unless its
// folder is another's now. Access is checked by the id that it had, which rights on its namespace cover.
func (s *Service) unregistered(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, t *lake.Table) (Loaded, error) {
	uri, err := location.Parse(t.MetadataLocation)
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	var around *store.Around
	x, n, err := s.plain().atAny(ctx, c, catalog, id.Namespace, func(x *session, n *store.NamespaceSlot) { around = x.batch.Around(n, uri) })
	if err == nil {
		err = x.who.CheckAll(ctx, unregistering, append(n.Path(), t.ID))
	}
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	if err := around.Free(t.ID, t.Kind(), t.Name, x.who.ID); err != nil {
		return Loaded{}, untold(id, err)
	}
	doc, err := x.file(ctx, t.ID, t.Name, uri, t.MetadataLocation)
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	return Loaded{MetadataLocation: t.MetadataLocation, Metadata: doc}, nil
}
