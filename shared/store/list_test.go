package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
)

// Names that keys could mistake for something else.
var oddNames = []string{"%", "%2F", "%252F", "a%b", "n", "t", "ü", "表", "🦆", "a b", "=", "~", "0", ".a", "a.", "a&b"}

func TestPagesGiveEachNameOnce(t *testing.T) {
	for _, size := range []int{1, 2, 3, 7, len(oddNames), 100, 0} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) {
				w.must(mkCatalog("c")(w))
				w.must(mkNS("a", "s3://lake/c/a")(w))
				for i, name := range oddNames {
					w.must(w.createTable("c", "a", name, fmt.Sprint("s3://lake/c/a/", i)))
					b := w.Batch(realm)
					c := b.Catalog("c")
					n := b.Namespace(c, []string{"a", name})
					g := b.Guards(n.Parent())
					w.must(b.Read(t.Context()))
					w.must(w.CreateNamespace(t.Context(), n, &lake.Namespace{ID: lake.NewID(), ParentID: n.Parent().ID(), Levels: n.Levels()},
						prefixOf(fmt.Sprint("s3://lake/c/a/child-", i)), g))
				}
				x, err := w.look("c", "a", nil)
				w.must(err)
				want := slices.Sorted(slices.Values(oddNames))
				for what, list := range map[string]func(Page) ([]string, string, error){
					"tables":     func(p Page) ([]string, string, error) { return w.ListTables(t.Context(), x.n, p) },
					"namespaces": func(p Page) ([]string, string, error) { return w.ListNamespaces(t.Context(), x.n, p) },
				} {
					var got []string
					for page := (Page{Limit: size}); ; {
						names, next, err := list(page)
						w.must(err)
						if size > 0 && len(names) > size {
							t.Errorf("%s: got a page of %d, want at most %d", what, len(names), size)
						}
						got = append(got, names...)
						if page.After = next; next == "" {
							break
						}
					}
					slices.Sort(got)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s (-want +got):\n%s", what, diff)
					}
				}
			})
		})
	}
}

// What goes or comes between two pages moves nothing else.
func TestPagesGoOnBehindAName(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.must(seq(home, mkTable("a", "b", ""), mkTable("a", "d", ""), mkTable("a", "f", ""))(w))
		x, err := w.look("c", "a", nil)
		w.must(err)
		first, next, err := w.ListTables(t.Context(), x.n, Page{Limit: 2})
		w.must(err)
		w.must(seq(rmTable("a", "d"), mkTable("a", "a", ""), mkTable("a", "c", ""), mkTable("a", "e", ""))(w))
		rest, _, err := w.ListTables(t.Context(), x.n, Page{After: next})
		w.must(err)
		if diff := cmp.Diff([]string{"b", "d", "e", "f"}, append(first, rest...)); diff != "" {
			t.Errorf("names (-want +got):\n%s", diff)
		}
	})
}

