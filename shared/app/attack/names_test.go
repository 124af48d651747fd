package attack

import (
	"slices"
	"strings"
	"testing"
)

// name is a hostile name of a namespace, a table or a principal.
type name struct {
	text  string
	legal bool // as one level of a namespace, or a table's name: it must work, and open nothing but its own folder
}

// names are tried wherever a client names something. Those that are legal are the benign twins of the others.
var names = []name{
	{"*", false}, {"*.*", false}, {"f*.t1", false}, {"t?", false}, {"a/b", false}, {`a\b`, false}, {"/", false}, {"../theirs", false}, {"theirs/t", false},
	{".", false}, {"..", false}, {`x"y`, false}, {"<t>", false}, {"a|b", false}, {"a:b", false}, {"a#b", false}, {"a+b", false}, {"`id`", false}, {`"],"Resource":["*`, false}, {"x') || true || resource.name.startsWith('", false},
	{" t", false}, {"t ", false}, {"t\t", false}, {"\u00a0t", false}, {"t\x00", false}, {"t\x1fx", false}, {"t\nx", false}, {"t\x7f", false}, {"t\u0085x", false},
	{strings.Repeat("n", 513), false}, {"s3://lake/wh/theirs/t", false},

	{"a'b", true}, {"x') && resource.name.startsWith('", true}, {"${aws}", true}, {"$", true}, {"a$b", true}, {"{t}", true},
	{"%2e%2e", true}, {"%2e%2e%2ftheirs", true}, {"%2F", true}, {"%252e", true}, {"%00", true}, {"%", true}, {"x%0aracwdl", true},
	{"...", true}, {"t.", true}, {"t..", true}, {".t", true}, {"..t", true}, {"-", true}, {"--", true}, {"_", true}, {"0", true},
	{"a&sp=racwdl", true}, {"a;b", true}, {"a,b", true}, {"a=b", true}, {"a@b", true}, {"a b", true}, {"a^b", true}, {"~", true}, {"!", true},
	{"caf\u00e9", true}, {"cafe\u0301", true}, {"\u202et", true}, {"t\u200b", true}, {"\ufefft", true}, {"\uff0e\uff0e", true}, {"a\uff0fb", true}, {"\u0130", true}, {"\U0001f40d", true},
	{"T", true}, {"t", true}, {"t2", true}, {"t-0123456789ab", true}, {"theirs", true}, {"mine", true}, {"data", true}, {"metadata", true}, {"SYSTEM$x", true}, {"firn", true},
	{strings.Repeat("n", 512), true}, {strings.Repeat("\u00e9", 256), true},
}

// nameDoor makes something of a name and gives the answer with the key of it.
type nameDoor struct {
	name string
	ops  []string
	make func(x *attack, s site, name string) answer
	undo func(x *attack, s site, name string)
}

func dropNamed(x *attack, s site, name string) {
	x.must(204, x.mallory, call{op: "iceberg.dropTable", in: s.catalog, ns: "mine", table: name})
}

var nameDoors = []nameDoor{
	{"create", []string{"iceberg.createTable"}, func(x *attack, s site, name string) answer {
		return x.send(x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create(name, nil)})
	}, dropNamed},
	{"register", []string{"iceberg.registerTable"}, func(x *attack, s site, name string) answer {
		return register(x, s, doc{"name": name}, forged(s.mine()+"/forged", "", ""))
	}, dropNamed},
	{"rename", []string{"iceberg.renameTable", "iceberg.loadTable"}, func(x *attack, s site, name string) answer {
		x.world.send(x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create("from", nil)})
		x.tap.take()
		a := x.send(x.mallory, call{op: "iceberg.renameTable", in: s.catalog, body: doc{"source": doc{"namespace": []string{"mine"}, "name": "from"}, "destination": doc{"namespace": []string{"mine"}, "name": name}}})
		if a.code != 204 {
			return a
		}
		return x.send(x.mallory, call{op: "iceberg.loadTable", in: s.catalog, ns: "mine", table: name})
	}, dropNamed},
	{"namespace", []string{"iceberg.createNamespace"}, func(x *attack, s site, name string) answer {
		a := x.send(x.mallory, call{op: "iceberg.createNamespace", in: s.catalog, body: doc{"namespace": []string{"mine", name}}})
		if a.code != 200 {
			return a
		}
		return x.send(x.mallory, call{op: "iceberg.createTable", in: s.catalog, vars: vars{"namespace": "mine\x1f" + name}, body: create("t", nil)})
	}, func(x *attack, s site, name string) {
		x.must(204, x.mallory, call{op: "iceberg.dropTable", in: s.catalog, vars: vars{"namespace": "mine\x1f" + name}, table: "t"})
		x.must(204, x.mallory, call{op: "iceberg.dropNamespace", in: s.catalog, vars: vars{"namespace": "mine\x1f" + name}})
	}},
	{"staged create", []string{"iceberg.createTable"}, func(x *attack, s site, name string) answer {
		return x.send(x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create(name, doc{"stage-create": true})})
	}, nil},
}

// TestNoNameGetsIn makes things of every hostile name. Illegal ones are refused. Legal ones work, each in a folder that is
// plain and its own, and the key opens that alone.
func TestNoNameGetsIn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		for _, s := range w.sites() {
			for _, d := range nameDoors {
				if s.catalog == "lake" && d.name != "create" && d.name != "namespace" {
					continue // folders with a random leaf are the easier ones
				}
				folders := map[object]string{}
				for i, n := range names {
					if !w.takes(i + len(d.name)) {
						continue
					}
					w.attack(t, s.catalog+" "+d.name+" "+n.text[:min(len(n.text), 40)], func(x *attack) {
						a := d.make(x, s, n.text)
						if !n.legal {
							x.refused(a)
							return
						}
						at := a.must(x.t, 200).text("metadata", "location")
						x.open(a, at)
						own := folderOf(at)
						if was, twice := folders[own]; twice && d.name != "register" && d.name != "rename" {
							x.t.Errorf("%q and %q have one folder %s", was, n.text, own)
						}
						folders[own] = n.text
						if leaf := strings.TrimPrefix(at, s.mine()+"/"); leaf == at || strings.Trim(leaf, plain+"/") != "" || slices.Contains(strings.Split(leaf, "/"), "..") {
							x.t.Errorf("got the location %q, want a plain one in %s", at, s.mine())
						}
						if d.undo != nil {
							d.undo(x, s, n.text)
						}
					})
				}
			}
		}
	})
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

// TestNoPrincipalNameGetsIn lets principals of hostile names vend: their names are in sessions and logs.
func TestNoPrincipalNameGetsIn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		made := w.must(200, w.mallory, call{op: "iceberg.createTable", in: "lake", ns: "mine", body: create("shared", nil)})
		for _, text := range []string{"*", "a/b", "..", "mallory2", "x') || true || ('", `"],"Resource":["*`, "${aws:username}", "a b", "caf\u00e9", "\u202e", "t,aws:x=y", "mallory/../root", strings.Repeat("p", 256), "%2e%2e", "=", "p=1;q=2"} {
			w.attack(t, text[:min(len(text), 40)], func(x *attack) {
				x.world.t = x.t
				p := x.person(text)
				x.entitle(p, "lake", "mine", "TABLE_WRITE_DATA")
				x.open(x.send(p, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "shared"}).must(x.t, 200), made.text("metadata", "location"))
			})
		}
	})
}
