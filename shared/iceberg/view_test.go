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

const viewUUID = "fa6506c3-7681-40c8-86dc-e36561f83385"

func viewSample(t testing.TB, name string) []byte {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("testdata", "view", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func mustParseView(t testing.TB, doc []byte) *iceberg.View {
	t.Helper()
	v, err := iceberg.ParseView(doc)
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return v
}

// viewRequest is a create's body; members are replaced or added by JSON.
func viewRequest(members ...string) string {
	body := map[string]json.RawMessage{}
	for _, m := range append([]string{`"schema":{"type":"struct","schema-id":7,"fields":[{"id":1,"name":"x","required":false,"type":"int"}]}`,
		`"view-version":` + viewVersionJSON(5, 3, "spark", "select 1"), `"properties":{"a":"b"}`}, members...) {
		if err := json.Unmarshal([]byte("{"+m+"}"), &body); err != nil {
			panic(err)
		}
	}
	text, _ := json.Marshal(body)
	return string(text)
}

// viewVersionJSON is a version; each further pair is a dialect and its query.
func viewVersionJSON(id, schema int, queries ...string) string {
	var reps []map[string]string
	for i := 0; i+1 < len(queries); i += 2 {
		reps = append(reps, map[string]string{"type": "sql", "dialect": queries[i], "sql": queries[i+1]})
	}
	text, _ := json.Marshal(map[string]any{"version-id": id, "schema-id": schema, "timestamp-ms": 5000 + id, "summary": map[string]string{"engine-name": "e"},
		"default-namespace": []string{"n"}, "representations": reps})
	return string(text)
}

func makeView(t testing.TB, members ...string) *iceberg.View {
	t.Helper()
	req, err := iceberg.DecodeCreateView([]byte(viewRequest(members...)))
	if err != nil {
		t.Fatal(err)
	}
	v, err := iceberg.CreateView(req, viewUUID, "s3://b/v/", nowMS)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func replaceView(base *iceberg.View, updates string) (*iceberg.View, bool, error) {
	decoded, err := iceberg.DecodeViewUpdates([]byte(updates))
	if err != nil {
		return nil, false, err
	}
	return iceberg.ApplyView(base, decoded, iceberg.At{NowMS: nowMS + 1000})
}

func mustReplace(t testing.TB, base *iceberg.View, updates string) *iceberg.View {
	t.Helper()
	next, changed, err := replaceView(base, updates)
	if err != nil || !changed {
		t.Fatalf("got changed %v, %v, want another version", changed, err)
	}
	return next
}

// addAndSet replaces the current version.
func addAndSet(version string) string {
	return `[{"action":"add-view-version","view-version":` + version + `},{"action":"set-current-view-version","view-version-id":-1}]`
}

// history shows the versions, the current one in brackets, and the log.
func history(t testing.TB, v *iceberg.View) string {
	t.Helper()
	var doc struct {
		Current  int `json:"current-version-id"`
		Versions []struct {
			ID int `json:"version-id"`
		}
		Log []struct {
			ID int   `json:"version-id"`
			MS int64 `json:"timestamp-ms"`
		} `json:"version-log"`
	}
	if err := json.Unmarshal(v.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, w := range doc.Versions {
		id := string(number(w.ID))
		if w.ID == doc.Current {
			id = "[" + id + "]"
		}
		out = append(out, id)
	}
	out = append(out, "|")
	for _, e := range doc.Log {
		out = append(out, string(number(e.ID)))
	}
	return strings.Join(out, " ")
}

func number(n int) []byte { text, _ := json.Marshal(n); return text }

func TestCreateViewWritesTheFirstVersion(t *testing.T) {
	got := decode(t, makeView(t).Bytes())
	want := decode(t, []byte(`{"view-uuid":"`+viewUUID+`","format-version":1,"location":"s3://b/v","properties":{"a":"b"},
		"schemas":[{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"x","required":false,"type":"int"}]}],
		"current-version-id":1,"versions":[{"version-id":1,"timestamp-ms":1700000000000,"schema-id":0,"summary":{"engine-name":"e"},"default-namespace":["n"],
		"representations":[{"type":"sql","sql":"select 1","dialect":"spark"}]}],"version-log":[{"version-id":1,"timestamp-ms":1700000000000}]}`))
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if v := makeView(t, `"properties":{}`); strings.Contains(string(v.Bytes()), "properties") {
		t.Errorf("got %s, want no properties where there are none", v.Bytes())
	}
}

func TestCreateViewRefuses(t *testing.T) {
	twice := viewVersionJSON(1, 0, "Spark", "select 1", "sPARK", "select 2")
	rows := []struct {
		name, body string
		kind       fault.Kind
		message    string
	}{
		{"a list", `[]`, fault.Argument, "Cannot parse create view request from a non-object: []"},
		{"no JSON", `{`, fault.Malformed, "Cannot parse create view request: unexpected end of JSON"},
		{"a name twice", `{"location":"s3://b/v","location":"s3://b/w"}`, fault.Malformed, `Cannot parse create view request: name "location" twice in an object`},
		{"no version", `{"schema":{}}`, fault.Argument, "Cannot parse missing field: view-version"},
		{"no schema", `{"view-version":{}}`, fault.Argument, "Cannot parse missing field: schema"},
		{"a schema that is none", viewRequest(`"schema":{"type":"list"}`), fault.Argument, ""},
		{"a location that is no text", viewRequest(`"location":1`), fault.Argument, "Cannot parse to a string value: location: 1"},
		{"a property that is no text", viewRequest(`"properties":{"a":1}`), fault.Argument, "Cannot parse to a string value: a: 1"},
		{"no query", viewRequest(`"view-version":` + viewVersionJSON(1, 0)), fault.Argument, "Cannot parse missing field: representations"},
		{"an empty list of queries", viewRequest(`"view-version":` + strings.Replace(viewVersionJSON(1, 0), "null", "[]", 1)), fault.Invalid, "Cannot create view without specifying a query"},
		{"a dialect twice", viewRequest(`"view-version":` + twice), fault.Argument, "Invalid view version: Cannot add multiple queries for dialect spark"},
		{"no summary", viewRequest(`"view-version":` + strings.Replace(viewVersionJSON(1, 0, "s", "q"), "summary", "x", 1)), fault.Argument, "Cannot parse missing map: summary"},
		{"no namespace", viewRequest(`"view-version":` + strings.Replace(viewVersionJSON(1, 0, "s", "q"), "default-namespace", "x", 1)), fault.Argument, "Cannot parse missing list: default-namespace"},
		{"no time", viewRequest(`"view-version":` + strings.Replace(viewVersionJSON(1, 0, "s", "q"), "timestamp-ms", "x", 1)), fault.Argument, "Cannot parse missing long: timestamp-ms"},
		{"a representation of no kind", viewRequest(`"view-version":` + strings.Replace(viewVersionJSON(1, 0, "s", "q"), `"type":"sql"`, `"type":"plan"`, 1)), fault.Argument, "Found unsupported view representations: [plan]"},
		{"a representation without a dialect", viewRequest(`"view-version":` + strings.Replace(viewVersionJSON(1, 0, "s", "q"), `"dialect":"s"`, `"x":"s"`, 1)), fault.Argument, "Cannot parse missing string: dialect"},
		{"a codec that is none", viewRequest(`"properties":{"write.metadata.compression-codec":"zip"}`), fault.Argument, "Invalid codec name: zip"},
		{"a history of nothing", viewRequest(`"properties":{"version.history.num-entries":"0"}`), fault.Argument, "version.history.num-entries must be positive but was 0"},
		{"a history of no number", viewRequest(`"properties":{"version.history.num-entries":"x"}`), fault.Argument, `For input string: "x"`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			req, err := iceberg.DecodeCreateView([]byte(row.body))
			if err == nil {
				_, err = iceberg.CreateView(req, viewUUID, "s3://b/v", nowMS)
			}
			wantFault(t, err, row.kind, row.message)
		})
	}
	req, err := iceberg.DecodeCreateView([]byte(viewRequest()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = iceberg.CreateView(req, viewUUID, "/", nowMS)
	wantFault(t, err, fault.Argument, "path must not be null or empty")
}

func TestParseViewReadsTheSamples(t *testing.T) {
	valid := mustParseView(t, viewSample(t, "ValidViewMetadata"))
	if comment, _ := valid.Property("comment"); valid.UUID() != viewUUID || valid.Location() != "s3://bucket/test/location" || valid.FormatVersion() != 1 || comment != "some-comment" {
		t.Errorf("got %s at %s in version %d with comment %q", valid.UUID(), valid.Location(), valid.FormatVersion(), comment)
	}
	next := mustReplace(t, valid, `[{"action":"set-properties","updates":{"comment":"new"}}]`)
	want := decode(t, viewSample(t, "ValidViewMetadata"))
	want["properties"].(map[string]any)["comment"] = "new"
	delete(want, "current-schema-id") // of an older format: dropped
	if diff := cmp.Diff(decode(t, next.Bytes()), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	// Old writers let a dialect have two queries. It can be read, and put right.
	broken := mustParseView(t, viewSample(t, "ViewMetadataMultipleSQLsForDialect"))
	if got := history(t, mustReplace(t, broken, addAndSet(viewVersionJSON(2, 0, "spark-sql", "select 1")))); got != "1 [2] | 1 2" {
		t.Errorf("got %s, want another version", got)
	}
}

func TestParseViewRefuses(t *testing.T) {
	valid := string(viewSample(t, "ValidViewMetadata"))
	edit := func(old, new string) string {
		if strings.Count(valid, old) < 1 {
			t.Fatalf("%q is not in the sample", old)
		}
		return strings.Replace(valid, old, new, 1)
	}
	rows := []struct {
		name, doc string
		kind      fault.Kind
		message   string
	}{
		{"no JSON", `{`, fault.Malformed, "Cannot parse view metadata: unexpected end of JSON"},
		{"a list", `[]`, fault.Argument, "Cannot parse view metadata from non-object: []"},
		{"a table's", string(sample(t, "V2Valid")), fault.Argument, "Cannot parse missing string: view-uuid"},
		{"no location", string(viewSample(t, "ViewMetadataMissingLocation")), fault.Argument, "Cannot parse missing string: location"},
		{"no current version", string(viewSample(t, "ViewMetadataMissingCurrentVersion")), fault.Argument, "Cannot parse missing int: current-version-id"},
		{"a current version that is not there", string(viewSample(t, "ViewMetadataInvalidCurrentVersion")), fault.Argument, "Cannot find current version 1234 in view versions: [1, 2]"},
		{"a current schema that is not there", string(viewSample(t, "ViewMetadataInvalidCurrentSchema")), fault.Argument, "Cannot find current schema with id 1234 in schemas: [1]"},
		{"an empty location", edit(`"s3://bucket/test/location"`, `"/"`), fault.Argument, "path must not be null or empty"},
		{"a location twice", edit(`"format-version"`, `"location":"s3://other","format-version"`), fault.Malformed, `Cannot parse view metadata: name "location" twice in an object`},
		{"version 0", edit(`"format-version": 1`, `"format-version": 0`), fault.Argument, "Unsupported format version: 0"},
		{"version 2", edit(`"format-version": 1`, `"format-version": 2`), fault.Argument, "Unsupported format version: 2"},
		{"a version twice", edit(`"version-id": 1,`, `"version-id": 2,`), fault.Argument, "Multiple entries with the same id: view version 2"},
		{"a schema twice", edit(`"schemas": [`, `"schemas": [{"type":"struct","schema-id":0,"fields":[]},`), fault.Argument, "Multiple entries with the same id: schema 0"},
		{"versions that are no list", edit(`"versions": [`, `"versions": {}, "was": [`), fault.Argument, "Cannot parse versions from non-array: {}"},
		{"a log that is no list", edit(`"version-log": [`, `"version-log": {}, "was": [`), fault.Argument, "Cannot parse version-log from non-array: {}"},
		{"schemas that are no list", edit(`"schemas": [`, `"schemas": {}, "was": [`), fault.Argument, "Cannot parse schemas from non-array: {}"},
		{"a property that is no text", edit(`"some-value"`, `1`), fault.Argument, "Cannot parse to a string value: some-key: 1"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := iceberg.ParseView([]byte(row.doc))
			wantFault(t, err, row.kind, row.message)
			_, err = iceberg.ParseForeignView([]byte(row.doc))
			wantFault(t, err, row.kind, "")
		})
	}
}

// withCatalog adds a version that differs from another of its kind by its default catalog alone.
func withCatalog(name string) string {
	version := strings.Replace(viewVersionJSON(3, 0, "spark", "select 3"), `"summary"`, `"default-catalog":"`+name+`","summary"`, 1)
	return `{"action":"add-view-version","view-version":` + version + `}`
}

func TestApplyView(t *testing.T) {
	rows := []struct {
		name, updates string
		want          string // the history; empty: nothing changes
	}{
		{"nothing", `[]`, ""},
		{"the same uuid", `[{"action":"assign-uuid","uuid":"` + viewUUID + `"}]`, ""},
		{"the same format", `[{"action":"upgrade-format-version","format-version":1}]`, ""},
		{"the same location", `[{"action":"set-location","location":"s3://b/v/"}]`, ""},
		{"no properties", `[{"action":"set-properties","updates":{}},{"action":"remove-properties","removals":[]}]`, ""},
		{"a schema that is there", `[{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"x","required":false,"type":"int"}]}}]`, ""},
		{"the version that is current", `[{"action":"set-current-view-version","view-version-id":2}]`, ""},
		{"a version that is there", `[{"action":"add-view-version","view-version":` + viewVersionJSON(9, 0, "spark", "select 1") + `}]`, ""},
		{"a property", `[{"action":"SET-PROPERTIES","updated":{"k":"v"}}]`, "1 [2] | 1 2"},
		{"without a property", `[{"action":"remove-properties","removed":["a","none"]}]`, "1 [2] | 1 2"},
		{"a version, its id taken", addAndSet(viewVersionJSON(1, 0, "spark", "select 3")), "1 2 [3] | 1 2 3"},
		{"a version, its id free", addAndSet(viewVersionJSON(9, 0, "spark", "select 3")), "1 2 [9] | 1 2 9"},
		{"a version that is not made current", `[{"action":"add-view-version","view-version":` + viewVersionJSON(3, 0, "spark", "select 3") + `}]`, "1 [2] 3 | 1 2"},
		{"back to the first", `[{"action":"set-current-view-version","view-version-id":1}]`, "[1] 2 | 1 2 1"},
		{"there and back", `[{"action":"set-current-view-version","view-version-id":1},{"action":"set-current-view-version","view-version-id":2}]`, "1 [2] | 1 2 2"},
		{"another dialect", addAndSet(viewVersionJSON(3, 0, "Spark", "select 3", "trino", "select 3")), "1 2 [3] | 1 2 3"},
		{"a dialect less, which is allowed", `[{"action":"set-properties","updates":{"replace.drop-dialect.allowed":"TRUE"}},` + addAndSet(viewVersionJSON(3, 0, "trino", "select 3"))[1:], "1 2 [3] | 1 2 3"},
		{"a version of a new schema", `[{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"y","required":false,"type":"int"}]}},` +
			addAndSet(viewVersionJSON(3, -1, "spark", "select 3"))[1:], "1 2 [3] | 1 2 3"},
		{"a version of a schema that another has just added", `[{"action":"add-schema","schema":{"type":"struct","fields":[{"id":1,"name":"x","required":false,"type":"int"}]}},` +
			addAndSet(viewVersionJSON(3, -1, "spark", "select 3"))[1:], "1 2 [3] | 1 2 3"},
		{"the same but for the schema", `[{"action":"add-schema","schema":{"type":"struct","fields":[]}},` + addAndSet(viewVersionJSON(3, 1, "spark", "select 2"))[1:], "1 2 [3] | 1 2 3"},
		{"twice the same but for the default catalog", `[` + withCatalog("c") + `,` + withCatalog("d") + `]`, "1 [2] 3 4 | 1 2"},
		{"twice the same default catalog", `[` + withCatalog("c") + `,` + withCatalog("c") + `]`, "1 [2] 3 | 1 2"},
		{"twice the same", `[{"action":"add-view-version","view-version":` + viewVersionJSON(3, 0, "spark", "select 3") + `},` + addAndSet(viewVersionJSON(4, 0, "spark", "select 3"))[1:], "1 2 [3] | 1 2 3"},
	}
	second := viewVersionJSON(2, 0, "spark", "select 2")
	base := mustReplace(t, makeView(t), addAndSet(second))
	for name, edit := range map[string][2]string{
		"another namespace": {`["n"]`, `["m"]`}, "another summary": {`"engine-name":"e"`, `"engine-name":"f"`}, "a default catalog": {`"summary"`, `"default-catalog":"c","summary"`}} {
		rows = append(rows, struct{ name, updates, want string }{"the same but for " + name, addAndSet(strings.Replace(second, edit[0], edit[1], 1)), "1 2 [3] | 1 2 3"})
	}
	before := string(base.Bytes())
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			next, changed, err := replaceView(base, row.updates)
			if err != nil {
				t.Fatal(err)
			}
			if changed != (row.want != "") || !changed && next != base {
				t.Errorf("got changed %v, want %v", changed, row.want != "")
			}
			if got := history(t, next); changed && got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
			mustParseView(t, next.Bytes())
			if string(base.Bytes()) != before {
				t.Error("the base was changed")
			}
		})
	}
}

func TestApplyViewRefuses(t *testing.T) {
	rows := []struct {
		name, updates string
		kind          fault.Kind
		message       string
	}{
		{"another uuid", `[{"action":"assign-uuid","uuid":"u"}]`, fault.Argument, "Cannot reassign uuid"},
		{"an older format", `[{"action":"upgrade-format-version","format-version":0}]`, fault.Argument, "Cannot downgrade v1 view to v0"},
		{"a newer format", `[{"action":"upgrade-format-version","format-version":2}]`, fault.Argument, "Unsupported format version: 2"},
		{"no location", `[{"action":"set-location","location":"/"}]`, fault.Argument, "path must not be null or empty"},
		{"a version that is not there", `[{"action":"set-current-view-version","view-version-id":9}]`, fault.Argument, "Cannot set current version to unknown version: 9"},
		{"the last version of none", `[{"action":"set-current-view-version","view-version-id":-1}]`, fault.Invalid, "Cannot set last version id: no current version id has been set"},
		{"the last version, which was there", addAndSet(viewVersionJSON(2, 0, "spark", "select 1")), fault.Invalid, "Cannot set last version id: no current version id has been set"},
		{"the last version, which was there, behind a new one", `[` + withCatalog("c") + `,` + addAndSet(viewVersionJSON(2, 0, "spark", "select 1"))[1:], fault.Invalid,
			"Cannot set last version id: no current version id has been set"},
		{"the last schema of none", addAndSet(viewVersionJSON(2, -1, "spark", "select 2")), fault.Invalid, "Cannot set last added schema: no schema has been added"},
		{"a schema that is not there", addAndSet(viewVersionJSON(2, 7, "spark", "select 2")), fault.Argument, "Cannot add version with unknown schema: 7"},
		{"a dialect twice", addAndSet(viewVersionJSON(2, 0, "trino", "select 2", "TRINO", "select 3")), fault.Argument, "Invalid view version: Cannot add multiple queries for dialect trino"},
		{"a dialect less", addAndSet(viewVersionJSON(2, 0, "trino", "select 2", "flink", "select 2")), fault.Invalid,
			"Cannot replace view due to loss of view dialects (replace.drop-dialect.allowed=false):\nPrevious dialects: [spark]\nNew dialects: [trino, flink]"},
		{"a history of nothing", `[{"action":"set-properties","updates":{"version.history.num-entries":"-1"}}]`, fault.Argument, "version.history.num-entries must be positive but was -1"},
		{"a path that is empty", `[{"action":"set-properties","updates":{"write.metadata.path":""}}]`, fault.Argument, "path must not be null or empty"},
		{"a table's update", `[{"action":"set-current-schema","schema-id":0}]`, fault.Malformed, "Cannot convert metadata update action to json: set-current-schema"},
		{"no update", `[{"action":"none"}]`, fault.Malformed, "Cannot convert metadata update action to json: none"},
		{"no version", `[{"action":"add-view-version"}]`, fault.Malformed, "Cannot parse missing field: view-version"},
		{"no id", `[{"action":"set-current-view-version"}]`, fault.Malformed, "Cannot parse missing int: view-version-id"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := replaceView(makeView(t), row.updates)
			wantFault(t, err, row.kind, row.message)
		})
	}
	t.Run("ids that are used up", func(t *testing.T) {
		last := mustReplace(t, makeView(t), addAndSet(viewVersionJSON(1<<31-1, 0, "spark", "select 2")))
		_, _, err := replaceView(last, addAndSet(viewVersionJSON(3, 0, "spark", "select 3")))
		wantFault(t, err, fault.Argument, "")
	})
	t.Run("a view's update of a table", func(t *testing.T) {
		_, err := iceberg.DecodeUpdates([]byte(`[{"action":"set-current-view-version","view-version-id":1}]`))
		wantFault(t, err, fault.Malformed, "Cannot convert metadata update action to json: set-current-view-version")
	})
}

// The log says since when: when the version was made, if that was in the commit, else when it was made current again.
func TestViewLogTimes(t *testing.T) {
	v := mustReplace(t, makeView(t), addAndSet(viewVersionJSON(2, 0, "spark", "select 2")))
	v = mustReplace(t, v, `[{"action":"set-current-view-version","view-version-id":1}]`)
	var got []float64
	for _, e := range decode(t, v.Bytes())["version-log"].([]any) {
		got = append(got, e.(map[string]any)["timestamp-ms"].(float64))
	}
	if diff := cmp.Diff(got, []float64{float64(nowMS), 5002, float64(nowMS + 1000)}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestViewVersionsExpire(t *testing.T) {
	add := func(ids ...int) string {
		var all []string
		for _, id := range ids {
			all = append(all, `{"action":"add-view-version","view-version":`+viewVersionJSON(id, 0, "spark", "select "+string(number(id)))+`}`)
		}
		return "[" + strings.Join(all, ",") + "]"
	}
	const current = `{"action":"set-current-view-version","view-version-id":-1}`
	keep := func(n string) string { return `"properties":{"version.history.num-entries":"` + n + `"}` }
	rows := []struct {
		name  string
		view  *iceberg.View
		steps []string
		want  string
	}{
		{"ten are kept", makeView(t), []string{add(2, 3, 4, 5, 6), add(7, 8, 9, 10), add(11)}, "[1] 3 4 5 6 7 8 9 10 11 | 1"},
		{"as many as the view says", makeView(t, keep("2")), []string{addAndSet(viewVersionJSON(2, 0, "spark", "2")), addAndSet(viewVersionJSON(3, 0, "spark", "3"))}, "2 [3] | 2 3"},
		{"all that the commit added, and the current one", makeView(t, keep("1")), []string{add(2, 3, 4)}, "[1] 2 3 4 | 1"},
		{"the current one, however old", makeView(t, keep("1")), []string{add(2)[:len(add(2))-1] + "," + current + "]", add(3), add(4)}, "[2] 4 | 2"},
		{"the log begins behind the last that is gone", makeView(t, keep("2")), []string{addAndSet(viewVersionJSON(2, 0, "spark", "2")),
			`[{"action":"set-current-view-version","view-version-id":1}]`, addAndSet(viewVersionJSON(3, 0, "spark", "3"))}, "2 [3] | 3"},
	}
	descending := strings.Replace(string(mustReplace(t, makeView(t), add(2, 3)).Bytes()), `"versions":[`, `"versions":[`+viewVersionJSON(4, 0, "spark", "select 4")+`,`, 1)
	rows = append(rows, struct {
		name  string
		view  *iceberg.View
		steps []string
		want  string
	}{"the oldest go first, however they are listed", mustParseView(t, []byte(descending)), []string{`[{"action":"set-properties","updates":{"version.history.num-entries":"2"}}]`}, "4 [1] | 1"})
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			v := row.view
			for _, s := range row.steps {
				v = mustReplace(t, v, s)
			}
			if got := history(t, v); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestCheckView(t *testing.T) {
	rows := []struct {
		name, requirements string
		kind               fault.Kind
		message            string
	}{
		{"none", `[]`, 0, ""},
		{"its uuid", `[{"type":"assert-view-uuid","uuid":"` + strings.ToUpper(viewUUID) + `"}]`, 0, ""},
		{"another uuid", `[{"type":"assert-view-uuid","uuid":"u"}]`, fault.CommitFailed, "Requirement failed: view UUID does not match: expected " + viewUUID + " != u"},
		{"a table's uuid", `[{"type":"assert-table-uuid","uuid":"u"}]`, fault.Invalid, "Cannot validate AssertTableUUID against a view"},
		{"that it is not there", `[{"type":"assert-create"}]`, fault.Invalid, "Cannot validate AssertTableDoesNotExist against a view"},
		{"a reference", `[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":1}]`, fault.Invalid, "Cannot validate AssertRefSnapshotID against a view"},
		{"a field id", `[{"type":"assert-last-assigned-field-id","last-assigned-field-id":1}]`, fault.Invalid, "Cannot validate AssertLastAssignedFieldId against a view"},
		{"a schema id", `[{"type":"assert-current-schema-id","current-schema-id":1}]`, fault.Invalid, "Cannot validate AssertCurrentSchemaID against a view"},
		{"a partition id", `[{"type":"assert-last-assigned-partition-id","last-assigned-partition-id":1}]`, fault.Invalid, "Cannot validate AssertLastAssignedPartitionId against a view"},
		{"a spec id", `[{"type":"assert-default-spec-id","default-spec-id":1}]`, fault.Invalid, "Cannot validate AssertDefaultSpecID against a view"},
		{"an order id", `[{"type":"assert-default-sort-order-id","default-sort-order-id":1}]`, fault.Invalid, "Cannot validate AssertDefaultSortOrderID against a view"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			reqs, err := iceberg.DecodeRequirements([]byte(row.requirements))
			if err != nil {
				t.Fatal(err)
			}
			err = iceberg.CheckView(makeView(t), reqs)
			if row.kind == 0 && err == nil {
				return
			}
			wantFault(t, err, row.kind, row.message)
		})
	}
}

func TestViewReferences(t *testing.T) {
	base := makeView(t, `"properties":{"write.metadata.path":"s3://b/m"}`)
	want := []iceberg.Reference{{Field: "location", URI: "s3://b/v"}, {Field: "write.metadata.path", URI: "s3://b/m"}}
	if diff := cmp.Diff(base.Added(), want); diff != "" {
		t.Errorf("of a new view (-got +want):\n%s", diff)
	}
	rows := []struct {
		name, updates string
		want          []iceberg.Reference
	}{
		{"no location", `[{"action":"set-properties","updates":{"a":"s3://x"}}]`, []iceberg.Reference{}},
		{"a location", `[{"action":"set-location","location":"s3://b/w"}]`, []iceberg.Reference{{Field: "location", URI: "s3://b/w"}}},
		{"a path", `[{"action":"set-properties","updates":{"write.metadata.path":"s3://b/n"}}]`, []iceberg.Reference{{Field: "write.metadata.path", URI: "s3://b/n"}}},
	}
	for _, row := range rows {
		if diff := cmp.Diff(mustReplace(t, base, row.updates).Added(), row.want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", row.name, diff)
		}
	}
}

func TestViewMetadataFile(t *testing.T) {
	rows := []struct{ name, properties, want string }{
		{"compressed", `{}`, "s3://b/v/metadata/00003-u.gz.metadata.json"},
		{"not compressed", `{"write.metadata.compression-codec":"none"}`, "s3://b/v/metadata/00003-u.metadata.json"},
		{"elsewhere", `{"write.metadata.path":"s3://b/m/"}`, "s3://b/m/00003-u.gz.metadata.json"},
	}
	for _, row := range rows {
		if got := iceberg.ViewMetadataFile(makeView(t, `"properties":`+row.properties), 3, "u"); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

// What ParseView takes is a fixed point of replacing, and never panics.
func FuzzView(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "view", "*.json"))
	if err != nil || len(files) < 6 {
		f.Fatalf("got %v %v, want the samples", files, err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc, []byte(addAndSet(viewVersionJSON(3, 0, "spark-sql", "select 3"))))
		f.Add(doc, []byte(`[{"action":"set-properties","updates":{"version.history.num-entries":"1"}},{"action":"set-location","location":"s3://b/w"}]`))
	}
	f.Fuzz(func(t *testing.T, doc, updates []byte) {
		v, err := iceberg.ParseView(doc)
		if err != nil {
			return
		}
		next, changed, err := replaceView(v, string(updates))
		if err != nil || !changed {
			return
		}
		again := mustParseView(t, next.Bytes())
		if again.Location() != next.Location() || again.UUID() != v.UUID() || history(t, again) != history(t, next) {
			t.Errorf("got %s, want what was written: %s", again.Bytes(), next.Bytes())
		}
		same, _, err := replaceView(again, `[{"action":"set-properties","updates":{"k":"v"}},{"action":"remove-properties","removals":["k"]}]`)
		if _, had := again.Property("k"); err != nil || !had && string(same.Bytes()) != string(next.Bytes()) {
			t.Errorf("got %v %s, want %s", err, same.Bytes(), next.Bytes())
		}
	})
}
