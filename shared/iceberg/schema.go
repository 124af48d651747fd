package iceberg

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"firn/shared/fault"
)

// place fills the indexes and refuses ids and full names that are there twice.
func (s *schema) place() error {
	s.index = make(map[int]*placed)
	s.names = make(map[string]int)
	s.fields = encodeFields(s.columns)
	return s.placeFields(s.columns, nil)
}

func (s *schema) placeFields(fields []field, parent *placed) error {
	for _, f := range fields {
		p := &placed{field: f, name: f.name, parent: parent}
		if parent != nil {
			p.name = parent.name + "." + f.name
		}
		if other, ok := s.names[p.name]; ok {
			return complain("Invalid schema: multiple fields for name %s: %d and %d", p.name, other, f.id)
		}
		if other, ok := s.index[f.id]; ok {
			return complain("Invalid schema: multiple fields for id %d: %s and %s", f.id, other.name, p.name)
		}
		s.names[p.name] = f.id
		s.index[f.id] = p
		if err := s.placeFields(f.typ.fields, p); err != nil {
			return err
		}
	}
	return nil
}

// checkIdentifiers holds identifier fields to the spec, "Identifier Field IDs".
func (s *schema) checkIdentifiers() error {
	for _, id := range s.identifiers {
		p, ok := s.index[id]
		if !ok {
			return complain("Cannot add fieldId %d as an identifier field: field does not exist", id)
		}
		name := p.field.name
		switch {
		case !p.typ.primitive():
			return complain("Cannot add field %s as an identifier field: not a primitive type field", name)
		case !p.required:
			return complain("Cannot add field %s as an identifier field: not a required field", name)
		case p.typ.kind == "float" || p.typ.kind == "double":
			return complain("Cannot add field %s as an identifier field: must not be float or double field", name)
		}
		for up := p.parent; up != nil; up = up.parent {
			if up.typ.kind != "struct" {
				return complain("Cannot add field %s as an identifier field: must not be nested in %s", name, up.field)
			}
			if !up.required {
				return complain("Cannot add field %s as an identifier field: must not be nested in an optional field %s", name, up.field)
			}
		}
	}
	return nil
}

// highestFieldID is 0 for a schema without columns.
func (s *schema) highestFieldID() int {
	highest := 0
	for id := range s.index {
		highest = max(highest, id)
	}
	return highest
}

// same says whether two schemas have the same columns and identifiers; their ids do not count.
func (s *schema) same(other *schema) bool {
	return bytes.Equal(s.fields, other.fields) &&
		slices.Equal(slices.Sorted(slices.Values(s.identifiers)), slices.Sorted(slices.Values(other.identifiers)))
}

// checkVersion refuses types and defaults that came with a later format version (spec, "Version 3").
func (s *schema) checkVersion(formatVersion int) error {
	var problems []string
	for _, id := range slices.SortedFunc(maps.Keys(s.index), cmp.Compare[int]) {
		p := s.index[id]
		problem := ""
		if since := sinceVersion[p.typ.kind]; formatVersion < since {
			problem = fmt.Sprintf("Invalid type for %s: %s is not supported until v%d", p.name, p.typ, since)
		}
		if p.initialDefault != nil && formatVersion < 3 {
			shown, ok := unquote(p.initialDefault)
			if !ok {
				shown = string(p.initialDefault)
			}
			problem = fmt.Sprintf("Invalid initial default for %s: non-null default (%s) is not supported until v3", p.name, shown)
		}
		if problem != "" {
			problems = append(problems, "\n- "+problem)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "Invalid schema for v%d:%s", formatVersion, strings.Join(problems, ""))
}

// refresh gives the columns ids from 1, a struct's fields before what is in them, and says which id became which.
func (s *schema) refresh() (*schema, map[int]int) {
	next := 0
	ids := make(map[int]int)
	var walk func([]field) []field
	walk = func(fields []field) []field {
		fresh := slices.Clone(fields)
		for i := range fresh {
			next++
			ids[fresh[i].id] = next
			fresh[i].id = next
		}
		for i := range fresh {
			fresh[i].typ.fields = walk(fresh[i].typ.fields)
		}
		return fresh
	}
	fresh := &schema{columns: walk(s.columns)}
	for _, id := range s.identifiers {
		fresh.identifiers = append(fresh.identifiers, ids[id])
	}
	if err := fresh.place(); err != nil {
		panic("iceberg: renumbering kept ids unique: " + err.Error())
	}
	return fresh, ids
}
