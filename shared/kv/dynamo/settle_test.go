package dynamo

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/dynamo/internal/fake"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func key(sort string) kv.Key { return kv.Key{Partition: "p", Sort: sort} }

func put(tag string, cond kv.Cond) kv.Op {
	return kv.Op{Verb: kv.Put, Item: kv.Item{Key: key("s"), Tag: tag, Data: []byte(tag), Expires: noon.Add(time.Hour)}, If: cond}
}

func remove(cond kv.Cond) kv.Op {
	return kv.Op{Verb: kv.Delete, Item: kv.Item{Key: key("s")}, If: cond}
}

// other is a second operation, so that a Write is a transaction.
func other() kv.Op { return kv.Op{Verb: kv.Put, Item: kv.Item{Key: key("other"), Tag: "other/1"}} }

// api is an error of DynamoDB's.
func api(code string, reasons ...string) fake.Fault { return fake.Fault{Code: code, Reasons: reasons} }

func times(n int, f fake.Fault) []fake.Fault { return slices.Repeat([]fake.Fault{f}, n) }

var (
	throttle    = api("ThrottlingException")
	dropRequest = fake.Fault{DropRequest: true}
	dropAnswer  = fake.Fault{DropAnswer: true}
	cutAnswer   = fake.Fault{CutAnswer: true}
	conflict    = api("TransactionCanceledException", "TransactionConflict", "None")
)

// outcomes: what Write says, what is stored afterwards, and which calls were made for it. The item "s" holds "old" before,
// unless before says "-". Tags: "-" is nothing.
type row struct {
	name   string
	before string
	ops    []kv.Op
	faults []fake.Fault // of the Write's own call
	meddle string       // another writer puts this tag after the effect of the first attempt
	want   any          // nil, a fault.Kind, or the index of the failed condition
	after  string
	calls  string // initials: Put, Delete, Transact, Get
}

