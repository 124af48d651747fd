package catalog_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/shared/blob"
	bloblocal "firn/shared/blob/local"
	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
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

	mu sync.Mutex
	at time.Time

	admin, reader lake.Caller
}

func newWorld(t testing.TB, change ...func(*catalog.Config)) *world {
	t.Helper()
	w := &world{t: t, at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
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
	w.files, w.vendor, w.dir = &files{opener: opener}, &vendor{minter: minter}, filepath.Join(dir, "lake")
}

// restart makes another instance: what the one before remembers is forgotten.
func (w *world) restart() { w.Service = w.instance() }

func (w *world) instance() *catalog.Service {
	c := w.config
	c.Store = store.New(store.Config{Driver: w.db, Now: w.time})
	cache := vend.NewCache(vend.CacheConfig{Vendor: w.vendor, Now: w.time})
	c.Vendor, c.Revoked = cache, cache.Forget
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
	w.addReader()
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
		Rights: []string{"CATALOG_MANAGE_ACCESS", "CATALOG_MANAGE_CONTENT"}, For: boss, Bases: []location.Prefix{p}}))
}

// addReader makes ann, who may read the data of all tables and nothing else.
func (w *world) addReader() {
	w.t.Helper()
	ctx := context.Background()
	ann := &lake.Principal{ID: lake.NewID(), Name: "ann", ClientID: "ann", Secrets: lake.Secrets{}.Rotate("x", false)}
	w.must(w.Store.CreatePrincipal(ctx, realm, ann))
	w.must(w.Store.CreateRole(ctx, realm, &lake.PrincipalRole{ID: lake.NewID(), Name: "readers"}))
	c, _ := w.catalog()
	w.must(w.Store.CreateCatalogRole(ctx, realm, c, &lake.CatalogRole{ID: lake.NewID(), Name: "reading", CatalogID: c.Value.ID}))
	b := w.Store.Batch(realm)
	c = b.Catalog("c")
	role, group, who := b.CatalogRole(c, "reading"), b.Role("readers"), b.Principal("ann")
	w.must(b.Read(ctx))
	w.must(w.Store.AddGrant(ctx, realm, c, role, store.Grant{On: store.CatalogObject(c), Privilege: "TABLE_READ_DATA"}))
	w.must(w.Store.AssignCatalogRole(ctx, realm, c, group, role))
	w.must(w.Store.AssignRole(ctx, realm, who, group))
	w.reader = lake.Caller{Realm: realm, PrincipalID: ann.ID, Principal: ann.Name, AllRoles: true, Generation: 1}
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

// set changes the catalog's settings, given as key and value, or with the key "allowed" where its files may be.
func (w *world) set(pairs ...string) {
	w.t.Helper()
	c, _ := w.catalog()
	next := *c.Value
	next.Properties = lake.Properties{}
	for k, v := range c.Value.Properties {
		next.Properties[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == "allowed" {
			next.Storage.AllowedLocations = strings.Split(pairs[i+1], ",")
			continue
		}
		next.Properties[pairs[i]] = pairs[i+1]
	}
	w.must(w.Store.UpdateCatalog(context.Background(), realm, c, &next, nil))
}

const schema = `{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"n","required":false,"type":"long"}]}`

func (w *world) namespace(levels ...string) error {
	_, err := w.CreateNamespace(context.Background(), w.admin, "c", levels, nil)
	return err
}

// asked is a create's request; members are added to it as JSON: `"location":"s3://lake/x"`.
func asked(members ...string) iceberg.CreateRequest {
	r, err := iceberg.DecodeCreate(json.RawMessage("{" + strings.Join(append([]string{`"schema":` + schema}, members...), ",") + "}"))
	if err != nil {
		panic(err)
	}
	return r
}

func (w *world) create(name string, members ...string) (catalog.Loaded, error) {
	return w.CreateTable(context.Background(), w.admin, "c", []string{"a"}, catalog.Creation{Name: name, Request: asked(members...)}, catalog.Delegation{})
}

func (w *world) stage(name string, d catalog.Delegation, members ...string) (catalog.Loaded, error) {
	return w.CreateTable(context.Background(), w.admin, "c", []string{"a"}, catalog.Creation{Name: name, Request: asked(members...), Staged: true}, d)
}

// change is a commit's body.
func change(requirements, updates string) catalog.Change {
	r, err := iceberg.DecodeRequirements(json.RawMessage(requirements))
	if err != nil {
		panic(err)
	}
	u, err := iceberg.DecodeUpdates(json.RawMessage(updates))
	if err != nil {
		panic(err)
	}
	return catalog.Change{Requirements: r, Updates: u}
}

// put sets a property.
func put(key, value string) catalog.Change {
	k, _ := json.Marshal(map[string]string{key: value})
	return change(`[]`, `[{"action":"set-properties","updates":`+string(k)+`}]`)
}

// ofStaged is the first commit of a staged table; more updates follow those that build it.
func ofStaged(staged catalog.Loaded, more ...string) catalog.Change {
	t, err := iceberg.Parse(staged.Metadata)
	if err != nil {
		panic(err)
	}
	loc, _ := json.Marshal(t.Location())
	return change(`[{"type":"assert-create"}]`, `[{"action":"assign-uuid","uuid":"`+t.UUID()+`"},{"action":"upgrade-format-version","format-version":2},
		{"action":"add-schema","schema":`+schema+`,"last-column-id":1},{"action":"set-current-schema","schema-id":-1},
		{"action":"add-spec","spec":{"spec-id":0,"fields":[]}},{"action":"set-default-spec","spec-id":-1},
		{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}},{"action":"set-default-sort-order","sort-order-id":-1},
		{"action":"set-location","location":`+string(loc)+`}`+strings.Join(append([]string{""}, more...), ",")+`]`)
}

func table(name string) lake.Identifier { return lake.Identifier{Namespace: []string{"a"}, Name: name} }

func (w *world) commit(name string, c catalog.Change) (catalog.Loaded, error) {
	return w.CommitTable(context.Background(), w.admin, "c", table(name), c)
}

func (w *world) load(name string) (*iceberg.Table, string, error) {
	l, err := w.LoadTable(context.Background(), w.admin, "c", table(name), catalog.Delegation{}, false)
	if err != nil {
		return nil, "", err
	}
	t, err := iceberg.Parse(l.Metadata)
	return t, l.MetadataLocation, err
}

// stored gives all objects below s3://lake, by URI, read behind everything.
func (w *world) stored() map[string]bool {
	w.t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(w.dir, path)
			all["s3://lake/"+filepath.ToSlash(rel)] = true
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	return all
}

// leave writes an object behind everything.
func (w *world) leave(uri, text string) {
	w.t.Helper()
	name := filepath.Join(w.dir, filepath.FromSlash(strings.TrimPrefix(uri, "s3://lake/")))
	w.must(os.MkdirAll(filepath.Dir(name), 0o700))
	w.must(os.WriteFile(name, []byte(text), 0o600))
}

// files counts and breaks what goes to the object store.
type files struct {
	opener blob.Opener

	mu   sync.Mutex
	gets int
	puts int
	dels int
	plan func(verb string, uri location.URI) fileFault
}

// fileFault is what happens to one call.
type fileFault struct {
	refuse fault.Kind // the call does not reach the store; 0: it does
	lose   bool       // a put takes effect, and its answer is lost: StateUnknown
	before func()
}

var _ blob.Opener = (*files)(nil)

func (f *files) Open(ctx context.Context, s *lake.Storage, c vend.Credential) (blob.Bucket, error) {
	b, err := f.opener.Open(ctx, s, c)
	if err != nil {
		return nil, err
	}
	return &bucket{files: f, Bucket: b}, nil
}

type bucket struct {
	files *files
	blob.Bucket
}

var _ blob.Sweeper = (*bucket)(nil)

func (f *files) begin(verb string, count *int, uri location.URI) (fileFault, error) {
	f.mu.Lock()
	*count++
	plan := f.plan
	f.mu.Unlock()
	if plan == nil {
		return fileFault{}, nil
	}
	x := plan(verb, uri)
	if x.before != nil {
		x.before()
	}
	if x.refuse != 0 {
		return x, fault.Of(x.refuse, fault.File, uri.String(), "The object store did not answer.")
	}
	return x, nil
}

func (b *bucket) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	if _, err := b.files.begin("get", &b.files.gets, uri); err != nil {
		return nil, err
	}
	return b.Bucket.Get(ctx, uri)
}

func (b *bucket) Put(ctx context.Context, uri location.URI, data []byte) error {
	x, err := b.files.begin("put", &b.files.puts, uri)
	if err != nil {
		return err
	}
	err = b.Bucket.Put(ctx, uri, data)
	if x.lose {
		return fault.Of(fault.StateUnknown, fault.File, uri.String(), "The answer was lost.")
	}
	return err
}

func (b *bucket) Delete(ctx context.Context, uri location.URI) error {
	if _, err := b.files.begin("delete", &b.files.dels, uri); err != nil {
		return err
	}
	return b.Bucket.Delete(ctx, uri)
}

func (b *bucket) DeleteAll(ctx context.Context, p location.Prefix, limit int) (bool, error) {
	uri, err := location.Parse(p.String())
	if err != nil {
		return false, err
	}
	if _, err := b.files.begin("sweep", &b.files.dels, uri); err != nil {
		return false, err
	}
	return b.Bucket.(blob.Sweeper).DeleteAll(ctx, p, limit)
}

// vendor counts mintings, lets them be cached as a cloud's are, and breaks them.
type vendor struct {
	minter vend.Vendor

	mu     sync.Mutex
	minted []vend.Grant
	plan   func(g vend.Grant) error
}

var _ vend.Vendor = (*vendor)(nil)

func (v *vendor) Vend(ctx context.Context, s *lake.Storage, g vend.Grant) (vend.Credential, error) {
	v.mu.Lock()
	v.minted = append(v.minted, g)
	plan := v.plan
	v.mu.Unlock()
	if plan != nil {
		if err := plan(g); err != nil {
			return vend.Credential{}, err
		}
	}
	c, err := v.minter.Vend(ctx, s, g)
	c.NoCache = false
	return c, err
}

// used is what reached the drivers.
type used struct {
	KV               counted.Counts
	Gets, Puts, Dels int
	Mints            int
	ForClients       int // of the mintings
}

// take gives what was used since the last take.
func (w *world) take() used {
	w.files.mu.Lock()
	defer w.files.mu.Unlock()
	w.vendor.mu.Lock()
	defer w.vendor.mu.Unlock()
	u := used{KV: w.calls.Take(), Gets: w.files.gets, Puts: w.files.puts, Dels: w.files.dels, Mints: len(w.vendor.minted)}
	for _, g := range w.vendor.minted {
		if g.PrincipalID != "firn" {
			u.ForClients++
		}
	}
	w.files.gets, w.files.puts, w.files.dels, w.vendor.minted = 0, 0, 0, nil
	return u
}

// quiet says that nothing was written or minted.
func (u used) quiet() bool {
	return u.KV.Writes == 0 && u.KV.Transactions == 0 && u.Puts == 0 && u.Dels == 0 && u.Mints == 0
}

