package management_test

import (
	"strings"
	"testing"

	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// fill makes the namespaces n and n.m and the table n.t in the catalog c.
func (w *world) fill() {
	w.t.Helper()
	w.must(catalog("c"), `POST /catalogs/c/catalog-roles {"name":"r"}`)
	folder := func(path string) location.Prefix {
		f, err := location.ParsePrefix("s3://b/c/" + path)
		if err != nil {
			w.t.Fatal(err)
		}
		return f
	}
	for _, levels := range [][]string{{"n"}, {"n", "m"}} {
		b := w.store.Batch("R")
		n := b.Namespace(b.Catalog("c"), levels)
		guards := b.Guards(n.Parent())
		if err := b.Read(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		f := folder(strings.Join(levels, "/"))
		ns := &lake.Namespace{ID: lake.NewID(), CatalogID: n.Catalog.Value.ID, ParentID: n.Parent().ID(), Levels: levels, Location: f.String(), Version: 1}
		if err := w.store.CreateNamespace(w.t.Context(), n, ns, f, guards); err != nil {
			w.t.Fatal(err)
		}
	}
	b := w.store.Batch("R")
	n := b.Namespace(b.Catalog("c"), []string{"n"})
	guards := b.Guards(n)
	if err := b.Read(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	table := &lake.Table{ID: lake.NewID(), CatalogID: n.Catalog.Value.ID, NamespaceID: n.ID(), Name: "t", UUID: "u", Location: "s3://b/c/n/t", Version: 1}
	if err := w.store.CreateTable(w.t.Context(), n, store.NewTable{Table: table, Guards: guards, Folders: []location.Prefix{folder("n/t")}}); err != nil {
		w.t.Fatal(err)
	}
}

const grants = "/catalogs/c/catalog-roles/r/grants"

func TestGrantsAreListedFromTheCatalogDown(t *testing.T) {
	w := newWorld(t, nil)
	w.fill()
	all := []string{ // in the order of the list
		`{"privilege":"CATALOG_MANAGE_CONTENT","type":"catalog"}`,
		`{"namespace":["n"],"privilege":"TABLE_CREATE","type":"namespace"}`,
		`{"namespace":["n","m"],"privilege":"NAMESPACE_LIST","type":"namespace"}`,
		`{"namespace":["n"],"tableName":"t","privilege":"TABLE_LIST","type":"table"}`,
		`{"namespace":["n"],"tableName":"t","privilege":"TABLE_READ_DATA","type":"table"}`,
	}
	for _, i := range []int{3, 0, 2, 4, 1} {
		w.must("PUT "+grants+` {"grant":`+all[i]+`}`, "PUT "+grants+" "+all[i])
	}
	w.ask("root", "GET "+grants).want(200, `{"grants":[`+all[0]+","+all[1]+","+all[2]+","+all[3]+","+all[4]+`]}`)
	w.ask("root", "GET /catalogs/c/catalog-roles/catalog_admin/grants").want(200,
		`{"grants":[{"privilege":"CATALOG_MANAGE_ACCESS","type":"catalog"},{"privilege":"CATALOG_MANAGE_METADATA","type":"catalog"}]}`)
	for i := range all {
		w.ask("root", "POST "+grants+"?cascade=false "+`{"grant":`+all[i]+`}`).want(201)
		w.ask("root", "POST "+grants+" "+all[i]).want(400, refused("GRANT_NOT_FOUND", "Operation failed: GRANT_NOT_FOUND"))
	}
	w.ask("root", "GET "+grants).want(200, `{"grants":[]}`)
	w.ask("root", "GET /catalogs/c").want(200, `"entityVersion":1`)
}

func TestAGrantThatIsNotInOrderIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	w.fill()
	rows := []struct {
		name, body string
		status     int
		part       string
	}{
		{"nothing", `{}`, 400, refused("WebApplicationException", "type must be catalog, namespace, table, view or policy")},
		{"null", `{"grant":null}`, 400, refused("WebApplicationException", "Missing required field: grant")},
		{"another type", `{"type":"bucket","privilege":"TABLE_READ_DATA"}`, 400, refused("WebApplicationException", "type must be catalog, namespace, table, view or policy")},
		{"no privilege", `{"type":"catalog"}`, 400, refused("WebApplicationException", "privilege must be one that can be granted")},
		{"another privilege", `{"type":"catalog","privilege":"NOPE"}`, 400, refused("WebApplicationException", "privilege must be one that can be granted")},
		{"a privilege of another type", `{"type":"catalog","privilege":"TABLE_ATTACH_POLICY"}`, 400, refused("BadRequestException", "The privilege TABLE_ATTACH_POLICY cannot be granted on a catalog")},
		{"a privilege of the realm", `{"type":"catalog","privilege":"SERVICE_MANAGE_ACCESS"}`, 400, refused("BadRequestException", "The privilege SERVICE_MANAGE_ACCESS cannot be granted on a catalog")},
		{"a privilege on a role", `{"type":"catalog","privilege":"CATALOG_ROLE_USAGE"}`, 400, refused("BadRequestException", "The privilege CATALOG_ROLE_USAGE cannot be granted on a catalog")},
		{"no namespace", `{"type":"namespace","privilege":"TABLE_CREATE"}`, 400, refused("WebApplicationException", "Missing required field: namespace")},
		{"a namespace without levels", `{"type":"namespace","namespace":[],"privilege":"TABLE_CREATE"}`, 400, refused("IllegalArgumentException", "Namespace target must not be empty")},
		{"a missing namespace", `{"type":"namespace","namespace":["n","zz"],"privilege":"TABLE_CREATE"}`, 404, refused("NoSuchNamespaceException", "Namespace does not exist: n.zz")},
		{"a namespace that cannot be", `{"type":"namespace","namespace":["n/m"],"privilege":"TABLE_CREATE"}`, 404, refused("NoSuchNamespaceException", "Namespace does not exist: n/m")},
		{"no table", `{"type":"table","namespace":["n"],"privilege":"TABLE_DROP"}`, 400, refused("WebApplicationException", "Missing required field: tableName")},
		{"a table in no namespace", `{"type":"table","namespace":[],"tableName":"t","privilege":"TABLE_DROP"}`, 400, refused("IllegalArgumentException", "Table-like target cannot have an empty namespace")},
		{"a missing table", `{"type":"table","namespace":["n"],"tableName":"zz","privilege":"TABLE_DROP"}`, 404, refused("NoSuchTableException", "Table does not exist: n.zz")},
		{"a table that cannot be", `{"type":"table","namespace":["n"],"tableName":"a/b","privilege":"TABLE_DROP"}`, 404, refused("NoSuchTableException", "Table does not exist: n.a/b")},
		{"a table of a missing namespace", `{"type":"table","namespace":["zz"],"tableName":"t","privilege":"TABLE_DROP"}`, 404, refused("NotFoundException", "CatalogRole not found: c.r")},
		{"a missing view", `{"type":"view","namespace":["n"],"viewName":"zz","privilege":"VIEW_DROP"}`, 404, refused("NoSuchViewException", "View does not exist: n.zz")},
		{"a table named as a view", `{"type":"view","namespace":["n"],"viewName":"t","privilege":"VIEW_DROP"}`, 404, refused("NoSuchViewException", "View does not exist: n.t")},
		{"a missing policy", `{"type":"policy","namespace":["n"],"policyName":"zz","privilege":"POLICY_DROP"}`, 404, refused("NoSuchPolicyException", "Policy does not exist: PolicyIdentifier[namespace=n, name=zz]")},
	}
	for _, row := range rows {
		for _, method := range []string{"PUT ", "POST "} {
			t.Run(row.name+" "+method, func(t *testing.T) {
				answer{w.ask("root", method+grants+" "+row.body).ResponseRecorder, t}.want(row.status, row.part)
			})
		}
	}
	const good = ` {"type":"catalog","privilege":"TABLE_LIST"}`
	w.ask("root", "PUT /catalogs/c/catalog-roles/no/grants"+good).want(404, refused("NotFoundException", "CatalogRole not found: c.no"))
	w.ask("root", "PUT /catalogs/no/catalog-roles/r/grants"+good).want(404, refused("NotFoundException", "Catalog not found: no"))
	w.ask("root", "POST "+grants+"?cascade=true"+good).want(501)
	w.ask("root", "POST "+grants+"?cascade=maybe"+good).want(400, "GRANT_NOT_FOUND")
	w.ask("root", "GET "+grants).want(200, `{"grants":[]}`)
}

func TestGrantsOfACatalogStayInIt(t *testing.T) {
	w := newWorld(t, nil)
	w.fill()
	w.must(catalog("d"), `POST /catalogs/d/catalog-roles {"name":"r"}`)
	w.holder("p", "c", "catalog_admin")
	w.ask("p", `PUT /catalogs/c/catalog-roles/r/grants {"type":"catalog","privilege":"TABLE_LIST"}`).want(201)
	w.ask("p", `PUT /catalogs/d/catalog-roles/r/grants {"type":"catalog","privilege":"TABLE_LIST"}`).want(403)
	w.ask("root", "GET /catalogs/d/catalog-roles/r/grants").want(200, `{"grants":[]}`)
}
