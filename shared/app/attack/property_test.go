package attack

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var (
	seed  = flag.Uint64("seed", 1, "of the random sequences")
	steps = flag.Int("steps", 120, "of each random sequence")
)

// model is what a sequence of operations should have led to, told apart from the server: tables with their folders, and
// who holds what. It knows no code of the server's.
type model struct {
	*world
	t      *testing.T
	r      *rand.Rand
	people []person
	rights map[string]map[string]bool // by person, the privileges on the namespace
	tables map[string]string          // live tables' locations, by name
	seen   map[string]bool            // every folder that a table ever had
	vended []grant
}

// grant is a key that somebody was given, and the folder that it was for.
type grant struct {
	who string
	at  string
	key key
}

// TestRandomSequencesOpenNothingElse makes, moves, renames, drops, grants, revokes and vends at random. Each vend must be
// what the person may do at that moment, and no two tables' folders may overlap. In the end every key ever vended is tried
// on every folder that there ever was: it opens those that it was given for, if anything.
func TestRandomSequencesOpenNothingElse(t *testing.T) {
	for _, b := range beds {
		for i := range uint64(2) {
			t.Run(fmt.Sprintf("%s seed %d", b.name, *seed+i), func(t *testing.T) {
				t.Parallel()
				m := newModel(t, open(t, b.open), *seed+i)
				for range *steps {
					m.step()
					m.apart()
				}
				m.judge()
				m.untouched(t)
			})
		}
	}
}

func newModel(t *testing.T, w *world, seed uint64) *model {
	m := &model{world: w, t: t, r: rand.New(rand.NewPCG(seed, 0)), rights: map[string]map[string]bool{}, tables: map[string]string{}, seen: map[string]bool{}}
	m.must(204, m.root, call{op: "management.revokeCatalogRoleFromPrincipalRole", vars: vars{"principalRoleName": "mallory", "catalogName": "loose", "catalogRoleName": "mallory"}})
	for i := range 3 {
		p := m.person(fmt.Sprintf("p%d", i))
		m.entitle(p, "loose", "mine", "TABLE_FULL_METADATA")
		m.people, m.rights[p.name] = append(m.people, p), map[string]bool{}
	}
	return m
}

// place is a random location: one of few, so that they meet, overlap and begin alike.
func (m *model) place() string {
	at := m.sites()[1].mine()
	for range 1 + m.r.IntN(3) {
		at += "/" + pick(m.r, "a", "ab", "b", "a.b")
	}
	return at
}

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

// step does one thing. Whether it works is the server's to say; what it then means is the model's.
func (m *model) step() {
	p := pick(m.r, m.people...)
	name := pick(m.r, "t0", "t1", "t2", "t3", "t4")
	at := call{in: "loose", ns: "mine", table: name}
	switch m.r.IntN(10) {
	case 0, 1:
		more := doc{"location": m.place()}
		if m.r.IntN(4) == 0 {
			more = doc{}
		}
		at.op, at.table, at.plain, at.body = "iceberg.createTable", "", true, create(name, more)
		if a := m.send(p, at); m.happened(a, 200) {
			m.tables[name] = a.text("metadata", "location")
		}
	case 2:
		at.op = "iceberg.dropTable"
		if a := m.send(p, at); m.happened(a, 204) {
			delete(m.tables, name)
		}
	case 3:
		to := pick(m.r, "t0", "t1", "t2", "t3", "t4")
		at.op, at.body = "iceberg.renameTable", doc{"source": doc{"namespace": []string{"mine"}, "name": name}, "destination": doc{"namespace": []string{"mine"}, "name": to}}
		if a := m.send(p, at); m.happened(a, 204) {
			m.tables[to] = m.tables[name]
			delete(m.tables, name)
		}
	case 4:
		place := m.place()
		at.op, at.plain, at.body = "iceberg.updateTable", true, doc{"updates": updateOf("location")(place)}
		if a := m.send(p, at); m.happened(a, 200) {
			m.tables[name] = place
		}
	case 5, 6:
		m.grant(p, pick(m.r, "TABLE_READ_DATA", "TABLE_WRITE_DATA"))
	default:
		at.op = pick(m.r, "iceberg.loadTable", "iceberg.loadCredentials")
		m.vend(p, name, m.send(p, at))
	}
	for _, at := range m.tables {
		m.seen[at] = true
	}
}

