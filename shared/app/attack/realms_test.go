package attack

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"firn/shared/app"
	"firn/shared/kv"
	"firn/shared/rest"
)

// stranger is the other realm of the server, as its own people see it: catalogs, namespaces, tables, principals, roles and
// shares have the names that they have in the victims' realm, and tables lie in the same bucket, beside those of the
// victims. Its root, who may do everything there, is the attacker.
type stranger struct {
	*world            // requests name the other realm
	theirs     *world // the victims' realm
	watch      *watch
	revocation string // the ID of one of the victims'
}

const otherRealm = "OTHER"

// only are the victims' names that the attacker's realm does not have.
var only = map[string]string{"{prefix}": "vault", "{namespace}": "theirs", "{table}": "t", "{view}": "v", "{catalogName}": "vault", "{catalogRoleName}": "catalog_admin",
	"{principalName}": "polly", "{principalRoleName}": "polly", "{metalake}": "POLARIS", "{metadataObjectType}": "table", "{metadataObjectFullName}": "vault.theirs.t",
	"{shareName}": "only", "{share}": "only", "{schema}": "d", "{schemaName}": "d", "{tableName}": "t", "{recipientName}": "polly", "{function}": "f"}

// same are names that both realms have.
var same = map[string]string{"{prefix}": "lake", "{namespace}": "theirs", "{table}": "t", "{view}": "v", "{catalogName}": "lake", "{catalogRoleName}": "mallory",
	"{principalName}": "mallory", "{principalRoleName}": "mallory", "{metalake}": "OTHER", "{metadataObjectType}": "table", "{metadataObjectFullName}": "lake.theirs.t",
	"{shareName}": "s", "{share}": "s", "{schema}": "d", "{schemaName}": "d", "{tableName}": "given", "{recipientName}": "bob", "{function}": "f"}

// watch sees which items are read and written while somebody asks.
type watch struct {
	kv.Driver
	mu      sync.Mutex
	touched map[string]bool // the realm's part of the keys
}

func (d *watch) see(keys ...kv.Key) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		kind, rest, _ := strings.Cut(k.Partition, "/")
		switch {
		case kind == "signing" || kind == "store" || kind == "base" && k.Sort == ".": // of all realms, and hold nothing of one's own
			continue
		case kind == "revocation":
			rest = k.Sort
		}
		realm, _, _ := strings.Cut(rest, "/")
		d.touched[realm] = true
	}
}

func (d *watch) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for realm := range d.touched {
		out = append(out, realm)
	}
	d.touched = map[string]bool{}
	return out
}

func (d *watch) Get(ctx context.Context, keys []kv.Key) ([]*kv.Item, error) {
	d.see(keys...)
	return d.Driver.Get(ctx, keys)
}

func (d *watch) List(ctx context.Context, p kv.Page) ([]kv.Item, string, error) {
	d.see(kv.Key{Partition: p.Partition, Sort: p.Prefix})
	return d.Driver.List(ctx, p)
}

func (d *watch) Write(ctx context.Context, ops []kv.Op) error {
	for _, op := range ops {
		d.see(op.Item.Key)
	}
	return d.Driver.Write(ctx, ops)
}

// newStranger adds the other realm's objects to a world.
func newStranger(w *world) *stranger {
	w.t.Helper()
	d := &watch{Driver: w.server.Table, touched: map[string]bool{}}
	w.server.Table = d
	w.restart()
	w.must(201, w.root, call{op: "management.createPrincipal", body: doc{"principal": doc{"name": "polly"}}})
	w.must(201, w.root, call{op: "management.createPrincipalRole", body: doc{"principalRole": doc{"name": "polly"}}})
	w.must(201, w.root, call{op: "management.createShare", body: doc{"share": doc{"name": "only"}}})
	w.must(201, w.root, call{op: "management.createRecipient", body: doc{"recipient": doc{"name": "polly"}}})

	polly := w.must(201, w.root, call{op: "management.revokeKeys", body: doc{"principal": "polly"}}).text("id")

	in := *w
	in.app = &app.App{Handler: http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if len(r.Header.Values(rest.RealmHeader)) == 0 {
			r.Header.Set(rest.RealmHeader, otherRealm)
		}
		w.app.Handler.ServeHTTP(out, r)
	})}
	in.root = in.login("root", "root", "s3cr3t")
	for _, c := range []string{"lake", "loose"} {
		settings := map[string]string{}
		if c == "loose" {
			settings["polaris.config.allow.unstructured.table.location"] = "true"
			settings["polaris.config.allow.external.metadata.file.location"] = "true"
		}
		in.catalog(c, strangerSite(w, c).base, settings)
		in.must(200, in.root, call{op: "iceberg.createNamespace", in: c, body: doc{"namespace": []string{"theirs"}}})
		in.must(200, in.root, call{op: "iceberg.createNamespace", in: c, body: doc{"namespace": []string{"mine"}}})
		in.must(200, in.root, call{op: "iceberg.createTable", in: c, ns: "theirs", body: create("t", nil)})
	}
	in.mallory = in.person("mallory")
	for _, c := range []string{"lake", "loose"} {
		in.entitle(in.mallory, c, "mine", "NAMESPACE_FULL_METADATA", "TABLE_FULL_METADATA", "TABLE_WRITE_DATA", "VIEW_FULL_METADATA")
	}
	w.fine = w.elsewhere()
	w.tap.take()
	return &stranger{world: &in, theirs: w, watch: d, revocation: polly}
}

