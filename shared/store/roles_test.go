package store

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// grantee is the reads that a change of grants needs.
type grantee struct {
	cat  *CatalogSlot
	role *Slot[lake.CatalogRole]
	pr   *Slot[lake.PrincipalRole]
	p    *Slot[lake.Principal]
	n    *NamespaceSlot
	t    *Slot[lake.Table]
}

func (w *world) grantee() (*grantee, error) {
	b := w.Batch(realm)
	g := &grantee{cat: b.Catalog("c")}
	g.role, g.pr, g.p = b.CatalogRole(g.cat, "r"), b.Role("pr"), b.Principal("ann")
	g.n = b.Namespace(g.cat, []string{"a"})
	g.t = b.Table(g.n, "t")
	w.note(g.n.place)
	return g, b.Read(context.Background())
}

// withGrantee runs do if all that it needs is there.
func (w *world) withGrantee(needs func(*grantee) bool, do func(*grantee) error) error {
	g, err := w.grantee()
	if err != nil {
		return err
	}
	if !needs(g) {
		return fault.Missing(fault.Grant, "")
	}
	return do(g)
}

func hasRole(g *grantee) bool  { return g.cat.Value != nil && g.role.Value != nil }
func hasTable(g *grantee) bool { return hasRole(g) && g.t.Value != nil }
func hasNS(g *grantee) bool    { return hasRole(g) && g.n.There() }
func hasBoth(g *grantee) bool  { return hasRole(g) && g.pr.Value != nil }
func hasAnn(g *grantee) bool   { return g.p.Value != nil && g.pr.Value != nil }

func grantOnTable(w *world) error {
	return w.withGrantee(hasTable, func(g *grantee) error {
		return w.AddGrant(context.Background(), realm, g.cat, g.role, Grant{TableObject(g.n, g.t), "TABLE_READ_DATA"})
	})
}
func grantOnNS(w *world) error {
	return w.withGrantee(hasNS, func(g *grantee) error {
		return w.AddGrant(context.Background(), realm, g.cat, g.role, Grant{NamespaceObject(g.n), "TABLE_LIST"})
	})
}
func revokeOnTable(w *world) error {
	return w.withGrantee(hasTable, func(g *grantee) error {
		return w.RevokeGrant(context.Background(), realm, g.cat, g.role, Grant{TableObject(g.n, g.t), "TABLE_READ_DATA"})
	})
}
func mkRole(w *world) error {
	return w.withGrantee(func(g *grantee) bool { return g.cat.Value != nil }, func(g *grantee) error {
		return w.CreateCatalogRole(context.Background(), realm, g.cat, &lake.CatalogRole{ID: lake.NewID(), Name: "r", CatalogID: g.cat.Value.ID})
	})
}
func rmRole(w *world) error {
	return w.withGrantee(hasRole, func(g *grantee) error { return w.DeleteCatalogRole(context.Background(), realm, g.cat, g.role) })
}
func assignRole(w *world) error {
	return w.withGrantee(hasBoth, func(g *grantee) error { return w.AssignCatalogRole(context.Background(), realm, g.cat, g.pr, g.role) })
}
func unassignRole(w *world) error {
	return w.withGrantee(hasBoth, func(g *grantee) error { return w.RevokeCatalogRole(context.Background(), realm, g.cat, g.pr, g.role) })
}
func mkPR(w *world) error {
	return w.CreateRole(context.Background(), realm, &lake.PrincipalRole{ID: lake.NewID(), Name: "pr"})
}
func rmPR(w *world) error {
	return w.withGrantee(func(g *grantee) bool { return g.pr.Value != nil }, func(g *grantee) error { return w.DeleteRole(context.Background(), realm, g.pr) })
}
func mkAnn(w *world) error {
	id := lake.NewID()
	return w.CreatePrincipal(context.Background(), realm, &lake.Principal{ID: id, Name: "ann", ClientID: "ann-client",
		Secrets: lake.Secrets{}.Rotate("first", false)})
}
func rmAnn(w *world) error {
	return w.withGrantee(func(g *grantee) bool { return g.p.Value != nil }, func(g *grantee) error { return w.DeletePrincipal(context.Background(), realm, g.p) })
}
func assignAnn(w *world) error {
	return w.withGrantee(hasAnn, func(g *grantee) error { return w.AssignRole(context.Background(), realm, g.p, g.pr) })
}
func unassignAnn(w *world) error {
	return w.withGrantee(hasAnn, func(g *grantee) error { return w.RevokeRole(context.Background(), realm, g.p, g.pr) })
}

