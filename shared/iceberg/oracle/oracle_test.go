// Package oracle holds no code: its tests hold package iceberg to iceberg-go, which others wrote from the same
// specification. What both take must mean the same.
//
// A document that both read is compared as iceberg-go writes it again: from the document itself, and from the one that firn
// makes of it. A commit that both take is compared as iceberg-go reads the two results. It says nothing of what one of them
// refuses: how strict a reader is, is its own affair, and package iceberg's tests hold firn's refusals to recorded ones.
//
// # Why
//
// It is a module of its own, so that iceberg-go does not become a dependency of firn. Where the two differ and firn is
// meant to, a row of differences says so, with the reason; a row that no seed needs fails the test, so that the list stays true.
package oracle

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"firn/shared/iceberg"
)

const testdata = "../testdata"

// documents are the metadata samples of the specification's own tests.
func documents(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(testdata + "/metadata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// rewritten is a document as iceberg-go writes it after it has read it; nil if it refuses.
func rewritten(doc []byte) map[string]any {
	m, err := parse(doc)
	if err != nil {
		return nil
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil
	}
	return plain(text)
}

// parse keeps iceberg-go's panics from ending a fuzz test of firn.
func parse(doc []byte) (m table.Metadata, err error) {
	defer func() {
		if recover() != nil {
			err = table.ErrInvalidMetadata
		}
	}()
	return table.ParseMetadataBytes(doc)
}

func plain(text []byte) (out map[string]any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&out) != nil {
		return nil
	}
	return out
}

// TestTheSamplesMeanTheSame is FuzzParse's seeds, and that both read most of them.
func TestTheSamplesMeanTheSame(t *testing.T) {
	both := 0
	for name, doc := range documents(t) {
		if compareDocuments(t, name, doc) {
			both++
		}
	}
	if both < 5 {
		t.Errorf("got %d samples that both read, want 5 at least", both)
	}
}

func FuzzParse(f *testing.F) {
	for _, doc := range documents(f) {
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) { compareDocuments(t, "document", doc) })
}

// compareDocuments says whether both have read it.
func compareDocuments(t *testing.T, name string, doc []byte) bool {
	t.Helper()
	theirs := rewritten(doc)
	ours, err := iceberg.Parse(doc)
	if theirs == nil || err != nil {
		return false
	}
	completed := rewritten(ours.Bytes())
	if completed == nil {
		_, err := parse(ours.Bytes())
		t.Fatalf("%s: iceberg-go refuses what firn makes of it: %v\n%s\n%s", name, err, doc, ours.Bytes())
	}
	if diff := cmp.Diff(theirs, completed); diff != "" {
		t.Fatalf("%s (-iceberg-go +firn):\n%s\n%s", name, diff, doc)
	}
	return true
}

// recorded are the updates of commits to a real server.
func recorded(t testing.TB) [][]byte {
	t.Helper()
	files, err := filepath.Glob(testdata + "/recorded/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no records: %v", err)
	}
	var all [][]byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var l struct {
				Body struct{ Updates json.RawMessage }
			}
			if json.Unmarshal([]byte(line), &l) == nil && l.Body.Updates != nil {
				all = append(all, l.Body.Updates)
			}
		}
	}
	return all
}
