package lambdahttp_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"firn/shared/lambdahttp"
)

// The events in testdata have the shapes of AWS's documentation and of events captured in July 2026, with values of our own.

// event reads an event and changes it: each pair is the path of a member ("requestContext.stage") and its new value.
func event(t testing.TB, file string, pairs ...any) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil || len(pairs) == 0 {
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var e map[string]any
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		in, path := e, strings.Split(pairs[i].(string), ".")
		for _, name := range path[:len(path)-1] {
			in = in[name].(map[string]any)
		}
		in[path[len(path)-1]] = pairs[i+1]
	}
	if data, err = json.Marshal(e); err != nil {
		t.Fatal(err)
	}
	return data
}

// sources are an event of each kind: its file, and the members for method, path and headers.
var sources = []struct {
	name, file, method, path, headers string
	multi                             bool
}{
	{"REST API", "rest-load.json", "httpMethod", "path", "multiValueHeaders", true},
	{"HTTP API", "http-load.json", "requestContext.http.method", "rawPath", "headers", false},
	{"HTTP API, old payload", "http-load-1.json", "httpMethod", "path", "multiValueHeaders", true},
	{"Function URL", "url-load.json", "requestContext.http.method", "rawPath", "headers", false},
}

// result is what a client gets of an answer.
type result struct {
	Status int
	Header http.Header
	Body   string
}

// reply is what Lambda gets: the answer as aws-lambda-go encodes it.
type reply struct {
	bytes  []byte
	base64 bool
	stream bool
}

// handler is what lambda.Start takes.
type handler func(context.Context, json.RawMessage) (any, error)

// invoke serves an event as aws-lambda-go does.
func invoke(t testing.TB, h handler, payload []byte) (result, reply, error) {
	t.Helper()
	data, err := lambda.NewHandler(h).Invoke(t.Context(), payload)
	if err != nil {
		return result{}, reply{}, err
	}
	var e struct {
		StatusCode        int
		Headers           map[string]string
		MultiValueHeaders http.Header
		Cookies           []string
		Body              string
		IsBase64Encoded   bool
	}
	head, tail, stream := bytes.Cut(data, make([]byte, 8))
	if err := json.Unmarshal(head, &e); err != nil {
		t.Fatalf("%v: %.200q", err, data)
	}
	got := result{Status: e.StatusCode, Header: http.Header{}, Body: e.Body}
	maps.Copy(got.Header, e.MultiValueHeaders)
	for name, value := range e.Headers {
		got.Header.Set(name, value)
	}
	if len(e.Cookies) > 0 {
		got.Header["Set-Cookie"] = e.Cookies
	}
	if e.IsBase64Encoded {
		raw, err := base64.StdEncoding.DecodeString(e.Body)
		if err != nil {
			t.Fatal(err)
		}
		got.Body = string(raw)
	}
	if stream {
		got.Body = string(tail)
	}
	return got, reply{bytes: data, base64: e.IsBase64Encoded, stream: stream}, nil
}

// adapter makes an Adapter, and gives where its log goes.
func adapter(h http.HandlerFunc, change func(*lambdahttp.Config)) (*lambdahttp.Adapter, *bytes.Buffer) {
	log := &bytes.Buffer{}
	c := lambdahttp.Config{Handler: h, Log: slog.New(slog.NewTextHandler(log, nil))}
	if change != nil {
		change(&c)
	}
	return lambdahttp.New(c), log
}

// asked is a request as a handler sees it.
type asked struct {
	Method, Path, Query, Host, Body string
	Header                          http.Header
	Length                          int64
}

// ask serves an event by a handler that only looks.
func ask(t *testing.T, payload []byte, change func(*lambdahttp.Config)) (asked, result) {
	t.Helper()
	var seen asked
	a, _ := adapter(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen = asked{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query().Encode(), Host: r.Host, Body: string(body),
			Header: r.Header, Length: r.ContentLength}
		if fmt.Sprint(r.RequestURI) != r.URL.RequestURI() {
			t.Errorf("RequestURI: got %q, want %q", r.RequestURI, r.URL.RequestURI())
		}
	}, change)
	got, _, err := invoke(t, a.Handle, payload)
	if err != nil {
		t.Fatal(err)
	}
	return seen, got
}
