package iamtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// object reads a JSON object whose names are among the known; with none known, any are.
func object(raw []byte, known ...string) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, errors.New("null instead of an object")
	}
	for name := range fields {
		found := len(known) == 0
		for _, k := range known {
			found = found || k == name
		}
		if !found {
			return nil, fmt.Errorf("unknown element %q", name)
		}
	}
	return fields, nil
}

// either reads the one of two elements that is there.
func either(fields map[string]json.RawMessage, name, not string) (values []string, negated bool, err error) {
	raw, plain := fields[name]
	if other, ok := fields[not]; ok {
		raw, negated = other, true
	}
	if plain == negated {
		return nil, false, fmt.Errorf("a statement has either %s or %s", name, not)
	}
	values, err = list(raw)
	if err == nil && len(values) == 0 {
		err = fmt.Errorf("%s is empty", name)
	}
	return values, negated, err
}

// list reads one text or several; numbers and booleans are texts too.
func list(raw json.RawMessage) ([]string, error) {
	all := []json.RawMessage{raw}
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "[") {
		if err := json.Unmarshal(raw, &all); err != nil {
			return nil, err
		}
	}
	var out []string
	for _, one := range all {
		var v any
		if err := json.Unmarshal(one, &v); err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case bool, float64:
			out = append(out, string(one))
		default:
			return nil, fmt.Errorf("%s is neither text nor a list of texts", one)
		}
	}
	return out, nil
}

// unique refuses what is not one JSON value, and names that stand twice in an object: of two conditions one would be lost.
func unique(text string) error {
	d := json.NewDecoder(strings.NewReader(text))
	if err := once(d); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the policy")
	}
	return nil
}

func once(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	names := map[string]bool{}
	switch t {
	case json.Delim('{'):
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return err
			}
			if text, _ := name.(string); names[text] {
				return fmt.Errorf("%q stands twice", text)
			} else {
				names[text] = true
			}
			if err := once(d); err != nil {
				return err
			}
		}
	case json.Delim('['):
		for d.More() {
			if err := once(d); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err = d.Token()
	return err
}
