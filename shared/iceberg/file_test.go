package iceberg_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/iceberg"
)

func TestMetadataFile(t *testing.T) {
	for properties, want := range map[string]string{
		`{}`: "s3://b/t/metadata/00007-" + uuid + ".metadata.json",
		`{"write.metadata.compression-codec":"GZIP"}`:                                    "s3://b/t/metadata/00007-" + uuid + ".gz.metadata.json",
		`{"write.metadata.compression-codec":"none","write.metadata.path":"s3://c/m//"}`: "s3://c/m/00007-" + uuid + ".metadata.json",
	} {
		table := mustParse(t, strings.Replace(full, `{"k":"v"}`, properties, 1))
		if got := iceberg.MetadataFile(table, 7, uuid); got != want {
			t.Errorf("%s: got %s, want %s", properties, got, want)
		}
	}
	if got := iceberg.MetadataFile(mustParse(t, full), 123456, "u"); got != "s3://b/t/metadata/123456-u.metadata.json" {
		t.Errorf("got %s", got)
	}
}

func TestVersionOf(t *testing.T) {
	for file, want := range map[string]int{
		"s3://b-1/t/metadata/00012-a-b.metadata.json": 12, "00000-a": 0, "s3://b/123456-a.gz.metadata.json": 123456,
		"s3://b/t/metadata/v3.metadata.json": -1, "s3://b/t/-a": -1, "s3://b/t/x-a": -1, "s3://b/9999999999-a": -1, "": -1,
	} {
		if got := iceberg.VersionOf(file); got != want {
			t.Errorf("%q: got %d, want %d", file, got, want)
		}
	}
}

func TestEncodeDecode(t *testing.T) {
	doc := []byte(strings.Repeat(full, 20))
	for file, compressed := range map[string]bool{
		"s3://b/00001-a.metadata.json": false, "s3://b/00001-a.gz.metadata.json": true, "s3://b/v1.metadata.json.gz": true,
	} {
		raw, err := iceberg.Encode(file, doc)
		if err != nil {
			t.Fatal(err)
		}
		if got := !bytes.Equal(raw, doc); got != compressed {
			t.Errorf("%s: got compressed %v, want %v", file, got, compressed)
		}
		for _, name := range []string{file, "s3://b/other"} {
			if got, err := iceberg.Decode(t.Context(), name, raw, len(doc)); err != nil || !bytes.Equal(got, doc) {
				t.Errorf("%s: got %d bytes, %v, want %d", name, len(got), err, len(doc))
			}
		}
		_, err = iceberg.Decode(t.Context(), file, raw, len(doc)-1)
		wantFault(t, err, fault.TooLarge, "")
	}
	zip, _ := iceberg.Encode("x.gz.metadata.json", doc)
	_, err := iceberg.Decode(t.Context(), "x", zip[:len(zip)/2], len(doc))
	wantFault(t, err, fault.Malformed, "Cannot read compressed metadata")
	_, err = iceberg.Decode(t.Context(), "x", zip[:4], len(doc))
	wantFault(t, err, fault.Malformed, "Cannot read compressed metadata")
}

// A small file must not make a large document.
func TestDecodeStopsAtItsBound(t *testing.T) {
	var raw bytes.Buffer
	zip := gzip.NewWriter(&raw)
	for range 64 {
		_, _ = zip.Write(make([]byte, 1<<20))
	}
	_ = zip.Close()
	_, err := iceberg.Decode(t.Context(), "x.gz.metadata.json", raw.Bytes(), 1<<20)
	wantFault(t, err, fault.TooLarge, "Metadata has more than 1048576 bytes")
}

func TestReferences(t *testing.T) {
	doc := strings.Replace(inVersion(1), `{"k":"v"}`, `{"write.data.path":"s3://b/d","write.metadata.path":"s3://b/m","write.object-storage.path":"s3://b/o","write.folder-storage.path":"s3://b/f"}`, 1)
	doc = strings.Replace(doc, `"manifest-list":"s3://b/t/1.avro"`, `"manifests":["s3://b/t/m1","s3://b/t/m2"]`, 1)
	base := mustParse(t, doc)
	want := []iceberg.Reference{
		{Field: "location", URI: "s3://b/t"}, {Field: "write.data.path", URI: "s3://b/d"}, {Field: "write.metadata.path", URI: "s3://b/m"},
		{Field: "write.object-storage.path", URI: "s3://b/o"}, {Field: "write.folder-storage.path", URI: "s3://b/f"},
		{Field: "manifests", URI: "s3://b/t/m1"}, {Field: "manifests", URI: "s3://b/t/m2"}, {Field: "manifest-list", URI: "s3://b/t/2.avro"},
		{Field: "statistics-path", URI: "s3://b/t/1.puffin"}, {Field: "statistics-path", URI: "s3://b/t/2.parquet"},
		{Field: "metadata-file", URI: "s3://b/t/metadata/0.json"},
	}
	if diff := cmp.Diff(want, base.References()); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, base.Added()); diff != "" {
		t.Errorf("added, parsed (-want +got):\n%s", diff)
	}
	next := apply(t, base, `[{"action":"set-location","location":"s3://b/u"},{"action":"set-properties","updates":{"write.data.path":"s3://b/d2","write.metadata.path":"s3://b/m","x":"s3://y"}},
		{"action":"add-snapshot","snapshot":{"snapshot-id":3,"timestamp-ms":100500,"manifests":["s3://b/t/m3"]}},
		{"action":"add-snapshot","snapshot":{"snapshot-id":4,"timestamp-ms":100500,"manifest-list":"s3://b/t/4.avro"}},
		{"action":"add-snapshot","snapshot":{"snapshot-id":5,"timestamp-ms":100500,"manifest-list":"s3://b/t/5.avro"}},{"action":"remove-snapshots","snapshot-ids":[4]},
		{"action":"set-statistics","statistics":{"snapshot-id":1,"statistics-path":"s3://b/t/n.puffin","file-size-in-bytes":5,"file-footer-size-in-bytes":6,"blob-metadata":[]}},
		{"action":"set-partition-statistics","partition-statistics":{"snapshot-id":1,"statistics-path":"s3://b/t/n.parquet","file-size-in-bytes":5}}]`)
	want = []iceberg.Reference{
		{Field: "statistics-path", URI: "s3://b/t/n.puffin"}, {Field: "statistics-path", URI: "s3://b/t/n.parquet"}, {Field: "metadata-file", URI: previous},
		{Field: "location", URI: "s3://b/u"}, {Field: "write.data.path", URI: "s3://b/d2"},
		{Field: "manifests", URI: "s3://b/t/m3"}, {Field: "manifest-list", URI: "s3://b/t/5.avro"},
	}
	if diff := cmp.Diff(want, next.Added()); diff != "" {
		t.Errorf("added, applied (-want +got):\n%s", diff)
	}
	for _, ref := range next.Added() {
		found := false
		for _, all := range next.References() {
			found = found || all == ref
		}
		if !found {
			t.Errorf("%v is added and not in the document", ref)
		}
	}
}

