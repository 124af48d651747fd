package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
)

// mayChangeStorage refuses a change of a catalog's storage configuration, or of a setting that decides what credentials to
// it may open, by a caller who may not create catalogs. Access requirement: CATALOG_CREATE on the realm.
//
// Polaris asks for CATALOG_WRITE_PROPERTIES alone, which CATALOG_MANAGE_CONTENT implies: there a principal that may write
// tables chooses whose authority opens the storage. A request that writes storage back as it was needs no more than in
// Polaris.
func (x *session) mayChangeStorage(ctx context.Context, old, next *lake.Catalog) error {
	changed, err := storageChanges(old, next)
	if err != nil || len(changed) == 0 {
		return err
	}
	if err := x.allow(ctx, access.CreateCatalog, wholeRealm); err != nil {
		if !fault.Is(err, fault.Forbidden) {
			return err
		}
		return fault.New(fault.Forbidden, "Principal '%s' is not authorized to change %s of catalog %s: what decides about storage takes the privilege %s on the realm",
			x.who.Name, strings.Join(changed, ", "), old.Name, access.CatalogCreate).Because(err)
	}
	return nil
}

// storageChanges returns what differs, by the names of the API, sorted.
func storageChanges(old, next *lake.Catalog) ([]string, error) {
	var out []string
	for _, key := range slices.Concat(lake.Settings(), []string{lake.BaseLocation}) {
		if lake.IsStorageSetting(key) && old.Properties[key] != next.Properties[key] {
			out = append(out, key)
		}
	}
	was, err := json.Marshal(asKnown(old))
	if err != nil {
		return nil, err
	}
	is, err := json.Marshal(asKnown(next))
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(was, is) {
		out = append(out, "storageConfigInfo")
	}
	slices.Sort(out)
	return out, nil
}

// asKnown returns the storage as the API shows it, so that what was read may be written back: without the external ID that
// firn made, which may be written down or left out, and with no path style for none.
func asKnown(c *lake.Catalog) lake.Storage {
	s := c.Storage
	if s.PathStyleAccess != nil && !*s.PathStyleAccess {
		s.PathStyleAccess = nil
	}
	if s.ExternalID == lake.MadeExternalID(c.ID) {
		s.ExternalID = ""
	}
	return s
}
