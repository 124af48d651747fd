package lambdahttp_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"firn/shared/lambdahttp"
)

const commit = `{"requirements":[],"updates":[{"action":"set-properties","updates":{"owner":"Müller 世"}}]}`

func TestEventsBecomeRequests(t *testing.T) {
	const restHost, httpHost = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com", "f6g7h8i9j0.execute-api.eu-central-1.amazonaws.com"
	const urlHost = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws"
	query := url.Values{"snapshots": {"refs"}, "parent": {"a\x1fb", "c+d&e"}, "pageToken": {""}}.Encode()
	orders := "/api/catalog/v1/lake/namespaces/sales/tables/orders"
	for _, test := range []struct {
		file   string
		packed bool
		want   asked
	}{
		{"rest-load.json", false, asked{Method: "GET", Path: "/api/catalog/v1/lake/namespaces/sales%1Feu%2Fwest/tables/caf%C3%A9%20100%25", Query: query, Host: restHost,
			Header: http.Header{"X-Iceberg-Access-Delegation": {"vended-credentials,remote-signing"}, "If-None-Match": {`W/"1"`, `W/"2"`},
				"Accept-Encoding": {"gzip, deflate, br"}, "X-Request-Id": {"11111111-2222-4333-8444-555555555555"}}}},
		{"rest-commit.json", false, asked{Method: "POST", Path: orders, Host: restHost, Body: commit, Length: int64(len(commit)),
			Header: http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {"from-the-client"}}}},
		{"rest-commit-binary.json", true, asked{Method: "POST", Path: orders, Host: restHost, Body: commit,
			Header: http.Header{"Content-Encoding": {"gzip"}}}},
		{"http-load.json", false, asked{Method: "GET", Path: "/api/catalog/v1/lake/namespaces/sales%1Feu/tables/caf%C3%A9%20100%25", Query: query, Host: httpHost,
			Header: http.Header{"X-Iceberg-Access-Delegation": {"vended-credentials,remote-signing"}, "If-None-Match": {`W/"1",W/"2"`},
				"Cookie": {"a=1; b=2"}, "X-Request-Id": {"VBx3hjF5liAEJbQ="}}}},
		{"http-load-1.json", false, asked{Method: "GET", Path: "/api/catalog/v1/lake/namespaces/sales%1Feu/tables/caf%C3%A9%20100%25", Query: "snapshots=refs", Host: httpHost,
			Header: http.Header{"Accept": {"*/*"}}}},
		{"http-commit-binary.json", true, asked{Method: "POST", Path: orders, Host: httpHost, Body: commit,
			Header: http.Header{"Content-Encoding": {"gzip"}, "Cookie": nil}}},
		{"url-load.json", false, asked{Method: "GET", Path: "/api/catalog/v1/lake/namespaces/sales%1Feu%2Fwest/tables/caf%C3%A9%20100%25", Query: query, Host: urlHost,
			Header: http.Header{"X-Iceberg-Access-Delegation": {"vended-credentials,remote-signing"}, "If-None-Match": {`W/"1",W/"2"`},
				"Cookie": {"a=1; b=2"}, "X-Request-Id": {"22222222-3333-4444-8555-666666666666"}}}},
		{"url-commit-binary.json", true, asked{Method: "POST", Path: orders, Host: urlHost, Body: commit,
			Header: http.Header{"Content-Type": {"application/json"}}}},
	} {
		t.Run(test.file, func(t *testing.T) {
			got, _ := ask(t, event(t, test.file), nil)
			if bearer := got.Header.Get("Authorization"); bearer != "Bearer header.claims.signature" {
				t.Errorf("Authorization: got %q", bearer)
			}
			if host := got.Header["Host"]; host != nil {
				t.Errorf("Host is in the headers: %q", host)
			}
			for name := range got.Header {
				if _, ok := test.want.Header[name]; !ok {
					delete(got.Header, name)
				}
			}
			for name, values := range test.want.Header {
				if values == nil {
					delete(test.want.Header, name)
				}
			}
			if test.packed {
				if got.Length != int64(len(got.Body)) {
					t.Errorf("length: got %d, want %d", got.Length, len(got.Body))
				}
				got.Body, got.Length = unpacked(t, got.Body), 0
			}
			if diff := cmp.Diff(got, test.want); diff != "" {
				t.Errorf("got (-), want (+):\n%s", diff)
			}
		})
	}
}

