// Package revoke ends keys to storage that are out already: the contract between the use-case that decides which (package
// admin) and the driver that makes a store refuse them (aws).
//
// A Target is a role through which keys were vended; a Cut is whose keys of it die, and from which time. An Ender makes a
// target refuse exactly the cuts that it is given, so that who asks need not remember what was asked before: the
// revocations in the table are the truth, and a target is brought in line with them.
//
// It refuses to know who may revoke, to remember anything, and to call a failure a success: an error means that keys may
// live on, and that whoever asked must ask again.
//
// # Why
//
// No new keys is a matter of the table, which every vend reads. Keys that are out are a matter of the store that takes
// them: the embedded one asks firn on each request and needs no Ender, AWS can be told by a policy, and GCS, ADLS and
// compatible stores have nothing that would end one principal's keys and leave the others'.
package revoke

import (
	"context"
	"time"

	"firn/shared/lake"
)

// Settle is how long after a revocation a key may still be minted for a request that began before it: the longest request,
// and as much for clocks that differ. So keys die that were issued until then, and nobody is given new ones earlier.
const Settle = time.Minute

// Longest is how long a vended key can live at most (STS API reference, AssumeRole, DurationSeconds). A cut may be forgotten
// when this has passed since the last key that it stops was issued.
const Longest = 12 * time.Hour

// Target is a role that keys were vended with, and what firn says to its owner to be let in: catalogs of two tenants may
// name one role, and only those that know its external id reach it.
type Target struct {
	Role       string // ARN
	ExternalID string // empty: the role asks for none
}

// Cut ends the keys of a subject that were issued before a moment.
type Cut struct {
	Realm lake.Realm
	Of    lake.Revoked
	// Before is the moment. Nothing was issued to the subject from then until Latest, so any moment up to that does as well;
	// a zero Latest has no end.
	Before, Latest time.Time
}

// Ender ends keys of AWS roles. Implementations are safe for concurrent use.
type Ender interface {
	// End makes the target refuse what the cuts say, and nothing else because of cuts that it was given before. With the same
	// cuts again it changes nothing. widely says that there was no room for that: then all keys but firn's own are refused that
	// were issued before the latest of the cuts' moments.
	//
	// Errors are *fault.Error whose messages name no role; after one, keys may live on.
	End(ctx context.Context, t Target, cuts []Cut) (widely bool, err error)
	// Holder says which of the principals has the key of this id; false if none of them has.
	Holder(key string, realm lake.Realm, principals []lake.ID) (lake.ID, bool)
	// Names says whether the id is that of a key of a role's: one that End could end.
	Names(key string) bool
}
