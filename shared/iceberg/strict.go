package iceberg

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of documents and requests. Schemas nest two levels per struct, so it allows some 50.
const maxDepth = 128

// checkJSON accepts exactly one JSON value (RFC 8259) in UTF-8, nested at most maxDepth deep, whose objects have each name
// once. Names are compared decoded: an escape hides nothing.
func checkJSON(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("not UTF-8")
	}
	c := &checker{data: data}
	c.pos = space(data, 0)
	if err := c.value(0); err != nil {
		return err
	}
	if c.pos = space(data, c.pos); c.pos != len(data) {
		return c.unexpected()
	}
	return nil
}

type checker struct {
	data  []byte
	pos   int
	names [][]byte // of the objects that are open, innermost last; quoted, escaped one way
}

func (c *checker) unexpected() error {
	if c.pos >= len(c.data) {
		return errors.New("unexpected end of JSON")
	}
	return fmt.Errorf("unexpected character %q at byte %d of JSON", c.data[c.pos], c.pos)
}

func (c *checker) value(depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("JSON nested deeper than %d", maxDepth)
	}
	if c.pos >= len(c.data) {
		return c.unexpected()
	}
	switch c.data[c.pos] {
	case '{':
		return c.object(depth)
	case '[':
		return c.array(depth)
	case '"':
		return c.text()
	case 't':
		return c.literal("true")
	case 'f':
		return c.literal("false")
	case 'n':
		return c.literal("null")
	}
	return c.number()
}

func (c *checker) object(depth int) error {
	first := len(c.names)
	defer func() { c.names = c.names[:first] }()
	var seen map[string]bool // once the object is too big to look through
	for c.next(); !at(c.data, c.pos, '}'); {
		start := c.pos
		if err := c.text(); err != nil {
			return err
		}
		name := c.data[start:c.pos]
		if bytes.IndexByte(name, '\\') >= 0 {
			decoded, _ := unquote(name)
			name = appendText(nil, decoded)
		}
		if seen == nil && len(c.names)-first > 32 {
			seen = make(map[string]bool)
			for _, n := range c.names[first:] {
				seen[string(n)] = true
			}
		}
		if seen[string(name)] || seen == nil && contains(c.names[first:], name) {
			return fmt.Errorf("name %s twice in an object", clip(name))
		}
		if seen != nil {
			seen[string(name)] = true
		} else {
			c.names = append(c.names, name)
		}
		if c.pos = space(c.data, c.pos); !at(c.data, c.pos, ':') {
			return c.unexpected()
		}
		c.next()
		if err := c.value(depth + 1); err != nil {
			return err
		}
		if done, err := c.separator('}'); done || err != nil {
			return err
		}
	}
	c.pos++
	return nil
}

func contains(names [][]byte, name []byte) bool {
	return slices.ContainsFunc(names, func(n []byte) bool { return bytes.Equal(n, name) })
}

func (c *checker) array(depth int) error {
	for c.next(); !at(c.data, c.pos, ']'); {
		if err := c.value(depth + 1); err != nil {
			return err
		}
		if done, err := c.separator(']'); done || err != nil {
			return err
		}
	}
	c.pos++
	return nil
}

// separator passes a comma that something follows, or the end of the array or object.
func (c *checker) separator(end byte) (done bool, err error) {
	c.pos = space(c.data, c.pos)
	switch {
	case at(c.data, c.pos, end):
		c.pos++
		return true, nil
	case at(c.data, c.pos, ','):
		if c.next(); at(c.data, c.pos, end) {
			return false, c.unexpected()
		}
		return false, nil
	}
	return false, c.unexpected()
}

// next passes one character and the space behind it.
func (c *checker) next() { c.pos = space(c.data, c.pos+1) }

func (c *checker) literal(word string) error {
	if !bytes.HasPrefix(c.data[c.pos:], []byte(word)) {
		return c.unexpected()
	}
	c.pos += len(word)
	return nil
}

func (c *checker) number() error {
	if at(c.data, c.pos, '-') {
		c.pos++
	}
	if at(c.data, c.pos, '0') {
		c.pos++
	} else if !c.digits() {
		return c.unexpected()
	}
	if at(c.data, c.pos, '.') {
		if c.pos++; !c.digits() {
			return c.unexpected()
		}
	}
	if at(c.data, c.pos, 'e') || at(c.data, c.pos, 'E') {
		c.pos++
		if at(c.data, c.pos, '+') || at(c.data, c.pos, '-') {
			c.pos++
		}
		if !c.digits() {
			return c.unexpected()
		}
	}
	return nil
}

func (c *checker) digits() bool {
	start := c.pos
	for c.pos < len(c.data) && c.data[c.pos] >= '0' && c.data[c.pos] <= '9' {
		c.pos++
	}
	return c.pos > start
}

// text passes a string.
func (c *checker) text() error {
	if !at(c.data, c.pos, '"') {
		return c.unexpected()
	}
	for c.pos++; c.pos < len(c.data); c.pos++ {
		switch b := c.data[c.pos]; {
		case b == '"':
			c.pos++
			return nil
		case b == '\\':
			if err := c.escape(); err != nil {
				return err
			}
		case b < 0x20:
			return c.unexpected()
		}
	}
	return c.unexpected()
}

// escape passes an escape sequence but its last character. Half of a surrogate pair is refused: decoders replace it, so
// two different texts would read as one.
func (c *checker) escape() error {
	if c.pos++; c.pos >= len(c.data) {
		return c.unexpected()
	}
	switch c.data[c.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
	default:
		return c.unexpected()
	}
	high, err := c.hex()
	if err != nil || !utf16.IsSurrogate(high) {
		return err
	}
	if !at(c.data, c.pos+1, '\\') || !at(c.data, c.pos+2, 'u') {
		return c.unexpected()
	}
	c.pos += 2
	low, err := c.hex()
	if err == nil && utf16.DecodeRune(high, low) == utf8.RuneError {
		return c.unexpected()
	}
	return err
}

func (c *checker) hex() (rune, error) {
	var r rune
	for range 4 {
		if c.pos++; c.pos >= len(c.data) {
			return 0, c.unexpected()
		}
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c.data[c.pos]|0x20)
		if digit < 0 || c.data[c.pos] < '0' {
			return 0, c.unexpected()
		}
		r = r<<4 | rune(digit)
	}
	return r, nil
}
