package admin

import (
	"context"
	"maps"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// ListCatalogs gives all catalogs of the realm. Access requirement: CATALOG_LIST on the realm.
func (s *Service) ListCatalogs(ctx context.Context, c lake.Caller) ([]lake.Catalog, error) {
	x := s.open(c)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.ListCatalogs, wholeRealm); err != nil {
		return nil, err
	}
	return s.Store.ListCatalogs(ctx, c.Realm)
}

// NewCatalog is a catalog that is to be made.
type NewCatalog struct {
	Name       string
	Type       lake.CatalogType
	Properties lake.Properties // default-base-location must be among them
	Storage    lake.Storage
	Connected  bool // a connection to another catalog is asked for
}

// adminRights is what the role catalog_admin of a new catalog holds on it.
var adminRights = []string{access.CatalogManageAccess.String(), access.CatalogManageMetadata.String()}

// CreateCatalog makes a catalog with its role catalog_admin, which service_admin gets. Exists if the name is taken,
// Invalid if one of its folders overlaps another catalog's and the server forbids that, Argument if it overlaps another
// realm's, Forbidden if the server's storage policy does not allow its storage. A server that tries new storage does
// so then, and the catalog says what came out: it is made all the same. Access requirement: CATALOG_CREATE on the realm.
func (s *Service) CreateCatalog(ctx context.Context, c lake.Caller, n NewCatalog) (*lake.Catalog, error) {
	if err := lake.CheckEntityName("name", n.Name); err != nil {
		return nil, err
	}
	x := s.open(c)
	serviceAdmin, taken := x.batch.Role(lake.ServiceAdmin), x.batch.Catalog(n.Name)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.CreateCatalog, wholeRealm); err != nil {
		return nil, err
	}
	if n.Connected && n.Type == lake.External {
		return nil, fault.New(fault.Unsupported, "Feature not enabled: ENABLE_CATALOG_FEDERATION")
	}
	now := s.moment()
	made := &lake.Catalog{ID: lake.NewID(), Name: n.Name, Type: n.Type, Storage: n.Storage,
		Facts: lake.Facts{Properties: maps.Clone(n.Properties), Version: 1, Created: now, Updated: now}}
	folders, err := s.settle(c.Realm, made)
	if err != nil {
		return nil, err
	}
	if err := s.mayUse(c.Realm, made); err != nil {
		return nil, err
	}
	if taken.Value != nil { // or it would be told that the catalog overlaps itself
		return nil, fault.Taken(fault.Catalog, n.Name)
	}
	probes := s.probes(made)
	if probes {
		if made.Probe, err = s.unfinished(made); err != nil {
			return nil, err
		}
	}
	admin := &lake.CatalogRole{ID: lake.NewID(), Name: lake.CatalogAdmin, CatalogID: made.ID, Facts: lake.Facts{Version: 1, Created: now, Updated: now}}
	err = s.Store.CreateCatalog(ctx, c.Realm, store.NewCatalog{Catalog: made, Admin: admin, Rights: adminRights, For: serviceAdmin.Value, Bases: s.bases(folders)})
	if err != nil {
		return nil, err
	}
	if probes {
		return s.prove(ctx, c, made), nil
	}
	return made, nil
}

// bases are the folders that a catalog claims.
func (s *Service) bases(folders []location.Prefix) store.Bases {
	return store.Bases{Folders: folders, Overlap: s.AllowOverlappingCatalogs}
}

// catalog opens a request on a catalog that must be there, for an operation on it.
func (s *Service) catalog(ctx context.Context, c lake.Caller, name string, op access.Operation) (*session, error) {
	x := s.on(c, name)
	if err := x.read(ctx); err != nil {
		return nil, err
	}
	if x.cat.Value == nil {
		return nil, fault.Missing(fault.Catalog, name)
	}
	return x, x.allow(ctx, op, path(x.cat.Value.ID))
}

// LoadCatalog gives a catalog. Access requirement: CATALOG_READ_PROPERTIES on it.
func (s *Service) LoadCatalog(ctx context.Context, c lake.Caller, name string) (*lake.Catalog, error) {
	x, err := s.catalog(ctx, c, name, access.GetCatalog)
	if err != nil {
		return nil, err
	}
	return x.cat.Value, nil
}

// CatalogChange is what an update of a catalog asks for.
type CatalogChange struct {
	Change                // without default-base-location, or with an empty one: it stays
	Storage *lake.Storage // replaces the storage configuration; nil: it stays
}

// UpdateCatalog replaces a catalog's properties and storage configuration. What was known of storage that changed is void;
// a server that tries new storage does so first, and the catalog says what came out. Conflict if the version is not the current one;
// Malformed if the storage would be another's (type, account, external id, tenant); Forbidden if the server's storage policy
// does not allow it. Access requirement: CATALOG_WRITE_PROPERTIES on it, and CATALOG_CREATE on the realm if its storage
// changes (mayChangeStorage).
func (s *Service) UpdateCatalog(ctx context.Context, c lake.Caller, name string, change CatalogChange) (*lake.Catalog, error) {
	var next lake.Catalog
	var tried *lake.Probe
	err := again(func() error {
		x, err := s.catalog(ctx, c, name, access.UpdateCatalog)
		if err != nil {
			return err
		}
		next = *x.cat.Value
		if next.Version != change.Version {
			return stale("Catalog", next.Version, change.Version)
		}
		next.Properties = lake.Properties{}
		maps.Copy(next.Properties, change.Properties)
		if next.DefaultBaseLocation() == "" {
			next.Properties[lake.BaseLocation] = x.cat.Value.DefaultBaseLocation()
		}
		if change.Storage != nil {
			next.Storage = *change.Storage
		}
		next.Version++
		next.Updated = s.moment()
		folders, err := s.settle(c.Realm, &next)
		if err != nil {
			return err
		}
		if err := x.mayChangeStorage(ctx, x.cat.Value, &next); err != nil {
			return err
		}
		if err := s.mayUse(c.Realm, &next); err != nil {
			return err
		}
		if err := sameOwner(next.ID, &x.cat.Value.Storage, &next.Storage); err != nil {
			return err
		}
		if tried, err = s.reprove(ctx, c, x.cat.Value, &next, tried); err != nil {
			return err
		}
		next.Probe = tried
		return s.Store.UpdateCatalog(ctx, c.Realm, x.cat, &next, s.bases(folders))
	})
	if err != nil {
		return nil, err
	}
	return &next, nil
}

// DropCatalog removes a catalog. NotEmpty if it has namespaces, or roles besides catalog_admin. Access requirement:
// CATALOG_DROP on it.
func (s *Service) DropCatalog(ctx context.Context, c lake.Caller, name string) error {
	x, err := s.catalog(ctx, c, name, access.DeleteCatalog)
	if err != nil {
		return err
	}
	err = s.Store.DropCatalog(ctx, c.Realm, name, x.cat.Value.ID)
	if fault.Is(err, fault.NotEmpty) {
		return fault.Of(fault.NotEmpty, fault.Catalog, name, "")
	}
	return err
}