// The longest names that the rules let in make keys, batches and transactions that the store takes.
func TestLongestNamesFit(t *testing.T) {
	tables := []string{strings.Repeat("x", lake.MaxName), strings.Repeat("%", lake.MaxName/3), strings.Repeat("表", lake.MaxName/3)}
	deep := make([]string, lake.MaxLevels)
	for i := range deep {
		deep[i] = strings.Repeat("y", lake.MaxNamespace/lake.MaxLevels)
	}
	percent := make([]string, lake.MaxLevels)
	for i := range percent {
		percent[i] = strings.Repeat("%", lake.MaxNamespace/lake.MaxLevels/3)
	}
	for _, catalog := range []string{strings.Repeat("🦆", 256), strings.Repeat("%", 256), strings.Repeat("/", 256)} {
		for _, ns := range [][]string{deep, percent, {strings.Repeat("表", lake.MaxName/3)}} {
			w := newWorld(t, openBolt(t))
			if err := lake.CheckEntityName("catalog", catalog); err != nil {
				t.Fatal(err)
			}
			w.must(lake.CheckLevels(ns))
			w.must(w.createCatalog(catalog, "s3://lake/c"))
			for i := range ns {
				w.must(w.createNamespace(catalog, strings.Join(ns[:i+1], "."), fmt.Sprint("s3://lake/c/", strings.Repeat("n/", i+1))))
			}
			own := strings.Join(ns, ".")
			for _, name := range tables {
				w.must(lake.CheckName(name))
				folder := prefixOf("s3://lake/c/" + strings.Repeat("n/", len(ns)) + fmt.Sprint(len(name))).String()
				folder = strings.TrimSuffix(folder, "/")
				w.must(w.stage(catalog, own, name, folder, "ann", "0f6ba9c4-9f0b-4fb4-9d0d-2f6c2f6a8b5e"))
				w.must(w.commitStaged(catalog, own, name, folder, "ann", "0f6ba9c4-9f0b-4fb4-9d0d-2f6c2f6a8b5e"))
				w.must(w.commit(catalog, own, name, folder+"-more"))
				w.must(w.rename(catalog, own, name, ns[0], "x"))
				w.must(w.rename(catalog, ns[0], "x", own, name))
				w.must(w.rename(catalog, own, name, ns[0], "x"))
				w.must(w.purgeTable(catalog, ns[0], "x"))
			}
			role := &lake.CatalogRole{ID: lake.NewID(), Name: strings.Repeat("🦆", 256)}
			b := w.Batch(realm)
			c := b.Catalog(catalog)
			w.must(b.Read(t.Context()))
			role.CatalogID = c.Value.ID
			w.must(w.CreateCatalogRole(t.Context(), realm, c, role))
			principal := &lake.PrincipalRole{ID: lake.NewID(), Name: strings.Repeat("%", 256)}
			w.must(w.CreateRole(t.Context(), realm, principal))
			b = w.Batch(realm)
			c = b.Catalog(catalog)
			held, holder := b.CatalogRole(c, role.Name), b.Role(principal.Name)
			w.must(b.Read(t.Context()))
			w.must(w.AssignCatalogRole(t.Context(), realm, c, holder, held))
			if got, err := w.RolesOf(t.Context(), realm, c, role.ID); err != nil || len(got) != 1 || got[0].Name != principal.Name {
				t.Errorf("the role's holders: got %v, %v; want %s", got, err, principal.Name)
			}
			w.sound()
		}
	}
}

// Client ids come from anyone.
func TestClientIdsThatFitNoKeyAreNotThere(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		for _, id := range []string{"", "x", strings.Repeat("x", 257), strings.Repeat("%", 256), "a\x00b", "a\nb", "\xff"} {
			if _, err := w.Client(t.Context(), realm, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("client %q: got %v, want NotFound", id, err)
			}
		}
	})
}

// An object that was dropped and made again is another one: what was read of the first changes nothing of the second.
func TestVersionsNeverRestart(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.must(cast(w))
		old, err := w.grantee()
		w.must(err)
		x, table := w.table("c", "a", "t")
		w.must(seq(rmTable("a", "t"), rmNS("a"), rmRole, rmPR, rmAnn, mkNS("a", ""), mkTable("a", "t", ""), mkRole, mkPR, mkAnn)(w))
		now, err := w.grantee()
		w.must(err)
		next, ns := *table.Value, *x.n.Value()
		next.Version++
		rows := map[string]error{
			"commit":              w.UpdateTable(t.Context(), x.n, table, &next, Moved{}),
			"drop table":          w.DropTable(t.Context(), x.n, table, nil),
			"rename table":        w.RenameTable(t.Context(), x.n, table, x.n, "u"),
			"update namespace":    w.UpdateNamespace(t.Context(), x.n, &ns, nil, Guards{}),
			"drop namespace":      seq(rmTable("a", "t"))(w),
			"grant to a role":     w.AddGrant(t.Context(), realm, now.cat, old.role, Grant{CatalogObject(now.cat), "TABLE_LIST"}),
			"grant on a table":    w.AddGrant(t.Context(), realm, now.cat, now.role, Grant{TableObject(old.n, old.t), "TABLE_LIST"}),
			"assign catalog role": w.AssignCatalogRole(t.Context(), realm, now.cat, now.pr, old.role),
			"assign to role":      w.AssignCatalogRole(t.Context(), realm, now.cat, old.pr, now.role),
			"assign role":         w.AssignRole(t.Context(), realm, now.p, old.pr),
			"update role":         w.UpdateRole(t.Context(), old.pr, old.pr.Value),
			"update catalog role": w.UpdateCatalogRole(t.Context(), old.role, old.role.Value),
			"delete catalog role": w.DeleteCatalogRole(t.Context(), realm, now.cat, old.role),
			"delete role":         w.DeleteRole(t.Context(), realm, old.pr),
			"update principal":    w.UpdatePrincipal(t.Context(), realm, old.p, old.p.Value),
			"delete principal":    w.DeletePrincipal(t.Context(), realm, old.p),
		}
		rows["drop namespace"] = w.DropNamespace(t.Context(), x.n, x.guards)
		for name, err := range rows {
			if !Raced(err) && !fault.Is(err, fault.Conflict) {
				t.Errorf("%s: got %v, want a lost race or Conflict", name, err)
			}
		}
		w.soundRoles()
	})
}

