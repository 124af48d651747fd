package attack

import (
	"maps"
	"strings"
	"testing"
)

// knocked is a door's call about a catalog, made while the operator allowed its storage.
type knocked struct {
	rankDoor
	*bench
	call   call
	who    person
	worked bool // the same request about another table, before
}

// TestATightenedPolicyBitesAtEachDoor makes catalogs of each kind of storage, and tables in them, under a
// policy that allows them. Then the server is started with one that does not. At each door that uses storage
// there is then no credential, no signature, no read, no write and no deletion, not from what is remembered
// either, and not by what goes on after answers.
func TestATightenedPolicyBitesAtEachDoor(t *testing.T) {
	t.Parallel()
	w, all := benches(t)
	var doors []knocked
	worked := map[string]int{}
	for _, k := range w.machine.kinds() {
		b := all[k.name]
		for _, d := range rankDoors() {
			if d.uses == none {
				continue
			}
			who := b.people[d.by()]
			twin := answer{code: 200}
			if d.op != "management.probeCatalog" { // which waits long for a store that denies nothing
				twin = w.send(who, d.call(b, who))
			}
			if twin.code/100 == 2 {
				worked[k.name]++
			}
			c := d.call(b, who)
			if d.remembers() {
				w.send(who, c)
			}
			doors = append(doors, knocked{d, b, c, who, twin.code/100 == 2})
		}
		if worked[k.name] < 12 {
			t.Errorf("%s: got %d doors open before, want most of them", k.name, worked[k.name])
		}
	}
	w.under(w.machine.tight())
	files, objects := tree(t, w.machine.files), maps.Clone(w.machine.objects)
	for _, d := range doors {
		w.attack(t, d.kind.name+" "+d.rankDoor.name(), func(x *attack) { x.shut(d) })
	}
	for range 3 {
		w.attack(t, "the work after answers", func(x *attack) {
			x.machine.take()
			must(x.t, x.app.Tick(x.t.Context()))
			x.silent(answer{op: "tick"})
		})
	}
	if now := tree(t, w.machine.files); !maps.Equal(now, files) {
		t.Errorf("got the files %v, want them as they were: %v", now, files)
	}
	if !maps.Equal(w.machine.objects, objects) {
		t.Error("the store's objects are not what they were")
	}
}

// by is the letter of who may knock.
func (d rankDoor) by() byte {
	for _, letter := range []byte("wts") {
		if strings.IndexByte(d.may, letter) >= 0 {
			return letter
		}
	}
	return 's'
}

// remembers reports whether the request changes nothing, so that it can be sent before the policy is
// tightened: its credentials are remembered then.
func (d rankDoor) remembers() bool {
	switch d.op {
	case "iceberg.loadTable", "iceberg.loadCredentials", "iceberg.signRequest",
		"sharing.generateTemporaryTableCredential", "gravitino.getCredentials":
		return true
	}
	return false
}

// shut holds a door to being shut by the policy.
func (x *attack) shut(d knocked) {
	x.t.Helper()
	if d.op == "management.updateCatalog" { // the version is another by now
		d.call = d.rankDoor.call(d.bench.within(x.t), d.who)
	}
	x.tap.take()
	x.machine.take()
	a := x.send(d.who, d.call)
	x.silent(a)
	if len(a.keys) > 0 || strings.Contains(string(a.body), "AWS4-HMAC-SHA256") {
		x.t.Errorf("%s: got credentials or a signature: %s", a.op, a.body)
	}
	if d.uses == later {
		if did, grants := x.tap.take(); did.Puts > 0 || len(grants) > 0 {
			x.t.Errorf("%s: got effects %+v and the grants %v, want none", a.op, did, grants)
		}
		return
	}
	if d.kind.name == "file" && a.code == 200 {
		return // there are no credentials, whatever is allowed
	}
	x.refused(a)
	if d.worked && !strings.Contains(string(a.body), byPolicy(d)) {
		x.t.Errorf("%s: got %d %s, want it refused by the operator's policy", a.op, a.code, a.body)
	}
}

// byPolicy is a part of a refusal by the operator's policy.
func byPolicy(d knocked) string {
	switch {
	case d.op == "sharing.generateTemporaryTableCredential":
		return "is not permitted" // in the words of its protocol
	case d.kind.name == "file" && strings.HasPrefix(d.op, "management.") && d.op != "management.probeCatalog":
		return "Unsupported storage type: FILE" // no folder is allowed
	case strings.HasPrefix(d.op, "management."):
		return "storage policy"
	}
	return "operator does not allow"
}
