// Package administration is the part of a server that manages catalogs, principals, roles and grants.
package administration

import (
	"net/http"

	"firn/shared/admin"
	"firn/shared/app/base"
	"firn/shared/blob"
	"firn/shared/lake"
	"firn/shared/probe"
	"firn/shared/probe/cors"
	"firn/shared/protocol/management"
	"firn/shared/rest"
	"firn/shared/revoke"
	"firn/shared/vend"
)

// Drivers are what reaches storage and the keys to it.
type Drivers struct {
	Revoked func(ids ...lake.ID)                    // told of principals and tables whose keys must die at once; nil: nobody can
	EndKey  func(realm lake.Realm, id string) error // ends one key of the embedded store, if it is of the realm; nil: there is none
	Ender   revoke.Ender                            // ends keys of AWS roles; nil: nobody can
	Prober  *probe.Prober                           // tries storage; nil: nobody can
}

// Service makes the use-cases.
func Service(b *base.Base, d Drivers) *admin.Service {
	return admin.New(admin.Config{Store: b.Store, Log: b.Log, Now: b.Now, Revoked: d.Revoked, EndKey: d.EndKey, Ender: d.Ender, Prober: d.Prober, ProbeNew: b.Probe,
		StoragePolicy: b.StoragePolicy, AllowOverlappingCatalogs: b.AllowOverlappingCatalogs, RequireRotation: b.RequireRotation})
}

// Prober tries storage by the drivers that hand out keys and that read metadata files, and asks what browsers
// ask by the client, if there is one. apart says that the server has a right to probe and none to vend.
func Prober(b *base.Base, vendor vend.Vendor, files blob.Opener, client *http.Client, apart bool) *probe.Prober {
	c := probe.Config{Vendor: vend.Audited{Vendor: vendor, Log: b.Log}, Files: files, Apart: apart, Log: b.Log, Now: b.Now}
	if client != nil {
		c.Browser = cors.Browser{Client: client}
	}
	return probe.New(c)
}

// Protocol gives the routes of the management API.
func Protocol(s *admin.Service) rest.Protocol { return management.Protocol(s) }
