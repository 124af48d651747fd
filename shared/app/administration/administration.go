// Package administration is the part of a server that manages catalogs, principals, roles and grants.
package administration

import (
	"firn/shared/admin"
	"firn/shared/app/base"
	"firn/shared/lake"
	"firn/shared/protocol/management"
	"firn/shared/rest"
)

// Service makes the use-cases. revoked is told of principals and tables whose keys must die at once; nil: nobody can.
func Service(b *base.Base, revoked func(ids ...lake.ID)) *admin.Service {
	return admin.New(admin.Config{Store: b.Store, Log: b.Log, Now: b.Now, Revoked: revoked, AllowFileStorage: b.AllowFileStorage,
		AllowOverlappingCatalogs: b.AllowOverlappingCatalogs, RequireRotation: b.RequireRotation})
}

// Protocol gives the routes of the management API.
func Protocol(s *admin.Service) rest.Protocol { return management.Protocol(s) }

// Part gives them where no key can be ended from.
func Part(b *base.Base) rest.Protocol { return Protocol(Service(b, nil)) }
