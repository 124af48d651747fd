package management_test

import (
	"regexp"
	"strings"
	"testing"

	"firn/shared/kv"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/store"
)

const inSales = `POST /shares/Sales/tables {"table":{"schema":"Daily","name":"Orders","catalogName":"c","namespace":["n"],"tableName":"t"}}`

// shared makes the share Sales with the table Daily.Orders, which is c.n.t, for the recipients ann and bob.
func (w *world) shared() {
	w.t.Helper()
	w.fill()
	w.add("ann")
	w.add("bob")
	w.must(`POST /shares {"share":{"name":"Sales"}}`, inSales,
		`POST /recipients {"recipient":{"name":"ann"}}`, `POST /recipients {"recipient":{"name":"bob"}}`,
		`PUT /shares/Sales/recipients {"recipient":{"name":"ann"}}`, `PUT /shares/sales/recipients {"recipient":{"name":"bob"}}`)
}

// ids are what each run makes anew.
var ids = regexp.MustCompile(`"(id|tableId)":"[a-z2-7]{26}"`)

// said gives an answer's body without its ids.
func (a answer) said() string { return ids.ReplaceAllString(a.Body.String(), `"$1":"*"`) }

func TestSharesAndTheirTables(t *testing.T) {
	w := newWorld(t, nil)
	w.shared()
	share := `{"name":"Sales","id":"*","createTimestamp":` + noonMillis + `}`
	table := `{"schema":"Daily","name":"Orders","catalogName":"c","namespace":["n"],"tableName":"t","tableId":"*","broken":false,"createTimestamp":` + noonMillis + `}`
	steps := []struct {
		name, request string
		status        int
		want          string // of the body, without ids
	}{
		{"listed", "GET /shares", 200, `{"shares":[` + share + `]}`},
		{"told, in whatever case", "GET /shares/sALES", 200, share},
		{"its tables", "GET /shares/sales/tables", 200, `{"tables":[` + table + `]}`},
		{"a second table", strings.Replace(inSales, "Orders", "again", 1), 201, strings.Replace(table, "Orders", "again", 1)},
		{"taken out, in whatever case", "DELETE /shares/SALES/schemas/daily/tables/AGAIN", 204, ""},
		{"it is out", "GET /shares/sales/tables", 200, `{"tables":[` + table + `]}`},
		{"its recipients", "GET /shares/Sales/recipients", 200, `{"recipients":[{"name":"ann","id":"*","createTimestamp":` + noonMillis + `,"tokens":[]},{"name":"bob","id":"*","createTimestamp":` + noonMillis + `,"tokens":[]}]}`},
		{"given twice", `PUT /shares/Sales/recipients {"name":"ann"}`, 201, ""},
		{"taken from one", "DELETE /shares/Sales/recipients/ann", 204, ""},
		{"who is left", "GET /shares/Sales/recipients", 200, `{"recipients":[{"name":"bob","id":"*","createTimestamp":` + noonMillis + `,"tokens":[]}]}`},
		{"a recipient is told", "GET /recipients/ann", 200, `{"name":"ann","id":"*","createTimestamp":` + noonMillis + `,"tokens":[]}`},
		{"deleted", "DELETE /shares/sales", 204, ""},
		{"no share is left", "GET /shares", 200, `{"shares":[]}`},
		{"a new one of that name", `POST /shares {"name":"SALES"}`, 201, `{"name":"SALES","id":"*","createTimestamp":` + noonMillis + `}`},
		{"has nothing", "GET /shares/Sales/tables", 200, `{"tables":[]}`},
		{"and nobody", "GET /shares/Sales/recipients", 200, `{"recipients":[]}`},
	}
	for _, s := range steps {
		if a := w.ask("root", s.request); a.Code != s.status || a.said() != s.want {
			t.Errorf("%s: got %d %s, want %d %s", s.name, a.Code, a.said(), s.status, s.want)
		}
	}
}

