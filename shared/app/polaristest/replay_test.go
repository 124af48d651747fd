package polaristest

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const recordings = "../testdata/polaris"

func fixedNow() time.Time { return time.UnixMilli(1700000000000) }

// examples are values that placeholders stand for.
var examples = strings.NewReplacer(
	`"<ms>"`, `1700000000000`, `"<id>"`, `-12`, `<ms:string>`, `1700000000000`,
	`<uuid>`, `0a1b2c3d-0000-4000-8000-00000000000f`, `<time>`, `2026-11-21T10:00:00.5Z`, `<token>`, `abcdefghijklmnop.q-r_s`,
	`<secret>`, `0123456789abcdef`, `<clientid>`, `01234567`, `<etag>`, `W/\"e\"`, `<page-token>`, `next`, `<any>`, `whatever`,
)

// parrot answers the lines of a scenario with what was recorded, in order.
type parrot struct {
	lines []Line
	vars  *Session // to know what the client captured
}

func (p *parrot) Do(r *http.Request) (*http.Response, error) {
	if p.lines[0].As == "root" && r.URL.Path == tokens && r.Header.Get("Authorization") == "" {
		return respond(200, nil, `{"access_token": "root's"}`), nil // the client's own log-in
	}
	l := p.lines[0]
	p.lines = p.lines[1:]
	header := http.Header{}
	for key, value := range l.ResponseHeaders {
		if value != nil {
			header.Set(key, strings.ReplaceAll(examples.Replace(*value), `\"`, `"`))
		}
	}
	body := ""
	if l.Text != nil {
		body = examples.Replace(*l.Text)
	} else if len(l.Response) > 0 {
		body = examples.Replace(string(l.Response))
	}
	filled, _ := p.vars.fillJSON(json.RawMessage(body))
	a := respond(l.Status, header, string(filled))
	doc, _ := decode(filled)
	p.vars.Capture(l, Answer{JSON: doc, Header: header})
	return a, nil
}

func respond(status int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func testConfig(d Doer) Config {
	return Config{Doer: d, Base: "http://catalog.test", ID: "root", Secret: "s3cr3t", Warehouse: "file:///w", Now: fixedNow}
}

func TestServerThatRepeatsTheRecordingHasNoDeviation(t *testing.T) {
	names, err := Scenarios(recordings)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			lines, err := readLines[Line](filepath.Join(recordings, name+".jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			var want []Deviation
			lines = slices.DeleteFunc(lines, func(l Line) bool {
				unsendable := strings.HasSuffix(l.Path, "%zz")
				if unsendable {
					want = append(want, Deviation{l.ID, `no answer: recorded target: invalid URL escape "%zz"`})
				}
				return unsendable
			})
			p := &parrot{lines: lines}
			c := testConfig(p)
			p.vars = NewSession(c)
			got, err := Replay(c, recordings, name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("deviations (-want +got):\n%s", diff)
			}
			if len(p.lines) > 0 {
				t.Errorf("got %d lines not sent, want none", len(p.lines))
			}
		})
	}
}

