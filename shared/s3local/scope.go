package s3local

import (
	"strings"
	"time"

	"firn/shared/fault"
)

// Action is a set of things that a scope lets its holder do.
type Action uint8

// The actions. Multipart uploads and copies into a prefix are writes; a copy also reads its source.
const (
	Read Action = 1 << iota
	List
	Write
	Delete
)

const everyAction = Read | List | Write | Delete

var actionNames = [...]string{"read", "list", "write", "delete"}

// String is for logs: "read|write".
func (a Action) String() string {
	var names []string
	for i, name := range actionNames {
		if a&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "|")
}

// Scope lets its holder do some things to the keys of a bucket that begin with a prefix.
type Scope struct {
	Bucket  string `json:"b"`
	Prefix  string `json:"p"` // non-empty, ends in a slash
	Actions Action `json:"a"` // at least one
}

// check refuses a scope that is wider than it looks: no prefix, no slash at its end, a dotted segment.
func (s Scope) check() error {
	if err := checkBucket(s.Bucket); err != nil {
		return err
	}
	if !strings.HasSuffix(s.Prefix, "/") {
		return fault.Of(fault.Argument, fault.Location, s.Prefix, "a scope's prefix ends in a slash")
	}
	if err := checkKey(s.Prefix); err != nil {
		return err
	}
	if s.Actions == 0 || s.Actions&^everyAction != 0 {
		return fault.Of(fault.Argument, fault.Credential, "", "a scope names at least one action, and no unknown one")
	}
	return nil
}

func checkScopes(scopes []Scope) error {
	if len(scopes) == 0 || len(scopes) > maxScopes {
		return fault.Of(fault.Argument, fault.Credential, "", "a credential has 1 to %d scopes, not %d", maxScopes, len(scopes))
	}
	for _, s := range scopes {
		if err := s.check(); err != nil {
			return err
		}
	}
	return nil
}

// allowed says whether one of the scopes lets its holder do a to the key. It is the only such decision in the package.
// For List the key is the prefix that is asked for.
func allowed(scopes []Scope, a Action, bucket, key string) bool {
	for _, s := range scopes {
		if a != 0 && s.Actions&a == a && s.Bucket == bucket && strings.HasPrefix(key, s.Prefix) {
			return true
		}
	}
	return false
}

// Claims say whom a credential was minted for and what it opens.
type Claims struct {
	ID        string    `json:"i"`           // of the credential; Mint sets it
	Realm     string    `json:"r"`           // whose objects the scopes are of
	Principal string    `json:"s,omitempty"` // an id, at most 256 bytes; may be empty
	Table     string    `json:"t,omitempty"` // an id, at most 256 bytes; may be empty
	Scopes    []Scope   `json:"g"`           // 1 to 16
	Issued    time.Time `json:"n"`           // strictly increasing within an Issuer; Mint sets it
	Expires   time.Time `json:"x"`           // Mint sets it
}

func (c Claims) check() error {
	if len(c.Principal) > maxSubject || len(c.Table) > maxSubject {
		return fault.Of(fault.Argument, fault.Credential, "", "a credential's principal and table have at most %d bytes", maxSubject)
	}
	return checkScopes(c.Scopes)
}