func unpacked(t *testing.T, text string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPaths(t *testing.T) {
	for _, test := range []struct {
		name, file, stage, base, path string
		want                          string // empty: 400
	}{
		{"an escaped slash", "rest-load.json", "firn", "", "/api/a%2fb%2F", "/api/a%2fb%2F"},
		{"an escaped escape", "rest-load.json", "firn", "", "/api/a%2520b%25", "/api/a%2520b%25"},
		{"escaped and not", "rest-load.json", "firn", "", "/api/a%2Fb|c\"d é", "/api/a%2Fb%7Cc%22d%20%C3%A9"},
		{"doubled and trailing slashes", "rest-load.json", "firn", "", "//api//a/", "//api//a/"},
		{"all that a path may hold", "rest-load.json", "firn", "", "/-._~!$&'()*+,;=:@09azAZ", "/-._~!$&'()*+,;=:@09azAZ"},
		{"dots", "rest-load.json", "firn", "", "/api/../a/./b", "/api/../a/./b"},
		{"the root", "rest-load.json", "firn", "", "/", "/"},
		{"no path", "rest-load.json", "firn", "", "", "/"},
		{"a question mark and a hash", "rest-load.json", "firn", "", "/a?b#c", "/a%3Fb%23c"},
		{"a lone percent sign", "rest-load.json", "firn", "", "/api/100%", ""},
		{"a percent sign without digits", "rest-load.json", "firn", "", "/api/%1G", ""},
		{"a control character", "rest-load.json", "firn", "", "/api/a\x1fb", ""},
		{"delete", "rest-load.json", "firn", "", "/api/a\x7fb", ""},

		{"Function URL: escaped", "url-load.json", "$default", "", "/api/a%2Fb%1F%25", "/api/a%2Fb%1F%25"},
		{"Function URL: a lone percent sign", "url-load.json", "$default", "", "/api/100%", ""},
		{"Function URL: a control character", "url-load.json", "$default", "", "/api/a\x1fb", ""},

		{"HTTP API: decoded", "http-load.json", "$default", "", "/api/a\x1fb\x7f λ?#", "/api/a%1Fb%7F%20%CE%BB%3F%23"},
		{"HTTP API: percent signs", "http-load.json", "$default", "", "/api/100%/%1/%g0/%0g/%", "/api/100%25/%251/%25g0/%250g/%25"},
		{"HTTP API: what looks escaped", "http-load.json", "$default", "", "/api/a%1fb%2F", "/api/a%1fb%2F"},
		{"HTTP API, old payload: decoded", "http-load-1.json", "$default", "", "/api/a\x1fb%", "/api/a%1Fb%25"},

		{"a stage", "http-load.json", "firn", "", "/firn/api/a", "/api/a"},
		{"a stage alone", "http-load.json", "firn", "", "/firn", "/"},
		{"a stage, old payload", "http-load-1.json", "firn", "", "/firn/api/a", "/api/a"},
		{"a stage once", "http-load.json", "firn", "", "/firn/firn/a", "/firn/a"},
		{"a longer segment than the stage", "http-load.json", "firn", "", "/firnify/a", "/firnify/a"},
		{"no stage in the path", "rest-load.json", "firn", "", "/api/firn/a", "/api/firn/a"},
		{"no stage", "rest-load.json", "", "", "//api/a", "//api/a"},
		{"the stage of a domain without one", "rest-custom-domain.json", "firn", "", "/firn/api/a", "/api/a"},

		{"a base path", "rest-custom-domain.json", "firn", "/lake", "/lake/api/a", "/api/a"},
		{"a base path without a slash", "rest-custom-domain.json", "firn", "lake/", "/lake/api/a", "/api/a"},
		{"a base path of two segments", "rest-custom-domain.json", "firn", "/data/lake", "/data/lake/api/a", "/api/a"},
		{"a base path and a stage", "rest-custom-domain.json", "firn", "lake", "/lake/firn/api/a", "/api/a"},
		{"a base path alone", "rest-custom-domain.json", "firn", "lake", "/lake", "/"},
		{"a longer segment than the base path", "rest-custom-domain.json", "firn", "lake", "/lakes/a", "/lakes/a"},
		{"another base path", "rest-custom-domain.json", "firn", "lake", "/api/lake/a", "/api/lake/a"},
		{"a base path of slashes", "rest-custom-domain.json", "firn", "/", "/lake/api/a", "/lake/api/a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			member := "rawPath"
			if strings.HasPrefix(test.file, "rest") || strings.HasSuffix(test.file, "-1.json") {
				member = "path"
			}
			payload := event(t, test.file, member, test.path, "requestContext.stage", test.stage)
			got, answer := ask(t, payload, func(c *lambdahttp.Config) { c.BasePath = test.base })
			if got.Path != test.want {
				t.Errorf("path: got %q, want %q", got.Path, test.want)
			}
			if test.want == "" {
				if e := refused(t, answer); answer.Status != 400 || e.Error.Message != "The path is not valid percent-encoding" {
					t.Errorf("got %d %+v", answer.Status, e)
				}
			}
		})
	}
}

