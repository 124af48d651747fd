package catalog_test

import (
	"context"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
)

const (
	unstructured = "polaris.config.allow.unstructured.table.location"
	clientChosen = "polaris.config.allow.client-specified.table.location"
	foreignFiles = "polaris.config.allow.external.metadata.file.location"
	overlapping  = "polaris.config.allow.overlapping.table.location"
	customFolder = "polaris.config.namespace-custom-location.enabled"
	purging      = "polaris.config.drop-with-purge.enabled"
)

func at(loc string) string { return `"location":"` + loc + `"` }

func makeTable(name, loc string) func(*world) error {
	return func(w *world) (err error) {
		if loc == "" {
			_, err = w.create(name)
			return err
		}
		_, err = w.create(name, at(loc))
		return err
	}
}

func stageTable(name, loc string) func(*world) error {
	return func(w *world) error {
		_, err := w.stage(name, catalog.Delegation{}, at(loc))
		return err
	}
}

func moveTable(name, loc string) func(*world) error { return updated(name, "location", loc) }

func turn(setting, value string) func(*world) error {
	return func(w *world) error { w.set(setting, value); return nil }
}

func updated(name, field, uri string) func(*world) error {
	return func(w *world) error {
		_, err := w.commit(name, change(`[]`, "["+updateWith(field, uri)+"]"))
		return err
	}
}

func setPath(name, property, loc string) func(*world) error {
	return func(w *world) error {
		_, err := w.commit(name, put(property, loc))
		return err
	}
}

// registerFile registers a table at loc whose metadata file is elsewhere.
func registerFile(name, loc, file string) func(*world) error {
	return func(w *world) error {
		w.leave(file, document(loc, nil))
		_, err := w.register(name, file, catalog.Delegation{})
		return err
	}
}

// makeNamespace makes a namespace, "b" or "a.b", with a folder of its own choice if one is given.
func makeNamespace(name, loc string) func(*world) error {
	return func(w *world) error {
		props := lake.Properties{}
		if loc != "" {
			props["location"] = loc
		}
		_, err := w.CreateNamespace(context.Background(), w.admin, "c", strings.Split(name, "."), props)
		return err
	}
}

func moveNamespace(name, loc string) func(*world) error {
	return func(w *world) error {
		_, err := w.UpdateNamespace(context.Background(), w.admin, "c", strings.Split(name, "."), lake.Properties{"location": loc}, nil)
		return err
	}
}

