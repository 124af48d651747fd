package app

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What each engine needs of a whole load.
const (
	inConfig = `"config":\{[^{}]*"s3\.access-key-id":"[^"]+"[^{}]*\}`
	oneEntry = `"storage-credentials":\[\{"prefix":"s3://lake/wh/n/\w+","config":\{[^{}]*"s3\.access-key-id":"[^{}]*\}\}\]\}$`
	refresh  = `"client\.refresh-credentials-enabled":"true","client\.refresh-credentials-endpoint":"v1/lake/namespaces/n/tables/t/credentials"`
	noKeys   = `access-key|session-token|refresh-credentials|storage-credentials`
)

func TestDetailsOfEngines(t *testing.T) {
	s, root := detailed(t, nil)
	for _, commit := range []string{snapshot(1, "t", ""), snapshot(2, "t", `"parent-snapshot-id":1,`)} {
		decodeBody(t, s.ask(t, root, "POST", inLake+"/n/tables/t", commit), 200, nil)
	}
	var made view
	decodeBody(t, s.ask(t, root, "POST", inLake+"/n/tables", `{"name":"old",`+fields+`}`), 200, &made)
	decodeBody(t, s.ask(t, root, "POST", inLake+"/n/tables/old/unregister", ""), 200, nil)
	staged := `{"name":"staged","stage-create":true,` + fields + `}`
	s.hold(t, root, []detail{
		{name: "9 Spark: a staged table", line: "POST /lake/namespaces/n/tables", body: staged, status: 200, want: `^\{"metadata":\{`},
		{name: "9 Spark: a report", line: "POST /lake/namespaces/n/tables/t/metrics", status: 204,
			body: `{"report-type":"scan-report","table-name":"lake.n.t","snapshot-id":2,"filter":true,"schema-id":0,"projected-field-ids":[],"projected-field-names":[],"metrics":{}}`},
		{name: "9 Spark: fresh keys", line: "GET /lake/namespaces/n/tables/t/credentials", status: 200, want: `^\{` + oneEntry},
		{name: "9 Spark: the server says whether it purges", line: "DELETE /lake/namespaces/n/tables/t?purgeRequested=true", status: 403, want: `polaris\.config\.drop-with-purge\.enabled`},
		{name: "9 Trino: keys in config", line: "GET /lake/namespaces/n/tables/t", headers: []string{delegated}, status: 200, want: inConfig},
		{name: "9 Trino: one entry of keys", line: "GET /lake/namespaces/n/tables/t", headers: []string{delegated}, status: 200, want: oneEntry},
		{name: "9 Trino: whether a view is there before it is replaced", line: "HEAD /lake/namespaces/n/views/v", status: 204},
		{name: "9 Trino: nested namespaces", line: "GET /lake/namespaces?parent=n", status: 200, want: `^\{"namespaces":\[\["n","sub"\]\]`},
		{name: "9 Trino: a conflict says what it is", line: "POST /lake/namespaces/n/views", body: `{"name":"v",` + viewFields + `}`, status: 409, want: `"message":"View already exists: n\.v","type":"AlreadyExistsException"`},
		{name: "9 Flink: where fresh keys are", line: "GET /lake/namespaces/n/tables/t", headers: []string{delegated}, status: 200, want: refresh},
		{name: "9 Flink: the snapshots that refs name", line: "GET /lake/namespaces/n/tables/t?snapshots=refs", status: 200, want: `"snapshots":\[[^\]]*"snapshot-id":2,`, lacks: `"snapshots":\[[^\]]*"snapshot-id":1,`},
		{name: "9 Flink: all snapshots", line: "GET /lake/namespaces/n/tables/t?snapshots=all", status: 200, want: `"snapshots":\[[^\]]*"snapshot-id":1,[^\]]*"snapshot-id":2,`},
		{name: "9 PyIceberg: keys for a staged table in config", line: "POST /lake/namespaces/n/tables", headers: []string{delegated}, body: staged, status: 200, want: inConfig},
		{name: "9 DuckDB: a region", line: "GET /lake/namespaces/n/tables/t", headers: []string{delegated}, status: 200, want: `"storage-credentials":\[.*"client\.region":"us-east-1"`},
		{name: "9 DuckDB: path style is a text of one of two", line: "GET /lake/namespaces/n/tables/t", headers: []string{delegated}, status: 200, want: `"s3\.path-style-access":"true"`},
		{name: "9 DuckDB: a transaction", line: "POST /lake/transactions/commit", status: 204,
			body: `{"table-changes":[{"identifier":{"namespace":["n"],"name":"t"},"requirements":[],"updates":[{"action":"set-properties","updates":{"e":"f"}}]}]}`},
		{name: "9 Snowflake: one bucket for a table", line: "GET /lake/namespaces/n/tables/t", headers: []string{delegated}, status: 200, want: oneEntry},
		{name: "9 Snowflake: when keys end", line: "GET /lake/namespaces/n/tables/t", headers: []string{delegated}, status: 200, want: `"s3\.session-token-expires-at-ms":"\d{13}"`},
		{name: "9 ClickHouse: keys in config", line: "GET /lake/namespaces/n/tables/t", headers: []string{delegated}, status: 200, want: inConfig},
		{name: "9 Rust: the header in lower case and a list", line: "GET /lake/namespaces/n/tables/t", headers: []string{"x-iceberg-access-delegation: Vended-Credentials, remote-signing"}, status: 200, want: inConfig},

		{name: "9.1 PyIceberg: setting and removing at once", line: "POST /lake/namespaces/n/properties", body: `{"removals":["gone"],"updates":{"k":"1"}}`, status: 200, want: `^\{"updated":\["k"\],"removed":\[\],"missing":\["gone"\]\}$`},
		// Trino itself refuses to start with its procedure register_table and vended keys: a server answers those who may ask.
		{name: "9.1 Trino: register with vended keys", line: "POST /lake/namespaces/n/register", headers: []string{delegated}, body: `{"name":"again","metadata-location":"` + made.MetadataLocation + `"}`, status: 200, want: inConfig + "," + oneEntry},
		// ClickHouse doubles the bucket where an endpoint with path style comes with the keys. firn means otherwise: without the
		// endpoint no other client would find the store. Its drop leaves out the prefix, and then nothing may be dropped.
		{name: "9.1 ClickHouse: no prefix, no drop", line: "DELETE /namespaces/n/tables/t", status: 404, want: `"type":"NotFoundException"`},
		{name: "9.1 ClickHouse: and the table is there", line: "HEAD /lake/namespaces/n/tables/t", status: 204},
		{name: "9.1 ClickHouse: no keys that nobody asked for", line: "GET /lake/namespaces/n/tables/t", status: 200, want: `^\{"metadata-location"`, lacks: noKeys},
	})
}

