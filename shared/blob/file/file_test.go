package file

import (
	"os"
	"path/filepath"
	"testing"

	"firn/shared/blob"
	"firn/shared/blob/blobtest"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

func TestBlobtest(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		dir := t.TempDir()
		folder := folderOf(t, filepath.Join(dir, "lake"))
		return blobtest.Store{
			Bucket: bucket(t, 0, folder), Limited: bucket(t, blobtest.Limit, folder),
			Folder: folder, Outside: folderOf(t, filepath.Join(dir, "lake2")),
		}
	})
}

func folderOf(t *testing.T, path string) location.Prefix {
	t.Helper()
	p, err := location.ParsePrefix("file://" + path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func bucket(t *testing.T, limit int64, folders ...location.Prefix) blob.Bucket {
	t.Helper()
	o, err := New(Config{Folders: folders, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	b, err := o.Open(t.Context(), blob.Scope{Storage: &lake.Storage{Type: lake.File}}, vend.Credential{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func uri(t *testing.T, text string) location.URI {
	t.Helper()
	u, err := location.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A link out of the server's folder, and one from a table's folder into another's, lead nowhere.
func TestLink_NoOperation_FollowsOne(t *testing.T) {
	dir := t.TempDir()
	lakeDir, secret := filepath.Join(dir, "lake"), filepath.Join(dir, "secret")
	other := filepath.Join(lakeDir, "other")
	for _, d := range []string{lakeDir + "/t", other, secret} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{secret, other} {
		if err := os.WriteFile(filepath.Join(d, "key"), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	links := map[string]string{"out": secret, "relative": "../../secret", "inside": "../other", "key": filepath.Join(secret, "key"), "inkey": "../other/key"}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(lakeDir, "t", name)); err != nil {
			t.Fatal(err)
		}
	}
	b := bucket(t, 0, folderOf(t, lakeDir))
	for _, name := range []string{"out/key", "relative/key", "inside/key", "key", "inkey"} {
		if data, err := b.Get(t.Context(), uri(t, lakeDir+"/t/"+name)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("get %s: got %q, %v, want forbidden", name, data, err)
		}
	}
	for _, name := range []string{"out/new", "relative/new", "relative/sub/new", "inside/new", "inside/sub/new"} {
		if err := b.Put(t.Context(), uri(t, lakeDir+"/t/"+name), nil); !fault.Is(err, fault.Forbidden) {
			t.Errorf("put %s: got %v, want forbidden", name, err)
		}
	}
	for _, name := range []string{"out", "inside"} {
		if err := b.Delete(t.Context(), uri(t, lakeDir+"/t/"+name+"/key")); !fault.Is(err, fault.Forbidden) {
			t.Errorf("delete in %s: got %v, want forbidden", name, err)
		}
		if _, err := b.(blob.Sweeper).DeleteAll(t.Context(), folderOf(t, lakeDir+"/t/"+name), 100); !fault.Is(err, fault.Forbidden) {
			t.Errorf("sweep of %s: got %v, want forbidden", name, err)
		}
	}
	if _, err := b.(blob.Sweeper).DeleteAll(t.Context(), folderOf(t, lakeDir+"/t"), 100); err != nil {
		t.Errorf("sweep: %v", err)
	}
	if _, err := os.Lstat(lakeDir + "/t"); !os.IsNotExist(err) {
		t.Errorf("the folder that was swept: got %v, want it gone with its links", err)
	}
	for _, d := range []string{secret, other} {
		left, err := os.ReadDir(d)
		if err != nil || len(left) != 1 || left[0].Name() != "key" {
			t.Errorf("%s: got %v, %v, want the key alone", d, left, err)
		}
	}
}

func TestOnlyTheServersFoldersAreTouched(t *testing.T) {
	dir := t.TempDir()
	name := uri(t, "file://"+dir+"/v1.json")
	if err := bucket(t, 0).Put(t.Context(), name, nil); !fault.Is(err, fault.Forbidden) {
		t.Errorf("without folders: got %v, want forbidden", err)
	}
	two := bucket(t, 0, folderOf(t, dir+"/x"), folderOf(t, dir))
	if err := two.Put(t.Context(), name, nil); err != nil {
		t.Errorf("in the second of two folders: %v", err)
	}
}

func TestSpellingsOfALocationAreOneFile(t *testing.T) {
	dir := t.TempDir()
	b := bucket(t, 0, folderOf(t, dir))
	if err := b.Put(t.Context(), uri(t, "file:"+dir+"/v1.json"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"file://", "file:", ""} {
		if data, err := b.Get(t.Context(), uri(t, scheme+dir+"/v1.json")); err != nil || string(data) != "x" {
			t.Errorf("%q: got %q, %v, want x", scheme, data, err)
		}
	}
}

func TestAPutLeavesNoWorkFile(t *testing.T) {
	dir := t.TempDir()
	b := bucket(t, 0, folderOf(t, dir))
	for range 2 { // made, and refused
		_ = b.Put(t.Context(), uri(t, dir+"/v1.json"), []byte("x"))
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Errorf("got %v, %v, want one file", files, err)
	}
}

func TestAFileWhereAFolderMustBe(t *testing.T) {
	dir := t.TempDir()
	b := bucket(t, 0, folderOf(t, dir))
	if err := b.Put(t.Context(), uri(t, dir+"/a"), nil); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), uri(t, dir+"/a/b/v1.json"), nil); !fault.Is(err, fault.Invalid) {
		t.Errorf("put: got %v, want invalid", err)
	}
	if _, err := b.Get(t.Context(), uri(t, dir+"/a/v1.json")); !fault.Is(err, fault.NotFound) {
		t.Errorf("get: got %v, want not found", err)
	}
}

func TestASweepRemovesEmptyFolders(t *testing.T) {
	dir := t.TempDir()
	b := bucket(t, 0, folderOf(t, dir))
	if err := b.Put(t.Context(), uri(t, dir+"/ns/t/metadata/v1.json"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.(blob.Sweeper).DeleteAll(t.Context(), folderOf(t, dir+"/ns/t"), 10); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir + "/ns"); err != nil || len(files) != 0 {
		t.Errorf("got %v, %v, want nothing", files, err)
	}
}

func TestWhatIsNoFileStorageIsNotOpened(t *testing.T) {
	s3, err := location.ParsePrefix("s3://lake/ns/")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Folders: []location.Prefix{s3}}); !fault.Is(err, fault.Argument) {
		t.Errorf("folder in a bucket: got %v, want argument", err)
	}
	o, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Open(t.Context(), blob.Scope{Storage: &lake.Storage{Type: lake.S3}}, vend.Credential{}); !fault.Is(err, fault.Unsupported) {
		t.Errorf("storage of type S3: got %v, want unsupported", err)
	}
}
