package attack

import (
	"maps"
	"strings"
	"testing"
)

// lure is a change of a catalog by which somebody would have firn act for them with its own identity, or at
// another host.
type lure struct {
	name, kind string
	change     func(x *attack, properties, storage doc)
}

// lures are the ways in which firn could be made a deputy. Each is tried in one piece: the change, if it is
// taken, and then all that would follow from it.
var lures = []lure{
	{"no STS, in another bucket", "role", func(_ *attack, properties, storage doc) {
		storage["stsUnavailable"], storage["endpoint"] = true, "https://s3.eu-west-1.amazonaws.com"
		widenTo(properties, storage, "s3://treasury/wh")
	}},
	{"no STS alone", "role", func(_ *attack, _, storage doc) { storage["stsUnavailable"] = true }},
	{"another bucket", "own identity", func(_ *attack, properties, storage doc) {
		widenTo(properties, storage,
			"s3://treasury/wh")
	}},
	{"a foreign store", "role", func(x *attack, _,
		storage doc) {
		storage["endpoint"] = x.machine.foreign.URL
	}},
	{"a foreign store for firn", "role", func(x *attack, _,
		storage doc) {
		storage["endpointInternal"] = x.machine.foreign.URL
	}},
	{"a foreign store without STS", "own identity", func(x *attack, _,
		storage doc) {
		storage["endpoint"] = x.machine.foreign.URL
	}},
	{"a foreign token service", "role", func(x *attack, _,
		storage doc) {
		storage["stsEndpoint"] = x.machine.foreign.URL
	}},
	{"the metadata service", "role", func(_ *attack, _,
		storage doc) {
		storage["stsEndpoint"] = "http://169.254.169.254"
	}},
	{"named credentials", "role", func(_ *attack, _, storage doc) { storage["storageName"] = named }},
	{"another role", "role", func(_ *attack, _, storage doc) { storage["roleArn"] = roleOf + "other" }},
	{"a folder of the machine", "file", func(x *attack, properties, storage doc) {
		widenTo(properties, storage, "file://"+x.machine.outside)
	}},
}

// widenTo allows one more location, and tables anywhere in it.
func widenTo(properties, storage doc, location string) {
	storage["allowedLocations"] = append(storage["allowedLocations"].([]any), location)
	for _, setting := range []string{"allow.unstructured.table.location",
		"allow.external.metadata.file.location", "namespace-custom-location.enabled",
		"allow.overlapping.table.location"} {
		properties["polaris.config."+setting] = "true"
	}
}

// TestNoRankMakesFirnADeputy has each rank below a service administrator change a catalog, and then stage,
// have requests signed, load, refresh, register, purge and probe. The operator allows the machine's own
// identity, for the service administrator. Whatever is answered, firn sends nothing but what the catalog as
// it was needs, and signs nothing with its own identity.
func TestNoRankMakesFirnADeputy(t *testing.T) {
	t.Parallel()
	for _, l := range lures {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			w := open(t, newMachine)
			w.under(w.machine.lenient(t))
			for _, k := range w.machine.kinds() {
				if k.name != l.kind {
					continue
				}
				b := w.bench(k)
				for _, r := range ranks {
					if r.letter != 's' {
						b.attack(t, "by a "+r.name, func(x *attack) { x.lure(b.within(x.t), r, l) })
					}
				}
			}
		})
	}
}

