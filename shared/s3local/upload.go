package s3local

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"

	"firn/shared/fault"
	"firn/shared/nolinks"
)

// An open upload is a folder named by its id in the folder of uploads, of parts named by their numbers. It ends with the
// process at the latest.

// startUpload opens an upload of a credential for a key and returns its id. Throttled if too many are open.
func (t tenant) startUpload(bucket, key string, by Claims) (string, error) {
	if _, err := t.file(bucket, key); err != nil {
		return "", err
	}
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	u := &openUpload{realm: t.realm, bucket: bucket, key: key, touched: t.now(),
		principal: holder{t.realm, "principal", by.Principal}, table: holder{t.realm, "table", by.Table}}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.slots.full(u); err != nil {
		if t.dropStale(); t.slots.full(u) != nil {
			return "", err
		}
	}
	if err := t.uploads.Mkdir(id, 0o700); err != nil {
		return "", diskError(fmt.Errorf("make upload: %w", err))
	}
	t.slots.add(id, u)
	return id, nil
}

// dropStale aborts uploads that nothing was added to for a day. The caller holds the mutex.
func (s *Store) dropStale() {
	for _, id := range s.slots.stale(s.now().Add(-staleUpload)) {
		_ = s.dropUpload(id) // one that cannot be removed stays, and so does its slot
	}
}

// findUpload checks that an upload is open and for the key. Its folder has the name of its id.
func (t tenant) findUpload(bucket, key, id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.slots.uploads[id]
	if u == nil || u.realm != t.realm || u.bucket != bucket || u.key != key {
		return fault.Missing(upload, "")
	}
	return nil
}

// partRef names a part as a Complete does.
type partRef struct {
	Number int    `xml:"PartNumber"`
	ETag   string `xml:"ETag"` // quoted or not
}

func partFile(number int) string { return fmt.Sprintf("%05d", number) }

