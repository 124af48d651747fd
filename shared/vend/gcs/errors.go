package gcs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"firn/shared/fault"
)

// What Google's refusals mean to a client. The service account and Google's own words are in the cause alone: who may
// read a table need not learn who owns its bucket.
const (
	notTrusted = "Google does not let this server act as the catalog's service account. An administrator must check that account's Service Account Token Creator role."
	notKnown   = "Google does not accept this server's own identity. An administrator must check it."
	notTaken   = "Google's token service refused to narrow a token for this table. An administrator must check the catalog's service account and bucket."
	busy       = "Google's token service is busy. Try again."
	away       = "Google's token service did not answer. Try again."
	late       = "Google's token service did not answer in time. Try again."
	partial    = "Google's token service gave an incomplete credential."
	shortLived = "Google gave a token that expires too soon. Try again; a catalog that names a gcsServiceAccount gets tokens of an hour."
)

// retryAfter is what clients are told when a token service is throttling or away and does not say so itself.
const retryAfter = 2 * time.Second

// call is which service was asked: the same status means something else of each.
type call int

const (
	exchanging call = iota
	impersonating
)

// refusal is an answer that is no success.
type refusal struct {
	status     int
	code       string // error of OAuth, or status of google.rpc
	detail     string
	retryAfter time.Duration
}

// Error is for the log.
func (r *refusal) Error() string { return fmt.Sprintf("status %d %s: %s", r.status, r.code, r.detail) }

// refusalOf reads both shapes of errors: that of OAuth (RFC 6749, section 5.2) and google.rpc.Status.
func refusalOf(resp *http.Response, body []byte) error {
	r := &refusal{status: resp.StatusCode, retryAfter: retryAfterOf(resp.Header)}
	var oauth struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	var rpc struct {
		Error struct {
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	}
	const most = 500
	if json.Unmarshal(body, &oauth) == nil {
		r.code, r.detail = oauth.Error, oauth.Description
	} else if json.Unmarshal(body, &rpc) == nil {
		r.code, r.detail = rpc.Error.Status, rpc.Error.Message
	}
	r.detail = r.detail[:min(len(r.detail), most)]
	return r
}

// passing says whether the same request may succeed soon.
func passing(err error) bool {
	r, ok := errors.AsType[*refusal](err)
	return !ok || r.status >= 500 || r.status == http.StatusTooManyRequests || r.status == http.StatusRequestTimeout
}

// translate makes an error of firn's. Nothing has an effect yet, so everything may be repeated.
func translate(ctx context.Context, did call, err error) error {
	if ctx.Err() != nil {
		return tooLate(errors.Join(ctx.Err(), err))
	}
	if passing(err) {
		return unavailable(err)
	}
	r, _ := errors.AsType[*refusal](err)
	kind, message := fault.Invalid, notTaken
	switch {
	case r.status == http.StatusUnauthorized:
		kind, message = fault.Forbidden, notKnown
	case did == impersonating && (r.status == http.StatusForbidden || r.status == http.StatusNotFound):
		kind, message = fault.Forbidden, notTrusted
	case r.status == http.StatusForbidden:
		kind, message = fault.Forbidden, notTaken
	}
	return fault.Of(kind, fault.Credential, "", "%s", message).Because(err)
}

// unavailable tells apart who throttles and who is away.
func unavailable(err error) error {
	message, after := away, retryAfter
	if r, ok := errors.AsType[*refusal](err); ok {
		if r.status == http.StatusTooManyRequests {
			message = busy
		}
		after = max(after, r.retryAfter)
	}
	return fault.Of(fault.Unavailable, fault.Credential, "", "%s", message).Because(err).After(after)
}

func tooLate(cause error) error {
	return fault.Of(fault.Timeout, fault.Credential, "", late).Because(cause)
}

func incomplete() error { return fault.Of(fault.Unavailable, fault.Credential, "", partial) }
