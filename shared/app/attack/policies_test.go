package attack

import (
	"strings"
	"testing"

	"firn/shared/storagepolicy"
	"firn/shared/storagepolicy/storagepolicytest"
)

// lenient is the policy by which every kind of storage may be used.
func (m *machine) lenient(t *testing.T) *storagepolicy.Policy {
	t.Helper()
	p, err := storagepolicytest.Lenient([]string{m.listed.URL, r2Host},
		named).With(storagepolicy.Flags{Folders: []string{m.files}})
	must(t, err)
	return p
}

// tight is the policy by which none may, not even roles.
func (m *machine) tight() *storagepolicy.Policy {
	return storagepolicytest.Parse(`realms: {"*": {assumeRoles: []}}`)
}

// offer is a catalog that a service administrator asks for.
type offer struct {
	name string
	kind
}

// offers are catalogs of all that chooses an authority or a host: each kind of storage, and roles with each
// field that names a host.
func (m *machine) offers() []offer {
	var all []offer
	for _, k := range m.kinds() {
		if k.name == "role" {
			k.storage["roleArn"] = roleOf + "other"
		}
		all = append(all, offer{k.name, k})
	}
	widenings := m.widenings()
	for _, field := range []string{"endpoint", "endpointInternal", "stsEndpoint"} {
		for _, host := range widenings[field]["role"] {
			k := m.kinds()[0]
			k.storage[field], k.line = host, "endpoints"
			if host == "https://s3.eu-west-1.amazonaws.com" {
				continue // AWS's own
			}
			all = append(all, offer{"role with " + field + " " + host.(string), k})
		}
	}
	for _, field := range []string{"stsUnavailable", "storageName"} {
		for _, value := range widenings[field]["role"] {
			k := m.kinds()[0]
			k.storage[field], k.line = value, map[string]string{"stsUnavailable": "own identity",
				"storageName": "storageNames"}[field]
			all = append(all, offer{"role with " + field, k})
		}
	}
	return all
}

// TestNoServiceAdministratorGoesBeyondThePolicy has a service administrator make catalogs that the operator
// does not allow, and change one that he does allow into them. Each is refused with the line of the policy
// that would allow it, and nothing is sent: new storage is tried, if it may be.
func TestNoServiceAdministratorGoesBeyondThePolicy(t *testing.T) {
	t.Parallel()
	w := open(t, newMachine)
	w.under(storagepolicytest.Parse(`realms: {"*": {assumeRoles: ["` + roleOf + `acme"], file: ["` + w.machine.outside + `"]}}`))
	b := w.bench(w.machine.kinds()[0])
	for _, o := range w.machine.offers() {
		for _, way := range []string{"create", "change"} {
			w.attack(t, way+" "+o.name, func(x *attack) {
				body := o.body("evil")["catalog"].(doc)
				delete(body["properties"].(map[string]string), "firn.config.probe")
				c := call{op: "management.createCatalog", body: doc{"catalog": body}}
				if way == "change" {
					_, _, version := b.within(x.t).known()
					c = call{op: "management.updateCatalog", vars: vars{"catalogName": b.in()},
						body: doc{"currentEntityVersion": version, "properties": body["properties"],
							"storageConfigInfo": body["storageConfigInfo"]}}
				}
				x.tap.take()
				x.machine.take()
				a := x.send(x.root, c)
				x.silent(a)
				if did, _ := x.tap.take(); did != (effects{}) {
					x.t.Errorf("%s: got effects %+v of a refusal, want none", a.op, did)
				}
				if a.code != 403 || !strings.Contains(string(a.body), "storage policy") ||
					!strings.Contains(string(a.body), o.line) {
					x.t.Errorf("%s: got %d %s, want it forbidden, with the policy's line %s", a.op, a.code,
						a.body, o.line)
				}
			})
		}
	}
}
