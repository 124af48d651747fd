package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// query is a version of a view.
func query(dialect, sql string) string {
	return fmt.Sprintf(`{"version-id":1,"timestamp-ms":1,"schema-id":0,"summary":{},"default-namespace":["a"],"representations":[{"type":"sql","dialect":%q,"sql":%q}]}`, dialect, sql)
}

// askedView is a create's request; members are added to it as JSON.
func askedView(members ...string) iceberg.CreateViewRequest {
	r, err := iceberg.DecodeCreateView(json.RawMessage("{" + strings.Join(append([]string{`"schema":` + schema, `"view-version":` + query("spark", "select 1")}, members...), ",") + "}"))
	if err != nil {
		panic(err)
	}
	return r
}

func (w *world) createView(name string, members ...string) (catalog.Loaded, error) {
	return w.CreateView(context.Background(), w.admin, "c", []string{"a"}, catalog.ViewCreation{Name: name, Request: askedView(members...)})
}

// viewChange is a commit's body.
func viewChange(updates string) catalog.Change {
	u, err := iceberg.DecodeViewUpdates(json.RawMessage(updates))
	if err != nil {
		panic(err)
	}
	return catalog.Change{Updates: u}
}

func (w *world) commitView(name string, c catalog.Change) (catalog.Loaded, error) {
	return w.CommitView(context.Background(), w.admin, "c", table(name), c)
}

// putView sets a property.
func putView(key, value string) catalog.Change {
	return viewChange(fmt.Sprintf(`[{"action":"set-properties","updates":{%q:%q}}]`, key, value))
}

// hasView says whether a new instance finds the view with a property, and its metadata file there.
func (w *world) hasView(name, property string) bool {
	w.t.Helper()
	w.restart()
	l, err := w.LoadView(context.Background(), w.admin, "c", table(name))
	w.must(err)
	v, err := iceberg.ParseView(l.Metadata)
	w.must(err)
	if !w.stored()[l.MetadataLocation] {
		w.t.Errorf("view %s names %s, which is not there", name, l.MetadataLocation)
	}
	_, ok := v.Property(property)
	return ok
}

// viewDocument is a metadata document of a view at loc, after an edit.
func viewDocument(loc string, edit func(doc map[string]any)) string {
	v, err := iceberg.CreateView(askedView(), "0e1a9ec6-7a0a-4f4e-a3f9-5f0f2fba7e11", loc, 1_790_000_000_000)
	if err != nil {
		panic(err)
	}
	doc := map[string]any{}
	if err := json.Unmarshal(v.Bytes(), &doc); err != nil {
		panic(err)
	}
	if edit != nil {
		edit(doc)
	}
	out, _ := json.Marshal(doc)
	return string(out)
}

