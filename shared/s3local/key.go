package s3local

import (
	"strings"
	"unicode/utf8"

	"firn/shared/fault"
	"firn/shared/location"
)

// folderMarker is the file that stands for the key of its folder: the key "a/b/" is the file "a/b/.firn-folder".
const folderMarker = ".firn-folder"

// checkBucket holds a bucket's name against S3's rule (User Guide, "General purpose bucket naming rules"): 3 to 63 of
// a-z, 0-9, "-" and ".", a letter or digit at both ends. So no bucket is named like the store's own folder.
func checkBucket(name string) error {
	ok := len(name) >= 3 && len(name) <= 63 && !strings.Contains(name, "..")
	for i := 0; ok && i < len(name); i++ {
		c := name[i]
		edge := i == 0 || i == len(name)-1
		ok = 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || !edge && (c == '-' || c == '.')
	}
	if !ok {
		return fault.Of(fault.Argument, fault.Location, name, "that is no bucket's name")
	}
	return nil
}

// checkKey refuses keys that are not exactly one path below the bucket's folder. os.Root stops escapes from the folder
// but not "a/../b" inside it, so this rule is what keeps a prefix a prefix. A key may end in one slash.
func checkKey(key string) error {
	if len(key) > maxKey {
		return fault.Of(fault.Argument, fault.File, key, "a key has at most %d bytes", maxKey)
	}
	if !utf8.ValidString(key) || strings.ContainsFunc(key, unprintable) {
		return fault.Of(fault.Argument, fault.File, "", "a key is UTF-8 without control characters and backslashes")
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(key, "/"), "/") {
		if !safeSegment(segment) {
			return fault.Of(fault.Argument, fault.File, key, "a key's segments have 1 to %d bytes and are not %q, %q or %q, also when percent-encoded",
				maxSegment, ".", "..", folderMarker)
		}
	}
	return nil
}

// checkListPrefix holds the folder part of a list's prefix against the key rule; the rest only filters names.
func checkListPrefix(prefix string) error { return checkKey(prefix + "x") }

// unprintable holds for what file systems, terminals or XML 1.0 do not carry.
func unprintable(r rune) bool {
	return r < 0x20 || 0x7f <= r && r < 0xa0 || r == '\\' || r == 0xfffe || r == 0xffff
}

func safeSegment(segment string) bool {
	return segment != "" && len(segment) <= maxSegment && segment != folderMarker && !location.Climbs(segment)
}
