package app

import (
	"fmt"
	"testing"
	"time"
)

// nobody is the token of a principal without rights.
func (s *server) nobody(t *testing.T, root string) string {
	t.Helper()
	var made struct {
		Credentials struct{ ClientID, ClientSecret string }
	}
	decodeBody(t, s.ask(t, root, "POST", "/api/management/v1/principals", `{"principal":{"name":"nobody"}}`), 201, &made)
	return s.login(t, made.Credentials.ClientID, made.Credentials.ClientSecret)
}

// snapshot is a commit of one more snapshot on main, without requirements, as ClickHouse sends its first.
func snapshot(id int, table, parent string) string {
	return fmt.Sprintf(`{"updates":[{"action":"add-snapshot","snapshot":{"snapshot-id":%d,%s"sequence-number":%d,"timestamp-ms":%d,"manifest-list":"s3://lake/wh/n/%s/metadata/snap-%d.avro","schema-id":0,"summary":{"operation":"append"}}},
		{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":%d}]}`, id, parent, id, time.Now().UnixMilli(), table, id, id)
}

func TestDetailsOfClients(t *testing.T) {
	const main = `{"requirements":[{"type":"assert-ref-snapshot-id","ref":"main"}],"updates":[{"action":"set-properties","updates":{"a":"b"}}]}`
	s, root := detailed(t, nil)
	nobody := s.nobody(t, root)
	for _, name := range []string{"kept", "ch"} {
		decodeBody(t, s.ask(t, root, "POST", inLake+"/n/tables", `{"name":"`+name+`",`+fields+`}`), 200, nil)
	}
	s.hold(t, root, []detail{
		// The catalog refuses to purge, so that whether purgeRequested was understood shows.
		{name: "9.11 purgeRequested is True", line: "DELETE /lake/namespaces/n/tables/kept?purgeRequested=True", headers: []string{python}, status: 403, want: `"message":"Unable to purge entity: kept\.`},
		{name: "9.11 purgeRequested is False", line: "DELETE /lake/namespaces/n/tables/kept?purgeRequested=False", headers: []string{python}, status: 204},

		{name: "9.13 no requirements", line: "POST /lake/namespaces/n/tables/ch", body: `{"updates":[{"action":"set-properties","updates":{"a":"b"}}]}`, status: 200, want: `"a":"b"`},
		{name: "9.13 a ref without a snapshot is not there", line: "POST /lake/namespaces/n/tables/ch", body: main, status: 200, want: `"a":"b"`},
		{name: "9.13 a first snapshot", line: "POST /lake/namespaces/n/tables/ch", body: snapshot(1, "ch", ""), status: 200, want: `"current-snapshot-id":1\b`},
		{name: "9.13 until it is", line: "POST /lake/namespaces/n/tables/ch", body: main, status: 409, want: `"message":"Requirement failed: branch main was created concurrently"`},
		{name: "9.13 the path names the table, not a namespace that is split at dots", line: "POST /lake/namespaces/n%1Fsub/tables/deep", status: 200, want: `"c":"d"`,
			body: `{"identifier":{"namespace":["n.sub"],"name":"deep"},"updates":[{"action":"set-properties","updates":{"c":"d"}}]}`},
		// A level may hold a dot, so that one element "n.sub" is not two: firn means otherwise than ClickHouse, as the kit asks.
		{name: "9.13 one element is one level", line: "POST /lake/namespaces", body: `{"namespace":["n.sub"],"properties":{"location":"s3://lake/wh/n.sub/"}}`, status: 200, want: `^\{"namespace":\["n\.sub"\]`},
		{name: "9.13 the separator is always %1F", line: "GET /lake/namespaces/n%1Fsub", status: 200, want: `^\{"namespace":\["n","sub"\]`},

		{name: "9.14 a view without properties", line: "POST /lake/namespaces/n/views", body: `{"name":"invoker",` + viewFields + `}`, status: 200, want: `"view-uuid"`},
		{name: "9.15 a type on GET without a body", line: "GET /lake/namespaces", headers: []string{"Content-Type: application/json"}, status: 200, want: `^\{"namespaces"`},
		{name: "9.15 on HEAD", line: "HEAD /lake/namespaces/n/tables/t", headers: []string{"Content-Type: application/json"}, status: 204},
		{name: "9.15 on DELETE", line: "DELETE /lake/namespaces/n/views/invoker", headers: []string{"Content-Type: application/json"}, status: 204},
		{name: "9.19 a namespace has the properties that it was given, and its location", line: "GET /lake/namespaces/empty", status: 200, want: `^\{"namespace":\["empty"\],"properties":\{"location":"s3://lake/wh/empty/"\}\}$`},
		{name: "9.20 the base of the catalog tells its store", line: "GET /config?warehouse=lake", status: 200, want: `^\{"defaults":\{"default-base-location":"s3://lake/wh"`},
		// Who may not look may not make either: what DuckDB takes for missing it cannot put something else in place of.
		{name: "9.21 who may not ask for a table is told so", line: "HEAD /lake/namespaces/n/tables/t", as: nobody, status: 403},
		{name: "9.21 who takes it for missing does not make it", line: "POST /lake/namespaces/n/tables", body: `{"name":"t",` + fields + `}`, as: nobody, status: 403, want: `"type":"ForbiddenException"`},

		{name: "9.22 metadata is never null: created", line: "POST /lake/namespaces/n/tables", body: `{"name":"whole",` + fields + `}`, status: 200, want: `"metadata":\{"format-version":2,`},
		{name: "9.22 staged", line: "POST /lake/namespaces/n/tables", body: `{"name":"staged","stage-create":true,` + fields + `}`, status: 200, want: `"metadata":\{"format-version":2,`},
		{name: "9.22 loaded", line: "GET /lake/namespaces/n/tables/t", status: 200, want: `"metadata":\{"format-version":2,`},
		{name: "9.22 loaded with some snapshots", line: "GET /lake/namespaces/n/tables/t?snapshots=refs", status: 200, want: `"metadata":\{"format-version":2,`},
		{name: "9.22 committed", line: "POST /lake/namespaces/n/tables/t", body: `{"updates":[]}`, status: 200, want: `"metadata":\{"format-version":2,`},
		{name: "9.22 unregistered", line: "POST /lake/namespaces/n/tables/whole/unregister", status: 200, want: `"metadata":\{"format-version":2,`},
	})
}

