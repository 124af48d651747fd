package admin

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// Grant is a privilege on a securable of a catalog. Namespace and Name are empty where the type has none.
type Grant struct {
	On        access.GrantType
	Namespace []string
	Name      string
	Privilege access.Privilege
}

// grantTypes says of each type where it stands in a list, and what it is to the store; the latter is empty where nothing
// of the type can be there.
var grantTypes = map[access.GrantType]struct {
	rank        int
	noun        fault.Noun
	add, revoke access.Operation
}{
	access.OnCatalog:   {0, fault.Catalog, access.AddCatalogGrantToCatalogRole, access.RevokeCatalogGrantFromCatalogRole},
	access.OnNamespace: {1, fault.Namespace, access.AddNamespaceGrantToCatalogRole, access.RevokeNamespaceGrantFromCatalogRole},
	access.OnTable:     {2, fault.Table, access.AddTableGrantToCatalogRole, access.RevokeTableGrantFromCatalogRole},
	access.OnView:      {3, fault.View, access.AddViewGrantToCatalogRole, access.RevokeViewGrantFromCatalogRole},
	access.OnPolicy:    {4, fault.Policy, access.AddPolicyGrantToCatalogRole, access.RevokePolicyGrantFromCatalogRole},
}

// leaf says whether the type is of something within a namespace.
func (g Grant) leaf() bool { return g.On != access.OnCatalog && g.On != access.OnNamespace }

// check refuses a grant that no securable of its type could have.
func (g Grant) check() error {
	switch {
	case !access.Grantable(g.On).Has(g.Privilege):
		return fault.New(fault.Malformed, "The privilege %s cannot be granted on a %s", g.Privilege, g.On)
	case g.On == access.OnNamespace && len(g.Namespace) == 0:
		return fault.New(fault.Argument, "Namespace target must not be empty")
	case g.leaf() && len(g.Namespace) == 0:
		return fault.New(fault.Argument, "Table-like target cannot have an empty namespace")
	}
	return nil
}

// aim is a catalog role and the securable of a grant, both there.
type aim struct {
	*session
	role   *store.Slot[lake.CatalogRole]
	object store.Object
	path   access.Path
}

// aim opens a request on a catalog role and the securable of a grant.
func (s *Service) aim(ctx context.Context, c lake.Caller, catalog, role string, g Grant) (*aim, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	x := s.on(c, catalog)
	a := &aim{session: x, role: x.batch.CatalogRole(x.cat, role)}
	levels := g.Namespace
	names := slices.Clone(levels)
	if g.leaf() {
		names = append(names, g.Name)
	}
	could := lake.Reachable(names...)
	if !could {
		levels = nil
	}
	n := x.batch.Namespace(x.cat, levels)
	var table *store.Slot[lake.Table]
	switch {
	case could && g.On == access.OnTable:
		table = x.batch.Table(n, g.Name)
	case could && g.On == access.OnView:
		table = x.batch.View(n, g.Name)
	}
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if x.cat.Value == nil {
		return nil, fault.Of(fault.NotFound, fault.Catalog, catalog, "Catalog not found: %s", catalog)
	}
	// Polaris blames the role for the missing namespace of a table.
	if a.role.Value == nil || g.leaf() && could && !n.There() {
		return nil, fault.Of(fault.NotFound, fault.CatalogRole, role, "CatalogRole not found: %s.%s", catalog, role)
	}
	return a, a.find(g, n, table, could)
}

// find gives the securable: could says whether its names are such that it can be there.
func (a *aim) find(g Grant, n *store.NamespaceSlot, table *store.Slot[lake.Table], could bool) error {
	name := lake.Identifier{Namespace: g.Namespace, Name: g.Name}.String()
	switch {
	case g.On == access.OnCatalog:
		a.object, a.path = store.CatalogObject(a.cat), path(a.cat.Value.ID)
	case g.On == access.OnNamespace && could && n.There():
		a.object, a.path = store.NamespaceObject(n), n.Path()
	case g.On == access.OnNamespace:
		return fault.Missing(fault.Namespace, strings.Join(g.Namespace, "."))
	case table != nil && table.Value != nil:
		a.object, a.path = store.TableObject(n, table), append(n.Path(), table.Value.ID)
	case g.On == access.OnPolicy:
		return fault.Of(fault.NotFound, fault.Policy, name, "Policy does not exist: PolicyIdentifier[namespace=%s, name=%s]", strings.Join(g.Namespace, "."), g.Name)
	default:
		return fault.Missing(grantTypes[g.On].noun, name)
	}
	return nil
}

// AddGrant gives a catalog role a privilege; a second time changes nothing. Access requirement:
// MANAGE_GRANTS_ON_SECURABLE of the securable's type on the securable.
func (s *Service) AddGrant(ctx context.Context, c lake.Caller, catalog, role string, g Grant) error {
	return again(func() error {
		a, err := s.aim(ctx, c, catalog, role, g)
		if err != nil {
			return err
		}
		if err := a.allow(ctx, grantTypes[g.On].add, a.path); err != nil {
			return err
		}
		return s.Store.AddGrant(ctx, c.Realm, a.cat, a.role, store.Grant{On: a.object, Privilege: g.Privilege.String()})
	})
}

// RevokeGrant takes a privilege from a catalog role. NotFound of a Grant if the role does not have it. Access requirement:
// as to add it, and CATALOG_ROLE_MANAGE_GRANTS_FOR_GRANTEE on the role.
func (s *Service) RevokeGrant(ctx context.Context, c lake.Caller, catalog, role string, g Grant) error {
	return again(func() error {
		a, err := s.aim(ctx, c, catalog, role, g)
		if err != nil {
			return err
		}
		if err := a.allow(ctx, grantTypes[g.On].revoke, a.path, a.rolePath(a.role)); err != nil {
			return err
		}
		return s.takeFromHolders(ctx,
			func() ([]lake.ID, error) { return s.principalsWith(ctx, c.Realm, a.cat, a.role.Value.ID) },
			func() error {
				return s.Store.RevokeGrant(ctx, c.Realm, a.cat, a.role, store.Grant{On: a.object, Privilege: g.Privilege.String()})
			})
	})
}

// ListGrants gives what a catalog role holds: on the catalog first, then on namespaces, tables, views and policies. Access
// requirement: CATALOG_ROLE_LIST_GRANTS on the role.
func (s *Service) ListGrants(ctx context.Context, c lake.Caller, catalog, role string) ([]Grant, error) {
	x, r, err := s.catalogRole(ctx, c, catalog, role, access.ListGrantsForCatalogRole)
	if err != nil {
		return nil, err
	}
	held, err := s.Store.ListGrants(ctx, c.Realm, x.cat, r.Value.ID)
	if err != nil {
		return nil, err
	}
	var out []Grant
	for _, h := range held {
		p, err := access.ParsePrivilege(h.Privilege)
		if err != nil {
			continue // of a later version of firn: it grants nothing here
		}
		for on, t := range grantTypes {
			if t.noun == h.On.Kind {
				out = append(out, Grant{On: on, Namespace: h.On.Namespace, Name: h.On.Name, Privilege: p})
			}
		}
	}
	slices.SortFunc(out, func(a, b Grant) int {
		return cmp.Or(cmp.Compare(grantTypes[a.On].rank, grantTypes[b.On].rank), slices.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Privilege, b.Privilege))
	})
	return out, nil
}
