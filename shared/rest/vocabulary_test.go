package rest_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/rest"
)

func TestCommonWords(t *testing.T) {
	for _, test := range []struct {
		name string
		err  *fault.Error
		want rest.Word
	}{
		{"internal", fault.New(fault.Internal, ""), rest.Word{Status: 500, Type: "ServiceFailureException", Text: "Internal error."}},
		{"malformed", fault.New(fault.Malformed, "Please specify a warehouse"), rest.Word{Status: 400, Type: "BadRequestException", Text: "Please specify a warehouse"}},
		{"argument", fault.New(fault.Argument, "Entity name must not be empty"), rest.Word{Status: 400, Type: "IllegalArgumentException", Text: "Entity name must not be empty"}},
		{"invalid", fault.Of(fault.Invalid, fault.Table, "t", ""), rest.Word{Status: 400, Type: "ValidationException", Text: "Invalid table: t"}},
		{"unauthenticated", fault.New(fault.Unauthenticated, "x"), rest.Word{Status: 401, Type: "NotAuthorizedException", Text: "x", Silent: true}},
		{"forbidden", fault.New(fault.Forbidden, "no"), rest.Word{Status: 403, Type: "ForbiddenException", Text: "no"}},
		{"no such namespace", fault.Missing(fault.Namespace, "a.b"), rest.Word{Status: 404, Type: "NoSuchNamespaceException", Text: "Namespace does not exist: a.b"}},
		{"no such table", fault.Missing(fault.Table, "a.t"), rest.Word{Status: 404, Type: "NoSuchTableException", Text: "Table does not exist: a.t"}},
		{"no such view", fault.Missing(fault.View, "a.v"), rest.Word{Status: 404, Type: "NoSuchViewException", Text: "View does not exist: a.v"}},
		{"no such generic table", fault.Missing(fault.GenericTable, "n.g"), rest.Word{Status: 404, Type: "NoSuchTableException", Text: "Generic table does not exist: n.g"}},
		{"no such policy", fault.Missing(fault.Policy, "p"), rest.Word{Status: 404, Type: "NoSuchPolicyException", Text: "Policy does not exist: p"}},
		{"no such warehouse", fault.Missing(fault.Warehouse, "w"), rest.Word{Status: 404, Type: "NotFoundException", Text: "Unable to find warehouse w"}},
		{"no such principal", fault.Missing(fault.Principal, "p"), rest.Word{Status: 404, Type: "NotFoundException", Text: "Principal does not exist: p"}},
		{"no such thing without a noun", fault.Missing("", "x"), rest.Word{Status: 404, Type: "NotFoundException", Text: "Object does not exist: x"}},
		{"a name that looks like a placeholder", fault.Missing(fault.Table, "{noun}"), rest.Word{Status: 404, Type: "NoSuchTableException", Text: "Table does not exist: {noun}"}},
		{"unsupported", fault.New(fault.Unsupported, ""), rest.Word{Status: 406, Type: "UnsupportedOperationException", Text: "Not supported"}},
		{"exists", fault.Taken(fault.Table, "n.t"), rest.Word{Status: 409, Type: "AlreadyExistsException", Text: "Table already exists: n.t"}},
		{"namespace exists", fault.Taken(fault.Namespace, "a"), rest.Word{Status: 409, Type: "AlreadyExistsException", Text: "Cannot create namespace a. Namespace already exists"}},
		{"conflict", fault.Of(fault.Conflict, fault.Namespace, "a", ""), rest.Word{Status: 409, Type: "CommitConflictException", Text: "Concurrent modification of namespace: a"}},
		{"commit failed", fault.New(fault.CommitFailed, "Requirement failed: x"), rest.Word{Status: 409, Type: "CommitFailedException", Text: "Requirement failed: x"}},
		{"namespace not empty", fault.Of(fault.NotEmpty, fault.Namespace, "a", ""), rest.Word{Status: 409, Type: "NamespaceNotEmptyException", Text: "Namespace a is not empty"}},
		{"catalog not empty", fault.Of(fault.NotEmpty, fault.Catalog, "c1", ""), rest.Word{Status: 400, Type: "BadRequestException", Text: "Catalog 'c1' cannot be dropped, it is not empty"}},
		{"an answer too large", fault.New(fault.TooLarge, "The table would not fit"), rest.Word{Status: 413, Type: "BadRequestException", Text: "The table would not fit"}},
		{"a body too large", fault.Of(fault.TooLarge, rest.RequestBody, "", ""), rest.Word{Status: 413, Type: "BadRequestException", Text: "Too large", Silent: true}},
		{"unprocessable", fault.New(fault.Unprocessable, "both"), rest.Word{Status: 422, Type: "UnprocessableEntityException", Text: "both"}},
		{"throttled", fault.New(fault.Throttled, ""), rest.Word{Status: 429, Type: "TooManyRequestsException", Text: "Rate exceeded"}},
		{"state unknown", fault.New(fault.StateUnknown, ""), rest.Word{Status: 500, Type: "CommitStateUnknownException", Text: "The outcome of the change is not known"}},
		{"unavailable", fault.New(fault.Unavailable, ""), rest.Word{Status: 503, Type: "ServiceUnavailableException", Text: "Service unavailable"}},
		{"timeout", fault.New(fault.Timeout, ""), rest.Word{Status: 504, Type: "ServiceUnavailableException", Text: "A dependency did not answer in time"}},
		{"a kind that nobody knows", fault.New(fault.Kind(99), ""), rest.Word{Status: 500, Type: "ServiceFailureException", Text: "Internal error."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, rest.Vocabulary{}.Word(test.err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryKindHasWords(t *testing.T) {
	for kind := fault.Internal + 1; kind <= fault.Timeout; kind++ {
		if got := (rest.Vocabulary{}).Word(fault.New(kind, "")); got.Status == 0 || got.Text == "Internal error." {
			t.Errorf("%v: got %+v, want words of its own", kind, got)
		}
	}
}

func TestADialectHasWordsOfItsOwn(t *testing.T) {
	v := rest.Vocabulary{
		{fault.NotFound, fault.Catalog}: {Text: "TopLevelEntity of type CATALOG does not exist: {name}"},
		{Kind: fault.NotFound}:          {Type: "Nowhere"},
		{Kind: fault.Forbidden}:         {Status: 404, Type: "NotFoundException"},
	}
	for _, test := range []struct {
		name string
		err  *fault.Error
		want string
	}{
		{"for a noun", fault.Missing(fault.Catalog, "x"), refusal(404, "Nowhere", "TopLevelEntity of type CATALOG does not exist: x")},
		{"a message goes before words", fault.Of(fault.NotFound, fault.Catalog, "x", "gone"), refusal(404, "Nowhere", "gone")},
		{"the common word for a noun goes before its own for the kind", fault.Missing(fault.Table, "t"), refusal(404, "NoSuchTableException", "Table does not exist: t")},
		{"another status", fault.New(fault.Forbidden, ""), refusal(404, "NotFoundException", "Forbidden")},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := string(bytes.Join(v.Envelope(test.err).Body, nil)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestAHeaderIsAddedToOneAnswerAlone(t *testing.T) {
	first := rest.Empty(200).With("A", "1")
	second := first.With("B", "2")
	if first.Header.Get("B") != "" || second.Header.Get("A") != "1" || second.Header.Get("B") != "2" {
		t.Errorf("got %v and %v, want A, and A with B", first.Header, second.Header)
	}
}