// putPart makes a work file a part of an upload, instead of an earlier one of the same number.
func (s *Store) putPart(w *work, id string, number int, alive func() error) (Object, error) {
	if err := w.finish(false); err != nil {
		return Object{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := s.work.Lstat(w.name)
	if err != nil {
		return Object{}, fmt.Errorf("look at work file: %w", err)
	}
	if err := alive(); err != nil {
		return Object{}, err
	}
	u, dir, err := s.openUpload(id)
	if err != nil {
		return Object{}, err
	}
	defer dir.Close()
	old, err := dir.Lstat(partFile(number))
	if err != nil && !absent(err) {
		return Object{}, fmt.Errorf("look at part: %w", err)
	}
	if err := nolinks.Rename(s.work, w.name, dir, partFile(number)); err != nil {
		return Object{}, diskError(fmt.Errorf("publish part: %w", err))
	}
	if old != nil && old.Mode().IsRegular() {
		s.used -= old.Size()
	}
	w.done, u.touched = true, s.now()
	return object("", info), nil
}

// openUpload opens an upload's folder. The caller holds the mutex.
func (s *Store) openUpload(id string) (*openUpload, *os.Root, error) {
	u := s.slots.uploads[id]
	if u == nil {
		return nil, nil, fault.Missing(upload, "")
	}
	dir, err := nolinks.Folder(s.uploads, id)
	if absent(err) {
		return nil, nil, fault.Missing(upload, "").Because(err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("open upload: %w", err)
	}
	return u, dir, nil
}

// uploadFolder opens an upload's folder, which the caller closes.
func (s *Store) uploadFolder(id string) (*os.Root, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, dir, err := s.openUpload(id)
	return dir, err
}

// parts lists an upload's parts behind a number; the key of each is its number. more says that there are further ones.
func (s *Store) parts(id string, behind, limit int) (parts []Object, more bool, err error) {
	dir, err := s.uploadFolder(id)
	if err != nil {
		return nil, false, err
	}
	defer dir.Close()
	return partsIn(dir, behind, limit)
}

func partsIn(dir *os.Root, behind, limit int) (parts []Object, more bool, err error) {
	entries, err := nolinks.Entries(dir)
	if err != nil {
		return nil, false, fmt.Errorf("look at upload: %w", err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		number, err := strconv.Atoi(e.Name())
		if err != nil || number <= behind || !e.Type().IsRegular() {
			continue
		}
		if len(parts) == limit {
			return parts, true, nil
		}
		info, err := e.Info()
		if err != nil {
			return nil, false, fmt.Errorf("look at part: %w", err)
		}
		parts = append(parts, object(strconv.Itoa(number), info))
	}
	return parts, false, nil
}

// endUpload removes an upload and what it holds.
func (s *Store) endUpload(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropUpload(id)
}

// dropUpload is endUpload for a caller that holds the mutex.
func (s *Store) dropUpload(id string) error {
	_, dir, err := s.openUpload(id)
	if fault.Is(err, fault.NotFound) {
		s.slots.remove(id) // its folder is gone
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	parts, _, err := partsIn(dir, 0, maxParts)
	if err != nil {
		return err
	}
	if err := s.uploads.RemoveAll(id); err != nil {
		return fmt.Errorf("remove upload: %w", err)
	}
	for _, p := range parts {
		s.used -= p.Size
	}
	s.slots.remove(id)
	return nil
}

var errPart = refuse(http.StatusBadRequest, "InvalidPart", "A part that the request names was not uploaded, or is another one now.")

// join copies the named parts into one work file, which the caller publishes or discards. The parts are left: a
// Complete that failed can be sent again. sums get the bytes too.
func (s *Store) join(id string, refs []partRef, sums []expectation, alive func() error) (*work, error) {
	dir, err := s.uploadFolder(id)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	total, err := checkParts(dir, refs)
	if err != nil {
		return nil, err
	}
	w, err := s.newWork(total)
	if err != nil {
		return nil, err
	}
	to := []io.Writer{w}
	for _, e := range sums {
		to = append(to, e.sum)
	}
	for _, ref := range refs {
		if err := copyPart(io.MultiWriter(to...), dir, ref, alive); err != nil {
			w.discard()
			return nil, err
		}
	}
	return w, nil
}

// copyPart copies one part, if it still is the one that was named.
func copyPart(to io.Writer, dir *os.Root, ref partRef, alive func() error) error {
	f, info, err := nolinks.File(dir, partFile(ref.Number))
	if absent(err) {
		return errPart
	}
	if err != nil {
		return fmt.Errorf("open part: %w", err)
	}
	defer f.Close()
	if object("", info).ETag != unquote(ref.ETag) {
		return errPart
	}
	if _, err := copyBytes(to, &watched{ReadCloser: f, alive: alive}); err != nil {
		return fmt.Errorf("join parts: %w", err)
	}
	return nil
}

// checkParts adds up the named parts before a byte is copied.
func checkParts(dir *os.Root, refs []partRef) (total int64, err error) {
	for i := 1; i < len(refs); i++ {
		if refs[i].Number <= refs[i-1].Number {
			return 0, refuse(http.StatusBadRequest, "InvalidPartOrder", "Parts are named in ascending order of their numbers.")
		}
	}
	for i, ref := range refs {
		info, err := dir.Lstat(partFile(ref.Number))
		if absent(err) || err == nil && !info.Mode().IsRegular() || err == nil && object("", info).ETag != unquote(ref.ETag) {
			return 0, errPart
		}
		if err != nil {
			return 0, fmt.Errorf("look at part: %w", err)
		}
		if info.Size() < minPart && i < len(refs)-1 {
			return 0, refuse(http.StatusBadRequest, "EntityTooSmall", "Parts but the last have at least 5 MiB.")
		}
		if total += info.Size(); total > maxObject {
			return 0, errTooLarge
		}
	}
	return total, nil
}
