package sign

import (
	"strings"
	"unicode/utf8"

	"firn/shared/location"
)

// goodKey says whether a key means one path to every reader: valid UTF-8 without control characters and backslashes, no
// empty, "." and ".." segments, also when someone behind firn decodes it again. It may end in one slash, and it may hold
// what no location may, such as the percent signs in a partition's folder.
func goodKey(key string) bool {
	if key == "" || len(key) > maxKey || !utf8.ValidString(key) || strings.ContainsFunc(key, unprintable) {
		return false
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(key, "/"), "/") {
		if segment == "" || location.Climbs(segment) {
			return false
		}
	}
	return true
}

func unprintable(r rune) bool { return r < 0x20 || 0x7f <= r && r < 0xa0 || r == '\\' }
