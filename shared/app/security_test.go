package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"firn/shared/rest"
)

func decodeBody(t testing.TB, w *httptest.ResponseRecorder, status int, v any) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("got %d %s, want %d", w.Code, w.Body, status)
	}
	if v == nil {
		return
	}
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		t.Fatalf("answer %s: %v", w.Body, err)
	}
}

// public are the operations that need no token. A route that becomes public must be written down here.
var public = map[string]bool{"oauth.getToken": true, "oauth.getKeys": true, "operations.health": true}

// everyRoute gives each route with a path that fits its pattern.
func everyRoute(s *server, each func(name, method, path string, r rest.Route)) {
	fill := strings.NewReplacer("{prefix}", "lake", "{namespace}", "n", "{table}", "t", "{function}", "f", "{view}", "v", "{catalogName}", "lake", "{principalName}", "victim",
		"{principalRoleName}", "victims", "{catalogRoleName}", "catalog_admin", "{shareName}", "s", "{schemaName}", "x", "{tableName}", "t",
		"{recipientName}", "victim", "{share}", "s", "{schema}", "x", "{metalake}", "POLARIS", "{metadataObjectType}", "table",
		"{metadataObjectFullName}", "lake.n.t")
	for _, p := range s.Routes {
		for _, r := range p.Routes {
			each(p.Name+"."+r.Operation, r.Method, fill.Replace(r.Pattern), r)
		}
	}
}

func TestEveryOperationButThePublicOnesNeedsAToken(t *testing.T) {
	s := newServer(t, nil)
	everyRoute(s, func(name, method, path string, r rest.Route) {
		if r.Public != public[name] {
			t.Errorf("%s: got public %v, want %v", name, r.Public, public[name])
		}
		if r.Public {
			return
		}
		for _, bearer := range []string{"", "garbage", "a.b.c"} {
			if w := s.ask(t, bearer, method, path, "{}"); w.Code != http.StatusUnauthorized {
				t.Errorf("%s with token %q: got %d %s, want 401", name, bearer, w.Code, w.Body)
			}
		}
	})
}

// open are the operations that any caller with a good token may use.
var open = map[string]bool{"iceberg.getConfig": true}

// bodies are requests that pass every check of their form, so that what refuses them is the check of access.
var bodies = map[string]string{
	"iceberg.createNamespace":                     `{"namespace":["new"]}`,
	"iceberg.updateProperties":                    `{"updates":{"a":"b"}}`,
	"iceberg.createTable":                         `{"name":"new","schema":{"type":"struct","fields":[]}}`,
	"iceberg.registerTable":                       `{"name":"new","metadata-location":"s3://lake/wh/n/t/metadata/x.metadata.json"}`,
	"iceberg.updateTable":                         `{"updates":[{"action":"set-properties","updates":{"a":"b"}}]}`,
	"iceberg.reportMetrics":                       `{"report-type":"scan-report","metrics":{}}`,
	"iceberg.commitTransaction":                   `{"table-changes":[{"identifier":{"namespace":["n"],"name":"t"},"requirements":[],"updates":[{"action":"set-properties","updates":{"a":"b"}}]}]}`,
	"iceberg.signRequest":                         `{"region":"us-east-1","uri":"http://127.0.0.1:1/lake/wh/n/t/data/a","method":"GET","headers":{}}`,
	"iceberg.createView":                          `{"name":"new",` + viewFields + `}`,
	"iceberg.registerView":                        `{"name":"new","metadata-location":"s3://lake/wh/n/v/metadata/x.metadata.json"}`,
	"iceberg.replaceView":                         `{"updates":[{"action":"set-properties","updates":{"a":"b"}}]}`,
	"iceberg.renameView":                          `{"source":{"namespace":["n"],"name":"v"},"destination":{"namespace":["n"],"name":"w"}}`,
	"iceberg.renameTable":                         `{"source":{"namespace":["n"],"name":"t"},"destination":{"namespace":["n"],"name":"u"}}`,
	"management.createCatalog":                    `{"catalog":{"type":"INTERNAL","name":"new","properties":{"default-base-location":"s3://lake/new"},"storageConfigInfo":{"storageType":"S3"}}}`,
	"management.updateCatalog":                    `{"currentEntityVersion":1,"properties":{}}`,
	"management.createPrincipal":                  `{"principal":{"name":"new"}}`,
	"management.updatePrincipal":                  `{"currentEntityVersion":1,"properties":{}}`,
	"management.assignPrincipalRole":              `{"principalRole":{"name":"victims"}}`,
	"management.createPrincipalRole":              `{"principalRole":{"name":"new"}}`,
	"management.updatePrincipalRole":              `{"currentEntityVersion":1,"properties":{}}`,
	"management.assignCatalogRoleToPrincipalRole": `{"catalogRole":{"name":"catalog_admin"}}`,
	"management.createCatalogRole":                `{"catalogRole":{"name":"new"}}`,
	"management.updateCatalogRole":                `{"currentEntityVersion":1,"properties":{}}`,
	"management.revokeKeys":                       `{"principal":"victim"}`,
	"management.addGrantToCatalogRole":            `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`,
	"management.revokeGrantFromCatalogRole":       `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_ACCESS"}}`,
	"management.createShare":                      `{"share":{"name":"new"}}`,
	"management.addTableToShare":                  `{"table":{"schema":"x","name":"new","catalogName":"lake","namespace":["n"],"tableName":"t"}}`,
	"management.grantShare":                       `{"recipient":{"name":"victim"}}`,
	"management.createRecipient":                  `{"recipient":{"name":"nobody"}}`,
}

