package management

import (
	"encoding/json"
	"strconv"
	"strings"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/rest"
)

// constraint is the noun of errors about a rule that the API states of a field.
const constraint fault.Noun = "constraint"

// violation tells that a field breaks a rule of the API.
func violation(field, rule string) error {
	return fault.Of(fault.Argument, constraint, field, "Invalid value: %s: %s", field, rule)
}

// shape tells that a body has not the shape of the API.
func shape(message string) error {
	return fault.Of(fault.Malformed, rest.RequestBody, "", "%s", message)
}

// missing tells that a field is not there without which a body has no shape.
func missing(field string) error { return shape("Missing required field: " + field) }

// checkName holds a name against the rule of all names: 1 to 256 characters, not beginning with SYSTEM$.
func checkName(field, name string) error {
	if err := lake.CheckEntityName(field, name); err != nil {
		return fault.Of(fault.Argument, constraint, field, "%s", fault.From(err).Message)
	}
	return nil
}

// text is a string, or a number or boolean that is taken for its text.
type text string

// UnmarshalJSON reads it. null is left to pointers.
func (t *text) UnmarshalJSON(data []byte) error {
	if data[0] == '{' || data[0] == '[' {
		return shape("Invalid JSON: a text is needed where an object or a list is")
	}
	if data[0] != '"' {
		*t = text(data)
		return nil
	}
	return json.Unmarshal(data, (*string)(t))
}

// or gives the text, or empty where there is none.
func (t *text) or() string {
	if t == nil {
		return ""
	}
	return string(*t)
}

// version is a currentEntityVersion: a number, also one in a text.
type version int

// UnmarshalJSON reads it.
func (v *version) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 32)
	if err != nil {
		return shape("currentEntityVersion must be a whole number")
	}
	*v = version(n)
	return nil
}

// properties are an object of texts; those that are null are left out.
type properties map[string]*text

func (p properties) lake() lake.Properties {
	out := lake.Properties{}
	for key, value := range p {
		if value != nil {
			out[key] = string(*value)
		}
	}
	return out
}

// within is an object that a request wraps: {"catalog": {...}}. The wrapper may be left out. Value is nil for null.
type within[T interface{ wrapper() string }] struct{ Value *T }

// UnmarshalJSON reads it.
func (w *within[T]) UnmarshalJSON(data []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	var v T
	inner, wrapped := fields[v.wrapper()]
	if !wrapped {
		inner = data
	}
	return json.Unmarshal(inner, &w.Value)
}

// facts are what every object of the API has besides its name.
type facts struct {
	Properties lake.Properties `json:"properties"`
	Created    int64           `json:"createTimestamp"` // ms
	Updated    int64           `json:"lastUpdateTimestamp"`
	Version    int             `json:"entityVersion"`
}

func factsOf(f lake.Facts) facts {
	out := facts{Properties: f.Properties, Created: f.Created.UnixMilli(), Updated: f.Updated.UnixMilli(), Version: f.Version}
	if out.Properties == nil {
		out.Properties = lake.Properties{}
	}
	return out
}

// each translates a list; an empty one is not null.
func each[In, Out any](all []In, to func(*In) Out) []Out {
	out := make([]Out, 0, len(all))
	for i := range all {
		out = append(out, to(&all[i]))
	}
	return out
}
