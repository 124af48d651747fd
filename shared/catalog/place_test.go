package catalog_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
)

// way is an operation by which a client can bring a URI in, in a world of its own.
type way struct {
	name   string
	fields []string
	// ready prepares the world and gives what sends a field with a URI.
	ready func(w *world) func(field, uri string) error
	reads bool // the URI is in a file, which firn reads with a key of its own
}

var paths = []string{"write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path"}

var inDocument = append([]string{"location", "manifest-list", "statistics", "partition-statistics"}, paths...)

var ways = []way{
	{"create", append([]string{"location"}, paths...), func(w *world) func(string, string) error {
		return func(field, uri string) error { return w.createWith(field, uri, false) }
	}, false},
	{"stage", append([]string{"location"}, paths...), func(w *world) func(string, string) error {
		return func(field, uri string) error { return w.createWith(field, uri, true) }
	}, false},
	{"commit", inDocument, func(w *world) func(string, string) error {
		_, err := w.create("t")
		w.must(err)
		return func(field, uri string) error {
			_, err := w.commit("t", change(`[]`, "["+updateWith(field, uri)+"]"))
			return err
		}
	}, false},
	{"commit of a staged table", inDocument, func(w *world) func(string, string) error {
		staged, err := w.stage("t", catalog.Delegation{})
		w.must(err)
		return func(field, uri string) error {
			_, err := w.commit("t", ofStaged(staged, updateWith(field, uri)))
			return err
		}
	}, false},
	{"register", append([]string{"metadata-log", "manifests"}, inDocument...), func(w *world) func(string, string) error {
		return func(field, uri string) error {
			const file = "s3://lake/c/a/t/x/metadata/00000-x.metadata.json"
			w.leave(file, document("s3://lake/c/a/t", func(doc map[string]any) { documentWith(doc, field, uri) }))
			_, err := w.register("t", file, vended)
			return err
		}
	}, true},
	{"register a file", []string{"metadata-location"}, func(w *world) func(string, string) error {
		return func(_, uri string) error {
			_, err := w.register("t", uri, vended)
			return err
		}
	}, false},
	{"create view", append([]string{"location"}, paths...), func(w *world) func(string, string) error {
		return func(field, uri string) error {
			_, err := w.createView("t", memberWith(field, uri))
			return err
		}
	}, false},
	{"replace view", append([]string{"location"}, paths...), func(w *world) func(string, string) error {
		_, err := w.createView("t")
		w.must(err)
		return func(field, uri string) error {
			_, err := w.commitView("t", viewChange("["+updateWith(field, uri)+"]"))
			return err
		}
	}, false},
	{"register view", append([]string{"location"}, paths...), func(w *world) func(string, string) error {
		return func(field, uri string) error {
			const file = "s3://lake/c/a/t/x/metadata/00000-x.metadata.json"
			w.leave(file, viewDocument("s3://lake/c/a/t", func(doc map[string]any) { documentWith(doc, field, uri) }))
			_, err := w.RegisterView(w.t.Context(), w.admin, "c", []string{"a"}, "t", file)
			return err
		}
	}, true},
	{"register a view's file", []string{"metadata-location"}, func(w *world) func(string, string) error {
		return func(_, uri string) error {
			_, err := w.RegisterView(w.t.Context(), w.admin, "c", []string{"a"}, "t", uri)
			return err
		}
	}, false},
}

// memberWith is the member of a create's request that brings a URI in.
func memberWith(field, uri string) string {
	key, _ := json.Marshal(field)
	value, _ := json.Marshal(uri)
	member := string(key) + ":" + string(value)
	if field != "location" {
		member = `"properties":{` + member + `}`
	}
	return member
}

func (w *world) createWith(field, uri string, staged bool) error {
	member := memberWith(field, uri)
	create := func() (err error) { _, err = w.create("t", member); return }
	if staged {
		create = func() (err error) { _, err = w.stage("t", vended, member); return }
	}
	return create()
}

