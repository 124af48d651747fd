package catalog_test

import (
	"context"
	"log/slog"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/shared/blob"
	bloblocal "firn/shared/blob/local"
	"firn/shared/catalog"
	"firn/shared/kv/bolt"
	"firn/shared/kv/counted"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/s3local"
	"firn/shared/store"
	"firn/shared/vend"
	vendlocal "firn/shared/vend/local"
)

const realm lake.Realm = "R"

// world is a service over an embedded table and an embedded object store, with one catalog "c", its namespace "a", an
// administrator who may do everything and a reader. Table and store misbehave as told and count what reaches them.
type world struct {
	*catalog.Service
	t      testing.TB
	config catalog.Config
	db     *faulty.Driver
	calls  *counted.Driver
	files  *files
	vendor *vendor
	dir    string // of the bucket s3://lake

	revoked []lake.ID         // whose keys were ended
	known   map[string]string // tags of tables, by id

	mu sync.Mutex
	at time.Time

	admin, reader lake.Caller
}

func newWorld(t testing.TB, change ...func(*catalog.Config)) *world {
	t.Helper()
	w := &world{t: t, known: map[string]string{}, at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
	w.must(err)
	t.Cleanup(func() { _ = db.Close() })
	w.calls = counted.New(db)
	w.db = faulty.New(w.calls)
	w.openObjects()
	w.config = catalog.Config{Log: slog.New(slog.DiscardHandler), Now: w.time, Files: w.files, MaxAnswer: 1 << 20}
	for _, c := range change {
		c(&w.config)
	}
	w.restart()
	w.populate()
	return w
}

// openObjects makes the object store, its keys and the hands that reach it.
func (w *world) openObjects() {
	w.t.Helper()
	issuer, err := s3local.NewIssuer([]byte(strings.Repeat("k", 32)), w.time)
	w.must(err)
	dir := w.t.TempDir()
	objects, err := s3local.Open(s3local.Config{Dir: dir, Now: w.time})
	w.must(err)
	w.t.Cleanup(func() { _ = objects.Close() })
	opener, err := bloblocal.New(bloblocal.Config{Store: objects, Issuer: issuer})
	w.must(err)
	minter, err := vendlocal.New(vendlocal.Config{Issuer: issuer, Endpoint: func() string { return "http://127.0.0.1:1" }, Region: "us-east-1"})
	w.must(err)
	w.files, w.vendor, w.dir = &files{opener: blob.ByStorage{Embedded: opener}}, &vendor{minter: minter}, filepath.Join(dir, "realm="+string(realm), "lake")
}

// restart makes another instance: what the one before remembers is forgotten.
func (w *world) restart() { w.Service = w.instance() }

func (w *world) instance() *catalog.Service {
	c := w.config
	c.Store = store.New(store.Config{Driver: w.db, Now: w.time})
	cache := vend.NewCache(vend.CacheConfig{Vendor: w.vendor, Now: w.time})
	c.Vendor, c.Revoked = cache, func(ids ...lake.ID) {
		w.revoked = append(w.revoked, ids...)
		cache.Forget(ids...)
	}
	return catalog.New(c)
}

// populate makes the realm, the catalog and who is in it.
func (w *world) populate() {
	w.t.Helper()
	ctx := context.Background()
	root := &lake.Principal{ID: lake.NewID(), Name: lake.RootPrincipal, ClientID: "root", Secrets: lake.Secrets{}.Rotate("x", false)}
	boss := &lake.PrincipalRole{ID: lake.NewID(), Name: lake.ServiceAdmin}
	_, err := w.Store.Bootstrap(ctx, realm, root, boss, "SERVICE_MANAGE_ACCESS")
	w.must(err)
	w.admin = lake.Caller{Realm: realm, PrincipalID: root.ID, Principal: root.Name, AllRoles: true, Generation: 1}
	w.addCatalog("c", boss, "s3://lake/c")
	w.must(w.namespace("a"))
	w.reader = w.person("ann", "TABLE_READ_DATA")
}

func (w *world) addCatalog(name string, boss *lake.PrincipalRole, base string) {
	w.t.Helper()
	id := lake.NewID()
	p, err := location.ParsePrefix(base)
	w.must(err)
	w.must(w.Store.CreateCatalog(context.Background(), realm, store.NewCatalog{
		Catalog: &lake.Catalog{ID: id, Name: name, Type: lake.Internal,
			Facts:   lake.Facts{Properties: lake.Properties{"default-base-location": base}, Version: 1},
			Storage: lake.Storage{Type: lake.S3, AllowedLocations: []string{base}}},
		Admin:  &lake.CatalogRole{ID: lake.NewID(), Name: lake.CatalogAdmin, CatalogID: id},
		Rights: []string{"CATALOG_MANAGE_ACCESS", "CATALOG_MANAGE_CONTENT"}, For: boss, Bases: store.Bases{Folders: []location.Prefix{p}}}))
}

// person makes a principal with a role of its own that holds the privileges on the catalog.
func (w *world) person(name string, privileges ...string) lake.Caller {
	w.t.Helper()
	ctx := context.Background()
	p := &lake.Principal{ID: lake.NewID(), Name: name, ClientID: name, Secrets: lake.Secrets{}.Rotate("x", false)}
	w.must(w.Store.CreatePrincipal(ctx, realm, p))
	w.must(w.Store.CreateRole(ctx, realm, &lake.PrincipalRole{ID: lake.NewID(), Name: "group-" + name}))
	c, _ := w.catalog()
	w.must(w.Store.CreateCatalogRole(ctx, realm, c, &lake.CatalogRole{ID: lake.NewID(), Name: "role-" + name, CatalogID: c.Value.ID}))
	b := w.Store.Batch(realm)
	c = b.Catalog("c")
	role, group, who := b.CatalogRole(c, "role-"+name), b.Role("group-"+name), b.Principal(name)
	w.must(b.Read(ctx))
	for _, privilege := range privileges {
		w.must(w.Store.AddGrant(ctx, realm, c, role, store.Grant{On: store.CatalogObject(c), Privilege: privilege}))
	}
	w.must(w.Store.AssignCatalogRole(ctx, realm, c, group, role))
	w.must(w.Store.AssignRole(ctx, realm, who, group))
	return lake.Caller{Realm: realm, PrincipalID: p.ID, Principal: name, AllRoles: true, Generation: 1}
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// catalog reads the catalog "c".
func (w *world) catalog() (*store.CatalogSlot, *store.Batch) {
	w.t.Helper()
	b := w.Store.Batch(realm)
	c := b.Catalog("c")
	w.must(b.Read(context.Background()))
	return c, b
}

// alter changes the catalog.
func (w *world) alter(change func(*lake.Catalog)) {
	w.t.Helper()
	c, _ := w.catalog()
	next := *c.Value
	next.Properties = maps.Clone(c.Value.Properties)
	change(&next)
	w.must(w.Store.UpdateCatalog(context.Background(), realm, c, &next, store.Bases{}))
}

// set changes the catalog's settings, given as key and value, or with the key "allowed" where its files may be.
func (w *world) set(pairs ...string) {
	w.t.Helper()
	w.alter(func(c *lake.Catalog) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == "allowed" {
				c.Storage.AllowedLocations = strings.Split(pairs[i+1], ",")
				continue
			}
			c.Properties[pairs[i]] = pairs[i+1]
		}
	})
}
