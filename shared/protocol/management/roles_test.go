package management_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/kv/faulty"
)

func TestRolesComeAndGo(t *testing.T) {
	times := `"createTimestamp":` + noonMillis + `,"lastUpdateTimestamp":` + noonMillis + `,"entityVersion":`
	rows := []struct{ name, list, create, one, kind, shown, exists, missing, builtin, undroppable string }{
		{"principal roles", "/principal-roles", `{"principalRole":{"name":"r","properties":{"a":"b"}}}`, "/principal-roles/", "PrincipalRole",
			`{"name":"r","federated":false,"properties":`, "Cannot create PrincipalRole r. PrincipalRole already exists or resolution failed",
			"TopLevelEntity of type PRINCIPAL_ROLE does not exist: r", "service_admin", "Polaris service admin principal role cannot be dropped"},
		{"principal roles without the wrapper", "/principal-roles", `{"name":"r","properties":{"a":"b"}}`, "/principal-roles/", "PrincipalRole",
			`{"name":"r","federated":false,"properties":`, "Cannot create PrincipalRole r. PrincipalRole already exists or resolution failed",
			"TopLevelEntity of type PRINCIPAL_ROLE does not exist: r", "service_admin", "Polaris service admin principal role cannot be dropped"},
		{"catalog roles", "/catalogs/c/catalog-roles", `{"catalogRole":{"name":"r","properties":{"a":"b"}}}`, "/catalogs/c/catalog-roles/", "CatalogRole",
			`{"name":"r","properties":`, "Cannot create CatalogRole r in c. CatalogRole already exists or resolution failed",
			"CatalogRole does not exist: r", "catalog_admin", "Catalog admin role cannot be dropped"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.must(catalog("c"))
			r := row.one + "r"
			w.ask("root", "POST "+row.list+" "+row.create).want(201, row.shown+`{"a":"b"},`+times+`1}`)
			w.ask("root", "POST "+row.list+" "+row.create).want(409, refused("AlreadyExistsException", row.exists))
			w.ask("root", "GET "+r).want(200, row.shown+`{"a":"b"},`+times+`1}`)
			w.ask("root", "GET "+row.list).want(200, `"name":"`+row.builtin+`"`, row.shown)
			w.ask("root", "PUT "+r+` {"currentEntityVersion":1,"properties":{}}`).want(200, row.shown+`{},`+times+`2}`)
			w.ask("root", "PUT "+r+` {"currentEntityVersion":1,"properties":{}}`).want(409, refused("CommitConflictException", "Failed to update "+row.kind+"; currentEntityVersion '2', expected '1'"))
			w.ask("root", "PUT "+r+` {"currentEntityVersion":2}`).want(400, "Missing required field: properties")
			w.ask("root", "PUT "+r+` {"currentEntityVersion":2,"properties":{"polaris.x":""}}`).want(400, "matches reserved prefix")
			w.ask("root", "POST "+row.list+` {"name":"q","properties":{"polaris.x":""}}`).want(400, "matches reserved prefix")
			w.ask("root", "POST "+row.list+` {"name":"SYSTEM$"}`).want(400, "ResteasyReactiveViolationException")
			w.ask("root", "POST "+row.list+` {}`).want(400, "Missing required field")
			w.ask("root", "DELETE "+row.one+row.builtin).want(400, refused("BadRequestException", row.undroppable))
			w.ask("root", "DELETE "+r).want(204)
			for _, request := range []string{"GET " + r, "DELETE " + r, "PUT " + r + ` {"currentEntityVersion":1,"properties":{}}`} {
				w.ask("root", request).want(404, refused("NotFoundException", row.missing))
			}
		})
	}
}

func TestACatalogRoleNeedsItsCatalog(t *testing.T) {
	w := newWorld(t, nil)
	w.ask("root", `POST /catalogs/no/catalog-roles {"name":"r"}`).want(404, "TopLevelEntity of type CATALOG does not exist: no")
	w.ask("root", `GET /catalogs/no/catalog-roles`).want(404, "TopLevelEntity of type CATALOG does not exist: no")
	for _, request := range []string{"GET /catalogs/no/catalog-roles/r", "DELETE /catalogs/no/catalog-roles/r", "GET /catalogs/no/catalog-roles/r/grants", "GET /catalogs/no/catalog-roles/r/principal-roles"} {
		w.ask("root", request).want(404, refused("NotFoundException", "CatalogRole does not exist: r"))
	}
}

