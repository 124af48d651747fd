package attack

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"firn/shared/rest"
)

// carries are the operations that take something beside names which a realm made or vended, and what that is. Locations, and
// keys of changes, are those of operations that carriesOf knows by the route table and the doors.
var carries = map[string][]string{
	"iceberg.listNamespaces":                   {"page token"},
	"iceberg.listTables":                       {"page token"},
	"iceberg.listViews":                        {"page token"},
	"iceberg.listFunctions":                    {"page token"},
	"iceberg.loadTable":                        {"ETag"},
	"iceberg.loadCredentials":                  {"staged table"},
	"iceberg.signRequest":                      {"staged table", "signed location"},
	"iceberg.updateTable":                      {"staged table"},
	"iceberg.commitTransaction":                {"staged table"},
	"management.createCatalog":                 {"external ID"},
	"management.updateCatalog":                 {"external ID"},
	"management.resetCredentials":              {"client"},
	"management.revokeKeys":                    {"credential"},
	"management.liftRevocation":                {"revocation"},
	"oauth.getToken":                           {"client", "token"},
	"sharing.generateTemporaryTableCredential": {"bearer", "shared location"},
}

// namesAlone are the operations that take nothing but names, which TestNoNameOfAnotherRealmGetsIn tries.
var namesAlone = strings.Fields(`gravitino.getCredentials oauth.getKeys operations.health
	iceberg.getConfig iceberg.loadFunction iceberg.loadNamespaceMetadata iceberg.loadView iceberg.namespaceExists iceberg.tableExists iceberg.viewExists iceberg.reportMetrics
	management.addGrantToCatalogRole management.addTableToShare management.assignCatalogRoleToPrincipalRole management.assignPrincipalRole management.createCatalogRole
	management.createPrincipal management.createPrincipalRole management.createRecipient management.createShare management.deleteCatalog management.deleteCatalogRole
	management.deletePrincipal management.deletePrincipalRole management.deleteRecipient management.deleteShare management.getCatalog management.getCatalogRole
	management.getPrincipal management.getPrincipalRole management.getRecipient management.getShare management.grantShare management.issueRecipientToken
	management.listAssigneePrincipalRolesForCatalogRole management.listAssigneePrincipalsForPrincipalRole management.listCatalogRoles management.listCatalogRolesForPrincipalRole
	management.listCatalogs management.listGrantsForCatalogRole management.listPrincipalRoles management.listPrincipalRolesAssigned management.listPrincipals
	management.listRecipients management.listRecipientsOfShare management.listRevocations management.listSharedTables management.listShares management.probeCatalog
	management.removeTableFromShare management.revokeCatalogRoleFromPrincipalRole management.revokeGrantFromCatalogRole management.revokePrincipalRole
	management.revokeRecipientTokens management.revokeShare management.rotateCredentials management.updateCatalogRole management.updatePrincipal management.updatePrincipalRole`)

// strangerDoors are the doors that take a location.
func strangerDoors() []door {
	all := locationDoors()
	for _, d := range viewDoors() {
		all = append(all, d.door)
	}
	return all
}

// carriesOf returns what an operation takes beside names.
func carriesOf(op string, r rest.Route) []string {
	all := slices.Clone(carries[op])
	if strings.HasPrefix(op, "iceberg.") && (r.Method == http.MethodPost || r.Method == http.MethodDelete) && op != "iceberg.signRequest" && op != "iceberg.reportMetrics" {
		all = append(all, "key of a change")
	}
	if slices.ContainsFunc(strangerDoors(), func(d door) bool { return slices.Contains(d.ops, op) }) {
		all = append(all, "location")
	}
	return all
}

func TestEveryRouteSaysWhatItCarriesBetweenRealms(t *testing.T) {
	w := open(t, embedded)
	for op, r := range w.routes {
		if kinds := carriesOf(op, r); (len(kinds) > 0) == slices.Contains(namesAlone, op) {
			t.Errorf("%s: say in carries what it takes of a realm's making, or in namesAlone that it takes names alone; got %q", op, kinds)
		}
	}
	for _, op := range namesAlone {
		if _, there := w.routes[op]; !there {
			t.Errorf("%s takes names alone, and is no route", op)
		}
	}
	for op, kinds := range carries {
		if _, there := w.routes[op]; !there {
			t.Errorf("%s is no route", op)
		}
		for _, kind := range kinds {
			if plays[kind] == nil {
				t.Errorf("%s takes a %s, which nothing tries", op, kind)
			}
		}
	}
}

