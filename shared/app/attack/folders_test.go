package attack

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outsides are places of the machine that the policy does not list: {out} stands for a folder beside the
// listed one, with a metadata file in it, {files} for the listed one.
var outsides = []string{"file://{out}/t", "file://{out}", "file:{out}/t", "{out}/t",
	"file://localhost{out}/t", "file://{files}/../lake2/t", "file://{files}2/t", "file:///",
	"file:///etc/firn", "file://{files}",
	"file://{files}/%2e%2e/lake2/t"}

// secretText is in a file that nobody may read by way of firn.
const secretText = "what-the-machine-keeps"

// TestNothingOutsideOfTheFoldersIsTouched allows a catalog of type FILE what is above the folder that the
// operator lists, as a service administrator may, and has no rule of its own against places. At each door
// that takes a location, the writer and the service administrator name places outside of the folder that the
// operator lists. What is there is not read, written or deleted, also when tables are purged afterwards.
func TestNothingOutsideOfTheFoldersIsTouched(t *testing.T) {
	t.Parallel()
	w := open(t, newMachine)
	m := w.machine
	w.under(m.lenient(t))
	k := m.wide()
	b := w.bench(k)
	m.plant(t)
	before := tree(t, m.outside)
	for _, who := range []person{b.people['w'], b.root} {
		in := *w
		onDisk := *w.bed
		onDisk.scheme = "file"
		in.bed, in.mallory = &onDisk, who
		in.tryOutside(t, site{b.in(), k.base}, outsides)
	}
	w.attack(t, "the purges of it all", func(x *attack) {
		for _, name := range []string{"evil", "own"} {
			x.send(b.root, call{op: "iceberg.dropTable", in: b.in(), ns: "mine", table: name,
				query: "purgeRequested=true"})
		}
		for range 2 {
			must(x.t, x.app.Tick(x.t.Context()))
		}
		x.intact(before)
	})
}

// wide is the kind FILE in a catalog that allows more than the operator, and has no rule of its own against
// places.
func (m *machine) wide() kind {
	k := m.kinds()[len(m.kinds())-1]
	k.storage["allowedLocations"] = []string{"file:///", "file://" + filepath.Dir(m.files)}
	k.more = map[string]string{"polaris.config.allow.unstructured.table.location": "true",
		"polaris.config.allow.external.metadata.file.location": "true",
		"polaris.config.namespace-custom-location.enabled":     "true",
		"polaris.config.default-unique-table-location.enabled": "false"}
	return k
}

// plant puts a table's files outside.
func (m *machine) plant(t *testing.T) {
	t.Helper()
	text, err := json.Marshal(forged("file://"+m.outside+"/t", "", ""))
	must(t, err)
	for name, text := range map[string]string{"t/metadata/00001-forged.metadata.json": string(text),
		"t/data/1": "a victim's", "secret.json": `{"format-version": "` + secretText + `"}`} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(m.outside, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(m.outside, name), []byte(text), 0o600))
	}
}

// tryOutside tries every place outside at every door that takes a location.
func (w *world) tryOutside(t *testing.T, s site, places []string) {
	t.Helper()
	replace := strings.NewReplacer("{out}", w.machine.outside, "{files}", w.machine.files)
	drop := func(name string) {
		w.send(w.mallory, call{op: "iceberg.dropTable", in: s.catalog, ns: "mine", table: name,
			query: "purgeRequested=true"})
	}
	for _, d := range locationDoors() {
		if d.whom == "catalog" {
			continue // the catalog allows all of it
		}
		for i, text := range places {
			if !thorough && len(places) > 4 && (i+len(d.name))%4 != 0 {
				continue
			}
			at := replace.Replace(text)
			if d.name == "register" {
				at += "/metadata/00001-forged.metadata.json"
			}
			w.attack(t, d.name+" "+text, func(x *attack) {
				x.machine.plant(x.t)
				before := tree(x.t, x.machine.outside)
				x.send(x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", plain: true,
					body: create("own", nil)})
				a := d.knock(x, s, at)
				if d.name == "register" && a.code/100 == 2 {
					x.t.Errorf("%s: got %s, want the file not read", a.op, a.body)
				}
				x.intact(before)
				drop("evil")
				drop("own")
				x.send(x.mallory, call{op: "iceberg.dropNamespace", in: s.catalog, ns: "mine.clean"})
				x.intact(before)
			})
		}
	}
	w.attack(t, "a file that is no metadata", func(x *attack) {
		for _, at := range []string{"file://" + x.machine.outside + "/secret.json",
			"file://" + x.machine.files + "/wh/link/secret.json", "file:///etc/passwd"} {
			a := x.send(x.mallory, call{op: "iceberg.registerTable", in: s.catalog, ns: "mine",
				body: doc{"name": "evil", "metadata-location": at}})
			if a.code/100 == 2 || strings.Contains(string(a.body), secretText) ||
				strings.Contains(string(a.body), "root:") {
				x.t.Errorf("got %d %s", a.code, a.body)
			}
		}
	})
}

// intact fails the attack if anything outside of the folders was written or deleted.
func (x *attack) intact(before map[string]string) {
	x.t.Helper()
	if now := tree(x.t, x.machine.outside); !maps.Equal(now, before) {
		x.t.Fatalf("got %v outside of the folders, want %v", now, before)
	}
}
