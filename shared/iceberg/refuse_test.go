package iceberg_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"firn/shared/fault"
	"firn/shared/iceberg"
)

// decodeUpdatesRows are updates that cannot be read.
func TestDecodeUpdatesRefuses(t *testing.T) {
	field := func(f string) string {
		return `{"action":"add-schema","schema":{"type":"struct","fields":[` + f + `]}}`
	}
	typed := func(typ, rest string) string {
		return field(`{"id":1,"name":"x","required":false,"type":` + typ + rest + `}`)
	}
	many := func(n int, update string) string { return strings.TrimSuffix(strings.Repeat(update+`,`, n), `,`) }
	rows := []struct{ name, updates, message string }{
		{"no list", `{}`, "Cannot parse updates from non-array: {}"},
		{"no JSON", `[`, "Cannot parse updates: unexpected end of JSON"},
		{"name twice", `[{"action":"set-location","location":"a","location":"b"}]`, `Cannot parse updates: name "location" twice in an object`},
		{"too many", `[` + many(100_001, `{}`) + `]`, "Cannot take more than 100000 updates: 100001"},
		{"too many schemas", `[` + many(1001, field(``)) + `]`, "Cannot add more than 1000 schemas, specs, sort orders and view versions: 1001"},
		{"no object", `[1]`, "Cannot parse metadata update from a non-object: 1"},
		{"no action", `[{}]`, "Cannot parse metadata update. Missing field: action"},
		{"null action", `[{"action":null}]`, "Cannot parse metadata update. Missing field: action"},
		{"action in another case", `[{"Action":"set-location"}]`, "Cannot parse metadata update. Missing field: action"},
		{"unknown action", `[{"action":"nonsense"}]`, "Cannot convert metadata update action to json: nonsense"},
		{"action of views", `[{"action":"set-current-view-version","view-version-id":1}]`, "Cannot convert metadata update action to json: set-current-view-version"},
		{"uuid", `[{"action":"assign-uuid"}]`, "Cannot parse missing string: uuid"},
		{"version", `[{"action":"upgrade-format-version","format-version":null}]`, "Cannot parse to an integer value: format-version: null"},
		{"version too big", `[{"action":"upgrade-format-version","format-version":2147483648}]`, "Cannot parse to an integer value: format-version: 2147483648"},
		{"schema", `[{"action":"add-schema"}]`, "Cannot parse missing field: schema"},
		{"schema of no struct", `[{"action":"add-schema","schema":{"type":"list","element-id":1,"element":"int","element-required":true}}]`, "Cannot create schema, not a struct type: list<int>"},
		{"schema id", `[{"action":"set-current-schema"}]`, "Cannot parse missing int: schema-id"},
		{"schema ids", `[{"action":"remove-schemas","schema-ids":["a"]}]`, `Cannot parse long from non-long value in schema-ids: "a"`},
		{"schema ids too big", `[{"action":"remove-schemas","schema-ids":[2147483648]}]`, `Cannot parse integer from non-int value in schema-ids: 2147483648`},
		{"fields", `[{"action":"add-schema","schema":{"type":"struct","fields":{}}}]`, "Cannot parse struct fields from non-array: {}"},
		{"field without id", `[` + field(`{"name":"x","required":true,"type":"int"}`) + `]`, "Cannot parse missing int: id"},
		{"field without name", `[` + field(`{"id":1,"required":true,"type":"int"}`) + `]`, "Cannot parse missing string: name"},
		{"field without required", `[` + field(`{"id":1,"name":"x","type":"int"}`) + `]`, "Cannot parse missing boolean: required"},
		{"required as text", `[` + field(`{"id":1,"name":"x","type":"int","required":"true"}`) + `]`, `Cannot parse to a boolean value: required: "true"`},
		{"field without type", `[` + field(`{"id":1,"name":"x","required":true}`) + `]`, "Cannot parse missing field: type"},
		{"field twice", `[` + field(`{"id":1,"name":"x","required":true,"type":"int"},{"id":2,"name":"x","required":true,"type":"int"}`) + `]`, "Invalid schema: multiple fields for name x: 1 and 2"},
		{"id twice", `[` + field(`{"id":1,"name":"x","required":true,"type":"int"},{"id":1,"name":"y","required":true,"type":"int"}`) + `]`, "Invalid schema: multiple fields for id 1: x and y"},
		{"unknown type", `[` + typed(`"nonsense"`, ``) + `]`, "Cannot parse type string to primitive: nonsense"},
		{"type of no kind", `[` + typed(`{"type":"set"}`, ``) + `]`, `Cannot parse type from json: {"type":"set"}`},
		{"type as number", `[` + typed(`7`, ``) + `]`, `Cannot parse type from json: 7`},
		{"decimal too wide", `[` + typed(`"decimal(39,1)"`, ``) + `]`, "Decimals with precision larger than 38 are not supported: 39"},
		{"fixed too long", `[` + typed(`"fixed[99999999999]"`, ``) + `]`, "Cannot parse type string to primitive: fixed[99999999999]"},
		{"unknown edges", `[` + typed(`"geography(EPSG:1, flat)"`, ``) + `]`, "Cannot parse type string to primitive: geography(EPSG:1, flat)"},
		{"list without element", `[` + typed(`{"type":"list","element-id":2,"element-required":true}`, ``) + `]`, "Cannot parse missing field: element"},
		{"map without value id", `[` + typed(`{"type":"map","key-id":2,"key":"int","value":"int","value-required":true}`, ``) + `]`, "Cannot parse missing int: value-id"},
		{"required unknown", `[` + field(`{"id":1,"name":"x","required":true,"type":"unknown"}`) + `]`, "Cannot create required field with unknown type: x"},
		{"default of a list", `[` + typed(`{"type":"list","element-id":2,"element":"int","element-required":true}`, `,"write-default":[]`) + `]`, "Invalid default value for list<int>: [] (must be null)"},
		{"default of another type", `[` + typed(`"int"`, `,"initial-default":"1"`) + `]`, `Cannot parse default as a int value: "1"`},
		{"write default too big", `[` + typed(`"int"`, `,"write-default":2147483648`) + `]`, `Cannot parse default as a int value: 2147483648`},
		{"identifier that is not there", `[{"action":"add-schema","schema":{"type":"struct","identifier-field-ids":[9],"fields":[]}}]`, "Cannot add fieldId 9 as an identifier field: field does not exist"},
		{"spec id", `[{"action":"add-spec","spec":{"fields":[]}}]`, "Cannot parse missing int: spec-id"},
		{"spec fields", `[{"action":"add-spec","spec":{"spec-id":1,"fields":{}}}]`, "Cannot parse partition spec fields, not an array: {}"},
		{"some field ids", `[{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"a","transform":"void","source-id":1},{"name":"b","transform":"void","source-id":1,"field-id":1000}]}}]`, "Cannot parse spec with missing field IDs: 1 missing of 2 fields."},
		{"field id 0", `[{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"a","transform":"void","source-id":1,"field-id":0}]}}]`, "Cannot use partition field id: 0"},
		{"no buckets", `[{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"a","transform":"bucket[0]","source-id":1}]}}]`, "Invalid number of buckets: 0 (must be > 0)"},
		{"no width", `[{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"a","transform":"truncate[0]","source-id":1}]}}]`, "Invalid truncate width: 0 (must be > 0)"},
		{"width too big", `[{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"a","transform":"truncate[99999999999]","source-id":1}]}}]`, `For input string: "99999999999"`},
		{"direction", `[{"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"up","null-order":"nulls-first"}]}}]`, "Invalid sort direction: up"},
		{"nulls", `[{"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"asc","null-order":"nulls"}]}}]`, "Unexpected null order: nulls"},
		{"unsorted order 1", `[{"action":"add-sort-order","sort-order":{"order-id":1,"fields":[]}}]`, "Unsorted order ID must be 0"},
		{"sorted order 0", `[{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[{"transform":"identity","source-id":1,"direction":"asc","null-order":"nulls-first"}]}}]`, "Sort order ID 0 is reserved for unsorted order"},
		{"snapshot", `[{"action":"add-snapshot"}]`, "Cannot parse missing field: snapshot"},
		{"snapshot id", `[{"action":"add-snapshot","snapshot":{"timestamp-ms":1,"manifest-list":"x"}}]`, "Cannot parse missing long: snapshot-id"},
		{"snapshot id 1.5", `[{"action":"add-snapshot","snapshot":{"snapshot-id":1.5,"timestamp-ms":1,"manifest-list":"x"}}]`, "Cannot parse to a long value: snapshot-id: 1.5"},
		{"snapshot id below 0", `[{"action":"add-snapshot","snapshot":{"snapshot-id":-1,"timestamp-ms":1,"manifest-list":"x"}}]`, "Invalid snapshot-id (cannot be negative): -1"},
		{"sequence number below 0", `[{"action":"add-snapshot","snapshot":{"snapshot-id":1,"sequence-number":-1,"timestamp-ms":1,"manifest-list":"x"}}]`, "Invalid sequence-number (cannot be negative): -1"},
		{"no manifests", `[{"action":"add-snapshot","snapshot":{"snapshot-id":1,"timestamp-ms":1}}]`, "Cannot parse missing list: manifests"},
		{"summary of numbers", `[{"action":"add-snapshot","snapshot":{"snapshot-id":1,"timestamp-ms":1,"manifest-list":"x","summary":{"a":1}}}]`, "Cannot parse to a string value: a: 1"},
		{"first row below 0", `[{"action":"add-snapshot","snapshot":{"snapshot-id":1,"timestamp-ms":1,"manifest-list":"x","first-row-id":-1,"added-rows":1}}]`, "Invalid first-row-id (cannot be negative): -1"},
		{"rows below 0", `[{"action":"add-snapshot","snapshot":{"snapshot-id":1,"timestamp-ms":1,"manifest-list":"x","added-rows":-1}}]`, "Invalid added-rows (cannot be negative): -1"},
		{"first row without rows", `[{"action":"add-snapshot","snapshot":{"snapshot-id":1,"timestamp-ms":1,"manifest-list":"x","first-row-id":1}}]`, "Invalid added-rows (required when first-row-id is set): null"},
		{"snapshot ids", `[{"action":"remove-snapshots","snapshot-ids":null}]`, "Cannot parse JSON array from non-array value: snapshot-ids: null"},
		{"reference name", `[{"action":"set-snapshot-ref","type":"tag","snapshot-id":1}]`, "Cannot parse missing string: ref-name"},
		{"reference type", `[{"action":"set-snapshot-ref","ref-name":"x","type":"twig","snapshot-id":1}]`, "Invalid snapshot ref type: twig"},
		{"reference to remove", `[{"action":"remove-snapshot-ref"}]`, "Cannot parse missing string: ref-name"},
		{"properties", `[{"action":"set-properties"}]`, "Cannot parse missing map: updates"},
		{"properties as list", `[{"action":"set-properties","updates":[]}]`, "Cannot parse string map from non-object value: updates: []"},
		{"null property", `[{"action":"set-properties","updates":{"a":null}}]`, "Cannot parse to a string value: a: null"},
		{"removals", `[{"action":"remove-properties","removals":[1]}]`, "Cannot parse string from non-text value in removals: 1"},
		{"location", `[{"action":"set-location","location":7}]`, "Cannot parse to a string value: location: 7"},
		{"statistics", `[{"action":"set-statistics","snapshot-id":1}]`, "Cannot parse missing field: statistics"},
		{"blobs", `[{"action":"set-statistics","statistics":{"snapshot-id":1,"statistics-path":"p","file-size-in-bytes":1,"file-footer-size-in-bytes":1}}]`, "Cannot parse missing list: blob-metadata"},
		{"blob", `[{"action":"set-statistics","statistics":{"snapshot-id":1,"statistics-path":"p","file-size-in-bytes":1,"file-footer-size-in-bytes":1,"blob-metadata":[{}]}}]`, "Cannot parse missing string: type"},
		{"partition statistics", `[{"action":"set-partition-statistics","partition-statistics":{"snapshot-id":1,"file-size-in-bytes":1}}]`, "Cannot parse missing string: statistics-path"},
		{"statistics to remove", `[{"action":"remove-statistics"}]`, "Cannot parse missing long: snapshot-id"},
		{"key", `[{"action":"add-encryption-key","encryption-key":{"key-id":"k","encrypted-key-metadata":"!"}}]`, "Cannot parse encrypted-key-metadata: not base64"},
		{"key to remove", `[{"action":"remove-encryption-key"}]`, "Cannot parse missing string: key-id"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := iceberg.DecodeUpdates(json.RawMessage(row.updates))
			wantFault(t, err, fault.Malformed, row.message)
		})
	}
}

