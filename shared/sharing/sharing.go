// Package sharing holds the use-case of a recipient: keys that read a table which was shared with it (Delta Sharing,
// PROTOCOL.md, Generate Temporary Table Credential).
//
// It refuses to vend anything itself: what a share adds is a name. Whether the caller may read is decided by package catalog,
// by the caller's own grants on the table that the name stands for, on the table as it is now. What package admin does with
// shares and recipients is no business of this package.
//
// # Why
//
// A share that the caller does not have is told as one that is not there, and so is everything in it: names of shares and
// tables are the provider's business. Within a share the caller is told what is refused, in the words of the share: where
// the table lies, what it is called there and which role was missing goes to the log alone.
//
// A recipient is a principal. It comes with an access token as any client (OAuth client credentials), or with
// a bearer token that lasts, for clients that know nothing else. The bearer token names the principal, so
// that what it is compared with is found in one read. That is a read of its own: a caller is authenticated
// before its body is read.
//
// Each bearer token that is refused is recorded, and guessing slows down (package throttle): a guess costs a read.
//
// An alias names the table by id. Where a rename has moved it, two more reads find it, and the next request does the same:
// this side writes nothing. The administrator's list of tables says where each is.
package sharing

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/store"
	"firn/shared/throttle"
	"firn/shared/vend"
)

// Tables vends for a table by the caller's grants; catalog.Service is one.
type Tables interface {
	Vend(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, want catalog.Want) (catalog.Keys, error)
}

// Config is what a Service needs.
type Config struct {
	Store    *store.Store
	Tables   Tables
	Now      func() time.Time
	Log      *slog.Logger       // takes a record of each bearer token that is refused
	Failures *throttle.Failures // slows down whoever guesses bearer tokens; nil: nobody is slowed down
}

// Service answers recipients.
type Service struct{ Config }

// New makes a Service.
func New(c Config) *Service { return &Service{c} }

// Name names a table within a share. Case counts in none of its parts.
type Name struct{ Share, Schema, Table string }

// String is the name as clients write it.
func (n Name) String() string { return n.Share + "." + n.Schema + "." + n.Table }

// Caller authenticates a bearer token of a recipient; own is false if it is none. Error: Unauthenticated.
// What becomes of the secret that the token depends on is seen when the caller is read, with what it asks
// for.
//
// from has the realm and the address. Each token that is refused is recorded, and guessing slows down.
func (s *Service) Caller(ctx context.Context, from lake.Caller, raw string) (caller lake.Caller, own bool, err error) {
	principal, own := lake.ParseBearer(raw)
	if !own {
		return from, false, nil
	}
	if err := s.Failures.Check(attempt(from, principal), s.Now()); err != nil {
		s.failed(ctx, from, principal, err)
		return from, true, err
	}
	b := s.Store.Batch(from.Realm)
	r := b.Recipient(principal)
	if err := b.Read(ctx); err != nil {
		return from, true, err
	}
	caller, err = s.proven(ctx, from, principal, lake.Secret(raw), r.Value)
	return caller, true, err
}

// proven returns the caller whose bearer token it is.
func (s *Service) proven(ctx context.Context, from lake.Caller, principal lake.ID, bearer lake.Secret, r *lake.Recipient) (lake.Caller, error) {
	now, found := s.Now(), (*lake.BearerToken)(nil)
	if r != nil {
		for i := range r.Tokens { // all are compared
			if t := &r.Tokens[i]; t.Match(bearer) {
				found = t
			}
		}
	}
	if found != nil && !now.Before(found.Expires) {
		return from, fault.New(fault.Unauthenticated, "Not authorized").Because(errors.New("the bearer token has ended"))
	}
	if found == nil {
		err := fault.New(fault.Unauthenticated, "Not authorized").Because(errors.New("the bearer token is not one of the recipient's"))
		s.Failures.Failed(attempt(from, principal), now)
		s.failed(ctx, from, principal, err)
		return from, err
	}
	s.Failures.Succeeded(attempt(from, principal))
	from.PrincipalID, from.Principal, from.AllRoles, from.Generation = r.PrincipalID, r.Principal, true, found.Generation
	return from, nil
}

// attempt names whose bearer token is tried, and from where. It is apart from the logins of a client of that id.
func attempt(from lake.Caller, principal lake.ID) throttle.Key {
	return throttle.Key{Realm: from.Realm, Client: "bearer " + string(principal), Address: from.Address}
}

// failed records a bearer token that was refused. The id is what the token claims: it has the form of one.
func (s *Service) failed(ctx context.Context, from lake.Caller, principal lake.ID, err error) {
	s.Log.LogAttrs(ctx, slog.LevelWarn, "login failed", slog.String("realm", string(from.Realm)),
		slog.String("principal_id", string(principal)), slog.String("address", from.Address), slog.String("reason", err.Error()))
}

// Credentials gives keys that read and list the table, and nothing else; within a folder of it (a URI) where within is not
// nil. Errors: Unauthenticated (a token that is no longer good), NotFound (the caller has no such share, or it holds no such
// table), Forbidden (the caller may not read the table), Argument (the folder is none of the table's), Unsupported (the
// storage has no keys). Access requirement: to have the share, and TABLE_READ_DATA on the table.
func (s *Service) Credentials(ctx context.Context, c lake.Caller, n Name, within *string) (catalog.Keys, error) {
	var none catalog.Keys
	table, err := s.find(ctx, c, n)
	if err != nil {
		return none, err
	}
	want := catalog.Want{Actions: vend.Read | vend.List, TableID: table.TableID, Why: "share " + n.String()}
	if within != nil {
		if want.Within = *within; want.Within == "" { // which would ask for all of the table
			return none, misplaced(n, "")
		}
	}
	k, err := s.Tables.Vend(ctx, c, table.Catalog, table.Identifier(), want)
	if fault.Is(err, fault.NotFound) {
		k, err = s.follow(ctx, c, table, want, err)
	}
	if err != nil {
		return none, told(n, want.Within, err)
	}
	if k.Credential == nil {
		return none, unsupported(n)
	}
	return k, nil
}

// find reads what the name stands for.
func (s *Service) find(ctx context.Context, c lake.Caller, n Name) (*lake.SharedTable, error) {
	b := s.Store.Batch(c.Realm)
	me := b.Caller(c)
	found := b.Shared(c.PrincipalID, n.Share, n.Schema, n.Table)
	if err := b.Read(ctx); err != nil {
		return nil, err
	}
	if err := me.Check(); err != nil {
		return nil, err
	}
	table := found.Table()
	if table == nil {
		return nil, fault.Missing(fault.SharedTable, n.String())
	}
	return table, nil
}

// follow vends for a table where it was renamed to. missing is returned where it was not.
func (s *Service) follow(ctx context.Context, c lake.Caller, t *lake.SharedTable, want catalog.Want, missing error) (catalog.Keys, error) {
	at, err := s.Store.Whereabouts(ctx, c.Realm, t.TableID)
	if err != nil {
		return catalog.Keys{}, err
	}
	if at == nil || at.Name == t.Table && slices.Equal(at.Namespace, t.Namespace) {
		return catalog.Keys{}, missing
	}
	return s.Tables.Vend(ctx, c, t.Catalog, *at, want)
}
