// Package vend turns a decision that has been made (this principal may do these actions on this table) into a storage
// credential that opens exactly that and expires soon.
//
// A Grant says what; a Vendor mints; Cache stands before a Vendor and serves a credential again while it is good; ByStorage
// finds the Vendor that a catalog's storage needs; Shared lets instances share what they minted (kms seals it); Lasting
// refuses what is about to end; Audited writes down what is handed out. Drivers are aws (STS AssumeRole with a session
// policy), r2, gcs, azure and local (the embedded store); vendtest is the suite that all of them pass.
//
// It refuses whatever it cannot scope: a grant without prefixes or actions, a prefix of another kind of store, a store
// that has no way to narrow a key. It decides no access: whoever calls Vend has checked the caller's rights and the
// prefixes against the catalog's current settings, on this very request, before the cache is asked.
//
// # Why
//
// In every cloud an empty policy, a missing condition or an empty folder means the whole bucket. So nothing here has a
// default scope: Validate runs in each driver before anything is sent, and prefixes are location.Prefix values, which end
// in a slash and are never a bucket's root: no parser makes others. A key for `orders/` does not open `orders2/`.
//
// A Credential is a struct with one pointer per store rather than a map of property names: names such as
// s3.access-key-id belong to the dialects.
package vend

import (
	"context"
	"strings"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
)

// Actions is a set of what a credential may be used for.
type Actions uint8

// The actions. Write makes and replaces objects; without Delete it removes none.
const (
	Read Actions = 1 << iota
	List
	Write
	Delete
)

const allActions = Read | List | Write | Delete

// Has says whether all of the given actions are in the set.
func (a Actions) Has(all Actions) bool { return a&all == all }

// String names the actions for logs: "read,list".
func (a Actions) String() string {
	var names []string
	for i, name := range []string{"read", "list", "write", "delete"} {
		if a.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// Grant is what a credential opens, and for whom.
type Grant struct {
	Realm       lake.Realm
	CatalogID   lake.ID
	TableID     lake.ID
	Table       string // for people: logs and the store's own audit trail
	Principal   string // for people
	PrincipalID lake.ID
	Prefixes    []location.Prefix // exact; checked against the catalog's current settings by whoever made the grant
	Actions     Actions           // on all prefixes alike
	Epoch       string            // changes when keys of the principal or table are revoked: what was minted before is not served again
	Probe       bool              // the key is to try the storage with and opens no table: where stores can, they are told
	Why         string            // the operation that asked, for the audit record; no part of what makes two grants equal
}

// Vendor mints credentials for one kind of storage. Implementations are safe for concurrent use. Errors are *fault.Error:
// Invalid (the grant cannot be scoped), Unsupported (this storage cannot be vended for), Forbidden (the store's side does
// not let firn mint), Unavailable or Timeout (come again); their messages name neither keys nor roles.
type Vendor interface {
	Vend(ctx context.Context, storage *lake.Storage, g Grant) (Credential, error)
}

// Checker is a Vendor that can tell by itself what it cannot scope. Check asks nobody and has no effect; its errors are those
// that Vend would give for the same.
type Checker interface {
	Check(storage *lake.Storage, g Grant) error
}

// Check refuses what a Vendor would refuse without asking anybody, for whoever is about to store something that keys are
// needed for. nil promises nothing.
func Check(v Vendor, storage *lake.Storage, g Grant) error {
	if c, ok := v.(Checker); ok {
		return c.Check(storage, g)
	}
	return Validate(storage, g)
}

// Validate refuses a grant that does not say exactly what it opens, or whose prefixes are not of the storage's kind.
// Every driver calls it first.
func Validate(storage *lake.Storage, g Grant) error {
	switch {
	case g.Realm == "" || g.CatalogID == "" || g.TableID == "" || g.PrincipalID == "":
		return refuse("a grant names its realm, catalog, table and principal")
	case g.Actions == 0 || g.Actions&^allActions != 0:
		return refuse("a grant has at least one action, and none but read, list, write and delete")
	case len(g.Prefixes) == 0:
		return refuse("a grant has at least one prefix")
	}
	for _, p := range g.Prefixes {
		// A zero Prefix, the one value of the type that no parser made, is of no kind.
		if kind, ok := kinds[storage.Type]; !ok || p.Kind() != kind {
			return fault.Of(fault.Invalid, fault.Location, p.String(), "Location %s is not in storage of type %s.", p, storage.Type)
		}
	}
	return nil
}

// kinds are the storage types that can be vended for at all.
var kinds = map[lake.StorageType]location.Kind{
	lake.S3: location.S3, lake.GCS: location.GCS, lake.Azure: location.ADLS,
}

func refuse(reason string) error {
	return fault.Of(fault.Invalid, fault.Credential, "", "No storage credential can be made: %s.", reason)
}