// viewFields are those of a view that is to be made, but for its name.
const viewFields = `"schema":{"type":"struct","fields":[]},"view-version":{"version-id":1,"timestamp-ms":1,"schema-id":0,"summary":{},"default-namespace":["n"],
	"representations":[{"type":"sql","sql":"select 1","dialect":"spark"}]}`

func TestAPrincipalWithoutGrantsMayDoNothing(t *testing.T) {
	s := newServer(t, nil)
	root := s.login(t, "root", "s3cr3t")
	must := func(status int, method, path, body string) *httptest.ResponseRecorder {
		t.Helper()
		w := s.ask(t, root, method, path, body)
		if w.Code != status {
			t.Fatalf("%s %s: got %d %s, want %d", method, path, w.Code, w.Body, status)
		}
		return w
	}
	must(201, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh"},"storageConfigInfo":{"storageType":"S3"}}}`)
	must(201, "PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	must(200, "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`)
	must(200, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	must(200, "POST", "/api/catalog/v1/lake/namespaces/n/views", `{"name":"v",`+viewFields+`}`)
	must(201, "POST", "/api/management/v1/principals", `{"principal":{"name":"victim"}}`)
	must(201, "POST", "/api/management/v1/principal-roles", `{"principalRole":{"name":"victims"}}`)
	must(201, "PUT", "/api/management/v1/principals/victim/principal-roles", `{"principalRole":{"name":"victims"}}`)
	must(201, "PUT", "/api/management/v1/principal-roles/victims/catalog-roles/lake", `{"catalogRole":{"name":"catalog_admin"}}`)
	must(201, "POST", "/api/management/v1/shares", `{"share":{"name":"s"}}`)
	must(201, "POST", "/api/management/v1/shares/s/tables", `{"table":{"schema":"x","name":"t","catalogName":"lake","namespace":["n"],"tableName":"t"}}`)
	must(201, "POST", "/api/management/v1/recipients", `{"recipient":{"name":"victim"}}`)
	must(201, "PUT", "/api/management/v1/shares/s/recipients", `{"recipient":{"name":"victim"}}`)
	var made struct {
		Credentials struct {
			ID     string `json:"clientId"`
			Secret string `json:"clientSecret"`
		} `json:"credentials"`
	}
	decodeBody(t, must(201, "POST", "/api/management/v1/principals", `{"principal":{"name":"nobody"}}`), 201, &made)
	nobody := s.login(t, made.Credentials.ID, made.Credentials.Secret)

	everyRoute(s, func(name, method, path string, r rest.Route) {
		if r.Public || open[name] {
			return
		}
		body := bodies[name]
		if body == "" && (method == http.MethodPost || method == http.MethodPut) {
			body = "{}"
		}
		w := s.ask(t, nobody, method, path, body)
		if w.Code != http.StatusForbidden && w.Code != http.StatusNotFound {
			t.Errorf("%s %s %s: got %d %s, want 403 or 404", name, method, path, w.Code, w.Body)
		}
	})
}
