package s3local

import (
	"time"

	"firn/shared/fault"
)

// holder is whom an upload counts for: a principal or a table of a realm.
type holder struct{ realm, kind, id string }

// openUpload is an upload that was neither completed nor aborted.
type openUpload struct {
	realm, bucket, key string // what it is for: else the credential of one prefix reaches uploads of another
	principal, table   holder
	touched            time.Time // when something was added to it last
}

// slots are the open uploads by id, and how many of them count for whom. A principal or a table that has its share waits;
// others do not. The store's mutex is over them.
type slots struct {
	uploads map[string]*openUpload
	held    map[holder]int
}

func newSlots() slots { return slots{map[string]*openUpload{}, map[holder]int{}} }

// full returns Throttled if there is no slot for the upload.
func (s *slots) full(u *openUpload) error {
	switch {
	case len(s.uploads) >= maxUploads:
		return noSlot("At most %d uploads are open at once in the store; try again later.", maxUploads)
	case s.held[u.principal] >= maxPrincipalUploads:
		return noSlot("At most %d uploads of a principal are open at once; complete or abort some.", maxPrincipalUploads)
	case s.held[u.table] >= maxTableUploads:
		return noSlot("At most %d uploads to a table are open at once; complete or abort some.", maxTableUploads)
	}
	return nil
}

func noSlot(text string, limit int) error {
	return fault.Of(fault.Throttled, upload, "", text, limit)
}

func (s *slots) add(id string, u *openUpload) {
	s.uploads[id] = u
	s.held[u.principal]++
	s.held[u.table]++
}

func (s *slots) remove(id string) {
	u := s.uploads[id]
	if u == nil {
		return
	}
	delete(s.uploads, id)
	for _, h := range []holder{u.principal, u.table} {
		if s.held[h]--; s.held[h] <= 0 {
			delete(s.held, h)
		}
	}
}

// stale returns the uploads that nothing was added to since a moment.
func (s *slots) stale(dead time.Time) (ids []string) {
	for id, u := range s.uploads {
		if u.touched.Before(dead) {
			ids = append(ids, id)
		}
	}
	return ids
}
