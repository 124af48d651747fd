// Package session names the sessions that vended AWS keys live in, and gives the patterns that find them again.
//
// A name is what CloudTrail and S3's access logs show of a key, and what a policy can deny by: aws:userid of an assumed role
// is the role's id, a colon and this name. So a name says whose key it is and for which table, and is never used twice:
//
//	firn-<principal's name>-<principal>-<table>-<key>
//
// OfPrincipal, OfTable and OfName are patterns for StringLike on aws:userid, to be written into a deny on the role.
//
// It refuses patterns for names that it did not make: what a caller sends as a key's id could hold wildcards.
//
// # Why
//
// The name of a principal is for people; it is cut and cleaned, and cannot hold the hyphen that parts the fields, so that
// nobody who may choose a name can look like somebody else. What a deny goes by are hashes of ids, which are never used
// twice: 50 bits keep any two of them apart by chance alone, and nobody chooses an id.
package session

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"regexp"
	"strings"

	"firn/shared/lake"
)

// The lengths of the parts. STS takes 2 to 64 of [\w+=,.@-] (STS API reference, AssumeRole, RoleSessionName).
const (
	maxPerson = 24
	hashLen   = 10
	keyLen    = 12
)

var (
	text      = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
	notPerson = regexp.MustCompile(`[^A-Za-z0-9_+=,.@]`)
	made      = regexp.MustCompile(`^firn-[A-Za-z0-9_+=,.@]{0,24}-[a-z2-7]{10}-[a-z2-7]{10}-[a-z2-7]{12}$`)
)

// Name makes the name of a new session: at most 64 characters, another one at each call.
func Name(realm lake.Realm, principal string, principalID, tableID lake.ID) string {
	var key [8]byte
	rand.Read(key[:]) // never fails (crypto/rand)
	return "firn-" + person(principal, maxPerson) + "-" + principalHash(realm, principalID) + "-" + tableHash(tableID) + "-" + text.EncodeToString(key[:])[:keyLen]
}

// SourceIdentity names a principal in every event of CloudTrail behind the first, at most 64 characters of [\w+=,.@-]. It is
// the same for all of the principal's keys, and no other principal's.
func SourceIdentity(realm lake.Realm, principal string, principalID lake.ID) string {
	return person(principal, 64-1-hashLen) + "-" + principalHash(realm, principalID)
}

// OfPrincipal is the pattern of aws:userid that all keys of a principal have, and no others.
func OfPrincipal(realm lake.Realm, principalID lake.ID) string {
	return "*:firn-*-" + principalHash(realm, principalID) + "-*"
}

// OfTable is the pattern of aws:userid that all keys for a table have, and no others.
func OfTable(tableID lake.ID) string { return "*:firn-*-" + tableHash(tableID) + "-*" }

// OfName is the pattern of aws:userid that one key has. ok is false if the text is no name of a session of firn's.
func OfName(name string) (pattern string, ok bool) {
	if !made.MatchString(name) {
		return "", false
	}
	return "*:" + name, true
}

// Holds says whether a name is that of a key of the principal's.
func Holds(name string, realm lake.Realm, principalID lake.ID) bool {
	return made.MatchString(name) && strings.Split(name, "-")[2] == principalHash(realm, principalID)
}

func person(name string, most int) string {
	clean := notPerson.ReplaceAllString(name, "_")
	return clean[:min(len(clean), most)]
}

func principalHash(realm lake.Realm, id lake.ID) string {
	return hash("principal\x00" + string(realm) + "\x00" + string(id))
}

func tableHash(id lake.ID) string { return hash("table\x00" + string(id)) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return text.EncodeToString(sum[:])[:hashLen]
}
