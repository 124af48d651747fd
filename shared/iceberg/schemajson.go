package iceberg

import (
	"bytes"
	"encoding/json"
	"errors"
)

// schema is a table's columns at one time (spec, "Schemas").
type schema struct {
	id          int
	identifiers []int
	columns     []field
	fields      []byte          // the columns as JSON
	index       map[int]*placed // by field id, filled by decodeSchema
	names       map[string]int  // field ids by full name
}

// placed is a field with its place in the schema.
type placed struct {
	field
	name   string // full: names from the root joined by dots
	parent *placed
}

// decodeSchema reads a schema and checks what holds for one alone: types, defaults, unique ids and names, identifiers.
func decodeSchema(raw []byte) (*schema, error) {
	r := read("type", raw)
	root, err := decodeType(raw)
	if err != nil {
		return nil, err
	}
	if root.kind != "struct" {
		return nil, complain("Cannot create schema, not a struct type: %s", root)
	}
	s := &schema{columns: root.fields}
	if id := r.optInt("schema-id"); id != nil {
		s.id = *id
	}
	if r.has("identifier-field-ids") {
		seen := make(map[int]bool)
		for _, id := range r.ints("identifier-field-ids") {
			if !seen[id] {
				s.identifiers = append(s.identifiers, id)
			}
			seen[id] = true
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := s.place(); err != nil {
		return nil, err
	}
	return s, s.checkIdentifiers()
}

// decodeType reads a type; the depth of the JSON bounds the recursion.
func decodeType(raw []byte) (dataType, error) {
	if text, ok := unquote(raw); ok {
		return parsePrimitive(text)
	}
	r := read("type", raw)
	if r.err != nil {
		return dataType{}, complain("Cannot parse type from json: %s", clip(raw))
	}
	kind, _ := unquote(find(r.members, "type").value)
	t := dataType{kind: kind}
	var err error
	switch kind {
	case "struct":
		t.fields, err = decodeFields(r)
	case "list":
		t.fields, err = decodeParts(r, "element")
	case "map":
		t.fields, err = decodeParts(r, "key", "value")
	default:
		return dataType{}, complain("Cannot parse type from json: %s", clip(raw))
	}
	return t, err
}

// decodeParts reads a list's element or a map's key and value. Keys are required, and written without saying so.
func decodeParts(r *reader, parts ...string) ([]field, error) {
	var fields []field
	for _, part := range parts {
		f := field{id: r.int(part + "-id"), name: part, required: part == "key" || r.flag(part+"-required")}
		typ := r.raw(part)
		if r.err != nil {
			return nil, r.err
		}
		var err error
		if f.typ, err = decodeType(typ); err != nil {
			return nil, err
		}
		if f.required && f.typ.kind == "unknown" {
			return nil, complain("Cannot create required field with unknown type: %s", part)
		}
		fields = append(fields, f)
	}
	return fields, nil
}

func decodeFields(r *reader) ([]field, error) {
	list, ok := elements(r.raw("fields"))
	if r.err != nil {
		return nil, r.err
	}
	if !ok {
		return nil, complain("Cannot parse struct fields from non-array: %s", clip(r.raw("fields")))
	}
	fields := make([]field, 0, len(list))
	for _, raw := range list {
		f, err := decodeField(raw)
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	return fields, nil
}

func decodeField(raw []byte) (field, error) {
	r := read("struct field", raw)
	f := field{id: r.int("id"), name: r.text("name"), required: r.flag("required"), doc: r.optText("doc")}
	typ := r.raw("type")
	if r.err != nil {
		return field{}, r.err
	}
	var err error
	if f.typ, err = decodeType(typ); err != nil {
		return field{}, err
	}
	if f.required && f.typ.kind == "unknown" {
		return field{}, complain("Cannot create required field with unknown type: %s", f.name)
	}
	if f.initialDefault, err = decodeDefault(r, "initial-default", f.typ); err != nil {
		return field{}, err
	}
	f.writeDefault, err = decodeDefault(r, "write-default", f.typ)
	return f, err
}

func decodeDefault(r *reader, name string, typ dataType) ([]byte, error) {
	if !r.has(name) {
		return nil, nil
	}
	if err := checkDefault(typ, r.raw(name)); err != nil {
		return nil, err
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, r.raw(name)); err != nil {
		return nil, errors.New("Cannot parse default")
	}
	return compact.Bytes(), nil
}

// encode writes the schema as the reference implementation does.
func (s *schema) encode() []byte {
	var o object
	o.text("type", "struct")
	o.int("schema-id", s.id)
	if len(s.identifiers) > 0 {
		var ids [][]byte
		for _, id := range s.identifiers {
			ids = append(ids, number(id))
		}
		o.raw("identifier-field-ids", array(ids))
	}
	o.raw("fields", s.fields)
	return o.done()
}

func encodeFields(fields []field) []byte {
	list := make([][]byte, 0, len(fields))
	for _, f := range fields {
		var o object
		o.int("id", f.id)
		o.text("name", f.name)
		o.flag("required", f.required)
		o.raw("type", encodeType(f.typ))
		if f.doc != nil {
			o.text("doc", *f.doc)
		}
		if f.initialDefault != nil {
			o.raw("initial-default", f.initialDefault)
		}
		if f.writeDefault != nil {
			o.raw("write-default", f.writeDefault)
		}
		list = append(list, o.done())
	}
	return array(list)
}

func encodeType(t dataType) []byte {
	if !t.nested() {
		return text(t.text)
	}
	var o object
	o.text("type", t.kind)
	if t.kind == "struct" {
		o.raw("fields", encodeFields(t.fields))
		return o.done()
	}
	for _, part := range t.fields {
		o.int(part.name+"-id", part.id)
		o.raw(part.name, encodeType(part.typ))
		if part.name != "key" {
			o.flag(part.name+"-required", part.required)
		}
	}
	return o.done()
}
