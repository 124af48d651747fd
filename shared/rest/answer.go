package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// The content types of answers, spelt as Polaris spells them.
const (
	jsonType  = "application/json;charset=UTF-8"
	errorType = "application/json"
)

// Answer is what a handler gives back.
type Answer struct {
	Status int
	Header http.Header // beyond what the door sets; may be nil
	Type   string      // of the body
	Body   [][]byte    // its parts, in order; empty: none. Never sent with 204, 304 or to HEAD
	packed bool        // the body is gzip already
	made   int         // bytes of the body that were made for this answer alone
}

// JSON answers a value's encoding.
func JSON(status int, v any) (Answer, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return Answer{}, fmt.Errorf("encoding the answer: %w", err)
	}
	a := Raw(status, bytes.TrimSuffix(b.Bytes(), []byte("\n")))
	a.made = b.Cap()
	return a, nil
}

// Raw answers JSON that is encoded already, in parts: what has megabytes need not be copied to be framed.
func Raw(status int, parts ...[]byte) Answer {
	return Answer{Status: status, Type: jsonType, Body: parts}
}

// Gzipped answers JSON that is packed already, as the parts of one gzip stream: to a Call that takes it.
func Gzipped(status int, parts ...[]byte) Answer {
	return Answer{Status: status, Type: jsonType, Body: parts, packed: true}
}

// Empty answers a status alone.
func Empty(status int) Answer { return Answer{Status: status} }

// With adds a header and gives the answer back.
func (a Answer) With(key, value string) Answer {
	a.Header = a.Header.Clone()
	if a.Header == nil {
		a.Header = http.Header{}
	}
	a.Header.Set(key, value)
	return a
}

// NoStore keeps the answer, which holds secrets, out of every cache.
func (a Answer) NoStore() Answer { return a.With("Cache-Control", "no-store") }
