package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// answer is what a server said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// What to do next, by the type of the API's error envelope. Polaris's types are Java's exception names.
var nextByType = map[string]string{
	"AlreadyExistsException":     "Choose another name, or look at what is there with the command `get`.",
	"CommitConflictException":    "Somebody else changed it at the same time and nothing was done: run the command again.",
	"NamespaceNotEmptyException": "Delete its tables, views and child namespaces first.",
	"MissingOrInvalidRealm":      "Check --realm or REALM against what `firn serve --realms` was given; realms are case-sensitive.",
	"GRANT_NOT_FOUND":            "It is not granted, so there is nothing to revoke: list what is granted first.",
}

// What to do next, by status, where the type says nothing.
var nextByStatus = map[int]string{
	http.StatusNotFound:              "Check the spelling, which is case-sensitive; the commands `list` show what is there.",
	http.StatusConflict:              "Look at what is there, then run the command again.",
	http.StatusRequestEntityTooLarge: "Send less, or start the server with a larger --max-body.",
	http.StatusTooManyRequests:       "Nothing was done: wait a little and run the command again.",
	http.StatusNotImplemented:        "The server does not have this operation.",
	http.StatusServiceUnavailable:    "Nothing was done: wait a little and run the command again.",
}

// refusal is an answer that is not 2xx, said with what to do next: what the type of its error says, else what its
// status says. needs is the privilege that would have allowed the request.
func (a *answer) refusal(needs string) error {
	what, kind := a.envelope()
	if what == "" {
		what = fmt.Sprintf("the server answers %d %s and does not say why", a.status, http.StatusText(a.status))
	}
	next := nextByType[kind]
	switch {
	case next != "":
	case a.status/100 == 3:
		what = fmt.Sprintf("the server redirects to %s, which is not followed with credentials", plain(a.header.Get("Location")))
		next = "Give the address that it redirects to as --base-url, if you trust it."
	case a.status == http.StatusUnauthorized:
		what = "the server does not accept the token"
		next = "An access token may have expired, or be of another realm. Client id and secret fetch a fresh one."
	case strings.HasPrefix(what, "Unsupported storage type: FILE"):
		next = "Start the server with --allow-file-storage=FOLDER, or use storage of type S3, which needs nothing else on one machine."
	case a.status == http.StatusForbidden && strings.Contains(what, "storage policy"):
		next = "The server's operator adds the line to the file of --storage-policy; for one machine --allow-endpoint URL and --allow-file-storage=FOLDER do."
	case a.status == http.StatusForbidden && strings.Contains(what, "must rotate credentials"):
		next = "Run `firn principals rotate-credentials` for this principal and use what it prints."
	case a.status == http.StatusForbidden && needs != "":
		next = fmt.Sprintf("This needs %s. Use credentials that have it, or have it granted.", needs)
	case a.status == http.StatusNotFound && kind == "":
		next = "Check that --base-url names a firn server."
	case nextByStatus[a.status] != "":
		next = nextByStatus[a.status]
	case a.status >= http.StatusInternalServerError:
		next = "The server's log says more; a change may have taken effect, so look before you repeat it."
		if id := a.header.Get("X-Request-ID"); id != "" {
			next += " The request id is " + plain(id) + "."
		}
	}
	return failed(what, next)
}

// tokenRefusal is a token request that was refused (RFC 6749 section 5.2).
func (a *answer) tokenRefusal() error {
	var refused struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(a.body, &refused) != nil || refused.Error == "" {
		return a.refusal("") // an unknown realm, a proxy, a broken server: not of the token request's own
	}
	switch refused.Error {
	case "unauthorized_client", "invalid_client":
		return failed("the server does not know this client id with this secret",
			"Check CLIENT_ID, CLIENT_SECRET and the realm. Root gives a principal new ones with `firn principals reset`.")
	}
	return failed("the server gives no token: "+refused.Error, "Check that --base-url names a firn server.")
}

// envelope reads the API's error, or nothing where the body is not one.
func (a *answer) envelope() (message, kind string) {
	var e struct {
		Error struct {
			Message string `json:"message"`
			Type    string `json:"type"`
		} `json:"error"`
	}
	if json.Unmarshal(a.body, &e) != nil {
		return "", ""
	}
	return e.Error.Message, e.Error.Type
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
