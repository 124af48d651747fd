package store

import (
	"context"
	"strings"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// alive is what a role's own item under its id says: that the role is not dropped, and what a request must know of it.
type alive struct {
	Name string   `json:"name"`
	Root []string `json:"root,omitempty"` // a principal role's privileges on the realm's root
}

// CreateRole stores a new principal role, with privileges on the realm's root where root names some (bootstrap alone does).
func (s *Store) CreateRole(ctx context.Context, realm lake.Realm, r *lake.PrincipalRole, root ...string) error {
	ops, err := s.newRole(realm, r, root)
	if err != nil {
		return err
	}
	err = s.write(ctx, ops...)
	if i, _ := failedAt(err); i >= 0 {
		return fault.Taken(fault.PrincipalRole, r.Name)
	}
	return err
}

func (s *Store) newRole(realm lake.Realm, r *lake.PrincipalRole, root []string) ([]kv.Op, error) {
	first, err := put(roleKeyOf(realm, r.Name), tagOf(r.ID), r, kv.Absent(s.now()))
	if err != nil {
		return nil, err
	}
	second, err := put(aliveKey(realm, r.ID), tagOf(r.ID), alive{Name: r.Name, Root: root}, kv.Always())
	return []kv.Op{first, second}, err
}

// UpdateRole stores next in place of what the slot read. Conflict if it changed meanwhile.
func (s *Store) UpdateRole(ctx context.Context, old *Slot[lake.PrincipalRole], next *lake.PrincipalRole) error {
	op, err := put(old.key, tagOf(next.ID), next, kv.Match(old.Tag))
	if err != nil {
		return err
	}
	return conflictOf(s.write(ctx, op), fault.PrincipalRole, next.Name)
}

// DeleteRole removes a principal role. Its id is dead from the next request on, and with it what it held and who held it.
func (s *Store) DeleteRole(ctx context.Context, realm lake.Realm, old *Slot[lake.PrincipalRole]) error {
	id := old.Value.ID
	err := s.write(ctx, remove(old.key, kv.Match(old.Tag)), remove(aliveKey(realm, id), kv.Always()),
		mark(realmHeadKey(realm), tagOf(lake.RootID), kv.Always()))
	if err := conflictOf(err, fault.PrincipalRole, old.Value.Name); err != nil {
		return err
	}
	s.sweepRole(ctx, realm, "", id)
	return nil
}

// ListRoles gives all principal roles of a realm, by name.
func (s *Store) ListRoles(ctx context.Context, realm lake.Realm) ([]lake.PrincipalRole, error) {
	return listAll[lake.PrincipalRole](ctx, s, partition("role", realm), "")
}

// CreateCatalogRole stores a new role of the catalog. NotFound if the catalog went meanwhile: the bump of a root guard
// closes the race against its drop.
func (s *Store) CreateCatalogRole(ctx context.Context, realm lake.Realm, c *CatalogSlot, r *lake.CatalogRole) error {
	ops, err := s.newCatalogRole(realm, c.Name, r)
	if err != nil {
		return err
	}
	ops = append(ops, bump(place{realm, c.Name, nil}, c.Value.ID))
	err = s.write(ctx, ops...)
	switch i, _ := failedAt(err); i {
	case 0:
		return fault.Taken(fault.CatalogRole, r.Name)
	case 2:
		return fault.Missing(fault.Catalog, c.Name)
	}
	return err
}

func (s *Store) newCatalogRole(realm lake.Realm, catalog string, r *lake.CatalogRole) ([]kv.Op, error) {
	first, err := put(catalogRoleKey(realm, catalog, r.Name), tagOf(r.ID), r, kv.Absent(s.now()))
	if err != nil {
		return nil, err
	}
	second, err := put(aliveKey(realm, r.ID), tagOf(r.ID), alive{Name: r.Name}, kv.Always())
	return []kv.Op{first, second}, err
}

// UpdateCatalogRole stores next in place of what the slot read. Conflict if it changed meanwhile.
func (s *Store) UpdateCatalogRole(ctx context.Context, old *Slot[lake.CatalogRole], next *lake.CatalogRole) error {
	op, err := put(old.key, tagOf(next.ID), next, kv.Match(old.Tag))
	if err != nil {
		return err
	}
	return conflictOf(s.write(ctx, op), fault.CatalogRole, next.Name)
}

// DeleteCatalogRole removes a role of a catalog, and with it what it held.
func (s *Store) DeleteCatalogRole(ctx context.Context, realm lake.Realm, c *CatalogSlot, old *Slot[lake.CatalogRole]) error {
	id := old.Value.ID
	err := s.write(ctx, remove(old.key, kv.Match(old.Tag)), remove(aliveKey(realm, id), kv.Always()), bumpHead(realm, c))
	if err := conflictOf(err, fault.CatalogRole, old.Value.Name); err != nil {
		return err
	}
	s.sweepRole(ctx, realm, c.Value.ID, id)
	return nil
}

// ListCatalogRoles gives all roles of a catalog, by name.
func (s *Store) ListCatalogRoles(ctx context.Context, realm lake.Realm, catalog string) ([]lake.CatalogRole, error) {
	return listAll[lake.CatalogRole](ctx, s, partition("catalogrole", realm, catalog), "")
}

func bumpHead(realm lake.Realm, c *CatalogSlot) kv.Op {
	return mark(headKey(realm, c.Name), tagOf(c.Value.ID), kv.Prefix(owner(c.Value.ID)))
}

// sweptAtOnce bounds what is removed of a dead role before the answer; the rest is inert and may stay.
const sweptAtOnce = 4 * kv.MaxOps

// sweepRole removes what a dead role's id still names, and of a catalog role that principal roles have it: they would read
// it, dead, for ever. It cannot fail the drop, which has happened.
func (s *Store) sweepRole(ctx context.Context, realm lake.Realm, catalog, id lake.ID) {
	left := sweptAtOnce
	for _, p := range []string{partition("grants", realm, string(id)), partition("holders", realm, string(id))} {
		for left > 0 {
			items, _, err := s.db.List(ctx, kv.Page{Partition: p, Limit: kv.MaxOps / 2})
			if err != nil || len(items) == 0 {
				break
			}
			var ops []kv.Op
			for _, item := range items {
				ops = append(ops, remove(item.Key, kv.Always()))
				if holder, _, _ := strings.Cut(item.Tag, ":"); catalog != "" && item.Key.Partition == partition("holders", realm, string(id)) {
					ops = append(ops, remove(usageKey(realm, lake.ID(holder), catalog, id), kv.Always()))
				}
			}
			if s.db.Write(ctx, ops) != nil {
				break
			}
			left -= len(ops)
		}
	}
}
