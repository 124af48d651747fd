package iceberg

import (
	"fmt"
	"slices"

	"firn/shared/fault"
)

// firstPartitionID is the lowest id of a partition field (spec, "Partition Specs").
const firstPartitionID = 1000

// partitionSpec says how a table's files are partitioned.
type partitionSpec struct {
	id     int
	fields []partitionField
}

type partitionField struct {
	id        int // 0: not given yet
	name      string
	source    int
	transform transform
}

func decodeSpec(raw []byte) (partitionSpec, error) {
	r := read("spec", raw)
	s := partitionSpec{id: r.int("spec-id")}
	fields := r.raw("fields")
	if r.err != nil {
		return s, r.err
	}
	var err error
	s.fields, err = decodeSpecFields(fields)
	return s, err
}

// decodeSpecFields takes fields that all have an id, or none: old writers left them out.
func decodeSpecFields(raw []byte) ([]partitionField, error) {
	list, ok := elements(raw)
	if !ok {
		return nil, complain("Cannot parse partition spec fields, not an array: %s", clip(raw))
	}
	var fields []partitionField
	missing := 0
	for _, element := range list {
		r := read("partition field", element)
		f := partitionField{name: r.text("name"), source: r.int("source-id")}
		text := r.text("transform")
		if find(r.members, "field-id").value == nil {
			missing++
		} else if f.id = r.int("field-id"); f.id < 1 && r.err == nil {
			r.fail("Cannot use partition field id: %d", f.id)
		}
		if r.err != nil {
			return nil, r.err
		}
		var err error
		if f.transform, err = parseTransform(text); err != nil {
			return nil, err
		}
		fields = append(fields, f)
	}
	if missing > 0 && missing < len(list) {
		return nil, complain("Cannot parse spec with missing field IDs: %d missing of %d fields.", missing, len(list))
	}
	return fields, nil
}

func (s partitionSpec) encode() []byte {
	var o object
	o.int("spec-id", s.id)
	o.raw("fields", s.encodeFields())
	return o.done()
}

func (s partitionSpec) encodeFields() []byte {
	list := make([][]byte, 0, len(s.fields))
	for _, f := range s.fields {
		var o object
		o.text("name", f.name)
		o.text("transform", f.transform.String())
		o.int("source-id", f.source)
		o.int("field-id", f.id)
		list = append(list, o.done())
	}
	return array(list)
}

func (f partitionField) String() string {
	return fmt.Sprintf("%d: %s: %s(%d)", f.id, f.name, f.transform, f.source)
}

// bind checks a spec that a client sent against the schema that it is for.
func (s partitionSpec) bind(to *schema) error {
	names := make(map[string]bool)
	for _, f := range s.fields {
		source, there := to.index[f.source]
		if there {
			if err := f.transform.bind(source.typ); err != nil {
				return err
			}
		}
		if id, taken := to.names[f.name]; there && taken && id != f.source {
			return fault.New(fault.Argument, "Cannot create identity partition sourced from different field in schema: %s", f.name)
		}
		if f.name == "" {
			return fault.New(fault.Argument, "Cannot use empty partition name: %s", f.name)
		}
		if names[f.name] {
			return fault.New(fault.Argument, "Cannot use partition name more than once: %s", f.name)
		}
		names[f.name] = true
	}
	return s.check(to)
}

// check holds a spec to the types of its columns. A column that is gone is fine under void alone.
func (s partitionSpec) check(against *schema) error {
	for _, f := range s.fields {
		if f.transform.void() {
			continue
		}
		source, ok := against.index[f.source]
		if !ok {
			return fault.New(fault.Invalid, "Cannot find source column for partition field: %s", f)
		}
		if !source.typ.primitive() {
			return fault.New(fault.Invalid, "Cannot partition by non-primitive source field: %s", source.typ)
		}
		if !f.transform.takes(source.typ) {
			return fault.New(fault.Invalid, "Invalid source type %s for transform: %s", source.typ, f.transform)
		}
		for up := source.parent; up != nil; up = up.parent {
			if up.typ.kind != "struct" {
				return fault.New(fault.Invalid, "Invalid partition field parent: %s", up.typ)
			}
		}
	}
	return nil
}

// compatible says whether two specs partition alike; ids do not count.
func (s partitionSpec) compatible(other partitionSpec) bool {
	return slices.EqualFunc(s.fields, other.fields, func(a, b partitionField) bool {
		a.id, b.id = 0, 0
		return a == b
	})
}

// sequential says whether the fields' ids are those that version 1 demands.
func (s partitionSpec) sequential() bool {
	for i, f := range s.fields {
		if f.id != firstPartitionID+i {
			return false
		}
	}
	return true
}

// lastFieldID is 999 for a spec without fields.
func (s partitionSpec) lastFieldID() int {
	last := firstPartitionID - 1
	for _, f := range s.fields {
		last = max(last, f.id)
	}
	return last
}
