package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/app/base"
	"firn/shared/kv"
	"firn/shared/kv/bolt"
	"firn/shared/lake"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/token"
	"firn/shared/vend"
)

// server is a whole firn in this process: an embedded table and object store in a temporary folder, the realms POLARIS
// and OTHER with root:s3cr3t each.
type server struct {
	*App
	table   kv.Driver
	objects *httptest.Server // the embedded store's endpoint
}

// newServer starts one. change adjusts its settings before it is joined.
func newServer(t testing.TB, change func(*Config)) *server {
	t.Helper()
	return serverAt(t, time.Now, nil, change)
}

// serverAt starts one whose object store and keys live at another time, and whose vendor is in something that a test made.
func serverAt(t testing.TB, now func() time.Time, wrap func(vend.Vendor) vend.Vendor, change func(*Config)) *server {
	t.Helper()
	dir := t.TempDir()
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(dir, "firn.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys, err := token.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	objects := httptest.NewUnstartedServer(nil)
	e, err := openEmbedded(filepath.Join(dir, "objects"), "http://"+objects.Listener.Addr().String(), now, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.store.Close() })
	objects.Config.Handler = e.gate
	objects.Start()
	t.Cleanup(objects.Close)
	c := Config{Table: db, Keys: keys, Loopback: true, Log: log, Now: time.Now, Settings: base.Settings{Realms: []lake.Realm{"POLARIS", "OTHER"}, StoragePolicy: storagepolicytest.WithFolders(storagepolicytest.Lenient(nil))}}
	if change != nil {
		change(&c)
	}
	if c, err = e.config(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if wrap != nil {
		c.Vendor = wrap(c.Vendor)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, realm := range c.Realms {
		if _, _, err := a.Admin.Bootstrap(t.Context(), realm, lake.Credentials{ClientID: "root", ClientSecret: "s3cr3t"}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := a.Catalog.Store.Verify(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &server{App: a, table: c.Table, objects: objects}
}

// ask sends one request, with a token where one is given, and gives the answer.
func (s *server) ask(t testing.TB, bearer, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	return w
}

// login gets a token.
func (s *server) login(t testing.TB, id, secret string) string {
	t.Helper()
	form := "grant_type=client_credentials&scope=PRINCIPAL_ROLE:ALL&client_id=" + id + "&client_secret=" + secret
	r := httptest.NewRequest(http.MethodPost, "/api/catalog/v1/oauth/tokens", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	var out struct {
		Token string `json:"access_token"`
	}
	decodeBody(t, w, http.StatusOK, &out)
	return out.Token
}
