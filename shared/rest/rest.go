// Package rest is the one door: every request of every protocol passes it, and each passes the same steps. Find the
// route, find the realm, identify the caller, read and decode the body, call, then encode the answer or tell the refusal
// in the protocol's own words, and leave one log line and one measurement.
//
// A protocol package gives a Protocol: its route table and its error dialect. Its handlers translate and call a use-case;
// they never see a token, and write nothing to the connection themselves.
//
// A caller is authenticated before a byte of the body is read. What a stranger may send, to a public route,
// is short (MaxPublicBody) and never compressed.
//
// It refuses, before a handler runs: unknown routes, methods and realms (in this order, all before 401), callers without
// a good token unless the route is public, headers, paths and bodies beyond the limits (after inflation too), other media
// types than JSON, bodies that are not JSON, not UTF-8 or nested too deep. A handler that panics is a 500, not a dead process.
//
// # Why
//
// Routes are matched here and not by http.ServeMux: names may hold any character, so segments must be decoded exactly
// once and only after the path was split (`%2F` and `%1F` stay inside a segment, `+` stays a plus where the protocol does not
// say otherwise, as recorded from a real Polaris), and clients send doubled and trailing slashes, which ServeMux answers with redirects that lose bodies and tokens.
//
// Answers are values, written in one place. So a panic or a late error never leaves half an answer, HEAD and 304 cannot
// carry a body, and the same handler serves a socket and a Lambda event.
//
// Refusals that say all with their status (401, 413, 414, 431) have no body, as recorded. A body that cannot be decoded gets a
// message, where Polaris is sometimes silent: whoever wrote the body must find out what is wrong with it.
package rest

import (
	"context"
	"log/slog"
	"time"

	"firn/shared/budget"
	"firn/shared/fault"
	"firn/shared/lake"
)

// Function names the Lambda function that serves a route. One process serves them all.
type Function string

// The functions, each with rights of its own in the cloud.
const (
	Token       Function = "token"
	Management  Function = "management"
	Catalog     Function = "catalog"
	Commit      Function = "commit"
	Credentials Function = "credentials"
)

// Route is one row of a protocol's route table.
type Route struct {
	Method    string // HEAD is served by GET's route where it has none of its own; OPTIONS by the door
	Pattern   string // "/api/catalog/v1/{prefix}/namespaces": literal segments, and names in braces for whole ones
	Operation string // its name in logs and metrics; unique within the protocol
	Function  Function
	Public    bool // no token needed; bodies are bounded by MaxPublicBody and not compressed
	Handler   Handler
	MaxBody   int64 // bytes of a request's body, where the operation needs less than the door takes; 0: that
}

// Handler answers one operation. Errors are told by the protocol's dialect; anything but a *fault.Error is Internal.
// Handlers of operations with a body are made by Body, OptionalBody and Form.
type Handler func(ctx context.Context, c *Call) (Answer, error)

// Dialect tells an error as a protocol's clients expect it. Envelope of a Vocabulary is the one of Iceberg and Polaris.
type Dialect func(*fault.Error) Answer

// Protocol is a route table and the way its errors are told.
type Protocol struct {
	Name    string // leads the operation's name in logs and metrics: "iceberg.loadTable"
	Base    string // the path at and below which unknown routes, too, are told in this dialect; empty: only known ones
	Dialect Dialect
	Routes  []Route
	Forms   bool    // its clients escape names in paths as forms are: a plus is a space
	Media   string  // a media type by which its clients ask for its answers, beside application/json; empty: none
	Bearers Bearers // authenticates tokens that it knows beside the server's own; nil: there are none
}

// Bearers authenticates a token of a protocol's own kind; own is false if it is not one. from has the realm and
// the address of the request. It compares the token: the caller that it returns is known. The error is Unauthenticated if the token is no good.
type Bearers func(ctx context.Context, from lake.Caller, raw string) (caller lake.Caller, own bool, err error)

// Verifier says who a token's bearer is; token.Verifier is one. The error is Unauthenticated if the token is no good.
type Verifier interface {
	Verify(realm lake.Realm, raw string, now time.Time) (lake.Caller, error)
}

// Observer is told of each answered request. The operation is one of the route table's, or "none".
type Observer interface {
	Observe(operation string, status int, d time.Duration)
}

// Config is what a Door needs.
type Config struct {
	Protocols []Protocol
	Realms    []lake.Realm // that are known; the first is meant by a request that names none
	Verifier  Verifier
	Observer  Observer // nil: nobody watches
	Log       *slog.Logger
	Now       func() time.Time
	Budget    *budget.Budget // of bytes, for all requests in flight; nil: they are not bounded
	MaxBody   int64          // bytes of a request's body, also after inflation; 0: DefaultMaxBody
	Timeout   time.Duration  // of a request's context; 0: DefaultTimeout
}

// The limits. The first two are the defaults of a Config.
const (
	DefaultMaxBody = 10 << 20         // as Polaris
	DefaultTimeout = 25 * time.Second // less than the 29 s that API Gateway waits
	MaxPublicBody  = 64 << 10         // bytes of the body of a request without a token, which is not compressed
	MaxHeader      = 20 << 10         // bytes of a request's headers: 9 KB pass, 21 KB do not (recorded)
	MaxPath        = 8 << 10          // bytes of a path: the longest legal names, percent-encoded, fit
	MaxQuery       = 4 << 10          // bytes of a query
	MaxDepth       = 1000             // of nested JSON, as the parser of Polaris
)

// RealmHeader names the realm that a request is for (Polaris).
const RealmHeader = "Polaris-Realm"

// The nouns of the door's own errors, for vocabularies.
const (
	RequestBody   fault.Noun = "request body"
	RequestTarget fault.Noun = "request target"
)
