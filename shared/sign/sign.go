// Package sign reads a request to S3 that a client wants signed (remote signing, Iceberg REST specification,
// RemoteSignRequest) and finds out what it would do: which operation, on which objects.
//
// It refuses whatever it does not know, and what two readers could take for different things: other hosts, ports and
// Regions, query parameters that come twice or are not the operation's, sub-resources (acl, policy, tagging, versions),
// keys with "." or ".." or empty segments in any encoding, headers that change rights, owners or encryption, requests
// that are signed already, a list without a folder, a batch delete whose body is not shown.
//
// Nothing here signs: Parse gives a Call, Call.Within holds it against a table's folders, and only the Checked that
// comes out of it can be given to a Signer (sign/sigv4). Nothing here does I/O.
//
// # Why
//
// A signature is a key for one request, so a mistake in reading it is a hole of the size of firn's own rights. Hence an
// allow-list of operations as data, each with its query parameters and headers, rather than a list of what is bad.
//
// What is signed is not the client's spelling. The path and the query are decoded once, judged, and spelt anew as
// Signature Version 4 wants them; the client is told that URI and sends it. So there is no spelling of which firn and
// the store could think differently.
//
// All x-amz headers of the request are signed, as are Content-MD5 and Content-Type; nothing else, since the client's
// own HTTP library may still change it. The body is the client's (UNSIGNED-PAYLOAD) except where it names objects: a
// batch delete is signed with the hash of the body that was judged.
//
// What no signature can do is keep a client from adding a header afterwards. AWS and the embedded store refuse x-amz
// headers that are not signed; MinIO takes x-amz-copy-source all the same. Therefore use-cases sign with a key that was
// vended for the table wherever there is one; where there is none, what is signed contradicts the additions that are known
// to make a put something else (sigv4's guards).
package sign

import (
	"context"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// The limits of a request.
const (
	maxURI     = 8 << 10 // bytes: a key of 1,024 bytes, each encoded, and a continuation token
	maxHeaders = 100
	maxHeader  = 16 << 10 // bytes of names and values together
	maxBody    = 2 << 20  // bytes of a batch delete, as S3
	maxBatch   = 1000     // keys of a batch delete, as S3
	maxKey     = 1024     // bytes, as S3
)

// Request is what a client asks to have signed.
type Request struct {
	Method  string
	URI     string
	Region  string
	Headers map[string][]string
	Body    *string // of a batch delete; nil: not shown
}

// Signed is what a client sends instead: to this URI, with its own headers and these.
type Signed struct {
	URI     string
	Headers map[string][]string
}

// Signer signs requests to one kind of storage.
type Signer interface {
	// Site says where clients of the storage send their requests. Argument if requests to it cannot be signed.
	Site(storage *lake.Storage) (Site, error)
	// Sign signs with a vended credential of the realm; nil means firn's own rights, which only storage without STS is
	// reached with: Unsupported if this server has none for it, Forbidden if its operator does not permit their use.
	Sign(ctx context.Context, realm lake.Realm, storage *lake.Storage, cred *vend.Credential, c *Checked) (Signed, error)
}

// use is one thing that a request does.
type use struct {
	action vend.Actions
	bucket string
	key    string // of an object; of a list its prefix
	whole  bool   // asks about the bucket alone
}

// Call is a request that is understood. It may still be outside of what its caller may reach.
type Call struct {
	op   *operation
	uses []use
	sent Parts
}

// Operation is its name in the S3 API Reference.
func (c *Call) Operation() string { return c.op.name }

// Actions are what a key must open for the request.
func (c *Call) Actions() vend.Actions {
	var all vend.Actions
	for _, u := range c.uses {
		all |= u.action
	}
	return all
}

// Parse reads a request to a site. Errors are *fault.Error: Argument for what is no request of the site at all,
// Forbidden for what is not signed.
func Parse(r Request, site Site) (*Call, error) {
	if r.Region != site.Region {
		return nil, fault.New(fault.Argument, "Cannot sign a request for region %q: the catalog's storage is in %q.", short(r.Region), site.Region)
	}
	t, err := parseTarget(r.URI, site)
	if err != nil {
		return nil, err
	}
	h, err := parseHeaders(r.Headers)
	if err != nil {
		return nil, err
	}
	_, copies := h["x-amz-copy-source"]
	op, err := classify(r.Method, t, copies)
	if err != nil {
		return nil, err
	}
	if err := op.admit(t.query, h, site); err != nil {
		return nil, err
	}
	c := &Call{op: op, sent: Parts{Method: r.Method, URI: t.String(), Region: site.Region, Headers: h}}
	if c.uses, err = op.uses(t, h, r.Body); err != nil {
		return nil, err
	}
	c.sent.Payload, err = op.payload(h, r.Body)
	return c, err
}

// Within holds the call against folders. The error is Forbidden and names what is outside.
func (c *Call) Within(folders []location.Prefix) (*Checked, error) {
	for _, u := range c.uses {
		if !u.within(folders) {
			return nil, fault.Of(fault.Forbidden, fault.Location, u.shown(), "%s of %s is not signed: it is outside of the table's locations.", c.op.name, u.shown())
		}
	}
	return &Checked{parts: c.sent, folders: folders}, nil
}

func (u use) within(folders []location.Prefix) bool {
	for _, f := range folders {
		if u.whole && f.Kind() == location.S3 && f.Bucket() == u.bucket || !u.whole && f.HoldsS3Key(u.bucket, u.key) {
			return true
		}
	}
	return false
}

func (u use) shown() string { return short("s3://" + u.bucket + "/" + u.key) }

// Checked is a request that may be signed.
type Checked struct {
	parts   Parts
	folders []location.Prefix
}

// Folders returns the folders that the request was held against; they are not to be changed.
func (c *Checked) Folders() []location.Prefix { return c.folders }

// Parts are what the signature is made of.
type Parts struct {
	Method  string
	URI     string            // spelt as Signature Version 4 spells it
	Region  string            // to sign with
	Headers map[string]string // to sign, by lower-case name, besides host and those that signing adds
	Payload string            // the value of x-amz-content-sha256
}

// Parts gives them; they are not to be changed.
func (c *Checked) Parts() Parts { return c.parts }

// refuse says why a request is not signed.
func refuse(format string, args ...any) error {
	return fault.New(fault.Forbidden, "The request is not signed: "+format+".", args...)
}

// short keeps what a client wrote within bounds.
func short(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