func TestANameIsOneWhateverTheKind(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.must(seq(homes, mkTable("a", "t", ""))(w))
		x, err := w.look("c", "b", nil)
		w.must(err)
		for kind, noun := range map[lake.Kind]fault.Noun{lake.ViewKind: fault.View, lake.GenericKind: fault.GenericTable, lake.TableKind: fault.Table} {
			claim, err := put(x.n.place.nameKey("v"), tagOf("v"), Claim{kind, "v"}, kv.Always())
			w.must(err)
			w.must(w.raw.Write(t.Context(), []kv.Op{claim}))
			fresh, err := w.look("c", "b", nil)
			w.must(err)
			made := w.CreateTable(t.Context(), fresh.n, NewTable{Table: newTable(fresh, "v", "s3://lake/c/b/v"), Guards: fresh.guards})
			for what, err := range map[string]error{"create": made, "rename": w.rename("c", "a", "t", "b", "v")} {
				if !fault.Is(err, fault.Exists) || fault.From(err).Noun != noun {
					t.Errorf("%s onto a %s: got %v, want that %s", what, kind, err, noun)
				}
			}
		}
	})
}

// A copy is believed only for the very version of the very table.
func TestCopyIsBelievedForItsVersionAlone(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.must(seq(home, mkTable("a", "t", ""))(w))
		read := func() ([]byte, bool, *lake.Table) {
			w.Store = New(Config{Driver: w.db, Now: w.time}) // another instance remembers nothing
			var c *CopySlot
			var table *Slot[lake.Table]
			_, err := w.look("c", "a", func(x *seen) { c, table = x.batch.Copy(x.n, "t"), x.batch.Table(x.n, "t") })
			w.must(err)
			doc, err := c.Document(t.Context(), table.Value)
			w.must(err)
			return doc, doc != nil, table.Value
		}
		doc, ok, first := read()
		if !ok || string(doc) != "{}" {
			t.Fatalf("got %q, %v; want the document that the table was made with", doc, ok)
		}
		w.must(w.commit("c", "a", "t"))
		if doc, ok, _ := read(); ok {
			t.Errorf("of the version before: got %q, want none", doc)
		}
		x, _ := w.table("c", "a", "t")
		second := *first
		second.ID = lake.NewID()
		w.KeepCopy(t.Context(), x.n, &second, []byte(`{"other":"table"}`))
		if doc, ok, _ := read(); ok {
			t.Errorf("of another table: got %q, want none", doc)
		}
		_, _, now := read()
		w.KeepCopy(t.Context(), x.n, now, []byte(`{"now":1}`))
		if doc, ok, _ := read(); !ok || string(doc) != `{"now":1}` {
			t.Errorf("got %q, %v; want the copy of this version", doc, ok)
		}
		w.must(w.raw.Write(t.Context(), []kv.Op{{Verb: kv.Put, Item: kv.Item{Key: x.n.place.copyKey("t"), Tag: "x", Data: append(copyHead(now), "no gzip"...)}}}))
		if doc, ok, _ := read(); ok {
			t.Errorf("broken: got %q, want none", doc)
		}
	})
}
