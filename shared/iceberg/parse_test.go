package iceberg_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/iceberg"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "metadata", "TableMetadata"+name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t testing.TB, doc []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(doc, &object); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return object
}

// wantFault compares an error's kind and message; an empty message is any.
func wantFault(t *testing.T, err error, kind fault.Kind, message string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want %s: %s", kind, message)
	}
	if got := fault.From(err); got.Kind != kind || message != "" && got.Message != message {
		t.Errorf("got  %s: %s\nwant %s: %s", got.Kind, got.Message, kind, message)
	}
}

func TestParseKeepsCompleteDocuments(t *testing.T) {
	doc := sample(t, "V2Valid")
	first, err := iceberg.Parse(doc)
	if err != nil {
		t.Fatal(err)
	}
	again, err := iceberg.Parse(first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if &again.Bytes()[0] != &first.Bytes()[0] {
		t.Error("got a copy of a complete document, want the document")
	}
	trusted, err := iceberg.ParseTrusted(first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []*iceberg.Table{first, trusted} {
		current, ok := table.CurrentSnapshotID()
		got := []any{table.FormatVersion(), table.UUID(), table.Location(), table.LastUpdatedMS(), table.LastSequenceNumber(), table.LastColumnID(),
			table.CurrentSchemaID(), table.DefaultSpecID(), table.LastPartitionID(), table.DefaultSortOrderID(), table.NextRowID(), current, ok,
			table.SnapshotCount(), len(table.Properties()), len(table.MetadataLog())}
		want := []any{2, "9c12d441-03fe-4693-9a96-a0705ddf69c1", "s3://bucket/test/location", int64(1602638573590), int64(34), 3,
			1, 0, 1000, 3, int64(0), int64(3055729675574597004), true, 2, 0, 0}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("facts (-want +got):\n%s", diff)
		}
		if got := decode(t, table.CurrentSchema())["schema-id"]; got != 1.0 {
			t.Errorf("current schema: got id %v, want 1", got)
		}
	}
}

// What the format lets writers leave out is added, so that clients of today can read the answer.
func TestParseCompletes(t *testing.T) {
	rows := []struct {
		name string
		want string // members that were missing
	}{
		{"V1Valid", `{"current-schema-id":0,"default-spec-id":0,"last-partition-id":1000,"default-sort-order-id":0,"refs":{},"statistics":[],
			"partition-statistics":[],"snapshot-log":[],"metadata-log":[],"sort-orders":[{"order-id":0,"fields":[]}],
			"partition-specs":[{"spec-id":0,"fields":[{"name":"x","transform":"identity","source-id":1,"field-id":1000}]}],
			"schemas":[{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"x","required":true,"type":"long"},
				{"id":2,"name":"y","required":true,"type":"long","doc":"comment"},{"id":3,"name":"z","required":true,"type":"long"}]}]}`},
		{"V2ValidMinimal", `{"current-snapshot-id":-1,"refs":{},"snapshots":[],"statistics":[],"partition-statistics":[],"snapshot-log":[],
			"metadata-log":[],"properties":{}}`},
		{"V3ValidMinimal", `{"current-snapshot-id":null,"refs":{},"snapshots":[],"statistics":[],"partition-statistics":[],"snapshot-log":[],
			"metadata-log":[],"properties":{}}`},
		{"StatisticsFiles", `{"refs":{"main":{"snapshot-id":3055729675574597004,"type":"branch"}},"partition-statistics":[]}`},
		{"PartitionStatisticsFiles", `{"refs":{"main":{"snapshot-id":3055729675574597004,"type":"branch"}},"statistics":[]}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			doc := sample(t, row.name)
			table, err := iceberg.Parse(doc)
			if err != nil {
				t.Fatal(err)
			}
			want := decode(t, doc)
			for name, value := range decode(t, []byte(row.want)) {
				if _, there := want[name]; there {
					t.Errorf("%s is in the sample", name)
				}
				want[name] = value
			}
			if diff := cmp.Diff(want, decode(t, table.Bytes())); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRefusesSamples(t *testing.T) {
	for name, want := range map[string]string{
		"UnsupportedVersion":       "Cannot read unsupported version 42",
		"V1MissingSchemaType":      "",
		"V2CurrentSchemaNotFound":  "last-partition-id must exist in format v2",
		"V2MissingLastPartitionId": "last-partition-id must exist in format v2",
		"V2MissingPartitionSpecs":  "partition-specs must exist in format v2",
		"V2MissingSchemas":         "schemas must exist in format v2",
		"V2MissingSortOrder":       "sort-orders must exist in format v2",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := iceberg.Parse(sample(t, name))
			wantFault(t, err, fault.Argument, want)
		})
	}
}

// full is a document with one of everything; rows below change it.
const full = `{"format-version":2,"table-uuid":"u","location":"s3://b/t","last-sequence-number":2,"last-updated-ms":100000,"last-column-id":3,` +
	`"current-schema-id":0,"schemas":[{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"x","required":true,"type":"long"},` +
	`{"id":2,"name":"l","required":false,"type":{"type":"list","element-id":3,"element":"string","element-required":false}}]}],` +
	`"default-spec-id":0,"partition-specs":[{"spec-id":0,"fields":[{"name":"xb","transform":"bucket[4]","source-id":1,"field-id":1000}]}],` +
	`"last-partition-id":1000,"default-sort-order-id":1,"sort-orders":[{"order-id":1,"fields":[{"transform":"identity","source-id":1,` +
	`"direction":"asc","null-order":"nulls-last"}]}],"properties":{"k":"v"},"current-snapshot-id":2,"refs":{"main":{"snapshot-id":2,"type":"branch"},` +
	`"t":{"snapshot-id":1,"type":"tag"}},"snapshots":[{"sequence-number":1,"snapshot-id":1,"timestamp-ms":90000,"manifest-list":"s3://b/t/1.avro"},` +
	`{"sequence-number":2,"snapshot-id":2,"parent-snapshot-id":1,"timestamp-ms":95000,"summary":{"operation":"append"},` +
	`"manifest-list":"s3://b/t/2.avro","schema-id":0}],"statistics":[{"snapshot-id":1,"statistics-path":"s3://b/t/1.puffin","file-size-in-bytes":1,` +
	`"file-footer-size-in-bytes":1,"blob-metadata":[]}],"partition-statistics":[{"snapshot-id":2,"statistics-path":"s3://b/t/2.parquet",` +
	`"file-size-in-bytes":1}],"snapshot-log":[{"timestamp-ms":90000,"snapshot-id":1},{"timestamp-ms":95000,"snapshot-id":2}],` +
	`"metadata-log":[{"timestamp-ms":90000,"metadata-file":"s3://b/t/metadata/0.json"}],"encryption-keys":[{"key-id":"k","encrypted-key-metadata":"YQ=="}]}`

func TestParseRefuses(t *testing.T) {
	rows := []struct {
		name, old, new string // what is changed in full; an empty old replaces it all
		kind           fault.Kind
		message        string
	}{
		{"no JSON", ``, `{`, fault.Malformed, "Cannot parse table metadata: unexpected end of JSON"},
		{"array", ``, `[]`, fault.Argument, "Cannot parse metadata from a non-object: []"},
		{"too deep", `"k":"v"`, `"k":` + strings.Repeat("[", 200) + strings.Repeat("]", 200), fault.Malformed, "Cannot parse table metadata: JSON nested deeper than 128"},
		{"member twice", `"table-uuid":"u"`, `"table-uuid":"u","location":"s3://other"`, fault.Malformed, `Cannot parse table metadata: name "location" twice in an object`},
		{"manifest list twice, once escaped", `"manifest-list":"s3://b/t/2.avro"`, `"manifest-list":"s3://b/t/2.avro","manifest\u002dlist":"s3://other"`, fault.Malformed, ""},
		{"no version", `"format-version":2,`, ``, fault.Argument, "Cannot parse missing int: format-version"},
		{"version 0", `"format-version":2`, `"format-version":0`, fault.Argument, "Cannot read unsupported version 0"},
		{"version as text", `"format-version":2`, `"format-version":"2"`, fault.Argument, `Cannot parse to an integer value: format-version: "2"`},
		{"version as fraction", `"format-version":2`, `"format-version":2.0`, fault.Argument, `Cannot parse to an integer value: format-version: 2.0`},
		{"no uuid", `"table-uuid":"u",`, ``, fault.Argument, "UUID is required in format v2"},
		{"no location", `"location":"s3://b/t",`, ``, fault.Argument, "Cannot parse missing string: location"},
		{"empty location", `"location":"s3://b/t"`, `"location":""`, fault.Argument, "path must not be null or empty"},
		{"no sequence number", `"last-sequence-number":2,`, ``, fault.Argument, "Cannot parse missing long: last-sequence-number"},
		{"no column id", `"last-column-id":3,`, ``, fault.Argument, "Cannot parse missing int: last-column-id"},
		{"schema that is not there", `"current-schema-id":0`, `"current-schema-id":7`, fault.Argument, "Cannot find schema with current-schema-id=7 from schemas"},
		{"spec that is not there", `"default-spec-id":0`, `"default-spec-id":7`, fault.Argument, "Cannot find partition spec with default-spec-id=7"},
		{"order that is not there", `"default-sort-order-id":1`, `"default-sort-order-id":7`, fault.Argument, "Cannot find sort order with default-sort-order-id=7"},
		{"spec on a missing column", `"source-id":1,"field-id"`, `"source-id":9,"field-id"`, fault.Invalid, "Cannot find source column for partition field: 1000: xb: bucket[4](9)"},
		{"spec on a list", `"source-id":1,"field-id"`, `"source-id":2,"field-id"`, fault.Argument, "Cannot bucket by type: list<string>"},
		{"spec in a list", `"source-id":1,"field-id"`, `"source-id":3,"field-id"`, fault.Invalid, "Invalid partition field parent: list<string>"},
		{"order on a missing column", `"source-id":1,"direction"`, `"source-id":9,"direction"`, fault.Invalid, "Cannot find source column for sort field: identity(9) ASC NULLS LAST"},
		{"order on a list", `"source-id":1,"direction"`, `"source-id":2,"direction"`, fault.Invalid, "Cannot sort by non-primitive source field: list<string>"},
		{"schema id twice", `"schemas":[`, `"schemas":[{"type":"struct","schema-id":0,"fields":[]},`, fault.Argument, "Multiple entries with the same id: schema 0"},
		{"snapshot id twice", `"snapshot-id":2,"parent`, `"snapshot-id":1,"parent`, fault.Argument, "Multiple entries with the same id: snapshot 1"},
		{"snapshot id as fraction", `"snapshot-id":2,"parent`, `"snapshot-id":2e0,"parent`, fault.Argument, "Cannot parse to a long value: snapshot-id: 2e0"},
		{"snapshot from the future", `{"sequence-number":2`, `{"sequence-number":3`, fault.Invalid, "Invalid snapshot with sequence number 3 greater than last sequence number 2"},
		{"snapshot without files", `"manifest-list":"s3://b/t/1.avro"`, `"x":1`, fault.Argument, "Cannot parse missing list: manifests"},
		{"schemas as object", `"schemas":[`, `"schemas":{},"was":[`, fault.Argument, "Cannot parse schemas from non-array: {}"},
		{"snapshots as object", `"snapshots":[`, `"snapshots":{},"was":[`, fault.Argument, "Cannot parse snapshots from non-array: {}"},
		{"references as list", `"refs":{`, `"refs":[],"was":{`, fault.Argument, "Cannot parse refs from non-object: []"},
		{"snapshot log as object", `"snapshot-log":[`, `"snapshot-log":{},"was":[`, fault.Argument, "Cannot parse snapshot log from non-array: {}"},
		{"metadata log as object", `"metadata-log":[`, `"metadata-log":{},"was":[`, fault.Argument, "Cannot parse metadata log from non-array: {}"},
		{"metadata log without file", `"metadata-file":"s3://b/t/metadata/0.json"`, `"x":1`, fault.Argument, "Cannot parse missing string: metadata-file"},
		{"reference to nothing", `"t":{"snapshot-id":1`, `"t":{"snapshot-id":7`, fault.Argument, "Snapshot for reference t does not exist in the existing snapshots list: 7"},
		{"reference of no kind", `"type":"tag"`, `"type":"twig"`, fault.Argument, "Invalid snapshot ref type: twig"},
		{"tag with snapshots to keep", `"type":"tag"`, `"type":"tag","min-snapshots-to-keep":1`, fault.Argument, "Tags do not support setting minSnapshotsToKeep"},
		{"current snapshot that is not there", `"current-snapshot-id":2`, `"current-snapshot-id":7`, fault.Argument, "Invalid table metadata: Cannot find current version"},
		{"current snapshot is not main", `"current-snapshot-id":2`, `"current-snapshot-id":1`, fault.Argument, "Current snapshot ID does not match main branch (1 != 2)"},
		{"main without current snapshot", `"current-snapshot-id":2`, `"current-snapshot-id":-1`, fault.Argument, "Current snapshot is not set, but main branch exists: 2"},
		{"property that is no text", `{"k":"v"}`, `{"k":1}`, fault.Argument, "Cannot parse to a string value: k: 1"},
		{"statistics without path", `"statistics-path":"s3://b/t/1.puffin",`, ``, fault.Argument, "Cannot parse missing string: statistics-path"},
		{"key that is not base64", `"YQ=="`, `"!"`, fault.Argument, "Cannot parse encrypted-key-metadata: not base64"},
		{"key twice", `"encryption-keys":[`, `"encryption-keys":[{"key-id":"k","encrypted-key-metadata":"YQ=="},`, fault.Argument, "Multiple entries with the same id: encryption key k"},
		{"snapshot log goes back", `{"timestamp-ms":90000,"snapshot-id":1}`, `{"timestamp-ms":160001,"snapshot-id":1}`, fault.Argument, "Expected sorted snapshot log entries."},
		{"older than its snapshot log", `"last-updated-ms":100000`, `"last-updated-ms":34999`, fault.Argument, "Invalid update timestamp 34999: before last snapshot log entry at 95000"},
		{"older than its metadata log", `{"timestamp-ms":90000,"metadata`, `{"timestamp-ms":160001,"metadata`, fault.Argument, "Invalid update timestamp 100000: before the latest metadata log entry timestamp 160001"},
		{"version 3 without row id", `"format-version":2`, `"format-version":3`, fault.Argument, "Cannot parse missing long: next-row-id"},
		{"version 4 without location", `"format-version":2,"table-uuid":"u","location":"s3://b/t",`, `"format-version":4,"next-row-id":0,"table-uuid":"u",`, fault.Invalid, "Table location is required in format v4"},
		{"version 4 with a relative path", `"format-version":2,"table-uuid":"u","location":"s3://b/t",`, `"format-version":4,"next-row-id":0,"table-uuid":"u","location":"b/t",`, fault.Invalid, "Invalid location in format v4, must be absolute: b/t"},
	}
	if _, err := iceberg.Parse([]byte(full)); err != nil {
		t.Fatalf("the whole document: %v", err)
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			doc := row.new
			if row.old != "" {
				if strings.Count(full, row.old) != 1 {
					t.Fatalf("%q is in the document %d times, want once", row.old, strings.Count(full, row.old))
				}
				doc = strings.Replace(full, row.old, row.new, 1)
			}
			_, err := iceberg.Parse([]byte(doc))
			wantFault(t, err, row.kind, row.message)
			_, err = iceberg.ParseForeign([]byte(doc))
			wantFault(t, err, row.kind, "")
		})
	}
}

// What names the rule in the one names it in the other, without the values.
func TestParseForeignNamesRulesAndFieldsAlone(t *testing.T) {
	for _, row := range []struct{ old, new, message string }{
		{`"format-version":2`, `"format-version":"s3cr3t"`, "Cannot parse to an integer value: format-version"},
		{`"table-uuid":"u",`, ``, "UUID is required in format v…"},
		{`"k":"v"`, `"s3cr3t":7`, "Cannot parse to a string value: …: …"},
		{`"current-schema-id":0`, `"current-schema-id":7`, "Cannot find schema with current-schema-id=… from schemas"},
		{`"source-id":1,"field-id"`, `"source-id":9,"field-id"`, "Cannot parse table metadata: it breaks a rule of the format"},
		{`"k":"v"`, `"k":"v","k":"s3cr3t"`, "Cannot parse table metadata: it is not strict JSON"},
	} {
		_, err := iceberg.ParseForeign([]byte(strings.Replace(full, row.old, row.new, 1)))
		if f := fault.From(err); f == nil || f.Message != row.message || f.Cause != nil {
			t.Errorf("%s: got %v, want %s and no cause", row.new, err, row.message)
		}
	}
}

// Readers of version 1 look for the current schema and the default spec outside the lists.
func TestParseAddsTheMirrorsOfVersion1(t *testing.T) {
	table := mustParse(t, inVersion(1))
	got := decode(t, table.Bytes())
	if diff := cmp.Diff(got["schemas"].([]any)[0], got["schema"]); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got["partition-specs"].([]any)[0].(map[string]any)["fields"], got["partition-spec"]); diff != "" {
		t.Errorf("partition spec (-want +got):\n%s", diff)
	}
	old := mustParse(t, strings.Replace(string(sample(t, "V1Valid")), `"field-id": 1000`, `"x": 1`, 1))
	if got := decode(t, old.Bytes())["partition-specs"].([]any)[0].(map[string]any)["fields"].([]any)[0].(map[string]any)["field-id"]; got != 1000.0 {
		t.Errorf("field id that old writers left out: got %v, want 1000", got)
	}
	known := mustParse(t, strings.Replace(string(table.Bytes()), `"schema":{`, `"schema":{"future":1,`, 1))
	next := apply(t, known, `[{"action":"set-properties","updates":{"a":"b"}}]`)
	if decode(t, next.Bytes())["schema"].(map[string]any)["future"] == nil {
		t.Error("the unknown member is gone after a commit that does not touch the schema")
	}
}

func TestParseTakes(t *testing.T) {
	rows := []struct{ name, old, new string }{
		{"white space", `,`, " ,\n\t"},
		{"a trailing slash", `"location":"s3://b/t"`, `"location":"s3://b/t/"`},
		{"unknown members", `"format-version":2`, `"future":{"a":[1]},"format-version":2`},
		{"version 4 with absolute paths", `"format-version":2`, `"next-row-id":0,"format-version":4`},
		{"a snapshot id whose name is escaped", `"snapshot-id":2,"parent`, `"snapshot\u002did":2,"parent`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			table, err := iceberg.Parse([]byte(strings.ReplaceAll(full, row.old, row.new)))
			if err != nil {
				t.Fatal(err)
			}
			trusted, err := iceberg.ParseTrusted(table.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range []*iceberg.Table{table, trusted} {
				if got.Location() != "s3://b/t" || got.SnapshotCount() != 2 {
					t.Errorf("got %s with %d snapshots, want s3://b/t with 2", got.Location(), got.SnapshotCount())
				}
			}
			next := apply(t, table, `[{"action":"set-properties","updates":{"k":"2"}}]`)
			if _, err := iceberg.Parse(next.Bytes()); err != nil {
				t.Error(err)
			}
			if row.name == "unknown members" && decode(t, next.Bytes())["future"] == nil {
				t.Error("the unknown member is gone after a commit")
			}
		})
	}
}
