package iceberg_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/iceberg"
)

// model is a table kept the slow and simple way: a decoded document that each update changes.
type model struct {
	doc     map[string]any
	random  *rand.Rand
	added   map[float64]float64 // snapshots of this commit, with their times
	mains   []float64           // of these, those that were main
	removed bool
	nextID  float64
}

func (m *model) list(name string) []any { return m.doc[name].([]any) }

func (m *model) refs() map[string]any { return m.doc["refs"].(map[string]any) }

func (m *model) snapshotIDs() []float64 {
	var ids []float64
	for _, s := range m.list("snapshots") {
		ids = append(ids, s.(map[string]any)["snapshot-id"].(float64))
	}
	return ids
}

// step makes up one update and does it to the model.
func (m *model) step(now float64) map[string]any {
	ids := m.snapshotIDs()
	switch choice := m.random.IntN(9); {
	case choice <= 2 || len(ids) == 0:
		return m.addSnapshot(now)
	case choice == 3:
		return m.setRef(now, ids[m.random.IntN(len(ids))])
	case choice == 4:
		return m.removeRef([]string{"main", "a", "b"}[m.random.IntN(3)])
	case choice == 5 && m.random.IntN(2) == 0:
		return m.removeSnapshots([]float64{ids[m.random.IntN(len(ids))], 99999})
	case choice == 6:
		return m.setStatistics([]string{"statistics", "partition-statistics"}[m.random.IntN(2)], ids[m.random.IntN(len(ids))])
	case choice == 7:
		m.doc["properties"].(map[string]any)["p"] = fmt.Sprint(now)
		return map[string]any{"action": "set-properties", "updates": map[string]string{"p": fmt.Sprint(now)}}
	}
	delete(m.doc["properties"].(map[string]any), "p")
	return map[string]any{"action": "remove-properties", "removals": []string{"p"}}
}

func (m *model) addSnapshot(now float64) map[string]any {
	m.nextID++
	m.doc["last-sequence-number"] = m.nextID
	s := map[string]any{"snapshot-id": m.nextID, "sequence-number": m.nextID, "timestamp-ms": now - 7, "manifest-list": fmt.Sprintf("s3://b/t/%v.avro", m.nextID)}
	m.doc["snapshots"] = append(m.list("snapshots"), s)
	m.added[m.nextID] = now - 7
	return map[string]any{"action": "add-snapshot", "snapshot": s}
}

func (m *model) setRef(now, id float64) map[string]any {
	name := []string{"main", "main", "a", "b"}[m.random.IntN(4)]
	update := map[string]any{"action": "set-snapshot-ref", "ref-name": name, "type": "branch", "snapshot-id": id}
	if old, ok := m.refs()[name]; ok && old.(map[string]any)["snapshot-id"] == id {
		return update
	}
	if m.refs()[name] = map[string]any{"type": "branch", "snapshot-id": id}; name == "main" {
		m.doc["current-snapshot-id"] = id
		since, isNew := m.added[id]
		if !isNew {
			since = now
		} else {
			m.mains = append(m.mains, id)
		}
		m.doc["snapshot-log"] = append(m.list("snapshot-log"), map[string]any{"timestamp-ms": since, "snapshot-id": id})
	}
	return update
}

func (m *model) removeRef(name string) map[string]any {
	delete(m.refs(), name)
	if name == "main" {
		m.doc["current-snapshot-id"] = -1.0
	}
	return map[string]any{"action": "remove-snapshot-ref", "ref-name": name}
}

func (m *model) removeSnapshots(ids []float64) map[string]any {
	m.removed = true
	isGone := func(entry any) bool { return slices.Contains(ids, entry.(map[string]any)["snapshot-id"].(float64)) }
	for _, name := range []string{"snapshots", "statistics", "partition-statistics"} {
		m.doc[name] = slices.DeleteFunc(m.list(name), isGone)
	}
	for name, ref := range m.refs() {
		if isGone(ref) {
			m.removeRef(name)
		}
	}
	return map[string]any{"action": "remove-snapshots", "snapshot-ids": ids}
}

func (m *model) setStatistics(name string, id float64) map[string]any {
	file := map[string]any{"snapshot-id": id, "statistics-path": fmt.Sprint("s3://b/t/s", m.random.IntN(1000)), "file-size-in-bytes": 1.0}
	if name == "statistics" {
		file["file-footer-size-in-bytes"], file["blob-metadata"] = 1.0, []any{}
	}
	m.doc[name] = append(slices.DeleteFunc(m.list(name), func(f any) bool { return f.(map[string]any)["snapshot-id"] == id }), file)
	return map[string]any{"action": "set-" + name, name: file}
}

// finish does what happens once per commit.
func (m *model) finish(now float64, file string) {
	log := append(m.list("metadata-log"), map[string]any{"timestamp-ms": m.doc["last-updated-ms"], "metadata-file": file})
	m.doc["metadata-log"] = log[max(0, len(log)-3):]
	m.doc["last-updated-ms"] = now
	there := m.snapshotIDs()
	var kept []any
	inBetween := func(id float64) bool { return slices.Contains(m.mains, id) && id != m.doc["current-snapshot-id"] }
	for _, entry := range m.list("snapshot-log") {
		id := entry.(map[string]any)["snapshot-id"].(float64)
		if !slices.Contains(there, id) {
			kept = nil
		} else if !inBetween(id) {
			kept = append(kept, entry)
		}
	}
	m.doc["snapshot-log"] = append([]any{}, kept...)
	m.added, m.mains, m.removed = map[float64]float64{}, nil, false
}

