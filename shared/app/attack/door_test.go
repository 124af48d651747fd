package attack

import (
	"strings"
	"testing"
)

// TestNoLocationGetsIn tries every hostile location at every door that takes one, in a strict catalog and in a loose one;
// then a clean one, which must get in.
func TestNoLocationGetsIn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for _, s := range w.sites() {
			for _, d := range locationDoors() {
				if d.whom == "catalog" && s.catalog != "lake" {
					continue // once is enough
				}
				t.Run(s.catalog+" "+d.name, func(t *testing.T) { w.within(t).besiege(t, s, d) })
			}
		}
	})
}

// besiege tries every hostile location at one door.
func (w *world) besiege(t *testing.T, s site, d door) {
	in := s.mine()
	switch d.whom {
	case "own":
		made := w.must(200, w.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create("own", nil)})
		in = made.text("metadata", "location")
		w.must(200, w.mallory, call{op: "iceberg.updateTable", in: s.catalog, ns: "mine", table: "own", body: doc{"updates": []doc{{"action": "add-snapshot",
			"snapshot": doc{"snapshot-id": 7, "sequence-number": 1, "timestamp-ms": 1_800_000_000_000, "manifest-list": in + "/metadata/7.avro", "schema-id": 0, "summary": doc{"operation": "append"}}}}}})
	case "catalog":
		in = w.fresh()
	}
	for i, l := range locations {
		if !l.refusedAt(d, s) || !w.takes(i+len(d.name)) {
			continue
		}
		w.attack(t, l.name, func(x *attack) {
			x.refused(d.knock(x, s, l.at(w, s, in)))
		})
	}
	t.Run("benign", func(t *testing.T) {
		x := &attack{world: w.within(t), t: t}
		x.welcome(s, d, in)
	})
	if d.whom == "own" {
		w.must(204, w.mallory, call{op: "iceberg.dropTable", in: s.catalog, ns: "mine", table: "own"})
	}
}

// takes says whether one of many inputs is tried at a door: each second, others at each door; on the fakes of clouds, whose
// doors are the same, each fourth.
func (w *world) takes(i int) bool { return thorough || i%4 == 0 || w.signs != nil && i%2 == 0 }

// welcome proves that the door opens to a clean location, and tries the key that it leads to.
func (x *attack) welcome(s site, d door, in string) {
	at := in + "/clean"
	switch {
	case d.whom == "catalog":
		at = in + "/deeper"
		if strings.HasSuffix(d.name, "allowedLocations") {
			at = in
		}
	case d.name == "register":
		d.knock = forgeDoor("location", false).knock
		at = s.mine() + "/forged"
	case d.name == "register with location" || d.name == "register over another with location":
		at = s.mine() + "/forged"
	case strings.HasPrefix(d.name, "register"):
		at = s.mine() + "/forged/clean"
	}
	a := d.knock(x, s, at)
	if x.folders && d.whom == "new" && strings.Contains(d.name, "write.") && !strings.HasPrefix(d.name, "register") {
		// A key opens one folder there, so that a path beside the table's location is no location either.
		if a.code != 400 || len(a.keys) > 0 {
			x.t.Errorf("got %d %s, want a refusal of the second folder", a.code, a.body)
		}
		return
	}
	if a.code/100 != 2 {
		x.t.Errorf("got %d %s, want the door open to %s", a.code, a.body, at)
		return
	}
	switch table := map[string]string{"new": "evil", "own": "own"}[d.whom]; {
	case table == "":
	case strings.HasPrefix(d.name, "staged"):
		x.open(a, a.text("metadata", "location"))
	default:
		a = x.must(200, x.mallory, call{op: "iceberg.loadTable", in: s.catalog, ns: "mine", table: table})
		x.open(a, a.text("metadata", "location"))
	}
	if d.undo != nil {
		d.undo(x, s)
	}
}

// at spells the location for a world.
func (l location) at(w *world, s site, in string) string {
	theirs := s.base + "/theirs/t"
	stranger, third := "gs", "abfss"
	switch w.scheme {
	case "gs":
		stranger = "s3"
	case "abfss":
		third = "s3"
	}
	text := strings.ReplaceAll(l.text, "s3:", w.scheme+":")
	return strings.NewReplacer("{in}", in, "{in-}", strings.TrimPrefix(in, w.scheme), "{mine}", s.mine(), "{theirs}", theirs, "{theirs-}", strings.TrimPrefix(theirs, w.scheme),
		"{base}", s.base, "{lake}", w.lake, "{LAKE}", strings.ToUpper(w.lake), "{vault}", w.vault,
		"{alias}", w.other, "{SCHEME}", strings.ToUpper(w.scheme), "{stranger}", stranger, "{third}", third).Replace(text)
}

// refusedAt says whether the location must be refused at a door.
func (l location) refusedAt(d door, s site) bool {
	strict := s.catalog == "lake"
	switch {
	case strings.HasSuffix(d.name, "allowedLocations") && strings.TrimSuffix(l.text, "/") == "s3://{lake}":
		return false // it is narrowed to the base, as that of the catalog loose
	case d.whom == "catalog":
		return !l.free
	case l.class == beside:
		return strict
	case l.class == taken:
		return strict || !d.file
	}
	return true
}
