package s3local

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AWS Signature Version 4 for S3, the verifying side (Signature Version 4 reference, "Authenticating Requests").

const (
	algorithm    = "AWS4-HMAC-SHA256"
	amzTime      = "20060102T150405Z"
	emptySHA256  = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	payloadField = "x-amz-content-sha256"
)

// authentic is what a signature that held says.
type authentic struct {
	claims  Claims
	proof   proof
	signing []byte // key of the day; chunks are signed with it too
}

// authenticate verifies a request: first that whoever sent it has the secret, then that the credential is still good, so
// that nothing about a credential is told to who does not hold it.
func authenticate(r *http.Request, t target, issuer *Issuer, now time.Time) (authentic, error) {
	p, err := readProof(r, t.query)
	if err != nil {
		return authentic{}, err
	}
	if err := checkCoverage(r, p.headers); err != nil {
		return authentic{}, err
	}
	claims, secret, err := issuer.Open(p.accessKey, p.token)
	if err != nil {
		return authentic{}, err
	}
	key := signingKey(secret, p)
	text := strings.Join([]string{algorithm, p.when, p.scope(), hashHex(canonical(r, t, p))}, "\n")
	if !hmac.Equal([]byte(hex.EncodeToString(sign(key, text))), []byte(p.signature)) {
		return authentic{}, errSignature
	}
	if err := p.timely(now); err != nil {
		return authentic{}, err
	}
	return authentic{claims: claims, proof: p, signing: key}, issuer.Check(claims)
}

var errSignature = refuse(http.StatusForbidden, "SignatureDoesNotMatch", "The signature does not match: check the secret key and how the request is signed.")

// checkCoverage demands that whatever the store acts on is under the signature and comes once.
func checkCoverage(r *http.Request, signed []string) error {
	if !slices.Contains(signed, "host") {
		return denied("The header host is not signed.")
	}
	for name, values := range r.Header {
		name = strings.ToLower(name)
		if !strings.HasPrefix(name, "x-amz-") && name != "content-md5" {
			continue
		}
		if !slices.Contains(signed, name) {
			return denied("There are headers that are not signed: " + name)
		}
		if len(values) > 1 {
			return malformed("A header comes twice: " + name)
		}
	}
	return nil
}

// canonical is the canonical request. net/http keeps some headers out of the map; they are put back here.
func canonical(r *http.Request, t target, p proof) string {
	encoded := map[string]string{}
	for name, value := range t.query {
		if !p.presigned || name != "X-Amz-Signature" {
			encoded[encodeURI(name, false)] = encodeURI(value, false)
		}
	}
	var query []string
	for _, name := range slices.Sorted(maps.Keys(encoded)) {
		query = append(query, name+"="+encoded[name])
	}
	var headers strings.Builder
	for _, name := range p.headers {
		values := r.Header.Values(name)
		switch name {
		case "host":
			values = []string{r.Host}
		case "content-length":
			values = []string{strconv.FormatInt(r.ContentLength, 10)}
		case "transfer-encoding":
			values = r.TransferEncoding
		}
		headers.WriteString(name + ":")
		for i, v := range values {
			if i > 0 {
				headers.WriteByte(',')
			}
			headers.WriteString(strings.Join(strings.Fields(v), " "))
		}
		headers.WriteByte('\n')
	}
	payload := r.Header.Get(payloadField)
	if payload == "" {
		payload = unsignedPayload
	}
	return strings.Join([]string{r.Method, encodeURI(t.path, true), strings.Join(query, "&"), headers.String(), strings.Join(p.headers, ";"), payload}, "\n")
}

func signingKey(secret Secret, p proof) []byte {
	key := sign([]byte("AWS4"+string(secret)), p.day)
	for _, part := range []string{p.region, "s3", "aws4_request"} {
		key = sign(key, part)
	}
	return key
}

func sign(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hashHex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
