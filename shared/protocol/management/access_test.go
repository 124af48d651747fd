package management_test

import (
	"strings"
	"testing"
	"time"

	"firn/shared/access"
)

// requests name for each operation a request that passes every check but that of access, and what it is called there.
var requests = map[string]struct {
	request string
	op      access.Operation
}{
	"listCatalogs":                             {"GET /catalogs", access.ListCatalogs},
	"createCatalog":                            {catalog("new"), access.CreateCatalog},
	"getCatalog":                               {"GET /catalogs/c", access.GetCatalog},
	"updateCatalog":                            {`PUT /catalogs/c {"currentEntityVersion":1}`, access.UpdateCatalog},
	"deleteCatalog":                            {"DELETE /catalogs/empty", access.DeleteCatalog},
	"probeCatalog":                             {"POST /catalogs/c/probe", access.UpdateCatalog},
	"listPrincipals":                           {"GET /principals", access.ListPrincipals},
	"createPrincipal":                          {`POST /principals {"principal":{"name":"new"}}`, access.CreatePrincipal},
	"getPrincipal":                             {"GET /principals/victim", access.GetPrincipal},
	"updatePrincipal":                          {`PUT /principals/victim {"currentEntityVersion":1,"properties":{}}`, access.UpdatePrincipal},
	"deletePrincipal":                          {"DELETE /principals/victim", access.DeletePrincipal},
	"rotateCredentials":                        {"POST /principals/victim/rotate", access.RotateCredentials},
	"resetCredentials":                         {"POST /principals/victim/reset", access.ResetCredentials},
	"listPrincipalRolesAssigned":               {"GET /principals/victim/principal-roles", access.ListPrincipalRolesAssigned},
	"assignPrincipalRole":                      {`PUT /principals/victim/principal-roles {"name":"victim-role"}`, access.AssignPrincipalRole},
	"revokePrincipalRole":                      {"DELETE /principals/victim/principal-roles/victim-role", access.RevokePrincipalRole},
	"listPrincipalRoles":                       {"GET /principal-roles", access.ListPrincipalRoles},
	"createPrincipalRole":                      {`POST /principal-roles {"name":"new"}`, access.CreatePrincipalRole},
	"getPrincipalRole":                         {"GET /principal-roles/victim-role", access.GetPrincipalRole},
	"updatePrincipalRole":                      {`PUT /principal-roles/victim-role {"currentEntityVersion":1,"properties":{}}`, access.UpdatePrincipalRole},
	"deletePrincipalRole":                      {"DELETE /principal-roles/victim-role", access.DeletePrincipalRole},
	"listAssigneePrincipalsForPrincipalRole":   {"GET /principal-roles/victim-role/principals", access.ListAssigneePrincipalsForPrincipalRole},
	"listCatalogRolesForPrincipalRole":         {"GET /principal-roles/victim-role/catalog-roles/c", access.ListCatalogRolesForPrincipalRole},
	"assignCatalogRoleToPrincipalRole":         {`PUT /principal-roles/victim-role/catalog-roles/c {"name":"r"}`, access.AssignCatalogRoleToPrincipalRole},
	"revokeCatalogRoleFromPrincipalRole":       {"DELETE /principal-roles/victim-role/catalog-roles/c/r", access.RevokeCatalogRoleFromPrincipalRole},
	"listCatalogRoles":                         {"GET /catalogs/c/catalog-roles", access.ListCatalogRoles},
	"createCatalogRole":                        {`POST /catalogs/c/catalog-roles {"name":"new"}`, access.CreateCatalogRole},
	"getCatalogRole":                           {"GET /catalogs/c/catalog-roles/r", access.GetCatalogRole},
	"updateCatalogRole":                        {`PUT /catalogs/c/catalog-roles/r {"currentEntityVersion":1,"properties":{}}`, access.UpdateCatalogRole},
	"deleteCatalogRole":                        {"DELETE /catalogs/c/catalog-roles/r", access.DeleteCatalogRole},
	"listAssigneePrincipalRolesForCatalogRole": {"GET /catalogs/c/catalog-roles/r/principal-roles", access.ListAssigneePrincipalRolesForCatalogRole},
	"listGrantsForCatalogRole":                 {"GET " + grants, access.ListGrantsForCatalogRole},
	"addGrantToCatalogRole":                    {"PUT " + grants + ` {"type":"catalog","privilege":"TABLE_LIST"}`, access.AddCatalogGrantToCatalogRole},
	"revokeGrantFromCatalogRole":               {"POST " + grants + ` {"type":"catalog","privilege":"TABLE_DROP"}`, access.RevokeCatalogGrantFromCatalogRole},
	"listRevocations":                          {"GET /revocations", access.ListRevocations},
	"revokeKeys":                               {`POST /revocations {"principal":"victim"}`, access.RevokeKeysOfPrincipal},
	"liftRevocation":                           {"DELETE /revocations/principal-{victim}", access.RevokeKeysOfPrincipal},
	"listShares":                               {"GET /shares", access.ListShares},
	"createShare":                              {`POST /shares {"name":"new"}`, access.CreateShare},
	"getShare":                                 {"GET /shares/Sales", access.GetShare},
	"deleteShare":                              {"DELETE /shares/Sales", access.DeleteShare},
	"listSharedTables":                         {"GET /shares/Sales/tables", access.GetShare},
	"addTableToShare":                          {strings.Replace(inSales, "Orders", "new", 1), access.AddTableToShare},
	"removeTableFromShare":                     {"DELETE /shares/Sales/schemas/Daily/tables/Orders", access.RemoveTableFromShare},
	"listRecipientsOfShare":                    {"GET /shares/Sales/recipients", access.GetShare},
	"grantShare":                               {`PUT /shares/Sales/recipients {"name":"ann"}`, access.GrantShare},
	"revokeShare":                              {"DELETE /shares/Sales/recipients/ann", access.RevokeShare},
	"listRecipients":                           {"GET /recipients", access.ListRecipients},
	"createRecipient":                          {`POST /recipients {"name":"victim"}`, access.CreateRecipient},
	"getRecipient":                             {"GET /recipients/ann", access.GetRecipient},
	"deleteRecipient":                          {"DELETE /recipients/ann", access.DeleteRecipient},
	"issueRecipientToken":                      {"POST /recipients/ann/tokens", access.IssueRecipientToken},
	"revokeRecipientTokens":                    {"DELETE /recipients/ann/tokens", access.RevokeRecipientTokens},
}

