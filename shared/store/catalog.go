package store

import (
	"context"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// NewCatalog is a catalog that is to be made, with all that its one transaction holds.
type NewCatalog struct {
	Catalog *lake.Catalog
	Admin   *lake.CatalogRole   // catalog_admin
	Rights  []string            // privileges that catalog_admin has on the catalog
	For     *lake.PrincipalRole // the principal role that has catalog_admin; nil: none
	Bases   Bases
}

// CreateCatalog stores a catalog with its head, its root guards, its catalog_admin and its claims. Exists if the name is
// taken; Invalid if a folder overlaps another catalog's of the realm, Argument if it overlaps another realm's.
func (s *Store) CreateCatalog(ctx context.Context, realm lake.Realm, c NewCatalog) error {
	return s.again(ctx, func() error {
		id, name := c.Catalog.ID, c.Catalog.Name
		c.Catalog.Shared = c.Catalog.On(lake.OverlappingLocations, false)
		claims, err := s.claimBases(ctx, realm, &lake.Catalog{}, c.Catalog, c.Bases)
		if err != nil {
			return err
		}
		first, err := put(catalogKey(realm, name), tagOf(id), c.Catalog, kv.Absent(s.now()))
		if err != nil {
			return err
		}
		ops := []kv.Op{first, mark(headKey(realm, name), tagOf(id), kv.Always())}
		ops = append(ops, newGuards(place{realm, name, nil}, id)...)
		admin, err := s.newCatalogRole(realm, name, c.Admin)
		if err != nil {
			return err
		}
		ops = append(ops, admin...)
		for _, privilege := range c.Rights {
			ops = append(ops, mark(grantKey(realm, c.Admin.ID, id, privilege), tagOf(c.Admin.ID), kv.Always()))
		}
		if c.For != nil {
			ops = append(ops, usage(realm, id, c.For, c.Admin)...)
		}
		err = s.write(ctx, append(ops, claims...)...)
		if i, _ := failedAt(err); i == 0 {
			return fault.Taken(fault.Catalog, name)
		}
		return err
	})
}

// UpdateCatalog stores next in place of what the slot read, claims the folders that came and releases those that went.
// Conflict if it changed meanwhile; Invalid if a folder that came overlaps another catalog's of the realm, Argument if it
// overlaps another realm's.
func (s *Store) UpdateCatalog(ctx context.Context, realm lake.Realm, old *CatalogSlot, next *lake.Catalog, bases Bases) error {
	return s.again(ctx, func() error {
		claims, err := s.claimBases(ctx, realm, old.Value, next, bases)
		if err != nil {
			return err
		}
		next.Shared = old.Value.Shared || next.On(lake.OverlappingLocations, false)
		first, err := put(old.key, tagOf(next.ID), next, kv.Match(old.Tag))
		if err != nil {
			return err
		}
		err = s.write(ctx, append([]kv.Op{first}, claims...)...)
		if i, _ := failedAt(err); i == 0 {
			return fault.Of(fault.Conflict, fault.Catalog, next.Name, "")
		}
		return err // another catalog had the lock: look again
	})
}

// DropCatalog removes the catalog of that name and id, which has no namespaces and no roles but catalog_admin: NotEmpty
// otherwise, with the noun that is in the way; NotFound if the name is another catalog's by now. Its root guards close the
// race against a child or role that is being made. Conflict while files of its tables are still being deleted: whoever got
// its folders next would lose theirs.
func (s *Store) DropCatalog(ctx context.Context, realm lake.Realm, name string, id lake.ID) error {
	return s.again(ctx, func() error {
		b := s.Batch(realm)
		c := b.Catalog(name)
		root := b.Namespace(c, nil)
		guarded := b.Guards(root)
		admin := b.CatalogRole(c, lake.CatalogAdmin)
		if err := b.Read(ctx); err != nil {
			return err
		}
		if c.Value == nil || c.Value.ID != id {
			return fault.Missing(fault.Catalog, name)
		}
		if !owned(c.Value.ID, guarded.at[0]) || admin.Value == nil {
			return &kv.ConditionError{} // a torn read
		}
		if err := s.catalogEmpty(ctx, root, name); err != nil {
			return err
		}
		ops := []kv.Op{remove(c.key, kv.Match(c.Tag)), remove(headKey(realm, name), kv.Always())}
		ops = append(ops, dropGuards(guarded.at[0])...)
		ops = append(ops, remove(admin.key, kv.Match(admin.Tag)), remove(aliveKey(realm, admin.Value.ID), kv.Always()))
		released, err := s.releaseBases(ctx, realm, c.Value)
		if err != nil {
			return err
		}
		if err := s.write(ctx, append(ops, released...)...); err != nil {
			return err
		}
		s.sweepRole(ctx, realm, c.Value.ID, admin.Value.ID)
		return nil
	})
}

func (s *Store) catalogEmpty(ctx context.Context, root *NamespaceSlot, name string) error {
	empty, err := s.empty(ctx, root.place)
	if err != nil {
		return err
	}
	if !empty {
		return fault.Of(fault.NotEmpty, fault.Namespace, name, "")
	}
	roles, _, err := s.db.List(ctx, kv.Page{Partition: partition("catalogrole", root.place.realm, name), Limit: 2})
	if err != nil {
		return err
	}
	if len(roles) > 1 {
		return fault.Of(fault.NotEmpty, fault.CatalogRole, name, "")
	}
	return s.purged(ctx, root, name)
}

// purged refuses while work holds folders of the catalog. Without namespaces nothing else does but staged tables.
func (s *Store) purged(ctx context.Context, root *NamespaceSlot, name string) error {
	return s.pages(ctx, root.claimKey(dot).Partition, "", func(items []kv.Item) error {
		for i := range items {
			var there folder
			if err := decode(&items[i], &there); err != nil {
				return err
			}
			if there.Purged {
				return fault.Of(fault.Conflict, fault.Catalog, name, "Files of tables that were purged are still being deleted; please retry later")
			}
		}
		return nil
	})
}

// ListCatalogs gives all catalogs of a realm, by name.
func (s *Store) ListCatalogs(ctx context.Context, realm lake.Realm) ([]lake.Catalog, error) {
	return listAll[lake.Catalog](ctx, s, partition("catalog", realm), "")
}
