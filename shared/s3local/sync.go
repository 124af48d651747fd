package s3local

import (
	"errors"
	"fmt"
	"os"
	"path"

	"firn/shared/nolinks"
)

// maxLasting bounds the folders that are remembered as lasting.
const maxLasting = 10_000

// syncFolders makes the entries of a folder outlive the machine, and the folder itself with those above it. Each put adds
// an entry to its folder; the folders above have changed only if one was made, which is why those that last are known.
//
// A folder may be swept and made again while it is synced here: what was synced is then not what is there, and nothing of
// it is remembered.
func (s *Store) syncFolders(folder string) error {
	if !syncsFolders {
		return nil
	}
	s.mu.Lock()
	sweeps := s.sweeps
	s.mu.Unlock()
	var synced []string
	for lasts := false; !lasts; folder = path.Dir(folder) {
		err := syncFolder(s.root, folder)
		if err != nil && !absent(err) { // a folder that was swept meanwhile needs no sync
			return fmt.Errorf("sync folder: %w", err)
		}
		synced = append(synced, folder)
		s.mu.Lock()
		lasts = folder == "." || s.lasting[folder]
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sweeps != sweeps {
		return nil
	}
	if len(s.lasting) > maxLasting {
		clear(s.lasting)
	}
	for _, name := range synced {
		s.lasting[name] = true
	}
	return nil
}

// syncFolder makes the names in a folder outlive the machine.
func syncFolder(root *os.Root, name string) error {
	if !syncsFolders {
		return nil
	}
	dir, err := nolinks.Folder(root, name)
	if err != nil {
		return err
	}
	defer dir.Close()
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