// strangerSite is where the attacker is at home in the other realm.
func strangerSite(w *world, catalog string) site {
	return site{catalog, w.uri(w.lake) + "/tenant/" + map[string]string{"lake": "wh", "loose": "loose"}[catalog]}
}

// within is the stranger in a subtest.
func (n *stranger) within(t *testing.T) *stranger {
	return &stranger{world: n.world.within(t), theirs: n.theirs.within(t), watch: n.watch, revocation: n.revocation}
}

// attack runs one as a subtest of the attacker's.
func (n *stranger) attack(t *testing.T, name string, run func(x *attack, n *stranger)) {
	t.Helper()
	n.world.attack(t, name, func(x *attack) {
		in := n.within(x.t)
		n.watch.take()
		run(x, in)
	})
}

// apart fails if anything of the victims' realm was looked at.
func (n *stranger) apart(op string) {
	n.t.Helper()
	if touched := n.watch.take(); slices.Contains(touched, "POLARIS") {
		n.t.Errorf("%s: a request in the realm %s touched items of the realms %q", op, otherRealm, touched)
	}
}

// target spells the path of a route with names.
func (n *stranger) target(r rest.Route, names map[string]string) string {
	n.t.Helper()
	path := strings.Split(r.Pattern, "/")
	for i, part := range path {
		name, known := names[part]
		switch {
		case part == "{revocationId}":
			path[i] = n.revocation
		case known:
			path[i] = name
		case strings.HasPrefix(part, "{"):
			n.t.Fatalf("%s of %s has no name here: add one that the victims alone have, and one that both realms have", part, r.Pattern)
		}
	}
	return strings.Join(path, "/")
}

// A token is good in its realm alone: at every route, in the names of either realm.
func TestNoTokenOfAnotherRealmGetsIn(t *testing.T) {
	w := open(t, embedded)
	n := newStranger(w)
	realm := func(name string) map[string]string { return map[string]string{rest.RealmHeader: name} }
	for op, r := range w.routes {
		if r.Public {
			continue
		}
		n.attack(t, op, func(x *attack, n *stranger) {
			for _, names := range []map[string]string{same, only} {
				for _, try := range []struct {
					who    person
					header map[string]string
				}{
					{n.root, realm("POLARIS")}, {n.mallory, realm("POLARIS")}, // the attacker's in the victims'
					{n.theirs.root, realm(otherRealm)}, {n.theirs.mallory, realm(otherRealm)}, // the victims' in the attacker's
				} {
					a := n.ask(try.who, call{op: op, body: bodyFor(r), header: try.header}, r.Method, n.target(r, names))
					if a.code != 401 {
						x.t.Errorf("%v: got %d %s, want 401", try.header, a.code, a.body)
					}
					x.refused(a)
				}
				if a := n.theirs.ask(n.root, call{op: op, body: bodyFor(r)}, r.Method, n.target(r, names)); a.code != 401 { // no header: the victims' realm
					x.t.Errorf("without a realm: got %d %s, want 401", a.code, a.body)
				}
			}
		})
	}
	w.untouched(t)
}

// Names are those of the caller's realm: what the victims alone have is missing, and nothing of theirs is read or written
// also where both have a name.
func TestNoNameOfAnotherRealmGetsIn(t *testing.T) {
	w := open(t, embedded)
	n := newStranger(w)
	for op, r := range w.routes {
		if r.Public {
			continue
		}
		n.attack(t, op, func(x *attack, n *stranger) {
			if places := placesOf(r); len(places) > 0 {
				if a := n.ask(n.root, call{op: op, body: bodyFor(r)}, r.Method, n.target(r, only)); r.Method != http.MethodHead {
					x.refused(a)
				} else if a.code != 404 { // and no words
					x.t.Errorf("got %d, want 404", a.code)
				}
				n.apart(op)
			}
			n.ask(n.root, call{op: op, body: bodyFor(r)}, r.Method, n.target(r, same))
			n.apart(op)
			x.tap.take()
		})
	}
	w.untouched(t)
	// The victims have what they had.
	w.must(200, w.root, call{op: "iceberg.loadTable", in: "lake", ns: "theirs", table: "t"})
	w.must(200, w.root, call{op: "management.getPrincipal", vars: vars{"principalName": "mallory"}})
	w.must(200, w.mallory, call{op: "iceberg.listTables", in: "lake", ns: "mine"})
}