func TestAViewsLife(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	made, err := w.createView("v", `"properties":{"k":"v"}`)
	w.must(err)
	if !strings.HasPrefix(made.MetadataLocation, "s3://lake/c/a/v/metadata/00000-") || !strings.HasSuffix(made.MetadataLocation, ".gz.metadata.json") || made.Keys.Credential != nil {
		t.Errorf("got the file %s, and keys %v, want a compressed one in the view's folder and none", made.MetadataLocation, made.Keys.Credential)
	}
	w.must(w.ViewExists(ctx, w.admin, "c", table("v")))
	if !w.hasView("v", "k") {
		t.Error("got another view, want the one that was made")
	}
	_, err = w.create("beside")
	w.must(err)
	for kind, list := range map[string]func() ([]string, string, error){
		"v": func() ([]string, string, error) { return w.ListViews(ctx, w.admin, "c", []string{"a"}, catalog.Page{}) },
		"beside": func() ([]string, string, error) {
			return w.ListTables(ctx, w.admin, "c", []string{"a"}, catalog.Page{})
		},
	} {
		if names, _, err := list(); err != nil || !slices.Equal(names, []string{kind}) {
			t.Errorf("got %v %v, want %s alone", names, err, kind)
		}
	}
	done, err := w.commitView("v", viewChange(`[{"action":"add-view-version","view-version":`+query("spark", "select 2")+`},{"action":"set-current-view-version","view-version-id":-1}]`))
	w.must(err)
	if !strings.HasPrefix(done.MetadataLocation, "s3://lake/c/a/v/metadata/00001-") || !strings.Contains(string(done.Metadata), "select 2") {
		t.Errorf("got %s: %s", done.MetadataLocation, done.Metadata)
	}
	w.must(w.namespace("b"))
	moved := lake.Identifier{Namespace: []string{"b"}, Name: "w"}
	w.must(w.RenameView(ctx, w.admin, "c", table("v"), moved))
	expect(t, "the old name", w.ViewExists(ctx, w.admin, "c", table("v")), fault.NotFound)
	again, err := w.LoadView(ctx, w.admin, "c", moved)
	if err != nil || again.MetadataLocation != done.MetadataLocation {
		t.Errorf("got %s %v, want the files where they were: %s", again.MetadataLocation, err, done.MetadataLocation)
	}
	expect(t, "drop of a namespace that holds a view", w.DropNamespace(ctx, w.admin, "c", []string{"b"}), fault.NotEmpty)
	files := len(w.stored())
	w.must(w.DropView(ctx, w.admin, "c", moved))
	expect(t, "the dropped view", w.ViewExists(ctx, w.admin, "c", moved), fault.NotFound)
	if got := len(w.stored()); got != files {
		t.Errorf("got %d files, want %d: a drop deletes none", got, files)
	}
	w.must(w.DropNamespace(ctx, w.admin, "c", []string{"b"}))
	back, err := w.RegisterView(ctx, w.admin, "c", []string{"a"}, "v", done.MetadataLocation)
	if err != nil || back.MetadataLocation != done.MetadataLocation || !w.hasView("v", "k") {
		t.Errorf("got %s %v, want the dropped view back", back.MetadataLocation, err)
	}
	w.must(w.DropView(ctx, w.admin, "c", table("v")))
	w.must(makeTable("t", "s3://lake/c/a/v")(w)) // its folder is free again
}

