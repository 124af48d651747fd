package catalog_test

import (
	"context"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

// asks are the requests that can give keys, each of its own new table where it makes one.
var asks = []struct {
	name string
	do   func(w *world, c lake.Caller, d catalog.Delegation) (catalog.Keys, error)
}{
	{"load", func(w *world, c lake.Caller, d catalog.Delegation) (catalog.Keys, error) {
		l, err := w.LoadTable(context.Background(), c, "c", table("t"), d, false)
		return l.Keys, err
	}},
	{"refresh", func(w *world, c lake.Caller, _ catalog.Delegation) (catalog.Keys, error) {
		return w.Credentials(context.Background(), c, "c", table("t"), "")
	}},
	{"create", func(w *world, c lake.Caller, d catalog.Delegation) (catalog.Keys, error) {
		l, err := w.CreateTable(context.Background(), c, "c", []string{"a"}, catalog.Creation{Name: "new", Request: asked()}, d)
		return l.Keys, err
	}},
	{"stage", func(w *world, c lake.Caller, d catalog.Delegation) (catalog.Keys, error) {
		l, err := w.CreateTable(context.Background(), c, "c", []string{"a"}, catalog.Creation{Name: "new", Request: asked(), Staged: true}, d)
		return l.Keys, err
	}},
	{"register", func(w *world, c lake.Caller, d catalog.Delegation) (catalog.Keys, error) {
		const file = "s3://lake/c/a/new/metadata/00000-x.metadata.json"
		w.leave(file, document("s3://lake/c/a/new", nil))
		l, err := w.RegisterTable(context.Background(), c, "c", []string{"a"}, catalog.Registration{Name: "new", File: file}, d)
		return l.Keys, err
	}},
}

// forClients are the keys minted for others than firn since the last take, as text.
func (w *world) forClients() string {
	var out []string
	for _, g := range w.vendor.minted {
		if g.PrincipalID != "firn" {
			var folders []string
			for _, p := range g.Prefixes {
				folders = append(folders, p.String())
			}
			out = append(out, g.Principal+" "+strings.Join(folders, "+")+" "+g.Actions.String())
		}
	}
	return strings.Join(out, "; ")
}

func TestWhoGetsWhichKeys(t *testing.T) {
	const reads, writes = "read,list", "read,list,write,delete"
	people := []struct {
		name       string
		privileges []string
		want       map[string]string // by request: the actions, or "" for a refusal
	}{
		{"content", []string{"CATALOG_MANAGE_CONTENT"}, map[string]string{"load": writes, "refresh": writes, "create": writes, "stage": writes, "register": writes}},
		{"reader", []string{"TABLE_READ_DATA"}, map[string]string{"load": reads, "refresh": reads}},
		{"writer", []string{"TABLE_WRITE_DATA"}, map[string]string{"load": writes, "refresh": writes}},
		{"maker", []string{"TABLE_CREATE"}, nil},
		{"maker who reads", []string{"TABLE_CREATE", "TABLE_READ_DATA"}, map[string]string{"load": reads, "refresh": reads, "register": reads}},
		{"maker who writes", []string{"TABLE_CREATE", "TABLE_WRITE_DATA"}, map[string]string{"load": writes, "refresh": writes, "create": writes, "stage": writes, "register": writes}},
		{"who knows properties", []string{"TABLE_READ_PROPERTIES", "TABLE_WRITE_PROPERTIES", "TABLE_LIST", "TABLE_DROP"}, nil},
		{"nobody", nil, nil},
	}
	for _, p := range people {
		for _, ask := range asks {
			t.Run(p.name+" "+ask.name, func(t *testing.T) {
				w := newWorld(t)
				_, err := w.create("t")
				w.must(err)
				caller := w.person("bob", p.privileges...)
				w.take()
				k, err := ask.do(w, caller, vended)
				want, folder := p.want[ask.name], "s3://lake/c/a/new/"
				if ask.name == "load" || ask.name == "refresh" {
					folder = "s3://lake/c/a/t/"
				}
				if want == "" {
					expect(t, "keys", err, fault.Forbidden)
					if u := w.take(); !u.quiet() || k.Credential != nil {
						t.Errorf("got key %v, effects %+v", k.Credential, u)
					}
					return
				}
				expect(t, "keys", err, 0)
				if got, want := w.forClients(), "bob "+folder+" "+want; got != want {
					t.Errorf("got keys minted: %s, want %s", got, want)
				}
				if k.Credential == nil || k.Prefix+"/" != folder {
					t.Errorf("got key %v for %q, want one for %q", k.Credential, k.Prefix, folder)
				}
			})
		}
	}
}

func TestWithoutDelegationNothingIsMinted(t *testing.T) {
	for _, ask := range asks {
		if ask.name == "refresh" {
			continue // it is for keys alone
		}
		t.Run(ask.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.create("t")
			w.must(err)
			w.take()
			k, err := ask.do(w, w.admin, catalog.Delegation{})
			w.must(err)
			if u := w.take(); u.ForClients != 0 || k.Credential != nil {
				t.Errorf("got %d keys minted, key %v", u.ForClients, k.Credential)
			}
		})
	}
}

