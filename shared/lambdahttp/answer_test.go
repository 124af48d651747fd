package lambdahttp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/lambdahttp"
)

// behaviours are what a handler may do.
var behaviours = []struct {
	name, method string
	handler      http.HandlerFunc
}{
	{"silence", "GET", func(http.ResponseWriter, *http.Request) {}},
	{"a text", "GET", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"a":"<&> \" \\ é 世"}`) }},
	{"parts", "POST", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a"); io.WriteString(w, "b") }},
	{"a status without a body", "DELETE", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }},
	{"an empty body", "GET", func(w http.ResponseWriter, _ *http.Request) { w.Write(nil) }},
	{"two statuses", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(404)
		w.WriteHeader(200)
		io.WriteString(w, "x")
	}},
	{"a status after the body", "GET", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x"); w.WriteHeader(500) }},
	{"early hints", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) }},
	{"headers too late", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.WriteHeader(200)
		w.Header().Set("ETag", `"2"`)
		w.Header().Set("Location", "/x")
	}},
	{"a type of its own", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=UTF-8")
		io.WriteString(w, "{}")
	}},
	{"no type", "GET", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>"+strings.Repeat("x", 1000)) }},
	{"a length", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		io.WriteString(w, "ab")
	}},
	{"packed", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write([]byte("\x1f\x8b\x08\x00\xff"))
	}},
	{"packed, by chance of ASCII alone", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		io.WriteString(w, "abc")
	}},
	{"binary", "GET", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte{0xff, 0xfe, 0, 1}) }},
	{"HEAD", "HEAD", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", "1000000000")
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, "{}")
	}},
	{"HEAD of what is packed", "HEAD", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
	}},
	{"no content with a body", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(204)
		if _, err := io.WriteString(w, "x"); err != http.ErrBodyNotAllowed {
			panic(err)
		}
	}},
	{"not modified with a body", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Length", "1000000000")
		w.WriteHeader(304)
		io.WriteString(w, "x")
	}},
	{"cookies", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Set-Cookie", "a=1, 2")
		w.Header().Add("Set-Cookie", "b=2")
		w.WriteHeader(200)
	}},
	{"values of one name", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Vary", "Accept-Encoding")
		w.Header().Add("Vary", "Origin")
		w.WriteHeader(200)
	}},
	{"the body of the request", "POST", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprint(w, len(b), err, r.ContentLength)
	}},
}

// TestAnswersAreAsBehindNetHTTP holds each kind of event, streamed and not, to what a client of a server gets.
func TestAnswersAreAsBehindNetHTTP(t *testing.T) {
	for _, test := range behaviours {
		server := httptest.NewServer(test.handler)
		r, err := http.NewRequest(test.method, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "identity")
		w, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		server.Close()
		want := result{Status: w.StatusCode, Header: tidy(w.Header), Body: string(body)}
		for _, source := range sources {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/stream=%v", test.name, source.name, stream), func(t *testing.T) {
					a, log := adapter(test.handler, func(c *lambdahttp.Config) { c.Stream = stream })
					got, as, err := invoke(t, a.Handle, event(t, source.file, source.method, test.method))
					if err != nil {
						t.Fatal(err)
					}
					got.Header = tidy(got.Header)
					if diff := cmp.Diff(got, want); diff != "" {
						t.Errorf("got (-), want (+):\n%s", diff)
					}
					if streams := stream && !strings.HasPrefix(source.name, "HTTP API"); as.stream != streams {
						t.Errorf("stream: got %v, want %v", as.stream, streams)
					}
					packed := body != nil && len(body) > 0 && (w.Header.Get("Content-Encoding") != "" || test.name == "binary")
					if !as.stream && as.base64 != packed {
						t.Errorf("base64: got %v, want %v", as.base64, packed)
					}
					if log.Len() > 0 {
						t.Errorf("log: got %s", log)
					}
				})
			}
		}
	}
}

// tidy leaves out what the gateway adds by itself, and joins values, which mean the same apart.
func tidy(h http.Header) http.Header {
	out := http.Header{}
	for name, values := range h {
		if name == "Date" || name == "Content-Length" {
			continue
		}
		if name != "Set-Cookie" {
			values = []string{strings.Join(values, ", ")}
		}
		out[name] = values
	}
	return out
}

// refusal is the body of an error in Iceberg's words.
type refusal struct {
	Error struct {
		Message, Type string
		Code          int
	}
}

func refused(t *testing.T, r result) refusal {
	t.Helper()
	var e refusal
	if err := json.Unmarshal([]byte(r.Body), &e); err != nil || r.Header.Get("Content-Type") != "application/json" || e.Error.Code != r.Status {
		t.Fatalf("got %+v, %v, which is no refusal", r, err)
	}
	return e
}

func TestRefusals(t *testing.T) {
	looks := func(http.ResponseWriter, *http.Request) {}
	panics := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("X-Request-Id", "the-door's")
		w.WriteHeader(200)
		io.WriteString(w, "half an answer")
		panic("the handler's secret")
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		change  []any
		status  int
		kind    string
		message string
		id      string
		logged  string
	}{
		{"a body that is not base64", looks, []any{"body", "%%%", "isBase64Encoded", true}, 400, "BadRequestException", "The request body is not base64", "the-gateway's", "level=INFO"},
		{"a panic", panics, nil, 500, "ServiceFailureException", "Internal error.", "the-door's", "the handler's secret"},
		{"a status that is none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) }, nil, 500, "ServiceFailureException", "Internal error.", "the-gateway's", "level=ERROR"},
		{"a status of four digits", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(1000) }, nil, 500, "ServiceFailureException", "Internal error.", "the-gateway's", "invalid WriteHeader code 1000"},
		{"the end of a connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, 500, "ServiceFailureException", "Internal error.", "the-gateway's", "abort Handler"},
	} {
		for _, source := range sources {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/stream=%v", test.name, source.name, stream), func(t *testing.T) {
					a, log := adapter(test.handler, func(c *lambdahttp.Config) { c.Stream = stream })
					payload := event(t, source.file, append([]any{"requestContext.requestId", "the-gateway's"}, test.change...)...)
					got, _, err := invoke(t, a.Handle, payload)
					if err != nil {
						t.Fatal(err)
					}
					e := refused(t, got)
					if got.Status != test.status || e.Error.Type != test.kind || e.Error.Message != test.message {
						t.Errorf("got %d %+v, want %d %s %s", got.Status, e, test.status, test.kind, test.message)
					}
					want := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {test.id}}
					if diff := cmp.Diff(got.Header, want); diff != "" {
						t.Errorf("headers: got (-), want (+):\n%s", diff)
					}
					for _, part := range []string{test.logged, `request_id=` + test.id, fmt.Sprint("status=", test.status)} {
						if !strings.Contains(log.String(), part) {
							t.Errorf("log: got %s, want %s in it", log, part)
						}
					}
				})
			}
		}
	}
	t.Run("HEAD", func(t *testing.T) {
		a, _ := adapter(panics, nil)
		if got, _, err := invoke(t, a.Handle, event(t, "rest-load.json", "httpMethod", "HEAD")); err != nil || got.Status != 500 || got.Body != "" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a method and a query that are none", func(t *testing.T) {
		a, _ := adapter(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }, nil)
		for _, payload := range [][]byte{event(t, "rest-load.json", "httpMethod", "G T"), event(t, "url-load.json", "rawQueryString", "a=\x1f")} {
			got, _, err := invoke(t, a.Handle, payload)
			if err != nil || refused(t, got).Error.Type != "BadRequestException" {
				t.Errorf("got %+v, %v", got, err)
			}
		}
	})
	t.Run("the process stays", func(t *testing.T) {
		n := 0
		a, _ := adapter(func(http.ResponseWriter, *http.Request) {
			if n++; n == 1 {
				panic("once")
			}
		}, nil)
		for _, want := range []int{500, 200} {
			if got, _, err := invoke(t, a.Handle, event(t, "rest-load.json")); err != nil || got.Status != want {
				t.Errorf("got %d, %v, want %d", got.Status, err, want)
			}
		}
	})
}

// TestLargeAnswers finds, for bodies that are quoted in every way, the last that fits, and that the next does not.
func TestLargeAnswers(t *testing.T) {
	const limit = 100 << 10
	for _, body := range []struct {
		name, unit, coding string
	}{
		{"plain", "x", ""},
		{"quotes", `{"a":"\"}`, ""},
		{"control characters", "\x01\x1f\v\x7f", ""},
		{"line ends and the like", "\b\t\n\f\r", ""},
		{"wide characters", "é世🜁", ""},
		{"separators of lines", "\u2028\u2029", ""},
		{"HTML", "<&>", ""},
		{"binary", "\xff", ""},
		{"packed", "x", "gzip"},
	} {
		for _, source := range sources {
			t.Run(body.name+"/"+source.name, func(t *testing.T) {
				serve := func(length, max int) (result, reply) {
					a, _ := adapter(func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Content-Type", "application/json")
						if body.coding != "" {
							w.Header().Set("Content-Encoding", body.coding)
						}
						io.WriteString(w, strings.Repeat(body.unit, length))
					}, func(c *lambdahttp.Config) { c.MaxAnswer = max })
					got, as, err := invoke(t, a.Handle, event(t, source.file))
					if err != nil {
						t.Fatal(err)
					}
					return got, as
				}
				length := limit / 6 / len(body.unit)
				_, as := serve(length, 10*limit)
				size := len(as.bytes)
				if got, as := serve(length, size); got.Status != 200 || len(as.bytes) != size {
					t.Errorf("an answer of the limit: got %d and %d bytes, want 200 and %d", got.Status, len(as.bytes), size)
				}
				got, _ := serve(length, size-1)
				if e := refused(t, got); got.Status != 500 || e.Error.Type != "ServiceFailureException" {
					t.Errorf("an answer beyond the limit: got %+v", got)
				}
			})
		}
	}
}

