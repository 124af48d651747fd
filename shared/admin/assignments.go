package admin

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// absent tells that one side of an assignment is not there.
func absent(noun fault.Noun, missing, role, to string) error {
	return fault.Of(fault.NotFound, noun, missing, "Entity %s not found when trying to assign %s to %s", missing, role, to)
}

// assignment opens a request on a principal and a principal role, both of which must be there.
func (s *Service) assignment(ctx context.Context, c lake.Caller, principal, role string) (*session, *store.Slot[lake.Principal], *store.Slot[lake.PrincipalRole], error) {
	x := s.open(c)
	p, r := x.batch.Principal(principal), x.batch.Role(role)
	if err := x.read(ctx); err != nil {
		return nil, nil, nil, err
	}
	switch {
	case p.Value == nil:
		return nil, nil, nil, absent(fault.Principal, principal, role, principal)
	case r.Value == nil:
		return nil, nil, nil, absent(fault.PrincipalRole, role, role, principal)
	}
	return x, p, r, nil
}

// AssignPrincipalRole gives a principal a principal role; a second time changes nothing. Invalid if an identity provider
// says who has the role. Access requirement: PRINCIPAL_ROLE_MANAGE_GRANTS_ON_SECURABLE on the role.
func (s *Service) AssignPrincipalRole(ctx context.Context, c lake.Caller, principal, role string) error {
	return again(func() error {
		x, p, r, err := s.assignment(ctx, c, principal, role)
		if err != nil {
			return err
		}
		if err := x.allow(ctx, access.AssignPrincipalRole, path(r.Value.ID)); err != nil {
			return err
		}
		if r.Value.Federated {
			return fault.New(fault.Invalid, "Cannot assign a federated role to a principal")
		}
		return s.Store.AssignRole(ctx, c.Realm, p, r)
	})
}

// RevokePrincipalRole takes a principal role from a principal. NotFound of a Grant if the principal does not have it.
// Access requirement: PRINCIPAL_ROLE_MANAGE_GRANTS_ON_SECURABLE on the role and PRINCIPAL_MANAGE_GRANTS_FOR_GRANTEE on the
// principal.
func (s *Service) RevokePrincipalRole(ctx context.Context, c lake.Caller, principal, role string) error {
	return again(func() error {
		x, p, r, err := s.assignment(ctx, c, principal, role)
		if err != nil {
			return err
		}
		if err := x.allow(ctx, access.RevokePrincipalRole, path(r.Value.ID), path(p.Value.ID)); err != nil {
			return err
		}
		return s.takeFrom([]lake.ID{p.Value.ID}, func() error { return s.Store.RevokeRole(ctx, c.Realm, p, r) })
	})
}

// ListRolesOfPrincipal gives the principal roles that a principal has. Access requirement: PRINCIPAL_LIST_GRANTS on it.
func (s *Service) ListRolesOfPrincipal(ctx context.Context, c lake.Caller, principal string) ([]lake.PrincipalRole, error) {
	_, p, err := s.principal(ctx, c, principal, access.ListPrincipalRolesAssigned)
	if err != nil || len(p.Value.Roles) == 0 {
		return nil, err
	}
	b := s.Store.Batch(c.Realm)
	var slots []*store.Slot[lake.PrincipalRole]
	for _, r := range p.Value.Roles {
		slots = append(slots, b.Role(r.Name))
	}
	if err := b.Read(ctx); err != nil {
		return nil, err
	}
	var out []lake.PrincipalRole
	for i, r := range p.Value.Roles {
		if there := slots[i].Value; there != nil && there.ID == r.ID { // else: dropped, and perhaps made again
			out = append(out, *there)
		}
	}
	return out, nil
}

// ListPrincipalsOfRole gives the principals that have a principal role. Access requirement: PRINCIPAL_ROLE_LIST_GRANTS on
// the role.
func (s *Service) ListPrincipalsOfRole(ctx context.Context, c lake.Caller, role string) ([]lake.Principal, error) {
	r, err := s.principalRole(ctx, c, role, access.ListAssigneePrincipalsForPrincipalRole)
	if err != nil {
		return nil, err
	}
	return s.Store.PrincipalsOf(ctx, c.Realm, r.Value.ID)
}

// ListCatalogRolesOfRole gives the roles of a catalog that a principal role has. A missing catalog is told as a missing
// principal role, as Polaris does. Access requirement: PRINCIPAL_ROLE_LIST_GRANTS on the role.
func (s *Service) ListCatalogRolesOfRole(ctx context.Context, c lake.Caller, role, catalog string) ([]lake.CatalogRole, error) {
	x := s.on(c, catalog)
	r := x.batch.Role(role)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if r.Value == nil || x.cat.Value == nil {
		return nil, fault.Missing(fault.PrincipalRole, role)
	}
	if err := x.allow(ctx, access.ListCatalogRolesForPrincipalRole, path(r.Value.ID)); err != nil {
		return nil, err
	}
	return s.Store.CatalogRolesOf(ctx, c.Realm, x.cat, r.Value.ID)
}

// ListRolesOfCatalogRole gives the principal roles that have a catalog role. Access requirement: CATALOG_ROLE_LIST_GRANTS
// on the catalog role.
func (s *Service) ListRolesOfCatalogRole(ctx context.Context, c lake.Caller, catalog, role string) ([]lake.PrincipalRole, error) {
	x, r, err := s.catalogRole(ctx, c, catalog, role, access.ListAssigneePrincipalRolesForCatalogRole)
	if err != nil {
		return nil, err
	}
	return s.Store.RolesOf(ctx, c.Realm, x.cat, r.Value.ID)
}
