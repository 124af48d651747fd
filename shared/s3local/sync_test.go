package s3local

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A folder that was swept and made again has a new entry in the folder above, which must be synced anew.
func TestFoldersAreKnownToLastUntilTheyAreSwept(t *testing.T) {
	if !syncsFolders {
		t.Skip("this system syncs folders by itself")
	}
	s, err := Open(Config{Dir: t.TempDir(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	c, err := s.As(realm, Scope{Bucket: "lake", Prefix: "w/", Actions: Read | List | Write | Delete})
	if err != nil {
		t.Fatal(err)
	}
	put := func(key string) {
		t.Helper()
		if err := c.Put(t.Context(), "lake", key, []byte("x"), true); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when string, folders ...string) {
		t.Helper()
		if diff := cmp.Diff(folders, slices.Sorted(maps.Keys(s.lasting))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	put("w/a/b/1")
	want("after a put", ".", home, home+"/lake", home+"/lake/w", home+"/lake/w/a", home+"/lake/w/a/b")
	if err := c.Delete(t.Context(), "lake", "w/a/b/1"); err != nil {
		t.Fatal(err)
	}
	want("after a sweep", ".", home, home+"/lake")
	put("w/a/2")
	want("after a put to a folder that was swept", ".", home, home+"/lake", home+"/lake/w", home+"/lake/w/a")
}