// What is known of the store goes with a load whether keys do or not, and never with a commit.
func TestDetailsOfSettings(t *testing.T) {
	s, root := lakeServer(t, nil)
	decodeBody(t, s.ask(t, root, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"near","properties":{"default-base-location":"s3://near/wh"},"storageConfigInfo":{"storageType":"S3","region":"us-east-1"}}}`), 201, nil)
	decodeBody(t, s.ask(t, root, "PUT", "/api/management/v1/catalogs/near/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`), 201, nil)
	decodeBody(t, s.ask(t, root, "POST", "/api/catalog/v1/near/namespaces", `{"namespace":["n"]}`), 200, nil)
	s.hold(t, root, []detail{
		{name: "9 DuckDB: a region without keys", line: "POST /near/namespaces/n/tables", body: `{"name":"t",` + fields + `}`, status: 200, want: `,"config":\{"client\.region":"us-east-1"\}\}$`, lacks: noKeys},
		{name: "9.2 a commit has no config", line: "POST /near/namespaces/n/tables/t", body: `{"updates":[]}`, status: 200, want: `^\{"metadata-location"`, lacks: `"config"`},
	})
}

// What an engine may call it looks up here, and calls nothing else.
func TestDetailsOfEndpoints(t *testing.T) {
	s, root := lakeServer(t, nil)
	var config struct{ Endpoints []string }
	decodeBody(t, s.get(t, root, "/api/catalog/v1/config?warehouse=lake"), 200, &config)
	const namespace = " /v1/{prefix}/namespaces/{namespace}"
	for _, row := range []struct{ name, endpoint string }{
		{"9.1 PyIceberg, iceberg-go: credentials are advertised", "GET" + namespace + "/tables/{table}/credentials"},
		{"9 Spark: views are advertised", "GET" + namespace + "/views/{view}"},
		{"9 Spark: making them too", "POST" + namespace + "/views"},
		{"9 Spark: HEADs are advertised: namespaces", "HEAD" + namespace},
		{"9 Spark: tables", "HEAD" + namespace + "/tables/{table}"},
		{"9 Spark: views", "HEAD" + namespace + "/views/{view}"},
		{"9 Spark: reports are advertised", "POST" + namespace + "/tables/{table}/metrics"},
		{"9 DuckDB: transactions are advertised", "POST /v1/{prefix}/transactions/commit"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if !slices.Contains(config.Endpoints, row.endpoint) {
				t.Errorf("got %q, want %s among them", config.Endpoints, row.endpoint)
			}
		})
	}
}

// Engines that get no fresh keys work as long as the first ones, and the others follow the path in them.
func TestDetailsOfKeys(t *testing.T) {
	s, root := detailed(t, nil)
	var loaded view
	decodeBody(t, s.get(t, root, inLake+"/n/tables/t", delegated), 200, &loaded)
	ends, err := strconv.ParseInt(loaded.Config["s3.session-token-expires-at-ms"], 10, 64)
	if left := time.Until(time.UnixMilli(ends)); err != nil || left < 55*time.Minute {
		t.Errorf("9 PyIceberg: keys that last: got %s (%v), want about an hour", left, err)
	}
	s.hold(t, root, []detail{{name: "9.1 Spark: fresh keys where the load says", line: "GET " + strings.TrimPrefix(loaded.Config["client.refresh-credentials-endpoint"], "v1"), status: 200, want: `^\{` + oneEntry}})
}

// Gravitino's client sends a token only if it is one whose end it can read.
func TestDetailsOfGravitino(t *testing.T) {
	s, _ := lakeServer(t, nil)
	parts := strings.Split(s.login(t, "root", "s3cr3t"), ".")
	if len(parts) != 3 {
		t.Fatalf("9.1 Gravitino: got %d parts of a token, want 3", len(parts))
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Expires int64 `json:"exp"` // an integer: another number is not decoded
	}
	if err := json.Unmarshal(text, &claims); err != nil || claims.Expires < time.Now().Unix() {
		t.Errorf("9.1 Gravitino: got %s (%v), want an integer exp to come", text, err)
	}
}
