package catalog_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
)

const schema = `{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"n","required":false,"type":"long"}]}`

func (w *world) namespace(levels ...string) error {
	_, err := w.CreateNamespace(context.Background(), w.admin, "c", levels, nil)
	return err
}

// asked is a create's request; members are added to it as JSON: `"location":"s3://lake/x"`.
func asked(members ...string) iceberg.CreateRequest {
	r, err := iceberg.DecodeCreate(json.RawMessage("{" + strings.Join(append([]string{`"schema":` + schema}, members...), ",") + "}"))
	if err != nil {
		panic(err)
	}
	return r
}

func (w *world) create(name string, members ...string) (catalog.Loaded, error) {
	return w.CreateTable(context.Background(), w.admin, "c", []string{"a"}, catalog.Creation{Name: name, Request: asked(members...)}, catalog.Delegation{})
}

func (w *world) stage(name string, d catalog.Delegation, members ...string) (catalog.Loaded, error) {
	return w.CreateTable(context.Background(), w.admin, "c", []string{"a"}, catalog.Creation{Name: name, Request: asked(members...), Staged: true}, d)
}

// change is a commit's body.
func change(requirements, updates string) catalog.Change {
	r, err := iceberg.DecodeRequirements(json.RawMessage(requirements))
	if err != nil {
		panic(err)
	}
	u, err := iceberg.DecodeUpdates(json.RawMessage(updates))
	if err != nil {
		panic(err)
	}
	return catalog.Change{Requirements: r, Updates: u}
}

// put sets a property.
func put(key, value string) catalog.Change {
	k, _ := json.Marshal(map[string]string{key: value})
	return change(`[]`, `[{"action":"set-properties","updates":`+string(k)+`}]`)
}

// ofStaged is the first commit of a staged table; more updates follow those that build it.
func ofStaged(staged catalog.Loaded, more ...string) catalog.Change {
	t, err := iceberg.Parse(staged.Metadata)
	if err != nil {
		panic(err)
	}
	loc, _ := json.Marshal(t.Location())
	return change(`[{"type":"assert-create"}]`, `[{"action":"assign-uuid","uuid":"`+t.UUID()+`"},{"action":"upgrade-format-version","format-version":2},
		{"action":"add-schema","schema":`+schema+`,"last-column-id":1},{"action":"set-current-schema","schema-id":-1},
		{"action":"add-spec","spec":{"spec-id":0,"fields":[]}},{"action":"set-default-spec","spec-id":-1},
		{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}},{"action":"set-default-sort-order","sort-order-id":-1},
		{"action":"set-location","location":`+string(loc)+`}`+strings.Join(append([]string{""}, more...), ",")+`]`)
}

func table(name string) lake.Identifier { return lake.Identifier{Namespace: []string{"a"}, Name: name} }

func (w *world) commit(name string, c catalog.Change) (catalog.Loaded, error) {
	return w.CommitTable(context.Background(), w.admin, "c", table(name), c)
}

func (w *world) load(name string) (*iceberg.Table, string, error) {
	l, err := w.LoadTable(context.Background(), w.admin, "c", table(name), catalog.Delegation{}, false)
	if err != nil {
		return nil, "", err
	}
	t, err := iceberg.Parse(l.Metadata)
	return t, l.MetadataLocation, err
}

// expect holds an error to its kind; 0 is success.
func expect(t testing.TB, what string, err error, want fault.Kind) {
	t.Helper()
	if want == 0 && err != nil || want != 0 && !fault.Is(err, want) {
		t.Errorf("%s: got %v, want %s", what, err, kindName(want))
	}
}

func kindName(k fault.Kind) string {
	if k == 0 {
		return "success"
	}
	return k.String()
}

var vended = catalog.Delegation{Vended: true}

// document is a metadata document of a table at loc, after an edit.
func document(loc string, edit func(doc map[string]any)) string {
	t, err := iceberg.Create(asked(), uuid.NewString(), loc, 1_790_000_000_000)
	if err != nil {
		panic(err)
	}
	doc := map[string]any{}
	if err := json.Unmarshal(t.Bytes(), &doc); err != nil {
		panic(err)
	}
	if edit != nil {
		edit(doc)
	}
	out, _ := json.Marshal(doc)
	return string(out)
}

func (w *world) register(name, file string, d catalog.Delegation) (catalog.Loaded, error) {
	return w.RegisterTable(context.Background(), w.admin, "c", []string{"a"}, catalog.Registration{Name: name, File: file}, d)
}
