package store

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
)

var (
	onAWS    = lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::1:role/r"}
	embedded = lake.Storage{Type: lake.S3}
	files    = lake.Storage{Type: lake.File}
)

// byEndpoint is a store with STS at one endpoint, which firn itself reaches at another where it is named.
func byEndpoint(endpoint string, internal ...string) lake.Storage {
	return lake.Storage{Type: lake.S3, Endpoint: endpoint, EndpointInternal: strings.Join(internal, "")}
}

func mkCatalogIn(realm lake.Realm, storage lake.Storage, name string, bases ...string) func(*world) error {
	return func(w *world) error { return w.createCatalogIn(realm, storage, name, bases...) }
}

// changeCatalog gives a catalog other storage.
func changeCatalog(realm lake.Realm, storage lake.Storage, name string, bases ...string) func(*world) error {
	return func(w *world) error {
		b := w.Batch(realm)
		c := b.Catalog(name)
		if err := b.Read(context.Background()); err != nil {
			return err
		}
		next := *c.Value
		next.Storage = storage
		next.Storage.AllowedLocations = bases
		claim := Bases{Overlap: w.lax}
		for _, text := range bases {
			claim.Folders = append(claim.Folders, prefixOf(text))
		}
		return w.UpdateCatalog(context.Background(), realm, c, &next, claim)
	}
}

func TestCatalogsOfTwoRealms_ShareNoFolderOfOneStore(t *testing.T) {
	const refused, allowed = fault.Argument, fault.Kind(0)
	minio := byEndpoint("http://minio:9000")
	rows := []struct {
		name          string
		mine, others  lake.Storage
		base, another string
		want          fault.Kind
	}{
		{"the same folder", onAWS, onAWS, "s3://lake/x", "s3://lake/x", refused},
		{"in another scheme", onAWS, onAWS, "s3://lake/x", "s3a://lake/x/", refused},
		{"a folder below", onAWS, onAWS, "s3://lake/x", "s3://lake/x/y/z", refused},
		{"a folder above", onAWS, onAWS, "s3://lake/x/y/z", "s3://lake/x", refused},
		{"a sibling", onAWS, onAWS, "s3://lake/x", "s3://lake/x2", allowed},
		{"another bucket", onAWS, onAWS, "s3://lake/x", "s3://lake2/x", allowed},
		{"by an endpoint of AWS", onAWS, byEndpoint("https://s3.eu-central-1.amazonaws.com"), "s3://lake/x", "s3://lake/x", refused},
		{"the embedded store of each", embedded, embedded, "s3://lake/x", "s3://lake/x", allowed},
		{"the embedded store and AWS", embedded, onAWS, "s3://lake/x", "s3://lake/x", allowed},
		{"a store of one's own", minio, byEndpoint("http://other:9000"), "s3://lake/x", "s3://lake/x", allowed},
		{"one store", minio, minio, "s3://lake/x", "s3://lake/x", refused},
		{"one store, spelt otherwise", minio, byEndpoint("http://MINIO.:9000/"), "s3://lake/x", "s3://lake/x/y", refused},
		{"one store, by the endpoint of clients and firn's own", minio, byEndpoint("https://s3.example", "http://minio:9000"), "s3://lake/x", "s3://lake/x", refused},
		{"one store, by STS alone", minio, lake.Storage{Type: lake.S3, Endpoint: "https://s3.example", STSEndpoint: "http://minio:9000"}, "s3://lake/x", "s3://lake/x", refused},
		{"one machine", files, files, "file:///srv/x", "/srv/x/y", refused},
		{"one bucket of Google's", lake.Storage{Type: lake.GCS}, lake.Storage{Type: lake.GCS}, "gs://lake/x", "gs://lake/x", refused},
		{"one container", lake.Storage{Type: lake.Azure}, lake.Storage{Type: lake.Azure}, "abfss://c@a.dfs.core.windows.net/x", "wasbs://c@a.blob.core.windows.net/x/y", refused},
	}
	for _, row := range rows {
		for _, lax := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, overlap %v", row.name, lax), func(t *testing.T) {
				w := newWorld(t, openBolt(t))
				w.lax = lax
				w.must(mkCatalogIn(realm, row.mine, "secret", row.base)(w))
				tries := map[string]error{"create": mkCatalogIn(otherRealm, row.others, "d", row.another)(w)}
				w.must(mkCatalogIn(otherRealm, row.others, "e", strings.Replace(row.base, "/x", "/else", 1))(w))
				if row.want == refused {
					tries["update"] = changeCatalog(otherRealm, row.others, "e", strings.Replace(row.base, "/x", "/else", 1), row.another)(w)
				}
				for name, err := range tries {
					if row.want == allowed {
						w.must(err)
						continue
					}
					f := fault.From(err)
					if f == nil || f.Kind != refused {
						t.Fatalf("%s: got %v, want %v", name, err, row.want)
					}
					if want := "Location not allowed: '" + prefixOf(row.another).String() + "'"; f.Message != want {
						t.Errorf("%s: got %q, want %q and nothing of what is there", name, f.Message, want)
					}
				}
				w.soundBases()
			})
		}
	}
}