func TestDecodeTakesNothing(t *testing.T) {
	for _, raw := range []string{``, `null`, `[]`} {
		if updates, err := iceberg.DecodeUpdates(json.RawMessage(raw)); len(updates) != 0 || err != nil {
			t.Errorf("updates %q: got %d, %v, want none", raw, len(updates), err)
		}
		if reqs, err := iceberg.DecodeRequirements(json.RawMessage(raw)); len(reqs) != 0 || err != nil {
			t.Errorf("requirements %q: got %d, %v, want none", raw, len(reqs), err)
		}
	}
}

// Updates that can be read and do not fit the table.
func TestApplyRefuses(t *testing.T) {
	rows := []struct {
		name    string
		version int
		updates string
		kind    fault.Kind
		message string
	}{
		{"empty uuid", 2, `{"action":"assign-uuid","uuid":""}`, fault.Argument, "Cannot set uuid to empty"},
		{"down", 3, `{"action":"upgrade-format-version","format-version":2}`, fault.Argument, "Cannot downgrade v3 table to v2"},
		{"up too far", 3, `{"action":"upgrade-format-version","format-version":5}`, fault.Argument, "Cannot upgrade table to unsupported format version: v5 (supported: v4)"},
		{"version 4 with a relative path", 3, `{"action":"upgrade-format-version","format-version":4},{"action":"set-location","location":"b/t"}`, fault.Invalid, "Invalid location in format v4, must be absolute: b/t"},
		{"empty location", 2, `{"action":"set-location","location":""}`, fault.Argument, "path must not be null or empty"},
		{"types of version 3", 2, `{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"a","required":false,"type":"timestamp_ns"},{"id":2,"name":"b","required":false,"type":{"type":"list","element-id":3,"element":"variant","element-required":false}},{"id":4,"name":"c","required":true,"type":"string","initial-default":"q"}]}}`,
			fault.Invalid, "Invalid schema for v2:\n- Invalid type for a: timestamp_ns is not supported until v3\n- Invalid type for b.element: variant is not supported until v3\n- Invalid initial default for c: non-null default (q) is not supported until v3"},
		{"-1 without schema", 2, `{"action":"set-current-schema","schema-id":-1}`, fault.Invalid, "Cannot set last added schema: no schema has been added"},
		{"-1 after a schema that was there", 2, `{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"x","required":true,"type":"long"},{"id":2,"name":"l","required":false,"type":{"type":"list","element-id":3,"element":"string","element-required":false}}]}},{"action":"set-current-schema","schema-id":-1}`,
			fault.Invalid, "Cannot set last added schema: no schema has been added"},
		{"-1 after a spec that was there", 2, `{"action":"add-spec","spec":{"spec-id":0,"fields":[{"name":"xb","transform":"bucket[4]","source-id":1}]}},{"action":"set-default-spec","spec-id":-1}`,
			fault.Invalid, "Cannot set last added spec: no spec has been added"},
		{"-1 without order", 2, `{"action":"set-default-sort-order","sort-order-id":-1}`, fault.Invalid, "Cannot set last added sort order: no sort order has been added"},
		{"removed schema", 2, `{"action":"add-schema","schema":{"type":"struct","fields":[]}},{"action":"remove-schemas","schema-ids":[1]},{"action":"set-current-schema","schema-id":1}`, fault.Argument, "Cannot set current schema to unknown schema: 1"},
		{"unknown spec", 2, `{"action":"set-default-spec","spec-id":9}`, fault.Argument, "Cannot set default partition spec to unknown spec: 9"},
		{"unknown order", 2, `{"action":"set-default-sort-order","sort-order-id":9}`, fault.Argument, "Cannot set default sort order to unknown order: 9"},
		{"current schema goes", 2, `{"action":"remove-schemas","schema-ids":[7,0]}`, fault.Argument, "Cannot remove the current schema"},
		{"default spec goes", 2, `{"action":"remove-partition-specs","spec-ids":[7,0]}`, fault.Argument, "Cannot remove the default partition spec"},
		{"schema without the column of the spec", 2, `{"action":"add-schema","schema":{"type":"struct","fields":[]}},{"action":"set-current-schema","schema-id":-1}`, fault.Invalid, "Cannot find source column for partition field: 1000: xb: bucket[4](1)"},
		{"schema without the column of the order", 2, `{"action":"add-spec","spec":{"spec-id":1,"fields":[]}},{"action":"set-default-spec","spec-id":-1},{"action":"add-schema","schema":{"type":"struct","fields":[]}},{"action":"set-current-schema","schema-id":-1}`,
			fault.Invalid, "Cannot find source column for sort field: identity(1) ASC NULLS LAST"},
		{"type that the spec does not take", 2, `{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"x","required":true,"type":"double"}]}},{"action":"set-current-schema","schema-id":-1}`,
			fault.Invalid, "Invalid source type double for transform: bucket[4]"},
		{"spec on a column that is gone", 2, `{"action":"add-spec","spec":{"spec-id":1,"fields":[]}},{"action":"set-default-spec","spec-id":-1},
			{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}},{"action":"set-default-sort-order","sort-order-id":-1},
			{"action":"add-schema","schema":{"type":"struct","fields":[]}},{"action":"set-current-schema","schema-id":-1},{"action":"set-default-spec","spec-id":0}`,
			fault.Invalid, "Cannot find source column for partition field: 1000: xb: bucket[4](1)"},
		{"type that the order does not take", 2, `{"action":"add-spec","spec":{"spec-id":1,"fields":[]}},{"action":"set-default-spec","spec-id":-1},
			{"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":"bucket[2]","source-id":1,"direction":"asc","null-order":"nulls-first"}]}},{"action":"set-default-sort-order","sort-order-id":-1},
			{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"x","required":true,"type":"double"}]}},{"action":"set-current-schema","schema-id":-1}`,
			fault.Invalid, "Invalid source type double for transform: bucket[2]"},
		{"spec ids of version 1", 1, `{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"a","transform":"identity","source-id":1,"field-id":1003}]}}`, fault.Invalid,
			`Spec does not use sequential IDs that are required in v1: [{"name":"a","transform":"identity","source-id":1,"field-id":1003}]`},
		{"empty partition name", 2, `{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"","transform":"identity","source-id":1}]}}`, fault.Argument, "Cannot use empty partition name: "},
		{"truncate of a list", 2, `{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"a","transform":"truncate[2]","source-id":2}]}}`, fault.Argument, "Cannot truncate type: list<string>"},
		{"identity of a list", 2, `{"action":"add-spec","spec":{"spec-id":1,"fields":[{"name":"l","transform":"identity","source-id":2}]}}`, fault.Invalid, "Cannot partition by non-primitive source field: list<string>"},
		{"order by a missing column", 2, `{"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":"hour","source-id":9,"direction":"desc","null-order":"nulls-first"}]}}`, fault.Invalid, "Cannot find source column for sort field: hour(9) DESC NULLS FIRST"},
		{"order by a list", 2, `{"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":"identity","source-id":2,"direction":"desc","null-order":"nulls-first"}]}}`, fault.Invalid, "Cannot sort by non-primitive source field: list<string>"},
		{"snapshot that is there", 2, strings.Replace(snap3, `"snapshot-id":3`, `"snapshot-id":1`, 1), fault.Invalid, "Snapshot already exists for id: 1"},
		{"snapshot twice", 2, snap3 + `,` + strings.Replace(snap3, `number":3`, `number":4`, 1), fault.Invalid, "Snapshot already exists for id: 3"},
		{"stale sequence number", 2, strings.Replace(snap3, `number":3`, `number":2`, 1), fault.CommitFailed, "Cannot add snapshot with sequence number 2 older than last sequence number 2"},
		{"sequence number below that of a snapshot", 2, strings.Replace(snap3, `"sequence-number":3,"parent-snapshot-id":2,`, `"sequence-number":1,`, 1), fault.Invalid, "Invalid snapshot with sequence number 2 greater than last sequence number 1"},
		{"sequence number in version 1", 1, snap3, fault.Argument, "Sequence number must be 0 in v1: 3"},
		{"no row ids", 3, snap3, fault.Invalid, "Cannot add a snapshot: first-row-id is null"},
		{"stale row ids", 3, strings.Replace(snap3, `"summary"`, `"first-row-id":49,"added-rows":1,"summary"`, 1), fault.CommitFailed, "Cannot add a snapshot, first-row-id is behind table next-row-id: 49 < 50"},
		{"no row ids left", 3, strings.Replace(snap3, `"summary"`, `"first-row-id":50,"added-rows":9223372036854775807,"summary"`, 1), fault.Invalid, "Cannot add a snapshot: no row ids are left for 9223372036854775807 rows"},
		{"reference to nothing", 2, `{"action":"set-snapshot-ref","ref-name":"b","type":"branch","snapshot-id":3}`, fault.Invalid, "Cannot set b to unknown snapshot: 3"},
		{"reference to what was removed", 2, `{"action":"remove-snapshots","snapshot-ids":[1]},{"action":"set-snapshot-ref","ref-name":"b","type":"branch","snapshot-id":1}`, fault.Invalid, "Cannot set b to unknown snapshot: 1"},
		{"keep no snapshots", 2, `{"action":"set-snapshot-ref","ref-name":"b","type":"branch","snapshot-id":1,"min-snapshots-to-keep":0}`, fault.Argument, "Min snapshots to keep must be greater than 0"},
		{"age of a tag's snapshots", 2, `{"action":"set-snapshot-ref","ref-name":"b","type":"tag","snapshot-id":1,"max-snapshot-age-ms":1}`, fault.Argument, "Tags do not support setting maxSnapshotAgeMs"},
		{"no age of snapshots", 2, `{"action":"set-snapshot-ref","ref-name":"b","type":"branch","snapshot-id":1,"max-snapshot-age-ms":0}`, fault.Argument, "Max snapshot age must be greater than 0 ms"},
		{"no age of a reference", 2, `{"action":"set-snapshot-ref","ref-name":"b","type":"tag","snapshot-id":1,"max-ref-age-ms":-1}`, fault.Argument, "Max reference age must be greater than 0"},
		{"snapshot long before the log", 2, strings.Replace(snap3, `100500`, `34999`, 1) + `,` + mainTo3, fault.Argument, "[BUG] Expected sorted snapshot log entries."},
		{"snapshot from the future", 2, strings.Replace(snap3, `100500`, `161001`, 1) + `,` + mainTo3, fault.Argument, "Invalid update timestamp 101000: before last snapshot log entry at 161001"},
		{"snapshot from the future, with a removal", 2, strings.Replace(snap3, `100500`, `161001`, 1) + `,` + mainTo3 + `,{"action":"remove-snapshots","snapshot-ids":[1]}`, fault.Argument, "Invalid update timestamp 101000: before last snapshot log entry at 161001"},
		{"snapshot long before the log, with a removal", 2, strings.Replace(snap3, `100500`, `34999`, 1) + `,` + mainTo3 + `,{"action":"remove-snapshots","snapshot-ids":[1]}`, fault.Argument, "[BUG] Expected sorted snapshot log entries."},
		{"codec", 2, `{"action":"set-properties","updates":{"write.metadata.compression-codec":"zip"}}`, fault.Argument, "Invalid codec name: zip"},
		{"empty metadata path", 2, `{"action":"set-properties","updates":{"write.metadata.path":""}}`, fault.Argument, "path must not be null or empty"},
		{"previous versions", 2, `{"action":"set-properties","updates":{"write.metadata.previous-versions-max":"x"}}`, fault.Argument, `For input string: "x"`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			base := mustParse(t, inVersion(row.version))
			_, _, err := commit(base, `[`+row.updates+`]`, baseMS+1000)
			wantFault(t, err, row.kind, row.message)
		})
	}
	t.Run("current snapshot goes, and no main with it", func(t *testing.T) {
		base := mustParse(t, strings.Replace(full, `"main":{"snapshot-id":2,"type":"branch"},`, ``, 1))
		_, _, err := commit(base, `[{"action":"remove-snapshots","snapshot-ids":[2]}]`, baseMS+1000)
		wantFault(t, err, fault.Argument, "Invalid table metadata: Cannot find current version")
	})
	t.Run("clock behind", func(t *testing.T) {
		base := apply(t, mustParse(t, full), `[{"action":"set-properties","updates":{"a":"b"}}]`)
		_, _, err := commit(base, `[{"action":"set-properties","updates":{"a":"c"}}]`, baseMS-59_001)
		wantFault(t, err, fault.Argument, fmt.Sprintf("Invalid update timestamp %d: before the latest metadata log entry timestamp %d", baseMS-59_001, baseMS+1000))
		if _, _, err := commit(base, `[{"action":"set-properties","updates":{"a":"c"}}]`, baseMS-59_000); err != nil {
			t.Errorf("a minute behind: got %v, want a table", err)
		}
	})
}

