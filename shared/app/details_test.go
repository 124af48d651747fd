package app

import (
	"cmp"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"firn/shared/kv/counted"
)

// detail is a request as some client sends it, and what that client needs of the answer. Its name begins with its number
// in the list of details that have broken real clients (9.1 to 9.27), or with 9 and the engine that needs it. Rows change
// nothing that later ones need.
type detail struct {
	name    string
	line    string // method, and target below /api/catalog/v1
	body    string
	headers []string // "Name: value"
	as      string   // token; empty: root's
	status  int
	want    string // pattern of package regexp that the body matches; empty: there is no body
	lacks   string // pattern that it does not match; empty: anything may be there
}

const (
	inLake  = "/api/catalog/v1/lake/namespaces"
	fields  = `"schema":{"type":"struct","fields":[]}`
	java    = "X-Client-Version: Apache Iceberg 1.11.0 (commit 6976e020b894f6a6777704df2b8c4458cb291ae9)"
	python  = "X-Client-Version: PyIceberg 0.12.0"
	missing = `^\{"error":\{"message":"[^"]+","type":"NoSuch%Exception","code":404\}\}$` // with the noun for the percent sign
)

// detailed is a server whose catalog lake has the tables n.t and n.odd, the view n.v, and what is nested and has spaces in
// its names.
func detailed(t *testing.T, change func(*Config)) (*server, string) {
	t.Helper()
	s, root := lakeServer(t, change)
	for _, r := range [][2]string{
		{"/n/tables", `{"name":"t",` + fields + `}`},
		{"/n/views", `{"name":"v",` + viewFields + `}`},
		{"", `{"namespace":["n","sub"]}`},
		{"/n%1Fsub/tables", `{"name":"deep",` + fields + `}`},
		{"", `{"namespace":["a b"]}`},
		{"", `{"namespace":["a b","c d"]}`},
		{"/a%20b/tables", `{"name":"my table",` + fields + `}`},
		{"/a%20b/views", `{"name":"my view",` + viewFields + `}`},
		{"", `{"namespace":["empty"]}`},
	} {
		if w := s.ask(t, root, "POST", inLake+r[0], r[1]); w.Code != 200 {
			t.Fatalf("%s %s: got %d %s, want 200", r[0], r[1], w.Code, w.Body)
		}
	}
	return s, root
}

// send asks as a row says, by default with the type of JSON, as clients do also where there is no body.
func (s *server) send(t *testing.T, bearer string, d detail) *httptest.ResponseRecorder {
	t.Helper()
	method, target, _ := strings.Cut(d.line, " ")
	r := httptest.NewRequest(method, "/api/catalog/v1"+target, strings.NewReader(d.body))
	r.Header.Set("Authorization", "Bearer "+cmp.Or(d.as, bearer))
	r.Header.Set("Content-Type", "application/json")
	for _, h := range d.headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	return w
}

// hold asks for each row in turn.
func (s *server) hold(t *testing.T, bearer string, rows []detail) {
	t.Helper()
	for _, d := range rows {
		t.Run(d.name, func(t *testing.T) {
			w := s.send(t, bearer, d)
			body := w.Body.String()
			if w.Code != d.status || (d.want == "") != (body == "") || !regexp.MustCompile(d.want).MatchString(body) {
				t.Errorf("%s: got %d %s, want %d %s", d.line, w.Code, body, d.status, d.want)
			}
			if d.lacks != "" && regexp.MustCompile(d.lacks).MatchString(body) {
				t.Errorf("%s: got %s, want nothing like %s", d.line, body, d.lacks)
			}
		})
	}
}

// gone is the pattern of a clean 404 for a noun.
func gone(noun string) string { return strings.Replace(missing, "%", noun, 1) }

