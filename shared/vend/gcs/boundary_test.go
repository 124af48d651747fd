package gcs

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/vend"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestBoundaryTexts(t *testing.T) {
	one, two := "gs://lake/ns/t-4f2a/", "gs://archive/old & new/t/"
	rows := []struct {
		name  string
		grant vend.Grant
	}{
		{"read", grant(t, vend.Read, one)},
		{"list", grant(t, vend.List, one)},
		{"write", grant(t, vend.Write, one)},
		{"write-delete", grant(t, vend.Write|vend.Delete, one)},
		{"everything", grant(t, readWrite, one)},
		{"two-folders-of-a-bucket", grant(t, reader, one, "gs://lake/data/")},
		{"two-buckets", grant(t, readWrite, one, two)},
		{"a-folder-in-another", grant(t, vend.Read, one, "gs://lake/ns/t-4f2a/data/")},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			rules, err := boundary(row.grant)
			if err != nil {
				t.Fatal(err)
			}
			text, err := encodeOptions(rules)
			if err != nil {
				t.Fatal(err)
			}
			got, file := indent(t, text), filepath.Join("testdata", row.name+".json")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestTheLimitsOfABoundary(t *testing.T) {
	long := func(i int) string {
		return fmt.Sprintf("gs://%s/%02d/%s/", strings.Repeat("b", 222), i, strings.Repeat("k", location.MaxFolder-4))
	}
	buckets := func(n int) (out []string) {
		for i := range n {
			out = append(out, fmt.Sprintf("gs://bucket-%d/t/", i))
		}
		return out
	}
	const hint = "The access boundary for %d locations needs %d rules; GCS takes 10. " +
		"Keep the table's location, write.data.path and write.metadata.path in one bucket, best inside one another."
	rows := []struct {
		name    string
		actions vend.Actions
		folders []string
		rules   int
		want    string // error; empty: none
	}{
		{"the longest folder of the longest bucket", readWrite, []string{long(1)}, 4, ""},
		{"two of them fit one condition of objects", vend.Read, []string{long(1), long(2)}, 1, ""},
		{"three of them do not", vend.Read, []string{long(1), long(2), long(3)}, 2, ""},
		{"short folders share a rule", vend.Read, []string{"gs://b/1/", "gs://b/2/", "gs://b/3/", "gs://b/4/"}, 1, ""},
		{"everything in two buckets", readWrite, buckets(2), 8, ""},
		{"everything in three buckets", readWrite, buckets(3), 0, fmt.Sprintf(hint, 3, 12)},
		{"reading ten buckets", vend.Read, buckets(10), 10, ""},
		{"reading eleven buckets", vend.Read, buckets(11), 0, fmt.Sprintf(hint, 11, 11)},
		{"no folders", vend.Read, nil, 0, fmt.Sprintf(hint, 0, 0)},
		{"no actions", 0, buckets(1), 0, fmt.Sprintf(hint, 1, 0)},
		{"delete alone", vend.Delete, buckets(1), 0, "No storage credential can be made: GCS has no role that deletes objects and writes none."},
		{"delete of a reader", reader | vend.Delete, buckets(1), 0, "No storage credential can be made: GCS has no role that deletes objects and writes none."},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			rules, err := boundary(grant(t, row.actions, row.folders...))
			if row.want != "" {
				fails(t, err, fault.Invalid, row.want)
				return
			}
			if err != nil || len(rules) != row.rules {
				t.Errorf("got %d rules and %v, want %d", len(rules), err, row.rules)
			}
			for _, r := range rules {
				if n := len(r.expression()); n > maxCondition {
					t.Errorf("got a condition of %d characters, want at most %d", n, maxCondition)
				}
			}
		})
	}
}

// The property that all of this is for: a token opens an object exactly if its name begins with a granted folder. Both
// ways of narrowing are held to it.
func TestATokenOpensExactlyItsPrefixes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const letters = "ab/.-_%+=@&(),:;! [~]"
	random := func(n int) string {
		b := make([]byte, 1+rng.IntN(n))
		for i := range b {
			b[i] = letters[rng.IntN(len(letters))]
		}
		return string(b)
	}
	exchanging, sealing := newWorld(t, nil), newWorld(t, clientSide)
	allowed := 0
	for tried := 0; tried < 100; {
		prefix, err := location.ParsePrefix("gs://lake/" + random(6))
		if err != nil {
			continue
		}
		tried++
		g := grant(t, readWrite, prefix.String())
		folder := strings.TrimSuffix(prefix.Key(), "/")
		keys := []string{prefix.Key() + random(4), folder, folder + random(4), random(8), "", prefix.Key()}
		for _, w := range []*world{exchanging, sealing} {
			token := w.vend(t, "", g).GCS.Token.Reveal()
			for _, key := range keys {
				want := strings.HasPrefix(key, prefix.Key())
				if want {
					allowed++
				}
				for _, right := range []string{"storage.objects.get", "storage.objects.create", "storage.objects.delete"} {
					if got := w.Allows(token, right, "projects/_/buckets/lake/objects/"+key, nil); got != want {
						t.Errorf("a token for %s: %s of %q is %v, want %v", prefix, right, key, got, want)
					}
				}
				listing := map[string]string{"storage.googleapis.com/objectListPrefix": key}
				if got := w.Allows(token, "storage.objects.list", "projects/_/buckets/lake", listing); got != want {
					t.Errorf("a token for %s: listing %q is %v, want %v", prefix, key, got, want)
				}
				if got := w.Allows(token, "storage.folders.create", "projects/_/buckets/lake/folders/"+key, nil); got != want {
					t.Errorf("a token for %s: making the folder %q is %v, want %v", prefix, key, got, want)
				}
			}
		}
	}
	if allowed < 400 {
		t.Errorf("got %d allowed cases, want at least one for each folder and way", allowed)
	}
}

// What no right on a folder's objects may bring with it.
func TestATokenOpensNothingOfTheBucketItself(t *testing.T) {
	w := newWorld(t, nil)
	token := w.vend(t, "", grant(t, readWrite, "gs://lake/t/")).GCS.Token.Reveal()
	for _, right := range []string{"storage.buckets.get", "storage.objects.list", "storage.multipartUploads.list", "storage.folders.list"} {
		if w.Allows(token, right, "projects/_/buckets/lake", nil) {
			t.Errorf("%s on the bucket is allowed", right)
		}
	}
	for _, right := range []string{"storage.objects.setIamPolicy", "storage.objects.update", "storage.objects.move"} {
		if w.Allows(token, right, "projects/_/buckets/lake/objects/t/a", nil) {
			t.Errorf("%s is allowed", right)
		}
	}
	if w.Allows(token, "storage.managedFolders.create", "projects/_/buckets/lake/managedFolders/t/", nil) {
		t.Error("a managed folder can be made")
	}
}
