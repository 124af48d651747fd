package store

import (
	"context"
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Object is something that a catalog role can hold a privilege on.
type Object struct {
	Kind      fault.Noun `json:"kind"` // Catalog, Namespace, Table, View
	ID        lake.ID    `json:"-"`
	Namespace []string   `json:"ns,omitempty"`
	Name      string     `json:"name,omitempty"` // of a table or view
	key       kv.Key
}

// CatalogObject gives the catalog as what privileges are granted on.
func CatalogObject(c *CatalogSlot) Object {
	return Object{Kind: fault.Catalog, ID: c.Value.ID, key: c.key}
}

// NamespaceObject gives the namespace as what privileges are granted on.
func NamespaceObject(n *NamespaceSlot) Object {
	return Object{Kind: fault.Namespace, ID: n.ID(), Namespace: n.Levels(), key: n.place.namespaceKey()}
}

// TableObject gives the table or view as what privileges are granted on.
func TableObject(n *NamespaceSlot, t *Slot[lake.Table]) Object {
	return Object{Kind: NounOf(t.Value.Kind()), ID: t.Value.ID, Namespace: n.Levels(), Name: t.Value.Name, key: t.key}
}

// Grant is a privilege of a catalog role on an object.
type Grant struct {
	On        Object
	Privilege string
}

// AddGrant gives the catalog role a privilege; a second time changes nothing. The checks close the races against the drop
// of the role, the drop or rename of the object, and the drop of the catalog: Conflict.
func (s *Store) AddGrant(ctx context.Context, realm lake.Realm, c *CatalogSlot, role *Slot[lake.CatalogRole], g Grant) error {
	id := role.Value.ID
	ops := []kv.Op{
		mark(grantKey(realm, id, g.On.ID, g.Privilege), tagOf(id), kv.Always()),
		check(role.key, kv.Prefix(owner(id))),
		bumpHead(realm, c),
	}
	if g.On.Kind != fault.Catalog {
		where, err := put(objectKey(realm, g.On.ID), tagOf(g.On.ID), g.On, kv.Always())
		if err != nil {
			return err
		}
		ops = append(ops, where, check(g.On.key, kv.Prefix(owner(g.On.ID))))
	}
	return conflictOf(s.write(ctx, ops...), fault.CatalogRole, role.Value.Name)
}

// RevokeGrant takes a privilege from the catalog role. NotFound of a Grant if the role does not have it.
func (s *Store) RevokeGrant(ctx context.Context, realm lake.Realm, c *CatalogSlot, role *Slot[lake.CatalogRole], g Grant) error {
	id := role.Value.ID
	err := s.write(ctx, remove(grantKey(realm, id, g.On.ID, g.Privilege), kv.Prefix(owner(id))), bumpHead(realm, c))
	if i, _ := failedAt(err); i == 0 {
		return fault.Missing(fault.Grant, g.Privilege)
	}
	return conflictOf(err, fault.CatalogRole, role.Value.Name)
}

// ListGrants gives what a catalog role holds. Grants on objects that are gone are left out.
func (s *Store) ListGrants(ctx context.Context, realm lake.Realm, c *CatalogSlot, role lake.ID) ([]Grant, error) {
	type raw struct {
		on        lake.ID
		privilege string
	}
	var all []raw
	err := s.pages(ctx, partition("grants", realm, string(role)), "g/", func(items []kv.Item) error {
		for _, item := range items {
			on, privilege, _ := strings.Cut(strings.TrimPrefix(item.Key.Sort, "g/"), "/")
			all = append(all, raw{lake.ID(on), privilege})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	objects := map[lake.ID]*Slot[Object]{}
	b := s.Batch(realm)
	for i, g := range all {
		if g.on != c.Value.ID && objects[g.on] == nil {
			objects[g.on] = slot[Object](b, objectKey(realm, g.on))
		}
		if len(b.keys) == kv.MaxGet || i == len(all)-1 && len(b.keys) > 0 {
			if err := b.Read(ctx); err != nil {
				return nil, err
			}
			b = s.Batch(realm)
		}
	}
	var out []Grant
	for _, g := range all {
		if g.on == c.Value.ID {
			out = append(out, Grant{CatalogObject(c), g.privilege})
		} else if o := objects[g.on]; o.Value != nil {
			on := *o.Value
			on.ID = g.on
			out = append(out, Grant{on, g.privilege})
		}
	}
	return out, nil
}

// AssignCatalogRole gives a catalog role to a principal role; a second time changes nothing. The checks close the races
// against the drop of either: Conflict.
func (s *Store) AssignCatalogRole(ctx context.Context, realm lake.Realm, c *CatalogSlot, to *Slot[lake.PrincipalRole], role *Slot[lake.CatalogRole]) error {
	ops := append(usage(realm, c.Value.ID, to.Value, role.Value),
		check(to.key, kv.Prefix(owner(to.Value.ID))), check(role.key, kv.Prefix(owner(role.Value.ID))), bumpHead(realm, c))
	return conflictOf(s.write(ctx, ops...), fault.CatalogRole, role.Value.Name)
}

func usage(realm lake.Realm, catalog lake.ID, to *lake.PrincipalRole, role *lake.CatalogRole) []kv.Op {
	return []kv.Op{
		mark(usageKey(realm, to.ID, catalog, role.ID), tagOf(role.ID), kv.Always()),
		mark(holderKey(realm, role.ID, to.Name), tagOf(to.ID), kv.Always()),
	}
}

// RevokeCatalogRole takes a catalog role from a principal role. NotFound of a Grant if it does not have it.
func (s *Store) RevokeCatalogRole(ctx context.Context, realm lake.Realm, c *CatalogSlot, from *Slot[lake.PrincipalRole], role *Slot[lake.CatalogRole]) error {
	err := s.write(ctx,
		remove(usageKey(realm, from.Value.ID, c.Value.ID, role.Value.ID), kv.Prefix(owner(role.Value.ID))),
		remove(holderKey(realm, role.Value.ID, from.Value.Name), kv.Always()), bumpHead(realm, c))
	if i, _ := failedAt(err); i == 0 {
		return fault.Missing(fault.Grant, role.Value.Name)
	}
	return conflictOf(err, fault.CatalogRole, role.Value.Name)
}

// RolesOf gives the principal roles that have the catalog role. Holders that are gone, or are namesakes, are left out.
func (s *Store) RolesOf(ctx context.Context, realm lake.Realm, c *CatalogSlot, role lake.ID) ([]lake.PrincipalRole, error) {
	var found []*Slot[lake.PrincipalRole]
	err := s.holders(ctx, realm, role, func(b *Batch, name string) func() {
		r := b.Role(name)
		return func() {
			if r.Value != nil {
				found = append(found, r)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var out []lake.PrincipalRole
	for some := range slices.Chunk(found, kv.MaxGet) {
		b := s.Batch(realm)
		var used []*Slot[nothing]
		for _, r := range some {
			used = append(used, slot[nothing](b, usageKey(realm, r.Value.ID, c.Value.ID, role)))
		}
		if err := b.Read(ctx); err != nil {
			return nil, err
		}
		for i, r := range some {
			if used[i].Value != nil {
				out = append(out, *r.Value)
			}
		}
	}
	return out, nil
}

// CatalogRolesOf gives the roles of the catalog that the principal role has.
func (s *Store) CatalogRolesOf(ctx context.Context, realm lake.Realm, c *CatalogSlot, role lake.ID) ([]lake.CatalogRole, error) {
	has := map[lake.ID]bool{}
	prefix := usagePrefix(c.Value.ID)
	err := s.pages(ctx, partition("grants", realm, string(role)), prefix, func(items []kv.Item) error {
		for _, item := range items {
			has[lake.ID(strings.TrimPrefix(item.Key.Sort, prefix))] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all, err := s.ListCatalogRoles(ctx, realm, c.Name)
	var out []lake.CatalogRole
	for _, r := range all {
		if has[r.ID] {
			out = append(out, r)
		}
	}
	return out, err
}
