package icebergrest

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/rest"
)

// separator stands between the levels of a namespace in a path segment (unit separator, U+001F).
const separator = "\x1f"

// levels splits a namespace as it stands in a path or query.
func levels(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, separator)
}

// parent reads the query parameter. PyIceberg escapes it twice: what still holds an escape after one decoding is decoded
// again. A namespace whose name really holds a percent sign and two digits cannot be listed by its name alone.
func parent(query url.Values) []string {
	text := query.Get("parent")
	if again, err := url.PathUnescape(text); err == nil {
		text = again
	}
	return levels(text)
}

// tableOf names the table of a path.
func tableOf(c *rest.Call) lake.Identifier {
	return lake.Identifier{Namespace: levels(c.Path("namespace")), Name: c.Path("table")}
}

// textMap is an object of texts. Numbers and booleans are taken for their text, as the reference server does.
type textMap map[string]*string

// UnmarshalJSON reads the object.
func (m *textMap) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return fault.Of(fault.Malformed, rest.RequestBody, "", "Cannot parse properties: an object of texts is needed")
	}
	if raw == nil {
		return nil
	}
	*m = textMap{}
	for key, value := range raw {
		var text string
		switch {
		case string(value) == "null":
			(*m)[key] = nil
			continue
		case value[0] == '"':
			if err := json.Unmarshal(value, &text); err != nil {
				return err
			}
		case value[0] == '{' || value[0] == '[':
			return fault.Of(fault.Malformed, rest.RequestBody, "", "Cannot parse to a string value: %s", key)
		default:
			text = string(bytes.TrimSpace(value))
		}
		(*m)[key] = &text
	}
	return nil
}

// properties gives the map; values that are null are refused by their keys.
func (m textMap) properties() (lake.Properties, error) {
	out := lake.Properties{}
	for key, value := range m {
		if value == nil {
			return nil, fault.New(fault.Argument, "Invalid value to update for properties [%s]: null. Use remove instead", key)
		}
		out[key] = *value
	}
	return out, nil
}

// identifier is TableIdentifier.
type identifier struct {
	Namespace []string `json:"namespace"`
	Name      string   `json:"name"`
}

func (i *identifier) table() (lake.Identifier, error) {
	if i == nil {
		return lake.Identifier{}, fault.New(fault.Argument, "Invalid identifier: null")
	}
	if i.Name == "" {
		return lake.Identifier{}, fault.Of(fault.Malformed, rest.RequestBody, "", "Invalid table name: null or empty")
	}
	return lake.Identifier{Namespace: i.Namespace, Name: i.Name}, nil
}

// delegationHeader says what access a client wants beside a table.
const delegationHeader = "X-Iceberg-Access-Delegation"

// delegation reads the header: a list, case-insensitive, unknown values ignored; the legacy value true
// means vended credentials.
func delegation(c *rest.Call) catalog.Delegation {
	var d catalog.Delegation
	for _, value := range c.Header.Values(delegationHeader) {
		for part := range strings.SplitSeq(value, ",") {
			switch strings.ToLower(strings.TrimSpace(part)) {
			case "vended-credentials", "true":
				d.Vended = true
			case "remote-signing":
				d.Signed = true
			}
		}
	}
	return d
}
