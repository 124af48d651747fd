package attack

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"firn/shared/rest"
)

// harmless are the operations that no door claims, and why: each carries no location and vends nothing. A new route
// belongs here, with its reason, or to a door. Names in paths are attacked all the same (TestNoPathGetsIn).
var harmless = map[string]string{
	"oauth.getKeys":                       "gives public keys",
	"operations.health":                   "says that the server is up",
	"iceberg.getConfig":                   "gives the catalog's own properties",
	"iceberg.listNamespaces":              "lists names",
	"iceberg.loadNamespaceMetadata":       "tells of a namespace; vends nothing",
	"iceberg.namespaceExists":             "says yes or no",
	"iceberg.dropNamespace":               "drops what is empty; touches no file",
	"iceberg.listTables":                  "lists names",
	"iceberg.tableExists":                 "says yes or no",
	"iceberg.listViews":                   "lists names",
	"iceberg.viewExists":                  "says yes or no",
	"iceberg.loadView":                    "tells of a view; vends nothing",
	"iceberg.dropView":                    "gives a folder back; touches no file",
	"iceberg.unregisterTable":             "tells of a table and gives its folders back; touches no file, vends nothing",
	"iceberg.reportMetrics":               "is logged; what the report says is acted on by nobody",
	"iceberg.listFunctions":               "lists names, of which there are none",
	"iceberg.loadFunction":                "says that there is none",
	"management.listCatalogs":             "lists what administrators made",
	"management.getCatalog":               "tells of a catalog; its locations were judged when they came",
	"management.probeCatalog":             "tries the catalog's own storage, whose locations were judged when they came; gives no key",
	"management.deleteCatalog":            "drops what is empty; touches no file",
	"management.listRevocations":          "lists what was taken back",
	"management.liftRevocation":           "gives back what the caller's grants allow anyway; they are asked for each key",
	"management.listPrincipals":           "lists names",
	"management.getPrincipal":             "tells of a principal",
	"management.updatePrincipal":          "sets properties that no key depends on",
	"management.rotateCredentials":        "gives a client secret, to its principal alone; no storage key",
	"management.resetCredentials":         "gives a client secret; no storage key",
	"management.listPrincipalRoles":       "lists names",
	"management.getPrincipalRole":         "tells of a role",
	"management.updatePrincipalRole":      "sets properties that no key depends on",
	"management.deletePrincipalRole":      "takes rights away",
	"management.revokePrincipalRole":      "takes rights away",
	"management.listCatalogRoles":         "lists names",
	"management.getCatalogRole":           "tells of a role",
	"management.updateCatalogRole":        "sets properties that no key depends on",
	"management.deleteCatalogRole":        "takes rights away",
	"management.listGrantsForCatalogRole": "lists grants",

	"management.listPrincipalRolesAssigned":               "lists names",
	"management.listAssigneePrincipalsForPrincipalRole":   "lists names",
	"management.listCatalogRolesForPrincipalRole":         "lists names",
	"management.listAssigneePrincipalRolesForCatalogRole": "lists names",
	"management.revokeCatalogRoleFromPrincipalRole":       "takes rights away",

	"management.listShares":            "lists names",
	"management.getShare":              "tells of a share",
	"management.deleteShare":           "takes access away",
	"management.listSharedTables":      "lists names",
	"management.removeTableFromShare":  "takes access away",
	"management.listRecipientsOfShare": "lists names",
	"management.revokeShare":           "takes access away",
	"management.listRecipients":        "lists names",
	"management.getRecipient":          "tells of a recipient",
	"management.deleteRecipient":       "takes access away",
	"management.revokeRecipientTokens": "takes access away",
}

// setUp are the operations by which every world is made: principals, roles and grants of hostile names, too.
var setUp = []string{"management.createPrincipal", "management.createPrincipalRole", "management.assignPrincipalRole",
	"management.createCatalogRole", "management.assignCatalogRoleToPrincipalRole", "management.addGrantToCatalogRole"}

// claimed are the operations that doors and stories go through.
func claimed() []string {
	all := slices.Clone(setUp)
	for _, d := range locationDoors() {
		all = append(all, d.ops...)
	}
	for _, d := range viewDoors() {
		all = append(all, d.ops...)
	}
	for _, d := range slices.Concat(nameDoors, viewNameDoors) {
		all = append(all, d.ops...)
	}
	for _, s := range stories {
		all = append(all, s.ops...)
	}
	return all
}

