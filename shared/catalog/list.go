package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// Page is what a list request asks for. Nothing asked: everything, in one page.
type Page struct {
	After string // the name to go on behind
	Asked bool   // a page was asked for, not everything
	Size  int    // names at the most; beyond MaxPage it is that
	Bad   bool   // the token is none that firn gave for this list
}

// MaxPage is how many names a page has at the most: what one look into the table can find.
const MaxPage = 1000

// page heeds paging only where the catalog does. nothing says that a page of no names was asked for.
func (x *session) page(p Page) (page store.Page, nothing bool, err error) {
	switch {
	case !x.cat.Value.On(lake.ListPagination, false):
		return store.Page{}, false, nil
	case p.Bad:
		return store.Page{}, false, fault.New(fault.Argument, "Invalid page token")
	case p.Asked && p.Size < 0:
		return store.Page{}, false, fault.New(fault.Argument, "Invalid page size")
	case !p.Asked:
		return store.Page{}, false, nil
	}
	return store.Page{After: p.After, Limit: min(p.Size, MaxPage)}, p.Size == 0, nil
}

// ListNamespaces gives the names of a namespace's children (no levels: of the catalog's top level), and the name to go on
// behind. Access requirement: NAMESPACE_LIST on the parent.
func (s *Service) ListNamespaces(ctx context.Context, c lake.Caller, catalog string, parent []string, p Page) ([]string, string, error) {
	x := s.open(c, catalog)
	possible := lake.CheckLevels(parent) == nil
	look := parent
	if !possible {
		look = nil
	}
	n := x.batch.Namespace(x.cat, look)
	if err := x.read(ctx); err != nil {
		return nil, "", err
	}
	if !possible || !n.There() {
		return nil, "", noNamespace(parent)
	}
	if err := x.allow(ctx, access.ListNamespaces, n.Path()); err != nil {
		return nil, "", err
	}
	page, nothing, err := x.page(p)
	if err != nil || nothing {
		return nil, "", err
	}
	return s.Store.ListNamespaces(ctx, n, page)
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
