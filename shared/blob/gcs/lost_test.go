package gcs

import (
	"testing"
	"testing/synctest"

	"firn/shared/fault"
	"firn/shared/vend/gcs/gcstest"
)

// What a put answers when requests and answers get lost: never a failure of something that may have landed.
func TestPutsThatGetLost(t *testing.T) {
	rows := []struct {
		name   string
		faults []gcstest.Fault
		before string     // somebody else's object
		puts   int        // attempts
		want   fault.Kind // Internal: no error
		there  string
	}{
		{"request lost once", []gcstest.Fault{dropped}, "", 2, 0, "ours"},
		{"answer lost once", []gcstest.Fault{lost}, "", 2, 0, "ours"},
		{"broken answer once", []gcstest.Fault{broken}, "", 2, 0, "ours"},
		{"throttled once", []gcstest.Fault{throttled}, "", 2, 0, "ours"},
		{"no connection once", []gcstest.Fault{nobody}, "", 2, 0, "ours"},
		{"answer lost, then all requests", []gcstest.Fault{lost, dropped, dropped}, "", 3, fault.StateUnknown, "ours"},
		{"all requests lost", []gcstest.Fault{dropped, dropped, dropped}, "", 3, fault.StateUnknown, ""},
		{"all answers broken", []gcstest.Fault{broken, broken, broken}, "", 3, fault.StateUnknown, ""},
		{"answer lost, then denied", []gcstest.Fault{lost, denied}, "", 2, fault.StateUnknown, "ours"},
		{"answer lost, and then the look is denied", []gcstest.Fault{lost, {}, denied}, "", 2, fault.StateUnknown, "ours"},
		{"always throttled", []gcstest.Fault{throttled, throttled, throttled}, "", 3, fault.Unavailable, ""},
		{"never a connection", []gcstest.Fault{nobody, nobody, nobody}, "", 3, fault.Unavailable, ""},
		{"denied", []gcstest.Fault{denied}, "", 1, fault.Forbidden, ""},
		{"somebody else's object", nil, "theirs", 1, fault.Exists, "theirs"},
		{"somebody else's object behind a lost request", []gcstest.Fault{dropped}, "theirs", 2, fault.Exists, "theirs"},
		{"somebody else's object, throttled", []gcstest.Fault{throttled}, "theirs", 2, fault.Exists, "theirs"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				if row.before != "" {
					w.Seed("lake", "ns/t/v1.json", row.before)
				}
				w.fail(row.faults...)
				err := w.open(t, Config{}).Put(t.Context(), uri(t, "gs://lake/ns/t/v1.json"), []byte("ours"))
				if err == nil && row.want != 0 || err != nil && fault.From(err).Kind != row.want {
					t.Errorf("got %v, want kind %s (internal: no error)", err, row.want)
				}
				if got := w.Take()["put"]; got != row.puts {
					t.Errorf("got %d attempts, want %d", got, row.puts)
				}
				if got, _ := w.Look("lake", "ns/t/v1.json"); got != row.there {
					t.Errorf("there is %q, want %q", got, row.there)
				}
			})
		})
	}
}
