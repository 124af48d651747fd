package iceberg

import (
	"bytes"
	"encoding/json"
)

// The functions of this file find their way in JSON that checkJSON has accepted or that this package wrote. On anything
// else they say so (ok is false) or find too little; they never panic.

// member is a name of a JSON object with its value.
type member struct {
	name  string
	value []byte
	count int // elements or members in the value, if it is an array or an object
}

// find gives the member of a name; the zero member if there is none.
func find(members []member, name string) member {
	for _, m := range members {
		if m.name == name {
			return m
		}
	}
	return member{}
}

// split gives the members of an object, in order.
func split(raw []byte) (members []member, ok bool) {
	i := space(raw, 0)
	if !at(raw, i, '{') {
		return nil, false
	}
	for i = space(raw, i+1); at(raw, i, '"'); i = space(raw, i+1) {
		end, _ := skip(raw, i)
		if end < 0 {
			return nil, false
		}
		name, ok := unquote(raw[i:end])
		if i = space(raw, end); !ok || !at(raw, i, ':') {
			return nil, false
		}
		i = space(raw, i+1)
		end, count := skip(raw, i)
		if end < 0 {
			return nil, false
		}
		members = append(members, member{name: name, value: raw[i:end:end], count: count})
		if i = space(raw, end); !at(raw, i, ',') {
			break
		}
	}
	return members, at(raw, i, '}')
}

// elements gives the elements of an array, in order.
func elements(raw []byte) (list [][]byte, ok bool) {
	i := space(raw, 0)
	if !at(raw, i, '[') {
		return nil, false
	}
	for i = space(raw, i+1); i < len(raw) && raw[i] != ']'; i = space(raw, i+1) {
		end, _ := skip(raw, i)
		if end < 0 {
			return nil, false
		}
		list = append(list, raw[i:end:end])
		if i = space(raw, end); !at(raw, i, ',') {
			break
		}
	}
	return list, at(raw, i, ']')
}

// skip gives the index behind the value that starts at i, -1 if there is none, and how many elements or members it has.
func skip(raw []byte, i int) (end, count int) {
	if i >= len(raw) {
		return -1, 0
	}
	switch raw[i] {
	case '"':
		return skipString(raw, i), 0
	case '{', '[':
		return skipNested(raw, i)
	}
	for end = i; end < len(raw); end++ {
		switch raw[end] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			if end == i {
				return -1, 0
			}
			return end, 0
		}
	}
	return end, 0
}

// skipNested is the loop that a commit's time goes to: it looks at structure outside strings only.
func skipNested(raw []byte, start int) (end, count int) {
	depth := 0
	for i := start; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			if i = skipString(raw, i); i < 0 {
				return -1, 0
			}
			i--
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				if next := space(raw, start+1); next < i {
					count++
				}
				return i + 1, count
			}
		case ',':
			if depth == 1 {
				count++
			}
		}
	}
	return -1, 0
}

// skipString gives the index behind the string whose opening quote is at i.
func skipString(raw []byte, i int) int {
	for j := i + 1; ; j++ {
		k := bytes.IndexByte(raw[j:], '"')
		if k < 0 {
			return -1
		}
		j += k
		slashes := 0
		for raw[j-1-slashes] == '\\' { // ends at the opening quote
			slashes++
		}
		if slashes%2 == 0 {
			return j + 1
		}
	}
}

func space(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

func at(raw []byte, i int, c byte) bool { return i < len(raw) && raw[i] == c }

// unquote decodes a JSON string.
func unquote(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), true
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err == nil
}
