package sign

import (
	"strings"
	"unicode/utf8"
)

// goodKey says whether a key means one path to every reader: valid UTF-8 without control characters and backslashes, no
// empty, "." and ".." segments, also when someone behind firn decodes it again. It may end in one slash, and it may hold
// what no location may, such as the percent signs in a partition's folder.
func goodKey(key string) bool {
	if key == "" || len(key) > maxKey || !utf8.ValidString(key) || strings.ContainsFunc(key, unprintable) {
		return false
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(key, "/"), "/") {
		if !goodSegment(segment) {
			return false
		}
	}
	return true
}

func unprintable(r rune) bool { return r < 0x20 || 0x7f <= r && r < 0xa0 || r == '\\' }

var unescapeDots = strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", `\`, "%5C", `\`, "%25", "%")

// goodSegment decodes until nothing is left to decode; each turn shortens the segment, so it ends.
func goodSegment(segment string) bool {
	if segment == "" {
		return false
	}
	for {
		for piece := range strings.FieldsFuncSeq(segment, func(r rune) bool { return r == '/' || r == '\\' }) {
			if piece == "." || piece == ".." {
				return false
			}
		}
		plain := unescapeDots.Replace(segment)
		if plain == segment {
			return true
		}
		segment = plain
	}
}
