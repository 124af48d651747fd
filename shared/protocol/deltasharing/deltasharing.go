// Package deltasharing speaks the Delta Sharing protocol (delta-io/delta-sharing, PROTOCOL.md; OpenSharing's TABLES.md says
// the same) in directory access mode: temporary credentials for a shared table, at /api/sharing.
//
// It translates and decides nothing: the use-case is package sharing's. It refuses a body that is there and is not an object
// with a text as its location, where the reference server takes it for none.
//
// # Why
//
// Refusals are {"errorCode", "message"} with 400, 401, 403, 404 or 500. Clients try 429 and 5xx again for minutes and
// nothing else, so these are kept for what passes: 429, 503 and 504 stay what they are, with a Retry-After, and what this
// server or a table's storage never does is a 400. What the door refuses before a body is read keeps its status too (405,
// 406, 413, 414, 431).
//
// A share that the caller does not have is 404, in the same words as one that is not there.
package deltasharing

import (
	"context"
	"net/http"

	"firn/shared/fault"
	"firn/shared/rest"
	"firn/shared/sharing"
)

// base is {prefix}: what a profile file's endpoint ends in.
const base = "/api/sharing"

// Protocol gives the routes of the dialect over the use-case.
func Protocol(s *sharing.Service) rest.Protocol {
	h := &handlers{s}
	return rest.Protocol{Name: "sharing", Base: base, Dialect: tell, Bearers: s.Caller, Routes: []rest.Route{
		{Method: http.MethodPost, Pattern: base + "/shares/{share}/schemas/{schema}/tables/{table}/temporary-table-credentials",
			Operation: "generateTemporaryTableCredential", Function: rest.Credentials, Handler: rest.OptionalBody(h.credentials)},
	}}
}

// handlers hold the use-case.
type handlers struct{ sharing *sharing.Service }

// request is the body, which clients leave out when they ask for the table's root.
type request struct {
	Location *string `json:"location"`
}

// credentials answers TemporaryCredentials: one line, one kind of key.
func (h *handlers) credentials(ctx context.Context, c *rest.Call, in *request) (rest.Answer, error) {
	var within *string
	if in != nil {
		within = in.Location
	}
	k, err := h.sharing.Credentials(ctx, c.Caller, sharing.Name{Share: c.Path("share"), Schema: c.Path("schema"), Table: c.Path("table")}, within)
	if err != nil {
		return rest.Answer{}, err
	}
	out, err := temporary(k)
	if err != nil {
		return rest.Answer{}, err
	}
	answer, err := rest.JSON(http.StatusOK, map[string]credentials{"credentials": out})
	return answer.NoStore(), err
}

// refusal is the error body of the protocol.
type refusal struct {
	Code    string `json:"errorCode"`
	Message string `json:"message"`
}

// codes are the error codes of the reference server and of Databricks' documentation, by status.
var codes = map[int]string{
	400: "INVALID_PARAMETER_VALUE", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "RESOURCE_DOES_NOT_EXIST", 405: "UNSUPPORTED_OPERATION",
	406: "UNSUPPORTED_OPERATION", 413: "INVALID_PARAMETER_VALUE", 414: "INVALID_PARAMETER_VALUE", 429: "REQUEST_LIMIT_EXCEEDED",
	431: "INVALID_PARAMETER_VALUE", 500: "INTERNAL_ERROR", 503: "TEMPORARILY_UNAVAILABLE", 504: "TEMPORARILY_UNAVAILABLE",
}

// byKind are those that the status does not tell.
var byKind = map[fault.Kind]string{fault.Malformed: "MALFORMED_REQUEST", fault.Unsupported: "UNSUPPORTED_OPERATION", fault.UnsupportedMedia: "MALFORMED_REQUEST"}

// vocabulary holds the statuses of this dialect that are not the common ones.
var vocabulary = rest.Vocabulary{
	{Kind: fault.Unsupported}:                              {Status: 400},
	{Kind: fault.UnsupportedMedia}:                         {Status: 400},
	{Kind: fault.NotFound, Noun: fault.SharedTable}:        {Text: "Table '{name}' does not exist, or is not shared with you"},
	{Kind: fault.NotFound, Noun: fault.Realm}:              {Text: "The realm does not exist"},
	{Kind: fault.TooLarge, Noun: rest.RequestBody}:         {Text: "The body is too large"},
	{Kind: fault.HeaderTooLarge, Noun: rest.RequestTarget}: {Text: "The path is too long"},
}

// tell is the dialect.
func tell(e *fault.Error) rest.Answer {
	w := vocabulary.Word(e)
	code := byKind[e.Kind]
	if code == "" {
		code = codes[w.Status]
	}
	answer, err := rest.JSON(w.Status, refusal{Code: code, Message: w.Text})
	if err != nil {
		return rest.Empty(http.StatusInternalServerError)
	}
	if w.Status == http.StatusUnauthorized {
		answer = answer.With("WWW-Authenticate", "Bearer")
	}
	return answer
}
