package lambdahttp_test

import (
	"fmt"
	"io"
	"log"
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
	{"a length that is none", "GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "-1")
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
		server := httptest.NewUnstartedServer(test.handler)
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Start()
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
					if length := got.Header["Content-Length"]; length != nil {
						t.Errorf("Content-Length: got %q, which is the gateway's to say", length)
					}
					got.Header = tidy(got.Header)
					if diff := cmp.Diff(got, want); diff != "" {
						t.Errorf("got (-), want (+):\n%s", diff)
					}
					if streams := stream && !strings.HasPrefix(source.name, "HTTP API"); as.stream != streams {
						t.Errorf("stream: got %v, want %v", as.stream, streams)
					}
					packed := len(body) > 0 && (w.Header.Get("Content-Encoding") != "" || test.name == "binary")
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
