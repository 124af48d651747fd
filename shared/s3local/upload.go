package s3local

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"

	"firn/shared/fault"
)

// An open upload is a folder named by its id: the file "target" says which key it is for, the others are its parts,
// named by their numbers. It ends with the process at the latest.

const targetFile = "target"

// partRef names a part as a Complete does.
type partRef struct {
	Number int    `xml:"PartNumber"`
	ETag   string `xml:"ETag"` // quoted or not
}

// startUpload opens an upload for a key and gives its id. Throttled if too many are open.
func (s *Store) startUpload(bucket, key string) (string, error) {
	if _, err := s.naming.file(bucket, key); err != nil {
		return "", err
	}
	open, err := s.uploads()
	if err != nil {
		return "", err
	}
	if len(open) >= maxUploads && !s.dropStale(open) {
		return "", fault.Of(fault.Throttled, upload, "", "At most %d uploads are open at once; complete or abort some.", maxUploads)
	}
	var random [16]byte
	_, _ = rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:])
	if err := s.root.Mkdir(uploadsFolder+"/"+id, 0o700); err != nil {
		return "", diskError(fmt.Errorf("make upload: %w", err))
	}
	if err := s.root.WriteFile(uploadsFolder+"/"+id+"/"+targetFile, []byte(bucket+"/"+key), 0o600); err != nil {
		return "", diskError(fmt.Errorf("make upload: %w", err))
	}
	return id, nil
}

func (s *Store) uploads() ([]fs.DirEntry, error) {
	open, err := fs.ReadDir(s.root.FS(), uploadsFolder)
	if err != nil {
		return nil, fmt.Errorf("look at uploads: %w", err)
	}
	return open, nil
}

// dropStale aborts uploads that nothing was added to for a day, and says whether there were any.
func (s *Store) dropStale(open []fs.DirEntry) (some bool) {
	dead := s.now().Add(-staleUpload)
	for _, u := range open {
		if info, err := u.Info(); err == nil && info.ModTime().Before(dead) {
			some = s.endUpload(u.Name()) == nil || some
		}
	}
	return some
}

// uploadFolder finds an upload. The id is bound to its key: else the holder of one prefix reaches uploads of another.
func (s *Store) uploadFolder(bucket, key, id string) (string, error) {
	missing := fault.Missing(upload, "")
	if random, err := hex.DecodeString(id); err != nil || len(random) != 16 {
		return "", missing
	}
	folder := uploadsFolder + "/" + id
	target, err := s.root.ReadFile(folder + "/" + targetFile)
	if absent(err) || err == nil && string(target) != bucket+"/"+key {
		return "", missing
	}
	if err != nil {
		return "", fmt.Errorf("look at upload: %w", err)
	}
	return folder, nil
}

func partFile(folder string, number int) string { return fmt.Sprintf("%s/%05d", folder, number) }

// putPart makes a work file a part of an upload, instead of an earlier one of the same number.
func (s *Store) putPart(w *work, folder string, number int, alive func() error) (Object, error) {
	if err := w.finish(false); err != nil {
		return Object{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := s.root.Lstat(w.name)
	if err != nil {
		return Object{}, fmt.Errorf("look at work file: %w", err)
	}
	if err := alive(); err != nil {
		return Object{}, err
	}
	name := partFile(folder, number)
	old, err := s.root.Lstat(name)
	if err != nil && !absent(err) {
		return Object{}, fmt.Errorf("look at part: %w", err)
	}
	if err := s.root.Rename(w.name, name); absent(err) {
		return Object{}, fault.Missing(upload, "")
	} else if err != nil {
		return Object{}, diskError(fmt.Errorf("publish part: %w", err))
	}
	if old != nil {
		s.used -= old.Size()
	}
	w.done = true
	return object("", info), nil
}

// parts lists an upload's parts behind a number; the key of each is its number. more says that there are further ones.
func (s *Store) parts(folder string, behind, limit int) (parts []Object, more bool, err error) {
	entries, err := fs.ReadDir(s.root.FS(), folder)
	if absent(err) {
		return nil, false, fault.Missing(upload, "")
	}
	if err != nil {
		return nil, false, fmt.Errorf("look at upload: %w", err)
	}
	for _, e := range entries {
		number, err := strconv.Atoi(e.Name())
		if err != nil || number <= behind {
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
	folder := uploadsFolder + "/" + id
	s.mu.Lock()
	defer s.mu.Unlock()
	parts, _, err := s.parts(folder, 0, maxParts)
	if err != nil {
		return err
	}
	if err := s.root.RemoveAll(folder); err != nil {
		return fmt.Errorf("remove upload: %w", err)
	}
	for _, p := range parts {
		s.used -= p.Size
	}
	return nil
}

var errPart = refuse(http.StatusBadRequest, "InvalidPart", "A part that the request names was not uploaded, or is another one now.")

// join copies the named parts into one work file, which the caller publishes or discards. The parts are left: a
// Complete that failed can be sent again. sums get the bytes too.
func (s *Store) join(folder string, refs []partRef, sums []expectation, alive func() error) (*work, error) {
	total, err := s.checkParts(folder, refs)
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
		if err := s.copyPart(io.MultiWriter(to...), folder, ref, alive); err != nil {
			w.discard()
			return nil, err
		}
	}
	return w, nil
}

// copyPart copies one part, if it still is the one that was named.
func (s *Store) copyPart(to io.Writer, folder string, ref partRef, alive func() error) error {
	f, err := s.root.Open(partFile(folder, ref.Number))
	if absent(err) {
		return errPart
	}
	if err != nil {
		return fmt.Errorf("open part: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && object("", info).ETag != unquote(ref.ETag) {
		return errPart
	}
	if err == nil {
		_, err = copyBytes(to, &watched{ReadCloser: f, alive: alive})
	}
	if err != nil {
		return fmt.Errorf("join parts: %w", err)
	}
	return nil
}

// checkParts adds up the named parts before a byte is copied.
func (s *Store) checkParts(folder string, refs []partRef) (total int64, err error) {
	for i := 1; i < len(refs); i++ {
		if refs[i].Number <= refs[i-1].Number {
			return 0, refuse(http.StatusBadRequest, "InvalidPartOrder", "Parts are named in ascending order of their numbers.")
		}
	}
	for i, ref := range refs {
		info, err := s.root.Lstat(partFile(folder, ref.Number))
		if absent(err) || err == nil && object("", info).ETag != unquote(ref.ETag) {
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
