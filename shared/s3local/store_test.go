package s3local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"firn/shared/fault"

	"github.com/google/go-cmp/cmp"
)

func TestOneProcessOwnsAFolder(t *testing.T) {
	w := newWorld(t)
	if _, err := Open(Config{Dir: w.dir, Now: w.clock.now}); !fault.Is(err, fault.Conflict) {
		t.Errorf("second open: got %v, want Conflict", err)
	}
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(Config{Dir: w.dir, Now: w.clock.now})
	if err != nil {
		t.Fatalf("open after close: %v", err)
	}
	_ = again.Close()
}

func TestOpenRefusesABadConfig(t *testing.T) {
	for name, c := range map[string]Config{
		"no folder":      {Now: time.Now},
		"no clock":       {Dir: t.TempDir()},
		"negative quota": {Dir: t.TempDir(), Now: time.Now, Quota: -1},
	} {
		if _, err := Open(c); !fault.Is(err, fault.Argument) {
			t.Errorf("%s: got %v, want Argument", name, err)
		}
	}
}

func TestOpenSweepsWhatAnEarlierProcessLeft(t *testing.T) {
	w := newWorld(t)
	w.fill()
	c := w.mint(Write)
	w.upload(c, prefix+"new", "part")
	if err := os.WriteFile(filepath.Join(w.dir, workFolder, "torn"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = w.store.Close()
	again, err := Open(Config{Dir: w.dir, Now: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	uploads, err := os.ReadDir(filepath.Join(w.dir, uploadsFolder))
	if w.leftovers() != 0 || len(uploads) != 0 || err != nil {
		t.Errorf("got %d work files and %d uploads, want none", w.leftovers(), len(uploads))
	}
	if got := w.read(prefix + "a"); got != "alpha" {
		t.Errorf("object: got %q, want alpha", got)
	}
}

func TestAFolderKeepsItsLayout(t *testing.T) {
	escaped := t.TempDir()
	if err := os.MkdirAll(filepath.Join(escaped, ownFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(escaped, ownFolder, layoutFile), []byte(escapedLayout), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Open(Config{Dir: escaped, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.As(realm, Scope{bucket, "T/", everyAction})
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"T/A", "T/CON.", "T/a", "T/a%41", "T/dir/", "T/dir/x y", "T/é/z"}
	for _, key := range keys {
		if err := c.Put(t.Context(), bucket, key, []byte(key), true); err != nil {
			t.Fatalf("put %q: %v", key, err)
		}
	}
	if err := os.WriteFile(filepath.Join(escaped, home, bucket, "%54", "ALIEN"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	objects, err := c.List(t.Context(), bucket, "T/", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keys, keysOf(objects)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	entries, _ := os.ReadDir(filepath.Join(escaped, home, bucket))
	if len(entries) != 1 || entries[0].Name() != "%54" {
		t.Errorf("got %v, want the folder %%54", entries)
	}
	if err := c.Put(t.Context(), bucket, "T/"+strings.Repeat("A", 86), nil, false); !fault.Is(err, fault.Argument) {
		t.Errorf("a name that is too long when escaped: got %v, want Argument", err)
	}
	_ = s.Close()
	if err := os.WriteFile(filepath.Join(escaped, ownFolder, layoutFile), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Config{Dir: escaped, Now: time.Now}); !fault.Is(err, fault.Conflict) {
		t.Errorf("unknown layout: got %v, want Conflict", err)
	}
}

func keysOf(objects []Object) []string {
	var keys []string
	for _, o := range objects {
		keys = append(keys, o.Key)
	}
	return keys
}

func TestTheQuotaCountsWhatIsThere(t *testing.T) {
	w := newWorld(t)
	w.put(prefix+"old", strings.Repeat("x", 100))
	_ = w.store.Close()
	s, err := Open(Config{Dir: w.dir, Now: w.clock.now, Quota: 1000})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.store, w.gate.store = s, s
	start, c := s.used, w.mint(everyAction)
	if start < 100 || start > 200 {
		t.Fatalf("at the start: got %d, want the object's 100 and the store's own few", start)
	}
	put := func(key string, size int) int {
		return w.call(c, ask{method: "PUT", target: at(prefix + key), body: strings.Repeat("y", size)}).Code
	}
	steps := []struct {
		name   string
		status int
		want   int
		used   int64
	}{
		{"put", put("a", 300), 200, 300},
		{"put over", put("a", 200), 200, 200},
		{"put of more than is left", put("b", 750), 503, 200},
		{"put of what is left in part", put("b", 500), 200, 700},
		{"refused put", w.call(c, ask{method: "PUT", target: at(prefix + "b"), body: "z", header: map[string]string{"If-None-Match": "*"}}).Code, 412, 700},
		{"delete", w.call(c, ask{method: "DELETE", target: at(prefix + "b")}).Code, 204, 200},
	}
	for _, s := range steps {
		if s.status != s.want {
			t.Errorf("%s: got %d, want %d", s.name, s.status, s.want)
		}
	}
	if got := s.used - start; got != 200 {
		t.Errorf("after all: got %d bytes used, want 200", got)
	}
	id := w.upload(c, prefix+"up", "part")
	w.call(c, ask{method: "PUT", target: at(prefix+"up") + "?partNumber=1&uploadId=" + id, body: "other part"})
	if got := s.used - start; got != 210 {
		t.Errorf("with a part: got %d bytes used, want 210", got)
	}
	w.call(c, ask{method: "DELETE", target: at(prefix+"up") + "?uploadId=" + id})
	if got := s.used - start; got != 200 {
		t.Errorf("after the abort: got %d bytes used, want 200", got)
	}
}

func TestEmptiedFoldersGo(t *testing.T) {
	w := newWorld(t)
	w.put(prefix+"x/y/z", "1")
	w.put(prefix+"x/keep", "1")
	c := w.mint(Delete)
	w.call(c, ask{method: "DELETE", target: at(prefix + "x/y/z")})
	if _, err := os.Stat(filepath.Join(w.dir, home, bucket, prefix, "x/y")); !os.IsNotExist(err) {
		t.Errorf("emptied folder: got %v, want it gone", err)
	}
	w.call(c, ask{method: "DELETE", target: at(prefix + "x/keep")})
	if _, err := os.Stat(filepath.Join(w.dir, home, bucket)); err != nil {
		t.Errorf("bucket: got %v, want it there", err)
	}
}

func TestAFullDiskIsToldAsSuch(t *testing.T) {
	full := fmt.Errorf("write: %w", &fs.PathError{Op: "write", Err: syscall.ENOSPC})
	if err := diskError(full); !fault.Is(err, fault.Unavailable) || refusalOf(err).code != "ServiceUnavailable" {
		t.Errorf("got %v, want Unavailable", err)
	}
	if err := diskError(io.ErrUnexpectedEOF); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("another error: got %v, want it as it was", err)
	}
	if r := refusalOf(errors.New("path/of/a/secret")); r.code != "InternalError" || strings.Contains(r.message, "secret") {
		t.Errorf("unknown error: got %s %q, want InternalError and no details", r.code, r.message)
	}
}
