package attack

import "testing"

// story is an attack of several steps, on a world of its own.
type story struct {
	name string
	ops  []string // of the route table, that it goes through
	run  func(x *attack)
}

var stories = concat(rightsStories, stagedStories, movedStories, fileStories, sharedStories, signedStories)

func concat(all ...[]story) (out []story) {
	for _, s := range all {
		out = append(out, s...)
	}
	return out
}

func TestNoStoryEndsWell(t *testing.T) {
	for _, b := range beds {
		for _, s := range stories {
			t.Run(b.name+" "+s.name, func(t *testing.T) {
				t.Parallel()
				w := open(t, b.open)
				w.attack(t, s.name, s.run)
				w.untouched(t)
			})
		}
	}
}

// table makes a table of somebody's in "mine" and gives its location and its key.
func (x *attack) table(who person, catalog, name string, more doc) (string, key) {
	x.t.Helper()
	a := x.must(200, who, call{op: "iceberg.createTable", in: catalog, ns: "mine", body: create(name, more)})
	if len(a.keys) != 1 {
		x.t.Fatalf("got %d keys with the table %s, want one", len(a.keys), name)
	}
	x.tap.take()
	return a.text("metadata", "location"), a.keys[0]
}

// dead says whether a key opens nothing, not even its own folder.
func (x *attack) dead(k key, location string) bool {
	b, own := x.pick(x.t, k), folderOf(location)
	return b.list(own.bucket, own.key) != nil && b.put(object{own.bucket, own.key + "late"}) != nil
}

// accomplice is another principal with the attacker's rights in both sites.
func (x *attack) accomplice(name string, privileges ...string) person {
	x.t.Helper()
	p := x.person(name)
	if len(privileges) == 0 {
		privileges = []string{"NAMESPACE_FULL_METADATA", "TABLE_FULL_METADATA", "TABLE_WRITE_DATA"}
	}
	for _, s := range x.sites() {
		x.entitle(p, s.catalog, "mine", privileges...)
	}
	x.tap.take()
	return p
}

// denied holds a key to opening nothing of a folder.
func (x *attack) denied(k key, own, location string) {
	x.t.Helper()
	o := folderOf(location)
	for _, leak := range succeeded(x.pick(x.t, k).at(object{o.bucket, o.key + "x"}, folderOf(own))) {
		x.t.Errorf("the key for %s let the attacker %s", own, leak)
	}
}
