package iceberg

import (
	"encoding/hex"
	"regexp"
	"strings"
	"time"
)

var (
	decimalText = regexp.MustCompile(`^[+-]?\d+(?:\.(\d+))?$`)
	floatText   = regexp.MustCompile(`^-?\d+(\.\d+([eE][+-]?\d+)?|[eE][+-]?\d+)$`)
	uuidText    = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// timeLayouts are how the spec, "JSON single-value serialization", writes values of time. Seconds may have a fraction.
var timeLayouts = map[string]string{
	"date": "2006-01-02", "time": "15:04:05", "timestamp": "2006-01-02T15:04:05", "timestamp_ns": "2006-01-02T15:04:05",
	"timestamptz": "2006-01-02T15:04:05-07:00", "timestamptz_ns": "2006-01-02T15:04:05-07:00",
}

// checkDefault refuses a default that is no value of the type: engines could not load the table.
func checkDefault(typ dataType, raw []byte) error {
	if typ.nested() {
		return complain("Invalid default value for %s: %s (must be null)", typ, clip(raw))
	}
	value, isText := unquote(raw)
	ok := false
	switch typ.kind {
	case "boolean":
		ok = string(raw) == "true" || string(raw) == "false"
	case "int":
		n, whole := integer(raw)
		ok = whole && int64(int32(n)) == n
	case "long":
		_, ok = integer(raw)
	case "float", "double":
		ok = floatText.Match(raw)
	case "string":
		ok = isText
	case "decimal":
		m := decimalText.FindStringSubmatch(value)
		ok = isText && m != nil && len(m[1]) == typ.scale
	case "uuid":
		ok = isText && uuidText.MatchString(value)
	case "binary", "fixed":
		decoded, err := hex.DecodeString(value)
		ok = isText && err == nil && (typ.kind == "binary" || len(decoded) == typ.length)
	case "date", "time", "timestamp", "timestamp_ns", "timestamptz", "timestamptz_ns":
		_, err := time.Parse(timeLayouts[typ.kind], value)
		ok = isText && err == nil && (!strings.HasPrefix(typ.kind, "timestamptz") || strings.HasSuffix(value, "+00:00"))
	}
	if !ok {
		return complain("Cannot parse default as a %s value: %s", typ, clip(raw))
	}
	return nil
}