// rotate changes ann's secret; a client id moves her to another.
func rotate(secret, client string) func(*world) error {
	return func(w *world) error {
		return w.withGrantee(func(g *grantee) bool { return g.p.Value != nil }, func(g *grantee) error {
			next := *g.p.Value
			next.Secrets = next.Secrets.Rotate(lake.Secret(secret), false)
			if client != "" {
				next.ClientID = client
			}
			return w.UpdatePrincipal(context.Background(), realm, g.p, &next)
		})
	}
}

// caller is ann as her token says.
func (w *world) caller() lake.Caller {
	g, err := w.grantee()
	w.must(err)
	return lake.Caller{Realm: realm, Principal: "ann", PrincipalID: g.p.Value.ID, AllRoles: true, Generation: g.p.Value.Secrets.Current.Generation}
}

// allowed says whether ann may do an operation on the table now.
func (w *world) allowed(op access.Operation) bool {
	w.t.Helper()
	c := w.caller()
	b := w.Batch(realm)
	me, cat := b.Caller(c), b.Catalog("c")
	n := b.Namespace(cat, []string{"a"})
	t := b.Table(n, "t")
	w.must(b.Read(context.Background()))
	who, err := w.Authority(context.Background(), me, cat)
	w.must(err)
	who.Log = slog.New(slog.DiscardHandler)
	path := n.Path()
	if t.Value != nil {
		path = append(path, t.Value.ID)
	}
	return who.Check(context.Background(), op, path) == nil
}

var cast = seq(homes, mkTable("a", "t", ""), mkRole, mkPR, mkAnn, assignRole, assignAnn)

// soundRoles checks that what names a role or object names one that is there, or is inert; and that each principal's
// client item is its own.
func (w *world) soundRoles() {
	w.t.Helper()
	g, err := w.grantee()
	w.must(err)
	if g.role.Value != nil {
		listed, err := w.ListGrants(context.Background(), realm, g.cat, g.role.Value.ID)
		w.must(err)
		for _, grant := range listed {
			if grant.On.Kind == fault.Table {
				_, t := w.table("c", grant.On.Namespace[0], grant.On.Name)
				if t.Value == nil || t.Value.ID != grant.On.ID {
					w.t.Errorf("a grant is listed on %v, which is not there", grant.On)
				}
			}
		}
	}
	for _, item := range w.list(partition("principal", realm), "") {
		p := as[lake.Principal](w, item)
		found, err := w.Client(context.Background(), realm, p.ClientID)
		if err != nil || found.PrincipalID != p.ID || !cmp.Equal(found.Secrets, p.Secrets) {
			w.t.Errorf("client %s: got %v, %v; want the secrets of principal %s", p.ClientID, found, err, p.ID)
		}
	}
}