func TestCatalogsOfOneRealm_OverlapWhereTheServerAllowsIt(t *testing.T) {
	w := newWorld(t, openBolt(t))
	w.lax = true
	w.must(seq(mkCatalogIn(realm, onAWS, "a", "s3://lake/x"), mkCatalogIn(realm, onAWS, "b", "s3://lake/x"), mkCatalogIn(realm, onAWS, "c", "s3://lake/x/y"))(w))
	foreign := mkCatalogIn(otherRealm, onAWS, "d", "s3://lake/x")
	for _, name := range []string{"a", "b", "c"} {
		if err := foreign(w); !fault.Is(err, fault.Argument) {
			t.Fatalf("with %s and later there: got %v, want a refusal", name, err)
		}
		w.soundBases()
		w.must(w.dropCatalog(name))
	}
	for _, wait := range []time.Duration{0, lake.CredentialLife - time.Second} {
		w.pass(wait)
		if err := foreign(w); !fault.Is(err, fault.Argument) {
			t.Fatalf("got %v, want a refusal while credentials of the dropped catalogs may be good", err)
		}
	}
	w.pass(time.Second)
	w.must(foreign(w))
	w.soundBases()
}

// What a catalog released is free for its realm at once, and for other realms when credentials for it have ended.
func TestReleasedFolders_AreKeptFromOtherRealmsForALife(t *testing.T) {
	for _, row := range []struct {
		name    string
		release func(*world) error
	}{
		{"by a drop", rmCatalog("a")},
		{"by a move to another folder", changeCatalog(realm, onAWS, "a", "s3://lake/z")},
		{"by a move to another store", changeCatalog(realm, byEndpoint("http://minio:9000"), "a", "s3://lake/x")},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, openBolt(t))
			w.must(mkCatalogIn(realm, onAWS, "a", "s3://lake/x")(w))
			w.must(row.release(w))
			foreign := mkCatalogIn(otherRealm, onAWS, "b", "s3://lake/x/y")
			w.pass(lake.CredentialLife - time.Second)
			if err := foreign(w); !fault.Is(err, fault.Argument) {
				t.Errorf("a second before the end: got %v, want a refusal", err)
			}
			if row.name != "by a move to another store" { // within a realm the store does not count
				w.must(seq(mkCatalogIn(realm, onAWS, "own", "s3://lake/x"), rmCatalog("own"))(w))
				w.pass(lake.CredentialLife - time.Second)
				if err := foreign(w); !fault.Is(err, fault.Argument) {
					t.Errorf("a second before the end of the second: got %v, want a refusal", err)
				}
			}
			w.pass(time.Second)
			w.must(foreign(w))
			w.soundBases()
		})
	}
}

// A catalog that moves to another store claims its folders there, and releases them where they were.
func TestUpdateCatalog_ClaimsByTheStorageThatItHasNow(t *testing.T) {
	w := newWorld(t, openBolt(t))
	minio := byEndpoint("http://minio:9000")
	w.must(seq(mkCatalogIn(realm, onAWS, "a", "s3://lake/x"), mkCatalogIn(otherRealm, minio, "b", "s3://lake/x"))(w))
	if err := changeCatalog(realm, minio, "a", "s3://lake/x")(w); !fault.Is(err, fault.Argument) {
		t.Errorf("got %v, want a refusal: the folder is another realm's there", err)
	}
	w.must(changeCatalog(otherRealm, minio, "b", "s3://lake/z")(w))
	w.pass(lake.CredentialLife)
	w.must(changeCatalog(realm, minio, "a", "s3://lake/x")(w))
	w.pass(lake.CredentialLife)
	w.must(mkCatalogIn(otherRealm, onAWS, "c", "s3://lake/x/y")(w))
	w.soundBases()
}

