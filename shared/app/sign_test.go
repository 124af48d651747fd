package app

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a client that asks for remote signing sees, from the load to the bytes in the embedded store; what it is told when
// it asks wrongly.
func TestRemoteSigningThroughTheDoor(t *testing.T) {
	s := newServer(t, nil)
	token := s.login(t, "root", "s3cr3t")
	must := func(method, path, body string) {
		if w := s.ask(t, token, method, path, body); w.Code/100 != 2 {
			t.Fatalf("%s %s: got %d %s", method, path, w.Code, w.Body)
		}
	}
	must("POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh"},"storageConfigInfo":{"storageType":"S3"}}}`)
	must("PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	must("POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["n"]}`)
	must("POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"t","location":"s3://lake/wh/n/t","schema":{"type":"struct","fields":[]}}`)

	r := httptest.NewRequest("GET", "/api/catalog/v1/lake/namespaces/n/tables/t", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("X-Iceberg-Access-Delegation", "remote-signing")
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	var loaded struct {
		Config      map[string]string `json:"config"`
		Credentials []any             `json:"storage-credentials"`
	}
	decodeBody(t, w, 200, &loaded)
	const path = "v1/lake/namespaces/n/tables/t/sign"
	want := map[string]string{"s3.remote-signing-enabled": "true", "signer.endpoint": path, "s3.signer.endpoint": path, "s3.signer": "S3V4RestSigner",
		"py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO", "client.region": "us-east-1", "s3.endpoint": s.objects.URL, "s3.path-style-access": "true"}
	if diff := cmp.Diff(want, loaded.Config); diff != "" || loaded.Credentials != nil {
		t.Errorf("got credentials %v; config (-want +got):\n%s", loaded.Credentials, diff)
	}

	file := s.objects.URL + "/lake/wh/n/t/data/f"
	for _, step := range []struct{ method, body, want string }{{"PUT", "hello", ""}, {"GET", "", "hello"}} {
		body, err := json.Marshal(map[string]any{"region": "us-east-1", "uri": file, "method": step.method, "headers": map[string]any{"User-Agent": []string{"u"}}, "provider": "s3", "properties": map[string]string{}})
		if err != nil {
			t.Fatal(err)
		}
		w := s.ask(t, token, "POST", "/api/catalog/"+path, string(body))
		var signed struct {
			URI     string              `json:"uri"`
			Headers map[string][]string `json:"headers"`
		}
		decodeBody(t, w, 200, &signed)
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("got Cache-Control %q, want no-store: a signature that is used again outlives the right", got)
		}
		if got := send(t, step.method, signed.URI, step.body, signed.Headers); got != "200 "+step.want {
			t.Errorf("%s: got %s, want 200 %s", step.method, got, step.want)
		}
	}

	rows := []struct {
		name, body string
		status     int
		want       string
	}{
		{"another's file", `{"region":"us-east-1","uri":"` + s.objects.URL + `/lake/wh/n/t2/f","method":"GET","headers":{}}`, 403, "GetObject of s3://lake/wh/n/t2/f is not signed: it is outside of the table's locations."},
		{"an operation that is not signed", `{"region":"us-east-1","uri":"` + file + `?acl","method":"GET","headers":{}}`, 403, `GetObject does not take the query parameter \"acl\"`},
		{"other storage", `{"region":"us-east-1","uri":"http://192.0.2.1/lake/wh/n/t/f","method":"GET","headers":{}}`, 400, "that is not the catalog's storage"},
		{"another region", `{"region":"eu-west-1","uri":"` + file + `","method":"GET","headers":{}}`, 400, `the catalog's storage is in \"us-east-1\"`},
		{"no uri", `{"region":"us-east-1","method":"GET","headers":{}}`, 400, "region, uri, method and headers are needed"},
		{"no method", `{"region":"us-east-1","uri":"` + file + `","headers":{}}`, 400, "region, uri, method and headers are needed"},
		{"no region", `{"uri":"` + file + `","method":"GET","headers":{}}`, 400, "region, uri, method and headers are needed"},
		{"no headers", `{"region":"us-east-1","uri":"` + file + `","method":"GET"}`, 400, "region, uri, method and headers are needed"},
		{"another provider", `{"region":"us-east-1","uri":"` + file + `","method":"GET","headers":{},"provider":"gcs"}`, 400, `storage of provider \"gcs\"`},
		{"headers that are no lists", `{"region":"us-east-1","uri":"` + file + `","method":"GET","headers":{"a":"b"}}`, 400, ""},
	}
	for _, row := range rows {
		if w := s.ask(t, token, "POST", "/api/catalog/"+path, row.body); w.Code != row.status || !strings.Contains(w.Body.String(), row.want) {
			t.Errorf("%s: got %d %s, want %d %s", row.name, w.Code, w.Body, row.status, row.want)
		}
	}
}

func send(t *testing.T, method, uri, body string, headers http.Header) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, uri, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = headers
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Status[:4] + string(text)
}
