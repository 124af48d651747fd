package s3local

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/nolinks"
)

// Adoption says whose the objects of a folder are that was filled before each realm had a folder of its own.
type Adoption struct {
	First   string    // the realm of what is in none of the folders
	Folders []Claimed // the innermost that contains an object decides; of two that are the same the first
}

// Claimed is a folder that a realm uses.
type Claimed struct{ Realm, Bucket, Prefix string } // the prefix ends in a slash; empty: the bucket

// adopter moves the buckets of an older folder to where the realms' are. Each step is a rename, or removes a folder that is
// empty; whatever is at its old place when the process dies is moved by the next.
type adopter struct {
	s      *Store
	first  string
	owner  map[string]string // realm by folder
	sorted []string          // the folders
	step   func() error      // asked before each change, for tests
}

// adopt moves all buckets that are at the top of the folder. The marker of the layout is changed before the first and
// after the last: a version that knows no realms does not open a folder in between.
func (s *Store) adopt(buckets []string, c Config) error {
	if c.Adopt == nil {
		return fault.New(fault.Conflict, "the object store's folder was filled before realms had folders of their own")
	}
	adoption, err := c.Adopt()
	if err != nil {
		return fmt.Errorf("look for the realms of the objects: %w", err)
	}
	a := &adopter{s: s, first: adoption.First, owner: map[string]string{}, step: c.step}
	if a.step == nil {
		a.step = func() error { return nil }
	}
	if err := checkRealm(a.first); err != nil {
		return err
	}
	for _, f := range adoption.Folders {
		if err := checkRealm(f.Realm); err != nil {
			return err
		}
		folder := s.naming.folder(f.Bucket, f.Prefix)
		if _, claimed := a.owner[folder]; !claimed {
			a.owner[folder] = f.Realm
		}
	}
	a.sorted = slices.Sorted(maps.Keys(a.owner))
	if err := a.step(); err != nil {
		return err
	}
	if err := s.writeLayout(stageMoving); err != nil {
		return err
	}
	for _, bucket := range buckets {
		if err := a.move(bucket); err != nil {
			return fmt.Errorf("move bucket %s to its realm: %w", bucket, err)
		}
	}
	return a.step()
}

// ownerOf returns the realm of a file or folder, and whether it is that of everything below.
func (a *adopter) ownerOf(name string) (realm string, whole bool) {
	realm = a.first
	for folder := name; folder != "."; folder = path.Dir(folder) {
		if r, ok := a.owner[folder]; ok {
			realm = r
			break
		}
	}
	from, _ := slices.BinarySearch(a.sorted, name+"/")
	for _, folder := range a.sorted[from:] {
		if !strings.HasPrefix(folder, name+"/") {
			break
		}
		if a.owner[folder] != realm {
			return realm, false
		}
	}
	return realm, true
}

// move moves a folder in one step if it is one realm's and nothing of it was moved yet, else entry by entry.
func (a *adopter) move(folder string) error {
	realm, whole := a.ownerOf(folder)
	if whole {
		if moved, err := a.rename(folder, realm); moved || err != nil {
			return err
		}
	}
	dir, err := nolinks.Folder(a.s.root, folder)
	if err != nil {
		return err
	}
	entries, err := nolinks.Entries(dir)
	if err := errors.Join(err, dir.Close()); err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		if e.IsDir() {
			err = a.move(name)
		} else {
			err = a.file(name, realm)
		}
		if err != nil {
			return err
		}
	}
	if err := a.step(); err != nil {
		return err
	}
	return a.s.removeEmpty(folder)
}

// file moves a file. One that is there twice is not overwritten: other hands put it there.
func (a *adopter) file(name, realm string) error {
	moved, err := a.rename(name, realm)
	if err == nil && !moved {
		return fault.Of(fault.Conflict, fault.File, name, "the object store's folder has %s at its old place and at its new one", name)
	}
	return err
}

// rename moves a file or folder to its realm, unless something is there.
func (a *adopter) rename(name, realm string) (moved bool, err error) {
	target := path.Join(a.s.naming.realm(realm), name)
	if _, err := a.s.lstat(target); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := a.step(); err != nil {
		return false, err
	}
	from, err := nolinks.Folder(a.s.root, path.Dir(name))
	if err != nil {
		return false, err
	}
	defer from.Close()
	to, err := nolinks.Make(a.s.root, path.Dir(target), 0o700)
	if err != nil {
		return false, err
	}
	defer to.Close()
	if err := a.step(); err != nil {
		return false, err
	}
	if err := nolinks.Rename(from, path.Base(name), to, path.Base(target)); err != nil {
		return false, err
	}
	return true, errors.Join(a.s.syncFolders(path.Dir(target)), syncFolder(a.s.root, path.Dir(name)))
}
