package s3local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"sync"
	"time"

	"firn/shared/fault"
	"firn/shared/nolinks"
)

// The store's own files. No bucket's name begins with a dot.
const (
	ownFolder     = ".firn"
	lockFile      = "lock"   // in it
	layoutFile    = "layout" // in it
	workFolder    = ownFolder + "/work"
	uploadsFolder = ownFolder + "/uploads"
)

// Config says where a store is and what it promises.
type Config struct {
	Dir   string           // made if missing; readable by its owner alone
	Sync  bool             // sync each put over HTTP before it is acknowledged; a Client's writes always are
	Quota int64            // bytes of all objects, parts and work files together; 0: what the disk holds
	Now   func() time.Time // for modification times

	// Adopt is asked once, for a folder that was filled before each realm had a folder of its own. nil: such a folder is
	// not opened.
	Adopt func() (Adoption, error)

	step func() error // for tests: asked before each step of an adoption
}

// Store is a folder of realms, and each of them one of buckets: Dir/realm=<realm>/<bucket>/<key>. Buckets are there as soon
// as a scope names them, and those of two realms are two. It is safe for concurrent use; nothing else may write to the
// folder while it is open.
type Store struct {
	root    *os.Root
	own     *os.Root // the store's own folder, and two in it
	work    *os.Root
	uploads *os.Root
	lock    *os.File
	naming  naming
	sync    bool
	quota   int64
	now     func() time.Time

	mu      sync.Mutex      // over the tree's shape: publish, delete, sweep of parents, upload folders
	tick    time.Time       // the newest modification time
	used    int64           // bytes that count against the quota
	lasting map[string]bool // folders that are known to outlive the machine, with those above them
	sweeps  int             // folders that were removed so far
	slots   slots           // open uploads
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
	s := &Store{root: root, sync: c.Sync, quota: c.Quota, now: c.Now, lasting: map[string]bool{}, slots: newSlots()}
	if err := s.prepare(c); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) prepare(c Config) (err error) {
	if s.own, err = nolinks.Make(s.root, ownFolder, 0o700); err != nil {
		return fmt.Errorf("make the object store's folder: %w", err)
	}
	if s.lock, err = lock(s.own, lockFile); err != nil {
		return fault.New(fault.Conflict, "another process has the object store's folder open").Because(err)
	}
	if s.work, err = s.emptied(workFolder); err != nil {
		return err
	}
	if s.uploads, err = s.emptied(uploadsFolder); err != nil {
		return err
	}
	if err := s.settleLayout(c); err != nil {
		return err
	}
	if s.quota > 0 {
		return s.count()
	}
	return nil
}

// emptied makes one of the store's own folders anew.
func (s *Store) emptied(name string) (*os.Root, error) {
	if err := s.own.RemoveAll(path.Base(name)); err != nil {
		return nil, fmt.Errorf("sweep %s: %w", name, err)
	}
	dir, err := nolinks.Make(s.own, path.Base(name), 0o700)
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", name, err)
	}
	return dir, nil
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
	var err error
	for _, dir := range []*os.Root{s.uploads, s.work, s.own, s.root} {
		if dir != nil {
			err = errors.Join(err, dir.Close())
		}
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}
