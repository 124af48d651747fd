package location

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	maxSegment = 64 // bytes of a name that go into a segment
	hashDigits = 12
)

// Segment is the folder name that firn makes for an object of this name. It holds the letters, digits and - _ . of the
// name, at most 64 of them. If anything was left out, or nothing remains, a hash of the name follows, so that names which
// differ have segments which differ. It is always a valid segment of Prefix.Join.
func Segment(name string) string {
	kept := strings.Map(func(r rune) rune {
		if r < 0x80 && (alphanumeric(byte(r)) || 'A' <= r && r <= 'Z' || strings.ContainsRune("-_.", r)) {
			return r
		}
		return -1
	}, name)
	kept = strings.Trim(kept[:min(len(kept), maxSegment)], ".")
	if kept == name && kept != "" && !hashed(name) {
		return kept
	}
	sum := sha256.Sum256([]byte(name))
	hash := hex.EncodeToString(sum[:])[:hashDigits]
	if kept == "" {
		return hash
	}
	return kept + "-" + hash
}

var unescapeDots = strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", `\`, "%5C", `\`, "%25", "%")

// Climbs says whether a segment of an object's key leads elsewhere: it is "." or "..", or has such a part once somebody
// undoes its percent-encoding, however often. Keys of data files may hold what no location may, such as the percent signs of
// a partition's folder.
func Climbs(segment string) bool {
	for { // each turn shortens the segment, so it ends
		for piece := range strings.FieldsFuncSeq(segment, func(r rune) bool { return r == '/' || r == '\\' }) {
			if piece == "." || piece == ".." {
				return true
			}
		}
		plain := unescapeDots.Replace(segment)
		if plain == segment {
			return false
		}
		segment = plain
	}
}

// hashed names look like a segment with a hash; they get one themselves, or they could be taken for another name's.
func hashed(name string) bool {
	start := len(name) - hashDigits
	if start < 0 || start > 0 && name[start-1] != '-' {
		return false
	}
	return strings.Trim(name[start:], "0123456789abcdef") == ""
}