// Tables and views share a name space and, each with its folder, the location index.
func TestViewsAndTablesMeet(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, err := w.create("t")
	w.must(err)
	_, err = w.createView("v")
	w.must(err)
	w.leave("s3://lake/c/a/r/metadata/1.metadata.json", viewDocument("s3://lake/c/a/r", nil))
	w.leave("s3://lake/c/a/q/metadata/1.metadata.json", document("s3://lake/c/a/q", nil))
	registerView := func(name, file string) error {
		_, err := w.RegisterView(ctx, w.admin, "c", []string{"a"}, name, file)
		return err
	}
	createView := func(name string, members ...string) error { _, err := w.createView(name, members...); return err }
	create := func(name string, members ...string) error { _, err := w.create(name, members...); return err }
	rows := []struct {
		name    string
		do      func() error
		want    fault.Kind
		message string
	}{
		{"a view named as a view", func() error { return createView("v") }, fault.Exists, ""},
		{"a view named as a table", func() error { return createView("t") }, fault.Exists, "Table with same name already exists: a.t"},
		{"a table named as a view", func() error { return create("v") }, fault.Exists, "View with same name already exists: a.v"},
		{"a table staged by the name of a view", func() error { _, err := w.stage("v", catalog.Delegation{}); return err }, fault.Exists, "View with same name already exists: a.v"},
		{"a table committed by the name of a view", func() error {
			staged, err := w.stage("s", catalog.Delegation{})
			w.must(err)
			_, err = w.commit("v", ofStaged(staged))
			return err
		}, fault.Exists, "View with same name already exists: a.v"},
		{"a table registered by the name of a view", func() error {
			_, err := w.register("v", "s3://lake/c/a/q/metadata/1.metadata.json", catalog.Delegation{})
			return err
		}, fault.Exists, "View with same name already exists: a.v"},
		{"a view registered by the name of a view", func() error { return registerView("v", "s3://lake/c/a/r/metadata/1.metadata.json") }, fault.Exists, ""},
		{"a view registered by the name of a table", func() error { return registerView("t", "s3://lake/c/a/r/metadata/1.metadata.json") }, fault.Exists, "Table with same name already exists: a.t"},
		{"a view renamed to itself", func() error { return w.RenameView(ctx, w.admin, "c", table("v"), table("v")) }, fault.Exists, "Cannot rename a.v to a.v. View already exists"},
		{"a view renamed to a table", func() error { return w.RenameView(ctx, w.admin, "c", table("v"), table("t")) }, fault.Exists, "Cannot rename a.v to a.t. Table already exists"},
		{"a table renamed to a view", func() error { return w.RenameTable(ctx, w.admin, "c", table("t"), table("v")) }, fault.Exists, "Cannot rename a.t to a.v. View already exists"},
		{"a table renamed as a view", func() error { return w.RenameView(ctx, w.admin, "c", table("t"), table("x")) }, fault.NotFound, ""},
		{"a table loaded as a view", func() error { _, err := w.LoadView(ctx, w.admin, "c", table("t")); return err }, fault.NotFound, ""},
		{"a view loaded as a table", func() error { _, _, err := w.load("v"); return err }, fault.NotFound, ""},
		{"a view looked for as a table", func() error { return w.TableExists(ctx, w.admin, "c", table("v")) }, fault.NotFound, ""},
		{"a table looked for as a view", func() error { return w.ViewExists(ctx, w.admin, "c", table("t")) }, fault.NotFound, ""},
		{"a table replaced as a view", func() error { _, err := w.commitView("t", putView("x", "1")); return err }, fault.NotFound, ""},
		{"a view committed to as a table", func() error { _, err := w.commit("v", put("x", "1")); return err }, fault.NotFound, ""},
		{"a table dropped as a view", func() error { return w.DropView(ctx, w.admin, "c", table("t")) }, fault.NotFound, ""},
		{"a view dropped as a table", func() error { return w.drop("v", false) }, fault.NotFound, ""},
		{"keys for a view", func() error { _, err := w.Credentials(ctx, w.admin, "c", table("v"), ""); return err }, fault.NotFound, ""},
		{"a view in a table's folder", func() error { return createView("x", `"location":"s3://lake/c/a/t"`) }, fault.Forbidden, ""},
		{"a view within a table's folder", func() error { return createView("x", `"location":"s3://lake/c/a/t/x"`) }, fault.Forbidden, ""},
		{"a table in a view's folder", func() error { return create("x", at("s3://lake/c/a/v")) }, fault.Forbidden, ""},
		{"a table around a view's folder", func() error { return create("x", `"properties":{"write.data.path":"s3://lake/c/a"}`) }, fault.Forbidden, ""},
		{"a view moved into a table's folder", func() error {
			_, err := w.commitView("v", viewChange(`[{"action":"set-location","location":"s3://lake/c/a/t/x"}]`))
			return err
		}, fault.Forbidden, ""},
		{"a view's metadata in a table's folder", func() error {
			_, err := w.commitView("v", putView("write.metadata.path", "s3://lake/c/a/t/metadata"))
			return err
		}, fault.Forbidden, ""},
		{"a table's file registered as a view", func() error { return registerView("x", "s3://lake/c/a/q/metadata/1.metadata.json") }, fault.Argument, "Cannot parse missing string: view-uuid"},
		{"a view's file registered as a table", func() error {
			_, err := w.register("x", "s3://lake/c/a/r/metadata/1.metadata.json", catalog.Delegation{})
			return err
		}, fault.Argument, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := row.do()
			expect(t, "it", err, row.want)
			if got := fault.From(err); err != nil && row.message != "" && got.Message != row.message {
				t.Errorf("got %q, want %q", got.Message, row.message)
			}
			w.whole("t")
			if w.hasView("v", "x") {
				t.Error("the view was changed")
			}
		})
	}
}