func TestApplyFromNothing(t *testing.T) {
	parts := map[string]string{
		"uuid":     `{"action":"assign-uuid","uuid":"u"}`,
		"version":  `{"action":"upgrade-format-version","format-version":3}`,
		"schema":   `{"action":"add-schema","schema":{"type":"struct","schema-id":4,"fields":[{"id":3,"name":"x","required":true,"type":"long"}]}}`,
		"current":  `{"action":"set-current-schema","schema-id":-1}`,
		"spec":     `{"action":"add-spec","spec":{"spec-id":4,"fields":[]}}`,
		"default":  `{"action":"set-default-spec","spec-id":-1}`,
		"order":    `{"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}}`,
		"location": `{"action":"set-location","location":"s3://b/t/"}`,
		"snapshot": `{"action":"add-snapshot","snapshot":{"snapshot-id":1,"sequence-number":1,"timestamp-ms":1000,"manifest-list":"s3://b/t/1.avro","first-row-id":0,"added-rows":1}}`,
		"main":     `{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":1}`,
		"bad":      `{"action":"upgrade-format-version","format-version":5}`,
	}
	rows := []struct {
		name, parts string
		kind        fault.Kind
		message     string
	}{
		{"whole", "uuid version schema current spec default order location snapshot main", 0, ""},
		{"nothing", "", fault.Argument, "Cannot create a table without updates"},
		{"version", "uuid bad", fault.Argument, "Cannot upgrade table to unsupported format version: v5 (supported: v4)"},
		{"schema", "uuid location", fault.Argument, "Schemas cannot be null or empty"},
		{"spec before schema", "uuid spec schema", fault.Argument, "Cannot find current schema: 0"},
		{"spec", "uuid schema location", fault.Argument, "Partition specs cannot be null or empty"},
		{"order", "uuid schema spec location", fault.Argument, "Sort orders cannot be null or empty"},
		{"uuid", "schema spec order location", fault.Argument, "UUID is required in format v2"},
		{"location", "uuid schema spec order", fault.Argument, "Table location is required in format v2"},
		{"snapshot before schema", "snapshot", fault.Invalid, "Attempting to add a snapshot before a schema is added"},
		{"snapshot before spec", "schema snapshot", fault.Invalid, "Attempting to add a snapshot before a partition spec is added"},
		{"snapshot before order", "schema spec snapshot", fault.Invalid, "Attempting to add a snapshot before a sort order is added"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var updates []string
			for _, part := range strings.Fields(row.parts) {
				updates = append(updates, parts[part])
			}
			table, _, err := commit(nil, `[`+strings.Join(updates, ",")+`]`, 5000)
			if row.message != "" {
				wantFault(t, err, row.kind, row.message)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			again := mustParse(t, string(table.Bytes()))
			if table.FormatVersion() != 3 || table.LastColumnID() != 3 || table.NextRowID() != 1 || again.SnapshotCount() != 1 || len(table.Added()) != 2 {
				t.Errorf("got %s", table.Bytes())
			}
		})
	}
}
