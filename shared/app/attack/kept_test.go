package attack

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// narrowed returns a token of a principal that has activated one of its roles alone.
func (b *bench) narrowed(id, secret, role string) person {
	b.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"PRINCIPAL_ROLE:" + role},
		"client_id": {id}, "client_secret": {secret}}
	return person{id, b.must(200, person{}, call{op: "oauth.getToken", form: form}).text("access_token")}
}

// powerless gives a principal one more role, which nothing is granted to.
func (b *bench) powerless(name string) string {
	b.t.Helper()
	role := b.fresh("powerless")
	b.must(201, b.root, call{op: "management.createPrincipalRole",
		body: doc{"principalRole": doc{"name": role}}})
	b.must(201, b.root, call{op: "management.assignPrincipalRole", vars: vars{"principalName": name},
		body: doc{"principalRole": doc{"name": role}}})
	return role
}

// TestANarrowTokenOpensNoDoor sends a service administrator whose token has a powerless role alone to each
// door, and a principal with such a token to what is its own: to rotate its secret would be to log in with
// all its roles.
func TestANarrowTokenOpensNoDoor(t *testing.T) {
	t.Parallel()
	w := open(t, newMachine)
	w.under(nil)
	b := w.bench(w.machine.kinds()[0])
	narrow := b.narrowed("root", "s3cr3t", b.powerless("root"))
	narrow.name = "root"
	for _, d := range rankDoors() {
		if d.may == everybody || d.op == "oauth.getToken" || d.op == "iceberg.getConfig" {
			continue // which take no rights
		}
		w.attack(t, d.name(), func(x *attack) {
			c := d.call(b.within(x.t), narrow)
			x.tap.take()
			x.machine.take()
			a := x.send(narrow, c)
			x.refused(a)
			x.silent(a)
		})
	}
	w.attack(t, "its own secret", func(x *attack) {
		in := b.within(x.t)
		name := in.fresh("p")
		made := x.must(201, x.root, call{op: "management.createPrincipal",
			body: doc{"principal": doc{"name": name}}})
		weak := in.narrowed(made.text("credentials", "clientId"), made.text("credentials", "clientSecret"),
			in.powerless(name))
		x.tap.take()
		for _, op := range []string{"management.rotateCredentials", "management.resetCredentials"} {
			x.refused(x.send(weak, call{op: op, vars: vars{"principalName": name}, body: doc{}}))
		}
	})
}

// TestNoRenameBringsDataRights has those who may rename tables, and have no data rights, move one to where
// they have some.
func TestNoRenameBringsDataRights(t *testing.T) {
	t.Parallel()
	w := open(t, newMachine)
	w.under(nil)
	b := w.bench(w.machine.kinds()[0])
	for _, letter := range []byte("ma") {
		for _, privilege := range []string{"TABLE_READ_DATA", "TABLE_WRITE_DATA"} {
			w.attack(t, b.people[letter].name+" with "+privilege, func(x *attack) {
				in := b.within(x.t)
				home, name, who := in.namespace(), in.table(nil), b.people[letter]
				x.entitle(who, b.in(), home, privilege)
				x.tap.take()
				x.refused(x.send(who, call{op: "iceberg.loadTable", in: b.in(), ns: "mine", table: name}))
				a := x.send(who, call{op: "iceberg.renameTable", in: b.in(),
					body: doc{"source": doc{"namespace": []string{"mine"}, "name": name},
						"destination": doc{"namespace": []string{home}, "name": name}}})
				x.refused(a)
				for _, op := range []string{"iceberg.loadTable", "iceberg.loadCredentials"} {
					x.refused(x.send(who, call{op: op, in: b.in(), ns: home, table: name}))
				}
			})
		}
	}
}

// plantIn writes a file into a kind's store.
func (b *bench) plantIn(at, text string) {
	b.t.Helper()
	o := folderOf(at)
	o.key = strings.TrimSuffix(o.key, "/")
	if o.bucket == "" {
		b.put("", o.key, text)
		return
	}
	b.machine.mu.Lock()
	defer b.machine.mu.Unlock()
	b.machine.objects[o] = text
}

