package app

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// stopper ends a server that says that it serves.
type stopper func()

func (s stopper) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "firn serves") {
		s()
	}
	return len(p), nil
}

func TestServe_DataThatOthersReach_IsRefusedWithTheCommandThatMendsIt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing here")
	}
	serve := func(data string) error {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		return Serve(ctx, World{Getenv: func(string) string { return "" }, Stdout: stopper(stop), Stderr: io.Discard},
			ServeConfig{Data: data, Listen: "127.0.0.1:0", StoreListen: "127.0.0.1:0", Realms: []string{"POLARIS"}})
	}
	data := filepath.Join(t.TempDir(), "own data")
	if err := serve(data); err != nil {
		t.Fatal(err)
	}
	for name, private := range map[string]os.FileMode{"": 0o700, "objects": 0o700, "firn.db": 0o600, "signing-key.pem": 0o600} {
		path := filepath.Join(data, name)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != private {
			t.Errorf("made by firn: got %v, %v, want mode %o", info, err, private)
		}
		for _, mode := range []os.FileMode{0o040, 0o020, 0o004, 0o002, 0o077} {
			if err := os.Chmod(path, private|mode); err != nil {
				t.Fatal(err)
			}
			want := map[os.FileMode]string{0o700: "run `chmod 700 -- '" + path + "'`", 0o600: "run `chmod 600 -- '" + path + "'`"}[private]
			if err := serve(data); err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%s with mode %o: got %v, want %s", name, private|mode, err, want)
			}
		}
		if err := os.Chmod(path, private); err != nil {
			t.Fatal(err)
		}
	}
	if err := serve(data); err != nil {
		t.Errorf("mended: got %v, want none", err)
	}
}

func TestQuoted_Path_IsOneWordOfAShell(t *testing.T) {
	for path, want := range map[string]string{"./firn-data": "./firn-data", "/a b": "-- '/a b'", "it's": `-- 'it'\''s'`, "-x": "-- '-x'", "$x": "-- '$x'"} {
		if got := quoted(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