// updateWith is the update of a commit that brings a URI in.
func updateWith(field, uri string) string {
	value, _ := json.Marshal(uri)
	switch field {
	case "location":
		return `{"action":"set-location","location":` + string(value) + `}`
	case "manifest-list":
		return `{"action":"add-snapshot","snapshot":{"snapshot-id":1,"sequence-number":1,"timestamp-ms":1796990400000,"schema-id":0,
			"summary":{"operation":"append"},"manifest-list":` + string(value) + `}}`
	case "statistics":
		return `{"action":"set-statistics","snapshot-id":1,"statistics":{"snapshot-id":1,"statistics-path":` + string(value) + `,
			"file-size-in-bytes":1,"file-footer-size-in-bytes":1,"blob-metadata":[]}}`
	case "partition-statistics":
		return `{"action":"set-partition-statistics","partition-statistics":{"snapshot-id":1,"statistics-path":` + string(value) + `,"file-size-in-bytes":1}}`
	}
	return fmt.Sprintf(`{"action":"set-properties","updates":{%q:%s}}`, field, value)
}

// documentWith puts a URI into a document.
func documentWith(doc map[string]any, field, uri string) {
	one := func(m map[string]any) []any { return []any{m} }
	switch field {
	case "location":
		doc["location"] = uri
	case "manifest-list", "manifests":
		doc["last-sequence-number"] = 1
		doc["snapshots"] = one(map[string]any{"snapshot-id": 1, "sequence-number": 1, "timestamp-ms": 1_790_000_000_000, "schema-id": 0,
			"summary": map[string]any{"operation": "append"}, field: map[string]any{"manifest-list": uri, "manifests": []any{uri}}[field]})
	case "statistics":
		doc["statistics"] = one(map[string]any{"snapshot-id": 1, "statistics-path": uri, "file-size-in-bytes": 1, "file-footer-size-in-bytes": 1, "blob-metadata": []any{}})
	case "partition-statistics":
		doc["partition-statistics"] = one(map[string]any{"snapshot-id": 1, "statistics-path": uri, "file-size-in-bytes": 1})
	case "metadata-log":
		doc["metadata-log"] = one(map[string]any{"timestamp-ms": 1_789_000_000_000, "metadata-file": uri})
	default:
		doc["properties"] = map[string]any{field: uri}
	}
}

// refusedURIs are refused in every field.
var refusedURIs = []struct {
	name, uri string
	want      fault.Kind
}{
	{"another bucket", "s3://other/c/a/t/x", fault.Forbidden},
	{"another kind of store", "gs://lake/c/a/t/x", fault.Forbidden},
	{"another namespace", "s3://lake/c/b/x", fault.Forbidden},
	{"a sibling that begins alike", "s3://lake/c/a2/x", fault.Forbidden},
	{"a segment that goes up", "s3://lake/c/a/t/../../b/x", fault.Argument},
	{"an encoded segment that goes up", "s3://lake/c/a/t/%2e%2e/%2e%2e/b/x", fault.Argument},
	{"a whole bucket", "s3://lake", fault.Argument},
	{"a wildcard", "s3://lake/c/a/t/*", fault.Argument},
	{"a policy variable", "s3://lake/c/a/t/${aws:userid}", fault.Argument},
	{"a control character", "s3://lake/c/a/t/x\n", fault.Argument},
	{"an empty segment", "s3://lake/c/a//t/x", fault.Argument},
	{"a backslash", `s3://lake/c/a/t\x`, fault.Argument},
	{"user information", "s3://u@lake/c/a/t/x", fault.Argument},
	{"no scheme", "c/a/t/x", fault.Argument},
	{"nothing", "", fault.Argument},
}

func TestEveryURIIsJudgedBeforeAnyEffect(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			w := newWorld(t)
			send := way.ready(w)
			for _, field := range way.fields {
				for _, row := range refusedURIs {
					if row.uri == "" && field == "location" {
						continue // firn chooses one
					}
					w.take()
					expect(t, field+": "+row.name, send(field, row.uri), row.want)
					u := w.take()
					if way.reads {
						u.Mints, u.Gets = u.ForClients, 0
					}
					if !u.quiet() {
						t.Errorf("%s: %s: got an effect: %+v", field, row.name, u)
					}
				}
			}
		})
	}
}

func TestEveryURIMayBeWithinTheTable(t *testing.T) {
	for _, way := range ways {
		for _, field := range way.fields {
			for _, uri := range []string{"s3://lake/c/a/t/x", "s3a://lake/c/a/t/x"} {
				if field == "metadata-location" {
					continue // the other fields are registered with one
				}
				t.Run(way.name+" "+field+" "+uri[:3], func(t *testing.T) {
					t.Parallel()
					expect(t, uri, way.ready(newWorld(t))(field, uri), 0)
				})
			}
		}
	}
}
