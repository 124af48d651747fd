package vend

import (
	"fmt"
	"time"

	"firn/shared/lake"
)

// Credential is a temporary key: exactly one of the pointers is set. It is shared by everyone who asked for the same grant
// and never changed after it was made. However it is printed or encoded, its secrets are not.
type Credential struct {
	S3      *S3Credential
	Expires time.Time // the issuer's own answer, not computed by firn
}

// S3Credential opens an S3 or compatible store.
type S3Credential struct {
	AccessKeyID     string // an identifier; it appears in the store's logs
	SecretAccessKey lake.Secret
	SessionToken    lake.Secret // at most some KB
	Region          string      // empty: none configured
	Endpoint        string      // for clients; empty: AWS's own for the region
	PathStyle       bool
}

// Format prints when the key expires, whatever the verb: fmt gives a secret in full to verbs that do not fit its type,
// such as %d.
func (c Credential) Format(s fmt.State, _ rune) {
	kind := "no"
	if c.S3 != nil {
		kind = "S3"
	}
	fmt.Fprintf(s, "%s credential until %s", kind, c.Expires.UTC().Format(time.RFC3339))
}

// Format prints the access key's id, whatever the verb.
func (c S3Credential) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "S3 credential %s", c.AccessKeyID)
}
