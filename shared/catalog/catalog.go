// Package catalog holds the use-cases on what a catalog contains: namespaces, tables and views, their metadata, their keys.
//
// Each reads what it needs in one batch, checks access, computes on values, and writes once, conditionally. It refuses to
// know any dialect (protocol packages translate), to trust a location (each passes package location, before any effect
// and again before each key), and to touch an object store with more than a key for that very table.
//
// # Why
//
// The commit is the heart. Its order is fixed: read, check, apply in memory, judge every location, put the new metadata
// file under a fresh name, swap the pointer by one conditional write, refresh the copy, answer. What may never happen: a
// refusal (4xx) once the swap may have landed; an acknowledged commit that is lost; a metadata file deleted that a landed
// or still landing write names. So a lost swap, which is known to have had no effect, is tried again from fresh reads; a
// swap without a clear answer is looked for, and if it is not found the answer is that the state is unknown.
//
// Views are kept, judged, swapped and copied as tables are; nothing is vended for them. A view may move within its
// namespace, since it leaves no data behind, and dropping it deletes no file: whoever may drop views need not be trusted
// with files, and what was dropped can be registered again.
//
// A request with a key is looked up before its access is checked, and no refusal of it is told before it is known that no
// other try of it had its effect: a client that is refused cleans up after itself. A replay whose answer needs what has gone
// meanwhile, or what the caller may no longer see, is told that the state is unknown, which it can look at.
//
// A missing object is told before a missing right (404 before 403), as Polaris does and its clients expect.
//
// firn's own hands are bound like a client's: it reads and writes metadata files with a vended key for that table's
// folders, and each call is checked against these folders again where no key bounds it (blob.Scope), so that
// a path that slipped through validation would still open nothing else. After a catalog was tightened neither
// it nor a client gets a key to what is outside: only metadata that is still at hand is answered, without
// keys.
//
// A registration reads a file that its caller names. So the claims around the file are read in the request's
// batch, and a file in a folder that another claims is refused before a byte of it is read. The file is
// checked rather than reserved: a reservation would be a write before the first read, and one to take back
// after each refusal, while the final transaction claims the folders anyway, under guards that were read
// before the check. A newcomer in between makes it lose. Refusals after the read name the rule and the field,
// and quote nothing of the file.
//
// What a metadata log names is believed for nobody's loss: firn deletes a file that falls out of it only by
// the name of a metadata file and in a folder that this table alone has claimed. Where tables may share
// folders, it cannot be known whose a file is, and nothing is deleted but the files that a failed change has
// just put there itself.
package catalog

import (
	"log/slog"
	"time"

	"firn/shared/blob"
	"firn/shared/lake"
	"firn/shared/sign"
	"firn/shared/store"
	"firn/shared/vend"
)

// Config is what a Service needs.
type Config struct {
	Store           *store.Store
	Vendor          vend.Vendor // with its cache in front
	Files           blob.Opener
	Signer          sign.Signer          // nil: no request is signed remotely
	Revoked         func(ids ...lake.ID) // told of tables whose keys must die at once; nil: nobody can end keys
	Era             func() string        // another whenever keys that are out have ended before their time and no item says so; nil: none do
	Log             *slog.Logger
	Now             func() time.Time
	UniqueLocations bool          // a table's own folder ends in a random leaf, where the catalog does not say otherwise
	RequireRotation bool          // principals that must rotate their credentials may do nothing else
	MaxAnswer       int           // bytes of metadata, as they are sent, that an answer can carry; commits must not outgrow it; 0: no limit
	StagedFor       time.Duration // how long a staged table can be committed and has credentials; its location is claimed until the last has ended; 0: 24 hours
}

// Service answers for the contents of catalogs.
type Service struct {
	Config
	packs bool
}

// New makes a Service.
func New(c Config) *Service {
	if c.StagedFor == 0 {
		c.StagedFor = 24 * time.Hour
	}
	if c.Revoked == nil {
		c.Revoked = func(...lake.ID) {}
	}
	if c.Era == nil {
		c.Era = func() string { return "" }
	}
	return &Service{Config: c}
}

// Packing gives the service as it is for a client that takes answers compressed.
func (s *Service) Packing() *Service {
	own := *s
	own.packs = true
	return &own
}
