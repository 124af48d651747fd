package location

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"firn/shared/fault"

	"github.com/google/go-cmp/cmp"
)

func prefix(t *testing.T, text string) Prefix {
	t.Helper()
	p, err := ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func spell(prefixes []Prefix) []string {
	var out []string
	for _, p := range prefixes {
		out = append(out, p.String())
	}
	return out
}

func TestPrefixSpelling(t *testing.T) {
	tests := []struct{ name, text, text2, want, index string }{
		{"s3", "s3://b/x/y", "s3://b/x/y/", "s3://b/x/y/", "s3/b/x/y/"},
		{"s3a keeps its scheme", "s3a://b/x", "s3a://b/x/", "s3a://b/x/", "s3/b/x/"},
		{"s3n keeps its scheme", "s3n://b/x", "s3n://b/x/", "s3n://b/x/", "s3/b/x/"},
		{"gs", "gs://b/x", "gs://b/x/", "gs://b/x/", "gs/b/x/"},
		{"abfss", "abfss://c@a.dfs.core.windows.net/x", "abfss://c@a.dfs.core.windows.net/x/", "abfss://c@a.dfs.core.windows.net/x/", "adls/a.core.windows.net/c/x/"},
		{"wasb and the blob endpoint", "wasb://c@a.blob.core.windows.net/x", "wasb://c@a.blob.core.windows.net/x/", "wasb://c@a.blob.core.windows.net/x/", "adls/a.core.windows.net/c/x/"},
		{"DNS zone", "abfs://c@a.z1.dfs.storage.azure.net/x", "abfs://c@a.z1.dfs.storage.azure.net/x/", "abfs://c@a.z1.dfs.storage.azure.net/x/", "adls/a.z1.storage.azure.net/c/x/"},
		{"file with one slash", "file:/x", "file:/x/", "file:/x/", "file/x/"},
		{"file with three slashes", "file:///x", "file:///x/", "file:///x/", "file/x/"},
		{"plain path", "/x", "/x/", "/x/", "file/x/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := prefix(t, tt.text)
			if p.String() != tt.want || p.Index() != tt.index {
				t.Errorf("got %q %q, want %q %q", p, p.Index(), tt.want, tt.index)
			}
			if p != prefix(t, tt.text2) {
				t.Errorf("got two prefixes for %q and %q, want one", tt.text, tt.text2)
			}
		})
	}
	p := prefix(t, "abfss://c@a.dfs.core.windows.net/x/y")
	if p.Kind() != ADLS || p.Bucket() != "c" || p.Account() != "a.dfs.core.windows.net" || p.Key() != "x/y/" {
		t.Errorf("got %v %q %q %q", p.Kind(), p.Bucket(), p.Account(), p.Key())
	}
}

func TestCovers(t *testing.T) {
	const azure = "abfss://c@a.dfs.core.windows.net/"
	tests := []struct {
		name, outer, inner string
		covers, back       bool
	}{
		{"child", "s3://b/t", "s3://b/t/data", true, false},
		{"same", "s3://b/t", "s3://b/t/", true, true},
		{"sibling whose name begins alike", "s3://b/t", "s3://b/t2", false, false},
		{"sibling whose name is a folder's with a dash", "s3://b/t", "s3://b/t-/x", false, false},
		{"other bucket", "s3://b/t", "s3://c/t/x", false, false},
		{"bucket whose name begins alike", "s3://b/t", "s3://b2/t/x", false, false},
		{"s3a is s3", "s3://b/t", "s3a://b/t/x", true, false},
		{"s3n is s3a", "s3a://b/t", "s3n://b/t", true, true},
		{"gs is not s3", "s3://b/t", "gs://b/t/x", false, false},
		{"case counts in a path", "s3://b/t", "s3://b/T/x", false, false},
		{"an escape is no alias", "s3://b/t", "s3://b/%74/x", false, false},
		{"wasbs is abfss", azure + "t", "wasbs://c@a.blob.core.windows.net/t/x", true, false},
		{"the dfs endpoint with wasb", azure + "t", "wasb://c@a.dfs.core.windows.net/t", true, true},
		{"other container", azure + "t", "abfss://d@a.dfs.core.windows.net/t/x", false, false},
		{"other account", azure + "t", "abfss://c@b.dfs.core.windows.net/t/x", false, false},
		{"other cloud", azure + "t", "abfss://c@a.dfs.core.usgovcloudapi.net/t/x", false, false},
		{"file is a path", "file:/t", "/t/x", true, false},
		{"file is file", "file:///t", "file:/t", true, true},
		{"file is not s3", "/b/t", "s3://b/t/x", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := prefix(t, tt.outer), prefix(t, tt.inner)
			if a.Covers(b) != tt.covers || b.Covers(a) != tt.back {
				t.Errorf("got %v and %v, want %v and %v", a.Covers(b), b.Covers(a), tt.covers, tt.back)
			}
			if want := tt.covers || tt.back; a.Overlaps(b) != want || b.Overlaps(a) != want {
				t.Errorf("got overlap %v and %v, want %v", a.Overlaps(b), b.Overlaps(a), want)
			}
		})
	}
}