var rows = []row{
	{name: "put", ops: []kv.Op{put("new", kv.Match("old"))}, want: nil, after: "new", calls: "P"},
	{name: "put refused", ops: []kv.Op{put("new", kv.Match("x"))}, want: 0, after: "old", calls: "P"},
	{name: "delete", ops: []kv.Op{remove(kv.Match("old"))}, want: nil, after: "-", calls: "D"},

	{name: "throttled twice", ops: []kv.Op{put("new", kv.Always())}, faults: times(2, throttle), want: nil, after: "new", calls: "PPP"},
	{name: "throttled by the table's throughput", ops: []kv.Op{put("new", kv.Always())}, faults: times(1, api("ProvisionedThroughputExceededException")), want: nil, after: "new", calls: "PP"},
	{name: "throttled by the account's limit", ops: []kv.Op{put("new", kv.Always())}, faults: times(1, api("RequestLimitExceeded")), want: nil, after: "new", calls: "PP"},
	{name: "throttled for ever", ops: []kv.Op{put("new", kv.Always())}, faults: times(9, throttle), want: fault.Throttled, after: "old", calls: "PPPPPP"},
	{name: "in conflict with a transaction once", ops: []kv.Op{remove(kv.Always())}, faults: times(1, api("TransactionConflictException")), want: nil, after: "-", calls: "DD"},
	{name: "in conflict with transactions for ever", ops: []kv.Op{put("new", kv.Always())}, faults: times(9, api("TransactionConflictException")), want: fault.Unavailable, after: "old", calls: "PPPPPP"},
	{name: "no rights", ops: []kv.Op{put("new", kv.Always())}, faults: times(1, api("AccessDeniedException")), want: fault.Internal, after: "old", calls: "P"},
	{name: "refused as invalid", ops: []kv.Op{put("new", kv.Always())}, faults: times(1, api("ValidationException")), want: fault.Internal, after: "old", calls: "P"},

	{name: "match: lost request", ops: []kv.Op{put("new", kv.Match("old"))}, faults: times(1, dropRequest), want: nil, after: "new", calls: "PP"},
	{name: "match: lost answer is found to be its own", ops: []kv.Op{put("new", kv.Match("old"))}, faults: times(1, dropAnswer), want: nil, after: "new", calls: "PP"},
	{name: "match: 500 after the effect", ops: []kv.Op{put("new", kv.Match("old"))}, faults: []fake.Fault{{LoseAnswer: http.StatusInternalServerError}}, want: nil, after: "new", calls: "PP"},
	{name: "match: 503 before the effect", ops: []kv.Op{put("new", kv.Match("old"))}, faults: []fake.Fault{{Status: 503, Code: "ServiceUnavailable"}}, want: nil, after: "new", calls: "PP"},
	{name: "match: lost answer, then somebody else's item", ops: []kv.Op{put("new", kv.Match("old"))}, faults: times(1, dropAnswer), meddle: "newer", want: fault.StateUnknown, after: "newer", calls: "PP"},
	{name: "match: lost request of what would have been refused", ops: []kv.Op{put("new", kv.Match("x"))}, faults: times(1, dropRequest), want: fault.StateUnknown, after: "old", calls: "PP"},
	{name: "match: lost requests for ever", ops: []kv.Op{put("new", kv.Match("old"))}, faults: times(9, dropRequest), want: fault.StateUnknown, after: "old", calls: "PPPPPP"},
	{name: "match: lost request, then throttled for ever", ops: []kv.Op{put("new", kv.Match("old"))}, faults: append(times(1, dropRequest), times(9, throttle)...), want: fault.StateUnknown, after: "old", calls: "PPPPPP"},
	{name: "match: lost answer, then no rights", ops: []kv.Op{put("new", kv.Match("old"))}, faults: []fake.Fault{dropAnswer, api("AccessDeniedException")}, want: fault.StateUnknown, after: "new", calls: "PP"},
	{name: "delete by match: lost request", ops: []kv.Op{remove(kv.Match("old"))}, faults: times(1, dropRequest), want: nil, after: "-", calls: "DD"},
	{name: "delete by match: lost answer", ops: []kv.Op{remove(kv.Match("old"))}, faults: times(1, dropAnswer), want: fault.StateUnknown, after: "-", calls: "DD"},
	{name: "delete by prefix: lost request", ops: []kv.Op{remove(kv.Prefix("ol"))}, faults: times(1, dropRequest), want: nil, after: "-", calls: "DD"},

	{name: "absent: lost answer is looked for", before: "-", ops: []kv.Op{put("new", kv.Absent(noon))}, faults: times(1, dropAnswer), want: nil, after: "new", calls: "PG"},
	{name: "absent: lost request is not sent again", before: "-", ops: []kv.Op{put("new", kv.Absent(noon))}, faults: times(1, dropRequest), want: fault.StateUnknown, after: "-", calls: "PG"},
	{name: "absent: lost request, somebody else's item", ops: []kv.Op{put("new", kv.Absent(noon))}, faults: times(1, dropRequest), want: fault.StateUnknown, after: "old", calls: "PG"},
	{name: "always: lost answer is looked for", ops: []kv.Op{put("new", kv.Always())}, faults: times(1, dropAnswer), want: nil, after: "new", calls: "PG"},
	{name: "always: lost answer, overwritten since", ops: []kv.Op{put("new", kv.Always())}, faults: times(1, dropAnswer), meddle: "newer", want: fault.StateUnknown, after: "newer", calls: "PG"},
	{name: "prefix: lost request is not sent again", ops: []kv.Op{put("new", kv.Prefix("ol"))}, faults: times(1, dropRequest), want: fault.StateUnknown, after: "old", calls: "PG"},
	{name: "match that keeps its tag: lost request is not sent again", ops: []kv.Op{{Item: kv.Item{Key: key("s"), Tag: "old", Data: []byte("x")}, If: kv.Match("old")}}, faults: times(1, dropRequest), want: fault.StateUnknown, after: "old", calls: "PG"},
	{name: "delete always: lost answer", ops: []kv.Op{remove(kv.Always())}, faults: times(1, dropAnswer), want: fault.StateUnknown, after: "-", calls: "D"},

	{name: "an answer of 200 that breaks off", before: "-", ops: []kv.Op{put("new", kv.Absent(noon))}, faults: times(1, cutAnswer), want: nil, after: "new", calls: "P"},
	{name: "an answer of 400 that breaks off", ops: []kv.Op{put("new", kv.Absent(noon))}, faults: times(1, cutAnswer), want: 0, after: "old", calls: "PP"},
	{name: "an answer of 500 that breaks off", before: "-", ops: []kv.Op{put("new", kv.Absent(noon))}, faults: []fake.Fault{{LoseAnswer: 500, CutAnswer: true}}, want: nil, after: "new", calls: "PG"},

	{name: "transaction", ops: []kv.Op{put("new", kv.Match("old")), other()}, want: nil, after: "new", calls: "T"},
	{name: "transaction refused", ops: []kv.Op{other(), put("new", kv.Match("x"))}, want: 1, after: "old", calls: "T"},
	{name: "transaction in conflict twice", ops: []kv.Op{put("new", kv.Match("old")), other()}, faults: times(2, conflict), want: nil, after: "new", calls: "TTT"},
	{name: "transaction in conflict for ever", ops: []kv.Op{put("new", kv.Match("old")), other()}, faults: times(9, conflict), want: fault.Unavailable, after: "old", calls: "TTTTTT"},
	{name: "transaction throttled for ever", ops: []kv.Op{put("new", kv.Match("old")), other()}, faults: times(9, api("TransactionCanceledException", "None", "ThrottlingError")), want: fault.Throttled, after: "old", calls: "TTTTTT"},
	{name: "transaction throttled by throughput once", ops: []kv.Op{put("new", kv.Match("old")), other()}, faults: times(1, api("TransactionCanceledException", "ProvisionedThroughputExceeded", "None")), want: nil, after: "new", calls: "TT"},
	{name: "a failed condition weighs more than a conflict", ops: []kv.Op{other(), put("new", kv.Match("x"))}, faults: times(1, api("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed")), want: 1, after: "old", calls: "T"},
	{name: "transaction refused as invalid", ops: []kv.Op{put("new", kv.Always()), other()}, faults: times(1, api("TransactionCanceledException", "ValidationError", "None")), want: fault.Internal, after: "old", calls: "T"},
	{name: "transaction under way", ops: []kv.Op{put("new", kv.Match("old")), other()}, faults: times(1, api("TransactionInProgressException")), want: nil, after: "new", calls: "TT"},
	{name: "transaction under way for ever", ops: []kv.Op{put("new", kv.Match("old")), other()}, faults: times(9, api("TransactionInProgressException")), want: fault.StateUnknown, after: "old", calls: "TTTTTT"},
	{name: "transaction: lost request", before: "-", ops: []kv.Op{put("new", kv.Absent(noon)), other()}, faults: times(1, dropRequest), want: nil, after: "new", calls: "TT"},
	{name: "transaction: lost answer", before: "-", ops: []kv.Op{put("new", kv.Absent(noon)), other()}, faults: times(1, dropAnswer), want: nil, after: "new", calls: "TT"},
	{name: "transaction: lost answer does not land twice", ops: []kv.Op{put("new", kv.Always()), other()}, faults: times(1, dropAnswer), meddle: "newer", want: nil, after: "newer", calls: "TT"},
	{name: "transaction: lost request of what would have been refused", ops: []kv.Op{other(), put("new", kv.Match("x"))}, faults: times(1, dropRequest), want: fault.StateUnknown, after: "old", calls: "TT"},
	{name: "transaction: token forgotten, its own item in the way", ops: []kv.Op{put("new", kv.Match("old")), other()}, faults: []fake.Fault{{DropAnswer: true, ForgetToken: true}}, want: nil, after: "new", calls: "TT"},
}

