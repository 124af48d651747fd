package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/url"
	"strings"
	"unicode/utf8"

	"firn/shared/fault"
)

// Body makes the handler of an operation that takes a JSON body, which must be there. In is what it is decoded into;
// json.RawMessage keeps the bytes. A *fault.Error of an UnmarshalJSON method reaches the client as it is.
func Body[In any](f func(ctx context.Context, c *Call, in *In) (Answer, error)) Handler {
	return func(ctx context.Context, c *Call) (Answer, error) {
		data, err := c.json()
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
		data, err := c.json()
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
	if err := decode(data, in); err != nil {
		return Answer{}, err
	}
	return f(ctx, c, in)
}

// Form makes the handler of an operation that takes a form (application/x-www-form-urlencoded). No body is an empty form.
func Form(f func(ctx context.Context, c *Call, form url.Values) (Answer, error)) Handler {
	return func(ctx context.Context, c *Call) (Answer, error) {
		data, err := c.read("application/x-www-form-urlencoded")
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
func (c *Call) json() ([]byte, error) {
	data, err := c.read("application/json")
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

// read gives the whole body, inflated, after a look at its type.
func (c *Call) read(media string) ([]byte, error) {
	if err := checkType(c.Header.Get("Content-Type"), media); err != nil {
		return nil, err
	}
	if c.request.ContentLength > c.maxBody {
		return nil, fault.Of(fault.TooLarge, RequestBody, "", "")
	}
	data, err := readAll(c.request.Body, c.maxBody)
	if err != nil {
		return nil, err
	}
	switch coding := strings.ToLower(strings.TrimSpace(c.Header.Get("Content-Encoding"))); coding {
	case "", "identity":
		return data, nil
	case "gzip", "x-gzip":
		return inflate(data, c.maxBody)
	default:
		return nil, fault.New(fault.UnsupportedMedia, "The content-encoding header value is not supported")
	}
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

func readAll(r io.Reader, limit int64) ([]byte, error) {
	if r == nil {
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if int64(len(data)) > limit {
		return nil, fault.Of(fault.TooLarge, RequestBody, "", "")
	}
	if err != nil {
		return nil, fault.Of(fault.Malformed, RequestBody, "", "The request body cannot be read").Because(err)
	}
	return data, nil
}

// decode reads one JSON value and nothing behind it.
func decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return fault.Of(fault.Malformed, RequestBody, "", "Invalid JSON: not UTF-8")
	}
	if deeper(data, MaxDepth) {
		return fault.Of(fault.Malformed, RequestBody, "", "Invalid JSON: nested deeper than %d", MaxDepth)
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
