package store

import (
	"context"
	"testing"

	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
)

// changes are all the writes, with a state to do them in and what shows that they are done.
var changes = []struct {
	name  string
	setup func(*world) error
	do    func(*world) error
	other func(*world) error // by another, who makes the change impossible; nil: there is no such thing
	done  func(*world) bool
}{
	{"create catalog", seq(), mkCatalog("c", "s3://lake/c"), mkCatalog("c", "s3://lake/x"), catalogAt("c", "s3/lake/c/")},
	{"update catalog", mkCatalog("c", "s3://lake/c"), moveCatalog("s3://lake/d"), moveCatalog("s3://lake/x"), catalogAt("c", "s3/lake/d/")},
	{"drop catalog", mkCatalog("c", "s3://lake/c"), rmCatalog("c"), mkNS("a", ""), not(catalogAt("c", "s3/lake/c/"))},
	{"create namespace", mkCatalog("c"), mkNS("a", ""), mkNS("a", "s3://lake/c/x"), nsAt("a", "s3://lake/c/a/")},
	{"move namespace", home, mvNS("a", "s3://lake/c/b"), mvNS("a", "s3://lake/c/x"), nsAt("a", "s3://lake/c/b/")},
	{"drop namespace", home, rmNS("a"), mkTable("a", "t", ""), not(nsAt("a", "s3://lake/c/a/"))},
	{"create table", home, mkTable("a", "t", "s3://lake/c/a/t"), mkTable("a", "t", "s3://lake/c/a/x"), tableAt("a", "t", "s3://lake/c/a/t", 1)},
	{"stage table", home, mkStaged("a", "t", "s3://lake/c/a/t"), mkTable("a", "u", "s3://lake/c/a/t"), stagedAt("a", "t")},
	{"commit staged table", seq(home, mkStaged("a", "t", "s3://lake/c/a/t")), endStaged("a", "t", "s3://lake/c/a/t"), mkTable("a", "t", ""), tableAt("a", "t", "s3://lake/c/a/t", 1)},
	{"commit", seq(home, mkTable("a", "t", "s3://lake/c/a/t")), grow("a", "t"), rmTable("a", "t"), tableAt("a", "t", "s3://lake/c/a/t", 2)},
	{"commit with a folder", seq(home, mkTable("a", "t", "s3://lake/c/a/t")), grow("a", "t", "s3://lake/c/d"), mkTable("a", "u", "s3://lake/c/d"), tableAt("a", "t", "s3://lake/c/a/t", 2)},
	{"transaction", seq(home, mkTable("a", "t", "s3://lake/c/a/t")), both("a", "t", "n", "s3://lake/c/a/n"), mkTable("a", "n", ""), tableAt("a", "n", "s3://lake/c/a/n", 1)},
	{"rename table", seq(homes, mkTable("a", "t", "s3://lake/c/a/t")), mvTable("a", "t", "b", "u"), mkTable("b", "u", ""), tableAt("b", "u", "s3://lake/c/a/t", 2)},
	{"drop table", seq(home, mkTable("a", "t", "s3://lake/c/a/t")), rmTable("a", "t"), mvTable("a", "t", "a", "u"), seqNot("a", "t", "u")},
	{"purge table", seq(home, mkTable("a", "t", "s3://lake/c/a/t")), purge("a", "t"), rmTable("a", "t"), working},
	{"create role", seq(), mkPR, mkPR, has(func(g *grantee) bool { return g.pr.Value != nil })},
	{"delete role", cast, rmPR, nil, has(func(g *grantee) bool { return g.pr.Value == nil })},
	{"create catalog role", home, mkRole, mkRole, has(hasRole)},
	{"delete catalog role", cast, rmRole, nil, has(func(g *grantee) bool { return g.role.Value == nil })},
	{"create principal", seq(), mkAnn, mkAnn, has(func(g *grantee) bool { return g.p.Value != nil })},
	{"update principal", cast, rotate("s", "ann-moved"), rmAnn, has(func(g *grantee) bool { return g.p.Value != nil && g.p.Value.ClientID == "ann-moved" })},
	{"delete principal", cast, rmAnn, assignAgain, has(func(g *grantee) bool { return g.p.Value == nil })},
	{"assign role", seq(cast, unassignAnn), assignAnn, rmPR, has(func(g *grantee) bool { return len(g.p.Value.Roles) == 1 })},
	{"revoke role", cast, unassignAnn, rmAnn, has(func(g *grantee) bool { return g.p.Value != nil && len(g.p.Value.Roles) == 0 })},
	{"grant", cast, grantOnTable, rmRole, granted(1)},
	{"revoke grant", seq(cast, grantOnTable), revokeOnTable, nil, granted(0)},
	{"assign catalog role", seq(cast, unassignRole), assignRole, rmRole, assigned(1)},
	{"revoke catalog role", cast, unassignRole, nil, assigned(0)},
}

