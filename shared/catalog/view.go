package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/lake"
	"firn/shared/store"
)

// view opens a request on a view that must be there, for an operation on it. A view of a missing namespace or catalog is a
// missing view.
func (s *Service) view(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, op access.Operation, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, *store.Slot[lake.Table], error) {
	x, n, v, err := s.entry(ctx, c, catalog, id, lake.ViewKind, more)
	if err != nil {
		return nil, nil, nil, err
	}
	return x, n, v, x.allow(ctx, op, append(n.Path(), v.Value.ID))
}

// ListViews gives the names of a namespace's views, and the name to go on behind. Access requirement: VIEW_LIST.
func (s *Service) ListViews(ctx context.Context, c lake.Caller, catalog string, levels []string, p Page) ([]string, string, error) {
	x, n, err := s.at(ctx, c, catalog, levels, access.ListViews, nil)
	if err != nil {
		return nil, "", err
	}
	page, nothing, err := x.page(p)
	if err != nil || nothing {
		return nil, "", err
	}
	return s.Store.ListViews(ctx, n, page)
}

// ViewExists answers nil if the view is there. Access requirement: VIEW_LIST.
func (s *Service) ViewExists(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier) error {
	_, _, _, err := s.view(ctx, c, catalog, id, access.ViewExists, nil)
	return err
}

// LoadView gives a view's current metadata. Access requirement: VIEW_READ_PROPERTIES.
func (s *Service) LoadView(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier) (Loaded, error) {
	var copied *store.CopySlot
	x, n, v, err := s.view(ctx, c, catalog, id, access.LoadView, func(x *session, n *store.NamespaceSlot) { copied = x.batch.Copy(n, id.Name) })
	if err != nil {
		return Loaded{}, err
	}
	doc, err := x.document(ctx, n, v.Value, copied, readActions)
	return Loaded{MetadataLocation: v.Value.MetadataLocation, Metadata: doc}, err
}

// DropView removes a view from the catalog and gives its folder back; its metadata files stay, so that it can be
// registered again. Access requirement: VIEW_DROP.
func (s *Service) DropView(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier) error {
	return s.Store.Again(ctx, func() error {
		_, n, v, err := s.view(ctx, c, catalog, id, access.DropView, nil)
		if err != nil {
			return err
		}
		return s.Store.DropTable(ctx, n, v, nil)
	})
}

// RenameView gives a view another name, which may be in another namespace. Access requirement: VIEW_DROP on the view,
// VIEW_CREATE and VIEW_LIST on the namespace that it goes to.
func (s *Service) RenameView(ctx context.Context, c lake.Caller, catalog string, from, to lake.Identifier) error {
	return s.rename(ctx, c, catalog, from, to, lake.ViewKind, access.RenameView)
}