func TestPrincipalRolesAreAssignedAndTaken(t *testing.T) {
	w := newWorld(t, nil)
	w.add("p")
	w.must(`POST /principal-roles {"name":"r"}`, `POST /principal-roles {"name":"f","federated":true}`)
	assign := `PUT /principals/p/principal-roles {"principalRole":{"name":"r"}}`
	w.must(assign, assign)
	w.ask("root", "GET /principals/p/principal-roles").want(200, `{"roles":[{"name":"r","federated":false`)
	w.ask("root", "GET /principal-roles/r/principals").want(200, `{"principals":[{"name":"p"`)
	w.ask("root", "GET /principals/p").want(200, `"entityVersion":1`)
	rows := []struct {
		request string
		status  int
		body    string
	}{
		{`PUT /principals/p/principal-roles {"principalRole":{"name":"f"}}`, 400, refused("ValidationException", "Cannot assign a federated role to a principal")},
		{`PUT /principals/p/principal-roles {"principalRole":{"name":"no"}}`, 404, refused("NotFoundException", "Entity no not found when trying to assign no to p")},
		{`PUT /principals/no/principal-roles {"principalRole":{"name":"r"}}`, 404, refused("NotFoundException", "Entity no not found when trying to assign r to no")},
		{`PUT /principals/p/principal-roles {}`, 400, "Missing required field: assignPrincipalRole.arg1.principalRole.name"},
		{`DELETE /principals/p/principal-roles/f`, 400, refused("GRANT_NOT_FOUND", "Operation failed: GRANT_NOT_FOUND")},
		{`DELETE /principals/p/principal-roles/no`, 404, refused("NotFoundException", "Entity no not found when trying to assign no to p")},
		{`DELETE /principals/no/principal-roles/r`, 404, refused("NotFoundException", "Entity no not found when trying to assign r to no")},
		{`GET /principal-roles/no/principals`, 404, refused("NotFoundException", "TopLevelEntity of type PRINCIPAL_ROLE does not exist: no")},
	}
	for _, row := range rows {
		w.ask("root", row.request).want(row.status, row.body)
	}
	if got := w.took(); len(got) != 0 {
		t.Errorf("got keys of %v ended, want none", got)
	}
	w.must("DELETE /principals/p/principal-roles/r")
	if diff := cmp.Diff(w.took(), []string{"p"}); diff != "" {
		t.Errorf("ended keys (-got +want):\n%s", diff)
	}
	w.ask("root", "GET /principals/p/principal-roles").want(200, `{"roles":[]}`)
}

func TestARoleThatIsMadeAnewIsAnotherRole(t *testing.T) {
	w := newWorld(t, nil)
	w.must(catalog("c"))
	w.holder("p", "c", "catalog_admin")
	w.ask("p", "GET /catalogs/c/catalog-roles").want(200)
	w.must("DELETE /principal-roles/p-role", `POST /principal-roles {"name":"p-role"}`)
	w.ask("root", "GET /principals/p/principal-roles").want(200, `{"roles":[]}`)
	w.ask("root", "GET /principal-roles/p-role/catalog-roles/c").want(200, `{"roles":[]}`)
	w.ask("p", "GET /catalogs/c/catalog-roles").want(403)
}

func TestCatalogRolesAreAssignedAndTaken(t *testing.T) {
	w := newWorld(t, nil)
	w.must(catalog("c"), `POST /catalogs/c/catalog-roles {"name":"cr"}`, `POST /principal-roles {"name":"r"}`)
	assign := `PUT /principal-roles/r/catalog-roles/c {"catalogRole":{"name":"cr"}}`
	w.must(assign, assign)
	w.ask("root", "GET /principal-roles/r/catalog-roles/c").want(200, `{"roles":[{"name":"cr","properties"`)
	w.ask("root", "GET /catalogs/c/catalog-roles/cr/principal-roles").want(200, `{"roles":[{"name":"r","federated"`)
	path := "Entity ResolverPath[key=ResolvedPathKey[entityNames=[no], entityType=CATALOG_ROLE], optional=false] not found when trying to assign c.no to r"
	rows := []struct {
		request string
		status  int
		body    string
	}{
		{`PUT /principal-roles/r/catalog-roles/c {"catalogRole":{"name":"no"}}`, 404, refused("NotFoundException", path)},
		{`PUT /principal-roles/no/catalog-roles/c {"catalogRole":{"name":"cr"}}`, 404, refused("NotFoundException", "Entity no not found when trying to assign c.cr to no")},
		{`PUT /principal-roles/r/catalog-roles/no {"catalogRole":{"name":"cr"}}`, 404, refused("NotFoundException", "Entity no not found when trying to assign no.cr to r")},
		{`PUT /principal-roles/r/catalog-roles/c {}`, 400, "Missing required field: assignCatalogRoleToPrincipalRole.arg2.catalogRole.name"},
		{`DELETE /principal-roles/r/catalog-roles/c/no`, 404, refused("NotFoundException", path)},
		{`DELETE /principal-roles/r/catalog-roles/c/catalog_admin`, 400, refused("GRANT_NOT_FOUND", "Operation failed: GRANT_NOT_FOUND")},
		{`GET /principal-roles/no/catalog-roles/c`, 404, refused("NotFoundException", "TopLevelEntity of type PRINCIPAL_ROLE does not exist: no")},
		{`GET /principal-roles/r/catalog-roles/no`, 404, refused("NotFoundException", "TopLevelEntity of type PRINCIPAL_ROLE does not exist: r")},
		{`DELETE /principal-roles/r/catalog-roles/c/cr`, 204, ""},
		{`GET /principal-roles/r/catalog-roles/c`, 200, `{"roles":[]}`},
	}
	for _, row := range rows {
		w.ask("root", row.request).want(row.status, row.body)
	}
}

