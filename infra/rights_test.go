//go:build cdk

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/app/administration"
	"firn/shared/app/base"
	"firn/shared/app/contents"
	"firn/shared/app/polaristest"
	"firn/shared/app/tokens"
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/bolt"
	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/store"
	"firn/shared/token"
)

// guarded is the table as a function's role opens it: what IAM would refuse, it refuses.
type guarded struct {
	kv.Driver
	name rest.Function
	used *ledger
}

// ledger notes which rights were used, and which were missing.
type ledger struct {
	sync.Mutex
	used, missing map[string]bool
}

func (g guarded) may(sid string, keys ...string) error {
	g.used.Lock()
	defer g.used.Unlock()
	for _, partition := range keys {
		kind, _, _ := strings.Cut(partition, "/")
		what := string(g.name) + " " + sid + " " + kind
		i := slices.IndexFunc(rights[g.name].actions(), func(a action) bool { return a.sid == sid && slices.Contains(a.types, kind) })
		if i < 0 {
			g.used.missing[what] = true
			return fault.New(fault.Internal, "Internal error.").Because(errors.New("AccessDenied: " + what))
		}
		if pattern := leading(kind); pattern != partition && !strings.HasPrefix(partition, strings.TrimSuffix(pattern, "*")) {
			g.used.missing[what+": "+partition] = true
		}
		g.used.used[what] = true
	}
	return nil
}

func (g guarded) Get(ctx context.Context, keys []kv.Key) ([]*kv.Item, error) {
	for _, k := range keys {
		if err := g.may("ReadItems", k.Partition); err != nil {
			return nil, err
		}
	}
	return g.Driver.Get(ctx, keys)
}

func (g guarded) List(ctx context.Context, page kv.Page) ([]kv.Item, string, error) {
	if err := g.may("ListItems", page.Partition); err != nil {
		return nil, "", err
	}
	return g.Driver.List(ctx, page)
}

func (g guarded) Write(ctx context.Context, ops []kv.Op) error {
	for _, op := range ops {
		sid := map[kv.Verb]string{kv.Put: "PutItems", kv.Delete: "DeleteItems", kv.Check: "CheckItems"}[op.Verb]
		if err := g.may(sid, op.Item.Key.Partition); err != nil {
			return err
		}
	}
	return g.Driver.Write(ctx, ops)
}

// deployed is the whole server as the stack deploys it, but in one process: the gateway sends a request to a function, and
// each function has its own rights on the one table.
type deployed struct {
	resources []resource
	functions map[rest.Function]http.Handler
	tick      func(context.Context) error
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
	at := func(name rest.Function) *base.Base {
		var driver kv.Driver = guarded{db, name, used}
		if name == "" {
			driver = db
		}
		return &base.Base{Store: store.New(store.Config{Driver: driver, Now: time.Now}), Keys: keys, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
			Realms: []lake.Realm{"POLARIS", "OTHER"}, MaxBody: 1_000_000, AllowFileStorage: true, AllowOverlappingCatalogs: overlapping, RequireRotation: true}
	}
	for _, realm := range []lake.Realm{"POLARIS", "OTHER"} { // `firn bootstrap` has the administrator's rights
		if _, _, err := administration.Service(at(""), nil).Bootstrap(t.Context(), realm, lake.Credentials{ClientID: "root", ClientSecret: "s3cr3t"}); err != nil {
			t.Fatal(err)
		}
	}
	table, err := routes()
	if err != nil {
		t.Fatal(err)
	}
	d := &deployed{functions: map[rest.Function]http.Handler{}}
	if d.resources, err = resources(table, maxResources); err != nil {
		t.Fatal(err)
	}
	files := newFiles()
	for _, name := range order {
		b := at(name)
		inside := contents.Service(b, files, files, nil)
		if name == worker {
			d.tick = func(ctx context.Context) error {
				jwks, err := keys.JWKS()
				return errors.Join(err, b.Store.PublishKeys(ctx, jwks), contents.Tick(ctx, inside, b.Realms))
			}
			continue
		}
		door, err := b.Door(name, nil, tokens.Protocol(b), administration.Part(b), contents.Protocol(inside), base.Operations())
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

const recordings = "../shared/app/testdata/polaris"

// unneeded are rights that no request of the test uses, because only a lost race or a lost answer does.
var unneeded = []string{
	"catalog ReadItems object", // whether a drop whose answer was lost has landed
	"catalog ReadItems staged", // likewise, a table that is staged
	"catalog ReadItems work",   // likewise, of a purge
	"worker ReadItems work",    // likewise, of a piece of work that is done
}

// Every request of the recorded conversations with Apache Polaris, and those of a story about what they leave out, is
// served by functions that have the rights of their roles and no others. What IAM itself does no test here can show; that the
// rights suffice and that none is idle, this one does.
func TestRightsSufficeAndNoneIsIdle(t *testing.T) {
	used := &ledger{used: map[string]bool{}, missing: map[string]bool{}}
	scenarios, err := polaristest.Scenarios(recordings)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := polaristest.ReadDeviations(recordings + "/deviations.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scenarios {
		c := polaristest.Config{ID: "root", Secret: "s3cr3t", Warehouse: "file://" + t.TempDir(), Now: time.Now, Base: "http://firn.test",
			Doer: polaristest.Handler{Handler: deploy(t, used, true)}}
		found, err := polaristest.Replay(c, recordings, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range listed.Unexplained(found) {
			t.Errorf("%s", one)
		}
	}
	story(t, deploy(t, used, false))
	for _, what := range slices.Sorted(maps.Keys(used.missing)) {
		t.Errorf("a right is missing: %s", what)
	}
	var idle []string
	for _, name := range order {
		for _, a := range rights[name].actions() {
			for _, kind := range a.types {
				if what := string(name) + " " + a.sid + " " + kind; !used.used[what] {
					idle = append(idle, what)
				}
			}
		}
	}
	slices.Sort(idle)
	if diff := cmp.Diff(idle, unneeded); diff != "" {
		t.Errorf("rights that nothing used (-got +want):\n%s", diff)
	}
}

// The types of keys are listed where they are spelt: a new one needs an owner here.
func TestEveryTypeOfKeyHasAnOwner(t *testing.T) {
	source, err := os.ReadFile("../shared/store/keys.go")
	if err != nil {
		t.Fatal(err)
	}
	spelt := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:key\([^,]+, |partition\(|Partition: )"([a-z]+)"`).FindAllStringSubmatch(string(source), -1) {
		spelt[m[1]] = true
	}
	owned := map[string]bool{}
	for _, r := range rights {
		for _, a := range r.actions() {
			for _, kind := range a.types {
				owned[kind] = true
			}
		}
	}
	if diff := cmp.Diff(owned, spelt); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
