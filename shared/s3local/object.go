package s3local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"syscall"
	"time"

	"firn/shared/fault"
	"firn/shared/nolinks"
)

// Object is what the store knows of an object besides its bytes.
type Object struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
	ETag     string // without quotes; another one after each write
}

func object(key string, info fs.FileInfo) Object {
	tag := strconv.FormatInt(info.ModTime().UnixMicro(), 16) + "x" + strconv.FormatInt(info.Size(), 16) + "-1"
	return Object{Key: key, Size: info.Size(), Modified: info.ModTime().UTC(), ETag: tag}
}

// open gives an object's bytes, which stay what they are whatever happens to the key. NotFound if there is no object.
func (t tenant) open(bucket, key string) (*os.File, Object, error) {
	name, err := t.file(bucket, key)
	if err != nil {
		return nil, Object{}, err
	}
	f, info, err := openFile(t.root, name)
	if absent(err) {
		return nil, Object{}, fault.Missing(fault.File, bucket+"/"+key)
	}
	if err != nil {
		return nil, Object{}, fmt.Errorf("open object: %w", err)
	}
	return f, object(key, info), nil
}

// openFile opens a regular file below a folder.
func openFile(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	dir, err := nolinks.Folder(root, path.Dir(name))
	if err != nil {
		return nil, nil, err
	}
	defer dir.Close()
	return nolinks.File(dir, path.Base(name))
}

// remove deletes an object and the folders that it leaves empty. No object is fine.
func (t tenant) remove(bucket, key string, sync bool) error {
	name, err := t.file(bucket, key)
	if err != nil {
		return err
	}
	folder, err := t.unlink(name)
	if err != nil || folder == "" || !sync {
		return err
	}
	return t.syncFolders(folder)
}

// unlink answers the nearest folder that is left; empty if nothing was removed.
func (s *Store) unlink(name string) (folder string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir, err := nolinks.Folder(s.root, path.Dir(name))
	if absent(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("remove object: %w", err)
	}
	defer dir.Close()
	info, err := dir.Lstat(path.Base(name))
	if absent(err) || err == nil && !info.Mode().IsRegular() {
		return "", nil
	}
	if err == nil {
		err = dir.Remove(path.Base(name))
	}
	if err != nil {
		return "", fmt.Errorf("remove object: %w", err)
	}
	s.used -= info.Size()
	return s.sweepParents(name), nil
}

// sweepParents removes the empty folders above a name, but not the bucket, and answers the first that stays. The caller
// holds the mutex: a put between a folder's last delete and its removal would lose its folder.
func (s *Store) sweepParents(name string) string {
	folder := path.Dir(name)
	for belowBucket(folder) && s.removeEmpty(folder) == nil {
		delete(s.lasting, folder)
		s.sweeps++
		folder = path.Dir(folder)
	}
	return folder
}

func (s *Store) removeEmpty(folder string) error {
	above, err := nolinks.Folder(s.root, path.Dir(folder))
	if err != nil {
		return err
	}
	defer above.Close()
	return above.Remove(path.Base(folder))
}

// absent reports whether a name is not there, be it that a file or a link is where a folder would have to be, or that it
// is too long.
func absent(err error) bool {
	return blocked(err) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENAMETOOLONG)
}

// blocked reports whether a file or a link is where a folder would have to be.
func blocked(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, nolinks.ErrLink)
}

// copyBytes is io.Copy with a buffer that keeps system calls few, and with a full disk told as what it is.
func copyBytes(to io.Writer, from io.Reader) (int64, error) {
	n, err := io.CopyBuffer(to, from, make([]byte, 128<<10))
	return n, diskError(err)
}

func diskError(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fault.New(fault.Unavailable, "The object store's disk is full.").Because(err)
	}
	return err
}
