package app

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"firn/shared/kv"
	"firn/shared/rest"
)

// A start over a data folder of an earlier release claims the locations of its catalogs, and logs those that two realms
// share, which that release let them have.
func TestStart_ClaimsTheLocationsOfAnEarlierRelease(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	create := func(realm, name, base string) int {
		t.Helper()
		body := `{"catalog":{"type":"INTERNAL","name":"` + name + `","properties":{"default-base-location":"` + base + `"},"storageConfigInfo":{"storageType":"S3","roleArn":"arn:aws:iam::111122223333:role/r"}}}`
		return s.askIn(t, realm, "POST", "/api/management/v1/catalogs", body)
	}
	if got := create("POLARIS", "lake", "s3://bucket/lake"); got != 201 {
		t.Fatalf("got %d, want 201", got)
	}
	if got := create("OTHER", "lake", "s3://bucket/other"); got != 201 {
		t.Fatalf("got %d, want 201", got)
	}
	if got := create("OTHER", "same", "s3://bucket/lake"); got != 400 {
		t.Errorf("got %d for the location of another realm's catalog, want 400", got)
	}
	s.asBefore(t, "OTHER", "lake", "s3://bucket/other", "s3://bucket/lake/within")
	if err := bootstrap(t.Context(), s.Admin, s.realms, nil, World{Stdout: io.Discard}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"level=ERROR", "s3://bucket/lake/within/", "the realm OTHER", "the realm POLARIS"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("got the log %q, want %q in it", log.String(), part)
		}
	}
	log.Reset()
	if err := bootstrap(t.Context(), s.Admin, s.realms, nil, World{Stdout: io.Discard}); err != nil || strings.Contains(log.String(), "overlaps") {
		t.Errorf("again: got %v and the log %q, want nothing to do", err, log.String())
	}
	if got := create("POLARIS", "more", "s3://bucket/lake/within/more"); got != 400 {
		t.Errorf("got %d for a folder of the catalog that was taken over, want 400", got)
	}
}

// asBefore makes a catalog look as an earlier release stored it, at another location.
func (s *server) asBefore(t *testing.T, realm, name, from, to string) {
	t.Helper()
	key := kv.Key{Partition: "catalog/" + realm, Sort: name}
	items, err := s.table.Get(t.Context(), []kv.Key{key})
	if err != nil || items[0] == nil {
		t.Fatalf("got %v, %v", items, err)
	}
	var c map[string]any
	if err := json.Unmarshal(bytes.ReplaceAll(items[0].Data[1:], []byte(from), []byte(to)), &c); err != nil {
		t.Fatal(err)
	}
	delete(c, "reach")
	delete(c, "claims")
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	old := kv.Item{Key: key, Tag: items[0].Tag + "x", Data: append([]byte{items[0].Data[0]}, data...)}
	err = s.table.Write(t.Context(), []kv.Op{{Verb: kv.Put, Item: old}, {Verb: kv.Delete, Item: kv.Item{Key: kv.Key{Partition: "base/" + realm, Sort: "."}}}})
	if err != nil {
		t.Fatal(err)
	}
}

// askIn sends a request of a realm's root, and returns the status.
func (s *server) askIn(t *testing.T, realm, method, target, body string) int {
	t.Helper()
	send := func(r *http.Request) *httptest.ResponseRecorder {
		r.Header.Set(rest.RealmHeader, realm)
		w := httptest.NewRecorder()
		s.Handler.ServeHTTP(w, r)
		return w
	}
	login := httptest.NewRequest("POST", "/api/catalog/v1/oauth/tokens", strings.NewReader("grant_type=client_credentials&scope=PRINCIPAL_ROLE:ALL&client_id=root&client_secret=s3cr3t"))
	login.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var token struct {
		Bearer string `json:"access_token"`
	}
	decodeBody(t, send(login), http.StatusOK, &token)
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token.Bearer)
	r.Header.Set("Content-Type", "application/json")
	return send(r).Code
}
