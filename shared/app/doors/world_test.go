package doors_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/admin"
	"firn/shared/app/base"
	"firn/shared/app/doors"
	"firn/shared/app/tokens"
	"firn/shared/blob"
	"firn/shared/catalog"
	"firn/shared/kv/bolt"
	"firn/shared/kv/counted"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/protocol/management"
	"firn/shared/rest"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/store"
	"firn/shared/token"
	"firn/shared/vend"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// world is a realm behind its door: catalogs in each kind of storage, a writer and a reader, and the table n.t in each.
type world struct {
	t      *testing.T
	now    time.Time
	table  *faulty.Driver
	calls  *counted.Driver
	store  *store.Store
	vendor *vendor
	door   *rest.Door
	log    bytes.Buffer
	tokens map[string]string // access tokens by principal
	secret map[string]string // client secrets, likewise
	ids    map[string]string // client ids, likewise
}

// vendor mints credentials that say what they are for, and remembers each grant.
type vendor struct {
	minted []vend.Grant
	err    error
}

var _ vend.Vendor = (*vendor)(nil)

const expires = 1777900500123 // ms

func (v *vendor) Vend(_ context.Context, s *lake.Storage, g vend.Grant) (vend.Credential, error) {
	if err := vend.Validate(s, g); err != nil {
		return vend.Credential{}, err
	}
	if v.err != nil {
		return vend.Credential{}, v.err
	}
	v.minted = append(v.minted, g)
	c := vend.Credential{ID: "id", Expires: time.UnixMilli(expires)}
	switch s.Type {
	case lake.S3:
		c.S3 = &vend.S3Credential{AccessKeyID: "AKIA", SecretAccessKey: "s3-secret", SessionToken: "s3-session", Region: "eu-west-1"}
	case lake.GCS:
		c.GCS = &vend.GCSCredential{Token: "gcs-token-text"}
	case lake.Azure:
		c.Azure = &vend.AzureCredential{Account: "acc", Domain: "core.windows.net", SAS: "sv=1&sig=x"}
	}
	return c, nil
}

// scopes says what was minted since it was last asked: for whom, for what, on which folders.
func (v *vendor) scopes() string {
	var all []string
	for _, g := range v.minted {
		all = append(all, fmt.Sprint(g.Principal, " ", g.Actions, " ", g.Prefixes))
	}
	v.minted = nil
	return strings.Join(all, "; ")
}

// storages are the catalogs: each has its name in its locations.
var storages = map[string]string{
	"lake": `{"storageType":"S3","roleArn":"arn:aws:iam::123456789012:role/firn","region":"eu-west-1"}`,
	"gcs":  `{"storageType":"GCS"}`,
	"adls": `{"storageType":"AZURE","tenantId":"t","hierarchical":true}`,
	"disk": `{"storageType":"FILE"}`,
}

var bases = map[string]string{
	"lake": "s3://b/lake", "gcs": "gs://b/gcs", "adls": "abfss://c@acc.dfs.core.windows.net/adls", "disk": "file:///b/disk",
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	keys, err := token.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: noon, calls: counted.New(db), vendor: &vendor{}, tokens: map[string]string{}, secret: map[string]string{}, ids: map[string]string{}}
	w.table = faulty.New(w.calls)
	now := func() time.Time { return w.now }
	w.store = store.New(store.Config{Driver: w.table, Now: now})
	b := &base.Base{Store: w.store, Keys: keys, Log: slog.New(slog.NewTextHandler(&w.log, nil)), Now: now,
		Settings: base.Settings{Realms: []lake.Realm{"POLARIS", "OTHER"}, StoragePolicy: storagepolicytest.WithFolders(storagepolicytest.Lenient(nil), "/b")}}
	admins := admin.New(admin.Config{Store: w.store, Log: b.Log, Now: now, StoragePolicy: storagepolicytest.WithFolders(storagepolicytest.Lenient(nil), "/b")})
	inside := catalog.New(catalog.Config{Store: w.store, Vendor: w.vendor, Files: blob.ByStorage{}, Log: b.Log, Now: now})
	w.door, err = b.Door("", nil, append(doors.Protocols(b, inside), tokens.Protocol(b), management.Protocol(admins))...)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := admins.Bootstrap(t.Context(), "POLARIS", lake.Credentials{ClientID: "root", ClientSecret: "s3cr3t"}); err != nil {
		t.Fatal(err)
	}
	w.ids["root"], w.secret["root"] = "root", "s3cr3t"
	w.login("root")
	w.person("ann", "TABLE_READ_DATA")
	w.person("bob", "TABLE_WRITE_DATA")
	w.person("eve", "TABLE_READ_PROPERTIES")
	return w
}

// ask sends a request: "POST /path body". Headers are "Name: value".
func (w *world) ask(bearer, request string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	method, rest, _ := strings.Cut(request, " ")
	target, body, _ := strings.Cut(rest, " ")
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	w.door.ServeHTTP(answer, r)
	return answer
}

// must sends requests of root's to the management API, all of which must succeed.
func (w *world) must(requests ...string) {
	w.t.Helper()
	for _, request := range requests {
		w.manage(request)
	}
}

func (w *world) manage(request string) []byte {
	w.t.Helper()
	a := w.ask(w.tokens["root"], strings.Replace(request, " ", " /api/management/v1", 1))
	if a.Code/100 != 2 {
		w.t.Fatalf("%s: got %d %s", request, a.Code, a.Body)
	}
	return a.Body.Bytes()
}