// Everything that a client may look for in a token's answer is there, and in the token.
func TestDetailsOfTokens(t *testing.T) {
	const (
		form  = "Content-Type: application/x-www-form-urlencoded"
		whole = `^\{"access_token":"[\w-]+\.[\w-]+\.[\w-]+","token_type":"bearer","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","expires_in":3600\}$`
	)
	s, root := lakeServer(t, nil)
	s.hold(t, root, []detail{
		{name: "9.24 a token for a secret", line: "POST /oauth/tokens", headers: []string{form}, body: "grant_type=client_credentials&client_id=root&client_secret=s3cr3t&scope=catalog", status: 200, want: whole},
		{name: "9.24 a token for a token", line: "POST /oauth/tokens", headers: []string{form}, status: 200, want: whole,
			body: "grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token_type=urn:ietf:params:oauth:token-type:access_token&scope=catalog&subject_token=" + root},
		{name: "9 DuckDB: a secret by Basic", line: "POST /oauth/tokens", headers: []string{form, "Authorization: Basic cm9vdDpzM2NyM3Q="}, body: "grant_type=client_credentials&scope=catalog", status: 200, want: whole},
		{name: "9 Snowflake: a bearer", line: "GET /lake/namespaces", status: 200, want: `^\{"namespaces"`},
	})
}

func TestDetailsOfExpiry(t *testing.T) {
	var late time.Duration
	s, root := detailed(t, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(late) } })
	row := detail{name: "9.26 a good token", line: "GET /lake/namespaces/n/tables/t", status: 200, want: `^\{"metadata-location"`}
	s.hold(t, root, []detail{row})
	late = 2 * time.Hour
	s.hold(t, root, []detail{
		{name: "9.26 an expired token is 401", line: row.line, status: 401},
		{name: "9.26 of a commit too", line: "POST /lake/namespaces/n/tables/t", body: `{"updates":[]}`, status: 401},
		{name: "9 StarRocks, Doris: of a refresh too", line: "GET /lake/namespaces/n/tables/t/credentials", status: 401},
		{name: "9 StarRocks, Doris: of config too", line: "GET /config?warehouse=lake", status: 401},
	})
	if got := s.send(t, root, row).Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("9.26 an expired token is 401: got WWW-Authenticate %q, want Bearer", got)
	}
	s.hold(t, s.login(t, "root", "s3cr3t"), []detail{row})
}