func TestRacesOfRoles(t *testing.T) {
	gone := []fault.Kind{fault.NotFound, fault.Conflict}
	// Nobody asks for the loser's reason only: after the drop nothing of the grant may count.
	inert := func(op access.Operation) func(*world, error, error) {
		return func(w *world, a, _ error) {
			w.soundRoles()
			if a == nil && w.allowed(op) {
				w.t.Errorf("%s is allowed by what was dropped", op)
			}
		}
	}
	rows := []race{
		{name: "a dropped role holds nothing", setup: cast, a: rmRole, b: grantOnTable, both: true, loser: gone, then: inert(access.LoadTable)},
		{name: "a dropped table is granted to nobody", setup: cast, a: rmTable("a", "t"), b: grantOnTable, both: true, loser: gone,
			then: func(w *world, _, _ error) {
				w.must(w.createTable("c", "a", "t", ""))
				inert(access.LoadTable)(w, nil, nil)
			}},
		{name: "a dropped namespace is granted to nobody", setup: seq(cast, rmTable("a", "t")), a: rmNS("a"), b: grantOnNS, both: true, loser: gone,
			then: func(w *world, _, _ error) {
				w.must(w.createNamespace("c", "a", ""))
				inert(access.ListTables)(w, nil, nil)
			}},
		{name: "a dropped catalog is granted to nobody", setup: seq(cast, rmTable("a", "t"), rmNS("a"), rmNS("b"), rmRole), a: rmCatalog("c"), b: mkRole, loser: append(notThere, gone...)},
		{name: "a grant follows a renamed table", setup: cast, a: mvTable("a", "t", "b", "u"), b: grantOnTable, both: true, loser: gone,
			then: func(w *world, _, b error) {
				w.soundRoles()
				w.must(w.rename("c", "b", "u", "a", "t"))
				if w.allowed(access.LoadTable) != (b == nil) {
					w.t.Errorf("the grant got %v, and loading is allowed: %v", b, b != nil)
				}
			}},
		{name: "an assignment of a dropped catalog role is nothing", setup: seq(cast, unassignRole, grantOnTable), a: rmRole, b: assignRole, both: true, loser: gone,
			then: inert(access.LoadTable)},
		{name: "an assignment to a dropped principal role is nothing", setup: seq(cast, grantOnTable, unassignRole), a: rmPR, b: assignRole, both: true, loser: gone,
			then: inert(access.LoadTable)},
		{name: "a dropped principal role is assigned to nobody", setup: seq(cast, grantOnTable, unassignAnn), a: rmPR, b: assignAnn, both: true, loser: gone,
			then: inert(access.LoadTable)},
		{name: "a role that is made again is not assigned", setup: seq(cast, grantOnTable, unassignAnn), a: seq(rmPR, mkPR), b: assignAnn, both: true, loser: gone,
			then: func(w *world, a, b error) {
				g, err := w.grantee()
				w.must(err)
				has := slices.ContainsFunc(g.p.Value.Roles, func(r lake.AssignedRole) bool { return r.ID == g.pr.Value.ID })
				holders, err := w.PrincipalsOf(context.Background(), realm, g.pr.Value.ID)
				w.must(err)
				if has != (len(holders) == 1) {
					w.t.Errorf("ann has the role: %v, and it is held by %v", has, holders)
				}
			}},
		{name: "a principal that is dropped is assigned nothing", setup: seq(cast, unassignAnn), a: rmAnn, b: assignAnn, both: true, loser: gone},
		{name: "two rotations keep a principal and its client together", setup: cast, a: rotate("a", ""), b: rotate("b", ""), both: true, loser: gone,
			then: func(w *world, _, _ error) { w.soundRoles() }},
		{name: "a moved client id and a rotation keep a principal and its client together", setup: cast, a: rotate("a", "ann-moved"), b: rotate("b", ""), both: true, loser: gone,
			then: func(w *world, _, _ error) { w.soundRoles() }},
		{name: "a dropped principal leaves no client", setup: cast, a: rmAnn, b: rotate("b", "ann-moved"), both: true, loser: gone,
			then: func(w *world, a, _ error) {
				w.soundRoles()
				for _, id := range []string{"ann-client", "ann-moved"} {
					if _, err := w.Client(context.Background(), realm, id); a == nil && !fault.Is(err, fault.NotFound) {
						w.t.Errorf("client %s of a dropped principal: got %v, want NotFound", id, err)
					}
				}
			}},
		{name: "one client id is one principal's", setup: seq(homes, mkRole, mkPR), a: mkAnn, b: func(w *world) error {
			return w.CreatePrincipal(context.Background(), realm, &lake.Principal{ID: lake.NewID(), Name: "bob", ClientID: "ann-client"})
		}, loser: nameTaken},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			for _, d := range drivers {
				t.Run(d.name, func(t *testing.T) { r.run(t, d.open, d.name == "torn") })
			}
		})
	}
}

