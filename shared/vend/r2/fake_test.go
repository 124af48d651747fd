package r2

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/shared/vend"
	"firn/shared/vend/vendtest"
)

// fakeR2 holds requests against a key as R2's documentation describes it. It reads tokens by itself, so that a claim that the
// vendor misspells opens nothing here, or everything, and is found.
type fakeR2 struct{ now time.Time }

const (
	account      = "0123456789abcdef0123456789abcdef"
	parentID     = "parent-key-id"
	parentSecret = "parent-secret"
	auto         = "auto"
)

type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Issued   int64    `json:"iat"`
	Expires  int64    `json:"exp"`
	Bucket   string   `json:"bucket"`
	Actions  []string `json:"actions"`
	Paths    *paths   `json:"paths"`
}

type paths struct {
	Prefixes []string `json:"prefixPaths"`
	Objects  []string `json:"objectPaths"`
}

// open verifies a key and gives its claims.
func (f *fakeR2) open(t *testing.T, cred vend.Credential) claims {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(cred.S3.SessionToken.Reveal())
	token, ok := strings.CutPrefix(string(text), "jwt/")
	if err != nil || !ok {
		t.Fatalf("the session token is not base64 of jwt/ and a token: %v", err)
	}
	if sum := sha256.Sum256([]byte(token)); cred.S3.SecretAccessKey.Reveal() != hex.EncodeToString(sum[:]) {
		t.Fatal("the secret is not the SHA-256 of the token")
	}
	parts := strings.Split(token, ".")
	mac := hmac.New(sha256.New, []byte(parentSecret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	if parts[2] != base64.RawURLEncoding.EncodeToString(mac.Sum(nil)) {
		t.Fatal("the token is not signed with the parent's secret by HS256")
	}
	header := map[string]string{}
	read(t, parts[0], &header)
	if header["alg"] != "HS256" || header["typ"] != "JWT" {
		t.Fatalf("got the header %v, want a JWT by HS256", header)
	}
	var c claims
	read(t, parts[1], &c)
	if c.Issuer != parentID || cred.S3.AccessKeyID != parentID || c.Subject != account || c.Audience != account+".r2.cloudflarestorage.com" {
		t.Fatalf("got iss %q, sub %q, aud %q, key %q", c.Issuer, c.Subject, c.Audience, cred.S3.AccessKeyID)
	}
	if c.Issued > f.now.Unix() || c.Expires <= f.now.Unix() {
		t.Fatalf("got a token from %d to %d at %d", c.Issued, c.Expires, f.now.Unix())
	}
	return c
}

func read(t *testing.T, part string, into any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// opens says whether a key may be touched. A token without paths opens the whole bucket, as R2's does.
func (c *claims) opens(action, bucket, key string) bool {
	if bucket != c.Bucket || !slices.Contains(c.Actions, action) {
		return false
	}
	return c.Paths == nil || slices.Contains(c.Paths.Objects, key) ||
		slices.ContainsFunc(c.Paths.Prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
}

func (f *fakeR2) try(t *testing.T, cred vend.Credential, a vendtest.Attempt) []string {
	t.Helper()
	c := f.open(t, cred)
	allowed := false
	switch a.Verb {
	case vendtest.Get:
		allowed = c.opens("GetObject", a.Bucket, a.Key) && c.opens("HeadObject", a.Bucket, a.Key)
	case vendtest.Put:
		allowed = c.opens("PutObject", a.Bucket, a.Key) && c.opens("CreateMultipartUpload", a.Bucket, a.Key) && c.opens("UploadPart", a.Bucket, a.Key) &&
			c.opens("CompleteMultipartUpload", a.Bucket, a.Key) && c.opens("AbortMultipartUpload", a.Bucket, a.Key)
	case vendtest.Remove:
		allowed = c.opens("DeleteObject", a.Bucket, a.Key)
	case vendtest.List:
		allowed = c.opens("ListObjectsV2", a.Bucket, a.Key) && c.opens("ListObjectsV1", a.Bucket, a.Key)
	case vendtest.Copy:
		allowed = c.opens("CopyObject", a.Bucket, a.From) && c.opens("CopyObject", a.Bucket, a.Key)
	case vendtest.RemoveMany:
		return slices.DeleteFunc(slices.Clone(a.Keys), func(key string) bool { return c.opens("DeleteObjects", a.Bucket, key) })
	}
	if allowed {
		return nil
	}
	return []string{a.Key}
}
