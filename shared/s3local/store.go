package s3local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"firn/shared/fault"
)

// The store's own files. No bucket's name begins with a dot.
const (
	ownFolder     = ".firn"
	lockFile      = ownFolder + "/lock"
	layoutFile    = ownFolder + "/layout"
	workFolder    = ownFolder + "/work"
	uploadsFolder = ownFolder + "/uploads"
)

// Config says where a store is and what it promises.
type Config struct {
	Dir   string           // made if missing; readable by its owner alone
	Sync  bool             // sync each put over HTTP before it is acknowledged; a Client's writes always are
	Quota int64            // bytes of all objects, parts and work files together; 0: what the disk holds
	Now   func() time.Time // for modification times
}

// Store is a folder of buckets: Dir/<bucket>/<key>. Buckets are there as soon as a scope names them. It is safe for
// concurrent use; nothing else may write to the folder while it is open.
type Store struct {
	root   *os.Root
	lock   *os.File
	naming naming
	sync   bool
	quota  int64
	now    func() time.Time

	mu      sync.Mutex      // over the tree's shape: publish, delete, sweep of parents, upload folders
	tick    time.Time       // the newest modification time
	used    int64           // bytes that count against the quota
	lasting map[string]bool // folders that are known to outlive the machine, with those above them
	sweeps  int             // folders that were removed so far
}

// Open takes the folder for this process, and removes the work files and uploads that an earlier process left. Errors:
// Argument for a bad Config, Conflict if the folder is in use or has another file system's layout.
func Open(c Config) (*Store, error) {
	if c.Dir == "" || c.Now == nil || c.Quota < 0 {
		return nil, fault.New(fault.Argument, "an object store needs a folder, a clock and a quota of at least 0")
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the object store's folder: %w", err)
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the object store's folder: %w", err)
	}
	s := &Store{root: root, sync: c.Sync, quota: c.Quota, now: c.Now, lasting: map[string]bool{}}
	if err := s.prepare(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) prepare() (err error) {
	if err := s.root.MkdirAll(ownFolder, 0o700); err != nil {
		return fmt.Errorf("make the object store's folder: %w", err)
	}
	if s.lock, err = lock(s.root, lockFile); err != nil {
		return fault.New(fault.Conflict, "another process has the object store's folder open").Because(err)
	}
	for _, name := range []string{workFolder, uploadsFolder} {
		if err := s.root.RemoveAll(name); err != nil {
			return fmt.Errorf("sweep %s: %w", name, err)
		}
		if err := s.root.Mkdir(name, 0o700); err != nil {
			return fmt.Errorf("make %s: %w", name, err)
		}
	}
	if err := s.settleLayout(); err != nil {
		return err
	}
	if s.quota > 0 {
		return s.count()
	}
	return nil
}

// settleLayout finds how file names are spelt here, once per folder: a folder that was filled on a file system with
// case cannot be opened on one without, as two scopes could be one folder there.
func (s *Store) settleLayout() error {
	folds, err := s.foldsNames()
	if err != nil {
		return fmt.Errorf("probe the file system: %w", err)
	}
	layout, err := s.root.ReadFile(layoutFile)
	if errors.Is(err, fs.ErrNotExist) {
		layout = []byte(plainLayout)
		if folds {
			layout = []byte(escapedLayout)
		}
		err = s.root.WriteFile(layoutFile, layout, 0o600)
	}
	if err != nil {
		return fmt.Errorf("settle the layout: %w", err)
	}
	switch {
	case string(layout) == escapedLayout:
		s.naming = naming{escaped: true}
	case string(layout) != plainLayout:
		return fault.New(fault.Conflict, "the object store's folder has a layout that this version does not know")
	case folds:
		return fault.New(fault.Conflict, "the object store's folder was filled on a file system that tells apart names which this one does not")
	}
	return nil
}

// lookalikes are pairs of names that some file systems take for one: by case, by Unicode normalization.
var lookalikes = [...][2]string{{"probe", "PROBE"}, {"prob\u00e9", "probe\u0301"}}

func (s *Store) foldsNames() (bool, error) {
	for _, pair := range lookalikes {
		if err := s.root.WriteFile(workFolder+"/"+pair[0], nil, 0o600); err != nil {
			return false, err
		}
		_, err := s.root.Lstat(workFolder + "/" + pair[1])
		if removed := s.root.Remove(workFolder + "/" + pair[0]); removed != nil {
			return false, removed
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	return false, nil
}

// count adds up what is in the folder.
func (s *Store) count() error {
	return fs.WalkDir(s.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			s.used += info.Size()
		}
		return err
	})
}

// reserve takes bytes from the quota, or says Unavailable.
func (s *Store) reserve(size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quota > 0 && size > s.quota-s.used {
		return fault.New(fault.Unavailable, "The object store's quota of %d bytes does not hold %d more.", s.quota, size)
	}
	s.used += size
	return nil
}

// release gives bytes back to the quota.
func (s *Store) release(size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= size
}

// Close gives the folder free. Requests that are still running fail.
func (s *Store) Close() error {
	err := s.root.Close()
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}