func TestViewsThatAreRefused(t *testing.T) {
	const file = "s3://lake/c/a/r/metadata/1.metadata.json"
	external := func(w *world) { w.alter(func(c *lake.Catalog) { c.Type = lake.External }) }
	create := func(name string, members ...string) func(*world) error {
		return func(w *world) error { _, err := w.createView(name, members...); return err }
	}
	register := func(name, file string) func(*world) error {
		return func(w *world) error {
			_, err := w.RegisterView(w.t.Context(), w.admin, "c", []string{"a"}, name, file)
			return err
		}
	}
	commit := func(c catalog.Change) func(*world) error {
		return func(w *world) error { _, err := w.commitView("v", c); return err }
	}
	asserts := func(requirement string) catalog.Change {
		c := putView("x", "1")
		c.Requirements = change("["+requirement+"]", "[]").Requirements
		return c
	}
	large := strings.Repeat("x", 1<<20)
	rows := []struct {
		name  string
		ready func(*world)
		do    func(*world) error
		want  fault.Kind
	}{
		{"create without a name", nil, create(""), fault.Argument},
		{"create by a name that is none", nil, create("a/b"), fault.Argument},
		{"create with a reserved property", nil, create("x", `"properties":{"polaris.x":"1"}`), fault.Argument},
		{"create where the catalog chooses", func(w *world) { w.set("polaris.config.allow.client-specified.table.location", "false") }, create("x", at("s3://lake/c/a/x")), fault.Argument},
		{"create in an external catalog", external, create("x"), fault.Malformed},
		{"create what cannot be answered", nil, func(w *world) error {
			r, err := iceberg.DecodeCreateView(json.RawMessage(`{"schema":` + schema + `,"view-version":` + query("spark", large) + `}`))
			w.must(err)
			_, err = w.CreateView(w.t.Context(), w.admin, "c", []string{"a"}, catalog.ViewCreation{Name: "x", Request: r})
			return err
		}, fault.Invalid},
		{"register by a name that is none", nil, register("a/b", file), fault.Argument},
		{"register no file", nil, register("x", ""), fault.Argument},
		{"register a file that is not there", nil, register("x", file), fault.NotFound},
		{"register what is no view", func(w *world) { w.leave(file, `{}`) }, register("x", file), fault.Argument},
		{"register a file outside the view's folder", func(w *world) { w.leave(file, viewDocument("s3://lake/c/a/else", nil)) }, register("x", file), fault.Malformed},
		{"register what cannot be answered", func(w *world) {
			w.leave(file, viewDocument("s3://lake/c/a/r", func(doc map[string]any) { documentWith(doc, "x", large) }))
		}, register("x", file), fault.Invalid},
		{"replace with a reserved property", nil, commit(putView("polaris.x", "1")), fault.Argument},
		{"replace another view", nil, commit(asserts(`{"type":"assert-view-uuid","uuid":"u"}`)), fault.CommitFailed},
		{"replace by a table's requirement", nil, commit(asserts(`{"type":"assert-table-uuid","uuid":"u"}`)), fault.Invalid},
		{"replace by what does not fit", nil, commit(viewChange(`[{"action":"set-current-view-version","view-version-id":9}]`)), fault.Argument},
		{"replace by what cannot be answered", nil, commit(putView("x", large)), fault.Invalid},
		{"replace in an external catalog", external, commit(putView("x", "1")), fault.Malformed},
		{"rename in an external catalog", external, func(w *world) error { return w.RenameView(w.t.Context(), w.admin, "c", table("v"), table("w")) }, fault.Malformed},
		{"rename to a name that is none", nil, func(w *world) error { return w.RenameView(w.t.Context(), w.admin, "c", table("v"), table("a/b")) }, fault.Argument},
		{"list a namespace that is not there", nil, func(w *world) error {
			_, _, err := w.ListViews(w.t.Context(), w.admin, "c", []string{"none"}, catalog.Page{})
			return err
		}, fault.NotFound},
		{"load from a catalog that is not there", nil, func(w *world) error { _, err := w.LoadView(w.t.Context(), w.admin, "none", table("v")); return err }, fault.NotFound},
		{"load by a name that is none", nil, func(w *world) error { _, err := w.LoadView(w.t.Context(), w.admin, "c", table("a/b")); return err }, fault.NotFound},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.createView("v")
			w.must(err)
			if row.ready != nil {
				row.ready(w)
			}
			before := w.stored()
			w.take()
			expect(t, row.name, row.do(w), row.want)
			if u := w.take(); u.KV.Writes+u.KV.Transactions+u.Puts+u.Dels > 0 || len(w.stored()) != len(before) {
				t.Errorf("got effects %+v", u)
			}
		})
	}
}

