// Package file keeps blobs as plain files in folders of this machine: storage of type FILE, for tests and the
// compatibility kit.
//
// It refuses every path that is not below one of the folders that the server was started with, by name and by symbolic
// link, whatever a catalog's configuration allows: a catalog's administrator is not the machine's.
//
// # Why
//
// A file is written under a working name, synced, and linked to its own name: the link is what fails if the name is
// taken, so two writers cannot both win and a reader never sees half a file. Folders are opened one by one by the handle of
// the one above (package nolinks): no link below a server's folder is followed, as one that leads from a table's folder into
// another's is as good as one that leads out. A check before the use would look at yesterday's link.
package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/nolinks"
	"firn/shared/vend"
)

// Config says which files may be touched.
type Config struct {
	Folders []location.Prefix // of kind File; made when the first file is put. None: nothing may be touched
	Limit   int64             // bytes of an object; 0: blob.MaxObject
}

// Opener opens FILE storage. There is one Bucket for all: files have no credentials.
type Opener struct{ bucket *Bucket }

var _ blob.Opener = (*Opener)(nil)

// New makes an opener. It does no I/O.
func New(c Config) (*Opener, error) {
	for _, folder := range c.Folders {
		if folder.Kind() != location.File {
			return nil, fault.Of(fault.Argument, fault.Location, folder.String(), "Location %s is not a folder of this machine.", folder)
		}
	}
	if c.Limit == 0 {
		c.Limit = blob.MaxObject
	}
	return &Opener{&Bucket{folders: c.Folders, limit: c.Limit}}, nil
}

// Open gives the bucket; the storage must be of type FILE.
func (o *Opener) Open(_ context.Context, scope blob.Scope, _ vend.Credential) (blob.Bucket, error) {
	if scope.Storage.Type != lake.File {
		return nil, fault.New(fault.Unsupported, "Storage of type %s is not on this machine.", scope.Storage.Type)
	}
	return o.bucket, nil
}

// Bucket is the files below the folders.
type Bucket struct {
	folders []location.Prefix
	limit   int64
}

var (
	_ blob.Bucket  = (*Bucket)(nil)
	_ blob.Sweeper = (*Bucket)(nil)
)

// Get reads a file.
func (b *Bucket) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	root, name, err := b.open(ctx, uri, false)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	dir, err := nolinks.Folder(root, path.Dir(name))
	if err != nil {
		return nil, translate(uri, err)
	}
	defer dir.Close()
	f, info, err := nolinks.File(dir, path.Base(name))
	if err != nil {
		return nil, translate(uri, err)
	}
	defer f.Close()
	data, err := blob.ReadAll(ctx, uri, f, info.Size(), b.limit)
	return data, translate(uri, err)
}

// Put writes a file and the folders above it.
func (b *Bucket) Put(ctx context.Context, uri location.URI, data []byte) error {
	if err := blob.CheckSize(uri, int64(len(data)), b.limit); err != nil {
		return err
	}
	root, name, err := b.open(ctx, uri, true)
	if err != nil {
		return err
	}
	defer root.Close()
	folder, err := makeFolder(root, path.Dir(name))
	if err != nil {
		return notPut(uri, err)
	}
	defer folder.Close()
	work := ".firn-" + string(lake.NewID())
	err = writeSynced(folder, work, data)
	if err == nil {
		err = folder.Link(work, path.Base(name))
	}
	if removed := folder.Remove(work); err == nil && removed != nil {
		err = nil // a second name of a file that is in place does no harm
	}
	if errors.Is(err, fs.ErrExist) {
		return fault.Taken(fault.File, uri.String())
	}
	if err != nil {
		return notPut(uri, err)
	}
	if err := syncFolder(folder); err != nil {
		return fault.Of(fault.StateUnknown, fault.File, uri.String(), "File %s may or may not have been written.", uri).Because(err)
	}
	return nil
}

// Delete removes a file. A folder of the name is no object and stays.
func (b *Bucket) Delete(ctx context.Context, uri location.URI) error {
	root, name, err := b.open(ctx, uri, false)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	var info fs.FileInfo
	dir, err := nolinks.Folder(root, path.Dir(name))
	if err == nil {
		defer dir.Close()
		info, err = dir.Lstat(path.Base(name))
	}
	if err == nil && !info.IsDir() {
		err = dir.Remove(path.Base(name))
	}
	if err = translate(uri, err); fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// open gives the folder that holds the file and the file's name in it. With create the folder is made.
func (b *Bucket) open(ctx context.Context, uri location.URI, create bool) (*os.Root, string, error) {
	if err := errors.Join(blob.Check(uri, location.File), blob.Ended(ctx, uri.String())); err != nil {
		return nil, "", err
	}
	for _, folder := range b.folders {
		if !folder.Contains(uri) {
			continue
		}
		root, err := openFolder(folder, create)
		return root, strings.TrimPrefix(uri.Key(), folder.Key()), translate(uri, err)
	}
	return nil, "", forbidden(uri.String())
}

func openFolder(folder location.Prefix, create bool) (*os.Root, error) {
	name := filepath.FromSlash("/" + folder.Key())
	if create {
		if err := os.MkdirAll(name, 0o755); err != nil {
			return nil, err
		}
	}
	return os.OpenRoot(name)
}

// makeFolder opens a folder, makes it and those above it where they are missing, and syncs each entry that is new: a file
// is not there for good while a folder above it is not.
func makeFolder(root *os.Root, name string) (*os.Root, error) {
	dir, err := nolinks.Folder(root, name)
	if !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	above, err := makeFolder(root, path.Dir(name))
	if err != nil {
		return nil, err
	}
	defer above.Close()
	if err := above.Mkdir(path.Base(name), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := syncFolder(above); err != nil {
		return nil, err
	}
	return nolinks.Folder(above, path.Base(name))
}

func writeSynced(root *os.Root, name string, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes the names in a folder last. Windows has no such call and does it by itself.
func syncFolder(folder *os.Root) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := folder.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// notPut is translate for a file that is not there because it could not be made.
func notPut(uri location.URI, err error) error {
	err = translate(uri, err)
	if fault.Is(err, fault.NotFound) {
		return fault.Of(fault.Invalid, fault.Location, uri.String(), "Something else is where a folder of %s must be.", uri).Because(err)
	}
	return err
}

func forbidden(name string) *fault.Error {
	return fault.Of(fault.Forbidden, fault.File, name, "This server may not touch file %s.", name)
}

// translate makes an error of the operating system one of firn's; nil stays nil.
func translate(uri fmt.Stringer, err error) error {
	name := uri.String()
	if known, ok := errors.AsType[*fault.Error](err); ok {
		return known
	}
	switch _, fromSystem := errors.AsType[syscall.Errno](err); {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return fault.Missing(fault.File, name).Because(err)
	case errors.Is(err, fs.ErrPermission), !fromSystem: // os.Root refuses links out of it without an error number
		return forbidden(name).Because(err)
	}
	return fault.Of(fault.Unavailable, fault.File, name, "The storage of %s does not work.", name).Because(err)
}
