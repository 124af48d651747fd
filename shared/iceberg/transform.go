package iceberg

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"firn/shared/fault"
)

// transform makes a partition or sort value of a column (spec, "Partition Transforms"). One that this package does not
// know is carried as it is: the spec says that readers must ignore such a field.
type transform struct {
	name  string // lower case; as written if it is unknown
	width int    // of bucket and truncate
	known bool
}

var widthPattern = regexp.MustCompile(`^(\w+)\[(\d+)\]$`)

var plainTransforms = []string{"identity", "year", "month", "day", "hour", "void"}

func parseTransform(text string) (transform, error) {
	if m := widthPattern.FindStringSubmatch(text); m != nil {
		width, err := strconv.ParseInt(m[2], 10, 32)
		if err != nil {
			return transform{}, complain("For input string: %q", m[2])
		}
		name := strings.ToLower(m[1])
		if name == "bucket" && width == 0 {
			return transform{}, complain("Invalid number of buckets: %d (must be > 0)", width)
		}
		if name == "truncate" && width == 0 {
			return transform{}, complain("Invalid truncate width: %d (must be > 0)", width)
		}
		if name == "bucket" || name == "truncate" {
			return transform{name: name, width: int(width), known: true}, nil
		}
	}
	if lower := strings.ToLower(text); slices.Contains(plainTransforms, lower) {
		return transform{name: lower, known: true}, nil
	}
	return transform{name: text}, nil
}

// String writes the transform as documents have it.
func (t transform) String() string {
	if t.width > 0 {
		return fmt.Sprintf("%s[%d]", t.name, t.width)
	}
	return t.name
}

// void is the transform that makes null of anything, also of a column that is gone.
func (t transform) void() bool { return t.known && t.name == "void" }

// sourceKinds are the types that a transform takes; those not listed take any.
var sourceKinds = map[string][]string{
	"bucket": {"int", "long", "date", "time", "timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns", "string", "binary",
		"fixed", "decimal", "uuid"},
	"truncate": {"int", "long", "string", "binary", "decimal"},
	"year":     {"date", "timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns"},
	"month":    {"date", "timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns"},
	"day":      {"date", "timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns"},
	"hour":     {"timestamp", "timestamptz", "timestamp_ns", "timestamptz_ns"},
}

// takes says whether the transform is defined for the type.
func (t transform) takes(typ dataType) bool {
	if t.known && t.name == "identity" {
		return typ.primitive() && typ.kind != "geometry" && typ.kind != "geography"
	}
	kinds, limited := sourceKinds[t.name]
	return !t.known || !limited || slices.Contains(kinds, typ.kind)
}

// bind refuses a transform for a type that it cannot be built for, in the words of the reference implementation. A nested
// type passes where it says nothing: the check of the whole spec or order has better words.
func (t transform) bind(typ dataType) error {
	if !t.known || t.takes(typ) || t.name == "identity" && typ.nested() {
		return nil
	}
	format := "Unsupported type: %s"
	switch t.name {
	case "bucket":
		format = "Cannot bucket by type: %s"
	case "truncate":
		format = "Cannot truncate type: %s"
	case "identity":
		format = "Unsupported type for identity: %s"
	}
	return fault.New(fault.Argument, format, typ)
}
