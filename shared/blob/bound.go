package blob

import (
	"context"
	"fmt"
	"slices"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// Scope is what firn itself may do with storage in one operation: exactly these actions in exactly these
// folders. The zero Scope allows nothing.
type Scope struct {
	Realm    lake.Realm
	Storage  *lake.Storage
	Prefixes []location.Prefix
	Actions  vend.Actions
}

// validate refuses a scope that allows nothing: Forbidden.
func (s *Scope) validate() error {
	if s.Realm == "" || s.Storage == nil || len(s.Prefixes) == 0 || s.Actions == 0 {
		return fault.Of(fault.Forbidden, fault.File, "",
			"Nothing of this storage is open to the server: no realm, folder or action was named.")
	}
	return nil
}

// checkFile refuses an action on a file that is not in the scope: Forbidden.
func (s *Scope) checkFile(uri location.URI, want vend.Actions) error {
	inside := slices.ContainsFunc(s.Prefixes, func(p location.Prefix) bool { return p.Contains(uri) })
	if !inside || !s.Actions.Has(want) {
		return outOfScope(uri.String(), want)
	}
	return nil
}

// checkFolder refuses an action on a folder that is not in the scope: Forbidden.
func (s *Scope) checkFolder(folder location.Prefix, want vend.Actions) error {
	inside := slices.ContainsFunc(s.Prefixes, func(p location.Prefix) bool { return p.Covers(folder) })
	if !inside || !s.Actions.Has(want) {
		return outOfScope(folder.String(), want)
	}
	return nil
}

// outOfScope has no location in its message: it may come from a document that the caller must not see.
func outOfScope(name string, want vend.Actions) error {
	return fault.Of(fault.Forbidden, fault.File, name,
		"The file is outside of the folders that the server may %s in for this.", want)
}

// Bounded is an Opener whose buckets check each call against the scope before the driver is asked, whatever
// the driver and its credential would allow. What is outside is Forbidden, without effect. An empty scope is
// not opened.
type Bounded struct{ Opener Opener }

var _ Opener = Bounded{}

// Open returns a bucket that is a Sweeper if the driver's is.
func (o Bounded) Open(ctx context.Context, scope Scope, cred vend.Credential) (Bucket, error) {
	if err := scope.validate(); err != nil {
		return nil, err
	}
	scope.Prefixes = slices.Clone(scope.Prefixes)
	b, err := o.Opener.Open(ctx, scope, cred)
	if err != nil {
		return nil, err
	}
	inner := &bounded{bucket: b, scope: scope}
	if sweeper, ok := b.(Sweeper); ok {
		return &boundedSweeper{inner, sweeper}, nil
	}
	return inner, nil
}

// bounded is a bucket within a scope.
type bounded struct {
	bucket Bucket
	scope  Scope
}

// boundedSweeper is one that removes folders too.
type boundedSweeper struct {
	*bounded
	sweeper Sweeper
}

var (
	_ Bucket  = (*bounded)(nil)
	_ Sweeper = (*boundedSweeper)(nil)
)

// Format prints nothing of the credential in the driver's bucket, whatever the verb.
func (b *bounded) Format(s fmt.State, _ rune) { fmt.Fprintf(s, "bucket for %s", b.scope.Actions) }

// Get reads an object. It takes the action Read.
func (b *bounded) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	if err := b.scope.checkFile(uri, vend.Read); err != nil {
		return nil, err
	}
	return b.bucket.Get(ctx, uri)
}

// Put makes an object. It takes the action Write.
func (b *bounded) Put(ctx context.Context, uri location.URI, data []byte) error {
	if err := b.scope.checkFile(uri, vend.Write); err != nil {
		return err
	}
	return b.bucket.Put(ctx, uri, data)
}

// Delete removes an object. It takes the action Delete.
func (b *bounded) Delete(ctx context.Context, uri location.URI) error {
	if err := b.scope.checkFile(uri, vend.Delete); err != nil {
		return err
	}
	return b.bucket.Delete(ctx, uri)
}

// DeleteAll removes objects of a folder. It takes the actions List and Delete.
func (b *boundedSweeper) DeleteAll(ctx context.Context, folder location.Prefix, limit int) (bool, error) {
	if err := b.scope.checkFolder(folder, vend.List|vend.Delete); err != nil {
		return false, err
	}
	return b.sweeper.DeleteAll(ctx, folder, limit)
}
