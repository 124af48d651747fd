package gcp

import (
	"context"
	"errors"
	"net/http"
	"time"

	"firn/shared/fault"
)

// What Google's refusals of firn's own identity mean to a client. Google's words are in the cause alone.
const (
	noIdentity  = "This server has no identity at Google. An administrator must configure one."
	notAccepted = "Google does not accept this server's own identity. An administrator must check it."
	away        = "Google's token service did not answer. Try again."
	late        = "Google's token service did not answer in time. Try again."
)

// retryAfter is what clients are told when an issuer of tokens is throttling or away.
const retryAfter = 2 * time.Second

// NoIdentity tells that the server is nobody to Google.
func NoIdentity(cause error) error {
	return fault.Of(fault.Unsupported, fault.Credential, "", noIdentity).Because(cause)
}

// Refused tells why Google gave no token: by the status of its answer, or 0 if none came. Nothing has an effect yet.
func Refused(ctx context.Context, status int, err error) error {
	if ctx.Err() != nil {
		return fault.Of(fault.Timeout, fault.Credential, "", late).Because(errors.Join(ctx.Err(), err))
	}
	if status >= 400 && status < 500 && status != http.StatusTooManyRequests {
		return fault.Of(fault.Forbidden, fault.Credential, "", notAccepted).Because(err)
	}
	return fault.Of(fault.Unavailable, fault.Credential, "", away).After(retryAfter).Because(err)
}