func TestWhatTheGatewaySendsOtherwise(t *testing.T) {
	none := map[string]any(nil)
	for _, test := range []struct {
		name    string
		payload []byte
		right   func(asked) bool
	}{
		{"no headers by many values", event(t, "rest-load.json", "multiValueHeaders", map[string]any{}), func(a asked) bool {
			return a.Header.Get("If-None-Match") == `W/"2"` && a.Header.Get("Authorization") != ""
		}},
		{"no headers", event(t, "url-load.json", "headers", none, "cookies", nil), func(a asked) bool { return len(a.Header) == 1 && strings.Contains(a.Host, ".lambda-url.") }},
		{"no query by many values", event(t, "rest-load.json", "multiValueQueryStringParameters", none), func(a asked) bool { return a.Query == "pageToken=&parent=c%2Bd%26e&snapshots=refs" }},
		{"no query", event(t, "http-load.json", "rawQueryString", ""), func(a asked) bool { return a.Query == "" }},
		{"two tokens", event(t, "rest-load.json", "multiValueHeaders.Authorization", []string{"Bearer a", "Bearer b"}), func(a asked) bool { return len(a.Header["Authorization"]) == 2 }},
		{"another case", event(t, "rest-load.json", "multiValueHeaders", map[string]any{"x-request-id": []string{"mine"}}), func(a asked) bool { return a.Header.Get("X-Request-Id") == "mine" }},
		{"an empty request id", event(t, "rest-load.json", "multiValueHeaders", map[string]any{"x-request-id": []string{""}}), func(a asked) bool { return a.Header.Get("X-Request-Id") == "11111111-2222-4333-8444-555555555555" }},
		{"no request id", event(t, "rest-load.json", "requestContext.requestId", ""), func(a asked) bool { _, ok := a.Header["X-Request-Id"]; return !ok }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, _ := ask(t, test.payload, nil); !test.right(got) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestTheInvocationReachesTheHandler(t *testing.T) {
	var got *http.Request
	a, _ := adapter(func(_ http.ResponseWriter, r *http.Request) { got = r }, nil)
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "invocation"})
	for _, test := range []struct {
		file, id, want string
	}{
		{"rest-load.json", "", "invocation"}, {"url-load.json", "", "invocation"}, {"http-load.json", "gateway", "gateway"},
	} {
		if _, err := a.Handle(ctx, event(t, test.file, "requestContext.requestId", test.id)); err != nil {
			t.Fatal(err)
		}
		if id := got.Header.Get("X-Request-Id"); id != test.want {
			t.Errorf("%s: request id: got %q, want %q", test.file, id, test.want)
		}
		if d, ok := got.Context().Deadline(); !ok || !d.Equal(deadline) {
			t.Errorf("%s: deadline: got %v, want %v", test.file, d, deadline)
		}
	}
}

func TestWhatIsNoRequest(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	a, _ := adapter(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }, nil)
	for _, file := range files {
		payload := event(t, strings.TrimPrefix(file, "testdata/"))
		got, err := a.Handle(t.Context(), json.RawMessage(payload))
		if err == nil || got != nil {
			t.Errorf("%s: got %v, %v, want an error", file, got, err)
			continue
		}
		if !strings.Contains(err.Error(), "the event is no request of a REST API, an HTTP API or a Function URL") {
			t.Errorf("%s: got %q", file, err)
		}
	}
}

// The address is the connection's, as the gateway saw it, and not what a client claims.
func TestTheAddressIsTheConnections(t *testing.T) {
	for _, file := range []string{"rest-load.json", "http-load.json", "http-load-1.json", "url-load.json"} {
		t.Run(file, func(t *testing.T) {
			var got string
			a, _ := adapter(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }, nil)
			if _, err := a.Handle(t.Context(), event(t, file)); err != nil {
				t.Fatal(err)
			}
			if got != "192.0.2.1" {
				t.Errorf("got %q, want the address of the event", got)
			}
		})
	}
}
