package iceberg_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/iceberg"
)

const nested = `{"type":"struct","identifier-field-ids":[11,11],"fields":[` +
	`{"id":10,"name":"s","required":true,"type":{"type":"struct","fields":[{"id":11,"name":"a","required":true,"type":"int"},{"id":12,"name":"b","required":false,"type":"fixed[ 4 ]"}]}},` +
	`{"id":20,"name":"m","required":false,"type":{"type":"map","key-id":21,"key":"string","value-id":22,"value":{"type":"list","element-id":23,"element":"Geography(EPSG:4326, Karney)","element-required":true},"value-required":true}},` +
	`{"id":5,"name":"t","required":false,"type":"timestamptz","doc":"when","initial-default":"2020-01-01T00:00:00+00:00","write-default":null}]}`

// Ids are given anew: a struct's fields first, then what is in them.
func TestCreateRenumbers(t *testing.T) {
	body := `{"schema":` + nested + `,"partition-spec":{"spec-id":7,"fields":[{"name":"d","transform":"day","source-id":5,"field-id":2000},{"name":"ab","transform":"bucket[2]","source-id":11,"field-id":2005}]},` +
		`"write-order":{"order-id":9,"fields":[{"transform":"identity","source-id":11,"direction":"desc","null-order":"nulls-last"}]},"properties":{"format-version":"3","uuid":"x","created-at":"then","write.parquet.compression-codec":"lz4"}}`
	req, err := iceberg.DecodeCreate(json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	table, err := iceberg.Create(req, uuid, "s3://b/t/", 1_600_000_000_123)
	if err != nil {
		t.Fatal(err)
	}
	want := decode(t, []byte(`{"format-version":3,"table-uuid":"`+uuid+`","location":"s3://b/t","last-sequence-number":0,"last-updated-ms":1600000000123,
		"last-column-id":8,"current-schema-id":0,"schemas":[{"type":"struct","schema-id":0,"identifier-field-ids":[4],"fields":[
		{"id":1,"name":"s","required":true,"type":{"type":"struct","fields":[{"id":4,"name":"a","required":true,"type":"int"},{"id":5,"name":"b","required":false,"type":"fixed[4]"}]}},
		{"id":2,"name":"m","required":false,"type":{"type":"map","key-id":6,"key":"string","value-id":7,"value":{"type":"list","element-id":8,"element":"geography(EPSG:4326, karney)","element-required":true},"value-required":true}},
		{"id":3,"name":"t","required":false,"type":"timestamptz","doc":"when","initial-default":"2020-01-01T00:00:00+00:00"}]}],
		"default-spec-id":0,"partition-specs":[{"spec-id":0,"fields":[{"name":"d","transform":"day","source-id":3,"field-id":1000},{"name":"ab","transform":"bucket[2]","source-id":4,"field-id":1001}]}],
		"last-partition-id":1001,"default-sort-order-id":1,"sort-orders":[{"order-id":1,"fields":[{"transform":"identity","source-id":4,"direction":"desc","null-order":"nulls-last"}]}],
		"properties":{"created-at":"then","write.parquet.compression-codec":"lz4"},"current-snapshot-id":null,"next-row-id":0,"refs":{},"snapshots":[],"statistics":[],"partition-statistics":[],"snapshot-log":[],"metadata-log":[]}`))
	if diff := cmp.Diff(want, decode(t, table.Bytes())); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(facts(mustParse(t, string(table.Bytes()))), facts(table)); diff != "" {
		t.Errorf("facts of the document and of the table (-parsed +created):\n%s", diff)
	}
	if diff := cmp.Diff([]iceberg.Reference{{Field: "location", URI: "s3://b/t"}}, table.Added()); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
}

func TestCreateSaysWhen(t *testing.T) {
	req, err := iceberg.DecodeCreate(json.RawMessage(`{"schema":{"type":"struct","fields":[]},"location":null,"properties":null}`))
	if err != nil {
		t.Fatal(err)
	}
	table, err := iceberg.Create(req, uuid, "s3://b/t", 1_600_000_000_123)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := table.Property("created-at"); got != "2020-09-13T12:26:40.123Z" {
		t.Errorf("created-at: got %s, want 2020-09-13T12:26:40.123Z", got)
	}
}

func TestCreateRefuses(t *testing.T) {
	const schema = `"schema":{"type":"struct","fields":[{"id":1,"name":"x","required":false,"type":"string"},{"id":2,"name":"g","required":false,"type":"geometry"},{"id":3,"name":"v","required":false,"type":"variant"}]}`
	const plain = `"schema":{"type":"struct","fields":[{"id":1,"name":"x","required":false,"type":"string"}]}`
	spec := func(transform string, source string) string {
		return `,"partition-spec":{"spec-id":0,"fields":[{"name":"p","transform":"` + transform + `","source-id":` + source + `}]}`
	}
	rows := []struct {
		name, body string
		kind       fault.Kind
		message    string
	}{
		{"no JSON", `{`, fault.Malformed, "Cannot parse create table request: unexpected end of JSON"},
		{"no object", `[]`, fault.Malformed, "Cannot parse create table request from a non-object: []"},
		{"location", `{"location":1}`, fault.Malformed, "Cannot parse to a string value: location: 1"},
		{"properties", `{"properties":{"a":1}}`, fault.Malformed, "Cannot parse to a string value: a: 1"},
		{"schema of a list", `{"schema":[]}`, fault.Malformed, "Cannot parse type from json: []"},
		{"no schema", `{}`, fault.Argument, "Invalid schema: null"},
		{"void of a missing column", `{` + plain + spec("void", "9") + `}`, fault.Invalid, "Cannot find source column for partition field: 1000: p: void(9)"},
		{"identity of geometry", `{` + schema + spec("identity", "2") + `}`, fault.Argument, "Unsupported type for identity: geometry"},
		{"identity of variant", `{` + schema + spec("identity", "3") + `}`, fault.Argument, "Unsupported type for identity: variant"},
		{"hour of text", `{` + schema + spec("hour", "1") + `}`, fault.Argument, "Unsupported type: string"},
		{"types of version 3", `{` + schema + `}`, fault.Invalid, "Invalid schema for v2:\n- Invalid type for g: geometry is not supported until v3\n- Invalid type for v: variant is not supported until v3"},
		{"version as text", `{` + plain + `,"properties":{"format-version":"x"}}`, fault.Argument, `For input string: "x"`},
		{"version 0", `{` + plain + `,"properties":{"format-version":"0"}}`, fault.Argument, "Unsupported format version: v0 (supported: v4)"},
		{"metrics of no column", `{` + plain + `,"properties":{"write.metadata.metrics.column.y":"full"}}`, fault.Invalid, "Invalid metrics config, could not find column y from table prop write.metadata.metrics.column.y in schema"},
		{"retries as text", `{` + plain + `,"properties":{"commit.retry.num-retries":"x"}}`, fault.Invalid, "Table property commit.retry.num-retries must have integer value"},
		{"retries below 0", `{` + plain + `,"properties":{"commit.retry.min-wait-ms":"-1"}}`, fault.Invalid, "Table property commit.retry.min-wait-ms must have non negative integer value"},
		{"encryption before version 3", `{` + plain + `,"properties":{"encryption.key-id":"k"}}`, fault.Argument, "Invalid properties for v2: [encryption.key-id]"},
		{"codec", `{` + plain + `,"properties":{"write.metadata.compression-codec":"lzma"}}`, fault.Argument, "Invalid codec name: lzma"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			req, err := iceberg.DecodeCreate(json.RawMessage(row.body))
			if err == nil {
				_, err = iceberg.Create(req, uuid, "s3://b/t", nowMS)
			}
			wantFault(t, err, row.kind, row.message)
		})
	}
}