func moveCatalog(base string) func(*world) error {
	return func(w *world) error {
		b := w.Batch(realm)
		c := b.Catalog("c")
		if err := b.Read(context.Background()); err != nil {
			return err
		}
		next := *c.Value
		return w.UpdateCatalog(context.Background(), realm, c, &next, Bases{Folders: []location.Prefix{prefixOf(base)}})
	}
}

func assignAgain(w *world) error { return seq(unassignAnn, assignAnn)(w) }

func not(done func(*world) bool) func(*world) bool { return func(w *world) bool { return !done(w) } }

func catalogAt(name, index string) func(*world) bool {
	return func(w *world) bool {
		b := w.Batch(realm)
		c := b.Catalog(name)
		w.must(b.Read(context.Background()))
		return c.Value != nil && len(c.Value.Claims) == 1 && c.Value.Claims[0] == index
	}
}

func nsAt(ns, loc string) func(*world) bool {
	return func(w *world) bool {
		x, err := w.look("c", ns, nil)
		return err == nil && x.n.Value().Location == loc
	}
}

func tableAt(ns, name, loc string, version int) func(*world) bool {
	return func(w *world) bool {
		_, t := w.table("c", ns, name)
		return t.Value != nil && t.Value.Location == loc && t.Value.Version == version
	}
}

// seqNot holds if a table is under none of the names.
func seqNot(ns string, names ...string) func(*world) bool {
	return func(w *world) bool {
		for _, name := range names {
			if _, t := w.table("c", ns, name); t.Value != nil {
				return false
			}
		}
		return true
	}
}

func stagedAt(ns, name string) func(*world) bool {
	return func(w *world) bool {
		var s *Slot[lake.Staged]
		_, err := w.look("c", ns, func(x *seen) { s = x.batch.Staged(x.n, name, "u-"+name) })
		w.must(err)
		return s.Value != nil
	}
}

func working(w *world) bool {
	work, err := w.ListWork(context.Background(), realm, "", 10)
	w.must(err)
	return len(work) == 1
}

func has(is func(*grantee) bool) func(*world) bool {
	return func(w *world) bool {
		g, err := w.grantee()
		w.must(err)
		return is(g)
	}
}

func granted(n int) func(*world) bool {
	return has2(func(w *world, g *grantee) int {
		found, err := w.ListGrants(context.Background(), realm, g.cat, g.role.Value.ID)
		w.must(err)
		return len(found)
	}, n)
}

func assigned(n int) func(*world) bool {
	return has2(func(w *world, g *grantee) int {
		of, err := w.CatalogRolesOf(context.Background(), realm, g.cat, g.pr.Value.ID)
		w.must(err)
		to, err := w.RolesOf(context.Background(), realm, g.cat, g.role.Value.ID)
		w.must(err)
		if len(of) != len(to) {
			w.t.Errorf("the principal role has %d catalog roles, the catalog role is had by %d", len(of), len(to))
		}
		return len(of)
	}, n)
}

