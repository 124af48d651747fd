package admin

import (
	"context"
	"fmt"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// usage opens a request on a principal role and a catalog role, both of which must be there, for an operation on the
// latter.
func (s *Service) usage(ctx context.Context, c lake.Caller, role, catalog, catalogRole string, op access.Operation) (*session, *store.Slot[lake.PrincipalRole], *store.Slot[lake.CatalogRole], error) {
	x := s.on(c, catalog)
	to, r := x.batch.Role(role), x.batch.CatalogRole(x.cat, catalogRole)
	if err := x.read(ctx); err != nil {
		return nil, nil, nil, err
	}
	what := catalog + "." + catalogRole
	switch {
	case to.Value == nil:
		return nil, nil, nil, absent(fault.PrincipalRole, role, what, role)
	case x.cat.Value == nil:
		return nil, nil, nil, absent(fault.Catalog, catalog, what, role)
	case r.Value == nil: // the words are Polaris's
		path := fmt.Sprintf("ResolverPath[key=ResolvedPathKey[entityNames=[%s], entityType=CATALOG_ROLE], optional=false]", catalogRole)
		return nil, nil, nil, absent(fault.CatalogRole, path, what, role)
	}
	return x, to, r, x.allow(ctx, op, x.rolePath(r))
}

// AssignCatalogRole gives a principal role a role of a catalog; a second time changes nothing. Access requirement:
// CATALOG_ROLE_MANAGE_GRANTS_ON_SECURABLE on the catalog role.
func (s *Service) AssignCatalogRole(ctx context.Context, c lake.Caller, role, catalog, catalogRole string) error {
	return again(func() error {
		x, to, r, err := s.usage(ctx, c, role, catalog, catalogRole, access.AssignCatalogRoleToPrincipalRole)
		if err != nil {
			return err
		}
		return s.Store.AssignCatalogRole(ctx, c.Realm, x.cat, to, r)
	})
}

// RevokeCatalogRole takes a role of a catalog from a principal role. NotFound of a Grant if it does not have it. Access
// requirement: CATALOG_ROLE_MANAGE_GRANTS_ON_SECURABLE on the catalog role.
func (s *Service) RevokeCatalogRole(ctx context.Context, c lake.Caller, role, catalog, catalogRole string) error {
	return again(func() error {
		x, from, r, err := s.usage(ctx, c, role, catalog, catalogRole, access.RevokeCatalogRoleFromPrincipalRole)
		if err != nil {
			return err
		}
		return s.takeFromHolders(ctx,
			func() ([]lake.ID, error) { return s.principalsOf(ctx, c.Realm, from.Value.ID) },
			func() error { return s.Store.RevokeCatalogRole(ctx, c.Realm, x.cat, from, r) })
	})
}