func TestRaces_OfTwoRealms(t *testing.T) {
	loser := []fault.Kind{fault.Argument}
	for _, r := range []race{
		{name: "one folder has one winner", setup: seq(),
			a: mkCatalogIn(realm, onAWS, "d", "s3://lake/d"), b: mkCatalogIn(otherRealm, onAWS, "d", "s3://lake/d"), loser: loser},
		{name: "one in the other has one winner", setup: seq(),
			a: mkCatalogIn(realm, onAWS, "d", "s3://lake/d"), b: mkCatalogIn(otherRealm, onAWS, "e", "s3://lake/d/e/f"), loser: loser},
		{name: "a move and a new catalog have one winner", setup: mkCatalogIn(realm, byEndpoint("http://minio:9000"), "d", "s3://lake/d"),
			a: changeCatalog(realm, onAWS, "d", "s3://lake/d"), b: mkCatalogIn(otherRealm, onAWS, "e", "s3://lake/d/e"), loser: loser},
		{name: "one folder in stores of their own has two", setup: seq(), both: true,
			a: mkCatalogIn(realm, embedded, "d", "s3://lake/d"), b: mkCatalogIn(otherRealm, embedded, "d", "s3://lake/d")},
		{name: "a drop and another claim of the folder both count", setup: mkCatalogIn(realm, embedded, "d", "s3://lake/d"), both: true,
			a: rmCatalog("d"), b: mkCatalogIn(otherRealm, embedded, "d", "s3://lake/d")},
	} {
		t.Run(r.name, func(t *testing.T) {
			for _, d := range drivers {
				t.Run(d.name, func(t *testing.T) { r.run(t, d.open, d.name == "torn") })
			}
		})
	}
}

// The most that a catalog may have: each location in a bucket of its own, in stores with three endpoints.
func TestClaimsOfCatalogs_FitOneTransaction(t *testing.T) {
	buckets := func(name string) (all []string) {
		for i := range maxBases {
			all = append(all, fmt.Sprintf("s3://%s%d/x", name, i))
		}
		return all
	}
	storage := lake.Storage{Type: lake.S3, Endpoint: "https://a", EndpointInternal: "https://b", STSEndpoint: "https://c"}
	w := newWorld(t, openBolt(t))
	most := 0
	w.db.Plan(func(c faulty.Call) faulty.Fault { most = max(most, len(c.Ops)); return faulty.Fault{} })
	for _, step := range []struct {
		name string
		do   func(*world) error
		want int // operations
	}{
		{"create", mkCatalogIn(realm, storage, "d", buckets("a")...), 53},
		{"change all", changeCatalog(realm, storage, "d", buckets("b")...), 85},
		{"change none", changeCatalog(realm, storage, "d", buckets("b")...), 1},
		{"drop", rmCatalog("d"), 48},
	} {
		most = 0
		w.must(step.do(w))
		if most != step.want || most >= kv.MaxOps {
			t.Errorf("%s: got %d operations, want %d", step.name, most, step.want)
		}
	}
}

// old makes a catalog as the release before the index did, which claimed bases within a realm; in two realms also the same.
func (w *world) old(realm lake.Realm, storage lake.Storage, name string, claims bool, bases ...string) {
	w.t.Helper()
	storage.AllowedLocations = bases
	c := lake.Catalog{ID: lake.NewID(), Name: name, Type: lake.Internal, Storage: storage}
	admin := &lake.CatalogRole{ID: lake.NewID(), Name: lake.CatalogAdmin, CatalogID: c.ID}
	ops := []kv.Op{mark(headKey(realm, name), tagOf(c.ID), kv.Always()), mark(indexedKey(realm), tagOf(lake.RootID), kv.Always())}
	ops = append(ops, newGuards(place{realm, name, nil}, c.ID)...)
	role, err := w.newCatalogRole(realm, name, admin)
	w.must(err)
	ops = append(ops, role...)
	for _, text := range bases {
		if index := prefixOf(text).Index(); claims {
			op, err := put(oldBaseKey(realm, index), tagOf(c.ID), base{}, kv.Always())
			w.must(err)
			c.Claims, ops = append(c.Claims, index), append(ops, op)
		}
	}
	op, err := put(catalogKey(realm, name), tagOf(c.ID), &c, kv.Absent(w.now()))
	w.must(err)
	w.must(w.raw.Write(context.Background(), append(ops, op)))
}

