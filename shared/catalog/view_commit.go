package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
)

// CommitView applies a change to a view. Access requirement: VIEW_WRITE_PROPERTIES.
func (s *Service) CommitView(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, change Change) (Loaded, error) {
	if err := checkKeys(change.Updates); err != nil {
		return Loaded{}, err
	}
	done, err := retried(fault.View, id, func() (Loaded, int, error) { return s.commitView(ctx, c, catalog, id, change) })
	if view, ok := facts[lake.ID](err); ok {
		return s.reload(ctx, c, catalog, id, lake.ViewKind, view, allowing(ctx, access.ReplaceView))
	}
	return done, err
}

// commitView is one attempt, as commit is for a table.
func (s *Service) commitView(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, change Change) (Loaded, int, error) {
	a, err := s.begin(ctx, c, catalog, id, lake.ViewKind, change.Updates)
	if err != nil {
		return Loaded{}, 0, err
	}
	if err := a.allow(ctx, access.ReplaceView, append(a.n.Path(), a.old.Value.ID)); err != nil {
		return Loaded{}, 0, err
	}
	if a.cat.Value.Type == lake.External {
		return Loaded{}, 0, fault.New(fault.Malformed, "Cannot replace view on static-facade external catalogs.")
	}
	doc, err := a.document(ctx)
	if err != nil {
		return Loaded{}, 0, err
	}
	if err := forParsing(ctx, doc); err != nil {
		return Loaded{}, 0, err
	}
	base, err := iceberg.ParseForeignView(doc)
	if err != nil {
		return Loaded{}, 0, err
	}
	if err := iceberg.CheckView(base, change.Requirements); err != nil {
		return Loaded{}, 0, err
	}
	next, changed, err := iceberg.ApplyView(base, change.Updates, a.at())
	if err != nil || !changed {
		return a.present(doc), 0, err
	}
	done, err := a.replace(ctx, base, next)
	return done, a.retries, err
}
