// Package management speaks Apache Polaris's management API (polaris-management-service.yml): catalogs, principals,
// principal roles, catalog roles, and grants, at /api/management/v1. Beside them are firn's own routes, in the same words, for
// what Polaris has not: keys that are taken back, shares and recipients.
//
// It translates and decides nothing: a handler decodes, calls one use-case of package admin, and encodes. It refuses
// bodies that do not have the API's shape, names that break its rule (in the path, before the use-case is asked), and
// connections to other catalogs, which are a feature that this server does not have.
//
// # Why
//
// What was recorded from a real Polaris decides, also where its own description says less: texts may be sent as numbers
// or booleans, versions as text, and the wrapping object ({"grant": ...}) may be left out. Unknown fields are ignored,
// since clients send back whole what they were given.
//
// Polaris answers a body of a wrong shape with no word, or breaks (500); here it is always 400 and says what is wrong.
// Java's own renderings of its objects within messages are not imitated, but for those that clients of the API see
// elsewhere too.
//
// A property that is null is no property. Polaris keeps the null, and some of its clients then fail on it.
//
// No list is paged, as the API has it: what administrators make by hand is few.
package management

import (
	"context"
	"fmt"
	"strings"

	"firn/shared/admin"
	"firn/shared/fault"
	"firn/shared/rest"
)

const base = "/api/management/v1"

// handlers hold the use-cases.
type handlers struct{ admin *admin.Service }

// Protocol gives the routes of the dialect over the use-cases.
func Protocol(s *admin.Service) rest.Protocol {
	h := &handlers{s}
	const (
		catalogs       = base + "/catalogs"
		catalog        = catalogs + "/{catalogName}"
		catalogRoles   = catalog + "/catalog-roles"
		catalogRole    = catalogRoles + "/{catalogRoleName}"
		principals     = base + "/principals"
		principal      = principals + "/{principalName}"
		principalRoles = base + "/principal-roles"
		principalRole  = principalRoles + "/{principalRoleName}"
		usages         = principalRole + "/catalog-roles/{catalogName}"
	)
	p := rest.Protocol{Name: "management", Base: base, Dialect: vocabulary.Envelope, Routes: []rest.Route{
		route("GET", catalogs, "listCatalogs", h.listCatalogs),
		route("POST", catalogs, "createCatalog", rest.Body(h.createCatalog)),
		route("GET", catalog, "getCatalog", h.getCatalog),
		route("PUT", catalog, "updateCatalog", rest.Body(h.updateCatalog)),
		route("DELETE", catalog, "deleteCatalog", h.deleteCatalog),
		h.probing(),

		route("GET", principals, "listPrincipals", h.listPrincipals),
		route("POST", principals, "createPrincipal", rest.Body(h.createPrincipal)),
		route("GET", principal, "getPrincipal", h.getPrincipal),
		route("PUT", principal, "updatePrincipal", rest.Body(h.updatePrincipal)),
		route("DELETE", principal, "deletePrincipal", h.deletePrincipal),
		route("POST", principal+"/rotate", "rotateCredentials", h.rotateCredentials),
		route("POST", principal+"/reset", "resetCredentials", rest.OptionalBody(h.resetCredentials)),
		route("GET", principal+"/principal-roles", "listPrincipalRolesAssigned", h.listPrincipalRolesAssigned),
		route("PUT", principal+"/principal-roles", "assignPrincipalRole", rest.Body(h.assignPrincipalRole)),
		route("DELETE", principal+"/principal-roles/{principalRoleName}", "revokePrincipalRole", h.revokePrincipalRole),

		route("GET", principalRoles, "listPrincipalRoles", h.listPrincipalRoles),
		route("POST", principalRoles, "createPrincipalRole", rest.Body(h.createPrincipalRole)),
		route("GET", principalRole, "getPrincipalRole", h.getPrincipalRole),
		route("PUT", principalRole, "updatePrincipalRole", rest.Body(h.updatePrincipalRole)),
		route("DELETE", principalRole, "deletePrincipalRole", h.deletePrincipalRole),
		route("GET", principalRole+"/principals", "listAssigneePrincipalsForPrincipalRole", h.listPrincipalsOfRole),
		route("GET", usages, "listCatalogRolesForPrincipalRole", h.listCatalogRolesOfRole),
		route("PUT", usages, "assignCatalogRoleToPrincipalRole", rest.Body(h.assignCatalogRole)),
		route("DELETE", usages+"/{catalogRoleName}", "revokeCatalogRoleFromPrincipalRole", h.revokeCatalogRole),

		route("GET", catalogRoles, "listCatalogRoles", h.listCatalogRoles),
		route("POST", catalogRoles, "createCatalogRole", rest.Body(h.createCatalogRole)),
		route("GET", catalogRole, "getCatalogRole", h.getCatalogRole),
		route("PUT", catalogRole, "updateCatalogRole", rest.Body(h.updateCatalogRole)),
		route("DELETE", catalogRole, "deleteCatalogRole", h.deleteCatalogRole),
		route("GET", catalogRole+"/principal-roles", "listAssigneePrincipalRolesForCatalogRole", h.listRolesOfCatalogRole),
		route("GET", catalogRole+"/grants", "listGrantsForCatalogRole", h.listGrants),
		route("PUT", catalogRole+"/grants", "addGrantToCatalogRole", rest.Body(h.addGrant)),
		route("POST", catalogRole+"/grants", "revokeGrantFromCatalogRole", rest.Body(h.revokeGrant)),
	}}
	p.Routes = append(p.Routes, h.revoking()...)
	p.Routes = append(p.Routes, h.sharing()...)
	return p
}

