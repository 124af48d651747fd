package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/bolt"
	"firn/shared/kv/dynamo/dynamotest"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
)

const (
	realm      lake.Realm = "R"
	otherRealm lake.Realm = "Q" // of the same server
)

// drivers are the stores that each test runs on: the embedded one, the same tearing every read, and DynamoDB.
var drivers = []struct {
	name string
	open func(*testing.T) kv.Driver
}{
	{"bolt", openBolt},
	{"torn", func(t *testing.T) kv.Driver {
		d := faulty.New(openBolt(t))
		d.Plan(faulty.Random(1, faulty.Odds{Torn: 1}))
		return d
	}},
	{"dynamo", func(t *testing.T) kv.Driver { return dynamotest.Open(t) }},
}

func openBolt(t *testing.T) kv.Driver {
	t.Helper()
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// world is a store with a clock that tests move and a driver that misbehaves as told.
type world struct {
	*Store
	t   *testing.T
	db  *faulty.Driver
	raw kv.Driver // behind the faults

	lax   bool          // catalogs of one realm may overlap
	found []BaseOverlap // between realms

	mu     sync.Mutex
	at     time.Time
	places map[string]place // every container that was ever asked for
}

func newWorld(t *testing.T, raw kv.Driver) *world {
	w := &world{t: t, db: faulty.New(raw), raw: raw, at: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), places: map[string]place{}}
	w.Store = New(Config{Driver: w.db, Now: w.time, Realms: []lake.Realm{realm, otherRealm}, Overlap: func(o BaseOverlap) { w.found = append(w.found, o) }})
	for _, r := range []lake.Realm{realm, otherRealm} {
		if err := w.IndexBases(context.Background(), r); err != nil { // as Bootstrap would
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// onEach runs a test on every driver.
func onEach(t *testing.T, run func(t *testing.T, w *world)) {
	t.Helper()
	for _, d := range drivers {
		t.Run(d.name, func(t *testing.T) { run(t, newWorld(t, d.open(t))) })
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func prefixOf(text string) location.Prefix {
	p, err := location.ParsePrefix(text)
	if err != nil {
		panic(err)
	}
	return p
}

// seen is a batch read of what most operations need.
type seen struct {
	batch  *Batch
	cat    *CatalogSlot
	n      *NamespaceSlot
	guards Guards
}

// levels splits "a.b"; empty is the root.
func levels(ns string) []string {
	if ns == "" {
		return nil
	}
	return strings.Split(ns, ".")
}

// look begins a batch; more names what else is read.
func (w *world) look(cat, ns string, more func(*seen)) (*seen, error) {
	b := w.Batch(realm)
	x := &seen{batch: b, cat: b.Catalog(cat)}
	x.n = b.Namespace(x.cat, levels(ns))
	x.guards = b.Guards(x.n)
	if more != nil {
		more(x)
	}
	w.note(x.n.place)
	if err := b.Read(context.Background()); err != nil {
		return nil, err
	}
	if !x.n.There() {
		return nil, fault.Missing(fault.Namespace, ns)
	}
	return x, nil
}

func (w *world) note(p place) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := range len(p.levels) + 1 {
		at := place{p.realm, p.catalog, slices.Clone(p.levels[:i])}
		w.places[strings.Join(append(at.parts(), string(at.realm)), "\x00")] = at
	}
}

// The operations, as use-cases do them: read, decide, write, again after a lost race.

func (w *world) createCatalog(name string, bases ...string) error {
	return w.createCatalogIn(realm, lake.Storage{}, name, bases...)
}

func (w *world) createCatalogIn(realm lake.Realm, storage lake.Storage, name string, bases ...string) error {
	storage.AllowedLocations = bases
	id := lake.NewID()
	c := NewCatalog{Catalog: &lake.Catalog{ID: id, Name: name, Type: lake.Internal, Storage: storage}, Bases: Bases{Overlap: w.lax},
		Admin: &lake.CatalogRole{ID: lake.NewID(), Name: lake.CatalogAdmin, CatalogID: id}, Rights: []string{"CATALOG_MANAGE_ACCESS"}}
	for _, b := range bases {
		c.Bases.Folders = append(c.Bases.Folders, prefixOf(b))
	}
	w.note(place{realm, name, nil})
	return w.CreateCatalog(context.Background(), realm, c)
}

func (w *world) dropCatalog(name string) error {
	b := w.Batch(realm)
	c := b.Catalog(name)
	if err := b.Read(context.Background()); err != nil {
		return err
	}
	if c.Value == nil {
		return fault.Missing(fault.Catalog, name)
	}
	return w.DropCatalog(context.Background(), realm, name, c.Value.ID)
}

// createNamespace makes a namespace; an empty folder is the one below its parent's.
func (w *world) createNamespace(cat, ns, folder string) error {
	return w.Again(context.Background(), func() error {
		b := w.Batch(realm)
		c := b.Catalog(cat)
		n := b.Namespace(c, levels(ns))
		parent := n.Parent()
		g := b.Guards(parent)
		w.note(n.place)
		if err := b.Read(context.Background()); err != nil {
			return err
		}
		switch {
		case !parent.There():
			return fault.Missing(fault.Namespace, ns)
		case n.There():
			return fault.Taken(fault.Namespace, ns)
		}
		own := folder
		if own == "" {
			own = "s3://lake/" + cat + "/" + strings.Join(levels(ns), "/")
		}
		p := prefixOf(own)
		return w.CreateNamespace(context.Background(), n, &lake.Namespace{ID: lake.NewID(), CatalogID: c.Value.ID, ParentID: parent.ID(),
			Levels: levels(ns), Location: p.String(), Version: 1}, p, g)
	})
}

func (w *world) dropNamespace(cat, ns string) error {
	return w.Again(context.Background(), func() error {
		x, err := w.look(cat, ns, nil)
		if err != nil {
			return err
		}
		return w.DropNamespace(context.Background(), x.n, x.guards)
	})
}

// moveNamespace gives a namespace another folder.
func (w *world) moveNamespace(cat, ns, folder string) error {
	return w.Again(context.Background(), func() error {
		x, err := w.look(cat, ns, nil)
		if err != nil {
			return err
		}
		p := prefixOf(folder)
		next := *x.n.Value()
		next.Location = p.String()
		next.Version++
		return w.UpdateNamespace(context.Background(), x.n, &next, &p, x.guards)
	})
}

func newTable(x *seen, name, loc string) *lake.Table {
	id := lake.NewID()
	return &lake.Table{ID: id, CatalogID: x.cat.Value.ID, NamespaceID: x.n.ID(), Name: name, UUID: "uuid-" + string(id),
		MetadataLocation: loc + "/metadata/00000-" + string(id) + ".metadata.json", Location: loc, FormatVersion: 2, Version: 1}
}

// createTable makes a table; an empty location is a random leaf of the server's.
func (w *world) createTable(cat, ns, name, loc string) error {
	return w.Again(context.Background(), func() error {
		var claim *Slot[Claim]
		x, err := w.look(cat, ns, func(x *seen) { claim = x.batch.Name(x.n, name) })
		if err != nil {
			return err
		}
		if claim.Value != nil {
			return fault.Taken(fault.Table, name)
		}
		at, alone := loc, false
		if at == "" {
			at, alone = x.n.Value().Location+name+"-"+string(lake.NewID()), true
		}
		return w.CreateTable(context.Background(), x.n, NewTable{Table: newTable(x, name, at), Folders: []location.Prefix{prefixOf(at)},
			Alone: alone, Guards: x.guards, Principal: "someone", Document: []byte("{}")})
	})
}

// table reads a table; nil where there is none.
func (w *world) table(cat, ns, name string) (*seen, *Slot[lake.Table]) {
	var t *Slot[lake.Table]
	x, err := w.look(cat, ns, func(x *seen) { t = x.batch.Table(x.n, name) })
	if err != nil {
		return nil, &Slot[lake.Table]{}
	}
	return x, t
}

func (w *world) onTable(cat, ns, name string, do func(x *seen, t *Slot[lake.Table]) error) error {
	return w.Again(context.Background(), func() error {
		var t *Slot[lake.Table]
		x, err := w.look(cat, ns, func(x *seen) { t = x.batch.Table(x.n, name) })
		if err != nil {
			return err
		}
		if t.Value == nil {
			return fault.Missing(fault.Table, name)
		}
		return do(x, t)
	})
}

func (w *world) dropTable(cat, ns, name string) error {
	return w.onTable(cat, ns, name, func(x *seen, t *Slot[lake.Table]) error {
		return w.DropTable(context.Background(), x.n, t, nil)
	})
}

func (w *world) purgeTable(cat, ns, name string) error {
	return w.onTable(cat, ns, name, func(x *seen, t *Slot[lake.Table]) error {
		if x.cat.Value.Shared {
			return fault.New(fault.Forbidden, "others may be in its folders")
		}
		return w.DropTable(context.Background(), x.n, t, &Work{ID: lake.NewID(), Catalog: cat, CatalogID: x.cat.Value.ID, TableID: t.Value.ID,
			Locations: []string{t.Value.Location}, Created: w.time()})
	})
}

// commit swaps the pointer, with more folders.
func (w *world) commit(cat, ns, name string, more ...string) error {
	return w.onTable(cat, ns, name, func(x *seen, t *Slot[lake.Table]) error {
		next := *t.Value
		next.Version++
		next.Previous = append([]string{next.MetadataLocation}, next.Previous...)
		next.MetadataLocation = next.Location + "/metadata/" + string(lake.NewID()) + ".metadata.json"
		next.Paths = append(slices.Clone(next.Paths), more...)
		m := Moved{Guards: x.guards, Principal: "someone"}
		for _, f := range more {
			m.Folders = append(m.Folders, prefixOf(f))
		}
		return w.UpdateTable(context.Background(), x.n, t, &next, m)
	})
}

func (w *world) rename(cat, ns, name, toNS, toName string) error {
	return w.Again(context.Background(), func() error {
		var t *Slot[lake.Table]
		var to *NamespaceSlot
		x, err := w.look(cat, ns, func(x *seen) {
			t = x.batch.Table(x.n, name)
			to = x.batch.Namespace(x.cat, levels(toNS))
			w.note(to.place)
		})
		switch {
		case err != nil:
			return err
		case t.Value == nil:
			return fault.Missing(fault.Table, name)
		case !to.There():
			return fault.Missing(fault.Namespace, toNS)
		}
		return w.RenameTable(context.Background(), x.n, t, to, toName)
	})
}

const stagedFor = 24 * time.Hour

// stage stages a table and gives its uuid.
func (w *world) stage(cat, ns, name, loc string, by lake.ID, uuid string) error {
	return w.Again(context.Background(), func() error {
		x, err := w.look(cat, ns, nil)
		if err != nil {
			return err
		}
		return w.Stage(context.Background(), x.n, &lake.Staged{UUID: uuid, CatalogID: x.cat.Value.ID, NamespaceID: x.n.ID(), Name: name,
			PrincipalID: by, Location: loc, Expires: w.time().Add(stagedFor)}, []location.Prefix{prefixOf(loc)}, false, x.guards)
	})
}

// commitStaged makes a table of a staged one; at the location given, whatever was staged.
func (w *world) commitStaged(cat, ns, name, loc string, by lake.ID, uuid string) error {
	return w.Again(context.Background(), func() error {
		var staged *Slot[lake.Staged]
		var claim *Slot[Claim]
		x, err := w.look(cat, ns, func(x *seen) {
			staged = x.batch.Staged(x.n, name, uuid)
			claim = x.batch.Name(x.n, name)
		})
		if err != nil {
			return err
		}
		if claim.Value != nil {
			return fault.Taken(fault.Table, name)
		}
		nt := NewTable{Table: newTable(x, name, loc), Folders: []location.Prefix{prefixOf(loc)}, Guards: x.guards, Principal: by}
		if staged.Value != nil && staged.Value.PrincipalID == by {
			nt.Staged = staged
		}
		return w.CreateTable(context.Background(), x.n, nt)
	})
}

// finish ends all purges.
func finish(w *world) error {
	work, err := w.ListWork(context.Background(), realm, "", kv.MaxList)
	if err != nil {
		return err
	}
	for i := range work {
		for range 2 { // by two workers at once
			if err := w.FinishWork(context.Background(), realm, &work[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// sharing lets tables of the catalog "c" share folders, or no longer.
func sharing(on bool) func(*world) error {
	return func(w *world) error {
		b := w.Batch(realm)
		c := b.Catalog("c")
		if err := b.Read(context.Background()); err != nil {
			return err
		}
		next := *c.Value
		next.Properties = lake.Properties{string(lake.OverlappingLocations): strconv.FormatBool(on)}
		return w.UpdateCatalog(context.Background(), realm, c, &next, Bases{})
	}
}

func many(base string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(base, i))
	}
	return all
}

func growBy(n int) func(*world) error {
	return func(w *world) error {
		for _, folder := range many("s3://lake/c/many/", n) {
			if err := w.commit("c", "a", "t", folder); err != nil {
				return err
			}
		}
		return nil
	}
}
