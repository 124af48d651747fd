package iceberg

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckJSON(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	many := func(last string) string {
		var o object
		for c := range 40 {
			o.int(strings.Repeat("n", c+1), c)
		}
		o.int(last, 1)
		return string(o.done())
	}
	rows := []struct {
		name, json, want string // want: part of the complaint; empty: accepted
	}{
		{"object", ` {"a" : [1, -0.5e+3, "x", true, false, null, {}] , "b":[]} `, ""},
		{"deepest", deep(maxDepth + 1), ""},
		{"too deep", deep(maxDepth + 2), "nested deeper"},
		{"nothing", ``, "unexpected end"},
		{"two values", `{} {}`, "unexpected character"},
		{"comma at the end of an object", `{"a":1,}`, "unexpected character"},
		{"comma at the end of an array", `[1,]`, "unexpected character"},
		{"no colon", `{"a" 1}`, "unexpected character"},
		{"no comma", `[1 2]`, "unexpected character"},
		{"open object", `{"a":1`, "unexpected end"},
		{"open string", `"a`, "unexpected end"},
		{"open escape", `"a\`, "unexpected end"},
		{"number as name", `{1:2}`, "unexpected character"},
		{"leading zero", `01`, "unexpected character"},
		{"plus", `+1`, "unexpected character"},
		{"bare minus", `-`, "unexpected end"},
		{"bare point", `1.`, "unexpected end"},
		{"bare exponent", `1e`, "unexpected end"},
		{"half a word", `tru`, "unexpected character"},
		{"control character", "\"a\nb\"", "unexpected character"},
		{"unknown escape", `"\x41"`, "unexpected character"},
		{"short hex", `"\u12"`, "unexpected character"},
		{"pair of surrogates", `"\ud83d\ude00"`, ""},
		{"high surrogate alone", `"\ud83d"`, "unexpected character"},
		{"high surrogate twice", `"\ud83d\ud83d"`, "unexpected character"},
		{"low surrogate alone", `"\ude00"`, "unexpected character"},
		{"not UTF-8", "\"\xff\"", "not UTF-8"},
		{"byte order mark", "\ufeff{}", "unexpected character"},
		{"name twice", `{"a":1,"a":2}`, "twice"},
		{"name twice, once escaped", `{"ab":1,"\u0061b":2}`, "twice"},
		{"name twice, both escaped", `{"\u0061":1,"\u0061":2}`, "twice"},
		{"name with a quote twice", `{"\"":1,"\u0022":2}`, "twice"},
		{"name twice among many", many("nnn"), "twice"},
		{"many names", many("m"), ""},
		{"same name inside", `{"a":{"a":{"a":1}},"b":{"a":1}}`, ""},
		{"name again after an object", `{"a":{"b":1},"a":1}`, "twice"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := checkJSON([]byte(row.json))
			if row.want == "" && err != nil {
				t.Errorf("got error %v, want none", err)
			}
			if row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got error %v, want %q", err, row.want)
			}
		})
	}
}

func TestSplitDocumentFindsSnapshotIDs(t *testing.T) {
	var got snapshotScan
	doc := `{"refs":{"main":{"snapshot-id":9}},"snapshots":[{"snapshot-id":1,"summary":{"snapshot-id":"8"}},{"x":"snapshot-id", "snapshot-id" : 2 },{"snapshot\u002did":3}],"statistics":[{"snapshot-id":7}]}`
	if _, ok := splitDocument([]byte(doc), &got); !ok {
		t.Fatal("not read")
	}
	want := snapshotScan{ids: []int64{1, 2}, count: 3}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(snapshotScan{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLastSnapshotLogEntry(t *testing.T) {
	rows := []struct {
		name, log string
		want      snapshotLogEntry
		ok        bool
	}{
		{"empty", `[]`, snapshotLogEntry{}, false},
		{"two", `[{"timestamp-ms":1,"snapshot-id":2}, {"snapshot-id":4,"timestamp-ms":3} ]`, snapshotLogEntry{3, 4}, true},
		{"brace in a text", `[{"timestamp-ms":1,"snapshot-id":2,"x":"{"}]`, snapshotLogEntry{1, 2}, true},
		{"entry in a text", `[{"timestamp-ms":1,"snapshot-id":2,"x":"{\"timestamp-ms\":3,\"snapshot-id\":4}"}]`, snapshotLogEntry{1, 2}, true},
		{"entry in an entry", `[{"timestamp-ms":1,"snapshot-id":2,"x":{"timestamp-ms":3,"snapshot-id":4}}]`, snapshotLogEntry{1, 2}, true},
		{"unknown member", `[{"timestamp-ms":1,"snapshot-id":2,"x":5}]`, snapshotLogEntry{1, 2}, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, ok := lastSnapshotLogEntry([]byte(row.log))
			if got != row.want || ok != row.ok {
				t.Errorf("got %v, %v, want %v, %v", got, ok, row.want, row.ok)
			}
		})
	}
}

// FuzzScan holds the scanner and the checker to encoding/json.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2,{"b":"c\\\"d"}],"e":{}}`, `[]`, `[[],{},"",null]`, `{"snapshots":[{"snapshot-id":1,"summary":{"snapshot-id":"2"}}]}`,
		`{"x":"a long text with \\\\ and \" in it","y":-1.5e3}`, `{"a":`, `{"a`, `{"a"`, `{"a":1`, `{"a":1,`, `[1,`, `["`, `[{"a":"\`, `{"snapshots":[{"snapshot-id"`, ` [ 1 , "]" , { "}" : "{" } ] `, `"\u00e9\ud83d\ude00"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var scan snapshotScan
		members, isObject := splitDocument(data, &scan)
		list, isArray := elements(data)
		if checkJSON(data) != nil {
			return // no more is promised than that nothing panics
		}
		if !json.Valid(data) {
			t.Fatalf("accepted %q", data)
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(data, &object) == nil && object != nil {
			if !isObject || len(members) != len(object) {
				t.Fatalf("%q: got %d members (%v), want %d", data, len(members), isObject, len(object))
			}
			for _, m := range members {
				if diff := cmp.Diff(string(object[m.name]), string(m.value)); diff != "" {
					t.Errorf("member %q (-want +got):\n%s", m.name, diff)
				}
			}
		}
		var array []json.RawMessage
		if json.Unmarshal(data, &array) == nil && array != nil {
			if !isArray || len(list) != len(array) {
				t.Fatalf("%q: got %d elements (%v), want %d", data, len(list), isArray, len(array))
			}
			for i := range list {
				if !bytes.Equal(list[i], array[i]) {
					t.Errorf("element %d: got %q, want %q", i, list[i], array[i])
				}
			}
		}
	})
}
