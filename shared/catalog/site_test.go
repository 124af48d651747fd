package catalog_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firn/shared/blob"
	"firn/shared/blob/file"
	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/store"
	"firn/shared/vend"
)

// site is a catalog in a store where no credential bounds firn: it has the namespace "a".
type site struct {
	*world
	catalog, base string
	dir           string // of the catalog's base
}

// sites are stores without scoped credentials.
var sites = map[string]func(t *testing.T) *site{"no STS": withoutSTS, "FILE": onDisk}

// withoutSTS is a catalog in an S3-compatible store that firn reaches with rights of its own to all of it.
func withoutSTS(t *testing.T) *site {
	w := newWorld(t)
	w.files.opener = blob.ByStorage{Policy: storagepolicytest.Lenient([]string{"http://192.0.2.1"}), S3: wideStore{filepath.Dir(w.dir)}}
	yes := true
	w.alter(func(c *lake.Catalog) { c.Storage.Endpoint, c.Storage.STSUnavailable = "http://192.0.2.1", &yes })
	return &site{w, "c", "s3://lake/c", filepath.Join(w.dir, "c")}
}

// onDisk is a catalog of folders of this machine, all of which the process may touch.
func onDisk(t *testing.T) *site {
	w := newWorld(t)
	dir := t.TempDir()
	root, err := location.ParsePrefix("file://" + dir)
	w.must(err)
	opener, err := file.New(file.Config{Folders: []location.Prefix{root}})
	w.must(err)
	w.files.opener = blob.ByStorage{Policy: storagepolicytest.WithFolders(storagepolicytest.Lenient(nil)), File: opener}
	b := w.Store.Batch(realm)
	boss := b.Role(lake.ServiceAdmin)
	w.must(b.Read(t.Context()))
	id, base := lake.NewID(), "file://"+dir+"/f"
	folder, err := location.ParsePrefix(base)
	w.must(err)
	w.must(w.Store.CreateCatalog(t.Context(), realm, store.NewCatalog{
		Catalog: &lake.Catalog{ID: id, Name: "f", Type: lake.Internal,
			Facts:   lake.Facts{Properties: lake.Properties{"default-base-location": base}, Version: 1},
			Storage: lake.Storage{Type: lake.File, AllowedLocations: []string{base}}},
		Admin:  &lake.CatalogRole{ID: lake.NewID(), Name: lake.CatalogAdmin, CatalogID: id},
		Rights: []string{"CATALOG_MANAGE_ACCESS", "CATALOG_MANAGE_CONTENT"}, For: boss.Value, Bases: store.Bases{Folders: []location.Prefix{folder}}}))
	_, err = w.CreateNamespace(t.Context(), w.admin, "f", []string{"a"}, nil)
	w.must(err)
	return &site{w, "f", base, filepath.Join(dir, "f")}
}

// setting changes a property of the site's catalog.
func (s *site) setting(key, value string) {
	s.t.Helper()
	b := s.Store.Batch(realm)
	c := b.Catalog(s.catalog)
	s.must(b.Read(context.Background()))
	next := *c.Value
	next.Properties = lake.Properties{key: value}
	for k, v := range c.Value.Properties {
		if k != key {
			next.Properties[k] = v
		}
	}
	s.must(s.Store.UpdateCatalog(context.Background(), realm, c, &next, store.Bases{}))
}

// make makes a table in the namespace's folder of its name, and returns its metadata file.
func (s *site) make(name string) string {
	s.t.Helper()
	done, err := s.CreateTable(context.Background(), s.admin, s.catalog, []string{"a"}, catalog.Creation{Name: name, Request: asked()}, catalog.Delegation{})
	s.must(err)
	return done.MetadataLocation
}

func (s *site) register(name, file string) error {
	_, err := s.RegisterTable(context.Background(), s.admin, s.catalog, []string{"a"}, catalog.Registration{Name: name, File: s.base + "/a/" + file}, catalog.Delegation{})
	return err
}

// leave writes a file of the namespace's folder behind everything.
func (s *site) leave(file, text string) {
	s.t.Helper()
	name := filepath.Join(s.dir, "a", filepath.FromSlash(file))
	s.must(os.MkdirAll(filepath.Dir(name), 0o700))
	s.must(os.WriteFile(name, []byte(text), 0o600))
}

// has reports whether a file is there, by its path in the namespace's folder or its location.
func (s *site) has(file string) bool {
	if _, path, ok := strings.Cut(file, "/a/"); ok {
		file = path
	}
	_, err := os.Stat(filepath.Join(s.dir, "a", filepath.FromSlash(file)))
	return err == nil
}

// wideStore is an S3-compatible store, in a folder of this machine, in which firn may do anything.
type wideStore struct{ dir string }

func (w wideStore) Open(context.Context, blob.Scope, vend.Credential) (blob.Bucket, error) {
	return w, nil
}

func (w wideStore) path(uri location.URI) string {
	return filepath.Join(w.dir, uri.Bucket(), filepath.FromSlash(uri.Key()))
}

func (w wideStore) Get(_ context.Context, uri location.URI) ([]byte, error) {
	data, err := os.ReadFile(w.path(uri))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Missing(fault.File, uri.String())
	}
	return data, err
}

func (w wideStore) Put(_ context.Context, uri location.URI, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(w.path(uri)), 0o700); err != nil {
		return err
	}
	return os.WriteFile(w.path(uri), data, 0o600)
}

func (w wideStore) Delete(_ context.Context, uri location.URI) error {
	if err := os.Remove(w.path(uri)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (w wideStore) DeleteAll(_ context.Context, p location.Prefix, _ int) (bool, error) {
	return false, os.RemoveAll(filepath.Join(w.dir, p.Bucket(), filepath.FromSlash(p.Key())))
}
