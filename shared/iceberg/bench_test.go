package iceberg_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"firn/shared/iceberg"
)

// typedTable is how one would write table metadata as Go structs: what the engine is measured against.
type typedTable struct {
	FormatVersion      int                 `json:"format-version"`
	UUID               string              `json:"table-uuid"`
	Location           string              `json:"location"`
	LastSequenceNumber int64               `json:"last-sequence-number"`
	LastUpdatedMS      int64               `json:"last-updated-ms"`
	LastColumnID       int                 `json:"last-column-id"`
	CurrentSchemaID    int                 `json:"current-schema-id"`
	Schemas            []typedSchema       `json:"schemas"`
	DefaultSpecID      int                 `json:"default-spec-id"`
	Specs              []typedSpec         `json:"partition-specs"`
	LastPartitionID    int                 `json:"last-partition-id"`
	DefaultOrderID     int                 `json:"default-sort-order-id"`
	Orders             []typedSpec         `json:"sort-orders"`
	Properties         map[string]string   `json:"properties"`
	CurrentSnapshotID  int64               `json:"current-snapshot-id"`
	Refs               map[string]typedRef `json:"refs"`
	Snapshots          []typedSnapshot     `json:"snapshots"`
	Statistics         []any               `json:"statistics"`
	PartitionStats     []any               `json:"partition-statistics"`
	SnapshotLog        []typedEntry        `json:"snapshot-log"`
	MetadataLog        []typedFile         `json:"metadata-log"`
}

type typedSchema struct {
	Type   string       `json:"type"`
	ID     int          `json:"schema-id"`
	Fields []typedField `json:"fields"`
}

type typedField struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Type     string `json:"type"`
}

type typedSpec struct {
	SpecID  *int  `json:"spec-id,omitempty"`
	OrderID *int  `json:"order-id,omitempty"`
	Fields  []any `json:"fields"`
}

type typedRef struct {
	SnapshotID int64  `json:"snapshot-id"`
	Type       string `json:"type"`
}

type typedSnapshot struct {
	SequenceNumber int64             `json:"sequence-number"`
	ID             int64             `json:"snapshot-id"`
	Parent         *int64            `json:"parent-snapshot-id,omitempty"`
	TimestampMS    int64             `json:"timestamp-ms"`
	Summary        map[string]string `json:"summary"`
	ManifestList   string            `json:"manifest-list"`
	SchemaID       int               `json:"schema-id"`
}

type typedEntry struct {
	TimestampMS int64 `json:"timestamp-ms"`
	SnapshotID  int64 `json:"snapshot-id"`
}

type typedFile struct {
	TimestampMS int64  `json:"timestamp-ms"`
	File        string `json:"metadata-file"`
}

// snapshotID spreads ids as clients do, so that they have 19 digits and nothing in common.
func snapshotID(i int) int64 {
	return int64(uint64(i+1)*0x9E3779B97F4A7C15>>1) | 1<<62
}

func bigTable(snapshots int) typedTable {
	t := typedTable{
		FormatVersion: 2, UUID: uuid, Location: "s3://bucket/warehouse/ns/table", LastUpdatedMS: nowMS, LastColumnID: 40,
		CurrentSchemaID: 2, LastPartitionID: 999, Specs: []typedSpec{{SpecID: new(int), Fields: []any{}}},
		Orders:     []typedSpec{{OrderID: new(int), Fields: []any{}}},
		Properties: map[string]string{"owner": "someone", "write.parquet.compression-codec": "zstd"}, CurrentSnapshotID: -1,
		Refs: map[string]typedRef{}, Snapshots: []typedSnapshot{}, Statistics: []any{}, PartitionStats: []any{}, SnapshotLog: []typedEntry{},
	}
	for s := range 3 {
		schema := typedSchema{Type: "struct", ID: s}
		for f := range 38 + s {
			schema.Fields = append(schema.Fields, typedField{ID: f + 1, Name: fmt.Sprintf("column_number_%d", f), Type: "string"})
		}
		t.Schemas = append(t.Schemas, schema)
	}
	for i := range snapshots {
		t.append(i)
	}
	for i := range 100 {
		t.MetadataLog = append(t.MetadataLog, typedFile{nowMS, fmt.Sprintf("%s/metadata/%05d-%s.metadata.json", t.Location, i, uuid)})
	}
	return t
}

