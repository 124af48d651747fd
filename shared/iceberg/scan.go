package iceberg

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math/bits"
)

// The functions of this file find their way in JSON that checkJSON has accepted or that this package wrote. On anything
// else they say so (ok is false) or find too little; they never panic.

// member is a name of a JSON object with its value.
type member struct {
	name  string
	value []byte
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
func split(raw []byte) (members []member, ok bool) { return splitDocument(raw, nil) }

// snapshotScan is what one pass over a document finds out about its snapshots.
type snapshotScan struct {
	ids   []int64
	count int // of snapshots; more than ids if a name is written with escapes
}

// splitDocument gives the members of a table's document and scans the snapshots in the same pass.
func splitDocument(raw []byte, scan *snapshotScan) (members []member, ok bool) {
	i := space(raw, 0)
	if !at(raw, i, '{') {
		return nil, false
	}
	for i = space(raw, i+1); at(raw, i, '"'); i = space(raw, i+1) {
		end := skip(raw, i)
		if end < 0 {
			return nil, false
		}
		name, ok := unquote(raw[i:end])
		if i = space(raw, end); !ok || !at(raw, i, ':') {
			return nil, false
		}
		i = space(raw, i+1)
		if name == "snapshots" && at(raw, i, '[') {
			end = skipNested(raw, i, scan)
		} else {
			end = skip(raw, i)
		}
		if end < 0 {
			return nil, false
		}
		members = append(members, member{name: name, value: raw[i:end:end]})
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
		end := skip(raw, i)
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

// skip gives the index behind the value that starts at i, -1 if there is none.
func skip(raw []byte, i int) int {
	if i >= len(raw) {
		return -1
	}
	switch raw[i] {
	case '"':
		return skipString(raw, i)
	case '{', '[':
		return skipNested(raw, i, nil)
	}
	for end := i; end < len(raw); end++ {
		switch raw[end] {
		case ',', '}', ']', ' ', '\t', '\n', '\r':
			if end == i {
				return -1
			}
			return end
		}
	}
	return len(raw)
}

// skipNested gives the index behind the array or object at start. A commit's time goes to this loop. With a scan it also
// collects what stands as "snapshot-id" in the objects right in the array.
func skipNested(raw []byte, start int, scan *snapshotScan) int {
	depth := 0
	for i := start; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			end := skipString(raw, i)
			if end < 0 {
				return -1
			}
			if scan != nil && depth == 2 && string(raw[i:end]) == quotedSnapshotID {
				scan.ids = appendID(scan.ids, raw, end)
			}
			i = end - 1
		case '{', '[':
			if depth++; scan != nil && depth == 2 {
				scan.count++
			}
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

const quotedSnapshotID = `"snapshot-id"`

// appendID appends the integer that follows a colon at i; nothing if none does.
func appendID(ids []int64, raw []byte, i int) []int64 {
	if i = space(raw, i); !at(raw, i, ':') {
		return ids
	}
	i = space(raw, i+1)
	if end := skip(raw, i); end > 0 {
		if id, ok := integer(raw[i:end]); ok {
			return append(ids, id)
		}
	}
	return ids
}

// skipString gives the index behind the string whose opening quote is at i. It looks for the closing quote in eight bytes at
// once: strings of metadata are too short for bytes.IndexByte to be worth its call.
func skipString(raw []byte, i int) int {
	const each, tops = 0x0101010101010101, 0x8080808080808080
	for j := i + 1; j < len(raw); j++ {
		for len(raw)-j >= 8 {
			word := binary.LittleEndian.Uint64(raw[j:]) ^ each*'"' // a zero byte where the quote is
			if found := (word - each) &^ word & tops; found != 0 {
				j += bits.TrailingZeros64(found) / 8
				break
			}
			j += 8
		}
		if j == len(raw) || raw[j] != '"' { // within the last eight bytes
			continue
		}
		if raw[j-1] != '\\' || j-1 == i || !escaped(raw, i, j) {
			return j + 1
		}
	}
	return -1
}

// escaped says whether the quote at j, in the string that opens at i, has an odd number of backslashes before it.
func escaped(raw []byte, i, j int) bool {
	slashes := 0
	for j-1-slashes > i && raw[j-1-slashes] == '\\' {
		slashes++
	}
	return slashes%2 == 1
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
