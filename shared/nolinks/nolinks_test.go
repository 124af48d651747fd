package nolinks

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// tree is a folder with a/b/f, links inside of it and a link out of it.
func tree(t *testing.T) (*os.Root, string) {
	t.Helper()
	dir, outside := t.TempDir(), t.TempDir()
	for _, d := range []string{"a/b", "a/twin", "c"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{dir + "/a/b/f": "own", dir + "/a/b/twin": "other", dir + "/c/f": "other", outside + "/f": "outside"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"a/in": "../c", "a/out": outside, "a/self": "b", "a/b/link": "f", "a/b/far": "../../c/f", "a/b/dead": "none"} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root, dir
}

func TestFolder_LinkInThePath_IsRefused(t *testing.T) {
	root, dir := tree(t)
	for name, want := range map[string]error{
		"a/in": ErrLink, "a/out": ErrLink, "a/self": ErrLink, "a/in/x": ErrLink, "a/b/dead": ErrLink,
		"none": fs.ErrNotExist, "a/none/x": fs.ErrNotExist, "a/b/f": syscall.ENOTDIR, "a/b/f/x": syscall.ENOTDIR,
	} {
		if sub, err := Folder(root, name); !errors.Is(err, want) {
			t.Errorf("open %s: got %v, %v, want %v", name, sub, err, want)
		}
		if want == fs.ErrNotExist {
			continue
		}
		if sub, err := Make(root, name, 0o700); !errors.Is(err, want) {
			t.Errorf("make %s: got %v, %v, want %v", name, sub, err, want)
		}
	}
	for _, name := range []string{".", "a", "a/b", "c"} {
		sub, err := Folder(root, name)
		if err != nil {
			t.Fatalf("open %s: %v", name, err)
		}
		_ = sub.Close()
	}
	sub, err := Make(root, "a/new/er", 0o700)
	if err != nil {
		t.Fatal(err)
	}
	_ = sub.Close()
	if info, err := os.Stat(dir + "/a/new/er"); err != nil || !info.IsDir() {
		t.Errorf("made folder: got %v, %v", info, err)
	}
}

func TestFile_Link_IsRefused(t *testing.T) {
	root, _ := tree(t)
	sub, err := Folder(root, "a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	for name, want := range map[string]error{"link": ErrLink, "far": ErrLink, "dead": ErrLink, "none": fs.ErrNotExist, ".": fs.ErrNotExist} {
		if f, _, err := File(sub, name); !errors.Is(err, want) {
			t.Errorf("open %s: got %v, %v, want %v", name, f, err, want)
		}
	}
	f, info, err := File(sub, "f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if text, err := io.ReadAll(f); string(text) != "own" || err != nil || info.Size() != 3 {
		t.Errorf("got %q, %v, %v, want own", text, info, err)
	}
}

// A link that takes the name of what was looked at, before it is opened, is not followed.
func TestOpen_NameSwappedForALink_IsNotFollowed(t *testing.T) {
	root, _ := tree(t)
	for _, row := range []struct{ folder, name, to string }{
		{"a", "b", "twin"}, {"a", "b", "../c"}, {"a", "b", "none"},
		{"a/b", "f", "twin"}, {"a/b", "f", "../../c/f"}, {"a/b", "f", "none"},
	} {
		t.Run(row.name+" to "+row.to, func(t *testing.T) {
			at, err := Folder(root, row.folder)
			if err != nil {
				t.Fatal(err)
			}
			defer at.Close()
			seen, err := look(at, row.name)
			if err = errors.Join(err, at.Rename(row.name, "aside"), at.Symlink(row.to, row.name)); err != nil {
				t.Fatal(err)
			}
			if seen.IsDir() {
				if sub, err := enter(at, row.name, seen); !errors.Is(err, ErrLink) {
					t.Errorf("got %v, %v, want ErrLink", sub, err)
				}
			} else if f, _, _ := openSeen(at, row.name, seen); f != nil {
				t.Errorf("got %s, want nothing", f.Name())
			}
			if err := errors.Join(at.Remove(row.name), at.Rename("aside", row.name)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestRename_ReplacesAFileAndFollowsNoLink(t *testing.T) {
	root, dir := tree(t)
	from, err := Folder(root, "c")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := Folder(root, "a/b")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if err := Rename(from, "f", to, "link"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(dir + "/a/b/link"); string(text) != "other" || err != nil {
		t.Errorf("got %q, %v, want the renamed file in place of the link", text, err)
	}
	if text, err := os.ReadFile(dir + "/a/b/f"); string(text) != "own" || err != nil {
		t.Errorf("what the link led to: got %q, %v, want own", text, err)
	}
	if err := Rename(from, "none", to, "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("rename of nothing: got %v, want not exist", err)
	}
}