func TestWriteOutcome(t *testing.T) {
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { row.run(t) })
	}
}

func (r row) run(t *testing.T) {
	server := fake.New(t)
	var pauses []time.Duration
	table := openTable(t, server.URL, &pauses)
	if r.before == "" {
		if err := table.Write(t.Context(), []kv.Op{put("old", kv.Always())}); err != nil {
			t.Fatal(err)
		}
	}
	operation := "TransactWriteItems"
	if len(r.ops) == 1 {
		operation = map[kv.Verb]string{kv.Put: "PutItem", kv.Delete: "DeleteItem"}[r.ops[0].Verb]
	}
	if r.meddle != "" {
		r.faults[0].Then = func() {
			if err := New(Config{Client: table.client, Table: *table.name}).Write(t.Context(), []kv.Op{put(r.meddle, kv.Always()), {Verb: kv.Delete, Item: kv.Item{Key: key("nothing")}}}); err != nil {
				t.Error(err)
			}
		}
	}
	server.Take()
	server.Next(operation, r.faults...)
	err := table.Write(t.Context(), r.ops)
	calls, _ := server.Take()
	if r.meddle != "" {
		calls = slices.DeleteFunc(calls, func(c fake.Call) bool { return strings.Contains(c.Body, "nothing") })
	}
	checkError(t, err, r.want)
	if got := initials(calls); got != r.calls {
		t.Errorf("got calls %q, want %q", got, r.calls)
	}
	if sent := strings.Count(strings.ReplaceAll(r.calls, "G", ""), "") - 1; len(pauses) != sent-1 {
		t.Errorf("got %d pauses, want one between each of %d attempts", len(pauses), sent)
	}
	items, err := table.Get(t.Context(), []kv.Key{key("s")})
	if err != nil {
		t.Fatal(err)
	}
	after := "-"
	if items[0] != nil {
		after = items[0].Tag
	}
	if after != r.after {
		t.Errorf("got %q stored, want %q", after, r.after)
	}
}