// Each operation needs its own privilege, and no other of views and tables will do.
func TestWhoMayDoWhatWithViews(t *testing.T) {
	all := []string{"VIEW_CREATE", "VIEW_DROP", "VIEW_LIST", "VIEW_READ_PROPERTIES", "VIEW_WRITE_PROPERTIES", "TABLE_FULL_METADATA", "TABLE_WRITE_DATA"}
	const file = "s3://lake/c/a/r/metadata/1.metadata.json"
	rows := []struct {
		name string
		by   []string
		do   func(w *world, c lake.Caller) error
	}{
		{"list", []string{"VIEW_CREATE", "VIEW_LIST", "VIEW_READ_PROPERTIES", "VIEW_WRITE_PROPERTIES"}, func(w *world, c lake.Caller) error {
			_, _, err := w.ListViews(w.t.Context(), c, "c", []string{"a"}, catalog.Page{})
			return err
		}},
		{"exists", []string{"VIEW_CREATE", "VIEW_LIST", "VIEW_READ_PROPERTIES", "VIEW_WRITE_PROPERTIES"}, func(w *world, c lake.Caller) error { return w.ViewExists(w.t.Context(), c, "c", table("v")) }},
		{"load", []string{"VIEW_READ_PROPERTIES", "VIEW_WRITE_PROPERTIES"}, func(w *world, c lake.Caller) error {
			_, err := w.LoadView(w.t.Context(), c, "c", table("v"))
			return err
		}},
		{"create", []string{"VIEW_CREATE"}, func(w *world, c lake.Caller) error {
			_, err := w.CreateView(w.t.Context(), c, "c", []string{"a"}, catalog.ViewCreation{Name: "x", Request: askedView()})
			return err
		}},
		{"register", []string{"VIEW_CREATE"}, func(w *world, c lake.Caller) error {
			w.leave(file, viewDocument("s3://lake/c/a/r", nil))
			_, err := w.RegisterView(w.t.Context(), c, "c", []string{"a"}, "x", file)
			return err
		}},
		{"replace", []string{"VIEW_WRITE_PROPERTIES"}, func(w *world, c lake.Caller) error {
			_, err := w.CommitView(w.t.Context(), c, "c", table("v"), putView("x", "1"))
			return err
		}},
		{"drop", []string{"VIEW_DROP"}, func(w *world, c lake.Caller) error { return w.DropView(w.t.Context(), c, "c", table("v")) }},
		{"rename", nil, func(w *world, c lake.Caller) error {
			return w.RenameView(w.t.Context(), c, "c", table("v"), table("x"))
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			_, err := w.createView("v")
			w.must(err)
			for _, privilege := range all {
				want := fault.Forbidden
				if slices.Contains(row.by, privilege) {
					want = 0
				}
				if c := w.person("by-"+privilege, privilege); want != 0 { // who may not asks first
					expect(t, privilege, row.do(w, c), want)
				}
			}
			for _, privilege := range row.by[:min(len(row.by), 1)] {
				expect(t, privilege, row.do(w, w.person("may", privilege)), 0)
			}
			if row.name == "rename" {
				expect(t, "both", row.do(w, w.person("may", "VIEW_DROP", "VIEW_CREATE")), 0)
			}
		})
	}
}

// A view's commit has the races and the doubts of a table's, and none of its metadata log.
func TestReplaceUnderFire(t *testing.T) {
	rows := []struct {
		name  string
		fault func(others func()) faulty.Fault
		want  fault.Kind
		has   bool
		files int
	}{
		{"overtaken", func(others func()) faulty.Fault { return faulty.Fault{Before: others} }, 0, true, 3},
		{"throttled", func(func()) faulty.Fault { return faulty.Fault{Refuse: fault.Throttled} }, fault.Throttled, false, 1},
		{"its answer lost", func(func()) faulty.Fault { return faulty.Fault{Lose: faulty.Answer} }, 0, true, 2},
		{"its answer lost, and others followed", func(others func()) faulty.Fault { return faulty.Fault{Lose: faulty.Answer, After: others} }, 0, true, 3},
		{"lost", func(func()) faulty.Fault { return faulty.Fault{Lose: faulty.Request} }, fault.StateUnknown, false, 2},
		{"lost, and others followed", func(others func()) faulty.Fault { return faulty.Fault{Lose: faulty.Request, Before: others} }, fault.StateUnknown, false, 3},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.createView("v")
			w.must(err)
			other := w.instance()
			w.db.Next(faulty.Write, row.fault(func() {
				_, err := other.CommitView(t.Context(), w.admin, "c", table("v"), putView("other", "1"))
				w.must(err)
			}))
			_, err = w.commitView("v", putView("mine", "1"))
			expect(t, "replace", err, row.want)
			if got := w.hasView("v", "mine"); got != row.has {
				t.Errorf("got it landed %v, want %v", got, row.has)
			}
			if got := len(w.stored()); got != row.files {
				t.Errorf("got %d files, want %d", got, row.files)
			}
		})
	}
	t.Run("overtaken for ever", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.createView("v")
		w.must(err)
		other, inside := w.instance(), false
		w.db.Plan(func(c faulty.Call) faulty.Fault {
			if inside || c.Verb != faulty.Write || !strings.HasPrefix(c.Ops[0].Item.Key.Partition, "entry") {
				return faulty.Fault{}
			}
			return faulty.Fault{Before: func() {
				inside = true
				_, err := other.CommitView(t.Context(), w.admin, "c", table("v"), putView("other", "1"))
				w.must(err)
				inside = false
			}}
		})
		_, err = w.commitView("v", putView("mine", "1"))
		w.db.Plan(nil)
		expect(t, "replace", err, fault.CommitFailed)
		if w.hasView("v", "mine") || len(w.stored()) != 6 {
			t.Errorf("got %d files, want those of the view and of five others", len(w.stored()))
		}
	})
	t.Run("its file cannot be written", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.createView("v")
		w.must(err)
		w.files.plan = planned("put", fileFault{refuse: fault.Unavailable})
		_, err = w.commitView("v", putView("mine", "1"))
		expect(t, "replace", err, fault.Unavailable)
		w.files.plan = nil
		if w.hasView("v", "mine") {
			t.Error("got what was refused")
		}
	})
}

