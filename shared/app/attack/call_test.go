package attack

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// call is one request for an operation of the route table. in, ns and table name what an Iceberg path names; vars name
// what any path does.
type call struct {
	op            string // protocol.operation
	in, ns, table string // ns: its levels with dots between them
	vars          vars
	raw           bool // the vars are escaped already
	query         string
	body          any // a text is sent as it is
	form          url.Values
	plain         bool // no keys are asked for
	header        map[string]string
}

type (
	vars map[string]string
	doc  map[string]any
)

// answer is what came back, with every key in it.
type answer struct {
	op   string
	code int
	body []byte
	tag  string // its ETag
	keys []key
}

// request makes the request as a client would.
func (w *world) send(who person, c call) answer {
	w.t.Helper()
	r, known := w.routes[c.op]
	if !known {
		w.t.Fatalf("the route table has no operation %s", c.op)
	}
	var pairs []string
	for name, value := range map[string]string{"prefix": c.in, "namespace": strings.ReplaceAll(c.ns, ".", "\x1f"), "table": c.table} {
		if value != "" {
			pairs = append(pairs, "{"+name+"}", url.PathEscape(value))
		}
	}
	for name, value := range c.vars {
		if !c.raw {
			value = url.PathEscape(value)
		}
		pairs = append(pairs, "{"+name+"}", value)
	}
	target := strings.NewReplacer(pairs...).Replace(r.Pattern)
	if c.query != "" {
		target += "?" + c.query
	}
	return w.ask(who, c, r.Method, target)
}

func (w *world) ask(who person, c call, method, target string) answer {
	w.t.Helper()
	body, kind := []byte(nil), "application/json"
	switch b := c.body.(type) {
	case nil:
	case string:
		body = []byte(b)
	default:
		var err error
		body, err = json.Marshal(b)
		must(w.t, err)
	}
	if c.form != nil {
		body, kind = []byte(c.form.Encode()), "application/x-www-form-urlencoded"
	}
	u, err := url.ParseRequestURI(target)
	if err != nil { // net/http answers this one itself
		return answer{op: c.op, code: http.StatusBadRequest}
	}
	r := httptest.NewRequest(method, "/", bytes.NewReader(body))
	r.URL, r.RequestURI = u, target
	if who.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+who.bearer)
	}
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	if !c.plain {
		r.Header.Set("X-Iceberg-Access-Delegation", "vended-credentials")
	}
	for name, value := range c.header {
		r.Header.Set(name, value)
	}
	out := httptest.NewRecorder()
	w.app.Handler.ServeHTTP(out, r)
	return answer{c.op, out.Code, out.Body.Bytes(), out.Header().Get("ETag"), harvest(out.Body.Bytes())}
}

// must sends what has to work.
func (w *world) must(code int, who person, c call) answer {
	w.t.Helper()
	return w.send(who, c).must(w.t, code)
}

func (a answer) must(t *testing.T, code int) answer {
	t.Helper()
	if a.code != code {
		t.Fatalf("%s: got %d %s, want %d", a.op, a.code, a.body, code)
	}
	return a
}

// text gives a text in the answer; empty if there is none.
func (a answer) text(path ...string) string {
	var v any
	if json.Unmarshal(a.body, &v) != nil {
		return ""
	}
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

// number gives a number at the top of the answer.
func (a answer) number(name string) int {
	var m map[string]any
	_ = json.Unmarshal(a.body, &m)
	n, _ := m[name].(float64)
	return int(n)
}

// schema is the least that a table needs.
var schema = doc{"type": "struct", "schema-id": 0, "fields": []doc{{"id": 1, "name": "n", "required": false, "type": "long"}}}

// create is the body that makes a table.
func create(name string, more doc) doc {
	body := doc{"name": name, "schema": schema}
	for k, v := range more {
		body[k] = v
	}
	return body
}
