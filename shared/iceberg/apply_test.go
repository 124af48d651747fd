package iceberg_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/iceberg"
)

const (
	baseMS   = int64(100_000) // last-updated-ms of full
	previous = "s3://b/t/metadata/00001-x.metadata.json"
)

func mustParse(t testing.TB, doc string) *iceberg.Table {
	t.Helper()
	table, err := iceberg.Parse([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func commit(base *iceberg.Table, updates string, now int64) (*iceberg.Table, bool, error) {
	decoded, err := iceberg.DecodeUpdates(json.RawMessage(updates))
	if err != nil {
		return nil, false, err
	}
	return iceberg.Apply(base, decoded, iceberg.At{NowMS: now, Previous: previous})
}

func apply(t testing.TB, base *iceberg.Table, updates string) *iceberg.Table {
	t.Helper()
	next, changed, err := commit(base, updates, baseMS+1000)
	if err != nil || !changed {
		t.Fatalf("got changed %v, error %v, want a new table", changed, err)
	}
	return next
}

func inVersion(version int) string {
	doc := strings.Replace(full, `"format-version":2`, fmt.Sprintf(`"format-version":%d`, version), 1)
	switch version {
	case 1:
		for _, old := range []string{`"last-sequence-number":2,`, `"sequence-number":1,`, `"sequence-number":2,`} {
			doc = strings.Replace(doc, old, "", 1)
		}
	case 3:
		doc = strings.Replace(doc, `"table-uuid"`, `"next-row-id":50,"table-uuid"`, 1)
	}
	return doc
}

const snap3 = `{"action":"add-snapshot","snapshot":{"snapshot-id":3,"sequence-number":3,"parent-snapshot-id":2,"timestamp-ms":100500,` +
	`"manifest-list":"s3://b/t/3.avro","summary":{"added":"1","operation":"append"}}}`

const mainTo3 = `{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":3}`

// Each row is what a commit changes in the document; everything else must stay. null: the member goes.
func TestApplyChanges(t *testing.T) {
	schema := func(id int, fields string) string {
		return fmt.Sprintf(`{"type":"struct","schema-id":%d,"fields":[%s]}`, id, fields)
	}
	const x = `{"id":1,"name":"x","required":true,"type":"long"}`
	const schema0 = `{"type":"struct","schema-id":0,"fields":[` + x + `,{"id":2,"name":"l","required":false,"type":{"type":"list","element-id":3,"element":"string","element-required":false}}]}`
	const spec0 = `{"spec-id":0,"fields":[{"name":"xb","transform":"bucket[4]","source-id":1,"field-id":1000}]}`
	const order1 = `{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"asc","null-order":"nulls-last"}]}`
	const snapshots = `{"sequence-number":1,"snapshot-id":1,"timestamp-ms":90000,"manifest-list":"s3://b/t/1.avro"},{"sequence-number":2,"snapshot-id":2,"parent-snapshot-id":1,"timestamp-ms":95000,"summary":{"operation":"append"},"manifest-list":"s3://b/t/2.avro","schema-id":0}`
	const log = `{"timestamp-ms":90000,"snapshot-id":1},{"timestamp-ms":95000,"snapshot-id":2}`
	const new3 = `{"sequence-number":3,"snapshot-id":3,"parent-snapshot-id":2,"timestamp-ms":100500,"summary":{"operation":"append","added":"1"},"manifest-list":"s3://b/t/3.avro"}`
	const branch = `{"snapshot-id":%d,"type":"branch"}`
	const tag = `{"snapshot-id":1,"type":"tag"}`
	rows := []struct {
		name    string
		version int
		updates string
		want    string
	}{
		{"a snapshot on main", 2, snap3 + `,` + mainTo3,
			`{"last-sequence-number":3,"current-snapshot-id":3,"snapshots":[` + snapshots + `,` + new3 + `],"snapshot-log":[` + log + `,{"timestamp-ms":100500,"snapshot-id":3}],
			"refs":{"t":` + tag + `,"main":` + fmt.Sprintf(branch, 3) + `}}`},
		{"two snapshots on main: the first was never current", 2, snap3 + `,` + mainTo3 + `,` + strings.NewReplacer(`-id":3`, `-id":4`, `number":3`, `number":4`).Replace(snap3+`,`+mainTo3),
			`{"last-sequence-number":4,"current-snapshot-id":4,"snapshots":[` + snapshots + `,` + new3 + `,` + strings.NewReplacer(`-id":3`, `-id":4`, `number":3`, `number":4`).Replace(new3) + `],
			"snapshot-log":[` + log + `,{"timestamp-ms":100500,"snapshot-id":4}],"refs":{"t":` + tag + `,"main":` + fmt.Sprintf(branch, 4) + `}}`},
		{"main back to an older snapshot: since now", 2, `{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":1}`,
			`{"current-snapshot-id":1,"snapshot-log":[` + log + `,{"timestamp-ms":101000,"snapshot-id":1}],"refs":{"t":` + tag + `,"main":` + fmt.Sprintf(branch, 1) + `}}`},
		{"the limits of a branch", 2, `{"action":"set-snapshot-ref","ref-name":"b","type":"BRANCH","snapshot-id":1,"min-snapshots-to-keep":1,"max-snapshot-age-ms":2,"max-ref-age-ms":3}`,
			`{"refs":{"t":` + tag + `,"main":` + fmt.Sprintf(branch, 2) + `,"b":{"snapshot-id":1,"type":"branch","min-snapshots-to-keep":1,"max-snapshot-age-ms":2,"max-ref-age-ms":3}}}`},
		{"main goes", 2, `{"action":"remove-snapshot-ref","ref-name":"main"}`, `{"current-snapshot-id":-1,"refs":{"t":` + tag + `}}`},
		{"main goes in version 3", 3, `{"action":"remove-snapshot-ref","ref-name":"main"}`, `{"current-snapshot-id":"null","refs":{"t":` + tag + `}}`},
		{"an old snapshot goes, with statistics, tag and the log before it", 2, `{"action":"remove-snapshots","snapshot-ids":[1,77]}`,
			`{"snapshots":[{"sequence-number":2,"snapshot-id":2,"parent-snapshot-id":1,"timestamp-ms":95000,"summary":{"operation":"append"},"manifest-list":"s3://b/t/2.avro","schema-id":0}],
			"statistics":[],"snapshot-log":[{"timestamp-ms":95000,"snapshot-id":2}],"refs":{"main":` + fmt.Sprintf(branch, 2) + `}}`},
		{"the current snapshot goes, and main", 2, `{"action":"remove-snapshots","snapshot-ids":[2]}`,
			`{"current-snapshot-id":-1,"snapshots":[{"sequence-number":1,"snapshot-id":1,"timestamp-ms":90000,"manifest-list":"s3://b/t/1.avro"}],
			"partition-statistics":[],"snapshot-log":[],"refs":{"t":` + tag + `}}`},
		{"a snapshot that comes and goes leaves its number", 2, snap3 + `,{"action":"remove-snapshots","snapshot-ids":[3]}`, `{"last-sequence-number":3}`},
		{"what a snapshot has and nobody knows is dropped", 2, strings.Replace(snap3, `"summary"`, `"secret-list":"s3://other","parent-snapshot-id2":null,"summary"`, 1),
			`{"last-sequence-number":3,"snapshots":[` + snapshots + `,` + new3 + `]}`},
		{"nulls in a snapshot are dropped", 2, strings.Replace(strings.Replace(snap3, `"parent-snapshot-id":2`, `"parent-snapshot-id":null`, 1), `"summary"`, `"schema-id":null,"first-row-id":null,"summary"`, 1),
			`{"last-sequence-number":3,"snapshots":[` + snapshots + `,` + strings.Replace(new3, `"parent-snapshot-id":2,`, ``, 1) + `]}`},
		{"a summary without operation is an overwrite", 2, strings.Replace(snap3, `,"operation":"append"`, ``, 1),
			`{"last-sequence-number":3,"snapshots":[` + snapshots + `,` + strings.Replace(new3, `append`, `overwrite`, 1) + `]}`},
		{"rows of a snapshot in version 3", 3, strings.Replace(snap3, `"summary"`, `"first-row-id":50,"added-rows":7,"key-id":"k","summary"`, 1),
			`{"last-sequence-number":3,"next-row-id":57,"snapshots":[` + snapshots + `,` + strings.Replace(new3, `3.avro"`, `3.avro","first-row-id":50,"added-rows":7,"key-id":"k"`, 1) + `]}`},
		{"a snapshot of version 1 with its manifests", 1, `{"action":"add-snapshot","snapshot":{"snapshot-id":3,"timestamp-ms":100500,"manifests":["s3://b/t/m1","s3://b/t/m2"]}}`,
			`{"snapshots":[` + strings.NewReplacer(`"sequence-number":1,`, ``, `"sequence-number":2,`, ``).Replace(snapshots) + `,{"snapshot-id":3,"timestamp-ms":100500,"manifests":["s3://b/t/m1","s3://b/t/m2"]}]}`},
		{"a column more", 2, `{"action":"add-schema","schema":` + schema(9, x+`,{"id":7,"name":"d","required":false,"type":"decimal(9,2)","doc":"money"}`) + `},{"action":"set-current-schema","schema-id":-1}`,
			`{"last-column-id":7,"current-schema-id":1,"schemas":[` + schema0 + `,` + schema(1, x+`,{"id":7,"name":"d","required":false,"type":"decimal(9, 2)","doc":"money"}`) + `]}`},
		{"the mirrors of version 1", 1, `{"action":"add-schema","schema":` + schema(9, x) + `},{"action":"set-current-schema","schema-id":-1},
			{"action":"add-spec","spec":{"spec-id":9,"fields":[]}},{"action":"set-default-spec","spec-id":-1}`,
			`{"current-schema-id":1,"schema":` + schema(1, x) + `,"schemas":[` + schema0 + `,` + schema(1, x) + `],"default-spec-id":1,"partition-spec":[],"partition-specs":[` + spec0 + `,{"spec-id":1,"fields":[]}]}`},
		{"mirrors go with version 2", 1, `{"action":"upgrade-format-version","format-version":2}`, `{"format-version":2,"last-sequence-number":0,"schema":null,"partition-spec":null}`},
		{"rows come with version 3", 2, `{"action":"upgrade-format-version","format-version":3}`, `{"format-version":3,"next-row-id":0}`},
		{"a spec without ids gets free ones, or that of the same field", 2, `{"action":"add-spec","spec":{"spec-id":9,"fields":[{"name":"a","transform":"truncate[8]","source-id":1},{"name":"b","transform":"bucket[4]","source-id":1}]}}`,
			`{"last-partition-id":1001,"partition-specs":[` + spec0 + `,{"spec-id":1,"fields":[{"name":"a","transform":"truncate[8]","source-id":1,"field-id":1001},{"name":"b","transform":"bucket[4]","source-id":1,"field-id":1000}]}]}`},
		{"no spec and no order", 2, `{"action":"add-spec","spec":{"spec-id":9,"fields":[]}},{"action":"set-default-spec","spec-id":-1},{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}},{"action":"set-default-sort-order","sort-order-id":-1}`,
			`{"default-spec-id":1,"partition-specs":[` + spec0 + `,{"spec-id":1,"fields":[]}],"default-sort-order-id":0,"sort-orders":[` + order1 + `,{"order-id":0,"fields":[]}]}`},
		{"schemas and specs go", 2, `{"action":"add-schema","schema":` + schema(9, x) + `},{"action":"set-current-schema","schema-id":-1},{"action":"remove-schemas","schema-ids":[0]}`,
			`{"current-schema-id":1,"schemas":[` + schema(1, x) + `]}`},
		{"properties", 2, `{"action":"set-properties","updates":{"a":"\"\\\u0001é<"}},{"action":"remove-properties","removals":["k","zz"]}`, `{"properties":{"a":"\"\\\u0001é<"}}`},
		{"location without its slash", 2, `{"action":"set-location","location":"s3://b/u//"}`, `{"location":"s3://b/u"}`},
		{"the same location with a slash is a change of nothing", 2, `{"action":"set-location","location":"s3://b/t/"}`, `{}`},
		{"statistics of a snapshot are replaced", 2, `{"action":"set-statistics","statistics":{"snapshot-id":1,"statistics-path":"s3://b/t/n.puffin","file-size-in-bytes":5,"file-footer-size-in-bytes":6,"blob-metadata":[{"type":"t","snapshot-id":1,"sequence-number":1,"fields":[1],"properties":{"a":"b"}}]}},
			{"action":"set-partition-statistics","partition-statistics":{"snapshot-id":1,"statistics-path":"s3://b/t/n.parquet","file-size-in-bytes":5}},{"action":"remove-partition-statistics","snapshot-id":2}`,
			`{"statistics":[{"snapshot-id":1,"statistics-path":"s3://b/t/n.puffin","file-size-in-bytes":5,"file-footer-size-in-bytes":6,"blob-metadata":[{"type":"t","snapshot-id":1,"sequence-number":1,"fields":[1],"properties":{"a":"b"}}]}],
			"partition-statistics":[{"snapshot-id":1,"statistics-path":"s3://b/t/n.parquet","file-size-in-bytes":5}]}`},
		{"encryption keys", 3, `{"action":"add-encryption-key","encryption-key":{"key-id":"n","encrypted-key-metadata":"Yg==","encrypted-by-id":"k","properties":{"a":"b"}}},{"action":"add-encryption-key","encryption-key":{"key-id":"k","encrypted-key-metadata":"Yg=="}}`,
			`{"encryption-keys":[{"key-id":"k","encrypted-key-metadata":"YQ=="},{"key-id":"n","encrypted-key-metadata":"Yg==","encrypted-by-id":"k","properties":{"a":"b"}}]}`},
		{"the last encryption key goes", 3, `{"action":"remove-encryption-key","key-id":"k"}`, `{"encryption-keys":null}`},
		{"uuid", 2, `{"action":"assign-uuid","uuid":"w"}`, `{"table-uuid":"w"}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			base := mustParse(t, inVersion(row.version))
			before := string(base.Bytes())
			next := apply(t, base, `[`+row.updates+`]`)
			want := decode(t, base.Bytes())
			want["last-updated-ms"] = float64(baseMS + 1000)
			want["metadata-log"] = append(want["metadata-log"].([]any), map[string]any{"timestamp-ms": float64(baseMS), "metadata-file": previous})
			for name, value := range decode(t, []byte(row.want)) {
				want[name] = value
				if value == nil {
					delete(want, name)
				}
				if value == "null" {
					want[name] = nil
				}
			}
			if diff := cmp.Diff(want, decode(t, next.Bytes())); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
			if string(base.Bytes()) != before {
				t.Error("the base changed")
			}
			again, err := iceberg.Parse(next.Bytes())
			if err != nil {
				t.Fatalf("the document does not parse: %v", err)
			}
			if diff := cmp.Diff(facts(again), facts(next)); diff != "" {
				t.Errorf("facts of the document and of the table (-parsed +applied):\n%s", diff)
			}
		})
	}
}

func facts(t *iceberg.Table) []any {
	current, ok := t.CurrentSnapshotID()
	return []any{t.FormatVersion(), t.UUID(), t.Location(), t.LastUpdatedMS(), t.LastSequenceNumber(), t.LastColumnID(), t.CurrentSchemaID(),
		t.DefaultSpecID(), t.LastPartitionID(), t.DefaultSortOrderID(), t.NextRowID(), current, ok, t.SnapshotCount(), t.Properties(),
		t.MetadataLog(), t.References(), string(t.CurrentSchema())}
}

func TestApplyChangesNothing(t *testing.T) {
	for name, updates := range map[string]string{
		"no updates":                  ``,
		"same uuid":                   `{"action":"assign-uuid","uuid":"u"}`,
		"same version":                `{"action":"upgrade-format-version","format-version":2}`,
		"same location":               `{"action":"set-location","location":"s3://b/t"}`,
		"no properties":               `{"action":"set-properties","updates":{}},{"action":"remove-properties","removals":[]}`,
		"same reference":              `{"action":"set-snapshot-ref","ref-name":"t","type":"tag","snapshot-id":1}`,
		"reference that is not there": `{"action":"remove-snapshot-ref","ref-name":"zz"}`,
		"snapshot that is not there":  `{"action":"remove-snapshots","snapshot-ids":[77]}`,
		"statistics not there":        `{"action":"remove-statistics","snapshot-id":77},{"action":"remove-partition-statistics","snapshot-id":77}`,
		"key that is there":           `{"action":"add-encryption-key","encryption-key":{"key-id":"k","encrypted-key-metadata":"Yg=="}}`,
		"key that is not there":       `{"action":"remove-encryption-key","key-id":"zz"}`,
		"same schema, spec and order": `{"action":"add-schema","schema":{"type":"struct","schema-id":5,"fields":[{"id":1,"name":"x","required":true,"type":"LONG"},{"id":2,"name":"l","required":false,"type":{"type":"list","element-id":3,"element":"string","element-required":false}}]}},
			{"action":"add-spec","spec":{"spec-id":5,"fields":[{"name":"xb","transform":"Bucket[4]","source-id":1,"field-id":1007}]}},
			{"action":"add-sort-order","sort-order":{"order-id":5,"fields":[{"transform":"identity","source-id":1,"direction":"ASC","null-order":"NULLS-LAST"}]}}`,
		"what is current already": `{"action":"set-current-schema","schema-id":0},{"action":"set-default-spec","spec-id":0},{"action":"set-default-sort-order","sort-order-id":1}`,
	} {
		t.Run(name, func(t *testing.T) {
			base := mustParse(t, full)
			next, changed, err := commit(base, `[`+updates+`]`, baseMS+1000)
			if next != base || changed || err != nil {
				t.Errorf("got changed %v, error %v, want the base", changed, err)
			}
		})
	}
}