// What cannot be vended is refused before anything is stored or minted.
func TestWhatCannotBeVended(t *testing.T) {
	no := true
	rows := []struct {
		name   string
		change func(*lake.Catalog)
		d      catalog.Delegation
		want   fault.Kind
		only   string // the requests that it is about; empty: all
	}{
		{"remote signing where nothing signs", func(*lake.Catalog) {}, catalog.Delegation{Signed: true}, fault.Argument, "load create stage register"},
		{"a store that cannot narrow a key", func(c *lake.Catalog) { c.Storage.STSUnavailable = &no }, vended, fault.Argument, "load refresh create stage"},
		{"an external catalog that vends nothing", func(c *lake.Catalog) {
			c.Type, c.Properties = lake.External, lake.Properties{"default-base-location": "s3://lake/c", "polaris.config.enable.credential.vending": "false"}
		}, vended, fault.Argument, "load refresh register"},
		{"an external catalog", func(c *lake.Catalog) { c.Type = lake.External }, vended, fault.Malformed, "create stage"},
		{"a folder that is not allowed any more", func(c *lake.Catalog) { c.Storage.AllowedLocations = []string{"s3://lake/c/b"} }, vended, fault.Forbidden, ""},
		{"a bucket that is not allowed any more", func(c *lake.Catalog) { c.Storage.AllowedLocations = []string{"s3://lake2/c"} }, vended, fault.Forbidden, ""},
		{"a folder that begins alike", func(c *lake.Catalog) {
			c.Storage.AllowedLocations = []string{"s3://lake/c/a/n", "s3://lake/c/a/t/data"}
		}, vended, fault.Forbidden, ""},
		{"nothing is allowed any more", func(c *lake.Catalog) { c.Storage.AllowedLocations = nil }, vended, fault.Forbidden, ""},
	}
	for _, row := range rows {
		for _, ask := range asks {
			if row.only != "" && !strings.Contains(" "+row.only+" ", " "+ask.name+" ") {
				continue
			}
			t.Run(row.name+" "+ask.name, func(t *testing.T) {
				w := newWorld(t)
				_, err := w.create("t")
				w.must(err)
				_, err = w.LoadTable(t.Context(), w.admin, "c", table("t"), vended, false) // a key is there to be served again
				w.must(err)
				w.alter(row.change)
				w.take()
				k, err := ask.do(w, w.admin, row.d)
				expect(t, "keys", err, row.want)
				u := w.take()
				if ask.name == "register" {
					u.Mints, u.Gets = u.ForClients, 0 // to read the file
				}
				if !u.quiet() || k.Credential != nil {
					t.Errorf("got key %v, effects %+v", k.Credential, u)
				}
			})
		}
	}
}

