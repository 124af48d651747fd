package s3

import (
	"testing"

	"firn/shared/fault"
)

// What a put answers when requests and answers get lost: never a failure of something that may have landed.
func TestPutsThatGetLost(t *testing.T) {
	name := uri(t, "s3://lake/ns/t/v1.json")
	rows := []struct {
		name     string
		faults   func(t *testing.T, s *store) []broken
		attempts int
		want     fault.Kind // Internal: no error
		there    string
	}{
		{"request lost once", func(*testing.T, *store) []broken { return []broken{lostRequest} }, 2, 0, "ours"},
		{"answer lost once", func(*testing.T, *store) []broken { return []broken{lostAnswer} }, 2, 0, "ours"},
		{"broken answer once", func(*testing.T, *store) []broken { return []broken{brokenServer} }, 2, 0, "ours"},
		{"throttled once", func(*testing.T, *store) []broken { return []broken{answer(503, "SlowDown")} }, 2, 0, "ours"},
		{"answer lost, then all requests", func(*testing.T, *store) []broken { return []broken{lostAnswer, lostRequest, lostRequest} }, 3, fault.StateUnknown, "ours"},
		{"all requests lost", func(*testing.T, *store) []broken { return []broken{lostRequest, lostRequest, lostRequest} }, 3, fault.StateUnknown, ""},
		{"all answers broken", func(*testing.T, *store) []broken {
			return []broken{answer(500, "InternalError"), answer(502, ""), answer(500, "InternalError")}
		}, 3, fault.StateUnknown, ""},
		{"answer lost, then denied", func(*testing.T, *store) []broken { return []broken{lostAnswer, answer(403, "AccessDenied")} }, 2, fault.StateUnknown, "ours"},
		{"answer lost, and then the look is denied", func(*testing.T, *store) []broken {
			return []broken{lostAnswer, nil, answer(403, "AccessDenied")}
		}, 2, fault.StateUnknown, "ours"},
		{"always throttled", func(*testing.T, *store) []broken {
			return []broken{answer(503, "SlowDown"), answer(503, "SlowDown"), answer(503, "SlowDown")}
		}, 3, fault.Unavailable, ""},
		{"denied", func(*testing.T, *store) []broken { return []broken{answer(403, "AccessDenied")} }, 1, fault.Forbidden, ""},
		{"another put under way", func(*testing.T, *store) []broken { return []broken{answer(409, "ConditionalRequestConflict")} }, 1, fault.Unavailable, ""},
		{"someone else's object behind a lost answer", func(t *testing.T, s *store) []broken {
			return []broken{someoneElse(t, s.open(t, Config{}), name)}
		}, 2, fault.Exists, "theirs"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newStore(t)
			b := s.open(t, Config{})
			s.fail(row.faults(t, s)...)
			err := b.Put(t.Context(), name, []byte("ours"))
			if got := fault.From(err); err == nil && row.want != 0 || err != nil && got.Kind != row.want {
				t.Errorf("got %v, want kind %s (internal: no error)", err, row.want)
			}
			puts := s.puts()
			if row.there == "theirs" {
				puts-- // not ours
			}
			if puts != row.attempts {
				t.Errorf("got %d attempts, want %d", puts, row.attempts)
			}
			s.fail()
			data, err := b.Get(t.Context(), name)
			if string(data) != row.there || row.there == "" && !fault.Is(err, fault.NotFound) {
				t.Errorf("there is %q (%v), want %q", data, err, row.there)
			}
		})
	}
}
