package management_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/shared/admin"
	"firn/shared/fault"
	"firn/shared/kv/bolt"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/probe"
	"firn/shared/protocol/management"
	"firn/shared/rest"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/store"
)

// world is a realm that can be asked over its door. Time stands still unless a test moves it.
type world struct {
	t       *testing.T
	table   *faulty.Driver
	store   *store.Store
	door    *rest.Door
	log     bytes.Buffer
	bearers map[string]lake.Caller // by token, which is whom a test calls it
	revoked []string               // names of principals whose keys had to die, in order
	names   map[lake.ID]string
	at      time.Time
}

var noon = time.Date(2026, 1, 2, 12, 0, 0, 345_678_901, time.UTC)

const noonMillis = "1767355200345"

// newWorld makes the realm, with root logged in. change adjusts the settings.
func newWorld(t *testing.T, change func(*admin.Config)) *world {
	t.Helper()
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, at: noon, table: faulty.New(db), bearers: map[string]lake.Caller{}, names: map[lake.ID]string{}}
	now := func() time.Time { return w.at }
	w.store = store.New(store.Config{Driver: w.table, Now: now})
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	c := admin.Config{StoragePolicy: storagepolicytest.Lenient([]string{"http://127.0.0.1:1", "http://192.0.2.1", "https://192.0.2.1"}, "lab"), Store: w.store, Log: log, Now: now, RequireRotation: true, Revoked: func(ids ...lake.ID) {
		for _, id := range ids {
			w.revoked = append(w.revoked, w.names[id])
		}
	}}
	c.Prober = probe.New(probe.Config{Now: now}) // without drivers: storage without keys needs none
	if change != nil {
		change(&c)
	}
	service := admin.New(c)
	w.door, err = rest.New(rest.Config{Protocols: []rest.Protocol{management.Protocol(service)}, Realms: []lake.Realm{"R"}, Verifier: w, Log: log, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	made, root, err := service.Bootstrap(t.Context(), "R", lake.Credentials{})
	if err != nil || !made {
		t.Fatalf("bootstrap: got %v, %v", made, err)
	}
	w.login("root", root.ClientID, root.ClientSecret.Reveal())
	return w
}

// Verify knows whoever logged in.
func (w *world) Verify(_ lake.Realm, raw string, _ time.Time) (lake.Caller, error) {
	if c, ok := w.bearers[raw]; ok {
		return c, nil
	}
	return lake.Caller{}, fault.New(fault.Unauthenticated, "Not authorized")
}

// login gets a token, called who. It fails the test unless the credentials are good.
func (w *world) login(who, id, secret string) {
	w.t.Helper()
	if err := w.tryLogin(who, id, secret); err != nil {
		w.t.Fatalf("log in as %s: %v", who, err)
	}
}

func (w *world) tryLogin(who, id, secret string) error {
	client, err := w.store.Client(w.t.Context(), "R", id)
	if err != nil {
		return err
	}
	generation, ok := client.Secrets.Match(lake.Secret(secret))
	if !ok {
		return fault.New(fault.Unauthenticated, "wrong secret")
	}
	w.bearers[who] = lake.Caller{Realm: "R", PrincipalID: client.PrincipalID, Principal: client.Principal, AllRoles: true, Generation: generation}
	w.names[client.PrincipalID] = client.Principal
	return nil
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// ask sends a request below the base path: "PUT /catalogs/c {...}".
func (w *world) ask(who, request string) answer {
	w.t.Helper()
	method, rest, _ := strings.Cut(request, " ")
	target, body, _ := strings.Cut(rest, " ")
	r := httptest.NewRequest(method, "/api/management/v1"+target, strings.NewReader(body))
	if who != "" {
		r.Header.Set("Authorization", "Bearer "+who)
	}
	recorder := httptest.NewRecorder()
	w.door.ServeHTTP(recorder, r)
	return answer{recorder, w.t}
}

// must sends requests as root, all of which must succeed.
func (w *world) must(requests ...string) {
	w.t.Helper()
	for _, request := range requests {
		if a := w.ask("root", request); a.Code >= 300 {
			w.t.Fatalf("%s: got %d %s", request, a.Code, a.Body)
		}
	}
}

// add makes a principal and logs it in.
func (w *world) add(name string) credentials {
	w.t.Helper()
	made := w.ask("root", `POST /principals {"principal":{"name":"`+name+`"}}`).credentials()
	w.login(name, made.ID, made.Secret)
	return made
}

// holder makes a principal of the name, logged in, with a principal role of its own that has the catalog role.
func (w *world) holder(name, catalog, catalogRole string) {
	w.t.Helper()
	w.add(name)
	w.must(`POST /principal-roles {"principalRole":{"name":"`+name+`-role"}}`,
		`PUT /principals/`+name+`/principal-roles {"principalRole":{"name":"`+name+`-role"}}`,
		`PUT /principal-roles/`+name+`-role/catalog-roles/`+catalog+` {"catalogRole":{"name":"`+catalogRole+`"}}`)
}

// filled puts the id of the principal victim into a request.
func (w *world) filled(request string) string {
	for id, name := range w.names {
		if name == "victim" {
			request = strings.ReplaceAll(request, "{victim}", string(id))
		}
	}
	return request
}

// catalog is a request that makes a catalog on S3.
func catalog(name string) string {
	return `POST /catalogs {"catalog":{"type":"INTERNAL","name":"` + name + `","properties":{"default-base-location":"s3://b/` + name + `"},"storageConfigInfo":{"storageType":"S3"}}}`
}

// took gives whose keys had to die since it was last asked, each once, in alphabetical order.
func (w *world) took() []string {
	all := slices.Sorted(slices.Values(w.revoked))
	w.revoked = nil
	return slices.Compact(all)
}

type credentials struct {
	ID     string `json:"clientId"`
	Secret string `json:"clientSecret"`
}

// credentials reads PrincipalWithCredentials.
func (a answer) credentials() credentials {
	a.t.Helper()
	var out struct{ Credentials credentials }
	if err := json.Unmarshal(a.Body.Bytes(), &out); err != nil || out.Credentials.Secret == "" {
		a.t.Fatalf("no credentials in %d %s", a.Code, a.Body)
	}
	return out.Credentials
}

// want holds the answer against a status and what its body must hold: parts of its text, without spaces where it is JSON.
func (a answer) want(status int, parts ...string) {
	a.t.Helper()
	if a.Code != status {
		a.t.Errorf("got %d %s, want %d", a.Code, a.Body, status)
		return
	}
	for _, part := range parts {
		if !strings.Contains(a.Body.String(), part) {
			a.t.Errorf("got %s, want it to hold %s", a.Body, part)
		}
	}
}

// refused is the error body of a refusal.
func refused(kind, message string) string {
	text, _ := json.Marshal(message)
	return `{"error":{"message":` + string(text) + `,"type":"` + kind + `"`
}