func TestDetailsOfShape(t *testing.T) {
	const envelope = `^\{"error":\{"message":"[^"]+[^{}]*","type":"\w+Exception","code":`
	const noList = `null,|:null\}` // but for next-page-token, whose null ends a list
	s, root := detailed(t, nil)
	s.hold(t, root, []detail{
		{name: "9.1 config answers with objects of texts", line: "GET /config?warehouse=lake", status: 200,
			want: `^\{"defaults":\{("[^"]+":"[^"]*",?)*\},"overrides":\{("[^"]+":"[^"]*",?)+\},"endpoints":\[("[^"]+",?)+\],"idempotency-key-lifetime":"PT30M"\}$`},
		{name: "9.2 a load without keys has no config of nothing", line: "GET /lake/namespaces/n/tables/t", status: 200, want: `^\{"metadata-location"`, lacks: `"config":(null|\{\})|"storage-credentials"`},
		{name: "9.2 nor a creation", line: "POST /lake/namespaces/n/tables", body: `{"name":"t2",` + fields + `}`, status: 200, want: `^\{"metadata-location"`, lacks: `"config":(null|\{\})|"storage-credentials"`},
		{name: "9.2 nor a staged one, nor a null location", line: "POST /lake/namespaces/n/tables", body: `{"name":"t3","stage-create":true,` + fields + `}`, status: 200, want: `^\{"metadata":\{`, lacks: `"config":(null|\{\})|"storage-credentials"|"metadata-location"`},
		{name: "9.2 nor a commit", line: "POST /lake/namespaces/n/tables/t", body: `{"updates":[]}`, status: 200, want: `^\{"metadata-location"`, lacks: `"config"|"storage-credentials"`},
		{name: "9.2 nor a view", line: "GET /lake/namespaces/n/views/v", status: 200, want: `^\{"metadata-location"`, lacks: `"config"|"storage-credentials"`},
		{name: "9.3 all three lists of properties, of what is missing", line: "POST /lake/namespaces/empty/properties", body: `{"removals":["x"]}`, status: 200, want: `^\{"updated":\[\],"removed":\[\],"missing":\["x"\]\}$`},
		{name: "9.3 of what is set", line: "POST /lake/namespaces/n/properties", body: `{"updates":{"k":"1"}}`, status: 200, want: `^\{"updated":\["k"\],"removed":\[\],"missing":\[\]\}$`},
		{name: "9.3 of what is removed", line: "POST /lake/namespaces/n/properties", body: `{"removals":["k"]}`, status: 200, want: `^\{"updated":\[\],"removed":\["k"\],"missing":\[\]\}$`},
		{name: "9.4 a list of no tables", line: "GET /lake/namespaces/empty/tables", status: 200, want: `^\{"identifiers":\[\],"next-page-token":null\}$`},
		{name: "9.4 of no views", line: "GET /lake/namespaces/empty/views", status: 200, want: `^\{"identifiers":\[\],`},
		{name: "9.4 of no functions", line: "GET /lake/namespaces/empty/functions", status: 200, want: `^\{"identifiers":\[\],`},
		{name: "9.4 of no namespaces", line: "GET /lake/namespaces?parent=empty", status: 200, want: `^\{"namespaces":\[\],`},
		{name: "9.4 lists in a table's metadata", line: "GET /lake/namespaces/n/tables/t", status: 200, want: `"snapshots":\[\],.*"snapshot-log":\[\],"metadata-log":\[\]`, lacks: noList},
		{name: "9.5 a table is created with 200", line: "POST /lake/namespaces/n/tables", body: `{"name":"t5",` + fields + `}`, status: 200, want: `"table-uuid"`},
		{name: "9.5 a view too", line: "POST /lake/namespaces/n/views", body: `{"name":"v5",` + viewFields + `}`, status: 200, want: `"view-uuid"`},
		{name: "9.6 a namespace is created with 200", line: "POST /lake/namespaces", body: `{"namespace":["six"]}`, status: 200, want: `^\{"namespace":\["six"\],"properties":\{`},
		{name: "9.7 no body on HEAD", line: "HEAD /lake/namespaces/n/tables/t", status: 204},
		{name: "9.7 nor on HEAD of what is missing", line: "HEAD /lake/namespaces/n/tables/none", status: 404},
		{name: "9.7 nor on HEAD of a view", line: "HEAD /lake/namespaces/n/views/v", status: 204},
		{name: "9.7 nor on HEAD of a namespace", line: "HEAD /lake/namespaces/n", status: 204},
		{name: "9.7 nor on a 204 of DELETE", line: "DELETE /lake/namespaces/six", status: 204},
		{name: "9.7 nor of POST", line: "POST /lake/tables/rename", body: `{"source":{"namespace":["n"],"name":"t5"},"destination":{"namespace":["n"],"name":"t6"}}`, status: 204},
		{name: "9.7 a body on 409 of a commit", line: "POST /lake/namespaces/n/tables/t", body: `{"requirements":[{"type":"assert-create"}],"updates":[]}`, status: 409, want: envelope + `409\}\}$`},
		{name: "9.7 a body on 409 of a creation", line: "POST /lake/namespaces", body: `{"namespace":["n"]}`, status: 409, want: envelope + `409\}\}$`},
		{name: "9.8 an envelope with 400", line: "POST /lake/namespaces/n/tables", body: `{`, status: 400, want: envelope + `400\}\}$`},
		{name: "9.8 with 404 of a route", line: "GET /lake/none", status: 404, want: envelope + `404\}\}$`},
		{name: "9.8 with 404 of a warehouse", line: "GET /config?warehouse=none", status: 404, want: envelope + `404\}\}$`},
		{name: "9.8 with 405", line: "PATCH /lake/namespaces/n", status: 405, want: envelope + `405\}\}$`},
		{name: "9.8 with 406", line: "GET /lake/namespaces/n", headers: []string{"Accept: text/html"}, status: 406, want: envelope + `406\}\}$`},
		{name: "9.8 with 422", line: "POST /lake/namespaces/n/properties", body: `{"removals":["k"],"updates":{"k":"1"}}`, status: 422, want: envelope + `422\}\}$`},
		// firn means otherwise, as recorded: what 401 says the status says, and clients go by that to get a new token.
		{name: "9.8 but none with 401", line: "GET /lake/namespaces", as: "bad", status: 401},
	})
}

// Every Spark executor may ask for it.
func TestDetailsOfConfigurationsSpeed(t *testing.T) {
	var calls *counted.Driver
	s, root := detailed(t, func(c *Config) {
		calls = counted.New(c.Table)
		c.Table = calls
	})
	calls.Take()
	s.hold(t, root, []detail{{name: "9.1 config answers quickly", line: "GET /config?warehouse=lake", status: 200, want: `^\{`}})
	if got := calls.Take(); got != (counted.Counts{Gets: 1, Keys: got.Keys}) {
		t.Errorf("9.1 config answers quickly: got %+v, want one batch read", got)
	}
}
