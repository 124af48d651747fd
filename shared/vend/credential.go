package vend

import (
	"fmt"
	"time"

	"firn/shared/lake"
)

// Credential is a temporary key: exactly one of the pointers is set. It is shared by everyone who asked for the same grant
// and never changed after it was made. However it is printed or encoded, its secrets are not.
type Credential struct {
	// ID is how the store's own log names this key, where it names keys at all: the session name in CloudTrail, the
	// correlation id (scid) in Azure's storage logs, the access key of the embedded store; else a random text. It is no
	// secret: audit records carry it, and a key is revoked by it.
	ID      string
	S3      *S3Credential
	GCS     *GCSCredential
	Azure   *AzureCredential
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

// GCSCredential opens Google Cloud Storage.
type GCSCredential struct {
	Token lake.Secret // OAuth 2.0 bearer token, downscoped by a Credential Access Boundary
}

// AzureCredential opens Azure Data Lake Storage Gen2.
type AzureCredential struct {
	Account string      // the storage account's name
	Domain  string      // what follows ".dfs." or ".blob." in the account's hosts: "core.windows.net" in the public cloud
	SAS     lake.Secret // the query string of a user delegation SAS, without a question mark
}

// size is how many bytes of text the credential holds.
func (c Credential) size() int {
	n := len(c.ID)
	if k := c.S3; k != nil {
		n += len(k.AccessKeyID) + len(k.SecretAccessKey) + len(k.SessionToken) + len(k.Region) + len(k.Endpoint)
	}
	if k := c.GCS; k != nil {
		n += len(k.Token)
	}
	if k := c.Azure; k != nil {
		n += len(k.Account) + len(k.Domain) + len(k.SAS)
	}
	return n
}

// Format prints when the key expires, whatever the verb: fmt gives a secret in full to verbs that do not fit its type,
// such as %d.
func (c Credential) Format(s fmt.State, _ rune) {
	kind := "no"
	switch {
	case c.S3 != nil:
		kind = "S3"
	case c.GCS != nil:
		kind = "GCS"
	case c.Azure != nil:
		kind = "AZURE"
	}
	fmt.Fprintf(s, "%s credential %s until %s", kind, c.ID, c.Expires.UTC().Format(time.RFC3339))
}

// Format prints the access key's id, whatever the verb.
func (c S3Credential) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "S3 credential %s", c.AccessKeyID)
}

// Format prints nothing of the token, whatever the verb.
func (c GCSCredential) Format(s fmt.State, _ rune) { fmt.Fprint(s, "GCS credential") }

// Format prints the account, whatever the verb.
func (c AzureCredential) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "AZURE credential for %s", c.Account)
}
