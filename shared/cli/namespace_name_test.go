package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitNamespace(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // nil: refused
	}{
		{"one level", "a", []string{"a"}},
		{"three levels", "a.b.c", []string{"a", "b", "c"}},
		{"a dot inside", `a\.b.c`, []string{"a.b", "c"}},
		{"a dot at the end of a level", `a\..b`, []string{"a.", "b"}},
		{"dots alone", `\.\.`, []string{".."}},
		{"spaces and letters of any script", "ü 日.b c", []string{"ü 日", "b c"}},
		{"empty", "", nil},
		{"empty first level", ".a", nil},
		{"empty last level", "a.", nil},
		{"empty level between", "a..b", nil},
		{"backslash before a letter", `a\b`, nil},
		{"backslash twice", `a\\.b`, nil},
		{"backslash at the end", `a\`, nil},
		{"the separator of levels", "a\x1fb", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := splitNamespace(test.text)
			if (err != nil) != (test.want == nil) {
				t.Fatalf("got error %v, want refused: %v", err, test.want == nil)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("got -, want +:\n%s", diff)
			}
			if back := joinNamespace(got); back != test.text {
				t.Errorf("written back: got %q, want %q", back, test.text)
			}
		})
	}
}