func TestCompare(t *testing.T) {
	const refused = `{"error": {"message": "No", "type": "NotFoundException", "code": 404}}`
	tests := []struct {
		name   string
		line   string
		status int
		header http.Header
		body   string
		want   []string
	}{
		{"the same", `{"status": 200, "response": {"a": 1}}`, 200, nil, `{"a": 1.0}`, nil},
		{"another status, told with its error", `{"status": 200, "response": {"a": 1}}`, 404, nil, refused, []string{`status want 200 got 404 (NotFoundException: "No")`}},
		{"a clean refusal where the recorded server broke", `{"status": 500}`, 404, nil, refused, nil},
		{"an answer where the recorded server broke", `{"status": 500}`, 200, nil, `{}`, []string{"status want 500 got 200"}},
		{"another type and message", `{"status": 404, "response": {"error": {"message": "Yes", "type": "X", "code": 404}}}`, 404, nil, refused,
			[]string{"type want X got NotFoundException", `message want "Yes" got "No"`}},
		{"a message that is Java's own", `{"status": 404, "soft": ["message"], "response": {"error": {"message": "Yes", "type": "NotFoundException", "code": 404}}}`, 404, nil, refused, nil},
		{"a message with a set in another order", `{"status": 404, "response": {"error": {"message": "one of [a, b]", "type": "X", "code": 404}}}`, 404, nil,
			`{"error": {"message": "one of [b, a]", "type": "X", "code": 404}}`, nil},
		{"an OAuth error", `{"status": 400, "response": {"error": "invalid_scope", "error_description": "The scope is invalid"}}`, 400, nil,
			`{"error": "invalid_grant", "error_description": "The scope is invalid"}`, []string{"type want invalid_scope got invalid_grant"}},
		{"no error body", `{"status": 404, "response": {"error": {"message": "Yes", "type": "X", "code": 404}}}`, 404, nil, "",
			[]string{`error body want {"error":{"code":404,"message":"Yes","type":"X"}} got ""`}},
		{"a body where none was", `{"status": 204}`, 204, nil, "x", []string{`body want none got "x"`}},
		{"another text", `{"status": 404, "text": "gone"}`, 404, nil, "x", []string{`body want "gone" got "x"`}},
		{"members missing and added", `{"status": 200, "response": {"a": 1, "b": {"c": true}}}`, 200, nil, `{"b": {"c": "true", "d": null}}`,
			[]string{"/a: missing, want 1", `/b/c: want true got "true"`, "/b/d: not expected, got null"}},
		{"numbers with many digits", `{"status": 200, "response": {"a": 9007199254740993}}`, 200, nil, `{"a": 9007199254740992}`,
			[]string{"/a: want 9007199254740993 got 9007199254740992"}},
		{"placeholders", `{"status": 200, "response": {"a": "x-<uuid>", "b": "<ms>", "c": "<ms:string>", "d": "<time>"}}`, 200, nil,
			`{"a": "x-y", "b": "1", "c": 1700000000000, "d": "now"}`, []string{
				`/a: want "x-<uuid>" got "x-y"`, `/b: want a whole number got "1"`, `/c: want milliseconds in a string got <ms>`, `/d: want "<time>" got "now"`}},
		{"lists have an order", `{"status": 200, "response": {"a": [1, 2]}}`, 200, nil, `{"a": [2, 1, 3]}`,
			[]string{"/a: want 2 items got 3", "/a/0: want 1 got 2", "/a/1: want 2 got 1"}},
		{"lists of names have none", `{"status": 200, "response": {"roles": [{"n": 1}, {"n": 2}]}}`, 200, nil, `{"roles": [{"n": 2}, {"n": 1}]}`, nil},
		{"a name too few and too many", `{"status": 200, "response": {"roles": ["a", "b"]}}`, 200, nil, `{"roles": ["b", "c"]}`,
			[]string{`/roles: lacks "a"`, `/roles: not expected ["c"]`}},
		{"a list of the realm may hold more", `{"status": 200, "match": {"/roles": "contains"}, "response": {"roles": ["a"]}}`, 200, nil, `{"roles": ["b", "a"]}`, nil},
		{"and lacks nothing", `{"status": 200, "match": {"/roles": "contains"}, "response": {"roles": ["a"]}}`, 200, nil, `{"roles": ["b"]}`, []string{`/roles: lacks "a"`}},
		{"a page of that size", `{"status": 200, "match": {"/roles": "count"}, "response": {"roles": ["a"]}}`, 200, nil, `{"roles": ["b"]}`, nil},
		{"a page of another size", `{"status": 200, "match": {"/roles": "count"}, "response": {"roles": ["a"]}}`, 200, nil, `{"roles": []}`, []string{"/roles: want 1 items got 0"}},
		{"a value that may be any", `{"status": 200, "match": {"/a": "any"}, "response": {"a": "b"}}`, 200, nil, `{"a": {}}`, nil},
		{"kinds of values", `{"status": 200, "response": {"a": {}, "b": []}}`, 200, nil, `{"a": 1, "b": {}}`, []string{"/a: want an object got 1", "/b: want a list got {}"}},
		{"headers", `{"status": 204, "response_headers": {"etag": "<etag>", "x": null, "y": "z", "content-type": "application/json;charset=UTF-8"}}`, 204,
			http.Header{"Etag": {"e"}, "X": {"1"}, "Content-Type": {"text/plain"}}, "", []string{
				"header content-type want application/json;charset=UTF-8 got text/plain", "header etag want <etag> got e", "header x want none got 1", "header y want z got none"}},
		{"a media type's parameters do not count", `{"status": 204, "response_headers": {"content-type": "application/json;charset=UTF-8"}}`, 204,
			http.Header{"Content-Type": {"application/json"}}, "", nil},
		{"told without what changes", `{"status": 200, "response": {"a": "${warehouse}/x"}}`, 200, nil, `{"a": "file:///w/0a1b2c3d-0000-4000-8000-00000000000f"}`,
			[]string{`/a: want "${warehouse}/x" got "${warehouse}/<uuid>"`}},
		{"long texts, from where they part", `{"status": 200, "response": {"a": "${pad:200}y"}}`, 200, nil, `{"a": "` + strings.Repeat("x", 200) + `z"}`,
			[]string{`/a: want ...` + strings.Repeat("x", 40) + `y" got ...` + strings.Repeat("x", 40) + `z"`}},
		{"a captured value", `{"status": 200, "response": {"a": "${known} ${unknown}"}}`, 200, nil, `{"a": "value ${unknown}"}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l Line
			if err := json.Unmarshal([]byte(tt.line), &l); err != nil {
				t.Fatal(err)
			}
			s := NewSession(testConfig(nil))
			s.vars["known"] = "value"
			a := Answer{Status: tt.status, Header: tt.header, Text: tt.body}
			a.JSON, _ = decode([]byte(tt.body))
			if diff := cmp.Diff(tt.want, s.Compare(l, a)); diff != "" {
				t.Errorf("deviations (-want +got):\n%s", diff)
			}
		})
	}
}
