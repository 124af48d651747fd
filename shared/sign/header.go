package sign

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"firn/shared/fault"
)

// parseHeaders gives the headers that are signed, by lower-case name. Those that clients' HTTP libraries own are left
// out, and so is what an earlier signature left behind: the client gets a new one.
func parseHeaders(all map[string][]string) (map[string]string, error) {
	bad := func(why string) (map[string]string, error) {
		return nil, fault.New(fault.Argument, "Cannot sign a request with these headers: %s.", why)
	}
	if len(all) > maxHeaders {
		return bad("they are too many")
	}
	signed, seen, size := map[string]string{}, map[string]bool{}, 0
	for name, values := range all {
		lower := strings.ToLower(name)
		if !token(lower) || seen[lower] {
			return bad("a name is none, or comes twice")
		}
		seen[lower] = true
		size += len(name)
		for _, v := range values {
			size += len(v)
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return bad("a value holds control characters")
			}
		}
		switch {
		case lower == "authorization" || lower == "x-amz-date":
			continue
		case !strings.HasPrefix(lower, "x-amz-") && lower != "content-md5" && lower != "content-type":
			continue
		case len(values) != 1:
			return bad("one that is signed has not exactly one value")
		}
		signed[lower] = values[0]
	}
	if size > maxHeader {
		return bad("they are too long")
	}
	return signed, nil
}

// token is RFC 9110, section 5.6.2, in lower case.
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// parseSource takes x-amz-copy-source apart: [/]bucket/key, percent-encoded, without a version.
func parseSource(header string) (bucket, key string, err error) {
	plain, ok := decode(strings.TrimPrefix(header, "/"))
	bucket, key, _ = strings.Cut(plain, "/")
	// A plus is a space to some readers of this header.
	if !ok || strings.ContainsAny(header, "?+") || !goodKey(key) {
		return "", "", refuse("a copy's source is bucket/key, percent-encoded and without a version")
	}
	return bucket, key, nil
}

// The values of x-amz-content-sha256 that leave the body to the client.
const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	unsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// payload gives the value of x-amz-content-sha256. A client without a signer of its own sends none: then the body is
// not signed, whether it comes with a checksum behind it (x-amz-trailer) or not. A batch delete is always bound to the
// body that was judged.
func (op *operation) payload(h map[string]string, body *string) (string, error) {
	given, has := h["x-amz-content-sha256"]
	if op.keys == fromBody {
		sum, md := sha256.Sum256([]byte(*body)), md5.Sum([]byte(*body))
		hash := hex.EncodeToString(sum[:])
		if has && given != hash {
			return "", refuse("x-amz-content-sha256 is not the hash of the body")
		}
		if text, ok := h["content-md5"]; ok && text != base64.StdEncoding.EncodeToString(md[:]) {
			return "", refuse("Content-MD5 is not the hash of the body")
		}
		return hash, nil
	}
	_, trailer := h["x-amz-trailer"]
	switch {
	case !has && trailer, given == unsignedTrailer && trailer:
		return unsignedTrailer, nil
	case !has, given == unsignedPayload && !trailer:
		return unsignedPayload, nil
	}
	if sum, err := hex.DecodeString(given); err == nil && len(sum) == sha256.Size && given == strings.ToLower(given) && !trailer {
		return given, nil
	}
	return "", refuse("x-amz-content-sha256 is no SHA-256, %s or, with a trailer, %s: chunks that are signed one by one cannot be signed from afar",
		unsignedPayload, unsignedTrailer)
}
