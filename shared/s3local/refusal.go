package s3local

import (
	"encoding/xml"
	"errors"
	"net/http"

	"firn/shared/fault"
)

// refusal is an answer that is an error in S3's words (API Reference, "Error responses"). Clients match on the code.
type refusal struct {
	status  int
	code    string
	message string
	cause   error // for the log alone
}

// Error is for the log.
func (r *refusal) Error() string {
	if r.cause != nil {
		return r.code + ": " + r.message + ": " + r.cause.Error()
	}
	return r.code + ": " + r.message
}

// Unwrap gives the cause.
func (r *refusal) Unwrap() error { return r.cause }

func refuse(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

// because gives a copy of the refusal with a cause for the log.
func (r *refusal) because(cause error) *refusal {
	c := *r
	c.cause = cause
	return &c
}

func denied(message string) *refusal { return refuse(http.StatusForbidden, "AccessDenied", message) }

func malformed(message string) *refusal {
	return refuse(http.StatusBadRequest, "InvalidRequest", message)
}

func notImplemented(message string) *refusal {
	return refuse(http.StatusNotImplemented, "NotImplemented", message)
}

// upload is the noun of a multipart upload, which has a code of its own when it is missing.
const upload fault.Noun = "upload"

// kinds gives the faults of the store their status and code; what it does not name is an InternalError.
var kinds = map[fault.Kind]refusal{
	fault.Argument:    {status: http.StatusBadRequest, code: "InvalidArgument"},
	fault.Forbidden:   {status: http.StatusForbidden, code: "AccessDenied"},
	fault.NotFound:    {status: http.StatusNotFound, code: "NoSuchKey", message: "The specified key does not exist."},
	fault.Exists:      {status: http.StatusPreconditionFailed, code: "PreconditionFailed", message: "The key exists already."},
	fault.Conflict:    {status: http.StatusConflict, code: "KeyConflict"},
	fault.Throttled:   {status: http.StatusServiceUnavailable, code: "SlowDown"},
	fault.Unavailable: {status: http.StatusServiceUnavailable, code: "ServiceUnavailable"},
}

// refusalOf translates any error of this package for the wire.
func refusalOf(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	switch {
	case errors.Is(err, errForged):
		return refuse(http.StatusBadRequest, "InvalidToken", "The session token was not made for this access key, or not by this process.")
	case errors.Is(err, errExpired):
		return refuse(http.StatusBadRequest, "ExpiredToken", "The session token is expired.")
	}
	f := fault.From(err)
	if f.Kind == fault.NotFound && f.Noun == upload {
		return refuse(http.StatusNotFound, "NoSuchUpload", "The upload does not exist: it was completed or aborted, is of another key, or the process was restarted.")
	}
	r, ok := kinds[f.Kind]
	if !ok {
		r = refusal{status: http.StatusInternalServerError, code: "InternalError", message: "Internal error."}
	}
	if r.message == "" {
		r.message = f.Message
	}
	return r.because(err)
}

// errorDocument is S3's error body.
type errorDocument struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string
	Message   string
	RequestID string `xml:"RequestId"`
}
