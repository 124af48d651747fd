package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/rest"
)

// bearers knows the token "good" of the realm POLARIS.
type bearers struct{}

func (bearers) Verify(realm lake.Realm, raw string, _ time.Time) (lake.Caller, error) {
	if raw == "good" && realm == "POLARIS" {
		return lake.Caller{Realm: realm, Principal: "alice", AllRoles: true}, nil
	}
	return lake.Caller{}, fault.New(fault.Unauthenticated, "Not authorized").Because(errors.New("not a good token"))
}

type thing struct {
	Name  string   `json:"name"`
	Parts []string `json:"parts"`
	Inner struct {
		Size int `json:"size"`
	} `json:"inner"`
}

// UnmarshalJSON of picky refuses with a fault of its own.
type picky struct{}

func (*picky) UnmarshalJSON([]byte) error {
	return fault.New(fault.Argument, "Cannot parse missing field: schema")
}

const long = "0123456789abcdef"

// zoo is a protocol with one route per behaviour. Its refusals come from the handlers named after them.
func zoo() rest.Protocol {
	echo := func(_ context.Context, c *rest.Call, in *thing) (rest.Answer, error) {
		if in == nil {
			return rest.Raw(200, []byte(`"nothing"`)), nil
		}
		return rest.JSON(201, in)
	}
	plain := func(a rest.Answer) rest.Handler {
		return func(context.Context, *rest.Call) (rest.Answer, error) { return a, nil }
	}
	fails := func(err error) rest.Handler {
		return func(context.Context, *rest.Call) (rest.Answer, error) { return rest.Answer{}, err }
	}
	return rest.Protocol{
		Name: "zoo", Base: "/api/zoo", Dialect: rest.Vocabulary{}.Envelope,
		Routes: []rest.Route{
			{Method: "GET", Pattern: "/api/zoo/{prefix}/namespaces/{namespace}", Operation: "load", Function: rest.Catalog,
				Handler: func(_ context.Context, c *rest.Call) (rest.Answer, error) {
					return rest.JSON(200, []string{c.Path("prefix"), c.Path("namespace"), c.Query.Get("q"), c.Caller.Principal, string(c.Caller.Realm)})
				}},
			{Method: "DELETE", Pattern: "/api/zoo/{prefix}/namespaces/{namespace}", Operation: "drop", Function: rest.Catalog,
				Handler: plain(rest.Answer{Status: 204, Body: [][]byte{[]byte("never sent")}, Type: "text/plain"})},
			{Method: "HEAD", Pattern: "/api/zoo/{prefix}/namespaces/{namespace}", Operation: "exists", Function: rest.Catalog, Handler: plain(rest.Empty(204))},
			{Method: "GET", Pattern: "/api/zoo/{prefix}/namespaces", Operation: "list", Function: rest.Catalog,
				Handler: plain(rest.Raw(200, []byte(`{"a":"<&>"}`)).With("ETag", `W/"1"`).NoStore())},
			{Method: "POST", Pattern: "/api/zoo/tables/rename", Operation: "rename", Function: rest.Catalog, Handler: plain(rest.Empty(201))},
			{Method: "POST", Pattern: "/api/zoo/things", Operation: "make", Function: rest.Catalog, Handler: rest.Body(echo)},
			{Method: "PUT", Pattern: "/api/zoo/things", Operation: "reset", Function: rest.Catalog, Handler: rest.OptionalBody(echo)},
			{Method: "POST", Pattern: "/api/zoo/picky", Operation: "picky", Function: rest.Catalog,
				Handler: rest.Body(func(context.Context, *rest.Call, *picky) (rest.Answer, error) { return rest.Empty(204), nil })},
			{Method: "POST", Pattern: "/api/zoo/form", Operation: "form", Function: rest.Token, Public: true,
				Handler: rest.Form(func(_ context.Context, c *rest.Call, form url.Values) (rest.Answer, error) {
					return rest.JSON(200, []any{c.Caller.Realm, form})
				})},
			{Method: "GET", Pattern: "/api/zoo/big", Operation: "big", Function: rest.Catalog,
				Handler: plain(rest.Raw(200, []byte(strings.Repeat(long, 1000))))},
			{Method: "GET", Pattern: "/api/zoo/parts", Operation: "parts", Function: rest.Catalog,
				Handler: plain(rest.Raw(200, []byte(`{"a":`), []byte(strings.Repeat(long, 1000)), []byte(`}`)))},
			{Method: "GET", Pattern: "/api/zoo/gzipped", Operation: "gzipped", Function: rest.Catalog,
				Handler: func(_ context.Context, c *rest.Call) (rest.Answer, error) {
					whole := packed(`{"a":1}`)
					if !c.TakesGzip() {
						return rest.Raw(200, []byte(`{"a":1}`)), nil
					}
					return rest.Gzipped(200, whole[:9], whole[9:]), nil
				}},
			{Method: "POST", Pattern: "/api/zoo/small", Operation: "small", Function: rest.Catalog, MaxBody: 20, Handler: rest.Body(echo)},
			{Method: "POST", Pattern: "/api/zoo/tall", Operation: "tall", Function: rest.Catalog, MaxBody: 2000, Handler: rest.Body(echo)},
			{Method: "GET", Pattern: "/api/zoo/unchanged", Operation: "unchanged", Function: rest.Catalog, Handler: plain(rest.Empty(304).With("ETag", `W/"1"`))},
			{Method: "GET", Pattern: "/api/zoo/panic", Operation: "panic", Function: rest.Catalog,
				Handler: func(context.Context, *rest.Call) (rest.Answer, error) { panic("the handler's secret") }},
			{Method: "GET", Pattern: "/api/zoo/silent", Operation: "silent", Function: rest.Catalog, Handler: plain(rest.Answer{})},
			{Method: "GET", Pattern: "/api/zoo/broken", Operation: "broken", Function: rest.Catalog, Handler: fails(errors.New("dial 10.0.0.7: refused"))},
			{Method: "GET", Pattern: "/api/zoo/gone", Operation: "gone", Function: rest.Catalog, Handler: fails(fmt.Errorf("load: %w", fault.Missing(fault.Namespace, "a.b")))},
			{Method: "GET", Pattern: "/api/zoo/stripped", Operation: "stripped", Function: rest.Catalog, Handler: fails(fault.New(fault.Unauthenticated, "x"))},
			{Method: "GET", Pattern: "/api/zoo/busy", Operation: "busy", Function: rest.Catalog,
				Handler: fails(&fault.Error{Kind: fault.Throttled, RetryAfter: 1500 * time.Millisecond})},
		},
	}
}