// securables is a realm in which each of the requests would succeed.
func securables(t *testing.T) *world {
	w := newWorld(t, nil)
	w.shared()
	w.must(catalog("empty"), "PUT "+grants+` {"type":"catalog","privilege":"TABLE_DROP"}`)
	w.holder("victim", "c", "r")
	w.add("nobody")
	w.must(`POST /revocations {"principal":"victim"}`)
	w.at = w.at.Add(2 * time.Minute) // it can be lifted
	return w
}

func TestEveryOperationIsRefusedToNobody(t *testing.T) {
	w := securables(t)
	before := w.ask("root", "GET /catalogs").Body.String() + w.ask("root", "GET /principals").Body.String()
	for _, p := range w.door.Protocols() {
		for _, r := range p.Routes {
			t.Run(r.Operation, func(t *testing.T) {
				row, ok := requests[r.Operation]
				if !ok {
					t.Fatal("no request")
				}
				ask := func(who string) answer { return answer{w.ask(who, w.filled(row.request)).ResponseRecorder, t} }
				ask("").want(401)
				ask("nobody").want(403, "ForbiddenException", string(row.op))
			})
		}
	}
	after := w.ask("root", "GET /catalogs").Body.String() + w.ask("root", "GET /principals").Body.String()
	if before != after {
		t.Errorf("a refused request had an effect: %s became %s", before, after)
	}
}

func TestEveryOperationIsAllowedToRoot(t *testing.T) {
	for operation, row := range requests {
		t.Run(operation, func(t *testing.T) {
			who := "root"
			if operation == "rotateCredentials" { // for nobody but oneself
				who = "victim"
			}
			w := securables(t)
			if a := w.ask(who, w.filled(row.request)); a.Code >= 300 {
				t.Errorf("got %d %s, want success", a.Code, a.Body)
			}
		})
	}
}

func TestGrantsOnNamespacesAndTablesNeedRightsOnThem(t *testing.T) {
	w := securables(t)
	w.must("PUT " + grants + ` {"type":"namespace","namespace":["n","m"],"privilege":"CATALOG_MANAGE_ACCESS"}`)
	rows := []struct {
		on   string
		want int
		op   access.Operation
	}{
		{`"type":"namespace","namespace":["n","m"],"privilege":"TABLE_LIST"`, 201, ""},
		{`"type":"namespace","namespace":["n"],"privilege":"TABLE_LIST"`, 403, access.AddNamespaceGrantToCatalogRole},
		{`"type":"table","namespace":["n"],"tableName":"t","privilege":"TABLE_LIST"`, 403, access.AddTableGrantToCatalogRole},
		{`"type":"catalog","privilege":"TABLE_LIST"`, 403, access.AddCatalogGrantToCatalogRole},
	}
	for _, row := range rows {
		w.ask("victim", "PUT "+grants+" {"+row.on+"}").want(row.want, string(row.op))
	}
	// To take a grant away, a right on the role is needed too.
	w.ask("victim", "POST "+grants+` {"type":"namespace","namespace":["n","m"],"privilege":"TABLE_LIST"}`).want(403, string(access.RevokeNamespaceGrantFromCatalogRole))
}

func TestMissingIsToldBeforeForbiddenAndADeadTokenBeforeBoth(t *testing.T) {
	w := securables(t)
	w.ask("nobody", "GET /catalogs/no").want(404)
	w.must("DELETE /principals/nobody")
	w.ask("nobody", "GET /catalogs/no").want(401)
	w.ask("nobody", "GET /catalogs").want(401)
}

func TestEachDecisionIsRecorded(t *testing.T) {
	w := securables(t)
	w.log.Reset()
	w.ask("nobody", "GET /catalogs/c")
	w.ask("root", "GET /catalogs/c")
	for _, part := range []string{"allowed=false principal=nobody", "allowed=true principal=root"} {
		if !strings.Contains(w.log.String(), part) {
			t.Errorf("got log %s, want it to hold %q", &w.log, part)
		}
	}
}
