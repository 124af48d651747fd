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
		if err := s.Store.Remember(out); err != nil {
			return err
		}
		if len(out.Updated)+len(out.Removed) == 0 {
			return nil
		}
		return x.storeNamespace(ctx, n, &next, moves, guards)
	})
	if first, ok := facts[Updated](err); ok {
		return first, nil
	}
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
		claim = &folder
	}
	return x.Store.UpdateNamespace(ctx, n, next, claim, guards)
}
