// Package contents is the part of a server that knows what is in catalogs and hands out keys to it.
package contents

import (
	"context"

	"firn/shared/app/base"
	"firn/shared/blob"
	"firn/shared/catalog"
	"firn/shared/lake"
	"firn/shared/protocol/icebergrest"
	"firn/shared/rest"
	"firn/shared/vend"
)

// Service makes the use-cases. revoked is told of tables whose keys must die at once; nil: nobody can end keys.
func Service(b *base.Base, vendor vend.Vendor, files blob.Opener, revoked func(ids ...lake.ID)) *catalog.Service {
	audited := vend.Audited{Vendor: vendor, Log: b.Log, Own: catalog.OwnID}
	return catalog.New(catalog.Config{Store: b.Store, Vendor: audited, Files: files, Log: b.Log, Now: b.Now, Revoked: revoked,
		UniqueLocations: b.UniqueLocations, RequireRotation: b.RequireRotation, MaxAnswer: b.MaxAnswer})
}

// Protocol gives the routes of the Iceberg REST catalog.
func Protocol(s *catalog.Service) rest.Protocol { return icebergrest.Protocol(s) }

// Tick takes up what must go on after answers, a bounded part of it.
func Tick(ctx context.Context, s *catalog.Service, realms []lake.Realm) error {
	for _, realm := range realms {
		if err := s.Work(ctx, realm); err != nil {
			return err
		}
	}
	return nil
}
