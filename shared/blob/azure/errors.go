package azure

import (
	"context"
	"errors"
	"net/http"
	"time"

	"firn/shared/fault"
	"firn/shared/vend/azure/adlsrest"
)

// kinds of Azure's refusals, by error code (Microsoft's REST reference, Blob service and Path error codes) and, for what is
// not listed, by status.
var kinds = map[string]fault.Kind{
	"BlobNotFound": fault.NotFound, "PathNotFound": fault.NotFound, "ResourceNotFound": fault.NotFound,
	"BlobAlreadyExists": fault.Exists, "PathAlreadyExists": fault.Exists, "ConditionNotMet": fault.Exists,
	"DirectoryIsNotEmpty": fault.NotEmpty, "DirectoryNotEmpty": fault.NotEmpty,
	"ContainerNotFound": fault.Invalid, "FilesystemNotFound": fault.Invalid, "ResourceTypeMismatch": fault.Invalid,
	"BlobImmutableDueToPolicy": fault.Forbidden,
}

// retryAfter is what clients are told when the store is throttling or away and does not say itself.
const retryAfter = 2 * time.Second

// translate makes an error of firn's out of a failed operation; nil stays nil. It takes the operation to have had no
// effect: Put decides for itself.
func translate(ctx context.Context, name string, err error) error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*fault.Error](err); ok {
		return known // of the request, not of the store
	}
	if ctx.Err() != nil {
		return fault.Of(fault.Timeout, fault.File, name, "The storage of %s did not answer in time.", name).Because(errors.Join(ctx.Err(), err))
	}
	f, ok := errors.AsType[*adlsrest.Failure](err)
	if !ok {
		f = &adlsrest.Failure{Cause: err}
	}
	switch kind := kindOf(f); kind {
	case fault.NotFound, fault.Exists, fault.NotEmpty:
		return fault.Of(kind, fault.File, name, "").Because(err)
	case fault.Forbidden:
		return forbidden(name, err)
	case fault.Invalid:
		return fault.Of(kind, fault.Location, name, "The storage refused %s: check the container and the account of the catalog's storage, and that no file is where a folder must be.", name).Because(err)
	}
	return fault.Of(fault.Unavailable, fault.File, name, "The storage of %s does not answer. Try again.", name).After(max(retryAfter, f.RetryAfter)).Because(err)
}

func forbidden(name string, cause error) error {
	return fault.Of(fault.Forbidden, fault.File, name, "The storage does not let this server touch %s.", name).Because(cause)
}

func kindOf(f *adlsrest.Failure) fault.Kind {
	if kind, known := kinds[f.Code]; known {
		return kind
	}
	switch {
	case f.Status == http.StatusNotFound:
		return fault.NotFound
	case f.Status == http.StatusPreconditionFailed:
		return fault.Exists
	case f.Status == http.StatusUnauthorized, f.Status == http.StatusForbidden:
		return fault.Forbidden
	case f.Busy(), f.Status == http.StatusRequestTimeout, f.Status == http.StatusConflict: // 409: a lease, or another write under way
		return fault.Unavailable
	case f.Status >= 300 && f.Status < 500:
		return fault.Invalid
	}
	return fault.Unavailable
}

// unclear says whether an operation that failed may have had an effect.
func unclear(err error) bool {
	f, ok := errors.AsType[*adlsrest.Failure](err)
	return !ok || f.Unclear
}
