package catalog_test

import (
	"strings"
	"testing"

	"firn/shared/fault"
)

// Whoever may write to a table may change its metadata file by hand. What that then names is not the table's: a commit
// that moves nothing must not make it so, where the catalog would allow the folder and nobody claimed it for the table.
func TestACommitDoesNotMoveATableByItsFile(t *testing.T) {
	rows := []struct {
		name   string
		change func(doc string) string
		want   fault.Kind
	}{
		{"as it was", func(doc string) string { return doc }, 0},
		{"location", func(doc string) string { return strings.Replace(doc, `"s3://lake/c/a/t"`, `"s3://lake/c/a/victim"`, 1) }, fault.Invalid},
		{"location by another scheme", func(doc string) string {
			return strings.Replace(doc, `"s3://lake/c/a/t"`, `"s3a://lake/c/a/victim"`, 1)
		}, fault.Invalid},
		{"location around it", func(doc string) string { return strings.Replace(doc, `"s3://lake/c/a/t"`, `"s3://lake/c/a"`, 1) }, fault.Invalid},
		{"location within it", func(doc string) string { return strings.Replace(doc, `"s3://lake/c/a/t"`, `"s3://lake/c/a/t/x"`, 1) }, 0},
		{"write.data.path", named("write.data.path"), fault.Invalid},
		{"write.metadata.path", named("write.metadata.path"), fault.Invalid},
		{"write.object-storage.path", named("write.object-storage.path"), fault.Invalid},
		{"write.folder-storage.path", named("write.folder-storage.path"), fault.Invalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.set(unstructured, "true")
			w.must(makeTable("victim", "s3://lake/c/a/victim")(w))
			made, err := w.create("t", at("s3://lake/c/a/t"))
			w.must(err)
			w.leave(made.MetadataLocation, row.change(string(made.Metadata)))
			w.keep("t", nil)
			w.restart()
			w.take()
			_, err = w.commit("t", put("x", "1"))
			expect(t, "commit", err, row.want)
			if u := w.take(); row.want != 0 && u.KV.Writes+u.KV.Transactions+u.Puts > 0 {
				t.Errorf("got effects %+v", u)
			}
		})
	}
}

// named makes a document's property name the victim's folder.
func named(property string) func(string) string {
	return func(doc string) string {
		return strings.Replace(doc, `"properties":{`, `"properties":{"`+property+`":"s3://lake/c/a/victim",`, 1)
	}
}