// seen is what the door left behind: log lines, and what the observer was told.
type seen struct {
	log       bytes.Buffer
	operation string
	status    int
	took      time.Duration
}

func (s *seen) Observe(operation string, status int, d time.Duration) {
	s.operation, s.status, s.took = operation, status, d
}

// newDoor makes a door whose clock moves on by 5 ms at each reading.
func newDoor(t *testing.T, change func(*rest.Config)) (*rest.Door, *seen) {
	t.Helper()
	s := &seen{}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	c := rest.Config{
		Protocols: []rest.Protocol{zoo()},
		Realms:    []lake.Realm{"POLARIS", "OTHER"},
		Verifier:  bearers{},
		Observer:  s,
		Log:       slog.New(rest.LogHandler(slog.NewTextHandler(&s.log, nil))),
		Now:       func() time.Time { now = now.Add(5 * time.Millisecond); return now },
		MaxBody:   1000,
	}
	if change != nil {
		change(&c)
	}
	d, err := rest.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return d, s
}

// ask sends a request by "METHOD target"; headers are "Name: value", and a good token comes with it unless one of them is
// an Authorization.
func ask(d *rest.Door, line string, body io.Reader, headers ...string) *http.Response {
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, target, body)
	r.Header.Set("Authorization", "Bearer good")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Authorization" {
			r.Header.Del(name)
		}
		r.Header.Add(name, value)
	}
	if r.Header.Get("Authorization") == "none" {
		r.Header.Del("Authorization")
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func refusal(code int, kind, message string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"type":%q,"code":%d}}`, message, kind, code)
}

const (
	noRoute   = `{"error":{"message":"Unable to find matching target resource method","type":"NotFoundException","code":404}}`
	badMethod = `{"error":{"message":"HTTP 405 Method Not Allowed","type":"NotAllowedException","code":405}}`
	noRealm   = `{"error":{"message":"Missing or invalid realm","type":"MissingOrInvalidRealm","code":404}}`
)

// The caller's address is the connection's. What proxies forward is what a client may send, and is not read.
func TestTheAddressOfTheCaller(t *testing.T) {
	for _, test := range []struct{ remote, want string }{
		{"192.0.2.7:1234", "192.0.2.7"}, {"[2001:db8::1]:1234", "2001:db8::1"}, {"192.0.2.7", "192.0.2.7"}, {"2001:db8::1", "2001:db8::1"}, {"", ""},
	} {
		var got []string
		note := func(_ context.Context, c *rest.Call) (rest.Answer, error) {
			got = append(got, c.Caller.Address)
			return rest.Empty(http.StatusNoContent), nil
		}
		d, _ := newDoor(t, func(c *rest.Config) {
			c.Protocols = []rest.Protocol{{Name: "x", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{
				{Method: "GET", Pattern: "/own", Operation: "own", Function: rest.Catalog, Handler: note},
				{Method: "GET", Pattern: "/public", Operation: "public", Function: rest.Catalog, Public: true, Handler: note},
			}}}
		})
		for _, path := range []string{"/own", "/public"} {
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr = test.remote
			for _, header := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "True-Client-Ip"} {
				r.Header.Set(header, "203.0.113.9")
			}
			r.Header.Set("Authorization", "Bearer good")
			d.ServeHTTP(httptest.NewRecorder(), r)
		}
		if want := []string{test.want, test.want}; !slices.Equal(got, want) {
			t.Errorf("of %q: got %q, want %q", test.remote, got, want)
		}
	}
}

func TestDoor(t *testing.T) {
	for _, test := range []struct {
		name    string
		line    string
		body    string
		headers []string
		status  int
		want    string // body
		header  string // "Name: value" that must be there
	}{
		{name: "an answer", line: "GET /api/zoo/p/namespaces", status: 200, want: `{"a":"<&>"}`, header: "Content-Type: application/json;charset=UTF-8"},
		{name: "an answer's own header", line: "GET /api/zoo/p/namespaces", status: 200, want: `{"a":"<&>"}`, header: `ETag: W/"1"`},
		{name: "secrets stay out of caches", line: "GET /api/zoo/p/namespaces", status: 200, want: `{"a":"<&>"}`, header: "Cache-Control: no-store"},
		{name: "the length of an answer", line: "GET /api/zoo/p/namespaces", status: 200, want: `{"a":"<&>"}`, header: "Content-Length: 11"},
		{name: "names, query and caller", line: "GET /api/zoo/p/namespaces/n?q=a%26b", status: 200, want: `["p","n","a&b","alice","POLARIS"]`},
		{name: "an encoded slash stays in its segment", line: "GET /api/zoo/a%2Fb/namespaces/c%2fd", status: 200, want: `["a/b","c/d","","alice","POLARIS"]`},
		{name: "an encoded separator stays in its segment", line: "GET /api/zoo/p/namespaces/a%1Fb", status: 200, want: `["p","a\u001fb","","alice","POLARIS"]`},
		{name: "a plus is a plus", line: "GET /api/zoo/p/namespaces/a+b", status: 200, want: `["p","a+b","","alice","POLARIS"]`},
		{name: "segments are decoded once", line: "GET /api/zoo/p/namespaces/a%2520b", status: 200, want: `["p","a%20b","","alice","POLARIS"]`},
		{name: "dots are a name", line: "GET /api/zoo/p/namespaces/%2e%2e", status: 200, want: `["p","..","","alice","POLARIS"]`},
		{name: "a NUL is a name", line: "GET /api/zoo/p/namespaces/%00", status: 200, want: `["p","\u0000","","alice","POLARIS"]`},
		{name: "a space and an umlaut", line: "GET /api/zoo/p/namespaces/a%20%C3%BC", status: 200, want: `["p","a ü","","alice","POLARIS"]`},
		{name: "a trailing slash", line: "GET /api/zoo/p/namespaces/", status: 200, want: `{"a":"<&>"}`},
		{name: "doubled slashes", line: "GET /api//zoo/p///namespaces/n", status: 200, want: `["p","n","","alice","POLARIS"]`},
		{name: "a literal goes before a name", line: "POST /api/zoo/tables/rename", status: 201},
		{name: "a name that is another route's literal", line: "GET /api/zoo/tables/namespaces/n", status: 200, want: `["tables","n","","alice","POLARIS"]`},
		{name: "an encoded literal", line: "POST /api/zoo/tables/%72ename", status: 201},
		{name: "not UTF-8 in the path", line: "GET /api/zoo/p/namespaces/%FF", status: 400,
			want: refusal(400, "BadRequestException", "The path is not valid percent-encoded UTF-8")},
		{name: "a broken escape in the query", line: "GET /api/zoo/p/namespaces/n?q=%zz", status: 400,
			want: refusal(400, "BadRequestException", "The query is not valid percent-encoding")},

		{name: "HEAD has its own route", line: "HEAD /api/zoo/p/namespaces/n", status: 204},
		{name: "HEAD is served by GET", line: "HEAD /api/zoo/p/namespaces", status: 200, header: "Content-Type: application/json;charset=UTF-8"},
		{name: "HEAD of a refusal", line: "HEAD /api/zoo/gone", status: 404, header: "Content-Type: application/json"},
		{name: "204 has no body", line: "DELETE /api/zoo/p/namespaces/n", status: 204},
		{name: "304 has no body", line: "GET /api/zoo/unchanged", status: 304, header: `ETag: W/"1"`},
		{name: "OPTIONS lists the methods", line: "OPTIONS /api/zoo/p/namespaces", headers: []string{"Authorization: none"}, status: 200, header: "Allow: GET, HEAD, OPTIONS"},

		{name: "unknown route", line: "GET /api/zoo/p/nope", status: 404, want: noRoute},
		{name: "unknown route without a token", line: "GET /nope", headers: []string{"Authorization: none"}, status: 404, want: noRoute},
		{name: "unknown route in an unknown realm", line: "GET /nope", headers: []string{"Polaris-Realm: x"}, status: 404, want: noRoute},
		{name: "the root", line: "GET /", status: 404, want: noRoute},
		{name: "a path above all routes", line: "GET /api/zoo", status: 404, want: noRoute},
		{name: "a path below all routes", line: "GET /api/zoo/p/namespaces/n/o", status: 404, want: noRoute},
		{name: "a path of too many segments", line: "GET /api/zoo/p/namespaces" + strings.Repeat("/n", 100), status: 404, want: noRoute},
		{name: "wrong method", line: "PATCH /api/zoo/p/namespaces/n", status: 405, want: badMethod, header: "Allow: DELETE, GET, HEAD, OPTIONS"},
		{name: "wrong method without a token", line: "PUT /api/zoo/p/namespaces", headers: []string{"Authorization: none"}, status: 405, want: badMethod},
		{name: "OPTIONS of an unknown route", line: "OPTIONS /nope", status: 404, want: noRoute},

		{name: "the default realm", line: "POST /api/zoo/form", status: 200, want: `["POLARIS",{}]`},
		{name: "a named realm", line: "POST /api/zoo/form", headers: []string{"Polaris-Realm: OTHER"}, status: 200, want: `["OTHER",{}]`},
		{name: "unknown realm", line: "POST /api/zoo/form", headers: []string{"Polaris-Realm: nope"}, status: 404, want: noRealm},
		{name: "realm in lower case", line: "POST /api/zoo/form", headers: []string{"Polaris-Realm: polaris"}, status: 404, want: noRealm},
		{name: "empty realm header", line: "POST /api/zoo/form", headers: []string{"Polaris-Realm: "}, status: 404, want: noRealm},
		{name: "two realm headers", line: "POST /api/zoo/form", headers: []string{"Polaris-Realm: POLARIS", "Polaris-Realm: OTHER"}, status: 404, want: noRealm},
		{name: "unknown realm comes before 401", line: "GET /api/zoo/p/namespaces", headers: []string{"Authorization: none", "Polaris-Realm: nope"}, status: 404, want: noRealm},

		{name: "no token", line: "GET /api/zoo/p/namespaces", headers: []string{"Authorization: none"}, status: 401, header: "WWW-Authenticate: Bearer"},
		{name: "no scheme", line: "GET /api/zoo/p/namespaces", headers: []string{"Authorization: good"}, status: 401, header: "WWW-Authenticate: Bearer"},
		{name: "Bearer alone", line: "GET /api/zoo/p/namespaces", headers: []string{"Authorization: Bearer"}, status: 401, header: "WWW-Authenticate: Bearer"},
		{name: "Bearer and a space", line: "GET /api/zoo/p/namespaces", headers: []string{"Authorization: Bearer "}, status: 401},
		{name: "another scheme", line: "GET /api/zoo/p/namespaces", headers: []string{"Authorization: Basic good"}, status: 401},
		{name: "a bad token", line: "GET /api/zoo/p/namespaces", headers: []string{"Authorization: Bearer bad"}, status: 401, header: "WWW-Authenticate: Bearer"},
		{name: "two tokens", line: "GET /api/zoo/p/namespaces", headers: []string{"Authorization: Bearer good", "authorization: Bearer good"}, status: 401},
		{name: "a token of another realm", line: "GET /api/zoo/p/namespaces", headers: []string{"Polaris-Realm: OTHER"}, status: 401},
		{name: "a good token whose bearer is gone", line: "GET /api/zoo/stripped", status: 401, header: "WWW-Authenticate: Bearer"},
		{name: "the scheme in lower case", line: "DELETE /api/zoo/p/namespaces/n", headers: []string{"Authorization: bearer good"}, status: 204},
		{name: "spaces around the token", line: "DELETE /api/zoo/p/namespaces/n", headers: []string{"Authorization: Bearer   good "}, status: 204},
		{name: "a public route needs no token", line: "POST /api/zoo/form", headers: []string{"Authorization: none"}, status: 200, want: `["POLARIS",{}]`},

		{name: "a fault's kind and noun", line: "GET /api/zoo/gone", status: 404, want: refusal(404, "NoSuchNamespaceException", "Namespace does not exist: a.b")},
		{name: "a refusal's type", line: "GET /api/zoo/gone", status: 404, want: refusal(404, "NoSuchNamespaceException", "Namespace does not exist: a.b"), header: "Content-Type: application/json"},
		{name: "an unknown error tells nothing", line: "GET /api/zoo/broken", status: 500, want: refusal(500, "ServiceFailureException", "Internal error.")},
		{name: "a panic is an internal error", line: "GET /api/zoo/panic", status: 500, want: refusal(500, "ServiceFailureException", "Internal error.")},
		{name: "no answer and no error", line: "GET /api/zoo/silent", status: 500, want: refusal(500, "ServiceFailureException", "Internal error.")},
		{name: "when to come again", line: "GET /api/zoo/busy", status: 429, want: refusal(429, "TooManyRequestsException", "Rate exceeded"), header: "Retry-After: 2"},

		{name: "a header of 9 KB", line: "DELETE /api/zoo/p/namespaces/n", headers: []string{"X-Big: " + strings.Repeat("x", 9000)}, status: 204},
		{name: "a header of 21 KB", line: "DELETE /api/zoo/p/namespaces/n", headers: []string{"X-Big: " + strings.Repeat("x", 21000)}, status: 431},
		{name: "many headers of 21 KB", line: "DELETE /api/zoo/p/namespaces/n",
			headers: []string{"X-A: " + strings.Repeat("x", 7000), "X-A: " + strings.Repeat("x", 7000), "X-B: " + strings.Repeat("x", 7000)}, status: 431},
		{name: "a query of 4 KB", line: "DELETE /api/zoo/p/namespaces/n?a=" + strings.Repeat("x", 4094), status: 204},
		{name: "a query above 4 KB", line: "DELETE /api/zoo/p/namespaces/n?a=" + strings.Repeat("x", 4095), status: 414},
		{name: "a long name", line: "DELETE /api/zoo/p/namespaces/" + strings.Repeat("%C3%BC", 1000), status: 204},
		{name: "a path above 8 KB", line: "DELETE /api/zoo/p/namespaces/" + strings.Repeat("x", 8192), status: 414},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := newDoor(t, nil)
			got := ask(d, test.line, strings.NewReader(test.body), test.headers...)
			if got.StatusCode != test.status {
				t.Errorf("status: got %d, want %d", got.StatusCode, test.status)
			}
			if diff := cmp.Diff(test.want, text(t, got)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if typ := got.Header.Get("Content-Type"); test.want == "" && typ != "" && !strings.HasPrefix(test.line, "HEAD") {
				t.Errorf("content type of no body: got %q, want none", typ)
			}
			if name, value, ok := strings.Cut(test.header, ": "); ok && got.Header.Get(name) != value {
				t.Errorf("%s: got %q, want %q", name, got.Header.Get(name), value)
			}
		})
	}
}
