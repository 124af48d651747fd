package s3local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
)

// oldFolder is a folder as it was before realms had folders of their own.
func oldFolder(t *testing.T, layout string, keys ...string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{ownFolder + "/" + layoutFile: layout, ownFolder + "/" + lockFile: "", ownFolder + "/work/torn": "x"}
	for _, key := range keys {
		files[key] = "text of " + key
	}
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// placed returns where each old key is now, and checks that it has its text.
func placed(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.Contains(name, ownFolder) {
			return err
		}
		rest, _ := filepath.Rel(dir, name)
		top, key, _ := strings.Cut(filepath.ToSlash(rest), "/")
		if !strings.HasPrefix(top, realmMark) {
			top, key = "not moved", filepath.ToSlash(rest)
		}
		if text, err := os.ReadFile(name); err != nil || string(text) != "text of "+key {
			t.Errorf("%s: got %q, %v", rest, text, err)
		}
		out[key] = strings.TrimPrefix(top, realmMark)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var adoptions = []struct {
	name     string
	adoption Adoption
	want     map[string]string // realm by key
}{
	{"one realm", Adoption{First: "A"}, map[string]string{"lake/wh/n/t/f": "A", "lake/x": "A", "attic/y/z": "A"}},
	{"a bucket each", Adoption{First: "A", Folders: []Claimed{{"A", "lake", "wh/"}, {"B", "attic", "y/"}}},
		map[string]string{"lake/wh/n/t/f": "A", "lake/x": "A", "attic/y/z": "B", "attic/other": "A"}},
	{"a bucket that two share by prefix", Adoption{First: "A", Folders: []Claimed{{"A", "lake", "one/"}, {"B", "lake", "two/"}}},
		map[string]string{"lake/one/t/f": "A", "lake/two/t/f": "B", "lake/two/t/g": "B", "lake/three": "A"}},
	{"a folder in another's", Adoption{First: "A", Folders: []Claimed{{"A", "lake", "wh/"}, {"B", "lake", "wh/b/"}, {"A", "lake", "wh/b/a/"}}},
		map[string]string{"lake/wh/1": "A", "lake/wh/b/2": "B", "lake/wh/b/c/3": "B", "lake/wh/b/a/4": "A", "lake/wh/bb/5": "A"}},
	{"the same folder, and tables apart", Adoption{First: "A", Folders: []Claimed{{"A", "lake", "wh/"}, {"B", "lake", "wh/"}, {"A", "lake", "wh/n/t/"}, {"B", "lake", "wh/n/u/"}}},
		map[string]string{"lake/wh/n/t/1": "A", "lake/wh/n/u/2": "B", "lake/wh/n/v/3": "A"}},
	{"a whole bucket of the second realm", Adoption{First: "A", Folders: []Claimed{{"B", "lake", ""}}}, map[string]string{"lake/a": "B", "attic/b": "A"}},
}

func TestAdopt_OldFolder_IsMovedToItsRealms(t *testing.T) {
	for _, row := range adoptions {
		t.Run(row.name, func(t *testing.T) {
			var keys []string
			for key := range row.want {
				keys = append(keys, key)
			}
			dir := oldFolder(t, plainLayout, keys...)
			asked := 0
			c := Config{Dir: dir, Now: time.Now, Adopt: func() (Adoption, error) { asked++; return row.adoption, nil }}
			for range 2 {
				s, err := Open(c)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(row.want, placed(t, dir)); diff != "" || asked != 1 {
				t.Errorf("asked %d times, want once; realms by key (-want +got):\n%s", asked, diff)
			}
			left, err := os.ReadDir(dir)
			for _, e := range left {
				if e.Name() != ownFolder && !strings.HasPrefix(e.Name(), realmMark) {
					t.Errorf("at the top: got %s, %v, want realms alone", e.Name(), err)
				}
			}
		})
	}
}

// The process dies before each step in turn, and the next one goes on. A version that knows no realms does not open what
// is half moved: its marker has one word.
func TestAdopt_KilledBeforeAnyStep_GoesOn(t *testing.T) {
	killed := errors.New("killed")
	for _, row := range adoptions {
		t.Run(row.name, func(t *testing.T) {
			var keys []string
			for key := range row.want {
				keys = append(keys, key)
			}
			for died := 1; ; died++ {
				dir := oldFolder(t, plainLayout, keys...)
				steps := 0
				c := Config{Dir: dir, Now: time.Now, Adopt: func() (Adoption, error) { return row.adoption, nil },
					step: func() error {
						if steps++; steps == died {
							return killed
						}
						return nil
					}}
				s, err := Open(c)
				if err == nil {
					if _ = s.Close(); died < 3 {
						t.Fatalf("got %d steps, want some", died-1)
					}
					return
				}
				if !errors.Is(err, killed) {
					t.Fatalf("before step %d: got %v", died, err)
				}
				text, err := os.ReadFile(filepath.Join(dir, ownFolder, layoutFile))
				if moved := len(placed(t, dir)) == len(keys); err != nil || !moved || died > 1 && string(text) == plainLayout {
					t.Fatalf("before step %d: got layout %q, %v, all keys there %v", died, text, err, moved)
				}
				c.step = nil
				if s, err = Open(c); err != nil {
					t.Fatalf("after step %d: %v", died, err)
				}
				_ = s.Close()
				if diff := cmp.Diff(row.want, placed(t, dir)); diff != "" {
					t.Fatalf("killed before step %d (-want +got):\n%s", died, diff)
				}
			}
		})
	}
}

func TestAdopt_EscapedFolder_KeepsItsSpelling(t *testing.T) {
	dir := oldFolder(t, escapedLayout, "lake/%54/f", "lake/t/f")
	s, err := Open(Config{Dir: dir, Now: time.Now, Adopt: func() (Adoption, error) {
		return Adoption{First: "A", Folders: []Claimed{{"B", "lake", "T/"}}}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if diff := cmp.Diff(map[string]string{"lake/%54/f": "%42", "lake/t/f": "%41"}, placed(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAdopt_Refusals(t *testing.T) {
	twice := oldFolder(t, plainLayout+" "+stageMoving, "lake/f")
	if err := errors.Join(os.MkdirAll(twice+"/realm=A/lake", 0o700), os.WriteFile(twice+"/realm=A/lake/f", []byte("other"), 0o600)); err != nil {
		t.Fatal(err)
	}
	first := func() (Adoption, error) { return Adoption{First: "A"}, nil }
	for name, row := range map[string]struct {
		dir   string
		adopt func() (Adoption, error)
	}{
		"nobody knows the realms": {oldFolder(t, plainLayout, "lake/f"), nil},
		"a file that is twice":    {twice, first},
		"a layout of later":       {oldFolder(t, "plain more", "lake/f"), first},
	} {
		if _, err := Open(Config{Dir: row.dir, Now: time.Now, Adopt: row.adopt}); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: got %v, want Conflict", name, err)
		}
	}
	if text, err := os.ReadFile(twice + "/realm=A/lake/f"); string(text) != "other" || err != nil {
		t.Errorf("a file that is twice: got %q, %v, want it untouched", text, err)
	}
	failed := fmt.Errorf("no table")
	if _, err := Open(Config{Dir: oldFolder(t, plainLayout, "lake/f"), Now: time.Now, Adopt: func() (Adoption, error) { return Adoption{}, failed }}); !errors.Is(err, failed) {
		t.Errorf("realms that cannot be read: got %v, want the cause", err)
	}
	empty := oldFolder(t, plainLayout)
	s, err := Open(Config{Dir: empty, Now: time.Now})
	if err != nil {
		t.Fatalf("an old folder without objects: got %v, want none", err)
	}
	_ = s.Close()
}
