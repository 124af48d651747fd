package store

import (
	"context"
	"fmt"

	"firn/shared/lake"
)

// ListLocations returns the folders of everything below a catalog's root, as clients see them: of namespaces, tables and
// views. It reads all of the catalog.
func (s *Store) ListLocations(ctx context.Context, realm lake.Realm, catalog string) ([]string, error) {
	out, err := s.locations(ctx, place{realm, catalog, nil})
	if err != nil {
		return nil, fmt.Errorf("list the locations of catalog %s: %w", catalog, err)
	}
	return out, nil
}

func (s *Store) locations(ctx context.Context, at place) (out []string, err error) {
	for _, kind := range []lake.Kind{lake.TableKind, lake.ViewKind} {
		tables, err := listAll[lake.Table](ctx, s, at.entries(), kindLetter[kind])
		if err != nil {
			return nil, err
		}
		for i := range tables {
			out = append(append(out, tables[i].Location), tables[i].Paths...)
		}
	}
	children, err := listAll[lake.Namespace](ctx, s, at.children(), "")
	if err != nil {
		return nil, err
	}
	for i := range children {
		below, err := s.locations(ctx, place{at.realm, at.catalog, children[i].Levels})
		if err != nil {
			return nil, err
		}
		out = append(append(out, children[i].Location), below...)
	}
	return out, nil
}
