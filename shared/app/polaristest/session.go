package polaristest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Session sends lines to one server and keeps what they captured.
type Session struct {
	config Config
	vars   map[string]string
}

// Answer is what the server said.
type Answer struct {
	Status int
	Header http.Header
	JSON   any // numbers as json.Number; nil where Text is not JSON
	Text   string
}

// NewSession begins without tokens; root logs in when a line first needs it.
func NewSession(c Config) *Session {
	warehouse := strings.TrimRight(c.Warehouse, "/")
	return &Session{config: c, vars: map[string]string{
		"warehouse":     warehouse,
		"warehousePath": strings.TrimPrefix(strings.TrimPrefix(warehouse, "file:"), "//"),
		"root.id":       c.ID,
		"root.secret":   c.Secret,
	}}
}

const tokens = "/api/catalog/v1/oauth/tokens"

// login fetches a token for the principal whose id and secret are in the variables who.id and who.secret.
func (s *Session) login(who string) error {
	form, err := json.Marshal(map[string]string{
		"grant_type": "client_credentials", "scope": "PRINCIPAL_ROLE:ALL",
		"client_id": "${" + who + ".id}", "client_secret": "${" + who + ".secret}",
	})
	if err != nil {
		return fmt.Errorf("log in as %s: %w", who, err)
	}
	a, err := s.Send(Line{Method: http.MethodPost, Path: tokens, Form: form})
	if err != nil {
		return fmt.Errorf("log in as %s: %w", who, err)
	}
	token, ok := pointed(a.JSON, "/access_token")
	if a.Status != http.StatusOK || !ok {
		return fmt.Errorf("log in as %s: %d %s", who, a.Status, a.Text)
	}
	s.vars["token."+who] = token
	return nil
}

// Send sends a line's request.
func (s *Session) Send(l Line) (Answer, error) {
	if l.As == "root" && s.vars["token.root"] == "" {
		if err := s.login("root"); err != nil {
			return Answer{}, err
		}
	}
	r, err := s.request(l)
	if err != nil {
		return Answer{}, err
	}
	res, err := s.config.Doer.Do(r)
	if err != nil {
		return Answer{}, fmt.Errorf("no answer: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("reading the answer: %w", err)
	}
	a := Answer{Status: res.StatusCode, Header: res.Header, Text: string(body)}
	if len(body) > 0 {
		a.JSON, _ = decode(body) // what is not JSON is compared as text
	}
	return a, nil
}

// Capture keeps what a line names of its answer; what is not there reads "not-captured" from then on.
func (s *Session) Capture(l Line, a Answer) {
	for name, where := range l.Capture {
		value, _ := pointed(a.JSON, where)
		if key, ok := strings.CutPrefix(where, "header:"); ok {
			value = a.Header.Get(key)
		}
		s.vars[name] = orElse(value, "not-captured")
	}
}

// request fills a line in. The target is parsed as a server parses it, so that no character of it is mended on the way.
func (s *Session) request(l Line) (*http.Request, error) {
	target := l.Path
	if l.Query != "" {
		target += "?" + l.Query
	}
	target, err := s.fillText(target)
	if err != nil {
		return nil, err
	}
	u, err := url.ParseRequestURI(s.config.Base + target)
	if err != nil {
		return nil, fmt.Errorf("recorded target: %w", errors.Unwrap(err)) // without the base
	}
	header := http.Header{}
	if l.As != "" {
		header.Set("Authorization", "Bearer "+orElse(s.vars["token."+l.As], "none"))
	}
	body, err := s.body(l, header)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(l.Method, s.config.Base, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	r.URL, r.Header = u, header
	if len(l.Basic) == 2 {
		id, errID := s.fillText(l.Basic[0])
		secret, errSecret := s.fillText(l.Basic[1])
		if errID != nil || errSecret != nil {
			return nil, fmt.Errorf("basic credentials hold a variable without a value")
		}
		r.SetBasicAuth(id, secret)
	}
	for key, value := range l.Headers {
		r.Header.Del(key)
		if value == nil {
			continue
		}
		filled, err := s.fillText(*value)
		if err != nil {
			return nil, err
		}
		r.Header.Set(key, filled)
	}
	return r, nil
}

// body gives the bytes to send, and says in the header of which type they are.
func (s *Session) body(l Line, header http.Header) ([]byte, error) {
	switch {
	case l.Body != nil:
		header.Set("Content-Type", "application/json")
		return s.fillJSON(l.Body)
	case l.Form != nil:
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		form, err := s.form(l.Form)
		return []byte(form.Encode()), err
	case l.Raw != nil:
		raw, err := s.fillText(*l.Raw)
		return []byte(raw), err
	}
	return nil, nil
}

// form reads {"name": "value"}, or [["name", "value"]] where a name comes twice.
func (s *Session) form(text json.RawMessage) (url.Values, error) {
	filled, err := s.fillJSON(text)
	if err != nil {
		return nil, err
	}
	values := url.Values{}
	var single map[string]string
	if json.Unmarshal(filled, &single) == nil {
		for name, value := range single {
			values.Set(name, value)
		}
		return values, nil
	}
	var pairs [][2]string
	if err := json.Unmarshal(filled, &pairs); err != nil {
		return nil, fmt.Errorf("recorded form: %w", err)
	}
	for _, pair := range pairs {
		values.Add(pair[0], pair[1])
	}
	return values, nil
}

// decode reads one JSON document and keeps its numbers exact.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one document")
	}
	return doc, nil
}

// pointed follows a JSON pointer (RFC 6901) to a string or a number.
func pointed(doc any, pointer string) (string, bool) {
	parts := strings.Split(pointer, "/")
	for _, part := range parts[1:] {
		part = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
		switch at := doc.(type) {
		case map[string]any:
			doc = at[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(at) {
				return "", false
			}
			doc = at[i]
		default:
			return "", false
		}
	}
	switch value := doc.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	}
	return "", false
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