// login gets a principal an access token.
func (w *world) login(who string) {
	w.t.Helper()
	a := w.ask("", "POST /api/catalog/v1/oauth/tokens grant_type=client_credentials&scope=PRINCIPAL_ROLE:ALL&client_id="+w.ids[who]+"&client_secret="+w.secret[who],
		"Content-Type: application/x-www-form-urlencoded")
	var out struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(a.Body.Bytes(), &out); err != nil || out.Token == "" {
		w.t.Fatalf("got %d %s, want a token", a.Code, a.Body)
	}
	w.tokens[who] = out.Token
}

// person makes a principal with a principal role, <name>s, and in each catalog a role of its own name that has the privilege.
func (w *world) person(name, privilege string) {
	w.t.Helper()
	var made struct {
		Credentials struct{ ClientID, ClientSecret string }
	}
	if err := json.Unmarshal(w.manage(`POST /principals {"principal":{"name":"`+name+`"}}`), &made); err != nil {
		w.t.Fatal(err)
	}
	w.ids[name], w.secret[name] = made.Credentials.ClientID, made.Credentials.ClientSecret
	w.must(`POST /principal-roles {"name":"`+name+`s"}`, `PUT /principals/`+name+`/principal-roles {"name":"`+name+`s"}`)
	for c := range storages {
		if a := w.ask(w.tokens["root"], "GET /api/management/v1/catalogs/"+c); a.Code == 404 {
			w.catalog(c)
		}
		w.must(`POST /catalogs/`+c+`/catalog-roles {"name":"`+name+`"}`, `PUT /principal-roles/`+name+`s/catalog-roles/`+c+` {"name":"`+name+`"}`,
			`PUT /catalogs/`+c+`/catalog-roles/`+name+`/grants {"type":"catalog","privilege":"`+privilege+`"}`)
	}
	w.login(name)
}

// catalog makes a catalog with the namespaces n and n.m and the tables n.t, n.T and n.m.t; n.t also writes to a folder outside its
// own.
func (w *world) catalog(name string) {
	w.t.Helper()
	w.must(`POST /catalogs {"catalog":{"type":"INTERNAL","name":"` + name + `","properties":{"default-base-location":"` + bases[name] + `"},"storageConfigInfo":` + storages[name] + `}}`)
	w.namespace(name, "n")
	w.namespace(name, "n", "m")
	w.create(name, []string{"n"}, "t", "n/t", "n/t-data")
	w.create(name, []string{"n", "m"}, "t", "n/m/t")
}

func (w *world) folder(catalog, path string) location.Prefix {
	w.t.Helper()
	p, err := location.ParsePrefix(bases[catalog] + "/" + path)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) namespace(catalog string, levels ...string) {
	w.t.Helper()
	b := w.store.Batch("POLARIS")
	n := b.Namespace(b.Catalog(catalog), levels)
	guards := b.Guards(n.Parent())
	if err := b.Read(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	f := w.folder(catalog, strings.Join(levels, "/"))
	ns := &lake.Namespace{ID: lake.NewID(), CatalogID: n.Catalog.Value.ID, ParentID: n.Parent().ID(), Levels: levels, Location: f.String(), Version: 1}
	if err := w.store.CreateNamespace(w.t.Context(), n, ns, f, guards); err != nil {
		w.t.Fatal(err)
	}
}

// create makes a table in the folder; more are its other paths.
func (w *world) create(catalog string, levels []string, name, folder string, more ...string) {
	w.t.Helper()
	w.at(catalog, levels, name, func(n *store.NamespaceSlot, _ *store.Slot[lake.Table], guards store.Guards) error {
		t := &lake.Table{ID: lake.NewID(), CatalogID: n.Catalog.Value.ID, NamespaceID: n.ID(), Name: name, UUID: "u", Location: bases[catalog] + "/" + folder, Version: 1}
		all := []location.Prefix{w.folder(catalog, folder)}
		for _, path := range more {
			t.Paths = append(t.Paths, bases[catalog]+"/"+path)
			all = append(all, w.folder(catalog, path))
		}
		return w.store.CreateTable(w.t.Context(), n, store.NewTable{Table: t, Guards: guards, Folders: all})
	})
}

// at does something with a namespace and what has a name in it.
func (w *world) at(catalog string, levels []string, name string, do func(*store.NamespaceSlot, *store.Slot[lake.Table], store.Guards) error) {
	w.t.Helper()
	b := w.store.Batch("POLARIS")
	n := b.Namespace(b.Catalog(catalog), levels)
	t := b.Table(n, name)
	guards := b.Guards(n)
	if err := b.Read(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	if err := do(n, t, guards); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) drop(catalog, name string) {
	w.t.Helper()
	w.at(catalog, []string{"n"}, name, func(n *store.NamespaceSlot, t *store.Slot[lake.Table], _ store.Guards) error {
		return w.store.DropTable(w.t.Context(), n, t, nil)
	})
}

func (w *world) rename(catalog, name, to string) {
	w.t.Helper()
	w.at(catalog, []string{"n"}, name, func(n *store.NamespaceSlot, t *store.Slot[lake.Table], _ store.Guards) error {
		return w.store.RenameTable(w.t.Context(), n, t, n, to)
	})
}