func TestContains(t *testing.T) {
	p := prefix(t, "s3://b/t")
	tests := []struct {
		name, text string
		want       bool
	}{
		{"object", "s3://b/t/x", true},
		{"object further down", "s3a://b/t/x/y", true},
		{"the folder itself", "s3://b/t/", true},
		{"an object with the folder's name", "s3://b/t", false},
		{"sibling", "s3://b/t2", false},
		{"parent", "s3://b/x", false},
		{"other bucket", "s3://c/t/x", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Contains(u); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			if (Prefix{}).Contains(u) || (Prefix{}).Contains(URI{}) {
				t.Error("got an object in the zero prefix, want none")
			}
		})
	}
}

// A covers B exactly if B's index begins with A's, and exactly if A is B or an ancestor of it: what the store's queries
// rely on.
func TestIndexAndAncestorsSayWhatCoversSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	heads := []string{"s3://b/", "s3a://b/", "s3://bb/", "gs://b/", "abfss://c@a.dfs.core.windows.net/", "wasb://c@a.blob.core.windows.net/", "file:///", "/", "file:/"}
	names := []string{"a", "aa", "a-", "b", "a.b", "a b"}
	var all []Prefix
	for range 250 {
		text := heads[r.IntN(len(heads))]
		for range 1 + r.IntN(3) {
			text += names[r.IntN(len(names))] + "/"
		}
		all = append(all, prefix(t, text))
	}
	covered := 0
	for _, a := range all {
		for _, b := range all {
			want := a.Covers(b)
			if want {
				covered++
			}
			if got := strings.HasPrefix(b.Index(), a.Index()); got != want {
				t.Fatalf("%q covers %q: got %v by index, want %v", a, b, got, want)
			}
			if got := a.Index() == b.Index() || slices.Contains(b.Ancestors(), a.Index()); got != want {
				t.Fatalf("%q covers %q: got %v by ancestors, want %v", a, b, got, want)
			}
			if got := a.Contains(b.uri); got != want {
				t.Fatalf("%q contains %q: got %v, want %v", a, b, got, want)
			}
		}
	}
	if covered <= len(all) {
		t.Fatalf("got %d pairs that cover, want more than each with itself", covered)
	}
}