func TestIdentifierFields(t *testing.T) {
	field := func(required, typ string) string {
		return `{"id":1,"name":"x","required":` + required + `,"doc":"d","type":` + typ + `}`
	}
	inner := func(typ string) string {
		return strings.Replace(typ, "INNER", `{"type":"struct","fields":[{"id":9,"name":"i","required":true,"type":"int"}]}`, 1)
	}
	rows := []struct{ name, field, id, message string }{
		{"required number", field("true", `"int"`), "1", ""},
		{"in a required struct", field("true", inner("INNER")), "9", ""},
		{"optional", field("false", `"int"`), "1", "Cannot add field x as an identifier field: not a required field"},
		{"float", field("true", `"float"`), "1", "Cannot add field x as an identifier field: must not be float or double field"},
		{"struct", field("true", inner("INNER")), "1", "Cannot add field x as an identifier field: not a primitive type field"},
		{"in an optional struct", field("false", inner("INNER")), "9", "Cannot add field i as an identifier field: must not be nested in an optional field 1: x: optional struct<9: i: required int> (d)"},
		{"in a list", field("true", inner(`{"type":"list","element-id":8,"element":INNER,"element-required":true}`)), "9",
			"Cannot add field i as an identifier field: must not be nested in 1: x: required list<struct<9: i: required int>> (d)"},
		{"in a map", field("true", inner(`{"type":"map","key-id":7,"key":"int","value-id":8,"value":INNER,"value-required":true}`)), "9",
			"Cannot add field i as an identifier field: must not be nested in 1: x: required map<int, struct<9: i: required int>> (d)"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := iceberg.DecodeCreate(json.RawMessage(`{"schema":{"type":"struct","identifier-field-ids":[` + row.id + `],"fields":[` + row.field + `]}}`))
			if row.message == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			} else if row.message != "" {
				wantFault(t, err, fault.Malformed, row.message)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	rows := []struct{ typ, good, bad string }{
		{"boolean", `true`, `"true"`},
		{"int", `-5`, `5.0`},
		{"long", `9223372036854775807`, `9223372036854775808`},
		{"float", `1.5`, `1`},
		{"double", `-1e10`, `"1.0"`},
		{"decimal(9,2)", `"12.34"`, `"12.3"`},
		{"string", `""`, `1`},
		{"uuid", `"0e1a9ec6-7a0a-4f4e-a3f9-5f0f2fba7e11"`, `"0e1a9ec6"`},
		{"fixed[2]", `"0aFF"`, `"0a"`},
		{"binary", `"0a"`, `"0"`},
		{"date", `"2020-02-29"`, `"2021-02-29"`},
		{"time", `"23:59:59.123456"`, `"24:00:00"`},
		{"timestamp", `"2020-01-01T00:00:00.5"`, `"2020-01-01"`},
		{"timestamptz", `"2020-01-01T00:00:00+00:00"`, `"2020-01-01T00:00:00+01:00"`},
		{"timestamp_ns", `"2020-01-01T00:00:00.123456789"`, `5`},
		{"timestamptz_ns", `"2020-01-01T00:00:00.123456789+00:00"`, `"2020-01-01T00:00:00Z"`},
		{"unknown", `null`, `1`},
		{"variant", `null`, `1`},
		{"geometry(srid:1)", `null`, `"POINT (1 1)"`},
		{"geography", `null`, `"POINT (1 1)"`},
	}
	for _, row := range rows {
		t.Run(row.typ, func(t *testing.T) {
			for value, want := range map[string]bool{row.good: true, row.bad: false} {
				_, err := iceberg.DecodeCreate(json.RawMessage(`{"schema":{"type":"struct","fields":[{"id":1,"name":"x","required":false,"type":"` + row.typ + `","write-default":` + value + `}]}}`))
				if (err == nil) != want {
					t.Errorf("%s: got %v, want accepted %v", value, err, want)
				}
			}
		})
	}
}