func TestAssignmentsAtTheSameTimeAllHappen(t *testing.T) {
	w := newWorld(t, nil)
	w.add("p")
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		w.must(`POST /principal-roles {"name":"` + name + `"}`)
	}
	var all sync.WaitGroup
	for _, name := range names {
		all.Go(func() { w.ask("root", `PUT /principals/p/principal-roles {"name":"`+name+`"}`).want(201) })
	}
	all.Wait()
	w.ask("root", "GET /principals/p/principal-roles").want(200, `"name":"a"`, `"name":"b"`, `"name":"c"`, `"name":"d"`)
}

func TestWhoeverLosesARightLosesItsKeys(t *testing.T) {
	rows := []struct{ name, request string }{
		{"a principal role is dropped", "DELETE /principal-roles/p-role"},
		{"a catalog role is taken from a principal role", "DELETE /principal-roles/p-role/catalog-roles/c/cr"},
		{"a catalog role is dropped", "DELETE /catalogs/c/catalog-roles/cr"},
		{"a grant is revoked", `POST /catalogs/c/catalog-roles/cr/grants {"type":"catalog","privilege":"TABLE_READ_DATA"}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.must(catalog("c"), `POST /catalogs/c/catalog-roles {"name":"cr"}`, `POST /catalogs/c/catalog-roles {"name":"other"}`,
				`PUT /catalogs/c/catalog-roles/cr/grants {"type":"catalog","privilege":"TABLE_READ_DATA"}`)
			w.holder("p", "c", "cr")
			w.holder("bystander", "c", "other")
			w.ask("root", row.request).want(map[string]int{"POST": 201, "DELE": 204}[row.request[:4]])
			if diff := cmp.Diff(w.took(), []string{"p"}); diff != "" {
				t.Errorf("ended keys (-got +want):\n%s", diff)
			}
			if a := w.ask("root", row.request); a.Code < 400 {
				t.Errorf("a second time: got %d, want a refusal", a.Code)
			}
			if got := w.took(); len(got) != 0 {
				t.Errorf("got keys of %v ended by a request that was refused, want none", got)
			}
		})
	}
}

func TestWhoeverGetsARightWhileItIsTakenAwayLosesItsKeysToo(t *testing.T) {
	w := newWorld(t, nil)
	w.must(catalog("c"), `POST /catalogs/c/catalog-roles {"name":"cr"}`, `PUT /catalogs/c/catalog-roles/cr/grants {"type":"catalog","privilege":"TABLE_READ_DATA"}`)
	w.table.Next(faulty.Write, faulty.Fault{Before: func() { w.holder("late", "c", "cr") }})
	w.must(`POST /catalogs/c/catalog-roles/cr/grants {"type":"catalog","privilege":"TABLE_READ_DATA"}`)
	if diff := cmp.Diff(w.took(), []string{"late"}); diff != "" {
		t.Errorf("ended keys (-got +want):\n%s", diff)
	}
}

func TestAnUnknownHolderStopsARevocationBeforeItAndNotAfterIt(t *testing.T) {
	revoke := `POST /catalogs/c/catalog-roles/cr/grants {"type":"catalog","privilege":"TABLE_READ_DATA"}`
	rows := []struct {
		name   string
		after  bool // the write
		status int
		took   []string
		again  int
	}{
		{"before", false, 503, nil, 201},
		{"after", true, 201, []string{"p"}, 400},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.must(catalog("c"), `POST /catalogs/c/catalog-roles {"name":"cr"}`, `PUT /catalogs/c/catalog-roles/cr/grants {"type":"catalog","privilege":"TABLE_READ_DATA"}`)
			w.holder("p", "c", "cr")
			written := false
			w.table.Plan(func(c faulty.Call) faulty.Fault {
				written = written || c.Verb == faulty.Write
				if c.Verb == faulty.List && strings.HasPrefix(c.Page.Partition, "holders/") && written == row.after {
					return faulty.Fault{Refuse: fault.Unavailable}
				}
				return faulty.Fault{}
			})
			w.ask("root", revoke).want(row.status)
			w.table.Plan(nil)
			if diff := cmp.Diff(w.took(), row.took); diff != "" {
				t.Errorf("ended keys (-got +want):\n%s", diff)
			}
			if got := strings.Contains(w.log.String(), "level=ERROR"); got != row.after {
				t.Errorf("got an error in the log: %v, want %v", got, row.after)
			}
			w.ask("root", revoke).want(row.again)
		})
	}
}
