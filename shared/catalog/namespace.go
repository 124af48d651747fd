package catalog

import (
	"context"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

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
		if err := s.Store.Remember(shown(ns)); err != nil {
			return err
		}
		if err := s.Store.CreateNamespace(ctx, n, ns, folder, guards); err != nil {
			if fault.Is(err, fault.Exists) {
				return fault.Of(fault.Exists, fault.Namespace, name, "Cannot create namespace %s. Namespace already exists", name)
			}
			return err
		}
		made = shown(ns)
		return nil
	})
	if first, ok := facts[Namespace](err); ok {
		return first, nil
	}
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
		if !allowedBy(x.cat.Value).cover(folder) {
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