func TestCreateAViewThatIsInDoubt(t *testing.T) {
	rows := []struct {
		name  string
		fault func(w *world) faulty.Fault
		want  fault.Kind
		files int
	}{
		{"refused", func(*world) faulty.Fault { return faulty.Fault{Refuse: fault.Throttled} }, fault.Throttled, 0},
		{"lost", func(*world) faulty.Fault { return faulty.Fault{Lose: faulty.Request} }, fault.StateUnknown, 1},
		{"its answer lost", func(*world) faulty.Fault { return faulty.Fault{Lose: faulty.Answer} }, 0, 1},
		{"its name taken meanwhile", func(w *world) faulty.Fault {
			return faulty.Fault{Before: func() { w.must(makeTable("v", "s3://lake/c/a/else")(w)) }}
		}, fault.Exists, 1},
		{"its namespace dropped meanwhile", func(w *world) faulty.Fault {
			return faulty.Fault{Before: func() { w.must(w.DropNamespace(w.t.Context(), w.admin, "c", []string{"a"})) }}
		}, fault.NotFound, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.db.Next(faulty.Write, row.fault(w))
			_, err := w.createView("v")
			expect(t, "create", err, row.want)
			if got := len(w.stored()); got != row.files {
				t.Errorf("got %d files, want %d", got, row.files)
			}
		})
	}
}

// A commit that changes nothing writes nothing.
func TestReplaceByNothing(t *testing.T) {
	w := newWorld(t)
	made, err := w.createView("v")
	w.must(err)
	w.take()
	done, err := w.commitView("v", viewChange(`[]`))
	w.must(err)
	if u := w.take(); !u.quiet() || done.MetadataLocation != made.MetadataLocation {
		t.Errorf("got %s and effects %+v", done.MetadataLocation, u)
	}
}

// A view's folder is what firn's own key opens, and where it moves is claimed.
func TestAViewThatMoves(t *testing.T) {
	w := newWorld(t)
	_, err := w.createView("v")
	w.must(err)
	w.take()
	done, err := w.commitView("v", viewChange(`[{"action":"set-location","location":"s3://lake/c/a/w"}]`))
	w.must(err)
	if !strings.HasPrefix(done.MetadataLocation, "s3://lake/c/a/w/metadata/00001-") {
		t.Errorf("got the file %s, want it where the view is now", done.MetadataLocation)
	}
	for _, g := range w.vendor.minted {
		p, err := location.ParsePrefix("s3://lake/c/a")
		w.must(err)
		if !slices.ContainsFunc(g.Prefixes, p.Covers) || g.Actions.Has(vend.Write) && g.Prefixes[0].String() != "s3://lake/c/a/w/" {
			t.Errorf("got a key to %v", g.Prefixes)
		}
	}
	expect(t, "a table where the view was", makeTable("t", "s3://lake/c/a/v")(w), fault.Forbidden)
	expect(t, "a table where the view is", makeTable("t", "s3://lake/c/a/w")(w), fault.Forbidden)
	w.must(w.DropView(t.Context(), w.admin, "c", table("v")))
	w.must(makeTable("t", "s3://lake/c/a/v")(w))
	w.must(makeTable("u", "s3://lake/c/a/w")(w))
}
