// Package local keeps blobs in the object store that `firn serve` carries in itself, without HTTP.
//
// It refuses what the store's gate would refuse: the vended credential is opened as the gate opens it, and its realm,
// scopes, expiry and revocation hold for firn's own hands at every call.
//
// # Why
//
// A request to one's own listener would cost a signature, a socket and a dependency on the listener's being up. The rule
// that says what a key opens is the same function in both ways.
package local

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/s3local"
	"firn/shared/vend"
)

// Config is the store and whose keys open it.
type Config struct {
	Store  *s3local.Store
	Issuer *s3local.Issuer
	Limit  int64 // bytes of an object; 0: blob.MaxObject
}

// Opener opens the embedded store.
type Opener struct{ config Config }

var _ blob.Opener = (*Opener)(nil)

// New makes an opener.
func New(c Config) (*Opener, error) {
	if c.Store == nil || c.Issuer == nil {
		return nil, fault.New(fault.Argument, "Blobs in the embedded store need the store and its issuer.")
	}
	if c.Limit == 0 {
		c.Limit = blob.MaxObject
	}
	return &Opener{c}, nil
}

// Open gives a bucket that does what the credential opens. Forbidden if the store's issuer did not mint it.
func (o *Opener) Open(_ context.Context, scope blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	if !scope.Storage.Embedded() {
		return nil, fault.New(fault.Unsupported, "The catalog's storage is not this server's embedded store.")
	}
	if cred.S3 == nil {
		return nil, fault.Of(fault.Unsupported, fault.Credential, "", "This server has no credential for the catalog's storage.")
	}
	refused := fault.Of(fault.Forbidden, fault.Credential, "", "The embedded store does not take this credential.")
	claims, _, err := o.config.Issuer.Open(cred.S3.AccessKeyID, cred.S3.SessionToken.Reveal())
	if err != nil {
		return nil, refused.Because(err)
	}
	client, err := o.config.Store.As(claims.Realm, claims.Scopes...)
	if err != nil {
		return nil, refused.Because(err)
	}
	return &Bucket{client: client, claims: claims, config: &o.config}, nil
}

// Bucket is what one credential opens.
type Bucket struct {
	client *s3local.Client
	claims s3local.Claims
	config *Config
}

var (
	_ blob.Bucket  = (*Bucket)(nil)
	_ blob.Sweeper = (*Bucket)(nil)
)

// begin checks a call before any effect.
func (b *Bucket) begin(ctx context.Context, uri location.URI) error {
	if err := blob.Check(uri, location.S3); err != nil {
		return err
	}
	return b.good(ctx, uri.String())
}

// good says whether the caller still waits and the credential still lives.
func (b *Bucket) good(ctx context.Context, name string) error {
	if err := blob.Ended(ctx, name); err != nil {
		return err
	}
	if err := b.config.Issuer.Check(b.claims); err != nil {
		return forbidden(name, err)
	}
	return nil
}

// Get reads an object.
func (b *Bucket) Get(ctx context.Context, uri location.URI) ([]byte, error) {
	if err := b.begin(ctx, uri); err != nil {
		return nil, err
	}
	object, err := b.client.Get(ctx, uri.Bucket(), uri.Key())
	if err != nil {
		return nil, translate(uri.String(), err)
	}
	defer object.Close()
	data, err := blob.ReadAll(ctx, uri, object, sizeOf(object), b.config.Limit)
	if _, known := errors.AsType[*fault.Error](err); err == nil || known {
		return data, err
	}
	return nil, translate(uri.String(), err)
}

// sizeOf returns the length of an object that is open, -1 if it is not known.
func sizeOf(object io.ReadCloser) int64 {
	if f, ok := object.(interface{ Stat() (fs.FileInfo, error) }); ok {
		if info, err := f.Stat(); err == nil {
			return info.Size()
		}
	}
	return -1
}

// Put makes an object.
func (b *Bucket) Put(ctx context.Context, uri location.URI, data []byte) error {
	if err := blob.CheckSize(uri, int64(len(data)), b.config.Limit); err != nil {
		return err
	}
	if err := b.begin(ctx, uri); err != nil {
		return err
	}
	err := b.client.Put(ctx, uri.Bucket(), uri.Key(), data, true)
	if _, told := errors.AsType[*fault.Error](err); err == nil || told {
		return translate(uri.String(), err)
	}
	if ended := blob.Ended(ctx, uri.String()); ended != nil && errors.Is(err, ctx.Err()) {
		return ended
	}
	// The store syncs folders after the object is in place, so a failure that it has no words for may have come too late.
	return fault.Of(fault.StateUnknown, fault.File, uri.String(), "File %s may or may not have been written.", uri).Because(err)
}

// Delete removes an object.
func (b *Bucket) Delete(ctx context.Context, uri location.URI) error {
	if err := b.begin(ctx, uri); err != nil {
		return err
	}
	err := translate(uri.String(), b.client.Delete(ctx, uri.Bucket(), uri.Key()))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// maxPage is the most that one listing gives.
const maxPage = 1000

// DeleteAll removes what one listing finds. Access requirement: List and Delete.
func (b *Bucket) DeleteAll(ctx context.Context, prefix location.Prefix, limit int) (more bool, err error) {
	if err := blob.CheckLimit(limit); err != nil {
		return false, err
	}
	if prefix.Kind() != location.S3 {
		return false, fault.Of(fault.Invalid, fault.Location, prefix.String(), "Location %s is not in S3.", prefix)
	}
	if err := b.good(ctx, prefix.String()); err != nil {
		return false, err
	}
	limit = min(limit, maxPage)
	objects, err := b.client.List(ctx, prefix.Bucket(), prefix.Key(), "", limit)
	if err != nil {
		return false, translate(prefix.String(), err)
	}
	for _, object := range objects {
		if err := b.client.Delete(ctx, prefix.Bucket(), object.Key); err != nil {
			return true, translate(prefix.String(), err)
		}
	}
	return len(objects) == limit, nil
}

func forbidden(name string, cause error) error {
	return fault.Of(fault.Forbidden, fault.File, name, "The storage does not let this server touch %s.", name).Because(cause)
}

// translate tells the store's errors by the object's location: the store knows buckets and keys.
func translate(name string, err error) error {
	if err == nil {
		return nil
	}
	switch kind := fault.From(err).Kind; kind {
	case fault.NotFound, fault.Exists:
		return fault.Of(kind, fault.File, name, "").Because(err)
	case fault.Forbidden:
		return forbidden(name, err)
	case fault.Argument, fault.Conflict:
		return fault.Of(fault.Invalid, fault.Location, name, "The embedded store cannot hold a file %s: it has no such names, or a file is where a folder must be.", name).Because(err)
	}
	return fault.Of(fault.Unavailable, fault.File, name, "The storage of %s does not work.", name).Because(err)
}