// What is revoked is gone at the next request, though its grants are remembered.
func TestWhatARoleHoldsIsThatOfTheRequest(t *testing.T) {
	changes := []struct {
		name   string
		do     func(*world) error
		before func(*world) error
	}{
		{"revoked grant", revokeOnTable, grantOnTable},
		{"revoked catalog role", unassignRole, assignRole},
		{"revoked principal role", unassignAnn, assignAnn},
		{"dropped catalog role", rmRole, seq(mkRole, grantOnTable, assignRole)},
		{"dropped principal role", rmPR, seq(mkPR, assignRole, assignAnn)},
	}
	for _, row := range changes {
		t.Run(row.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) {
				w.must(seq(cast, grantOnTable)(w))
				for range 2 {
					if !w.allowed(access.LoadTable) {
						t.Fatal("ann may not load the table, want that she may")
					}
					w.must(row.do(w))
					if w.allowed(access.LoadTable) {
						t.Fatal("ann may load the table after her right was taken")
					}
					w.must(row.before(w))
				}
			})
		})
	}
}

func TestAuthorityRefusesWhoIsNoLongerGood(t *testing.T) {
	rows := []struct {
		name   string
		change func(*world) error
		alter  func(*lake.Caller)
	}{
		{"principal dropped", rmAnn, nil},
		{"principal made again", seq(rmAnn, mkAnn), nil},
		{"two secrets later", seq(rotate("x", ""), rotate("y", "")), nil},
		{"a role that is not assigned", nil, func(c *lake.Caller) { c.AllRoles, c.Roles = false, []string{"other"} }},
		{"an assigned role and one that is not", nil, func(c *lake.Caller) { c.AllRoles, c.Roles = false, []string{"pr", "other"} }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) {
				w.must(cast(w))
				c := w.caller()
				if row.change != nil {
					w.must(row.change(w))
				}
				if row.alter != nil {
					row.alter(&c)
				}
				b := w.Batch(realm)
				me := b.Caller(c)
				w.must(b.Read(t.Context()))
				if _, err := w.Authority(t.Context(), me, nil); !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("got %v, want Unauthenticated", err)
				}
			})
		})
	}
}

// The drop of a role with more grants and holders than one transaction takes leaves nothing that counts.
func TestDropOfARoleWithManyGrants(t *testing.T) {
	for _, n := range []int{250, sweptAtOnce + 150} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newWorld(t, openBolt(t))
			w.must(seq(cast, grantOnTable)(w))
			g, err := w.grantee()
			w.must(err)
			id := g.role.Value.ID
			for i := range n {
				w.must(w.raw.Write(t.Context(), []kv.Op{mark(grantKey(realm, id, lake.ID(fmt.Sprint("dead", i)), "TABLE_READ_DATA"), tagOf(id), kv.Always())}))
			}
			w.must(rmRole(w))
			left := len(w.list(aliveKey(realm, id).Partition, "")) + len(w.list(holderKey(realm, id, "x").Partition, ""))
			if want := max(0, n+2-sweptAtOnce); left > want {
				t.Errorf("got %d items of the dropped role, want at most %d", left, want)
			}
			if got := w.list(usageKey(realm, g.pr.Value.ID, g.cat.Value.ID, id).Partition, "c/"); n == 250 && len(got) > 0 {
				t.Errorf("the principal role still has the dead role: %v", got)
			}
			if w.allowed(access.LoadTable) {
				t.Error("a dropped role still counts")
			}
		})
	}
}

// Roles that were dropped take none of a principal's places.
func TestDroppedRolesTakeNoPlaceOfAPrincipals(t *testing.T) {
	w := newWorld(t, openBolt(t))
	w.must(mkAnn(w))
	for i := range MaxRoles + 2 {
		name := fmt.Sprint("role", i)
		w.must(w.CreateRole(t.Context(), realm, &lake.PrincipalRole{ID: lake.NewID(), Name: name}))
		b := w.Batch(realm)
		p, r := b.Principal("ann"), b.Role(name)
		w.must(b.Read(t.Context()))
		err := w.AssignRole(t.Context(), realm, p, r)
		if i < MaxRoles && err != nil {
			t.Fatalf("role %d: got %v", i, err)
		}
		if i == MaxRoles {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("role %d: got %v, want Invalid", i, err)
			}
			b := w.Batch(realm)
			first := b.Role("role0")
			w.must(b.Read(t.Context()))
			w.must(w.DeleteRole(t.Context(), realm, first))
		}
		if i == MaxRoles+1 && err != nil {
			t.Errorf("after one was dropped: got %v", err)
		}
	}
}
