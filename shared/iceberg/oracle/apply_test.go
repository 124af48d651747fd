package oracle

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"firn/shared/iceberg"
)

// bases are what commits are made to, by format version.
func bases(t testing.TB) [][]byte {
	t.Helper()
	all := documents(t)
	return [][]byte{all["TableMetadataV1Valid.json"], all["TableMetadataV2Valid.json"], all["TableMetadataV3ValidMinimal.json"]}
}

const previous = "s3://bucket/test/location/metadata/00001-x.metadata.json"

func TestTheRecordedCommitsComeToTheSame(t *testing.T) {
	both, needed := 0, map[string]bool{}
	for _, base := range bases(t) {
		for _, updates := range recorded(t) {
			if met, ok := compareCommits(t, base, updates); ok {
				both++
				maps.Copy(needed, met)
			}
		}
	}
	t.Logf("both take %d commits", both)
	if both < 50 {
		t.Errorf("got %d commits that both take, want 50 at least", both)
	}
	for _, d := range differences {
		if !needed[d.name] {
			t.Errorf("%s: no commit needs this difference", d.name)
		}
	}
}

func FuzzApply(f *testing.F) {
	for version := range 3 {
		for _, updates := range recorded(f) {
			f.Add(uint8(version), updates)
		}
	}
	f.Fuzz(func(t *testing.T, version uint8, updates []byte) { compareCommits(t, bases(t)[version%3], updates) })
}

// compareCommits says whether both take the commit, and which differences it has.
func compareCommits(t *testing.T, base, raw []byte) (met map[string]bool, both bool) {
	t.Helper()
	met = map[string]bool{}
	before, err := iceberg.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	updates, err := iceberg.DecodeUpdates(raw)
	if err != nil {
		return nil, false
	}
	ours, changed, err := iceberg.Apply(before, updates, iceberg.At{NowMS: before.LastUpdatedMS() + 1000, Previous: previous})
	if err != nil || !changed {
		return nil, false
	}
	theirs := committed(base, raw)
	if theirs == nil {
		return nil, false
	}
	got := rewritten(ours.Bytes())
	if got == nil {
		_, err := parse(ours.Bytes())
		t.Fatalf("iceberg-go refuses what firn makes of %s: %v\n%s", raw, err, ours.Bytes())
	}
	for _, d := range differences {
		if d.even(raw, theirs, got) {
			met[d.name] = true
		}
	}
	if diff := cmp.Diff(theirs, got); diff != "" {
		t.Errorf("%s (-iceberg-go +firn):\n%s", raw, diff)
	}
	return met, true
}

// committed is what iceberg-go makes of the commit; nil if it refuses.
func committed(base, raw []byte) (out map[string]any) {
	defer func() {
		if recover() != nil {
			out = nil // its panics are not firn's
		}
	}()
	before, err := parse(base)
	if err != nil {
		return nil
	}
	var updates table.Updates
	if updates.UnmarshalJSON(raw) != nil {
		return nil
	}
	after, err := table.UpdateTableMetadata(before, updates, previous)
	if err != nil {
		return nil
	}
	text, err := json.Marshal(after)
	if err != nil {
		return nil
	}
	return rewritten(text)
}
