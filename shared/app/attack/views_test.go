package attack

import (
	"encoding/json"
	"strings"
	"testing"
)

// viewDoor takes a location for a view. Views vend nothing; what is at stake is that firn writes where it is told to, with
// a key of its own, and that a folder is taken which others' keys open.
type viewDoor struct {
	door
	undo string // the view to drop when a clean location got in
}

// view is the body that makes a view.
func view(name string, more doc) doc {
	body := doc{"name": name, "schema": schema, "view-version": viewVersion}
	for k, v := range more {
		body[k] = v
	}
	return body
}

var viewVersion = doc{"version-id": 1, "timestamp-ms": 1_790_000_000_000, "schema-id": 0, "summary": doc{}, "default-namespace": []string{"mine"},
	"representations": []doc{{"type": "sql", "sql": "select 1", "dialect": "spark"}}}

func viewDoors() []viewDoor {
	var all []viewDoor
	for _, field := range append([]string{"location"}, pathProperties...) {
		set := func(at string) doc {
			if field == "location" {
				return doc{field: at}
			}
			return doc{"properties": doc{field: at}}
		}
		all = append(all,
			viewDoor{door{name: "create view " + field, ops: []string{"iceberg.createView"}, whom: "new", knock: func(x *attack, s site, at string) answer {
				return x.send(x.mallory, call{op: "iceberg.createView", in: s.catalog, ns: "mine", body: view("evil", set(at))})
			}}, "evil"},
			viewDoor{door{name: "replace view " + field, ops: []string{"iceberg.replaceView"}, whom: "own view", knock: func(x *attack, s site, at string) answer {
				return x.send(x.mallory, call{op: "iceberg.replaceView", in: s.catalog, ns: "mine", vars: vars{"view": "own"}, body: doc{"updates": updateOf(field)(at)}})
			}}, "own"},
			viewDoor{door{name: "register view with " + field, ops: []string{"iceberg.registerView"}, whom: "new", knock: func(x *attack, s site, at string) answer {
				return registerView(x, s, "evil", field, at)
			}}, "evil"})
	}
	return append(all, viewDoor{door{name: "register view", ops: []string{"iceberg.registerView"}, file: true, whom: "new", knock: func(x *attack, s site, at string) answer {
		return x.send(x.mallory, call{op: "iceberg.registerView", in: s.catalog, ns: "mine", body: doc{"name": "evil", "metadata-location": at}})
	}}, ""})
}

// registerView registers a view's metadata file that the attacker wrote into a folder of her own, with one location in a
// field.
func registerView(x *attack, s site, name, field, at string) answer {
	home := s.mine() + "/forged"
	file := doc{"view-uuid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "format-version": 1, "location": home, "properties": doc{}, "schemas": []doc{schema},
		"current-version-id": 1, "versions": []doc{viewVersion}, "version-log": []doc{}}
	if field == "location" {
		file[field] = at
	} else if field != "" {
		file["properties"] = doc{field: at}
	}
	o := folderOf(home + "/metadata")
	o.key += "00001-forged.metadata.json"
	text, err := json.Marshal(file)
	must(x.t, err)
	x.put(o.bucket, o.key, string(text))
	return x.send(x.mallory, call{op: "iceberg.registerView", in: s.catalog, ns: "mine", body: doc{"name": name, "metadata-location": home + "/metadata/00001-forged.metadata.json"}})
}

func TestNoLocationGetsInByAView(t *testing.T) {
	w := open(t, embedded)
	for _, s := range w.sites() {
		for _, d := range viewDoors() {
			t.Run(s.catalog+" "+d.name, func(t *testing.T) { w.within(t).besiegeView(t, s, d) })
		}
	}
	w.untouched(t)
}

func (w *world) besiegeView(t *testing.T, s site, d viewDoor) {
	in := s.mine()
	if d.whom == "own view" {
		in = w.must(200, w.mallory, call{op: "iceberg.createView", in: s.catalog, ns: "mine", body: view("own", nil)}).text("metadata", "location")
	}
	for _, l := range locations {
		if l.refusedAt(d.door, s) {
			w.attack(t, l.name, func(x *attack) { x.refused(d.knock(x, s, l.at(w, s, in))) })
		}
	}
	if d.undo == "" {
		return // the benign twin of a file is one that is there: the doors that write one first
	}
	w.attack(t, "benign", func(x *attack) {
		clean := in + "/clean"
		if strings.HasPrefix(d.name, "register") {
			clean = s.mine() + "/forged"
		}
		a := d.knock(x, s, clean).must(x.t, 200)
		_, grants := x.tap.take()
		for _, g := range grants {
			for _, p := range g.Prefixes {
				if folder := folderOf(p.String()); !folder.in(folderOf(s.mine())) {
					x.t.Errorf("firn took a key to %s", folder)
				}
			}
		}
		a.keys = append(a.keys, x.must(200, x.mallory, call{op: "iceberg.loadView", in: s.catalog, ns: "mine", vars: vars{"view": d.undo}}).keys...)
		if len(a.keys) > 0 {
			x.t.Errorf("got %d keys with a view, want none", len(a.keys))
		}
		x.must(204, x.mallory, call{op: "iceberg.dropView", in: s.catalog, ns: "mine", vars: vars{"view": d.undo}})
	})
}

// viewNameDoors make a view of a name, and give the answer that has its location.
var viewNameDoors = []nameDoor{
	{name: "create view", ops: []string{"iceberg.createView"}, make: func(x *attack, s site, name string) answer {
		return x.send(x.mallory, call{op: "iceberg.createView", in: s.catalog, ns: "mine", body: view(name, nil)})
	}},
	{name: "register view", ops: []string{"iceberg.registerView"}, make: func(x *attack, s site, name string) answer { return registerView(x, s, name, "", "") }},
	{name: "rename view", ops: []string{"iceberg.renameView"}, make: func(x *attack, s site, name string) answer {
		x.world.send(x.mallory, call{op: "iceberg.createView", in: s.catalog, ns: "mine", body: view("from", nil)})
		x.tap.take()
		a := x.send(x.mallory, call{op: "iceberg.renameView", in: s.catalog, body: doc{"source": doc{"namespace": []string{"mine"}, "name": "from"}, "destination": doc{"namespace": []string{"mine"}, "name": name}}})
		if a.code != 204 {
			return a
		}
		return x.send(x.mallory, call{op: "iceberg.loadView", in: s.catalog, ns: "mine", vars: vars{"view": name}})
	}},
}

func TestNoNameGetsInByAView(t *testing.T) {
	w := open(t, embedded)
	s := w.sites()[1]
	for _, d := range viewNameDoors {
		for _, n := range names {
			w.attack(t, d.name+" "+n.text[:min(len(n.text), 40)], func(x *attack) {
				a := d.make(x, s, n.text)
				if !n.legal {
					x.refused(a)
					return
				}
				at := a.must(x.t, 200).text("metadata", "location")
				if leaf := strings.TrimPrefix(at, s.mine()+"/"); leaf == at || strings.Trim(leaf, plain) != "" || leaf == ".." || len(a.keys) > 0 {
					x.t.Errorf("got the location %q and %d keys, want a plain one in %s and none", at, len(a.keys), s.mine())
				}
				x.must(204, x.mallory, call{op: "iceberg.dropView", in: s.catalog, ns: "mine", vars: vars{"view": n.text}})
			})
		}
	}
	w.untouched(t)
}