func TestAncestorsComeOutermostFirst(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"s3", "s3a://b/x/y/z", []string{"s3/b/x/", "s3/b/x/y/"}},
		{"outermost", "s3://b/x", nil},
		{"azure", "wasb://c@a.blob.core.windows.net/x/y", []string{"adls/a.core.windows.net/c/x/"}},
		{"file", "file:///x/y", []string{"file/x/"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(prefix(t, tt.text).Ancestors(), tt.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFolder(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"object", "s3://b/x/y", "s3://b/x/"},
		{"folder", "s3://b/x/", "s3://b/x/"},
		{"plain path", "/x/y/z", "/x/y/"},
		{"object in the bucket's root", "s3://b/x", ""},
		{"file in the root", "file:///x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			got, err := u.Folder()
			if got.String() != tt.want || (err != nil) != (tt.want == "") || err != nil && !fault.Is(err, fault.Argument) {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestFolderLimits(t *testing.T) {
	tests := []struct {
		name, key, rule string
	}{
		{"longest", strings.Repeat("k", MaxFolder-1), ""},
		{"longest with its slash", strings.Repeat("k", MaxFolder-1) + "/", ""},
		{"too long", strings.Repeat("k", MaxFolder), "at most 700 bytes"},
		{"deepest", strings.Repeat("k/", MaxDepth), ""},
		{"too deep", strings.Repeat("k/", MaxDepth+1), "at most 64 segments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParsePrefix("s3://b/" + tt.key)
			if tt.rule == "" && err != nil || tt.rule != "" && (!fault.Is(err, fault.Argument) || !strings.Contains(err.Error(), tt.rule)) {
				t.Errorf("got %v, want %q", err, tt.rule)
			}
		})
	}
	longest := []string{
		"gs://" + strings.Repeat("b", 222), "s3://" + strings.Repeat("b", 63),
		"abfss://" + strings.Repeat("c", 63) + "@" + strings.Repeat("a", 107) + ".dfs.core.windows.net",
	}
	for i, bucket := range longest {
		got := len(prefix(t, bucket+"/"+strings.Repeat("k", MaxFolder-1)).Index())
		if got > MaxIndex || i == 0 && got != MaxIndex {
			t.Errorf("%s: got an index of %d bytes, want at most %d", bucket, got, MaxIndex)
		}
	}
}

func TestJoin(t *testing.T) {
	tests := []struct {
		name     string
		segments []string
		want     string
	}{
		{"one", []string{"x"}, "s3a://b/t/x/"},
		{"several", []string{"x", "y"}, "s3a://b/t/x/y/"},
		{"none", nil, "s3a://b/t/"},
		{"parent", []string{".."}, ""},
		{"empty", []string{""}, ""},
		{"empty among others", []string{"x", "", "y"}, ""},
		{"slash", []string{"x/y"}, ""},
		{"closing slash", []string{"x/"}, ""},
		{"forbidden character", []string{"*"}, ""},
		{"too long", []string{strings.Repeat("x", MaxFolder)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := prefix(t, "s3a://b/t").Join(tt.segments...)
			if got.String() != tt.want || (err != nil) != (tt.want == "") || err != nil && !fault.Is(err, fault.Argument) {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	if got, err := (Prefix{}).Join("x"); err == nil {
		t.Errorf("got %q below the zero prefix, want an error", got)
	}
}

func TestReduce(t *testing.T) {
	tests := []struct {
		name     string
		in, want []string
	}{
		{"nothing", nil, nil},
		{"alone", []string{"s3://b/x"}, []string{"s3://b/x/"}},
		{"child before its parent", []string{"s3://b/x/y", "s3://b/x"}, []string{"s3://b/x/"}},
		{"child behind its parent", []string{"s3://b/x", "s3://b/x/y/z"}, []string{"s3://b/x/"}},
		{"the first of two spellings stays", []string{"s3a://b/x", "s3://b/x", "s3a://b/x"}, []string{"s3a://b/x/"}},
		{"order is kept", []string{"s3://b/z", "s3://b/a", "s3://b/z/q", "s3://c/a"}, []string{"s3://b/z/", "s3://b/a/", "s3://c/a/"}},
		{"siblings stay", []string{"s3://b/t", "s3://b/t2"}, []string{"s3://b/t/", "s3://b/t2/"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var in []Prefix
			for _, text := range tt.in {
				in = append(in, prefix(t, text))
			}
			if diff := cmp.Diff(spell(Reduce(in)), tt.want); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHoldsS3Key(t *testing.T) {
	tests := []struct {
		name, prefix, bucket, key string
		want                      bool
	}{
		{"a file", "s3://b/t", "b", "t/a", true},
		{"a file of a partition", "s3a://b/t/", "b", "t/p=%2F'*é/a", true},
		{"the folder", "s3://b/t", "b", "t/", true},
		{"what begins so", "s3://b/t", "b", "t2/a", false},
		{"the folder without slash", "s3://b/t", "b", "t", false},
		{"another bucket", "s3://b/t", "b2", "t/a", false},
		{"another kind of store", "gs://b/t", "b", "t/a", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := prefix(t, tt.prefix).HoldsS3Key(tt.bucket, tt.key); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	if (Prefix{}).HoldsS3Key("", "t/a") {
		t.Error("the zero prefix holds a key")
	}
}

func TestStoreOf_IsSharedByTheFoldersOfABucket(t *testing.T) {
	for text, want := range map[string]string{
		"s3a://b/x/y": "s3/b", "gs://b.c/x": "gs/b.c", "file:///x/y": "file", "/x": "file",
		"abfss://c@a.dfs.core.windows.net/x/y": "adls/a.core.windows.net/c", "wasb://c@a.blob.core.windows.net/z": "adls/a.core.windows.net/c",
	} {
		p, err := ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := StoreOf(p.Index()); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
