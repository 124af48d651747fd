package s3local

import (
	"net/http"
	"net/url"
	"strings"
)

// target is a request target, taken apart by hand and decoded once.
type target struct {
	path   string // decoded, with its leading slash; the canonical URI is this, encoded again
	bucket string // empty: the service
	key    string // empty: the bucket
	query  map[string]string
}

// parseTarget refuses what has two readings: absolute-form, a broken escape, a parameter that comes twice, a key or
// bucket that breaks its rule.
func parseTarget(uri string) (target, error) {
	bad := refuse(http.StatusBadRequest, "InvalidURI", "The request target cannot be parsed.")
	if !strings.HasPrefix(uri, "/") {
		return target{}, bad
	}
	raw, rawQuery, _ := strings.Cut(uri, "?")
	t := target{query: map[string]string{}}
	var err error
	if t.path, err = url.PathUnescape(raw); err != nil {
		return target{}, bad
	}
	for parameter := range strings.SplitSeq(rawQuery, "&") {
		if parameter == "" {
			continue
		}
		name, value, _ := strings.Cut(parameter, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if errName != nil || errValue != nil || len(t.query) == maxParameters {
			return target{}, bad
		}
		if _, twice := t.query[name]; twice {
			return target{}, refuse(http.StatusBadRequest, "InvalidArgument", "A query parameter comes twice.")
		}
		t.query[name] = value
	}
	t.bucket, t.key, _ = strings.Cut(t.path[1:], "/")
	return t, checkNames(t.bucket, t.key)
}

// checkNames holds the names of a request against their rules; an empty one is no name.
func checkNames(bucket, key string) error {
	if bucket == "" && key == "" {
		return nil
	}
	if checkBucket(bucket) != nil {
		return refuse(http.StatusBadRequest, "InvalidBucketName", "The bucket's name is not valid.")
	}
	if key == "" {
		return nil
	}
	return checkKey(key)
}

// parseSource takes the header x-amz-copy-source apart: [/]bucket/key, percent-encoded.
func parseSource(header string) (bucket, key string, err error) {
	if strings.Contains(header, "?") {
		return "", "", notImplemented("Versions are not supported.")
	}
	plain, err := url.PathUnescape(strings.TrimPrefix(header, "/"))
	if err != nil {
		return "", "", refuse(http.StatusBadRequest, "InvalidArgument", "The copy source cannot be parsed.")
	}
	bucket, key, _ = strings.Cut(plain, "/")
	if bucket == "" || key == "" {
		return "", "", refuse(http.StatusBadRequest, "InvalidArgument", "The copy source names a bucket and a key.")
	}
	return bucket, key, checkNames(bucket, key)
}

// encodeURI is UriEncode of Signature Version 4 ("Create a canonical request").
func encodeURI(s string, keepSlash bool) string {
	const upper = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~', c == '/' && keepSlash:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', upper[c>>4], upper[c&15]})
		}
	}
	return b.String()
}
