package admin

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
)

// ListCatalogRoles gives all roles of a catalog. Access requirement: CATALOG_ROLE_LIST on the catalog.
func (s *Service) ListCatalogRoles(ctx context.Context, c lake.Caller, catalog string) ([]lake.CatalogRole, error) {
	x, err := s.catalog(ctx, c, catalog, access.ListCatalogRoles)
	if err != nil {
		return nil, err
	}
	return s.Store.ListCatalogRoles(ctx, c.Realm, x.cat.Name)
}

// CreateCatalogRole makes a role of a catalog. Exists if the name is taken. Access requirement: CATALOG_ROLE_CREATE on the
// catalog.
func (s *Service) CreateCatalogRole(ctx context.Context, c lake.Caller, catalog string, n NewRole) (*lake.CatalogRole, error) {
	if err := lake.CheckEntityName("name", n.Name); err != nil {
		return nil, err
	}
	x, err := s.catalog(ctx, c, catalog, access.CreateCatalogRole)
	if err != nil {
		return nil, err
	}
	facts, err := s.newFacts(n.Properties)
	if err != nil {
		return nil, err
	}
	r := &lake.CatalogRole{ID: lake.NewID(), Name: n.Name, CatalogID: x.cat.Value.ID, Facts: facts}
	err = s.Store.CreateCatalogRole(ctx, c.Realm, x.cat, r)
	if fault.Is(err, fault.Exists) {
		return nil, fault.Of(fault.Exists, fault.CatalogRole, n.Name, "Cannot create CatalogRole %s in %s. CatalogRole already exists or resolution failed", n.Name, catalog)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// catalogRole opens a request on a catalog role that must be there, for an operation on it. A missing catalog is told as a
// missing role, as Polaris does.
func (s *Service) catalogRole(ctx context.Context, c lake.Caller, catalog, name string, op access.Operation) (*session, *store.Slot[lake.CatalogRole], error) {
	x := s.on(c, catalog)
	r := x.batch.CatalogRole(x.cat, name)
	if err := x.read(ctx); err != nil {
		return nil, nil, err
	}
	if r.Value == nil {
		return nil, nil, fault.Missing(fault.CatalogRole, name)
	}
	return x, r, x.allow(ctx, op, x.rolePath(r))
}

func (x *session) rolePath(r *store.Slot[lake.CatalogRole]) access.Path {
	return path(x.cat.Value.ID, r.Value.ID)
}

// LoadCatalogRole gives a catalog role. Access requirement: CATALOG_ROLE_READ_PROPERTIES on it.
func (s *Service) LoadCatalogRole(ctx context.Context, c lake.Caller, catalog, name string) (*lake.CatalogRole, error) {
	_, r, err := s.catalogRole(ctx, c, catalog, name, access.GetCatalogRole)
	if err != nil {
		return nil, err
	}
	return r.Value, nil
}

// UpdateCatalogRole replaces a catalog role's properties. Conflict if the version is not the current one. Access
// requirement: CATALOG_ROLE_WRITE_PROPERTIES on it.
func (s *Service) UpdateCatalogRole(ctx context.Context, c lake.Caller, catalog, name string, change Change) (*lake.CatalogRole, error) {
	var next lake.CatalogRole
	err := again(func() error {
		_, r, err := s.catalogRole(ctx, c, catalog, name, access.UpdateCatalogRole)
		if err != nil {
			return err
		}
		next = *r.Value
		if next.Facts, err = s.changed(next.Facts, "CatalogRole", change); err != nil {
			return err
		}
		return s.Store.UpdateCatalogRole(ctx, r, &next)
	})
	if err != nil {
		return nil, err
	}
	return &next, nil
}

// DeleteCatalogRole removes a catalog role and with it what it held and who had it. catalog_admin stays. Access
// requirement: CATALOG_ROLE_DROP on it.
func (s *Service) DeleteCatalogRole(ctx context.Context, c lake.Caller, catalog, name string) error {
	return again(func() error {
		x, r, err := s.catalogRole(ctx, c, catalog, name, access.DeleteCatalogRole)
		if err != nil {
			return err
		}
		if name == lake.CatalogAdmin {
			return fault.New(fault.Malformed, "Catalog admin role cannot be dropped")
		}
		return s.takeFromHolders(ctx,
			func() ([]lake.ID, error) { return s.principalsWith(ctx, c.Realm, x.cat, r.Value.ID) },
			func() error { return s.Store.DeleteCatalogRole(ctx, c.Realm, x.cat, r) })
	})
}