// firn's own hands are bound as a client's: no key opens what the catalog does not allow any more.
func TestFirnsOwnKeysAreBoundToo(t *testing.T) {
	rows := []struct {
		name string
		do   func(w *world) error
	}{
		{"load without a copy", func(w *world) error { w.keep("t", nil); _, _, err := w.load("t"); return err }},
		{"commit", func(w *world) error { _, err := w.commit("t", put("x", "1")); return err }},
		{"commit without a copy", func(w *world) error { w.keep("t", nil); _, err := w.commit("t", put("x", "1")); return err }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.create("t")
			w.must(err)
			w.set("allowed", "s3://lake/c/b")
			w.restart()
			w.take()
			expect(t, row.name, row.do(w), fault.Forbidden)
			u := w.take()
			u.KV.Writes = 0 // the test's own
			if !u.quiet() {
				t.Errorf("got effects %+v", u)
			}
			if got := len(w.stored()); got != 1 {
				t.Errorf("got %d files, want 1", got)
			}
			w.set("allowed", "s3://lake/c")
			if _, err := w.commit("t", put("x", "1")); err != nil {
				t.Errorf("allowed again: got %v", err)
			}
		})
	}
}

// A key of firn's own opens the folders of one table, to do what the request needs.
func TestFirnsOwnKeysOpenTheTableAlone(t *testing.T) {
	w := newWorld(t)
	w.take()
	_, err := w.create("t", `"properties":{"write.metadata.path":"s3://lake/c/a/m"}`)
	w.must(err)
	_, err = w.commit("t", put("x", "1"))
	w.must(err)
	w.keep("t", nil)
	w.restart()
	_, _, err = w.load("t")
	w.must(err)
	if len(w.vendor.minted) == 0 {
		t.Fatal("got no key, want firn's own")
	}
	for _, g := range w.vendor.minted {
		if len(g.Prefixes) != 2 || g.Prefixes[0].String() != "s3://lake/c/a/t/" || g.Prefixes[1].String() != "s3://lake/c/a/m/" || g.PrincipalID != "firn" {
			t.Errorf("got a key for %s to %v, want firn's own to the table's folders", g.PrincipalID, g.Prefixes)
		}
	}
	if last := w.vendor.minted[len(w.vendor.minted)-1]; last.Actions != vend.Read|vend.List {
		t.Errorf("got a key to %s for a load, want one to read", last.Actions)
	}
}

// What the driver cannot scope is known before anything is stored: a refusal leaves no claim behind that keeps others out.
func TestATableThatCannotBeScopedIsNotMade(t *testing.T) {
	const outside = `"properties":{"write.data.path":"s3://lake/c/a/elsewhere"}`
	makes := map[string]func(w *world) error{
		"create": func(w *world) error {
			_, err := w.CreateTable(context.Background(), w.admin, "c", []string{"a"}, catalog.Creation{Name: "t", Request: asked(outside)}, vended)
			return err
		},
		"stage": func(w *world) error { _, err := w.stage("t", vended, outside); return err },
		"register": func(w *world) error {
			const file = "s3://lake/c/a/t/metadata/00000-x.metadata.json"
			w.leave(file, document("s3://lake/c/a/t", func(doc map[string]any) {
				doc["properties"] = map[string]any{"write.data.path": "s3://lake/c/a/elsewhere"}
			}))
			_, err := w.register("t", file, vended)
			return err
		},
	}
	for name, make := range makes {
		w := newWorld(t)
		w.vendor.most = 1
		w.take()
		expect(t, name, make(w), fault.Invalid)
		u := w.take()
		if name == "register" {
			u.Mints = u.ForClients // to read the file
		}
		if !u.quiet() {
			t.Errorf("%s: got effects %+v", name, u)
		}
		_, err := w.as(w.person("bob", "TABLE_CREATE")).create("u", at("s3://lake/c/a/elsewhere"))
		expect(t, name+": another's table at its place", err, 0)
	}
}