func has2(count func(*world, *grantee) int, n int) func(*world) bool {
	return func(w *world) bool {
		g, err := w.grantee()
		w.must(err)
		return g.cat.Value != nil && g.role.Value != nil && g.pr.Value != nil && count(w, g) == n
	}
}

// An answer that was lost is found again where the write landed, and is never taken for a success where it did not.
func TestLostAnswers(t *testing.T) {
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, w *world) {
				w.must(c.setup(w))
				w.db.Next(faulty.Write, faulty.Fault{Lose: faulty.Answer})
				if err := c.do(w); err != nil || !c.done(w) {
					t.Errorf("the answer was lost: got %v, done %v; want nil and done", err, c.done(w))
				}
				w.sound()
			})
		})
		t.Run(c.name+", request lost", func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) {
				w.must(c.setup(w))
				w.db.Next(faulty.Write, faulty.Fault{Lose: faulty.Request})
				if err := c.do(w); !fault.Is(err, fault.StateUnknown) || c.done(w) {
					t.Errorf("the request was lost: got %v, done %v; want StateUnknown and not done", err, c.done(w))
				}
				w.must(c.do(w))
				if !c.done(w) {
					t.Error("the second time: not done")
				}
				w.sound()
			})
		})
		t.Run(c.name+", request lost and another was faster", func(t *testing.T) {
			if c.other == nil {
				t.Skip("nobody can make it impossible")
			}
			onEach(t, func(t *testing.T, w *world) {
				w.must(c.setup(w))
				w.db.Next(faulty.Write, faulty.Fault{Lose: faulty.Request, Before: func() { w.must(c.other(w)) }})
				if err := c.do(w); !fault.Is(err, fault.StateUnknown) {
					t.Errorf("got %v, want StateUnknown", err)
				}
				w.sound()
			})
		})
		t.Run(c.name+", throttled", func(t *testing.T) {
			w := newWorld(t, openBolt(t))
			w.must(c.setup(w))
			w.db.Next(faulty.Write, faulty.Fault{Refuse: fault.Throttled})
			if err := c.do(w); !fault.Is(err, fault.Throttled) || c.done(w) {
				t.Errorf("got %v, done %v; want Throttled and not done", err, c.done(w))
			}
		})
	}
}

// A commit that landed, and was followed by others before anyone looked, is found among the last locations; so is a table
// that was made.
func TestLostAnswerIsFoundBehindLaterCommits(t *testing.T) {
	rows := []struct {
		name      string
		setup, do func(*world) error
		later     int
		found     bool
	}{
		{"commit, and as many as are kept", seq(home, mkTable("a", "t", "")), grow("a", "t"), lake.KeptLocations, true},
		{"commit, and one more than are kept", seq(home, mkTable("a", "t", "")), grow("a", "t"), lake.KeptLocations + 1, false},
		{"new table", home, mkTable("a", "t", ""), 20, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) {
				w.must(row.setup(w))
				w.db.Next(faulty.Write, faulty.Fault{Lose: faulty.Answer, After: func() {
					for range row.later {
						w.must(w.onTable("c", "a", "t", func(x *seen, old *Slot[lake.Table]) error {
							next := *old.Value
							next.Version++
							next.Previous = append([]string{next.MetadataLocation}, next.Previous...)
							next.Previous = next.Previous[:min(len(next.Previous), lake.KeptLocations)]
							next.MetadataLocation = next.Location + "/metadata/" + string(lake.NewID()) + ".metadata.json"
							return w.UpdateTable(t.Context(), x.n, old, &next, Moved{})
						}))
					}
				}})
				err := row.do(w)
				if row.found && err != nil || !row.found && !fault.Is(err, fault.StateUnknown) {
					t.Errorf("got %v, want found %v or StateUnknown", err, row.found)
				}
			})
		})
	}
}