// holds reports whether a file is in a kind's store.
func (b *bench) holds(at string) bool {
	o := folderOf(at)
	o.key = strings.TrimSuffix(o.key, "/")
	if o.bucket == "" {
		_, err := os.Stat("/" + o.key)
		return err == nil
	}
	b.machine.mu.Lock()
	defer b.machine.mu.Unlock()
	_, there := b.machine.objects[o]
	return there
}

// TestFirnDeletesAndReadsForOneTableAlone registers metadata files that name another table's, where firn's
// own rights in the store are as wide as the store: it deletes none of them after commits. Of files that are
// no metadata nothing is said.
func TestFirnDeletesAndReadsForOneTableAlone(t *testing.T) {
	t.Parallel()
	w, all := benches(t)
	for _, kind := range []string{"role", "own identity", "named keys", "listed store", "file"} {
		b := all[kind]
		who, home := b.people['w'], b.base+"/mine/forged"
		register := func(x *attack, file doc, name string) answer {
			text, err := json.Marshal(file)
			must(x.t, err)
			at := home + "/metadata/" + b.fresh("0000") + "-forged.metadata.json"
			b.within(x.t).plantIn(at, string(text))
			return x.send(who, call{op: "iceberg.registerTable", in: b.in(), ns: "mine", plain: true,
				body: doc{"name": name, "metadata-location": at}})
		}
		w.attack(t, kind+": a log with another table's file", func(x *attack) {
			in := b.within(x.t)
			victim := in.table(doc{"properties": doc{"noise": noise()}}) // too large for a copy: its file is read
			at, name := in.load(victim).text("metadata-location"), in.fresh("evil")
			file := forged(home, "metadata-log", at)
			file["properties"] = doc{"write.metadata.delete-after-commit.enabled": "true",
				"write.metadata.previous-versions-max": "1"}
			if a := register(x, file, name); a.code == 200 {
				for range 3 {
					x.send(who, call{op: "iceberg.updateTable", in: b.in(), ns: "mine", table: name,
						body: setProperty()})
				}
			}
			x.send(who, call{op: "iceberg.dropTable", in: b.in(), ns: "mine", table: name})
			if !b.holds(at) {
				x.t.Errorf("firn deleted %s", at)
			}
			in.load(victim)
		})
		w.attack(t, kind+": a file with a secret in each field", func(x *attack) {
			for field := range forged(home, "", "") {
				for _, value := range []any{secretText, []string{secretText}, doc{secretText: secretText}} {
					file := forged(home, "", "")
					file[field] = value
					a := register(x, file, b.fresh("evil"))
					if strings.Contains(string(a.body), secretText) && a.code/100 != 2 {
						x.t.Errorf("%s: got %d %s, want nothing of the file", field, a.code, a.body)
					}
				}
			}
		})
	}
}

// link makes links to the folder outside, which a folder above both has in it.
func (m *machine) link(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		must(t, os.MkdirAll(filepath.Dir(name), 0o700))
		to, err := filepath.Rel(filepath.Dir(name), m.outside)
		must(t, err)
		must(t, os.Symlink(to, name))
	}
}

// TestNoLinkLeavesTheFolder puts links into the folder that the operator lists, which lead to where the
// catalog allows and the operator does not.
func TestNoLinkLeavesTheFolder(t *testing.T) {
	t.Parallel()
	w := open(t, newMachine)
	w.under(w.machine.lenient(t))
	b := w.bench(w.machine.wide())
	w.machine.plant(t)
	w.machine.link(t, filepath.Join(w.machine.files, "wh/link"), filepath.Join(w.machine.files,
		"wh/mine/link"))
	onDisk := *w.bed
	onDisk.scheme = "file"
	in := *w
	in.bed, in.mallory = &onDisk, b.people['w']
	in.tryOutside(t, site{b.in(), b.base}, []string{"file://{files}/wh/link/t", "file://{files}/wh/link",
		"file://{files}/wh/mine/link/t"})
}
