// Package admin holds the use-cases on who and what there is in a realm: catalogs, principals, principal roles, catalog
// roles, who has which role, and what each role may do. It also makes the realm itself (Bootstrap).
//
// Each reads what it needs in one batch, authenticates and checks access, computes on values, and writes once,
// conditionally. It refuses to know any dialect, and to answer about an object before it is known that the caller is
// good: a dead token is told before a missing object, a missing object before a missing right, as Polaris does and its
// clients expect.
//
// # Why
//
// Objects are replaced as a whole under the version that the caller has seen (currentEntityVersion): two administrators
// never overwrite each other silently.
//
// A right that is taken away is gone with the next request, because every request reads the principal and the versions of
// the roles. Keys to storage that were vended before live longer than a request; where they can be ended, Revoked is told
// whose. So whatever takes a right away looks up who has it, writes, looks again for those who got it meanwhile, and tells.
// A look-up that fails before the write fails the request without an effect.
//
// A catalog is made also where its storage fails when it is tried: roles, buckets and catalogs are made by the same hands, in
// whatever order, and tools that declare them take a refusal for an end. It has no keys until a trial passes. What was found
// is told to whoever asks for a trial; a header of the catalog's answers says that there is something to find, as the body is
// Polaris's, and what a client reads there it writes back.
//
// A lost race is no refusal: it is read and decided anew. Only a version that the caller named and that is not the current
// one is told as a conflict.
//
// A role's trust policy should ask for an external id that nobody chooses, or whoever may make a catalog could name a role
// that trusts this server for another's sake (the confused deputy). firn has one for each catalog, made from the catalog's
// random id: lake.MadeExternalID. It is sent whenever the administrator gave none, which no role minds that asks for none.
// It is told beside the catalog and not in it, because declarative tools keep undoing what they did not write; written into
// the catalog it is taken, and no other catalog may say it, in any realm. An id that an administrator chooses is taken as in
// Polaris, and guards as long as nobody guesses it: realms share no index in which two claims of one could meet. Roles that
// more than one tenant of a server could name should ask for the id that firn makes.
package admin

import (
	"context"
	"log/slog"
	"time"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/probe"
	"firn/shared/revoke"
	"firn/shared/store"
)

// Config is what a Service needs.
type Config struct {
	Store   *store.Store
	Log     *slog.Logger // takes the audit records
	Now     func() time.Time
	Revoked func(ids ...lake.ID)                    // told of principals, and of tables, whose keys must die at once; nil: nobody can end keys
	EndKey  func(realm lake.Realm, id string) error // ends one key of the embedded store, if it is of the realm; nil: there is none
	Ender   revoke.Ender                            // ends keys of AWS roles; nil: nobody can

	Prober   *probe.Prober // tries storage; nil: nobody can
	ProbeNew bool          // storage that is new is tried before keys to it are handed out

	AllowFileStorage         bool // catalogs may be of storage type FILE
	AllowOverlappingCatalogs bool // catalogs may share folders
	RequireRotation          bool // principals that must rotate their credentials may do nothing else
}

// Service answers for a realm's catalogs, principals and roles.
type Service struct {
	Config
}

// New makes a Service.
func New(c Config) *Service { return &Service{c} }

// session is one request's view: what its batch read finds, and who asks.
type session struct {
	*Service
	caller lake.Caller
	batch  *store.Batch
	me     *store.CallerSlot
	cat    *store.CatalogSlot // nil: the request is on no catalog
	who    *access.Subject
}

// open begins a request. Name what else is needed on the batch, then read.
func (s *Service) open(caller lake.Caller) *session {
	b := s.Store.Batch(caller.Realm)
	return &session{Service: s, caller: caller, batch: b, me: b.Caller(caller)}
}

// on begins a request on a catalog.
func (s *Service) on(caller lake.Caller, catalog string) *session {
	x := s.open(caller)
	x.cat = x.batch.Catalog(catalog)
	return x
}

// read fills the slots and authenticates the caller.
func (x *session) read(ctx context.Context) error {
	if err := x.batch.Read(ctx); err != nil {
		return err
	}
	who, err := x.Store.Authority(ctx, x.me, x.cat)
	if err != nil {
		return err
	}
	who.Log, who.MustRotate = x.Log, who.MustRotate && x.RequireRotation
	x.who = who
	return nil
}

// allow checks access on one target, or on the two of an operation that has two.
func (x *session) allow(ctx context.Context, op access.Operation, targets ...access.Path) error {
	return x.who.Check(ctx, op, targets...)
}

// wholeRealm is the realm itself, on which lists and creations are checked.
var wholeRealm = access.Path{lake.RootID}

// path leads to an object of the realm, or of a catalog.
func path(ids ...lake.ID) access.Path { return append(access.Path{lake.RootID}, ids...) }

// moment is the clock as entities keep it: to the millisecond.
func (s *Service) moment() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// again decides anew where a race was lost, which the store tells as a Conflict without words of its own.
func again(plan func() error) error {
	const attempts = 8
	var err error
	for range attempts {
		err = plan()
		if e := fault.From(err); e == nil || e.Kind != fault.Conflict || e.Message != "" {
			return err
		}
	}
	return err
}
