package attack

import (
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync/atomic"
)

// rank is somebody with certain rights, or none. Its letter stands for it in the tables of doors.
type rank struct {
	letter byte
	name   string
	grant  string // privilege on the catalog; empty: no grants, or those that come otherwise
}

// ranks are all that play at each door, from nobody upwards.
var ranks = []rank{
	{'n', "nobody", ""},      // without a token
	{'b', "a bad token", ""}, // of another key
	{'t', "recipient", "TABLE_READ_DATA"},
	// with a bearer token of Delta Sharing
	{'o', "service administrator of another realm", ""},  // with the token of that realm
	{'p', "service administrator in another realm", ""},  // with the token of this realm
	{'r', "reader", "TABLE_READ_DATA"},                   //
	{'w', "writer", "CATALOG_MANAGE_CONTENT"},            // the README's
	{'m', "metadata manager", "CATALOG_MANAGE_METADATA"}, // no data rights
	{'a', "catalog administrator", "catalog_admin"},
	// grants what it likes in the catalog, and nowhere else
	{'s', "service administrator", "service_admin: the realm is its own"}, //
}

// elsewhereRealm is the header of a request that the service administrator of one realm sends to the other.
var elsewhereRealm = map[string]string{"Polaris-Realm": "OTHER"}

// bench is a catalog with somebody of each rank, whom a table of doors sends there.
type bench struct {
	*world
	kind
	people map[byte]person
}

// made counts what benches made.
var made atomic.Int64

// kind is a kind of storage: whose authority opens it, and where.
type kind struct {
	name    string
	base    string // of its catalog
	storage doc
	more    map[string]string // settings
	line    string            // what a policy must have to allow it
}

// roleOf is the role of catalogs at AWS.
const roleOf = "arn:aws:iam::111122223333:role/"

// kinds returns all kinds of storage that are not the embedded one.
func (m *machine) kinds() []kind {
	aws := func(more doc) doc {
		all := doc{"storageType": "S3", "region": "eu-west-1"}
		maps.Copy(all, more)
		return all
	}
	return []kind{
		{"role", "s3://acme/role", aws(doc{"roleArn": roleOf + "acme"}), nil, "assumeRoles"},
		{"named role", "s3://acme/named", aws(doc{"roleArn": roleOf + "acme", "storageName": named}), nil,
			"storageNames"},
		{"own identity", "s3://acme/own", aws(doc{"endpoint": "https://s3.eu-west-1.amazonaws.com",
			"stsUnavailable": true}), nil, "ownIdentity"},
		{"named keys", "s3://acme/lab", aws(doc{"endpoint": "https://s3.eu-west-1.amazonaws.com",
			"stsUnavailable": true, "storageName": named}), nil, "storageNames"},
		{"listed store", "s3://acme/listed", aws(doc{"endpoint": m.listed.URL, "pathStyleAccess": true}), nil,
			"endpoints"},
		{"r2", "s3://acme/r2", doc{"storageType": "S3", "endpoint": r2Host, "storageName": named},
			map[string]string{"firn.config.s3-profile": "r2"}, "endpoints"},
		{"gcs", "gs://acme-gcs/wh", doc{"storageType": "GCS"}, nil, "gcs: {buckets"},
		{"gcs account", "gs://acme-gcs/account", doc{"storageType": "GCS",
			"gcsServiceAccount": "acme@acme.iam.gserviceaccount.com"}, nil, "gcs: {serviceAccounts"},
		{"azure", "abfss://lake@" + host + "/wh", doc{"storageType": "AZURE", "tenantId": tenant,
			"hierarchical": true}, nil, "azure: {accounts"},
		{"file", "file://" + m.files + "/wh", doc{"storageType": "FILE"}, nil, "file"},
	}
}

const r2Host = "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com"

// settings returns the properties of the kind's catalog.
func (k kind) settings() map[string]string {
	all := map[string]string{"default-base-location": k.base,
		"polaris.config.drop-with-purge.enabled": "true", "firn.config.probe": "false"}
	maps.Copy(all, k.more)
	return all
}

// in is the catalog of the kind.
func (k kind) in() string { return strings.ReplaceAll(k.name, " ", "-") }

// body is what creates a catalog of the kind.
func (k kind) body(name string) doc {
	storage := doc{"allowedLocations": []string{k.base}}
	maps.Copy(storage, k.storage)
	return doc{"catalog": doc{"type": "INTERNAL", "name": name, "properties": k.settings(),
		"storageConfigInfo": storage}}
}

