package iceberg

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// dataType is a column's type (spec, "Schemas and Data Types").
type dataType struct {
	kind   string  // "struct", "list", "map", or a primitive without its parameters
	text   string  // of a primitive: as it is written
	scale  int     // of a decimal
	length int     // of a fixed
	fields []field // a struct's fields; a list's element; a map's key and value
}

// field is a column, or a part of one: a list's element, a map's key or value.
type field struct {
	id             int
	name           string
	required       bool
	typ            dataType
	doc            *string
	initialDefault []byte // JSON single value; nil: none
	writeDefault   []byte
}

// sinceVersion is the format version that brought a type; version 1 if it is not named.
var sinceVersion = map[string]int{
	"timestamp_ns": 3, "timestamptz_ns": 3, "variant": 3, "unknown": 3, "geometry": 3, "geography": 3,
}

var plainTypes = map[string]bool{
	"boolean": true, "int": true, "long": true, "float": true, "double": true, "date": true, "time": true,
	"timestamp": true, "timestamptz": true, "timestamp_ns": true, "timestamptz_ns": true, "string": true, "uuid": true,
	"binary": true, "unknown": true, "variant": true, "geometry": true, "geography": true,
}

var (
	fixedPattern     = regexp.MustCompile(`^fixed\[\s*(\d+)\s*\]$`)
	decimalPattern   = regexp.MustCompile(`^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$`)
	geometryPattern  = regexp.MustCompile(`(?i)^geometry\s*\(\s*([^)]+?)\s*\)$`)
	geographyPattern = regexp.MustCompile(`(?i)^geography\s*\(\s*([^,)]+?)\s*(?:,\s*(\w+)\s*)?\)$`)
	edgeAlgorithms   = map[string]bool{"spherical": true, "vincenty": true, "thomas": true, "andoyer": true, "karney": true}
)

// parsePrimitive reads a type's name and writes it the one way that Iceberg does: "decimal(10,2)" is "decimal(10, 2)".
func parsePrimitive(text string) (dataType, error) {
	lower := strings.ToLower(text)
	if plainTypes[lower] {
		return dataType{kind: lower, text: lower}, nil
	}
	if m := fixedPattern.FindStringSubmatch(lower); m != nil {
		if length, err := strconv.ParseInt(m[1], 10, 32); err == nil {
			return dataType{kind: "fixed", text: fmt.Sprintf("fixed[%d]", length), length: int(length)}, nil
		}
	}
	if m := decimalPattern.FindStringSubmatch(lower); m != nil {
		precision, err1 := strconv.ParseInt(m[1], 10, 32)
		scale, err2 := strconv.ParseInt(m[2], 10, 32)
		if err1 == nil && err2 == nil {
			if precision > 38 {
				return dataType{}, complain("Decimals with precision larger than 38 are not supported: %d", precision)
			}
			return dataType{kind: "decimal", text: fmt.Sprintf("decimal(%d, %d)", precision, scale), scale: int(scale)}, nil
		}
	}
	if m := geometryPattern.FindStringSubmatch(text); m != nil {
		return dataType{kind: "geometry", text: "geometry(" + m[1] + ")"}, nil
	}
	if m := geographyPattern.FindStringSubmatch(text); m != nil && m[2] == "" {
		return dataType{kind: "geography", text: "geography(" + m[1] + ")"}, nil
	} else if m != nil && edgeAlgorithms[strings.ToLower(m[2])] {
		return dataType{kind: "geography", text: "geography(" + m[1] + ", " + strings.ToLower(m[2]) + ")"}, nil
	}
	return dataType{}, complain("Cannot parse type string to primitive: %s", clip([]byte(text)))
}

// primitive says whether a value of the type is one value. A variant is neither primitive nor nested.
func (t dataType) primitive() bool { return !t.nested() && t.kind != "variant" }

func (t dataType) nested() bool { return t.kind == "struct" || t.kind == "list" || t.kind == "map" }

// String writes the type as the reference implementation does in messages.
func (t dataType) String() string {
	switch t.kind {
	case "list":
		return fmt.Sprintf("list<%s>", t.fields[0].typ)
	case "map":
		return fmt.Sprintf("map<%s, %s>", t.fields[0].typ, t.fields[1].typ)
	case "struct":
		parts := make([]string, 0, len(t.fields))
		for _, f := range t.fields {
			parts = append(parts, f.String())
		}
		return "struct<" + strings.Join(parts, ", ") + ">"
	}
	return t.text
}

// String writes the field as the reference implementation does in messages.
func (f field) String() string {
	need := "optional"
	if f.required {
		need = "required"
	}
	text := fmt.Sprintf("%d: %s: %s %s", f.id, f.name, need, f.typ)
	if f.doc != nil {
		text += " (" + *f.doc + ")"
	}
	return text
}