// route makes a row of the table. The names in the path are held against the API's rule before the handler is called.
func route(method, pattern, operation string, serve rest.Handler) rest.Route {
	var names []string
	for part := range strings.SplitSeq(pattern, "/") {
		if strings.HasPrefix(part, "{") {
			names = append(names, strings.Trim(part, "{}"))
		}
	}
	return rest.Route{Method: method, Pattern: pattern, Operation: operation, Function: rest.Management,
		Handler: func(ctx context.Context, c *rest.Call) (rest.Answer, error) {
			for i, name := range names {
				if err := checkName(fmt.Sprintf("%s.arg%d", operation, i), c.Path(name)); err != nil {
					return rest.Answer{}, err
				}
			}
			return serve(ctx, c)
		}}
}

// vocabulary holds the words of this dialect beyond the common ones (recorded).
var vocabulary = rest.Vocabulary{
	{Kind: fault.NotFound, Noun: fault.Catalog}:       {Text: "TopLevelEntity of type CATALOG does not exist: {name}"},
	{Kind: fault.NotFound, Noun: fault.Principal}:     {Text: "TopLevelEntity of type PRINCIPAL does not exist: {name}"},
	{Kind: fault.NotFound, Noun: fault.PrincipalRole}: {Text: "TopLevelEntity of type PRINCIPAL_ROLE does not exist: {name}"},
	{Kind: fault.NotFound, Noun: fault.CatalogRole}:   {Text: "CatalogRole does not exist: {name}"},
	{Kind: fault.NotFound, Noun: fault.Grant}:         {Status: 400, Type: "GRANT_NOT_FOUND", Text: "Operation failed: GRANT_NOT_FOUND"},
	{Kind: fault.Exists, Noun: fault.Catalog}:         {Text: "Cannot create Catalog {name}. Catalog already exists or resolution failed"},
	{Kind: fault.Exists, Noun: fault.Principal}:       {Text: "Cannot create Principal {name}. Principal already exists or resolution failed"},
	{Kind: fault.Exists, Noun: fault.PrincipalRole}:   {Text: "Cannot create PrincipalRole {name}. PrincipalRole already exists or resolution failed"},
	{Kind: fault.Argument, Noun: constraint}:          {Type: "ResteasyReactiveViolationException"},
}
