package catalog_test

import (
	"context"
	"encoding/json"
	"strings"

	"firn/shared/catalog"
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
