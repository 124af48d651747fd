package s3local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
	"time"

	"firn/shared/fault"
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
func (s *Store) open(bucket, key string) (*os.File, Object, error) {
	name, err := s.naming.file(bucket, key)
	if err != nil {
		return nil, Object{}, err
	}
	info, err := s.root.Lstat(name)
	if absent(err) || err == nil && !info.Mode().IsRegular() {
		return nil, Object{}, fault.Missing(fault.File, bucket+"/"+key)
	}
	if err != nil {
		return nil, Object{}, fmt.Errorf("look at object: %w", err)
	}
	f, err := s.root.Open(name)
	if absent(err) {
		return nil, Object{}, fault.Missing(fault.File, bucket+"/"+key)
	}
	if err != nil {
		return nil, Object{}, fmt.Errorf("open object: %w", err)
	}
	if info, err = f.Stat(); err != nil {
		_ = f.Close()
		return nil, Object{}, fmt.Errorf("look at object: %w", err)
	}
	return f, object(key, info), nil
}

// remove deletes an object and the folders that it leaves empty. No object is fine.
func (s *Store) remove(bucket, key string, sync bool) error {
	name, err := s.naming.file(bucket, key)
	if err != nil {
		return err
	}
	folder, err := s.unlink(name)
	if err != nil || folder == "" || !sync {
		return err
	}
	return s.syncFolders(folder)
}

// unlink answers the nearest folder that is left; empty if nothing was removed.
func (s *Store) unlink(name string) (folder string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := s.root.Lstat(name)
	if absent(err) || err == nil && !info.Mode().IsRegular() {
		return "", nil
	}
	if err == nil {
		err = s.root.Remove(name)
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
	for strings.Contains(folder, "/") && s.root.Remove(folder) == nil {
		delete(s.lasting, folder)
		s.sweeps++
		folder = path.Dir(folder)
	}
	return folder
}

// absent holds if a name is not there, be it that a file stands where a folder would have to or that it is too long.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
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