// bench makes a catalog of a kind, and people of each rank in it.
func (w *world) bench(k kind) *bench {
	w.t.Helper()
	b := &bench{world: w, kind: k, people: map[byte]person{'n': {}, 's': w.root, 'p': {name: "root",
		bearer: w.root.bearer}}}
	w.must(201, w.root, call{op: "management.createCatalog", body: k.body(k.in())})
	for _, r := range ranks {
		if r.grant == "" || r.letter == 's' {
			continue
		}
		p := w.person(k.in() + " " + strings.ReplaceAll(r.name, " ", "-"))
		b.grant(p, r.grant)
		b.people[r.letter] = p
	}
	b.people['b'] = person{bearer: strings.Replace(b.people['w'].bearer, ".", ".e30", 1)}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"PRINCIPAL_ROLE:ALL"},
		"client_id": {"root"}, "client_secret": {"s3cr3t"}}
	b.people['o'] = person{"root", w.must(200, person{}, call{op: "oauth.getToken", form: form,
		header: elsewhereRealm}).text("access_token")}
	w.must(200, b.people['w'], call{op: "iceberg.createNamespace", in: b.in(),
		body: doc{"namespace": []string{"mine"}}})
	b.share()
	return b
}

// grant gives a person a role in the catalog that has the privilege, or the role of its administrator.
func (b *bench) grant(p person, privilege string) {
	b.t.Helper()
	role := vars{"catalogName": b.in(), "catalogRoleName": p.name, "principalRoleName": p.name}
	name := p.name
	if privilege == "catalog_admin" {
		name = privilege
	} else {
		b.must(201, b.root, call{op: "management.createCatalogRole", vars: role,
			body: doc{"catalogRole": doc{"name": name}}})
		b.must(201, b.root, call{op: "management.addGrantToCatalogRole", vars: role,
			body: doc{"grant": doc{"type": "catalog", "privilege": privilege}}})
	}
	b.must(201, b.root, call{op: "management.assignCatalogRoleToPrincipalRole", vars: role,
		body: doc{"catalogRole": doc{"name": name}}})
}

// share makes the recipient one: the share has the catalog's name.
func (b *bench) share() {
	b.t.Helper()
	name := b.people['t'].name
	b.must(201, b.root, call{op: "management.createRecipient", body: doc{"recipient": doc{"name": name}}})
	token := b.must(201, b.root, call{op: "management.issueRecipientToken", vars: vars{"recipientName": name},
		body: doc{}}).text("bearerToken")
	b.must(201, b.root, call{op: "management.createShare", body: doc{"share": doc{"name": b.in()}}})
	b.must(201, b.root, call{op: "management.grantShare", vars: vars{"shareName": b.in()},
		body: doc{"recipient": doc{"name": name}}})
	b.people['t'] = person{name, token}
}

// fresh returns a name that nothing has.
func (b *bench) fresh(prefix string) string {
	return fmt.Sprintf("%s%d", prefix, made.Add(1))
}

// table makes a table of the writer's and returns its name.
func (b *bench) table(more doc) string {
	b.t.Helper()
	name := b.fresh("t")
	b.must(200, b.people['w'], call{op: "iceberg.createTable", in: b.in(), ns: "mine", plain: true,
		body: create(name, more)})
	return name
}

// view makes a view of the writer's and returns its name.
func (b *bench) view() string {
	b.t.Helper()
	name := b.fresh("v")
	b.must(200, b.people['w'], call{op: "iceberg.createView", in: b.in(), ns: "mine", body: view(name, nil)})
	return name
}

// namespace makes a namespace of the writer's and returns its name.
func (b *bench) namespace() string {
	b.t.Helper()
	name := b.fresh("n")
	b.must(200, b.people['w'], call{op: "iceberg.createNamespace", in: b.in(),
		body: doc{"namespace": []string{name}}})
	return name
}

// load returns the answer of a load of a table, without credentials.
func (b *bench) load(table string) answer {
	b.t.Helper()
	return b.must(200, b.people['w'], call{op: "iceberg.loadTable", in: b.in(), ns: "mine", table: table,
		plain: true})
}

// somebody makes a principal with a role, and returns the name of both.
func (b *bench) somebody() string {
	b.t.Helper()
	name := b.fresh("p")
	b.must(201, b.root, call{op: "management.createPrincipal", body: doc{"principal": doc{"name": name}}})
	b.must(201, b.root, call{op: "management.createPrincipalRole",
		body: doc{"principalRole": doc{"name": name}}})
	return name
}

// role makes a role in the catalog and returns its name.
func (b *bench) role() string {
	b.t.Helper()
	name := b.fresh("r")
	b.must(201, b.root, call{op: "management.createCatalogRole", vars: vars{"catalogName": b.in()},
		body: doc{"catalogRole": doc{"name": name}}})
	return name
}