// Random commits give the same documents as the model, whether the base comes from Apply, Parse or ParseTrusted.
func TestRandomCommitsFollowTheModel(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		req, err := iceberg.DecodeCreate(json.RawMessage(`{"schema":{"type":"struct","fields":[]},"properties":{"write.metadata.previous-versions-max":"3"}}`))
		if err != nil {
			t.Fatal(err)
		}
		table, err := iceberg.Create(req, uuid, "s3://b/t", nowMS)
		if err != nil {
			t.Fatal(err)
		}
		m := &model{doc: decode(t, table.Bytes()), random: random, added: map[float64]float64{}}
		for commitNumber := range 25 {
			now := nowMS + int64(commitNumber+1)*1000
			before, _ := json.Marshal(m.doc)
			var updates []any
			for range 1 + random.IntN(5) {
				updates = append(updates, m.step(float64(now)))
			}
			raw, _ := json.Marshal(updates)
			decoded, err := iceberg.DecodeUpdates(raw)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			file := fmt.Sprintf("s3://b/t/metadata/%05d-x.metadata.json", commitNumber)
			next, changed, err := iceberg.Apply(table, decoded, iceberg.At{NowMS: now, Previous: file})
			if err != nil {
				t.Fatalf("seed %d, commit %d: %v\n%s", seed, commitNumber, err, raw)
			}
			if changed {
				m.finish(float64(now), file)
			} else {
				m.doc = decode(t, before)
				m.added, m.mains = map[float64]float64{}, nil
			}
			if diff := cmp.Diff(m.doc, decode(t, next.Bytes())); diff != "" {
				t.Fatalf("seed %d, commit %d %s (-model +got):\n%s", seed, commitNumber, raw, diff)
			}
			parsed := mustParse(t, string(next.Bytes()))
			if diff := cmp.Diff(facts(parsed), facts(next)); diff != "" {
				t.Fatalf("seed %d: facts (-parsed +applied):\n%s", seed, diff)
			}
			table = next
			switch random.IntN(3) {
			case 0:
				table = parsed
			case 1:
				if table, err = iceberg.ParseTrusted(next.Bytes()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// The two commits that the benchmark compares come to the same.
func TestAppendEqualsTypedAppend(t *testing.T) {
	const n = 50
	doc := bigDocument(t, n)
	requirements, updates := appendRequest(t, n)
	spliced, err := commitBytes(doc, requirements, updates)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := commitTyped(doc, n)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decode(t, typed), decode(t, spliced.Bytes())); diff != "" {
		t.Errorf("(-typed +spliced):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"V1Valid", "V2Valid", "V2ValidMinimal", "V3ValidMinimal", "StatisticsFiles", "PartitionStatisticsFiles"} {
		f.Add(sample(f, name))
	}
	f.Add([]byte(full))
	updates, err := iceberg.DecodeUpdates(json.RawMessage(`[` + snap3 + `,` + mainTo3 + `,{"action":"set-properties","updates":{"a":"b"}}]`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if table, err := iceberg.ParseTrusted(doc); err == nil {
			useAll(table, updates)
		}
		table, err := iceberg.Parse(doc)
		if err != nil {
			return
		}
		useAll(table, updates)
		again, err := iceberg.Parse(table.Bytes())
		if err != nil || string(again.Bytes()) != string(table.Bytes()) {
			t.Fatalf("completed document: %v\n%s\n%s", err, table.Bytes(), doc)
		}
		next, _, err := iceberg.Apply(table, updates, iceberg.At{NowMS: table.LastUpdatedMS(), Previous: "s3://x"})
		if err != nil {
			return
		}
		if _, err := iceberg.Parse(next.Bytes()); err != nil {
			t.Fatalf("after a commit: %v\n%s", err, next.Bytes())
		}
	})
}

// useAll calls what reads a table; on documents that were wrongly trusted all that counts is that nothing panics.
func useAll(table *iceberg.Table, updates []iceberg.Update) {
	_ = facts(table)
	_, _ = table.OnlyRefs()
	_ = iceberg.MetadataFile(table, 1, "u")
	_, _, _ = iceberg.Apply(table, updates, iceberg.At{NowMS: table.LastUpdatedMS(), Previous: "s3://x"})
}

func FuzzApply(f *testing.F) {
	for _, lines := range []string{"commit-updates", "commit-more", "tables"} {
		for _, l := range readLines(f, "testdata/recorded/"+lines+".jsonl") {
			var wire struct{ Updates json.RawMessage }
			if json.Unmarshal(l.Body, &wire) == nil && wire.Updates != nil {
				f.Add(uint8(2), []byte(wire.Updates))
			}
		}
	}
	f.Add(uint8(0), []byte(`[`+snap3+`,`+mainTo3+`,{"action":"remove-snapshots","snapshot-ids":[1]}]`))
	f.Fuzz(func(t *testing.T, version uint8, raw []byte) {
		updates, err := iceberg.DecodeUpdates(raw)
		if err != nil {
			return
		}
		var base *iceberg.Table
		if version%4 > 0 {
			base = mustParse(t, inVersion(int(version%4)))
		}
		next, changed, err := iceberg.Apply(base, updates, iceberg.At{NowMS: baseMS + 1000, Previous: previous, UUID: uuid})
		if err != nil || !changed {
			return
		}
		again, err := iceberg.Parse(next.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s\n%s", err, raw, next.Bytes())
		}
		if diff := cmp.Diff(facts(again), facts(next)); diff != "" {
			t.Fatalf("facts (-parsed +applied):\n%s", diff)
		}
	})
}
