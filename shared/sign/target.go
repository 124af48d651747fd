package sign

import (
	"maps"
	"slices"
	"strings"

	"firn/shared/fault"
)

// target is a URI taken apart and decoded once.
type target struct {
	origin string // "https://host"
	path   string // decoded, with its leading slash
	bucket string
	key    string // empty: the bucket itself
	query  map[string]string
}

// parseTarget refuses what has two readings.
func parseTarget(uri string, site Site) (target, error) {
	bad := func(why string) (target, error) {
		return target{}, fault.New(fault.Argument, "Cannot sign a request to this URI: %s.", why)
	}
	if len(uri) > maxURI {
		return bad("it is too long")
	}
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c > '~' || strings.IndexByte("\\#\"<>^`{|}", c) >= 0 {
			return bad("it holds characters that no URI has, or a fragment")
		}
	}
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return bad("it is not absolute")
	}
	rest, rawQuery, _ := strings.Cut(rest, "?")
	authority, rawPath, _ := strings.Cut(rest, "/")
	t := target{origin: scheme + "://" + bare(scheme, authority)}
	if t.path, ok = decode("/" + rawPath); !ok {
		return bad("its path has a broken escape")
	}
	if t.query, ok = parseQuery(rawQuery); !ok {
		return bad("its query has a broken escape, a plus sign, or a parameter that comes twice")
	}
	var err error
	if t.bucket, t.key, err = site.locate(scheme, authority, t.path); err != nil {
		return target{}, err
	}
	if t.bucket == "" {
		return target{}, refuse("it names no bucket")
	}
	if t.key != "" && !goodKey(t.key) {
		return target{}, refuse("its key is not one path: %q", short(t.key))
	}
	return t, nil
}

func parseQuery(raw string) (map[string]string, bool) {
	query := map[string]string{}
	for parameter := range strings.SplitSeq(raw, "&") {
		if parameter == "" {
			continue
		}
		name, value, _ := strings.Cut(parameter, "=")
		name, okName := decode(name)
		value, okValue := decode(value)
		// A plus is a space to some and a plus to others; no client of S3 sends one.
		if _, twice := query[name]; twice || !okName || !okValue || name == "" || strings.Contains(parameter, "+") {
			return nil, false
		}
		query[name] = value
	}
	return query, true
}

// String spells the URI as Signature Version 4 does: the one spelling that all readers take for the same.
func (t target) String() string {
	var b strings.Builder
	b.WriteString(t.origin)
	encode(&b, t.path, true)
	for i, name := range slices.Sorted(maps.Keys(t.query)) {
		b.WriteByte("?&"[min(i, 1)])
		encode(&b, name, false)
		b.WriteByte('=')
		encode(&b, t.query[name], false)
	}
	return b.String()
}

const hexDigits = "0123456789ABCDEF"

// encode is UriEncode of the Amazon S3 API Reference ("Signature calculations: Transferring payload in a single chunk").
func encode(b *strings.Builder, s string, keepSlash bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0, c == '/' && keepSlash:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
}

// decode undoes each %XX once; false: what follows a percent sign are not two digits.
func decode(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, low := unhex(s[i+1]), unhex(s[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		out, i = append(out, byte(high<<4|low)), i+2
	}
	return string(out), true
}

// unhex is -1 for what is no digit.
func unhex(c byte) int {
	if c >= 'a' {
		c -= 'a' - 'A'
	}
	return strings.IndexByte(hexDigits, c)
}
