package disk

import (
	"os"
	"path/filepath"
	"testing"

	"firn/shared/blob"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/vend"
)

// A link in the operator's folder leads nowhere, also where a catalog's allowed location lies behind it.
func TestOpener_AnAllowedLocationBehindALinkIsNotReached(t *testing.T) {
	outside, listed := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "x.metadata.json"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(listed, "link")); err != nil {
		t.Skip("no symbolic links here")
	}
	allowed := "file://" + filepath.ToSlash(listed) + "/link"
	prefix, err := location.ParsePrefix(allowed)
	if err != nil {
		t.Fatal(err)
	}
	uri, err := location.Parse(allowed + "/x.metadata.json")
	if err != nil {
		t.Fatal(err)
	}
	policy := storagepolicytest.Parse("realms: {R: {file: [" + listed + "]}}")
	scope := blob.Scope{Realm: "R", Storage: &lake.Storage{Type: lake.File, AllowedLocations: []string{allowed}},
		Prefixes: []location.Prefix{prefix}, Actions: vend.Read | vend.Write}
	b, err := (Opener{policy}).Open(t.Context(), scope, vend.Credential{})
	if err != nil {
		t.Fatal(err)
	}
	if data, err := b.Get(t.Context(), uri); err == nil {
		t.Errorf("got %q, want nothing behind a link", data)
	}
	if err := b.Put(t.Context(), uri, []byte("y")); err == nil {
		t.Error("a file was put behind a link")
	}
}
