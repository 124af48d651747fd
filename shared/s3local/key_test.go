package s3local

import (
	"strings"
	"testing"
)

func TestKeysThatAreOnePathAreTaken(t *testing.T) {
	for _, key := range []string{"a", "a/", "a/b", "...", "a..b/.x", "é/ü", "a%2Fb", "100%", "%", "%zz", "a=1/b c+d~!@#$&'()", strings.Repeat("x", 255), strings.Repeat("x/", 512)} {
		if err := checkKey(key); err != nil {
			t.Errorf("%q: got %v, want none", key, err)
		}
	}
	for _, key := range []string{"", "/", "//", "/a", "a//b", "a//", ".", "..", "a/./b", "a/../b", "../a", "a/..", "%2e", "%2E%2e", ".%2e", "%252e%252e", "%25252e", "a%2F..", "..%5cb", `a\b`, "a\x00", "a\nb",
		"a\x7f", "a\u0085", "\xff", "a\uffff", folderMarker, "a/" + folderMarker, folderMarker + "/a", strings.Repeat("x", 256), strings.Repeat("x/", 512) + "x"} {
		if err := checkKey(key); err == nil {
			t.Errorf("%q: got no error", key)
		}
	}
}

func TestNamesAreSpeltOneToOne(t *testing.T) {
	n := naming{escaped: true}
	seen := map[string]string{}
	for _, segment := range []string{"a", "A", "%41", "%61", "a.b", "a.", ".a", "é", "e\u0301", "con", "x y", "a=1", "A%41"} {
		name := n.name(segment)
		folded := strings.ToLower(name)
		if other, twice := seen[folded]; twice {
			t.Errorf("%q and %q: got the same name %q", segment, other, name)
		}
		seen[folded] = segment
		if got, ok := n.segment(name); !ok || got != segment {
			t.Errorf("%q: got %q, %t back", segment, got, ok)
		}
	}
	for _, name := range []string{"A", "%4", "%4A", "%zz", "%61", ".x", "%2e%2e", "%"} {
		if got, ok := n.segment(name); ok {
			t.Errorf("file %q: got the segment %q, want none", name, got)
		}
	}
}