// lure tries one way, and all that follows.
func (x *attack) lure(b *bench, r rank, l lure) {
	x.t.Helper()
	who, victim := b.people[r.letter], b.victim()
	own := b.table(nil)
	properties, storage, version := b.known()
	before := maps.Clone(storage)
	l.change(x, properties, storage)
	x.machine.take()
	send := func(c call) answer {
		if r.letter == 'p' {
			c.header = elsewhereRealm
		}
		return x.send(who, c)
	}
	var said []answer
	try := func(c call) { said = append(said, send(c)) }
	in := vars{"catalogName": b.in()}
	try(call{op: "management.updateCatalog", vars: in, body: doc{"currentEntityVersion": version,
		"properties": properties, "storageConfigInfo": storage}})

	signed := map[string]string{"X-Iceberg-Access-Delegation": "remote-signing"}
	for _, at := range []string{victim.at, b.base + "/mine/x"} {
		name := b.fresh("t")
		staged := send(call{op: "iceberg.createTable", in: b.in(), ns: "mine", header: signed,
			body: create(name, doc{"location": at, "stage-create": true})})
		said = append(said, staged)
		if uuid := staged.text("metadata", "table-uuid"); uuid != "" {
			c := b.signing(name, "GET", folderOf(at), "data/1")
			c.query = "staged=" + uuid
			try(c)
		}
		name = b.fresh("t")
		try(call{op: "iceberg.createTable", in: b.in(), ns: "mine", plain: true, body: create(name,
			doc{"location": at})})
		try(call{op: "iceberg.dropTable", in: b.in(), ns: "mine", table: name, query: "purgeRequested=true"})
	}
	try(b.signing(own, "GET", folderOf(victim.at), "data/1"))
	try(b.signing(own, "PUT", folderOf(b.base), "mine/"+own+"/data/1"))
	for _, op := range []string{"iceberg.loadTable", "iceberg.loadCredentials"} {
		try(call{op: op, in: b.in(), ns: "mine", table: own})
	}
	try(call{op: "iceberg.registerTable", in: b.in(), ns: "mine", body: doc{"name": b.fresh("t"),
		"metadata-location": victim.at + "/metadata/1.metadata.json"}})
	try(call{op: "iceberg.updateTable", in: b.in(), ns: "mine", table: own, body: setProperty()})
	try(call{op: "iceberg.dropTable", in: b.in(), ns: "mine", table: own, query: "purgeRequested=true"})
	x.machine.honest(x, before, said)
	must(x.t, x.app.Tick(x.t.Context()))
	x.machine.honest(x, before, said[:1])
	if !victim.there() {
		x.t.Error("the victim's folder was changed")
	}
}

// victim is somebody's folder in the store of a kind, outside of the catalog, with a metadata file.
type victim struct {
	at    string
	there func() bool
}

func (b *bench) victim() victim {
	b.t.Helper()
	v := victim{at: "s3://treasury/wh/theirs/t"}
	if b.storage["storageType"] == "FILE" {
		v.at = "file://" + b.machine.outside + "/theirs/t"
	}
	o := folderOf(v.at)
	o.key += "metadata/1.metadata.json"
	if o.bucket == "" {
		b.put("", o.key, "{}")
		before := tree(b.t, b.machine.outside)
		v.there = func() bool { return maps.Equal(tree(b.t, b.machine.outside), before) }
		return v
	}
	b.machine.mu.Lock()
	defer b.machine.mu.Unlock()
	b.machine.objects[o] = "{}"
	v.there = func() bool {
		b.machine.mu.Lock()
		defer b.machine.mu.Unlock()
		return b.machine.objects[o] == "{}"
	}
	return v
}

// honest holds what firn sent to what the catalog's storage, as it was, needs: its own identity comes to STS
// for the catalog's role, and to the catalog's folder where there is no STS.
func (m *machine) honest(x *attack, storage doc, said []answer) {
	x.t.Helper()
	role, _ := storage["roleArn"].(string)
	direct := storage["stsUnavailable"] == true
	for _, s := range m.take() {
		switch {
		case s.foreign:
			x.t.Errorf("firn sent %s to %s as %q", s.what, s.to, s.by)
		case strings.Contains(s.to+s.what+s.opens, "treasury"):
			x.t.Errorf("firn sent %s to %s as %s, with %s", s.what, s.to, s.by, s.opens)
		case s.role != role && s.role != "":
			x.t.Errorf("firn assumed the role %q, want %q", s.role, role)
		case s.by == ownKey && s.role == "" && !direct, s.by == namedKey:
			x.t.Errorf("firn sent %s to %s as %s", s.what, s.to, s.by)
		}
	}
	for _, a := range said {
		for _, text := range []string{foreignText, "own-secret", namedKey, m.foreign.URL} {
			if strings.Contains(string(a.body), text) {
				x.t.Errorf("%s: got %s, want nothing of %q", a.op, a.body, text)
			}
		}
		if strings.Contains(string(a.body), ownKey) && (!direct || strings.Contains(string(a.body),
			"treasury")) {
			x.t.Errorf("%s: got a signature of firn's own identity: %s", a.op, a.body)
		}
	}
}