func (t *typedTable) append(i int) {
	s := typedSnapshot{
		SequenceNumber: int64(i + 1), ID: snapshotID(i), TimestampMS: nowMS,
		ManifestList: fmt.Sprintf("%s/metadata/snap-%d-1-%s.avro", t.Location, snapshotID(i), uuid),
		Summary:      map[string]string{"operation": "append"}, SchemaID: 2,
	}
	for k := range 14 {
		s.Summary[fmt.Sprintf("summary-key-number-%d", k)] = fmt.Sprint(i * (k + 1))
	}
	if n := len(t.Snapshots); n > 0 {
		parent := t.Snapshots[n-1].ID
		s.Parent = &parent
	}
	t.Snapshots = append(t.Snapshots, s)
	t.SnapshotLog = append(t.SnapshotLog, typedEntry{nowMS, s.ID})
	t.Refs["main"] = typedRef{s.ID, "branch"}
	t.CurrentSnapshotID, t.LastSequenceNumber = s.ID, s.SequenceNumber
}

func bigDocument(tb testing.TB, snapshots int) []byte {
	tb.Helper()
	doc, err := json.Marshal(bigTable(snapshots))
	if err != nil {
		tb.Fatal(err)
	}
	return doc
}

// appendRequest is the commit of an engine that adds snapshot i to a table.
func appendRequest(tb testing.TB, i int) (requirements, updates []byte) {
	tb.Helper()
	snapshot, err := json.Marshal(func() typedSnapshot { t := bigTable(0); t.append(i); return t.Snapshots[0] }())
	if err != nil {
		tb.Fatal(err)
	}
	parent := snapshotID(i - 1)
	with := fmt.Appendf(nil, `{"parent-snapshot-id":%d,`, parent)
	snapshot = append(with, snapshot[1:]...)
	return fmt.Appendf(nil, `[{"type":"assert-table-uuid","uuid":%q},{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":%d}]`, uuid, parent),
		fmt.Appendf(nil, `[{"action":"add-snapshot","snapshot":%s},{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":%d}]`,
			snapshot, snapshotID(i))
}

// commitBytes is a whole commit: read the present document, decode the request, check, apply, list what came in.
func commitBytes(doc, requirements, updates []byte) (*iceberg.Table, error) {
	base, err := iceberg.ParseTrusted(doc)
	if err != nil {
		return nil, err
	}
	reqs, err := iceberg.DecodeRequirements(requirements)
	if err != nil {
		return nil, err
	}
	changes, err := iceberg.DecodeUpdates(updates)
	if err != nil {
		return nil, err
	}
	if err := iceberg.Check(base, reqs); err != nil {
		return nil, err
	}
	next, _, err := iceberg.Apply(base, changes, iceberg.At{NowMS: nowMS + 1, Previous: "s3://bucket/warehouse/ns/table/metadata/00100-x.metadata.json"})
	if err != nil {
		return nil, err
	}
	_ = next.Added()
	return next, nil
}

// commitTyped does the same work on Go structs.
func commitTyped(doc []byte, i int) ([]byte, error) {
	var t typedTable
	if err := json.Unmarshal(doc, &t); err != nil {
		return nil, err
	}
	t.append(i)
	t.LastUpdatedMS = nowMS + 1
	t.MetadataLog = append(t.MetadataLog[1:], typedFile{nowMS, "s3://bucket/warehouse/ns/table/metadata/00100-x.metadata.json"})
	return json.Marshal(t)
}

func BenchmarkAppendSnapshot(b *testing.B) {
	for _, n := range []int{0, 100, 2_000, 20_000} {
		doc := bigDocument(b, n)
		requirements, updates := appendRequest(b, n)
		if n == 0 {
			requirements = nil
		}
		var spliced, typed float64
		b.Run(fmt.Sprintf("splice/snapshots=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := commitBytes(doc, requirements, updates); err != nil {
					b.Fatal(err)
				}
			}
			spliced = float64(b.Elapsed()) / float64(b.N)
		})
		b.Run(fmt.Sprintf("encoding-json/snapshots=%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := commitTyped(doc, n); err != nil {
					b.Fatal(err)
				}
			}
			typed = float64(b.Elapsed()) / float64(b.N)
			if spliced > 0 {
				b.ReportMetric(typed/spliced, "times-splice")
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	doc := bigDocument(b, 20_000)
	for name, parse := range map[string]func([]byte) (*iceberg.Table, error){"checked": iceberg.Parse, "trusted": iceberg.ParseTrusted} {
		b.Run(name+"/snapshots=20000", func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				if _, err := parse(doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkExpireSnapshots(b *testing.B) {
	doc := bigDocument(b, 20_000)
	var updates []byte
	for i := range 10_000 {
		updates = fmt.Appendf(updates, `,{"action":"remove-snapshots","snapshot-ids":[%d]}`, snapshotID(i))
	}
	updates[0] = '['
	updates = append(updates, ']')
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := commitBytes(doc, nil, updates); err != nil {
			b.Fatal(err)
		}
	}
}
