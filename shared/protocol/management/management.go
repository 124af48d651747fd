// Package management speaks Apache Polaris's management API (polaris-management-service.yml): catalogs, principals, roles
// and grants.
//
// It translates and decides nothing: a handler decodes, calls one use-case of package admin, and encodes.
package management

import (
	"firn/shared/admin"
	"firn/shared/rest"
)

const base = "/api/management/v1"

// Protocol gives the routes of the dialect over the use-cases.
func Protocol(s *admin.Service) rest.Protocol {
	return rest.Protocol{Name: "management", Base: base, Dialect: rest.Vocabulary{}.Envelope}
}
