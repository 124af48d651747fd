package iceberg

import (
	"fmt"
	"slices"
	"strings"

	"firn/shared/fault"
)

// sortOrder says how rows are ordered in a table's files. The order without fields has id 0 (spec, "Sorting").
type sortOrder struct {
	id     int
	fields []sortField
}

type sortField struct {
	transform transform
	source    int
	direction string // "asc" or "desc"
	nulls     string // "nulls-first" or "nulls-last"
}

func decodeOrder(raw []byte) (sortOrder, error) {
	r := read("sort order", raw)
	o := sortOrder{id: r.int("order-id")}
	fields := r.raw("fields")
	if r.err != nil {
		return o, r.err
	}
	list, ok := elements(fields)
	if !ok {
		return o, complain("Cannot parse sort order fields, not an array: %s", clip(fields))
	}
	for _, element := range list {
		f, err := decodeSortField(element)
		if err != nil {
			return o, err
		}
		o.fields = append(o.fields, f)
	}
	if len(o.fields) == 0 && o.id != 0 {
		return o, complain("Unsorted order ID must be 0")
	}
	if len(o.fields) > 0 && o.id == 0 {
		return o, complain("Sort order ID 0 is reserved for unsorted order")
	}
	return o, nil
}

func decodeSortField(raw []byte) (sortField, error) {
	r := read("sort field", raw)
	text := r.text("transform")
	f := sortField{source: r.int("source-id"), direction: strings.ToLower(r.text("direction")), nulls: strings.ToLower(r.text("null-order"))}
	if r.err != nil {
		return f, r.err
	}
	if f.direction != "asc" && f.direction != "desc" {
		return f, complain("Invalid sort direction: %s", clip([]byte(f.direction)))
	}
	if f.nulls != "nulls-first" && f.nulls != "nulls-last" {
		return f, complain("Unexpected null order: %s", clip([]byte(f.nulls)))
	}
	var err error
	f.transform, err = parseTransform(text)
	return f, err
}

func (o sortOrder) encode() []byte {
	list := make([][]byte, 0, len(o.fields))
	for _, f := range o.fields {
		var obj object
		obj.text("transform", f.transform.String())
		obj.int("source-id", f.source)
		obj.text("direction", f.direction)
		obj.text("null-order", f.nulls)
		list = append(list, obj.done())
	}
	var obj object
	obj.int("order-id", o.id)
	obj.raw("fields", array(list))
	return obj.done()
}

func (f sortField) String() string {
	return fmt.Sprintf("%s(%d) %s %s", f.transform, f.source, strings.ToUpper(f.direction),
		strings.ToUpper(strings.ReplaceAll(f.nulls, "-", " ")))
}

// bind checks an order that a client sent against the schema that it is for.
func (o sortOrder) bind(to *schema) error {
	for _, f := range o.fields {
		if source, ok := to.index[f.source]; ok {
			if err := f.transform.bind(source.typ); err != nil {
				return err
			}
		}
	}
	return o.check(to)
}

// check holds an order to the types of its columns.
func (o sortOrder) check(against *schema) error {
	for _, f := range o.fields {
		source, ok := against.index[f.source]
		if !ok {
			return fault.New(fault.Invalid, "Cannot find source column for sort field: %s", f)
		}
		if !source.typ.primitive() {
			return fault.New(fault.Invalid, "Cannot sort by non-primitive source field: %s", source.typ)
		}
		if !f.transform.takes(source.typ) {
			return fault.New(fault.Invalid, "Invalid source type %s for transform: %s", source.typ, f.transform)
		}
	}
	return nil
}

// same says whether two orders sort alike; their ids do not count.
func (o sortOrder) same(other sortOrder) bool { return slices.Equal(o.fields, other.fields) }
