package app

import (
	"context"

	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/s3local"
	"firn/shared/store"
)

// claimed finds which realm's the folders of the embedded store are, for a store that was filled before realms had folders
// of their own. With several realms all folders of their catalogs are listed, bases first: two realms may have made
// catalogs at the same base, and then tables tell whose a folder is. Where even these are the same, it is the first
// realm's.
func claimed(ctx context.Context, s *store.Store, realms []lake.Realm) (s3local.Adoption, error) {
	out := s3local.Adoption{First: string(realms[0])}
	if len(realms) == 1 {
		return out, nil
	}
	for _, realm := range realms {
		catalogs, err := s.ListCatalogs(ctx, realm)
		if err != nil {
			return out, err
		}
		for i := range catalogs {
			if !catalogs[i].Storage.Embedded() {
				continue
			}
			below, err := s.ListLocations(ctx, realm, catalogs[i].Name)
			if err != nil {
				return out, err
			}
			all := append([]string{catalogs[i].DefaultBaseLocation()}, catalogs[i].Storage.AllowedLocations...)
			for _, text := range append(all, below...) {
				if p, err := location.ParsePrefix(text); err == nil && p.Kind() == location.S3 {
					out.Folders = append(out.Folders, s3local.Claimed{Realm: string(realm), Bucket: p.Bucket(), Prefix: p.Key()})
				}
			}
		}
	}
	return out, nil
}