func TestWhatIsRefusedOfShares(t *testing.T) {
	w := newWorld(t, nil)
	w.shared()
	w.add("cyd") // no recipient
	long := strings.Repeat("x", 256)
	rows := []struct {
		name, request string
		status        int
		part          string
	}{
		{"a share without a name", `POST /shares {"share":{}}`, 400, "share.name"},
		{"an empty name", `POST /shares {"share":{"name":""}}`, 400, "size must be between 1 and 256"},
		{"a name with a space", `POST /shares {"share":{"name":"a\u00a0b"}}`, 400, "spaces or slashes"},
		{"a name with a slash", `POST /shares {"share":{"name":"a/b"}}`, 400, "spaces or slashes"},
		{"a name with a control character", `POST /shares {"share":{"name":"a\u007fb"}}`, 400, "control characters"},
		{"a long name", `POST /shares {"share":{"name":"` + long + `"}}`, 400, "255 bytes"},
		{"a name that is long in a key", `POST /shares {"share":{"name":"` + strings.Repeat("%", 86) + `"}}`, 400, "255 bytes"},
		{"a name that folding makes long", `POST /shares {"share":{"name":"` + strings.Repeat("Ⱥ", 100) + `"}}`, 400, "255 bytes"},
		{"a name that is taken in another case", `POST /shares {"share":{"name":"sALES"}}`, 409, "Share already exists: sALES"},
		{"a share that is not there", "GET /shares/gone", 404, "Share does not exist: gone"},
		{"its tables", "GET /shares/gone/tables", 404, "Share does not exist"},
		{"its recipients", "GET /shares/gone/recipients", 404, "Share does not exist"},
		{"its end", "DELETE /shares/gone", 404, "Share does not exist"},
		{"an alias without a schema", `POST /shares/Sales/tables {"table":{"name":"x"}}`, 400, "table.schema"},
		{"without a name", `POST /shares/Sales/tables {"table":{"schema":"x"}}`, 400, "table.name"},
		{"without a catalog", `POST /shares/Sales/tables {"table":{"schema":"x","name":"x"}}`, 400, "table.catalogName"},
		{"without a namespace", `POST /shares/Sales/tables {"table":{"schema":"x","name":"x","catalogName":"c"}}`, 400, "table.namespace"},
		{"without a table", `POST /shares/Sales/tables {"table":{"schema":"x","name":"x","catalogName":"c","namespace":["n"]}}`, 400, "table.tableName"},
		{"with a dot in its schema", strings.Replace(inSales, "Daily", "a.b", 1), 400, "schema: must not contain dots"},
		{"with a dot in its name", strings.Replace(inSales, "Orders", "a.b", 1), 400, "name: must not contain dots"},
		{"taken in another case", strings.Replace(inSales, "Orders", "oRDERS", 1), 409, "Shared table already exists: Daily.oRDERS"},
		{"in a share that is not there", strings.Replace(inSales, "/Sales", "/gone", 1), 404, "Share does not exist: gone"},
		{"of a catalog that is not there", strings.Replace(inSales, `"c"`, `"gone"`, 1), 404, "CATALOG does not exist: gone"},
		{"of a table that is not there", strings.Replace(inSales, `"t"`, `"gone"`, 1), 404, "Table does not exist: n.gone"},
		{"of a table that cannot be", strings.Replace(inSales, `"t"`, `"a\u0007"`, 1), 404, "Table does not exist"},
		{"of no namespace", strings.Replace(inSales, `["n"]`, `[]`, 1), 404, "Table does not exist: t"},
		{"to take out what is not in it", "DELETE /shares/Sales/schemas/Daily/tables/gone", 404, "Shared table does not exist: Daily.gone"},
		{"to take out of no share", "DELETE /shares/gone/schemas/Daily/tables/Orders", 404, "Share does not exist: gone"},
		{"to nobody", `PUT /shares/Sales/recipients {"recipient":{}}`, 400, "recipient.name"},
		{"to whom is no principal", `PUT /shares/Sales/recipients {"name":"gone"}`, 404, "Recipient does not exist: gone"},
		{"to who is no recipient", `PUT /shares/Sales/recipients {"name":"cyd"}`, 404, "Recipient does not exist: cyd"},
		{"of no share", `PUT /shares/gone/recipients {"name":"ann"}`, 404, "Share does not exist: gone"},
		{"from who does not have it", "DELETE /shares/Sales/recipients/cyd", 404, "Recipient does not exist: cyd"},
		{"a recipient who is no principal", `POST /recipients {"name":"gone"}`, 404, "PRINCIPAL does not exist: gone"},
		{"a recipient without a name", `POST /recipients {}`, 400, "recipient.name"},
		{"a recipient twice", `POST /recipients {"name":"ann"}`, 409, "Recipient already exists: ann"},
		{"a recipient that is not there", "GET /recipients/cyd", 404, "Recipient does not exist: cyd"},
		{"its end", "DELETE /recipients/cyd", 404, "Recipient does not exist: cyd"},
		{"its tokens", "POST /recipients/cyd/tokens", 404, "Recipient does not exist: cyd"},
		{"the end of its tokens", "DELETE /recipients/cyd/tokens", 404, "Recipient does not exist: cyd"},
		{"a token of no time", `POST /recipients/ann/tokens {"lifetimeSeconds":0}`, 400, "lifetimeSeconds"},
		{"a token of an endless time", `POST /recipients/ann/tokens {"lifetimeSeconds":9223372036854775807}`, 400, "lifetimeSeconds"},
		{"a token of a long time", `POST /recipients/ann/tokens {"lifetimeSeconds":31622401}`, 400, "between 1 and 31622400"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w.t = t
			w.ask("root", row.request).want(row.status, row.part)
		})
	}
	w.t = t
	w.must("DELETE /shares/Sales/recipients/ann")
	w.ask("root", "DELETE /shares/Sales/recipients/ann").want(400, "GRANT_NOT_FOUND")
}

