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
	"firn/shared/sign"
	"firn/shared/vend"
)

// Drivers are what reaches the storage of catalogs.
type Drivers struct {
	Vendor  vend.Vendor // with a cache where minting is dear
	Signer  sign.Signer // nil: no request is signed remotely
	Files   blob.Opener
	Revoked func(ids ...lake.ID) // told of what must have its keys die at once; nil: nobody can end keys
	Era     func() string        // another whenever keys have so ended; nil: none do
}

// Service makes the use-cases.
func Service(b *base.Base, d Drivers) *catalog.Service {
	audited := vend.Audited{Vendor: d.Vendor, Log: b.Log, Own: catalog.OwnID}
	return catalog.New(catalog.Config{Store: b.Store, Vendor: audited, Files: d.Files, Signer: d.Signer, Log: b.Log, Now: b.Now, Revoked: d.Revoked, Era: d.Era,
		UniqueLocations: b.UniqueLocations, RequireRotation: b.RequireRotation, MaxAnswer: b.MaxAnswer})
}

// Protocol gives the routes of the Iceberg REST catalog.
func Protocol(s *catalog.Service) rest.Protocol { return icebergrest.Protocol(s) }

// Tick takes up what must go on after answers, a bounded part of it.
func Tick(ctx context.Context, s *catalog.Service, realms []lake.Realm) error {
	return s.Work(ctx, realms...)
}
