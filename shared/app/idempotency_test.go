package app

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"firn/shared/rest"
)

// unkeyed are the operations of the protocol that a POST asks for and that change nothing.
var unkeyed = []string{"iceberg.signRequest", "iceberg.reportMetrics"}

// keyedServer has a namespace that is empty, and one with a table and a view; each gives what it is registered by.
func keyedServer(t *testing.T) (ask func(key, method, target, body string) *httptest.ResponseRecorder, table, view string) {
	s := newServer(t, nil)
	root := s.login(t, "root", "s3cr3t")
	ask = func(key, method, target, body string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+root)
		r.Header.Set("Content-Type", "application/json")
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		w := httptest.NewRecorder()
		s.Handler.ServeHTTP(w, r)
		return w
	}
	const inLake = "/api/catalog/v1/lake/namespaces"
	decodeBody(t, ask("", "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh"},"storageConfigInfo":{"storageType":"S3"}}}`), 201, nil)
	decodeBody(t, ask("", "PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`), 201, nil)
	for _, name := range []string{"n", "empty"} {
		decodeBody(t, ask("", "POST", inLake, `{"namespace":["`+name+`"]}`), 200, nil)
	}
	var made struct {
		Location string `json:"metadata-location"`
	}
	decodeBody(t, ask("", "POST", inLake+"/n/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`), 200, &made)
	table = made.Location
	decodeBody(t, ask("", "POST", inLake+"/n/views", `{"name":"v",`+viewFields+`}`), 200, &made)
	return ask, table, made.Location
}

// Every change of the protocol is done once under a key, and its answer is given again.
func TestEveryChangeTakesAKey(t *testing.T) {
	const key = "017F22E2-79B0-7CC3-98C4-DC0C0C07398F"
	everyRoute(newServer(t, nil), func(name, method, path string, _ rest.Route) {
		if !strings.HasPrefix(name, "iceberg.") || method != http.MethodPost && method != http.MethodDelete || slices.Contains(unkeyed, name) {
			return
		}
		t.Run(name, func(t *testing.T) {
			ask, table, view := keyedServer(t)
			body := bodies[name]
			switch name {
			case "iceberg.dropNamespace":
				path = "/api/catalog/v1/lake/namespaces/empty"
			case "iceberg.registerTable":
				decodeBody(t, ask("", "DELETE", "/api/catalog/v1/lake/namespaces/n/tables/t", ""), 204, nil)
				body = `{"name":"new","metadata-location":"` + table + `"}`
			case "iceberg.registerView":
				decodeBody(t, ask("", "DELETE", "/api/catalog/v1/lake/namespaces/n/views/v", ""), 204, nil)
				body = `{"name":"new","metadata-location":"` + view + `"}`
			}
			for _, bad := range []string{"x", key + "0", strings.ReplaceAll(key, "-", "") + "0000", "{" + key[:34] + "}"} {
				if w := ask(bad, method, path, body); w.Code != 400 || !strings.Contains(w.Body.String(), "InvalidIdempotencyKey") {
					t.Errorf("key %q: got %d %s, want 400", bad, w.Code, w.Body)
				}
			}
			first := ask(key, method, path, body)
			if first.Code/100 != 2 {
				t.Fatalf("got %d %s, want success", first.Code, first.Body)
			}
			again := ask(strings.ToLower(key), method, path, body)
			if again.Code != first.Code || again.Body.String() != first.Body.String() || again.Header().Get("ETag") != first.Header().Get("ETag") {
				t.Errorf("again: got %d %s, want %d %s", again.Code, again.Body, first.Code, first.Body)
			}
			if w := ask(key, method, path+"?another=1", body); w.Code != http.StatusUnprocessableEntity {
				t.Errorf("another request: got %d %s, want 422", w.Code, w.Body)
			}
		})
	})
}