func TestOnlyRefs(t *testing.T) {
	base := apply(t, mustParse(t, full), `[`+snap3+`,`+mainTo3+`]`)
	doc, err := base.OnlyRefs()
	if err != nil {
		t.Fatal(err)
	}
	want := decode(t, base.Bytes())
	snapshots := want["snapshots"].([]any)
	want["snapshots"] = []any{snapshots[0], snapshots[2]} // the tag's and main's
	want["partition-statistics"] = []any{}                // they were the second's
	if diff := cmp.Diff(want, decode(t, doc)); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

func TestRequirements(t *testing.T) {
	base := mustParse(t, full)
	rows := []struct {
		name, requirement string
		base              *iceberg.Table
		kind              fault.Kind
		message           string // empty: holds
	}{
		{"create", `{"type":"assert-create"}`, nil, 0, ""},
		{"uuid in another case", `{"type":"ASSERT-TABLE-UUID","uuid":"U"}`, base, 0, ""},
		{"uuid of nothing", `{"type":"assert-table-uuid","uuid":"u"}`, nil, fault.CommitFailed, "Requirement failed: table does not exist"},
		{"tag changed", `{"type":"assert-ref-snapshot-id","ref":"t","snapshot-id":2}`, base, fault.CommitFailed, "Requirement failed: tag t has changed: expected id 2 != 1"},
		{"tag made", `{"type":"assert-ref-snapshot-id","ref":"t"}`, base, fault.CommitFailed, "Requirement failed: tag t was created concurrently"},
		{"null type", `{"type":null}`, base, fault.Malformed, "Cannot parse update requirement. Missing field: type"},
		{"unknown", `{"type":"assert-nothing"}`, base, fault.Malformed, "Unrecognized update requirement. Cannot convert to json: assert-nothing"},
		{"no number", `{"type":"assert-current-schema-id"}`, base, fault.Malformed, "Cannot parse missing int: current-schema-id"},
		{"number as text", `{"type":"assert-default-spec-id","default-spec-id":"0"}`, base, fault.Malformed, `Cannot parse to an integer value: default-spec-id: "0"`},
		{"no reference", `{"type":"assert-ref-snapshot-id","snapshot-id":1}`, base, fault.Malformed, "Cannot parse missing string: ref"},
		{"no object", `"assert-create"`, base, fault.Malformed, `Cannot parse update requirement from a non-object: "assert-create"`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			reqs, err := iceberg.DecodeRequirements(json.RawMessage(`[` + row.requirement + `]`))
			if err == nil {
				err = iceberg.Check(row.base, reqs)
			}
			if row.message != "" {
				wantFault(t, err, row.kind, row.message)
			} else if err != nil {
				t.Errorf("got %v, want it to hold", err)
			}
		})
	}
	t.Run("too many", func(t *testing.T) {
		_, err := iceberg.DecodeRequirements(json.RawMessage(`[{}` + strings.Repeat(`,{}`, 10_000) + `]`))
		wantFault(t, err, fault.Malformed, "Cannot take more than 10000 requirements: 10001")
	})
	t.Run("create alone", func(t *testing.T) {
		reqs, _ := iceberg.DecodeRequirements(json.RawMessage(`[{"type":"assert-create"},{"type":"assert-table-uuid","uuid":"u"}]`))
		_, err := iceberg.IsCreate(reqs)
		wantFault(t, err, fault.Argument, "Invalid create requirements: [assert-table-uuid]")
		for want, some := range map[bool][]iceberg.Requirement{true: reqs[:1], false: reqs[1:]} {
			if got, err := iceberg.IsCreate(some); got != want || err != nil {
				t.Errorf("%s: got %v, %v, want %v", some[0].Type(), got, err, want)
			}
		}
	})
}

func TestActionsAndKeys(t *testing.T) {
	updates, err := iceberg.DecodeUpdates(json.RawMessage(`[{"action":"Set-Properties","updates":{"b":"1","a":"2"}},{"action":"remove-properties","removed":["c"]},{"action":"set-location","location":"x"}]`))
	if err != nil {
		t.Fatal(err)
	}
	var got []any
	for _, u := range updates {
		got = append(got, u.Action(), u.PropertyKeys())
	}
	if diff := cmp.Diff([]any{"set-properties", []string{"b", "a"}, "remove-properties", []string{"c"}, "set-location", []string(nil)}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
