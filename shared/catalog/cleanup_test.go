package catalog_test

import (
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
)

func TestOldMetadataFilesAreDeletedIfTheTableAsksForIt(t *testing.T) {
	const keep = `"write.metadata.previous-versions-max":"2"`
	rows := []struct {
		name, properties string
		later            func(w *world)
		want             int // files in the end, after six commits
	}{
		{"asked for", keep + `,"write.metadata.delete-after-commit.enabled":"true"`, nil, 3},
		{"not asked for", keep, nil, 7},
		{"turned off", keep + `,"write.metadata.delete-after-commit.enabled":"false"`, nil, 7},
		{"asked for, and deleting fails", keep + `,"write.metadata.delete-after-commit.enabled":"true"`, func(w *world) {
			w.files.plan = planned("delete", fileFault{refuse: fault.Unavailable})
		}, 7},
		{"asked for, and every answer is lost", keep + `,"write.metadata.delete-after-commit.enabled":"true"`, writesMeet(faulty.Fault{Lose: faulty.Answer}), 3},
		{"asked for, and no swap arrives", keep + `,"write.metadata.delete-after-commit.enabled":"true"`, writesMeet(faulty.Fault{Lose: faulty.Request}), 7},
		{"asked for, and every swap is refused", keep + `,"write.metadata.delete-after-commit.enabled":"true"`, writesMeet(faulty.Fault{Refuse: fault.Throttled}), 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.create("t", `"properties":{`+row.properties+`}`)
			w.must(err)
			if row.later != nil {
				row.later(w)
			}
			for i := range 6 {
				_, err := w.commit("t", put("x", strings.Repeat("x", i+1)))
				if err != nil && row.later == nil {
					t.Fatal(err)
				}
			}
			w.db.Plan(nil)
			if got := len(w.stored()); got != row.want {
				t.Errorf("got %d files, want %d", got, row.want)
			}
			w.whole("t")
		})
	}
}

// Files that a registered table's log names elsewhere are not firn's to delete.
func TestOldMetadataFilesOfOthersAreLeft(t *testing.T) {
	w := newWorld(t)
	other, err := w.create("other")
	w.must(err)
	w.leave(foreign, document("s3://lake/c/a/t", func(doc map[string]any) {
		documentWith(doc, "metadata-log", other.MetadataLocation)
		doc["properties"] = map[string]any{"write.metadata.previous-versions-max": "1", "write.metadata.delete-after-commit.enabled": "true"}
	}))
	_, err = w.register("t", foreign, catalog.Delegation{})
	w.must(err)
	for i := range 3 {
		_, err = w.commit("t", put("x", strings.Repeat("x", i+1)))
		w.must(err)
	}
	w.whole("other")
	w.whole("t")
}

// writesMeet gives every write to the table the fault.
func writesMeet(x faulty.Fault) func(w *world) {
	return func(w *world) {
		w.db.Plan(func(c faulty.Call) faulty.Fault {
			if c.Verb == faulty.Write {
				return x
			}
			return faulty.Fault{}
		})
	}
}