// happened says whether something did; a refusal is nothing, and all else an error.
func (m *model) happened(a answer, code int) bool {
	m.t.Helper()
	if a.code != code && (a.code < 400 || a.code > 499) {
		m.t.Errorf("%s: got %d %s", a.op, a.code, a.body)
	}
	return a.code == code
}

// grant gives or takes a privilege.
func (m *model) grant(p person, privilege string) {
	op := "management.addGrantToCatalogRole"
	if m.rights[p.name][privilege] {
		op = "management.revokeGrantFromCatalogRole"
	}
	m.must(201, m.root, call{op: op, vars: vars{"catalogName": "loose", "catalogRoleName": p.name}, body: doc{"grant": doc{"type": "namespace", "namespace": []string{"mine"}, "privilege": privilege}}})
	m.rights[p.name][privilege] = !m.rights[p.name][privilege]
}

// vend holds an answer to what the person may do now.
func (m *model) vend(p person, name string, a answer) {
	m.t.Helper()
	at, there := m.tables[name]
	write := m.rights[p.name]["TABLE_WRITE_DATA"]
	if may := there && (write || m.rights[p.name]["TABLE_READ_DATA"]); may != (a.code == 200) || may != (len(a.keys) == 1) {
		m.t.Errorf("%s of %s by %s: got %d with %d keys, want keys: %v", a.op, name, p.name, a.code, len(a.keys), may)
		return
	}
	for _, k := range a.keys {
		g := grant{who: p.name, at: at, key: k}
		b, own := m.pick(m.t, k), folderOf(at)
		if err := b.list(own.bucket, own.key); err != nil {
			m.t.Errorf("%s of %s by %s: %v", a.op, name, p.name, err)
		}
		if wrote := b.put(object{own.bucket, own.key + "x"}) == nil; wrote != write {
			m.t.Errorf("%s of %s by %s: the key writes: %v, want %v", a.op, name, p.name, wrote, write)
		}
		m.vended = append(m.vended, g)
	}
}

// apart fails if folders of two tables overlap.
func (m *model) apart() {
	m.t.Helper()
	for a, x := range m.tables {
		for b, y := range m.tables {
			if a != b && strings.HasPrefix(x+"/", y+"/") {
				m.t.Errorf("table %s at %s is in table %s at %s", a, x, b, y)
			}
		}
	}
}

// judge tries what every person ever was given on every folder that there ever was.
func (m *model) judge() {
	m.t.Helper()
	if len(m.vended) < *steps/20 || len(m.seen) < 4 {
		m.t.Errorf("got %d keys of %d folders: the sequence shows nothing", len(m.vended), len(m.seen))
	}
	for _, g := range m.vended {
		attacks.Add(1)
		b := m.pick(m.t, g.key)
		for _, at := range slices.Sorted(maps.Keys(m.seen)) {
			if strings.HasPrefix(at+"/", g.at+"/") {
				continue // what it was given for, or a folder in it of another time
			}
			o := folderOf(at)
			for _, way := range b.at(object{o.bucket, o.key + "x"}, folderOf(g.at)) {
				if way.try() == nil {
					successes.Add(1)
					m.t.Errorf("%s's key for %s let it %s", g.who, g.at, way.name)
				}
			}
		}
		for _, v := range m.victims {
			if ways := b.at(v, folderOf(g.at)); ways[getting].try() == nil || ways[putting].try() == nil {
				successes.Add(1)
				m.t.Errorf("%s's key for %s opened %s", g.who, g.at, v)
			}
		}
	}
}
