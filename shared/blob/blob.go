// Package blob reads, writes and deletes one small object: an Iceberg metadata file, most of the time.
//
// An Opener makes a Bucket from a Scope (what the operation may do, in which folders) and the credential that
// was vended for the same, so that firn's own hands are bound by the same scope as a client's. ByStorage
// finds the driver and bounds it: each call is checked against the Scope before the driver is asked. Drivers
// are file (a folder of this
// machine), s3 (S3 and compatible), gcs, azure and local (the store embedded in the process, without HTTP); blobtest is
// their suite.
//
// It refuses to replace: Put makes an object or fails. It refuses to read what is larger than a metadata file can
// sensibly be.
//
// # Why
//
// Metadata files have names that are used once, so replacing one is always a mistake, and a Put whose answer was lost is
// told apart from a Put that failed (StateUnknown): a caller that cleaned up after the first would delete a file that
// the table points to.
//
// The credential alone is no bound: a store without STS is reached with firn's own rights, and a folder of
// this machine with the process's. So the Scope is checked here too, in the one place through which every
// driver is reached.
//
// Large files (data, manifests) are the engines' business and never pass through firn; so objects are byte slices.
package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"firn/shared/budget"
	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/vend"
)

// MaxObject bounds what drivers read and write by default, in bytes.
const MaxObject = 64 << 20

// Bucket holds objects under URIs. Implementations are safe for concurrent use. Errors are *fault.Error about the noun
// File and the URI as it was written; besides those named below: Forbidden (the credential does not open it), Unavailable
// or Timeout (no effect; come again).
type Bucket interface {
	// Get reads a whole object, and takes its bytes from the budget of the request before. NotFound if there
	// is none; TooLarge if it is longer than the driver's limit; the errors of budget.Take.
	Get(ctx context.Context, uri location.URI) ([]byte, error)
	// Put makes an object. Exists if there is one of that name, which is left alone; TooLarge before any effect;
	// StateUnknown if it may or may not be there now. Readers see all of it or nothing.
	Put(ctx context.Context, uri location.URI, data []byte) error
	// Delete removes an object; nil if there is none.
	Delete(ctx context.Context, uri location.URI) error
}

// Sweeper is a Bucket that can remove a whole folder, for purges.
type Sweeper interface {
	// DeleteAll removes up to limit objects under the prefix and says whether more may be left. Call it again until
	// nothing is: each call is bounded work.
	DeleteAll(ctx context.Context, prefix location.Prefix, limit int) (more bool, err error)
}

// Opener makes the Bucket of a scope's storage. It does no I/O; a credential that does not fit the storage is
// an error. FILE storage needs none: the credential is then the zero one. A driver leaves the bounds of the
// scope to Bounded.
type Opener interface {
	Open(ctx context.Context, scope Scope, cred vend.Credential) (Bucket, error)
}

// Check refuses what names no object of this kind of store, for drivers: Invalid.
func Check(uri location.URI, kind location.Kind) error {
	if uri.Kind() != kind || uri.Key() == "" || strings.HasSuffix(uri.Key(), "/") {
		return fault.Of(fault.Invalid, fault.Location, uri.String(), "Location %s does not name a file in storage of type %s.", uri, kind)
	}
	return nil
}

// CheckSize refuses what is longer than limit, for drivers: TooLarge.
func CheckSize(uri location.URI, size, limit int64) error {
	if size > limit {
		return fault.Of(fault.TooLarge, fault.File, uri.String(), "File %s has more than %d bytes.", uri, limit)
	}
	return nil
}

// ReadAll reads an object of a size that is known, or of an unknown one (-1), for drivers. It takes the bytes
// from the budget of the request. Errors: TooLarge if there are more than limit, those of budget.Take, those
// of r.
func ReadAll(ctx context.Context, uri location.URI, r io.Reader, size, limit int64) ([]byte, error) {
	data, err := budget.ReadAll(ctx, r, size, limit)
	if errors.Is(err, budget.ErrLong) {
		return nil, CheckSize(uri, limit+1, limit)
	}
	return data, err
}

// CheckLimit refuses a sweep that would never end, for drivers: Argument.
func CheckLimit(limit int) error {
	if limit < 1 {
		return fault.Of(fault.Argument, fault.File, "", "a sweep removes at least 1 object, not %d", limit)
	}
	return nil
}

// Settle decides on a Put whose answer left it in doubt, for drivers: by what is there now, where that can be read. It gives
// nil if that is what was put, the failure if a retry found something else in the way, and otherwise StateUnknown.
func Settle(ctx context.Context, b Bucket, uri location.URI, data []byte, failure, cause error) error {
	if fault.Is(failure, fault.Exists) {
		there, err := b.Get(ctx, uri)
		if err == nil && bytes.Equal(there, data) {
			return nil
		}
		if err == nil {
			return failure
		}
	}
	return fault.Of(fault.StateUnknown, fault.File, uri.String(), "File %s may or may not have been written.", uri).Because(cause)
}

// Ended tells a context's end as an error about the named object; nil while it goes on. For drivers, before any effect.
func Ended(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return fault.Of(fault.Timeout, fault.File, name, "The storage of %s did not answer in time.", name).Because(err)
	}
	return nil
}
