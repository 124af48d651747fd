//go:build cdk

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/admin"
	"firn/shared/app/administration"
	"firn/shared/app/base"
	"firn/shared/app/contents"
	"firn/shared/app/doors"
	"firn/shared/app/tokens"
	"firn/shared/kv"
	"firn/shared/kv/bolt"
	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/store"
	"firn/shared/token"
)

// deployed is the whole server as the stack deploys it, but in one process: the gateway sends a request to a function, and
// each function has its own rights on the one table.
type deployed struct {
	resources []resource
	functions map[rest.Function]http.Handler
	tick      func(context.Context) error
	later     time.Duration // than the time at which it is
	files     *files
}

func deploy(t *testing.T, used *ledger, overlapping bool) *deployed {
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
	d := &deployed{functions: map[rest.Function]http.Handler{}, files: &files{objects: map[string][]byte{}}}
	now := func() time.Time { return time.Now().Add(d.later) }
	at := func(name rest.Function) *base.Base {
		var driver kv.Driver = guarded{db, name, used}
		if name == "" {
			driver = db
		}
		return &base.Base{Store: store.New(store.Config{Driver: driver, Now: now}), Keys: keys, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: now,
			Settings: base.Settings{Realms: []lake.Realm{"POLARIS", "OTHER"}, MaxBody: 1_000_000, StoragePolicy: storagepolicytest.WithFolders(storagepolicytest.Lenient([]string{"http://e:9000", "http://i:9000", "http://s:9000"})), AllowOverlappingCatalogs: overlapping, RequireRotation: true}}
	}
	for _, realm := range []lake.Realm{"POLARIS", "OTHER"} { // `firn bootstrap` has the administrator's rights
		if _, _, err := administration.Service(at(""), administration.Drivers{}).Bootstrap(t.Context(), realm, lake.Credentials{ClientID: "root", ClientSecret: "s3cr3t"}); err != nil {
			t.Fatal(err)
		}
	}
	table := routes()
	if d.resources, err = resources(table, maxResources); err != nil {
		t.Fatal(err)
	}
	for _, name := range order {
		b := at(name)
		inside := contents.Service(b, contents.Drivers{Vendor: d.files, Files: d.files})
		if name == worker {
			d.tick = func(ctx context.Context) error {
				jwks, err := keys.JWKS()
				revocations := admin.New(admin.Config{Store: b.Store, Log: b.Log, Now: b.Now})
				return errors.Join(err, b.Store.PublishKeys(ctx, jwks), contents.Tick(ctx, inside, b.Realms), revocations.Sweep(ctx))
			}
			continue
		}
		all := append(doors.Protocols(b, inside), tokens.Protocol(b), administration.Protocol(administration.Service(b, administration.Drivers{})), contents.Protocol(inside), base.Operations())
		door, err := b.Door(name, nil, all...)
		if err != nil {
			t.Fatal(err)
		}
		d.functions[name] = door
	}
	if err := d.tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range append([]rest.Function{rest.Management}, vends...) { // each begins with the keys that tokens are verified with
		if _, err := at(name).Store.PublishedKeys(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

var _ http.Handler = (*deployed)(nil)

// ServeHTTP finds the function as API Gateway does. What no resource is for the gateway refuses as any function would.
func (d *deployed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	have := strings.FieldsFunc(r.URL.EscapedPath(), func(c rune) bool { return c == '/' })
	var best *resource
	for i, one := range d.resources {
		parts := strings.Split(one.path[1:], "/")
		fits := len(parts) == len(have)
		for j := 0; fits && j < len(parts); j++ {
			fits = strings.HasPrefix(parts[j], "{") || parts[j] == have[j]
		}
		if fits && (best == nil || strings.Count(one.path, "{") < strings.Count(best.path, "{")) {
			best = &d.resources[i]
		}
	}
	name := rest.Catalog
	if best != nil {
		m, ok := best.methods[r.Method]
		if !ok {
			m = best.methods[anyMethod]
		}
		name = m.function
	}
	d.functions[name].ServeHTTP(w, r)
}
