package catalog_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/kv/counted"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

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

func (f *files) Open(ctx context.Context, s blob.Scope, c vend.Credential) (blob.Bucket, error) {
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

// vendor counts mintings and breaks them.
type vendor struct {
	minter vend.Vendor

	mu     sync.Mutex
	minted []vend.Grant
	plan   func(g vend.Grant) error
	most   int // folders that it can scope; 0: any number
}

var _ vend.Checker = (*vendor)(nil)

// Check refuses what is more than it can scope, as a driver does before it asks anybody.
func (v *vendor) Check(_ *lake.Storage, g vend.Grant) error {
	if v.most > 0 && len(g.Prefixes) > v.most {
		return fault.Of(fault.Invalid, fault.Credential, "", "A key opens %d folders.", v.most)
	}
	return nil
}

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
	return v.minter.Vend(ctx, s, g)
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

// planned gives one verb's calls a fault.
func planned(verb string, x fileFault) func(string, location.URI) fileFault {
	return func(v string, _ location.URI) fileFault {
		if v == verb {
			return x
		}
		return fileFault{}
	}
}
