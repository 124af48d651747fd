package aws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// document is a policy. What is not firn's in it stays as it is written.
type document struct {
	Version   string            `json:"Version"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// readDocument reads a policy with a list of statements, or one.
func readDocument(text string) (document, error) {
	var raw struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields() // what is not understood would be lost
	if err := d.Decode(&raw); err != nil {
		return document{}, unreadable(err)
	}
	out := document{Version: raw.Version, ID: raw.ID}
	if err := json.Unmarshal(raw.Statement, &out.Statement); err != nil {
		out.Statement = []json.RawMessage{raw.Statement}
	}
	for i, s := range out.Statement {
		var b bytes.Buffer
		if err := json.Compact(&b, s); err != nil {
			return document{}, unreadable(err)
		}
		out.Statement[i] = b.Bytes()
	}
	return out, nil
}

// text writes the policy as short as it gets.
func (d document) text() (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // three letters become eighteen
	if err := e.Encode(d); err != nil {
		return "", fmt.Errorf("write the policy: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// with gives the policy with these statements in place of those whose id begins so.
func (d document) with(id string, statements []deny) (document, error) {
	out := d
	out.Statement = nil
	for _, s := range d.Statement {
		var named struct{ Sid string }
		if err := json.Unmarshal(s, &named); err != nil {
			return d, unreadable(err)
		}
		if !strings.HasPrefix(named.Sid, id) {
			out.Statement = append(out.Statement, s)
		}
	}
	if len(out.Statement) == 0 {
		return d, unreadable(errors.New("it has no statement: nothing but denies would be left"))
	}
	for i, s := range statements {
		s.Sid = id + "n" + strconv.Itoa(i)
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(s); err != nil {
			return d, fmt.Errorf("write a statement of the policy: %w", err)
		}
		out.Statement = append(out.Statement, bytes.TrimSpace(b.Bytes()))
	}
	return out, nil
}

// same says whether two policies hold the same statements, in whatever order.
func (d document) same(other document) bool {
	sorted := func(all []json.RawMessage) [][]byte {
		out := make([][]byte, len(all))
		for i, s := range all {
			out[i] = s
		}
		slices.SortFunc(out, bytes.Compare)
		return out
	}
	return slices.EqualFunc(sorted(d.Statement), sorted(other.Statement), bytes.Equal)
}
