package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"

	"firn/shared/vend"
)

// The session's name: what CloudTrail and S3's access logs show of whom a key was vended to. STS takes 2 to 64 of
// [\w+=,.@-].
const (
	maxSession  = 64
	sessionHash = 10 // hex characters
)

var notSession = regexp.MustCompile(`[^A-Za-z0-9_+=,.@-]`)

// sessionName is readable and one-to-one: names that look alike once they are cleaned differ in the hash of the
// principal's id. It is the same for all keys of a principal, so that a deny on aws:userid stops them all.
func sessionName(g vend.Grant) string {
	sum := sha256.Sum256([]byte(string(g.Realm) + "\x00" + string(g.PrincipalID)))
	tail := "-" + hex.EncodeToString(sum[:])[:sessionHash]
	name := "firn-" + notSession.ReplaceAllString(g.Principal, "_")
	return name[:min(len(name), maxSession-len(tail))] + tail
}
