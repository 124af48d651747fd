package iceberg

import "strconv"

// reader takes the members of one object by name and keeps the first complaint. Its words are those of Iceberg's JsonUtil,
// which users of the reference server know. Its errors are plain: whoever asked for the decoding knows the fault's kind.
type reader struct {
	members []member
	err     error
}

// pair is an entry of a map of strings, where order matters.
type pair struct{ key, value string }

// read opens an object. what names it in the complaint.
func read(what string, raw []byte) *reader {
	members, ok := split(raw)
	if !ok {
		r := &reader{}
		r.wrong("Cannot parse "+what+" from a non-object", raw)
		return r
	}
	return &reader{members: members}
}

// clip shortens a value for a message.
func clip(raw []byte) []byte {
	if len(raw) > 100 {
		return append(append([]byte{}, raw[:100]...), "..."...)
	}
	return raw
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = complain(format, args...)
	}
}

// missing complains of a field that is not there, by names of this package's alone.
func (r *reader) missing(rule string) {
	if r.err == nil {
		r.err = &problem{text: rule, safe: rule}
	}
}

// wrong complains of a value. The rule names its field by names of this package's alone.
func (r *reader) wrong(rule string, value []byte) {
	if r.err == nil {
		r.err = &problem{text: rule + ": " + string(clip(value)), safe: rule}
	}
}

// has says whether there is a member of that name that is not null.
func (r *reader) has(name string) bool {
	value := find(r.members, name).value
	return value != nil && string(value) != "null"
}

// raw gives a member's JSON; it must be there and not null.
func (r *reader) raw(name string) []byte {
	if !r.has(name) {
		r.missing("Cannot parse missing field: " + name)
		return nil
	}
	return find(r.members, name).value
}

// present gives a member's JSON if it is there, null or not.
func (r *reader) present(kind, name string) []byte {
	value := find(r.members, name).value
	if value == nil {
		r.missing("Cannot parse missing " + kind + ": " + name)
	}
	return value
}

func (r *reader) int(name string) int {
	raw := r.present("int", name)
	n, err := strconv.ParseInt(string(raw), 10, 32)
	if raw != nil && !(err == nil && integral(raw)) {
		r.wrong("Cannot parse to an integer value: "+name, raw)
	}
	return int(n)
}

func (r *reader) optInt(name string) *int {
	if !r.has(name) {
		return nil
	}
	n := r.int(name)
	return &n
}

func (r *reader) long(name string) int64 {
	raw := r.present("long", name)
	n, ok := integer(raw)
	if raw != nil && !ok {
		r.wrong("Cannot parse to a long value: "+name, raw)
	}
	return n
}

func (r *reader) optLong(name string) *int64 {
	if !r.has(name) {
		return nil
	}
	n := r.long(name)
	return &n
}

func (r *reader) flag(name string) bool {
	raw := r.present("boolean", name)
	if raw != nil && string(raw) != "true" && string(raw) != "false" {
		r.wrong("Cannot parse to a boolean value: "+name, raw)
	}
	return string(raw) == "true"
}

func (r *reader) text(name string) string {
	raw := r.present("string", name)
	text, ok := unquote(raw)
	if raw != nil && !ok {
		r.wrong("Cannot parse to a string value: "+name, raw)
	}
	return text
}

func (r *reader) optText(name string) *string {
	if !r.has(name) {
		return nil
	}
	text := r.text(name)
	return &text
}

func (r *reader) list(name string) [][]byte {
	raw := r.present("list", name)
	list, ok := elements(raw)
	if raw != nil && !ok {
		r.wrong("Cannot parse JSON array from non-array value: "+name, raw)
	}
	return list
}

func (r *reader) longs(name string) []int64 {
	list := r.list(name)
	numbers := make([]int64, 0, len(list))
	for _, raw := range list {
		n, ok := integer(raw)
		if !ok {
			r.wrong("Cannot parse long from non-long value in "+name, raw)
			return nil
		}
		numbers = append(numbers, n)
	}
	return numbers
}

func (r *reader) ints(name string) []int {
	list := r.longs(name)
	numbers := make([]int, 0, len(list))
	for _, n := range list {
		if int64(int32(n)) != n {
			r.wrong("Cannot parse integer from non-int value in "+name, strconv.AppendInt(nil, n, 10))
			return nil
		}
		numbers = append(numbers, int(n))
	}
	return numbers
}

func (r *reader) texts(name string) []string {
	list := r.list(name)
	texts := make([]string, 0, len(list))
	for _, raw := range list {
		text, ok := unquote(raw)
		if !ok {
			r.wrong("Cannot parse string from non-text value in "+name, raw)
			return nil
		}
		texts = append(texts, text)
	}
	return texts
}

// pairs gives a map of strings in the document's order.
func (r *reader) pairs(name string) []pair {
	raw := r.present("map", name)
	members, ok := split(raw)
	if raw != nil && !ok {
		r.wrong("Cannot parse string map from non-object value: "+name, raw)
	}
	pairs := make([]pair, 0, len(members))
	for _, m := range members {
		value, ok := unquote(m.value)
		if !ok {
			r.fail("Cannot parse to a string value: %s: %s", m.name, clip(m.value)) // the name is a value of the document too
			return nil
		}
		pairs = append(pairs, pair{m.name, value})
	}
	return pairs
}

func (r *reader) stringMap(name string) map[string]string {
	pairs := r.pairs(name)
	m := make(map[string]string, len(pairs))
	for _, p := range pairs {
		m[p.key] = p.value
	}
	return m
}

// integer reads a 64-bit integer written as Iceberg's readers take it: no fraction, no exponent.
func integer(raw []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	return n, err == nil && integral(raw)
}

// integral refuses what strconv takes and JSON, or the comparison of texts, does not: "+1", "-0", "007".
func integral(raw []byte) bool {
	if len(raw) > 0 && raw[0] == '-' {
		return len(raw) > 1 && raw[1] >= '1' && raw[1] <= '9'
	}
	return string(raw) == "0" || len(raw) > 0 && raw[0] >= '1' && raw[0] <= '9'
}
