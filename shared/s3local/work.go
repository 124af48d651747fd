package s3local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"firn/shared/fault"
	"firn/shared/nolinks"
)

// work is an object in the making: a file beside the buckets that becomes an object, or a part, in one rename.
type work struct {
	s    *Store
	f    *os.File
	name string // in the folder of work files
	size int64  // reserved
	done bool
}

var _ io.Writer = (*work)(nil)

// newWork makes a work file of a known size. The caller defers discard.
func (s *Store) newWork(size int64) (*work, error) {
	if err := s.reserve(size); err != nil {
		return nil, err
	}
	name := rand.Text()
	f, err := s.work.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		s.release(size)
		return nil, diskError(fmt.Errorf("make work file: %w", err))
	}
	return &work{s: s, f: f, name: name, size: size}, nil
}

// Write appends to the work file. It is the only method of the file that is shown, so that io.Copy reads through what
// verifies.
func (w *work) Write(p []byte) (int, error) { return w.f.Write(p) }

// discard removes the work file if it was not published.
func (w *work) discard() {
	if w.done {
		return
	}
	w.done = true
	_ = w.f.Close()
	_ = w.s.work.Remove(w.name) // if it stays, the next start sweeps it
	w.s.release(w.size)
}

// finish closes the file under a modification time that no other file has.
func (w *work) finish(sync bool) error {
	w.s.mu.Lock()
	w.s.tick = after(w.s.tick, w.s.now())
	stamp := w.s.tick
	w.s.mu.Unlock()
	if err := w.s.work.Chtimes(w.name, stamp, stamp); err != nil {
		return fmt.Errorf("stamp work file: %w", err)
	}
	var synced error
	if sync {
		synced = w.f.Sync()
	}
	if err := errors.Join(synced, w.f.Close()); err != nil {
		return diskError(fmt.Errorf("close work file: %w", err))
	}
	return nil
}

// publication says where and how a work file becomes an object.
type publication struct {
	to          tenant
	bucket, key string
	ifAbsent    bool
	sync        bool
	alive       func() error // asked last of all; its error stops the publication
}

// publish makes the work file the object of that key. Errors: Exists if ifAbsent and there is one, Conflict if a folder
// is there or a file where a folder would have to be. After an error nothing changed, but that a failed sync of the
// folders is reported though readers see the object.
func (w *work) publish(p publication) (Object, error) {
	name, err := p.to.file(p.bucket, p.key)
	if err != nil {
		return Object{}, err
	}
	if err := w.finish(p.sync); err != nil {
		return Object{}, err
	}
	info, err := w.s.work.Lstat(w.name)
	if err != nil {
		return Object{}, fmt.Errorf("look at work file: %w", err)
	}
	if err := w.place(name, p); err != nil {
		return Object{}, err
	}
	if p.sync {
		if err := w.s.syncFolders(path.Dir(name)); err != nil {
			return Object{}, err
		}
	}
	return object(p.key, info), nil
}

// place renames under the mutex, which is what makes ifAbsent have one winner: every writer of the folder is here.
func (w *work) place(name string, p publication) error {
	s := w.s
	s.mu.Lock()
	defer s.mu.Unlock()
	conflict := fault.Of(fault.Conflict, fault.File, p.key, "A key cannot be both an object and a folder of objects here.")
	old, err := s.lstat(name)
	switch {
	case err == nil && !old.Mode().IsRegular():
		return conflict
	case err == nil && p.ifAbsent:
		return fault.Taken(fault.File, p.bucket+"/"+p.key)
	case err != nil && !absent(err):
		return fmt.Errorf("look at object: %w", err)
	}
	if err := p.alive(); err != nil {
		return err
	}
	dir, err := nolinks.Make(s.root, path.Dir(name), 0o700)
	if blocked(err) {
		return conflict.Because(err)
	}
	if err != nil {
		return diskError(fmt.Errorf("make folders: %w", err))
	}
	defer dir.Close()
	if err := nolinks.Rename(s.work, w.name, dir, path.Base(name)); err != nil {
		s.sweepParents(name)
		return diskError(fmt.Errorf("publish object: %w", err))
	}
	if old != nil {
		s.used -= old.Size()
	}
	w.done = true
	return nil
}

// lstat describes a name, whose folders are no links.
func (s *Store) lstat(name string) (fs.FileInfo, error) {
	dir, err := nolinks.Folder(s.root, path.Dir(name))
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Lstat(path.Base(name))
}
