package location

import (
	"strings"
	"testing"
)

func TestSegment(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "orders_2024.v-1", "orders_2024.v-1"},
		{"upper case", "Orders", "Orders"},
		{"space is left out", "my table", "mytable-0d24581ae439"},
		{"metacharacters are left out", "f*.t1", "f.t1-793bdbccc869"},
		{"non-ASCII is left out", "tüble", "tble-5bb5b0554f94"},
		{"parent", "..", "5ec1f7e700f3"},
		{"dot at the front", ".x", "x-bb42e4c60255"},
		{"dot at the end", "x.", "x-c92f00b196e2"},
		{"nothing remains", "日本", "cf2abf0c5be3"},
		{"empty", "", "e3b0c44298fc"},
		{"looks like a hash", "e3b0c44298fc", "e3b0c44298fc-4b9f7d802648"},
		{"ends like a hash", "mytable-0d24581ae439", "mytable-0d24581ae439-eb8db5186049"},
		{"ends with digits of a hash, but no dash", "xdeadbeef0123", "xdeadbeef0123"},
		{"longest", strings.Repeat("x", 64), strings.Repeat("x", 64)},
		{"too long", strings.Repeat("x", 65), strings.Repeat("x", 64) + "-9537c5fdf120"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Segment(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzSegment(f *testing.F) {
	for _, s := range []string{"a", "A", "", "..", "a b", "a*b", "a-0123456789ab", "0123456789ab", strings.Repeat("x", 300), "\xff", "x."} {
		f.Add(s, s+"*")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		left, right := Segment(a), Segment(b)
		if (left == right) != (a == b) {
			t.Errorf("got %q and %q for %q and %q", left, right, a, b)
		}
		for _, text := range []string{"s3://b/x", "abfss://c@a.dfs.core.windows.net/x", "/x"} {
			if p, err := prefix(t, text).Join(left); err != nil || p.Key() != "x/"+left+"/" {
				t.Errorf("got %q, %v for a folder %q of %q", p, err, left, a)
			}
		}
	})
}

func TestWhichSegmentsClimb(t *testing.T) {
	for segment, want := range map[string]bool{
		"": false, "a": false, "a.b": false, "...": false, "p=1%2F2": false, "100%": false, "%2e%2e%2e": false, "%zz": false,
		".": true, "..": true, "%2e": true, "%2E%2e": true, "%252e%252e": true, "%25252E": true, "a%2f..": true, "..%5Cb": true, `a\..`: true, "a/../b": true,
	} {
		if got := Climbs(segment); got != want {
			t.Errorf("%q: got %v, want %v", segment, got, want)
		}
	}
}