func TestLocationSettings(t *testing.T) {
	none, table := func(*world) error { return nil }, makeTable("t", "")
	const far = "s3://lake/c/far/t"
	rows := []struct {
		name     string
		settings []string
		first    func(*world) error
		do       func(*world) error
		want     fault.Kind
	}{
		{"a table outside its namespace", nil, none, makeTable("t", far), fault.Forbidden},
		{"a table outside its namespace, unstructured", []string{unstructured, "true"}, none, makeTable("t", far), 0},
		{"a table in the base, unstructured, where the whole bucket is allowed", []string{unstructured, "true", "allowed", "s3://lake/"}, none, makeTable("t", far), 0},
		{"a table outside the base, unstructured, where the whole bucket is allowed", []string{unstructured, "true", "allowed", "s3://lake/"}, none, makeTable("t", "s3://lake/d/t"), fault.Forbidden},
		{"a table outside what is allowed, unstructured", []string{unstructured, "true"}, none, makeTable("t", "s3://lake/d/t"), fault.Forbidden},
		{"a table where another base is allowed", []string{unstructured, "true", "allowed", "s3://lake/c,s3://lake/d"}, none, makeTable("t", "s3://lake/d/t"), 0},
		{"another allowed base alone changes nothing", []string{"allowed", "s3://lake/c,s3://lake/d"}, none, makeTable("t", "s3://lake/d/t"), fault.Forbidden},
		{"a staged table outside its namespace", nil, none, stageTable("t", far), fault.Forbidden},
		{"a staged table outside its namespace, unstructured", []string{unstructured, "true"}, none, stageTable("t", far), 0},
		{"a registered table outside its namespace", nil, none, registerFile("t", far, far+"/metadata/0-x.metadata.json"), fault.Forbidden},
		{"a registered table outside its namespace, unstructured", []string{unstructured, "true"}, none, registerFile("t", far, far+"/metadata/0-x.metadata.json"), 0},
		{"a table that moves away", nil, table, moveTable("t", far), fault.Forbidden},
		{"a table that moves away within its namespace", nil, table, moveTable("t", "s3://lake/c/a/u"), fault.Forbidden},
		{"a table that moves away, unstructured", []string{unstructured, "true"}, table, moveTable("t", far), 0},
		{"a table that moves into another's folder, unstructured", []string{unstructured, "true"}, seq(table, makeTable("u", far)), moveTable("t", far+"/x"), fault.Forbidden},
		{"a table that moves around another's folder, unstructured", []string{unstructured, "true"}, seq(table, makeTable("u", far)), moveTable("t", "s3://lake/c/far"), fault.Forbidden},
		{"data in another's folder, unstructured", []string{unstructured, "true"}, seq(table, makeTable("u", far)), setPath("t", "write.data.path", far), fault.Forbidden},
		{"metadata elsewhere, unstructured", []string{unstructured, "true"}, table, setPath("t", "write.metadata.path", far), 0},
		{"a folder that a client's path took is not another's, unstructured", []string{unstructured, "true"}, seq(table, setPath("t", "write.data.path", far)), makeTable("u", far+"/x"), fault.Forbidden},

		{"a move of a table whose files are not allowed elsewhere any more", nil, seq(table, turn(unstructured, "true"),
			updated("t", "manifest-list", far), turn(unstructured, "false")), moveTable("t", "s3://lake/c/a/t/x"), fault.Forbidden},
		{"data around another's folder, from a leaf of firn's own", []string{uniqueLeaf, "true"}, makeTable("u", "s3://lake/c/a/u/x"),
			func(w *world) error { return w.createWith("write.data.path", "s3://lake/c/a/u", false) }, fault.Forbidden},
		{"a staged table where nothing is allowed any more", []string{"allowed", "s3://lake/c/b"}, none, stageTable("t", "s3://lake/c/a/t"), fault.Forbidden},
		{"a registered file that is not allowed any more", []string{"allowed", "s3://lake/c/a/t"}, none, func(w *world) error {
			const file = "s3://lake/c/a/t/metadata/0-x.metadata.json"
			w.leave(file, document("s3://lake/c/a/t", func(doc map[string]any) { documentWith(doc, "manifest-list", "s3://lake/c/a/u/x") }))
			_, err := w.register("t", file, catalog.Delegation{})
			return err
		}, fault.Forbidden},

		{"a table where the client says", nil, none, makeTable("t", "s3://lake/c/a/x/y"), 0},
		{"a table where the client says, turned off", []string{clientChosen, "false"}, none, makeTable("t", "s3://lake/c/a/x/y"), fault.Argument},
		{"a staged table where the client says, turned off", []string{clientChosen, "false"}, none, stageTable("t", "s3://lake/c/a/x/y"), fault.Argument},
		{"a table where firn says, turned off", []string{clientChosen, "false"}, none, table, 0},

		{"a metadata file outside the table", nil, none, registerFile("t", "s3://lake/c/a/t", "s3://lake/c/a/files/0-x.metadata.json"), fault.Malformed},
		{"a metadata file outside the table, allowed", []string{foreignFiles, "true"}, none, registerFile("t", "s3://lake/c/a/t", "s3://lake/c/a/files/0-x.metadata.json"), 0},
		{"a metadata file outside the namespace, allowed", []string{foreignFiles, "true"}, none, registerFile("t", "s3://lake/c/a/t", "s3://lake/c/b/0-x.metadata.json"), fault.Forbidden},
		{"a metadata file outside what is allowed, allowed", []string{foreignFiles, "true", unstructured, "true"}, none, registerFile("t", "s3://lake/c/a/t", "s3://lake/d/0-x.metadata.json"), fault.Forbidden},

		{"two tables in one folder", nil, table, makeTable("u", "s3://lake/c/a/t"), fault.Forbidden},
		{"a table in another's folder", nil, table, makeTable("u", "s3://lake/c/a/t/u"), fault.Forbidden},
		{"a table around others: the namespace's folder", nil, table, makeTable("u", "s3://lake/c/a"), fault.Forbidden},
		{"a table in a child namespace's folder", nil, makeNamespace("a.k", ""), makeTable("u", "s3://lake/c/a/k/u"), fault.Forbidden},
		{"two tables in one folder, spelt otherwise", nil, table, makeTable("u", "s3a://lake/c/a/t"), fault.Forbidden},
		{"two tables in one folder, overlapping", []string{overlapping, "true"}, table, makeTable("u", "s3://lake/c/a/t"), 0},
		{"a table in another's folder, overlapping", []string{overlapping, "true"}, table, makeTable("u", "s3://lake/c/a/t/u"), 0},
		{"a table outside its namespace, overlapping", []string{overlapping, "true"}, none, makeTable("u", far), fault.Forbidden},

		{"a namespace in its own folder", nil, none, makeNamespace("b", "s3://lake/c/b"), 0},
		{"a namespace in its own folder, spelt otherwise", nil, none, makeNamespace("b", "s3a://lake/c/b/"), 0},
		{"a namespace elsewhere", nil, none, makeNamespace("b", "s3://lake/c/x"), fault.Argument},
		{"a namespace nowhere", nil, none, makeNamespace("b", "s3://lake/c/../x"), fault.Argument},
		{"a namespace that moves elsewhere", nil, none, moveNamespace("a", "s3://lake/c/x"), fault.Argument},
		{"a namespace elsewhere, custom", []string{customFolder, "true"}, none, makeNamespace("b", "s3://lake/c/x"), 0},
		{"a namespace outside what is allowed, custom", []string{customFolder, "true"}, none, makeNamespace("b", "s3://lake/d/x"), fault.Forbidden},
		{"a namespace nowhere, custom", []string{customFolder, "true"}, none, makeNamespace("b", "s3://lake/c/*"), fault.Argument},
		{"a namespace in a table's folder, custom", []string{customFolder, "true"}, table, makeNamespace("b", "s3://lake/c/a/t/b"), fault.Forbidden},
		{"a namespace that moves outside what is allowed, custom", []string{customFolder, "true"}, none, moveNamespace("a", "s3://lake/d/x"), fault.Forbidden},
		{"a namespace that moves into a table's folder, custom", []string{customFolder, "true"}, seq(table, makeNamespace("b", "")), moveNamespace("b", "s3://lake/c/a/t/b"), fault.Forbidden},
		{"a namespace that moves into a table's folder, custom and overlapping", []string{customFolder, "true", overlapping, "true"},
			seq(table, makeNamespace("b", "")), moveNamespace("b", "s3://lake/c/a/t/b"), 0},
		{"a namespace that moves, custom", []string{customFolder, "true"}, none, moveNamespace("a", "s3://lake/c/x"), 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.set(row.settings...)
			w.must(row.first(w))
			w.take()
			expect(t, row.name, row.do(w), row.want)
			if u := w.take(); row.want != 0 && (u.KV.Writes+u.KV.Transactions+u.Puts+u.Dels+u.ForClients > 0) {
				t.Errorf("got an effect: %+v", u)
			}
		})
	}
}

// seq does one after the other.
func seq(steps ...func(*world) error) func(*world) error {
	return func(w *world) error {
		for _, do := range steps {
			if err := do(w); err != nil {
				return err
			}
		}
		return nil
	}
}