// checkError wants nil, a fault.Kind, or a ConditionError of an index.
func checkError(t *testing.T, err error, want any) {
	t.Helper()
	switch want := want.(type) {
	case nil:
		if err != nil {
			t.Errorf("got %v, want success", err)
		}
	case fault.Kind:
		if !fault.Is(err, want) {
			t.Errorf("got %v, want kind %s", err, want)
		}
		if message := fault.From(err).Message; strings.Contains(message, "DynamoDB") || strings.Contains(message, "injected") {
			t.Errorf("the client's message tells of the SDK: %s", message)
		}
	case int:
		if refused, ok := errors.AsType[*kv.ConditionError](err); !ok || refused.Index != want {
			t.Errorf("got %v, want the condition of operation %d to fail", err, want)
		}
	}
}

func initials(calls []fake.Call) string {
	var text strings.Builder
	for _, c := range calls {
		text.WriteString(c.Operation[:1])
	}
	return text.String()
}

func TestTokenIsOneForAWriteAndNewForTheNext(t *testing.T) {
	server := fake.New(t)
	table := openTable(t, server.URL, nil)
	server.Take()
	server.Next("TransactWriteItems", dropAnswer, dropRequest)
	for range 2 {
		if err := table.Write(t.Context(), []kv.Op{put("new", kv.Always()), other()}); err != nil {
			t.Fatal(err)
		}
	}
	var tokens []string
	calls, _ := server.Take()
	for _, c := range calls {
		var body struct{ ClientRequestToken string }
		if err := json.Unmarshal([]byte(c.Body), &body); err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, body.ClientRequestToken)
	}
	if len(tokens) != 4 || tokens[0] == "" {
		t.Fatalf("got tokens %q, want three of the first write and one of the second", tokens)
	}
	if diff := cmp.Diff([]string{tokens[0], tokens[0], tokens[0]}, tokens[:3]); diff != "" || tokens[3] == tokens[0] {
		t.Errorf("got tokens %q, want three of the first write and another of the second", tokens)
	}
}
