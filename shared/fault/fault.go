// Package fault holds the one error type that crosses package borders in firn.
//
// An error is made where the noun and its name are known, wrapped on the way up with fmt.Errorf("...: %w"), and turned
// into a status and a body once, by the protocol that answers. The kinds are firn's own: a dialect maps (Kind, Noun) to
// its words and decides nothing else.
//
// It refuses to carry secrets: a message may be shown to any caller, so what only an operator may read (a role ARN, the
// text of an SDK error) goes into the wrapped cause, which reaches the log and nothing else.
//
// # Why
//
// Sentinels per package end in switch statements that each dialect must repeat; one struct with a kind is mapped by a
// table. Anything that is not a *Error is Internal: a forgotten case tells a client nothing and an operator everything.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what went wrong in words that no dialect owns.
type Kind int

// The kinds. The comment names the HTTP status that every dialect but OAuth gives it.
const (
	Internal         Kind = iota // 500: a bug or a broken dependency
	Malformed                    // 400: the request cannot be read or lacks a part
	Argument                     // 400: a value breaks a rule of its own (a name, an enum, a property)
	Invalid                      // 400: values do not fit each other or the object that they are for
	Unauthenticated              // 401: no caller, or one that is no longer good
	Forbidden                    // 403: the caller may not
	NotFound                     // 404: Noun of Name is not there
	NoRoute                      // 404: no such operation
	MethodNotAllowed             // 405
	NotAcceptable                // 406: no representation that the client takes
	Unsupported                  // 406: a feature that this server or catalog does not have
	Exists                       // 409: Noun of Name is there already
	Conflict                     // 409: the caller's version of the object is old, or a race was lost; nothing happened
	CommitFailed                 // 409: a commit's requirement does not hold, or its retries are used up; nothing happened
	NotEmpty                     // 409: Noun of Name holds something
	TooLarge                     // 413: the body, or the answer that it would make
	UnsupportedMedia             // 415
	Unprocessable                // 422
	Throttled                    // 429: before any effect; RetryAfter may say when to come again
	HeaderTooLarge               // 431
	StateUnknown                 // 500: the write may have landed; the caller must look before it cleans up
	Unavailable                  // 503: before any effect; RetryAfter may say when to come again
	Timeout                      // 504: a dependency did not answer in time; before any effect
)

// Noun names what an error is about, for dialects whose error types differ by object.
type Noun string

// The nouns of firn's errors.
const (
	Realm         Noun = "realm"
	Catalog       Noun = "catalog"
	Warehouse     Noun = "warehouse" // a catalog asked for by an engine's configuration
	Principal     Noun = "principal"
	PrincipalRole Noun = "principal role"
	CatalogRole   Noun = "catalog role"
	Grant         Noun = "grant"
	Namespace     Noun = "namespace"
	Table         Noun = "table"
	View          Noun = "view"
	GenericTable  Noun = "generic table"
	Function      Noun = "function"
	Policy        Noun = "policy"
	Share         Noun = "share"
	SharedTable   Noun = "shared table"
	Recipient     Noun = "recipient"
	File          Noun = "file"
	Location      Noun = "location"
	Credential    Noun = "credential"
	Item          Noun = "item" // of the key-value store
)

// Error is a failure that a client may be told of.
type Error struct {
	Kind       Kind
	Noun       Noun
	Name       string        // of the noun, as the caller wrote it; may be empty
	Message    string        // one sentence for the client; empty: the dialect makes one from Kind, Noun and Name
	RetryAfter time.Duration // for Throttled and Unavailable; 0 if not known
	Cause      error         // for the log alone
}

// Error gives the message and the cause: it is for logs, a client gets Message.
func (e *Error) Error() string {
	text := e.Message
	if text == "" {
		text = fmt.Sprintf("%s %q: %s", e.Noun, e.Name, e.Kind)
	}
	if e.Cause != nil {
		return text + ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// New makes an error of a kind with a message for the client.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Of makes an error about a noun with a message for the client. An empty format leaves the words to the dialect.
func Of(kind Kind, noun Noun, name, format string, args ...any) *Error {
	e := &Error{Kind: kind, Noun: noun, Name: name}
	if format != "" {
		e.Message = fmt.Sprintf(format, args...)
	}
	return e
}

// Missing says that a noun of that name is not there; the dialect finds the words.
func Missing(noun Noun, name string) *Error { return &Error{Kind: NotFound, Noun: noun, Name: name} }

// Taken says that a noun of that name is there already; the dialect finds the words.
func Taken(noun Noun, name string) *Error { return &Error{Kind: Exists, Noun: noun, Name: name} }

// Because attaches a cause for the log and gives the error back.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// After says when to come again, and gives the error back.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// From finds the *Error in err's chain; anything else is Internal with err as its cause. It gives nil for nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Kind: Internal, Message: "Internal error.", Cause: err}
}

// Is says whether err is an Error of one of the kinds.
func Is(err error, kinds ...Kind) bool {
	if err == nil {
		return false
	}
	kind := From(err).Kind
	for _, k := range kinds {
		if k == kind {
			return true
		}
	}
	return false
}

var kindNames = [...]string{
	"internal", "malformed", "argument", "invalid", "unauthenticated", "forbidden", "not found", "no route", "method not allowed",
	"not acceptable", "unsupported", "exists", "conflict", "commit failed", "not empty", "too large", "unsupported media",
	"unprocessable", "throttled", "header too large", "state unknown", "unavailable", "timeout",
}

// String names the kind for logs and metrics.
func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "internal"
	}
	return kindNames[k]
}