func TestCatalogsOfAnEarlierRelease_AreTakenOver(t *testing.T) {
	refusal := []fault.Kind{fault.Argument}
	for _, row := range []struct {
		name string
		do   func(*world) error
		want []fault.Kind
	}{
		{"by the step at the start", func(w *world) error { return w.IndexBases(context.Background(), realm) }, nil},
		{"by another realm's catalog, which is in the way", mkCatalogIn(otherRealm, onAWS, "new", "s3://lake/a/x"), refusal},
		{"by another realm's catalog, in the way of one that claimed nothing", mkCatalogIn(otherRealm, onAWS, "new", "s3://lake/c"), refusal},
		{"by another realm's catalog elsewhere", mkCatalogIn(otherRealm, onAWS, "new", "s3://lake/z"), nil},
		{"by a change of one", changeCatalog(realm, onAWS, "a", "s3://lake/a"), []fault.Kind{fault.Conflict}}, // of its version: who asked reads it again
		{"by the drop of one", rmCatalog("a"), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, openBolt(t))
			w.old(realm, onAWS, "a", true, "s3://lake/a")
			w.old(realm, onAWS, "b", true, "s3://lake/b", "s3://lake2/b")
			w.old(realm, onAWS, "c", false, "s3://lake/c")
			if err := row.do(w); err != nil && !fault.Is(err, row.want...) || err == nil && row.want != nil {
				t.Errorf("got %v, want %v", err, row.want)
			}
			for range 2 {
				w.must(w.IndexBases(context.Background(), realm))
				w.soundBases()
			}
			for _, there := range []string{"s3://lake/b/x", "s3://lake2/b", "s3://lake/c"} {
				if err := mkCatalogIn(otherRealm, onAWS, "more", there)(w); !fault.Is(err, fault.Argument) {
					t.Errorf("%s: got %v, want a refusal", there, err)
				}
			}
			w.must(changeCatalog(realm, onAWS, "b", "s3://lake/b")(w))
			w.pass(lake.CredentialLife)
			w.must(mkCatalogIn(otherRealm, onAWS, "more", "s3://lake2/b")(w))
			w.must(rmCatalog("b")(w))
			w.soundBases()
		})
	}
}

// Interrupted at any call, by an error or by another who does the same, the takeover is completed by the next.
func TestCatalogsOfAnEarlierRelease_AreTakenOverInSteps(t *testing.T) {
	for n := 1; ; n++ {
		ran := false
		for _, fails := range []bool{true, false} {
			w := newWorld(t, openBolt(t))
			w.old(realm, onAWS, "a", true, "s3://lake/a")
			w.old(realm, onAWS, "b", true, "s3://lake/b")
			calls := 0
			w.db.Plan(func(faulty.Call) faulty.Fault {
				if calls++; calls != n {
					return faulty.Fault{}
				}
				ran = true
				if fails {
					return faulty.Fault{Refuse: fault.Unavailable}
				}
				return faulty.Fault{Before: func() { w.must(w.IndexBases(context.Background(), realm)) }}
			})
			err := w.IndexBases(context.Background(), realm)
			w.db.Plan(nil)
			if (err != nil) != (fails && ran) {
				t.Fatalf("interrupted at call %d, failing %v: got %v", n, fails, err)
			}
			w.must(w.IndexBases(context.Background(), realm))
			w.soundBases()
		}
		if !ran {
			break
		}
	}
}

// What two realms shared before stays theirs, and is reported; neither can have more of it.
func TestCatalogsOfAnEarlierRelease_ThatShareAFolder_AreReported(t *testing.T) {
	w := newWorld(t, openBolt(t))
	w.old(realm, onAWS, "mine", true, "s3://lake/x")
	w.old(otherRealm, onAWS, "theirs", true, "s3://lake/x")
	w.old(otherRealm, onAWS, "below", false, "s3://lake/x/y")
	w.must(w.IndexBases(context.Background(), realm))
	w.must(w.IndexBases(context.Background(), otherRealm))
	got := map[string]int{}
	for _, o := range w.found {
		if o.OtherRealm != realm || o.Realm != otherRealm || o.OtherCatalog == "" {
			t.Errorf("got %+v, want an overlap with the realm %s", o, realm)
		}
		got[o.Catalog+" "+o.Location]++
	}
	if len(got) != 2 || got["theirs s3://lake/x/"] != 1 || got["below s3://lake/x/y/"] != 1 {
		t.Errorf("got reports of %v", got)
	}
	w.must(changeCatalog(otherRealm, onAWS, "theirs", "s3://lake/x")(w))
	if err := changeCatalog(otherRealm, onAWS, "theirs", "s3://lake/x", "s3://lake/x/z")(w); err != nil {
		t.Errorf("got %v of a folder within its own", err)
	}
	if err := mkCatalogIn(otherRealm, onAWS, "more", "s3://lake/x/z")(w); err == nil {
		t.Error("a new catalog has a folder of another realm")
	}
	w.must(changeCatalog(otherRealm, onAWS, "theirs", "s3://lake/z")(w))
	if err := changeCatalog(otherRealm, onAWS, "theirs", "s3://lake/x")(w); !fault.Is(err, fault.Argument) {
		t.Errorf("got %v of a folder that it had let go, want a refusal", err)
	}
}
