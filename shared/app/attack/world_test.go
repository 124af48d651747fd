package attack

import (
	"context"
	"log/slog"
	"maps"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/app"
	"firn/shared/app/base"
	"firn/shared/kv/bolt"
	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/token"
)

// world is a whole server over a bed, with victims and an attacker in it.
//
//	lake   LAKE/wh     strict: tables are in their namespace's folder, which firn names
//	loose  LAKE/loose  lets clients choose every folder, and names tables' folders without a random leaf
//	twin   LAKE/wh2    begins like lake's folder
//	vault  VAULT/wh    another bucket
//
// Each has a namespace "theirs" with a table "t", of which the attacker, mallory, has nothing; lake and loose have a
// namespace "mine", in which mallory may do everything.
type world struct {
	*bed
	t             *testing.T
	server        app.Config
	app           *app.App
	tap           *tap
	log           *record
	routes        map[string]rest.Route // by protocol and operation
	root, mallory person
	victims       []object // what nobody but its owner may open
	fine          map[object]string
}

// person is somebody with a token.
type person struct{ name, bearer string }

// site is a namespace in which the attacker may do everything.
type site struct{ catalog, base string }

func (s site) mine() string { return s.base + "/mine" }

func open(t *testing.T, bed func(*testing.T, *slog.Logger) *bed) *world {
	t.Helper()
	w := &world{t: t, tap: &tap{}, log: &record{}, routes: map[string]rest.Route{}}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.bed = bed(t, log)
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
	must(t, err)
	t.Cleanup(func() { db.Close() })
	keys, err := token.NewKeys()
	must(t, err)
	w.server = app.Config{Table: tappedTable{db, w.tap}, Keys: keys, Vendor: tappedVendor{w.vendor, w.tap}, Signer: w.signer, Files: tappedOpener{w.files, w.tap},
		Revoked: w.revoked, EndKey: w.endKey, Log: log, Now: time.Now, Settings: base.Settings{StoragePolicy: w.policy, Realms: []lake.Realm{"POLARIS", "OTHER"}, UniqueLocations: true}}
	w.restart()
	for _, p := range w.app.Routes {
		for _, r := range p.Routes {
			w.routes[p.Name+"."+r.Operation] = r
		}
	}
	for _, realm := range []lake.Realm{"POLARIS", "OTHER"} {
		_, _, err = w.app.Admin.Bootstrap(t.Context(), realm, lake.Credentials{ClientID: "root", ClientSecret: "s3cr3t"})
		must(t, err)
	}
	w.root = w.login("root", "root", "s3cr3t")
	w.populate()
	t.Cleanup(func() { must(t, w.app.Catalog.Store.Verify(context.Background())) })
	return w
}

// restart makes another instance over the same table: what the one before remembered is forgotten.
func (w *world) restart() {
	w.t.Helper()
	var err error
	w.app, err = app.New(w.server)
	must(w.t, err)
}

// login gets a token.
func (w *world) login(name, id, secret string) person {
	w.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"PRINCIPAL_ROLE:ALL"}, "client_id": {id}, "client_secret": {secret}}
	a := w.send(person{}, call{op: "oauth.getToken", form: form})
	return person{name, a.must(w.t, 200).text("access_token")}
}

// sites are where the attacker is at home.
func (w *world) sites() []site {
	return []site{{"lake", w.uri(w.lake) + "/wh"}, {"loose", w.uri(w.lake) + "/loose"}}
}

// populate makes the catalogs, the victims' tables and the attacker.
func (w *world) populate() {
	w.t.Helper()
	w.catalog("lake", w.uri(w.lake)+"/wh", nil)
	w.catalog("loose", w.uri(w.lake)+"/loose", map[string]string{
		"polaris.config.allow.unstructured.table.location": "true", "polaris.config.namespace-custom-location.enabled": "true",
		"polaris.config.allow.external.metadata.file.location": "true", "polaris.config.default-unique-table-location.enabled": "false"})
	w.catalog("twin", w.uri(w.lake)+"/wh2", nil)
	w.catalog("vault", w.uri(w.vault)+"/wh", nil)
	for _, c := range []string{"lake", "loose", "twin", "vault"} {
		w.must(200, w.root, call{op: "iceberg.createNamespace", in: c, body: doc{"namespace": []string{"theirs"}}})
		base := map[string]string{"lake": w.lake + "/wh", "loose": w.lake + "/loose", "twin": w.lake + "/wh2", "vault": w.vault + "/wh"}[c]
		w.must(200, w.root, call{op: "iceberg.createTable", in: c, ns: "theirs", body: create("t", doc{"location": w.uri(base) + "/theirs/t"})})
		bucket, folder, _ := strings.Cut(base, "/")
		for _, key := range []string{folder + "/theirs/t/data/1", folder + "/theirs/1", folder + "/1"} {
			w.victims = append(w.victims, object{bucket, key})
		}
	}
	for _, key := range []string{"1", "wh/mine2/1", "wh22/1", "w", "loose/mine2/t"} {
		w.victims = append(w.victims, object{w.lake, key})
	}
	w.victims = append(w.victims, object{w.vault, "1"})
	for _, v := range w.victims {
		w.put(v.bucket, v.key, "a victim's")
	}
	w.mallory = w.person("mallory")
	for _, s := range w.sites() {
		w.must(200, w.root, call{op: "iceberg.createNamespace", in: s.catalog, body: doc{"namespace": []string{"mine"}}})
		w.entitle(w.mallory, s.catalog, "mine", "NAMESPACE_FULL_METADATA", "TABLE_FULL_METADATA", "TABLE_WRITE_DATA", "VIEW_FULL_METADATA")
	}
	w.fine = w.elsewhere()
}

