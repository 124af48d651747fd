package vend

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
)

func TestEachVendIsOneRecord(t *testing.T) {
	var out bytes.Buffer
	m, cache := newMint(time.Hour)
	a := Audited{Vendor: cache, Log: slog.New(slog.NewJSONHandler(&out, nil)), Own: "firn"}
	storage, g := testGrant(t)
	g.Why = "refresh"
	for range 2 { // the second is served from the cache
		if _, err := a.Vend(t.Context(), storage, g); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if m.minted != 1 || len(lines) != 2 {
		t.Fatalf("got %d mintings and %d records, want 1 and 2", m.minted, len(lines))
	}
	for _, line := range lines {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		delete(got, "time")
		want := map[string]any{"level": "INFO", "msg": "vended", "credential": "key-1", "expires": "2026-05-04T13:00:00Z", "for": "refresh", "realm": "r",
			"principal": "ann", "principal_id": "p1", "catalog_id": "c1", "table": "ns.t", "table_id": "t1", "actions": "read", "prefixes": "s3://lake/ns/t/"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("record (-want +got):\n%s", diff)
		}
	}
	out.Reset()
	g.PrincipalID = "firn"
	if _, err := a.Vend(t.Context(), storage, g); err != nil || out.Len() > 0 {
		t.Errorf("firn's own key: got %v and %s, want no record at this level", err, out.String())
	}
	g.PrincipalID, m.err = "p2", fault.New(fault.Unavailable, "busy")
	if _, err := a.Vend(t.Context(), storage, g); !fault.Is(err, fault.Unavailable) || out.Len() > 0 {
		t.Errorf("refused: got %v and %s, want no record", err, out.String())
	}
}
