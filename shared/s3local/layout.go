package s3local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/nolinks"
)

// The layout file has two words: how names are spelt, and where buckets are. Folders that were filled before realms had
// folders of their own have the first word alone.
const (
	stageMoving = "moving" // some buckets are at the top of the folder, others in their realm's
	stageRealms = "realms" // all buckets are in their realm's folder
)

// settleLayout finds how file names are spelt here, once per folder: a folder that was filled on a file system with
// case cannot be opened on one without, as two scopes could be one folder there. Then it moves the buckets of an older
// folder to their realms.
func (s *Store) settleLayout(c Config) error {
	folds, err := s.foldsNames()
	if err != nil {
		return fmt.Errorf("probe the file system: %w", err)
	}
	text, err := s.own.ReadFile(layoutFile)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return fmt.Errorf("settle the layout: %w", err)
	}
	spelling, stage, _ := strings.Cut(string(text), " ")
	switch {
	case stage != "" && stage != stageMoving && stage != stageRealms, !fresh && spelling != plainLayout && spelling != escapedLayout:
		return fault.New(fault.Conflict, "the object store's folder has a layout that this version does not know")
	case spelling == plainLayout && folds:
		return fault.New(fault.Conflict, "the object store's folder was filled on a file system that tells apart names which this one does not")
	}
	s.naming = naming{escaped: fresh && folds || spelling == escapedLayout}
	if stage == stageRealms {
		return nil
	}
	return s.settleRealms(c)
}

// settleRealms moves the buckets that are at the top of the folder, if there are any, and writes down that none are.
func (s *Store) settleRealms(c Config) error {
	entries, err := nolinks.Entries(s.root)
	if err != nil {
		return fmt.Errorf("look for buckets: %w", err)
	}
	var buckets []string
	for _, e := range entries {
		if e.IsDir() && checkBucket(e.Name()) == nil {
			buckets = append(buckets, e.Name())
		}
	}
	slices.Sort(buckets)
	if len(buckets) > 0 {
		if err := s.adopt(buckets, c); err != nil {
			return err
		}
	}
	return s.writeLayout(stageRealms)
}

// writeLayout writes the layout file so that it is whole, and lasts, whenever the machine dies.
func (s *Store) writeLayout(stage string) error {
	spelling := plainLayout
	if s.naming.escaped {
		spelling = escapedLayout
	}
	const next = layoutFile + ".new"
	err := s.writeSynced(next, spelling+" "+stage)
	if err == nil {
		err = s.own.Rename(next, layoutFile)
	}
	if err == nil {
		err = syncFolder(s.own, ".")
	}
	if err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	return nil
}

func (s *Store) writeSynced(name, text string) error {
	f, err := s.own.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// lookalikes are pairs of names that some file systems take for one: by case, by Unicode normalization.
var lookalikes = [...][2]string{{"probe", "PROBE"}, {"prob\u00e9", "probe\u0301"}}

func (s *Store) foldsNames() (bool, error) {
	for _, pair := range lookalikes {
		if err := s.work.WriteFile(pair[0], nil, 0o600); err != nil {
			return false, err
		}
		_, err := s.work.Lstat(pair[1])
		if removed := s.work.Remove(pair[0]); removed != nil {
			return false, removed
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	return false, nil
}