// elsewhere is what is in the stores outside of the attackers' folders.
func (w *world) elsewhere() map[object]string {
	all := map[object]string{}
	for _, b := range []string{w.lake, w.vault} {
		for key, text := range w.list(b) {
			if !strings.HasPrefix(key, "wh/mine/") && !strings.HasPrefix(key, "loose/mine/") && !strings.HasPrefix(key, "fresh") && !strings.HasPrefix(key, "tenant/") {
				all[object{b, key}] = text
			}
		}
	}
	return all
}

// untouched fails the test if a victim's object was changed, taken away or put.
func (w *world) untouched(t *testing.T) {
	t.Helper()
	if now := w.elsewhere(); !maps.Equal(now, w.fine) {
		for o, text := range now {
			if w.fine[o] != text {
				t.Errorf("%s was written", o)
			}
		}
		for o := range w.fine {
			if _, there := now[o]; !there {
				t.Errorf("%s is gone", o)
			}
		}
	}
}

// catalog makes a catalog whose contents root may manage.
func (w *world) catalog(name, at string, settings map[string]string) {
	w.t.Helper()
	storage := maps.Clone(w.config)
	storage["allowedLocations"] = []string{at}
	if name == "loose" { // the whole bucket is narrowed to the base
		storage["allowedLocations"] = []string{w.uri(w.lake) + "/"}
	}
	props := map[string]string{"default-base-location": at}
	maps.Copy(props, settings)
	w.must(201, w.root, call{op: "management.createCatalog", body: doc{"catalog": doc{"type": "INTERNAL", "name": name, "properties": props, "storageConfigInfo": storage}}})
	w.must(201, w.root, call{op: "management.addGrantToCatalogRole", vars: vars{"catalogName": name, "catalogRoleName": "catalog_admin"},
		body: doc{"grant": doc{"type": "catalog", "privilege": "CATALOG_MANAGE_CONTENT"}}})
}

// person makes a principal with a role of its own.
func (w *world) person(name string) person {
	w.t.Helper()
	made := w.must(201, w.root, call{op: "management.createPrincipal", body: doc{"principal": doc{"name": name}}})
	w.must(201, w.root, call{op: "management.createPrincipalRole", body: doc{"principalRole": doc{"name": name}}})
	w.must(201, w.root, call{op: "management.assignPrincipalRole", vars: vars{"principalName": name}, body: doc{"principalRole": doc{"name": name}}})
	return w.login(name, made.text("credentials", "clientId"), made.text("credentials", "clientSecret"))
}

// entitle gives a principal privileges on a namespace.
func (w *world) entitle(p person, catalog, namespace string, privileges ...string) {
	w.t.Helper()
	role := vars{"catalogName": catalog, "catalogRoleName": p.name, "principalRoleName": p.name}
	if w.send(w.root, call{op: "management.getCatalogRole", vars: role}).code != 200 {
		w.must(201, w.root, call{op: "management.createCatalogRole", vars: role, body: doc{"catalogRole": doc{"name": p.name}}})
		w.must(201, w.root, call{op: "management.assignCatalogRoleToPrincipalRole", vars: role, body: doc{"catalogRole": doc{"name": p.name}}})
	}
	for _, privilege := range privileges {
		w.must(201, w.root, call{op: "management.addGrantToCatalogRole", vars: role,
			body: doc{"grant": doc{"type": "namespace", "namespace": []string{namespace}, "privilege": privilege}}})
	}
}
