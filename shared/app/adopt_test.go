package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/lake"
	"firn/shared/s3local"
)

// in asks as root of a realm, which must be answered with the status.
func (s *server) in(t *testing.T, realm string, status int, method, path, body string) []byte {
	t.Helper()
	ask := func(status int, bearer, method, path, kind, body string) []byte {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Polaris-Realm", realm)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", bearer)
		w := httptest.NewRecorder()
		s.Handler.ServeHTTP(w, r)
		if w.Code != status {
			t.Fatalf("%s %s in %s: got %d %s, want %d", method, path, realm, w.Code, w.Body, status)
		}
		return w.Body.Bytes()
	}
	var token struct {
		Token string `json:"access_token"`
	}
	err := json.Unmarshal(ask(200, "", "POST", "/api/catalog/v1/oauth/tokens", "application/x-www-form-urlencoded",
		"grant_type=client_credentials&scope=PRINCIPAL_ROLE:ALL&client_id=root&client_secret=s3cr3t"), &token)
	if err != nil {
		t.Fatal(err)
	}
	return ask(status, "Bearer "+token.Token, method, path, "application/json", body)
}

// Two realms followed the README: each has a catalog at s3://lake/wh. A folder of before, in which their tables lie side by
// side, is taken apart by the tables.
func TestAdopt_RealmsWithCatalogsAtOneBase_AreToldApartByTheirTables(t *testing.T) {
	s := newServer(t, func(c *Config) { c.UniqueLocations = true })
	objects := filepath.Join(t.TempDir(), "objects")
	want := map[string]string{"lake/nobodys/f": "POLARIS", "lake/wh/stray": "POLARIS"}
	for _, realm := range []string{"POLARIS", "OTHER"} {
		s.in(t, realm, 201, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://lake/wh"},"storageConfigInfo":{"storageType":"S3"}}}`)
		s.in(t, realm, 201, "PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
		for _, path := range []string{"n", `n","deep`} {
			s.in(t, realm, 200, "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["`+path+`"]}`)
		}
		for _, ns := range []string{"n", "n%1Fdeep"} {
			var made struct{ Metadata struct{ Location string } }
			body := s.in(t, realm, 200, "POST", "/api/catalog/v1/lake/namespaces/"+ns+"/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
			if err := json.Unmarshal(body, &made); err != nil {
				t.Fatal(err)
			}
			want[strings.TrimPrefix(made.Metadata.Location, "s3://")+"/data/f"] = realm
		}
	}
	s.in(t, "OTHER", 201, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"own","properties":{"default-base-location":"s3://own/wh"},"storageConfigInfo":{"storageType":"S3"}}}`)
	s.in(t, "OTHER", 201, "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"afar","properties":{"default-base-location":"s3://afar/wh"},"storageConfigInfo":{"storageType":"S3","roleArn":"arn:aws:iam::123456789012:role/x"}}}`)
	want["own/wh/f"], want["afar/wh/f"] = "OTHER", "POLARIS"
	write := func(name, text string) error {
		name = filepath.Join(objects, filepath.FromSlash(name))
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600))
	}
	err := write(".firn/layout", "plain")
	for key := range want {
		err = errors.Join(err, write(key, ""))
	}
	if err != nil {
		t.Fatal(err)
	}
	store, err := s3local.Open(s3local.Config{Dir: objects, Now: time.Now, Adopt: func() (s3local.Adoption, error) {
		return claimed(t.Context(), s.Catalog.Store, []lake.Realm{"POLARIS", "OTHER"})
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for key, realm := range want {
		if _, err := os.Stat(filepath.Join(objects, "realm="+realm, filepath.FromSlash(key))); err != nil {
			t.Errorf("%s: got %v, want it in %s", key, err, realm)
		}
	}
}

func TestServe_DataFolderOfBefore_IsTakenOver(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	serve := func() {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		err := Serve(ctx, World{Getenv: func(string) string { return "" }, Stdout: stopper(stop), Stderr: io.Discard},
			ServeConfig{Data: data, Listen: "127.0.0.1:0", StoreListen: "127.0.0.1:0", Realms: []string{"POLARIS", "OTHER"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	serve()
	objects := filepath.Join(data, "objects")
	err := errors.Join(os.WriteFile(objects+"/.firn/layout", []byte("plain"), 0o600), os.MkdirAll(objects+"/lake/wh", 0o700),
		os.WriteFile(objects+"/lake/wh/f", []byte("old"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		serve()
		if text, err := os.ReadFile(objects + "/realm=POLARIS/lake/wh/f"); string(text) != "old" || err != nil {
			t.Errorf("got %q, %v, want the object in the first realm's folder", text, err)
		}
	}
}
