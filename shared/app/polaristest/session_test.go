package polaristest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wire answers every request with the same and remembers the last as text.
type wire struct{ last, answer string }

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	text := r.Method + " " + r.URL.RequestURI()
	for _, key := range sortedKeys(r.Header) {
		text += "\n" + key + ": " + strings.Join(r.Header[key], ", ")
	}
	w.last = text + "\n\n" + string(body)
	return respond(200, http.Header{"Etag": {"e"}}, w.answer), nil
}

func TestSendFillsAndSendsTheLineAsItWasRecorded(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"a target, character for character", `{"method": "GET", "path": "/a%2Fb%1Fc+${v}", "query": "q=%20${v}"}`, "GET /a%2Fb%1Fc+value?q=%20value\n\n"},
		{"a body keeps its order", `{"method": "POST", "path": "/", "body": {"b": "${v}${q}", "a": ["${#n}", "${pad:3}"]}}`,
			"POST /\nContent-Type: application/json\n\n" + `{"b": "value\"\\", "a": [12, "xxx"]}`},
		{"times", `{"method": "POST", "path": "/", "body": ["${now}", "${#now-1000}", "${#now+1}"]}`,
			"POST /\nContent-Type: application/json\n\n" + `["1700000000000", 1699999999000, 1700000000001]`},
		{"a body that is null", `{"method": "POST", "path": "/", "body": null}`, "POST /\nContent-Type: application/json\n\nnull"},
		{"a form", `{"method": "POST", "path": "/", "form": {"a": "${v} &", "b": ""}}`, "POST /\nContent-Type: application/x-www-form-urlencoded\n\na=value+%26&b="},
		{"a form with a name twice", `{"method": "POST", "path": "/", "form": [["a", "1"], ["a", "${v}"]]}`, "POST /\nContent-Type: application/x-www-form-urlencoded\n\na=1&a=value"},
		{"raw text", `{"method": "POST", "path": "/", "raw": "{${v}"}`, "POST /\n\n{value"},
		{"a token", `{"method": "GET", "path": "/", "as": "etl"}`, "GET /\nAuthorization: Bearer known\n\n"},
		{"a token that there is not", `{"method": "GET", "path": "/", "as": "nobody"}`, "GET /\nAuthorization: Bearer none\n\n"},
		{"basic credentials", `{"method": "GET", "path": "/", "basic": ["${v}", "s"]}`, "GET /\nAuthorization: Basic dmFsdWU6cw==\n\n"},
		{"headers replace and take away", `{"method": "POST", "path": "/", "as": "etl", "body": {}, "headers": {"content-type": null, "Authorization": "${v}", "X": ""}}`,
			"POST /\nAuthorization: value\nX: \n\n{}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l Line
			if err := json.Unmarshal([]byte(tt.line), &l); err != nil {
				t.Fatal(err)
			}
			w := &wire{}
			s := NewSession(testConfig(w))
			s.vars["v"], s.vars["q"], s.vars["n"], s.vars["token.etl"] = "value", `"\`, "12", "known"
			if _, err := s.Send(l); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, w.last); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSendRefusesWhatCannotBeFilled(t *testing.T) {
	for name, line := range map[string]string{
		"path":             `{"method": "GET", "path": "/${unknown}"}`,
		"query":            `{"method": "GET", "path": "/", "query": "${unknown}"}`,
		"header":           `{"method": "GET", "path": "/", "headers": {"X": "${unknown}"}}`,
		"body":             `{"method": "POST", "path": "/", "body": "${unknown}"}`,
		"number in a body": `{"method": "POST", "path": "/", "body": "${#unknown}"}`,
		"form":             `{"method": "POST", "path": "/", "form": {"a": "${unknown}"}}`,
		"raw text":         `{"method": "POST", "path": "/", "raw": "${unknown}"}`,
		"basic":            `{"method": "GET", "path": "/", "basic": ["a", "${unknown}"]}`,
		"padding":          `{"method": "GET", "path": "/${pad:x}"}`,
		"time":             `{"method": "GET", "path": "/${now+x}"}`,
	} {
		t.Run(name, func(t *testing.T) {
			var l Line
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			w := &wire{}
			if _, err := NewSession(testConfig(w)).Send(l); err == nil || w.last != "" {
				t.Errorf("got error %v and sent %q, want an error and nothing sent", err, w.last)
			}
		})
	}
}

func TestRootLogsInOnceAndByItself(t *testing.T) {
	var targets []string
	s := NewSession(testConfig(Handler{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		targets = append(targets, r.RequestURI+" "+r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"access_token": "fresh"}`)
	})}))
	for range 2 {
		if _, err := s.Send(Line{As: "root", Method: "GET", Path: "/x"}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{tokens + " ", "/x Bearer fresh", "/x Bearer fresh"}
	if diff := cmp.Diff(want, targets); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestCaptureKeepsWhatIsThereAndSaysWhatIsNot(t *testing.T) {
	w := &wire{answer: `{"a": [{"b/c": "deep"}], "n": 9007199254740993}`}
	s := NewSession(testConfig(w))
	l := Line{Method: "GET", Path: "/", Capture: map[string]string{
		"deep": "/a/0/b~1c", "n": "/n", "etag": "header:etag", "index": "/a/1/b", "word": "/a/x", "member": "/x", "header": "header:x", "object": "/a/0"}}
	a, err := s.Send(l)
	if err != nil {
		t.Fatal(err)
	}
	s.Capture(l, a)
	for name, want := range map[string]string{"deep": "deep", "n": "9007199254740993", "etag": "e", "index": "not-captured", "word": "not-captured",
		"member": "not-captured", "header": "not-captured", "object": "not-captured"} {
		if got := s.vars[name]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestReplayTellsWhatCouldNotBeSentAndGoesOn(t *testing.T) {
	if _, err := Replay(testConfig(&wire{}), t.TempDir(), "nothing"); err == nil {
		t.Error("got no error for a scenario that is not there, want one")
	}
	if _, err := Scenarios(t.TempDir()); err == nil {
		t.Error("got no error for a folder without recordings, want one")
	}
	broken := Handler{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	got, err := Replay(testConfig(broken), recordings, "reset-conflict")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Deviation{"reset-conflict/001", "no answer: log in as root: 418 "}); len(got) < 20 || got[0] != want {
		t.Errorf("got %d deviations, first %v, want one per line, first %v", len(got), got[0], want)
	}
}