// Only what is in sight can be shared: SERVICE_MANAGE_ACCESS shows no table, and nothing of a catalog is enough to share.
func TestATableOutOfSightIsNotShared(t *testing.T) {
	w := newWorld(t, nil)
	w.shared()
	w.must(`PUT /catalogs/c/catalog-roles/r/grants {"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	w.holder("writer", "c", "r")
	w.add("service")
	w.must(`POST /catalogs/c/catalog-roles {"name":"viewer"}`, `PUT /catalogs/c/catalog-roles/viewer/grants {"grant":{"type":"catalog","privilege":"TABLE_LIST"}}`)
	w.holder("viewer", "c", "viewer")
	w.must(`PUT /principals/service/principal-roles {"principalRole":{"name":"service_admin"}}`,
		`DELETE /principal-roles/service_admin/catalog-roles/c/catalog_admin`)
	request := strings.Replace(inSales, "Orders", "new", 1)
	w.ask("writer", request).want(403, "op ADD_TABLE_TO_SHARE")
	w.ask("service", request).want(403, "op ADD_TABLE_TO_SHARE")
	w.must(`PUT /principals/service/principal-roles {"principalRole":{"name":"viewer-role"}}`)
	w.ask("service", request).want(201)
}

// rewrite changes the table n.t of the catalog c.
func (w *world) rewrite(do func(n *store.NamespaceSlot, t *store.Slot[lake.Table]) error) {
	w.t.Helper()
	b := w.store.Batch("R")
	n := b.Namespace(b.Catalog("c"), []string{"n"})
	table := b.Table(n, "t")
	if err := b.Read(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := do(n, table); err != nil {
		w.t.Fatal(err)
	}
}

func TestWhereASharedTableIsNow(t *testing.T) {
	w := newWorld(t, nil)
	w.shared()
	w.rewrite(func(n *store.NamespaceSlot, t *store.Slot[lake.Table]) error {
		return w.store.RenameTable(w.t.Context(), n, t, n, "moved")
	})
	w.ask("root", "GET /shares/Sales/tables").want(200, `"namespace":["n"],"tableName":"moved"`, `"broken":false`)
	w.ask("root", inSales).want(404, "Table does not exist: n.t")
	w = newWorld(t, nil)
	w.shared()
	w.rewrite(func(n *store.NamespaceSlot, t *store.Slot[lake.Table]) error {
		return w.store.DropTable(w.t.Context(), n, t, nil)
	})
	w.ask("root", "GET /shares/Sales/tables").want(200, `"namespace":["n"],"tableName":"t"`, `"broken":true`)
	w.must("DELETE /shares/Sales/schemas/Daily/tables/Orders")
}

// A lost race is decided anew: the answer tells what is there then.
func TestRacesOfShares(t *testing.T) {
	rows := []struct {
		name, request, meanwhile string
		status                   int
	}{
		{"a table into a share that ends", strings.Replace(inSales, "Orders", "x", 1), "DELETE /shares/Sales", 404},
		{"a share for a recipient that ends", `PUT /shares/Sales/recipients {"name":"ann"}`, "DELETE /recipients/ann", 404},
		{"a share that ends, for a recipient", `PUT /shares/Sales/recipients {"name":"ann"}`, "DELETE /shares/Sales", 404},
		{"a table that another takes out", "DELETE /shares/Sales/schemas/Daily/tables/Orders", "DELETE /shares/Sales/schemas/Daily/tables/Orders", 404},
		{"a token for a recipient that ends", "POST /recipients/ann/tokens", "DELETE /recipients/ann", 404},
		{"a token beside another's", "POST /recipients/ann/tokens", "POST /recipients/ann/tokens", 201},
		{"a recipient whose principal ends", `POST /recipients {"name":"cyd"}`, "DELETE /principals/cyd", 404},
		{"a share that ends twice", "DELETE /shares/Sales", "DELETE /shares/Sales", 404},
		{"an alias that another takes", strings.Replace(inSales, "Orders", "x", 1), strings.Replace(inSales, "Orders", "X", 1), 409},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.shared()
			w.add("cyd")
			w.table.Next(faulty.Write, faulty.Fault{Before: func() { w.must(row.meanwhile) }})
			if a := w.ask("root", row.request); a.Code != row.status {
				t.Errorf("got %d %s, want %d", a.Code, a.Body, row.status)
			}
		})
	}
}

// What a share left is swept, and nothing of the next one of its name, also where that comes while it is swept.
func TestTheSweepOfAShareLeavesItsNamesakeAlone(t *testing.T) {
	w := newWorld(t, nil)
	w.shared()
	w.must(strings.Replace(inSales, "Orders", "old", 1))
	anew := func() {
		w.must(`POST /shares {"name":"Sales"}`, inSales, `PUT /shares/Sales/recipients {"name":"ann"}`)
	}
	w.table.Next(faulty.List, faulty.Fault{}, faulty.Fault{Before: anew}) // whose keys die; what is left
	w.must("DELETE /shares/Sales")
	if got := w.ask("root", "GET /shares/Sales/tables").said(); strings.Count(got, `"name"`) != 1 || !strings.Contains(got, "Orders") {
		t.Errorf("got %s, want the new share's table alone", got)
	}
	if got := w.ask("root", "GET /shares/Sales/recipients").said(); strings.Count(got, `"name"`) != 1 || !strings.Contains(got, "ann") {
		t.Errorf("got %s, want the new share's recipient alone", got)
	}
	for _, left := range []string{"alias/R/sales", "member/R/sales"} {
		items, _, err := w.table.List(t.Context(), kv.Page{Partition: left, Limit: kv.MaxList})
		if err != nil || len(items) != 1 {
			t.Errorf("%s: got %d items (%v), want one", left, len(items), err)
		}
	}
}

// The longest names make keys that the table takes.
func TestTheLongestNamesOfShares(t *testing.T) {
	w := newWorld(t, nil)
	w.shared()
	long := strings.Repeat("x", 255)
	w.must(`POST /shares {"name":"`+long+`"}`, `POST /shares/`+long+`/tables {"schema":"`+long+`","name":"`+long+`","catalogName":"c","namespace":["n"],"tableName":"t"}`,
		`PUT /shares/`+long+`/recipients {"name":"ann"}`, "GET /shares/"+long+"/tables", "DELETE /shares/"+long)
}
