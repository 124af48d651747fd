package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"firn/shared/budget"
	"firn/shared/fault"
)

// Body makes the handler of an operation that takes a JSON body, which must be there. In is what it is decoded into;
// json.RawMessage keeps the bytes. A *fault.Error of an UnmarshalJSON method reaches the client as it is.
func Body[In any](f func(ctx context.Context, c *Call, in *In) (Answer, error)) Handler {
	return func(ctx context.Context, c *Call) (Answer, error) {
		data, err := c.json(ctx)
		if err != nil {
			return Answer{}, err
		}
		if data == nil {
			return Answer{}, fault.Of(fault.Malformed, RequestBody, "", "The request needs a JSON body")
		}
		return decoded(ctx, c, data, f)
	}
}

// OptionalBody is Body for an operation that does without: in is then nil.
func OptionalBody[In any](f func(ctx context.Context, c *Call, in *In) (Answer, error)) Handler {
	return func(ctx context.Context, c *Call) (Answer, error) {
		data, err := c.json(ctx)
		if err != nil {
			return Answer{}, err
		}
		if data == nil {
			return f(ctx, c, nil)
		}
		return decoded(ctx, c, data, f)
	}
}

func decoded[In any](ctx context.Context, c *Call, data []byte, f func(context.Context, *Call, *In) (Answer, error)) (Answer, error) {
	in := new(In)
	if err := decode(ctx, data, in); err != nil {
		return Answer{}, err
	}
	return f(ctx, c, in)
}

// Form makes the handler of an operation that takes a form (application/x-www-form-urlencoded). No body is an empty form.
func Form(f func(ctx context.Context, c *Call, form url.Values) (Answer, error)) Handler {
	return func(ctx context.Context, c *Call) (Answer, error) {
		data, err := c.read(ctx, "application/x-www-form-urlencoded")
		if err != nil {
			return Answer{}, err
		}
		form, err := url.ParseQuery(string(data))
		if err != nil || !utf8.Valid(data) {
			// The parser's own error quotes the form, which may hold a secret.
			return Answer{}, fault.New(fault.Argument, "Failed to decode the form")
		}
		return f(ctx, c, form)
	}
}

// json reads a JSON body; nil if there is none, or null.
func (c *Call) json(ctx context.Context) ([]byte, error) {
	data, err := c.read(ctx, "application/json")
	if err != nil {
		return nil, err
	}
	data = bytes.TrimSpace(data)
	c.body = data
	if len(data) == 0 || string(data) == "null" {
		return nil, nil
	}
	return data, nil
}

// read returns the whole body, inflated, after a look at its headers.
func (c *Call) read(ctx context.Context, media string) ([]byte, error) {
	if err := checkType(c.Header.Get("Content-Type"), media); err != nil {
		return nil, err
	}
	packed, err := checkCoding(c.Header.Get("Content-Encoding"), c.route.Public)
	if err != nil {
		return nil, err
	}
	size := c.request.ContentLength
	if size > c.maxBody {
		return nil, fault.Of(fault.TooLarge, RequestBody, "", "")
	}
	if size == 0 || c.request.Body == nil {
		return nil, nil
	}
	defer c.expire()()
	data, err := readAll(ctx, c.request.Body, size, c.maxBody)
	if err != nil || !packed {
		return data, err
	}
	return inflate(ctx, data, c.maxBody)
}

// The patience with a body. One that drips ends with its connection.
const (
	bodyTime       = 20 * time.Second // less than DefaultTimeout: there is time left to answer
	publicBodyTime = 5 * time.Second
)

// expire ends the reading of the body when its time is over, unless the function that it returns is called
// before.
func (c *Call) expire() (stop func()) {
	patience := bodyTime
	if c.route.Public {
		patience = publicBodyTime
	}
	past := time.Unix(1, 0) // a deadline that is over, whatever the clock
	timer := time.AfterFunc(patience, func() {
		_ = c.control.SetReadDeadline(past) // fails where there is no connection: such a body is there already
	})
	return func() { timer.Stop() }
}

// checkCoding reports whether a body of this Content-Encoding is compressed, which that of a public route may
// not be.
func checkCoding(coding string, public bool) (packed bool, err error) {
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "", "identity":
		return false, nil
	case "gzip", "x-gzip":
		if !public {
			return true, nil
		}
		return false, fault.New(fault.UnsupportedMedia, "A request without a token may not be compressed")
	}
	return false, fault.New(fault.UnsupportedMedia, "The content-encoding header value is not supported")
}

// checkType holds a content type against the one that an operation consumes. None, and */*, are taken for it (recorded).
func checkType(value, want string) error {
	if value == "" {
		return nil
	}
	got, _, err := mime.ParseMediaType(value)
	switch {
	case err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || !strings.Contains(got, "/"):
		return fault.New(fault.UnsupportedMedia, "The content-type header value did not correspond to a valid media type")
	case got != want && got != "*/*":
		return fault.New(fault.UnsupportedMedia, "The content-type header value did not match the value in @Consumes")
	}
	return nil
}

// readAll reads a body of a size that is known, or of an unknown one (-1).
func readAll(ctx context.Context, r io.Reader, size, limit int64) ([]byte, error) {
	data, err := budget.ReadAll(ctx, r, size, limit)
	if err != nil {
		return nil, unread(err)
	}
	return data, nil
}

// unread makes the error of a body that could not be read.
func unread(err error) error {
	switch _, known := errors.AsType[*fault.Error](err); {
	case known:
		return err
	case errors.Is(err, budget.ErrLong):
		return fault.Of(fault.TooLarge, RequestBody, "", "")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.Of(fault.Malformed, RequestBody, "", "The request body did not arrive in time").Because(err)
	}
	return fault.Of(fault.Malformed, RequestBody, "", "The request body cannot be read").Because(err)
}

// valueSize is about how many bytes a value of JSON takes once it is decoded.
const valueSize = 64

// decode reads one JSON value and nothing behind it. It takes the memory that the value needs beside its
// text, which is many times as much where the text is made of short values.
func decode(ctx context.Context, data []byte, v any) error {
	if !utf8.Valid(data) {
		return fault.Of(fault.Malformed, RequestBody, "", "Invalid JSON: not UTF-8")
	}
	if deeper(data, MaxDepth) {
		return fault.Of(fault.Malformed, RequestBody, "", "Invalid JSON: nested deeper than %d", MaxDepth)
	}
	values := bytes.Count(data, []byte(",")) + 1
	if err := budget.Take(ctx, int64(len(data)+valueSize*values)); err != nil {
		return err
	}
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*fault.Error](err); ok {
		return known
	}
	refused := fault.Of(fault.Malformed, RequestBody, "", "Invalid JSON").Because(err)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		refused.Message = "Invalid JSON: " + e.Error()
	} else if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		refused.Message = "Invalid JSON: " + e.Value + " is of the wrong type"
		if e.Field != "" {
			refused.Message += " for " + e.Field
		}
	}
	return refused
}

// deeper says whether brackets outside of strings nest beyond the limit, before any decoder recurses over them.
func deeper(data []byte, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch b := data[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{' || b == '[':
			if depth++; depth > limit {
				return true
			}
		case b == '}' || b == ']':
			depth--
		}
	}
	return false
}