func TestEveryRouteIsADoorOrSaysWhyNot(t *testing.T) {
	w := open(t, embedded)
	doors := claimed()
	for op := range w.routes {
		switch _, told := harmless[op]; {
		case told && slices.Contains(doors, op):
			t.Errorf("%s is a door and said to be harmless", op)
		case !told && !slices.Contains(doors, op):
			t.Errorf("%s is a route that no door claims: attack it, or say in harmless why it needs no attack", op)
		}
	}
	for op := range harmless {
		if _, there := w.routes[op]; !there {
			t.Errorf("%s is said to be harmless, and no route", op)
		}
	}
	for _, op := range doors {
		if _, there := w.routes[op]; !there {
			t.Errorf("a door claims %s, which is no route", op)
		}
	}
}

// segments are hostile parts of a path, as they are sent. They lead nowhere: nobody could have made what they name.
var segments = []string{"..", ".", "%2e%2e", "%2E%2E", "%252e%252e", "..%2ftheirs", "..%2Ftheirs%2Ft", "theirs%2ft", "theirs%252ft", "%2f", "%5c", "..%5ctheirs", "mine%1f..%1ftheirs",
	"mine%1F", "%1Ftheirs", "mine%1f%1ftheirs", "%00", "theirs%00", "t%0a", "%7f", "%c2%85", "%ff", "%c0%ae%c0%ae", "%", "%zz", "%2", "*", "%2a", "t*", "%3f", "$%7Baws:username%7D", "%27",
	"%22", "x%27)%20%7C%7C%20true", "%E2%80%AEt", "%EF%BC%8E%EF%BC%8E", "t%20", "%20t", "theirs;t", "theirs,t", "t.json", strings.Repeat("n", 2000), strings.Repeat("%25", 600), "s3:%2F%2Fvault%2Fwh"}

// TestNoPathGetsIn puts hostile segments into every place of every route that has one, with every method of the table.
func TestNoPathGetsIn(t *testing.T) {
	w := open(t, embedded)
	fill := map[string]string{"{prefix}": "lake", "{namespace}": "mine", "{table}": "t", "{view}": "v", "{catalogName}": "lake", "{metalake}": "POLARIS",
		"{metadataObjectType}": "table", "{metadataObjectFullName}": "lake.mine.t"}
	for op, r := range w.routes {
		who := w.mallory
		if strings.HasPrefix(op, "management.") {
			who = w.root
		}
		for place := range placesOf(r) {
			path := strings.Split(r.Pattern, "/")
			for i, part := range path {
				if known := fill[part]; known != "" && i != place {
					path[i] = known
				} else if strings.HasPrefix(part, "{") && i != place {
					path[i] = "mallory"
				}
			}
			w.attack(t, op+" "+r.Pattern[strings.LastIndex(r.Pattern[:len(strings.Join(path[:place+1], "/"))+0], "/")+1:], func(x *attack) {
				for _, s := range segments {
					path[place] = s
					a := x.world.ask(who, call{op: op, body: bodyFor(r)}, r.Method, strings.Join(path, "/"))
					if _, grants := x.tap.take(); len(a.keys) > 0 || len(grants) > 0 {
						x.t.Errorf("%s: got %d keys, and %v asked for", path, len(a.keys), grants)
					}
					if a.code < 400 && r.Method != http.MethodGet || a.code >= 500 {
						x.t.Errorf("%s: got %d %.200s, want a refusal", path, a.code, a.body)
					}
				}
			})
		}
	}
	w.untouched(t)
}

// placesOf gives the segments of a pattern that hold a name.
func placesOf(r rest.Route) map[int]bool {
	out := map[int]bool{}
	for i, part := range strings.Split(r.Pattern, "/") {
		if strings.HasPrefix(part, "{") {
			out[i] = true
		}
	}
	return out
}

// bodyFor is a body that passes for many operations, so that the path decides.
func bodyFor(r rest.Route) any {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodDelete {
		return nil
	}
	return doc{"currentEntityVersion": 1, "properties": doc{}, "updates": doc{"a": "b"}, "name": "t2", "schema": schema, "view-version": viewVersion, "metadata-location": "s3://lake/wh/mine/x/v1.json",
		"report-type": "scan-report", "metrics": doc{}, "grant": doc{"type": "catalog", "privilege": "TABLE_READ_DATA"}, "principalRole": doc{"name": "mallory"}, "catalogRole": doc{"name": "mallory"}}
}
