package s3local

import (
	"path"
	"strings"

	"firn/shared/fault"
)

// naming says how keys become file names. Plain names are the keys themselves. Escaped ones fit file systems that fold
// case, normalize Unicode or keep characters for themselves: all but a-z, 0-9, "-", "_", "=" and inner "." become %xx.
type naming struct{ escaped bool }

// Names of the layouts, as the folder's layout file spells them.
const (
	plainLayout   = "plain"
	escapedLayout = "escaped"
)

const hexDigits = "0123456789abcdef"

// file gives the path of a key below the store's folder; the key and bucket are checked here and nowhere else below
// the gate.
func (n naming) file(bucket, key string) (string, error) {
	if err := checkBucket(bucket); err != nil {
		return "", err
	}
	if err := checkKey(key); err != nil {
		return "", err
	}
	names := []string{bucket}
	for segment := range strings.SplitSeq(strings.TrimSuffix(key, "/"), "/") {
		name := n.name(segment)
		if len(name) > maxSegment {
			return "", fault.Of(fault.Argument, fault.File, key, "a key's segments have at most %d bytes when escaped for this file system", maxSegment)
		}
		names = append(names, name)
	}
	if strings.HasSuffix(key, "/") {
		names = append(names, folderMarker)
	}
	return path.Join(names...), nil
}

// name spells a segment of a key as a file name.
func (n naming) name(segment string) string {
	if !n.escaped {
		return segment
	}
	var b strings.Builder
	for i := range len(segment) {
		c := segment[i]
		inner := i > 0 && i < len(segment)-1
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '=', c == '.' && inner:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hexDigits[c>>4], hexDigits[c&15]})
		}
	}
	return b.String()
}

// segment is the inverse of name. A file that no key names is not ok: it was put into the folder by other hands.
func (n naming) segment(name string) (segment string, ok bool) {
	segment = name
	if n.escaped {
		if segment, ok = unescape(name); !ok || n.name(segment) != name {
			return "", false
		}
	}
	return segment, checkKey(segment) == nil && !strings.HasSuffix(segment, "/")
}

func unescape(name string) (string, bool) {
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		if name[i] != '%' {
			b = append(b, name[i])
			continue
		}
		if i+2 >= len(name) {
			return "", false
		}
		high, low := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		b = append(b, byte(high<<4|low))
		i += 2
	}
	return string(b), true
}
