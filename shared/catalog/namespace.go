package catalog

import (
	"context"
	"sort"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// Page is what a list request asks for. Nothing asked: everything, in one page.
type Page struct {
	After string // the name to go on behind
	Asked bool   // a size was given
	Size  int    // names at the most
	Bad   bool   // the token was none of firn's
}

// noNamespace tells that a namespace is not there.
func noNamespace(levels []string) error {
	if len(levels) == 0 {
		return fault.Missing(fault.Namespace, "''")
	}
	return fault.Missing(fault.Namespace, strings.Join(levels, "."))
}

// page heeds paging only where the catalog does. nothing says that a page of no names was asked for.
func (x *session) page(p Page) (page store.Page, nothing bool, err error) {
	switch {
	case !x.cat.Value.On(lake.ListPagination, false):
		return store.Page{}, false, nil
	case p.Bad:
		return store.Page{}, false, fault.New(fault.Argument, "Invalid page token")
	case p.Asked && p.Size < 0:
		return store.Page{}, false, fault.New(fault.Argument, "Invalid page size")
	}
	return store.Page{After: p.After, Limit: p.Size}, p.Asked && p.Size == 0, nil
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

// Namespace is a namespace as clients see it.
type Namespace struct {
	Levels     []string
	Properties lake.Properties // with location, if it has one
}

func shown(n *lake.Namespace) Namespace {
	out := Namespace{Levels: n.Levels, Properties: lake.Properties{}}
	for k, v := range n.Properties {
		out.Properties[k] = v
	}
	if n.Location != "" {
		out.Properties["location"] = n.Location
	}
	return out
}

// CreateNamespace makes a namespace below one that is there. Access requirement: NAMESPACE_CREATE on the parent.
func (s *Service) CreateNamespace(ctx context.Context, c lake.Caller, catalog string, levels []string, props lake.Properties) (Namespace, error) {
	var made Namespace
	if len(levels) == 0 {
		return made, fault.Of(fault.Exists, fault.Namespace, "", "Cannot create root namespace, as it already exists implicitly.")
	}
	if err := lake.CheckLevels(levels); err != nil {
		return made, err
	}
	if err := lake.CheckProperties(props, nil); err != nil {
		return made, err
	}
	err := s.Store.Again(ctx, func() error {
		x := s.open(c, catalog)
		n := x.batch.Namespace(x.cat, levels)
		parent := n.Parent()
		guards := x.batch.Guards(parent)
		if err := x.read(ctx); err != nil {
			return err
		}
		if !parent.There() {
			return noNamespace(parent.Levels())
		}
		if err := x.allow(ctx, access.CreateNamespace, parent.Path()); err != nil {
			return err
		}
		name := strings.Join(levels, ".")
		if n.There() {
			return fault.Of(fault.Exists, fault.Namespace, name, "Cannot create namespace %s. Namespace already exists", name)
		}
		ns := &lake.Namespace{ID: lake.NewID(), CatalogID: x.cat.Value.ID, ParentID: parent.ID(), Levels: levels, Properties: lake.Properties{}, Version: 1}
		for k, v := range props {
			if k != "location" {
				ns.Properties[k] = v
			}
		}
		own, given := props["location"]
		folder, err := x.namespaceFolder(parent, levels, own, given)
		if err != nil {
			return err
		}
		ns.Location = folder.String()
		claim := &folder
		if x.cat.Value.On(lake.OverlappingLocations, false) {
			claim = nil
		}
		if err := s.Store.CreateNamespace(ctx, n, ns, claim, guards); err != nil {
			if fault.Is(err, fault.Exists) {
				return fault.Of(fault.Exists, fault.Namespace, name, "Cannot create namespace %s. Namespace already exists", name)
			}
			return err
		}
		made = shown(ns)
		return nil
	})
	return made, err
}

// namespaceFolder gives a namespace's folder: the one below its parent's that is named for it, or one that the client
// chose, which must be that very one unless the catalog allows others.
func (x *session) namespaceFolder(parent *store.NamespaceSlot, levels []string, own string, given bool) (location.Prefix, error) {
	none := location.Prefix{}
	base, err := location.ParsePrefix(namespaceFolder(x.cat.Value, parent.Chain()))
	if err != nil {
		return none, err
	}
	want, err := base.Join(location.Segment(levels[len(levels)-1]))
	if err != nil || !given {
		return want, err
	}
	folder, err := location.ParsePrefix(own)
	if err != nil {
		return none, err
	}
	if x.cat.Value.On(lake.CustomNamespaceFolders, false) {
		if !boundsOf(x.cat.Value.Storage.AllowedLocations).cover(folder) {
			return none, fault.Of(fault.Forbidden, fault.Location, own, "Location '%s' of namespace %s is not in the list of allowed locations: [%s]",
				own, strings.Join(levels, "."), strings.Join(x.cat.Value.Storage.AllowedLocations, ", "))
		}
		return folder, nil
	}
	if folder.Index() != want.Index() {
		return none, fault.Of(fault.Argument, fault.Location, own, "Namespace %s has a custom location, which is not enabled. Expected a location in: [%s]. Got location: %s]",
			strings.Join(levels, "."), want, folder)
	}
	return folder, nil
}

// at opens a request on a namespace that must be there, for an operation on it.
func (s *Service) at(ctx context.Context, c lake.Caller, catalog string, levels []string, op access.Operation, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, error) {
	x, n, err := s.atAny(ctx, c, catalog, levels, more)
	if err != nil {
		return nil, nil, err
	}
	return x, n, x.allow(ctx, op, n.Path())
}

// atAny is at for a caller that decides on the operation itself.
func (s *Service) atAny(ctx context.Context, c lake.Caller, catalog string, levels []string, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, error) {
	x := s.open(c, catalog)
	look := levels
	unreachable := lake.CheckLevels(levels) != nil || len(levels) == 0
	if unreachable {
		look = nil
	}
	n := x.batch.Namespace(x.cat, look)
	if more != nil && !unreachable {
		more(x, n)
	}
	if err := x.read(ctx); err != nil {
		return nil, nil, err
	}
	if unreachable || !n.There() {
		return nil, nil, noNamespace(levels)
	}
	return x, n, nil
}

// LoadNamespace gives a namespace. Access requirement: NAMESPACE_READ_PROPERTIES.
func (s *Service) LoadNamespace(ctx context.Context, c lake.Caller, catalog string, levels []string) (Namespace, error) {
	_, n, err := s.at(ctx, c, catalog, levels, access.LoadNamespaceMetadata, nil)
	if err != nil {
		return Namespace{}, err
	}
	return shown(n.Value()), nil
}

// NamespaceExists answers nil if the namespace is there. Access requirement: NAMESPACE_LIST.
func (s *Service) NamespaceExists(ctx context.Context, c lake.Caller, catalog string, levels []string) error {
	_, _, err := s.at(ctx, c, catalog, levels, access.NamespaceExists, nil)
	return err
}

// DropNamespace removes a namespace that holds nothing. Access requirement: NAMESPACE_DROP.
func (s *Service) DropNamespace(ctx context.Context, c lake.Caller, catalog string, levels []string) error {
	return s.Store.Again(ctx, func() error {
		var guards store.Guards
		_, n, err := s.at(ctx, c, catalog, levels, access.DropNamespace, func(x *session, n *store.NamespaceSlot) { guards = x.batch.Guards(n) })
		if err != nil {
			return err
		}
		return s.Store.DropNamespace(ctx, n, guards)
	})
}

// Updated says which keys an update of properties changed, removed, and did not find.
type Updated struct{ Updated, Removed, Missing []string }

// UpdateNamespace sets and removes properties, at once. Access requirement: NAMESPACE_WRITE_PROPERTIES.
func (s *Service) UpdateNamespace(ctx context.Context, c lake.Caller, catalog string, levels []string, set lake.Properties, removals []string) (Updated, error) {
	var out Updated
	if err := checkUpdate(set, removals); err != nil {
		return out, err
	}
	err := s.Store.Again(ctx, func() error {
		out = Updated{Updated: []string{}, Removed: []string{}, Missing: []string{}}
		var guards store.Guards
		_, moves := set["location"]
		x, n, err := s.at(ctx, c, catalog, levels, access.UpdateNamespaceProperties, func(x *session, n *store.NamespaceSlot) {
			if moves {
				guards = x.batch.Guards(n.Parent())
			}
		})
		if err != nil {
			return err
		}
		next := *n.Value()
		next.Properties = shown(n.Value()).Properties
		for k, v := range set {
			next.Properties[k] = v
			out.Updated = append(out.Updated, k)
		}
		for _, k := range removals {
			if _, ok := next.Properties[k]; !ok {
				out.Missing = append(out.Missing, k)
				continue
			}
			delete(next.Properties, k)
			out.Removed = append(out.Removed, k)
		}
		if err := lake.CheckProperties(next.Properties, nil); err != nil {
			return err
		}
		sort.Strings(out.Updated)
		if len(out.Updated)+len(out.Removed) == 0 {
			return nil
		}
		return x.storeNamespace(ctx, n, &next, moves, guards)
	})
	return out, err
}

func checkUpdate(set lake.Properties, removals []string) error {
	var both []string
	for _, k := range removals {
		if _, ok := set[k]; ok {
			both = append(both, k)
		}
	}
	if len(both) > 0 {
		return fault.New(fault.Unprocessable, "Invalid namespace update, cannot simultaneously set and remove keys: [%s]", strings.Join(both, ", "))
	}
	gone := lake.Properties{}
	for _, k := range removals {
		gone[k] = ""
	}
	if err := lake.CheckProperties(set, nil); err != nil {
		return err
	}
	return lake.CheckProperties(gone, nil)
}

func (x *session) storeNamespace(ctx context.Context, n *store.NamespaceSlot, next *lake.Namespace, moves bool, guards store.Guards) error {
	own := next.Properties["location"]
	delete(next.Properties, "location")
	next.Location = own
	next.Version++
	var claim *location.Prefix
	if moves {
		folder, err := x.namespaceFolder(n.Parent(), next.Levels, own, true)
		if err != nil {
			return err
		}
		if !x.cat.Value.On(lake.OverlappingLocations, false) {
			claim = &folder
		}
	}
	return x.Store.UpdateNamespace(ctx, n, next, claim, guards)
}