func TestTooLargeAnswersSayWhatToDo(t *testing.T) {
	for _, test := range []struct {
		name, coding string
		size, max    int
		stream       bool
		want         string // empty: it is sent
	}{
		{"plain", "", 6<<20 - 1000, 0, false, ""},
		{"plain, too large", "", 6 << 20, 0, false, "The answer is larger than the 6291456 bytes that this door can carry: the table's metadata is too large; ask for it with Accept-Encoding: gzip, or expire snapshots"},
		{"packed", "gzip", 4 << 20, 0, false, ""},
		{"packed, too large", "gzip", 5 << 20, 0, false, "The answer is larger than the 6291456 bytes that this door can carry: the table's metadata is too large; expire snapshots"},
		{"of another limit", "", 11 << 20, 16 << 20, false, ""},
		{"streamed", "", 11 << 20, 0, true, ""},
		{"streamed, too large", "", 200<<20 + 1, 0, true, "The answer is larger than the 209715200 bytes that this door can carry: the table's metadata is too large; ask for it with Accept-Encoding: gzip, or expire snapshots"},
	} {
		t.Run(test.name, func(t *testing.T) {
			chunk := bytes.Repeat([]byte("x"), 1<<20)
			var last error
			a, log := adapter(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "mine")
				w.Header().Set("Content-Type", "application/json")
				if test.coding != "" {
					w.Header().Set("Content-Encoding", test.coding)
				}
				if test.size > 16<<20 { // only said to be so large
					w.Header().Set("Content-Length", fmt.Sprint(test.size))
				}
				for left := test.size; left > 0 && last == nil; left -= len(chunk) {
					_, last = w.Write(chunk[:min(left, len(chunk))])
				}
			}, func(c *lambdahttp.Config) { c.MaxAnswer, c.Stream = test.max, test.stream })
			got, as, err := invoke(t, a.Handle, event(t, "rest-load.json"))
			if err != nil {
				t.Fatal(err)
			}
			if test.want == "" {
				if got.Status != 200 || len(got.Body) != test.size || log.Len() > 0 || as.stream != test.stream {
					t.Errorf("got %d with %d bytes, %s", got.Status, len(got.Body), log)
				}
				return
			}
			if e := refused(t, got); got.Status != 500 || e.Error.Message != test.want {
				t.Errorf("got %d %+v", got.Status, e)
			}
			if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "request_id=mine") || got.Header.Get("X-Request-Id") != "mine" {
				t.Errorf("got %v, log %s", got.Header, log)
			}
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	a := lambdahttp.New(lambdahttp.Config{Log: slog.New(slog.DiscardHandler), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-N") == "13" {
			panic("unlucky")
		}
		fmt.Fprint(w, r.Header.Get("X-N"), r.Header.Get("X-Request-Id"))
	})})
	var group sync.WaitGroup
	for i := range 64 {
		payload := event(t, sources[i%2*3].file, sources[i%2*3].headers, header(i%2 == 0, "X-N", fmt.Sprint(i)), "requestContext.requestId", fmt.Sprint("id", i))
		group.Go(func() {
			got, _, err := invoke(t, a.Handle, payload)
			if want := fmt.Sprint(i, "id", i); err != nil || i != 13 && got.Body != want || i == 13 && got.Status != 500 {
				t.Errorf("got %+v, %v, want %s", got, err, want)
			}
		})
	}
	group.Wait()
}

// header gives one header as the form of an event has it.
func header(multi bool, name, value string) any {
	if multi {
		return map[string][]string{name: {value}}
	}
	return map[string]string{name: value}
}
