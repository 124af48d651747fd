package gcs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"firn/shared/fault"
)

// retryAfter is what clients are told when the store is throttling or away.
const retryAfter = 2 * time.Second

// refusal is an answer that is no success.
type refusal struct {
	status int
	detail string
}

// Error is for the log.
func (r *refusal) Error() string { return fmt.Sprintf("status %d: %s", r.status, r.detail) }

// statusOf gives the status of the store's answer; 0 if there was none.
func statusOf(err error) int {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.status
	}
	return 0
}

// passing says whether the same request may succeed soon (Cloud Storage documentation, "Retry strategy").
func passing(err error) bool {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return false
	}
	switch status := statusOf(err); status {
	case 0, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	default:
		return status >= 500
	}
}

// unclear says whether the failed attempt may have had an effect: no whole answer came, or one from a server that did not
// know itself. A refusal had none, nor had a connection that was never made.
func unclear(err error) bool {
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return false
	}
	status := statusOf(err)
	return status == 0 || status == http.StatusRequestTimeout || status >= 500
}

// translate makes an error of firn's; nil stays nil. It takes the call to have had no effect: Put decides for itself.
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
	switch status := statusOf(err); {
	case passing(err):
		return fault.Of(fault.Unavailable, fault.File, name, "The storage of %s does not answer. Try again.", name).Because(err).After(retryAfter)
	case status == http.StatusNotFound:
		return fault.Of(fault.NotFound, fault.File, name, "").Because(err)
	case status == http.StatusPreconditionFailed:
		return fault.Of(fault.Exists, fault.File, name, "").Because(err)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.Of(fault.Forbidden, fault.File, name, "The storage does not let this server touch %s.", name).Because(err)
	}
	return refused(name, err)
}

func refused(name string, err error) error {
	return fault.Of(fault.Invalid, fault.Location, name, "The storage refused %s: check the bucket of the catalog's storage.", name).Because(err)
}