// pages makes a catalog whose lists come in pages, and lists of two names each.
func (w *world) pages(folder string) {
	w.t.Helper()
	w.catalog("pages", w.uri(w.lake)+"/"+folder, map[string]string{"polaris.config.list-pagination-enabled": "true"})
	for _, ns := range []string{"victims", "victims2"} {
		w.must(200, w.root, call{op: "iceberg.createNamespace", in: "pages", body: doc{"namespace": []string{ns}}})
	}
	for _, name := range []string{"a", "b"} {
		w.must(200, w.root, call{op: "iceberg.createTable", in: "pages", ns: "victims", body: create("t"+name, nil), plain: true})
		w.must(200, w.root, call{op: "iceberg.createView", in: "pages", ns: "victims", body: view("v"+name, nil)})
	}
}

// What the victims' realm made or vended means nothing in the attacker's.
func TestNoValueOfAnotherRealmGetsIn(t *testing.T) {
	all := open(t, embedded).routes
	for op, r := range all {
		for _, kind := range carriesOf(op, r) {
			t.Run(op+" "+kind, func(t *testing.T) {
				t.Parallel()
				n := newStranger(open(t, embedded))
				n.attack(t, kind, func(x *attack, n *stranger) { plays[kind](x, n, op) })
				n.theirs.fineBut(t, "pages/", "tenant/", "wh/theirs/t")
			})
		}
	}
}

// fineBut fails the test if a victim's object is not as it was; what was put in the folders is the victims' own doing.
func (w *world) fineBut(t *testing.T, folders ...string) {
	t.Helper()
	now := w.elsewhere()
	for o, text := range w.fine {
		if now[o] != text {
			t.Errorf("%s is not as it was", o)
		}
	}
	for o := range now {
		_, was := w.fine[o]
		if !was && !slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(o.key, f) }) {
			t.Errorf("%s was written", o)
		}
	}
}

// own makes what a door changes.
func (n *stranger) own(whom string) {
	n.t.Helper()
	for _, c := range []string{"lake", "loose"} {
		switch whom {
		case "own":
			n.must(200, n.mallory, call{op: "iceberg.createTable", in: c, ns: "mine", body: create("own", nil), plain: true})
		case "own view":
			n.must(200, n.mallory, call{op: "iceberg.createView", in: c, ns: "mine", body: view("own", nil)})
		}
	}
}

// disown takes it away.
func (n *stranger) disown(whom string) {
	n.t.Helper()
	for _, c := range []string{"lake", "loose"} {
		switch whom {
		case "own":
			n.must(204, n.mallory, call{op: "iceberg.dropTable", in: c, ns: "mine", table: "own"})
		case "own view":
			n.must(204, n.mallory, call{op: "iceberg.dropView", in: c, ns: "mine", vars: vars{"view": "own"}})
		}
	}
}

// Locations of the victims are nobody else's at any door of another realm; where both realms reach one store, no catalog of
// it has them either.
func TestNoLocationOfAnotherRealmGetsIn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		n := newStranger(w)
		separate := w.config["storageType"] == "S3" && w.config["endpoint"] == nil // each realm has an embedded store of its own
		theirs := w.uri(w.lake) + "/wh"
		for _, d := range strangerDoors() {
			if d.whom == "catalog" && separate {
				continue
			}
			n.own(d.whom)
			for _, at := range []string{theirs, theirs + "/theirs", theirs + "/theirs/t", theirs + "/theirs/t/x", theirs + "/new", w.alias(theirs) + "/theirs/t", w.uri(w.vault) + "/wh"} {
				for _, c := range []string{"lake", "loose"} {
					if d.whom == "catalog" && c == "loose" {
						continue // it is no site of the attacker's
					}
					n.attack(t, c+" "+d.name+" "+at, func(x *attack, n *stranger) {
						x.refused(d.knock(n.attacker(x), strangerSite(n.world, c), at))
					})
				}
			}
			n.disown(d.whom)
		}
		t.Run("benign", func(t *testing.T) {
			n := n.within(t)
			x := &attack{world: n.world, t: t}
			n.send(n.root, call{op: "management.deleteCatalog", vars: vars{"catalogName": "evil"}}) // that the doors of changes made
			for _, d := range strangerDoors() {
				if d.name == "create a catalog default-base-location" || d.name == "create location" {
					own := strangerSite(n.world, "loose")
					if a := d.knock(x, own, map[string]string{"catalog": n.fresh(), "new": own.mine() + "/evil"}[d.whom]); a.code/100 != 2 {
						t.Errorf("%s: got %d %s at the attacker's own location", d.name, a.code, a.body)
					}
				}
			}
		})
	})
}
