package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/dynamo/internal/fake"
)

func TestReadOutcome(t *testing.T) {
	broken := fake.Fault{Status: 500, Code: "InternalServerError"}
	rows := []struct {
		name   string
		faults []fake.Fault
		want   any // nil or a fault.Kind
		calls  int
	}{
		{"throttled twice", times(2, throttle), nil, 3},
		{"throttled for ever", times(9, throttle), fault.Throttled, 6},
		{"broken twice", times(2, broken), nil, 3},
		{"broken for ever", times(9, broken), fault.Unavailable, 6},
		{"lost request", times(1, dropRequest), nil, 2},
		{"lost answer", times(1, dropAnswer), nil, 2},
		{"answer that breaks off", times(1, cutAnswer), nil, 2},
		{"no rights", times(1, api("AccessDeniedException")), fault.Internal, 1},
		{"no table", times(1, api("ResourceNotFoundException")), fault.Internal, 1},
	}
	verbs := []struct {
		operation string
		call      func(context.Context, *Table) error
	}{
		{"GetItem", func(ctx context.Context, table *Table) error {
			items, err := table.Get(ctx, []kv.Key{key("s")})
			return wantItems(err, len(items), 1)
		}},
		{"BatchGetItem", func(ctx context.Context, table *Table) error {
			items, err := table.Get(ctx, []kv.Key{key("s"), key("none")})
			return wantItems(err, len(items), 2)
		}},
		{"Query", func(ctx context.Context, table *Table) error {
			items, _, err := table.List(ctx, kv.Page{Partition: "p", Limit: 10})
			return wantItems(err, len(items), 1)
		}},
	}
	for _, verb := range verbs {
		for _, row := range rows {
			t.Run(verb.operation+" "+row.name, func(t *testing.T) {
				server := fake.New(t)
				var pauses []time.Duration
				table := openTable(t, server.URL, &pauses)
				if err := table.Write(t.Context(), []kv.Op{put("t", kv.Always())}); err != nil {
					t.Fatal(err)
				}
				server.Take()
				server.Next(verb.operation, row.faults...)
				checkError(t, verb.call(t.Context(), table), row.want)
				if calls, _ := server.Take(); len(calls) != row.calls || len(pauses) != row.calls-1 {
					t.Errorf("got %d calls with %d pauses, want %d with one between each", len(calls), len(pauses), row.calls)
				}
			})
		}
	}
}

func wantItems(err error, got, want int) error {
	if err == nil && got != want {
		return fmt.Errorf("got %d entries, want %d", got, want)
	}
	return err
}

func TestUnprocessedKeysAreAskedForAgain(t *testing.T) {
	rows := []struct {
		name   string
		faults []fake.Fault
		want   any
		calls  int
		pauses int
	}{
		{"some at a time go on at once", []fake.Fault{{Process: 3}, {Process: 1}}, nil, 3, 0},
		{"none makes a pause", []fake.Fault{{Process: -1}, {Process: 3}, {Process: -1}}, nil, 4, 2},
		{"some between nones begin the count again", slices.Concat(times(4, fake.Fault{Process: -1}), times(1, fake.Fault{Process: 3}), times(4, fake.Fault{Process: -1})), nil, 10, 8},
		{"none for ever", times(9, fake.Fault{Process: -1}), fault.Throttled, 6, 5},
		{"some, then none for ever", append([]fake.Fault{{Process: 9}}, times(9, fake.Fault{Process: -1})...), fault.Throttled, 7, 5},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			server := fake.New(t)
			var pauses []time.Duration
			table := openTable(t, server.URL, &pauses)
			var keys []kv.Key
			for i := range 10 {
				op := put(fmt.Sprint("t", i), kv.Always())
				op.Item.Key = key(fmt.Sprint(i))
				keys = append(keys, op.Item.Key)
				if err := table.Write(t.Context(), []kv.Op{op}); err != nil {
					t.Fatal(err)
				}
			}
			server.Take()
			server.Next("BatchGetItem", row.faults...)
			items, err := table.Get(t.Context(), keys)
			checkError(t, err, row.want)
			for i, item := range items {
				if item == nil || item.Tag != fmt.Sprint("t", i) {
					t.Errorf("entry %d: got %v, want its item", i, item)
				}
			}
			if calls, _ := server.Take(); len(calls) != row.calls || len(pauses) != row.pauses {
				t.Errorf("got %d calls and %d pauses, want %d and %d", len(calls), len(pauses), row.calls, row.pauses)
			}
		})
	}
}

func TestListThatCanFindNothingAsksNobody(t *testing.T) {
	server := fake.New(t)
	table := openTable(t, server.URL, nil)
	server.Take()
	items, next, err := table.List(t.Context(), kv.Page{Partition: "p", Prefix: "a/", After: "b", Limit: 1})
	if calls, _ := server.Take(); len(items) != 0 || next != "" || err != nil || len(calls) != 0 {
		t.Errorf("got %v, %q, %v by %d calls, want nothing by none", items, next, err, len(calls))
	}
}

func TestUnreadableItemIsInternal(t *testing.T) {
	rows := map[string]string{
		"no tag":               `{"pk":{"S":"p"},"sk":{"S":"s"}}`,
		"tag not a string":     `{"pk":{"S":"p"},"sk":{"S":"s"},"tag":{"N":"1"}}`,
		"data not binary":      `{"pk":{"S":"p"},"sk":{"S":"s"},"tag":{"S":"t"},"data":{"S":"d"}}`,
		"expires not a number": `{"pk":{"S":"p"},"sk":{"S":"s"},"tag":{"S":"t"},"expires":{"S":"1"}}`,
		"expires in parts":     `{"pk":{"S":"p"},"sk":{"S":"s"},"tag":{"S":"t"},"expires":{"N":"1.5"}}`,
	}
	for name, stored := range rows {
		t.Run(name, func(t *testing.T) {
			server := fake.New(t)
			table := openTable(t, server.URL, nil)
			server.Store(*table.name, stored)
			_, one := table.Get(t.Context(), []kv.Key{key("s")})
			_, many := table.Get(t.Context(), []kv.Key{key("s"), key("x")})
			_, _, list := table.List(t.Context(), kv.Page{Partition: "p", Limit: 1})
			write := table.Write(t.Context(), []kv.Op{put("t", kv.Match("other"))})
			for _, err := range []error{one, many, list, write} {
				if !fault.Is(err, fault.Internal) || !strings.Contains(err.Error(), "unknown format") {
					t.Errorf("got %v, want Internal with the reason", err)
				}
			}
		})
	}
}

func TestSameItem(t *testing.T) {
	mine := put("t", kv.Always()).Item
	rows := []struct {
		name   string
		change func(*kv.Item)
		want   bool
	}{
		{"all", func(*kv.Item) {}, true},
		{"the second of expiry", func(i *kv.Item) { i.Expires = i.Expires.Add(time.Millisecond).Local() }, true},
		{"another tag", func(i *kv.Item) { i.Tag = "u" }, false},
		{"other data", func(i *kv.Item) { i.Data = []byte("x") }, false},
		{"another expiry", func(i *kv.Item) { i.Expires = i.Expires.Add(time.Second) }, false},
		{"no expiry", func(i *kv.Item) { i.Expires = time.Time{} }, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			there := mine
			row.change(&there)
			if got := same(&there, mine); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
			if got := same(&mine, there); got != row.want {
				t.Errorf("the other way round: got %v, want %v", got, row.want)
			}
		})
	}
	if same(nil, mine) {
		t.Error("nothing is taken for the item")
	}
}
