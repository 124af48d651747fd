package iceberg

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// object writes a JSON object member by member.
type object struct{ buf []byte }

func (o *object) name(name string) {
	if len(o.buf) == 0 {
		o.buf = append(o.buf, '{')
	} else {
		o.buf = append(o.buf, ',')
	}
	o.buf = append(appendText(o.buf, name), ':')
}

func (o *object) raw(name string, value []byte) {
	o.name(name)
	o.buf = append(o.buf, value...)
}

func (o *object) text(name, value string) {
	o.name(name)
	o.buf = appendText(o.buf, value)
}

func (o *object) long(name string, value int64) {
	o.name(name)
	o.buf = strconv.AppendInt(o.buf, value, 10)
}

func (o *object) int(name string, value int) { o.long(name, int64(value)) }

func (o *object) flag(name string, value bool) {
	o.name(name)
	o.buf = strconv.AppendBool(o.buf, value)
}

func (o *object) done() []byte {
	if len(o.buf) == 0 {
		return []byte("{}")
	}
	return append(o.buf, '}')
}

// array joins elements to a JSON array.
func array(list [][]byte) []byte {
	buf := []byte{'['}
	for i, raw := range list {
		if i > 0 {
			buf = append(buf, ',')
		}
		buf = append(buf, raw...)
	}
	return append(buf, ']')
}

// number gives the JSON of an integer.
func number[T int | int64](n T) []byte { return strconv.AppendInt(nil, int64(n), 10) }

// text gives the JSON of a string.
func text(s string) []byte { return appendText(nil, s) }

// stringMap gives the JSON of a map of strings, sorted by key.
func stringMap(m map[string]string) []byte {
	var o object
	for _, key := range slices.Sorted(maps.Keys(m)) {
		o.text(key, m[key])
	}
	return o.done()
}

// appendText writes a JSON string, escaping what RFC 8259 section 7 demands and no more.
func appendText(buf []byte, s string) []byte {
	const hex = "0123456789abcdef"
	buf = append(buf, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			buf = append(buf, '\\', c)
		case c < 0x20:
			buf = append(buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			buf = append(buf, c)
		}
	}
	return append(buf, '"')
}

// stripSlash removes slashes from the end of a location, but none of a bare "scheme://".
func stripSlash(location string) string {
	for strings.HasSuffix(location, "/") && !strings.HasSuffix(location, "://") {
		location = location[:len(location)-1]
	}
	return location
}
