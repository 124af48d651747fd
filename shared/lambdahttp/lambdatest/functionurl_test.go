//go:build unix

package lambdatest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"firn/shared/lambdahttp/lambdatest"
)

func TestARequestBecomesAnEventOfAFunctionURL(t *testing.T) {
	d := deploy(t, lambdatest.Config{FunctionURL: true}, lambdatest.Function{})
	host := strings.TrimPrefix(d.url, "http://")
	g := d.send(t, http.MethodPost, "/capture/space%20value%1F?repeat=one&repeat=two&encodedPlus=a%2Bb&empty=", http.Header{
		"Content-Type": {"application/json"}, "X-Probe": {"first", "second"}, "Cookie": {"session=abc123; theme=dark"}, "User-Agent": {"curl/8.7.1"},
	}, `{"m":"λ"}`)
	var event map[string]any
	if err := json.Unmarshal([]byte(g.body), &event); err != nil {
		t.Fatalf("%v: %d %s", err, g.status, g.body)
	}
	inner := event["requestContext"].(map[string]any)
	for _, volatile := range []string{"requestId", "time", "timeEpoch", "apiId", "domainPrefix"} {
		if inner[volatile] == nil {
			t.Errorf("got no %s", volatile)
		}
		delete(inner, volatile)
	}
	compareJSON(t, event, `{
		"version": "2.0", "routeKey": "$default", "rawPath": "/capture/space%20value%1F",
		"rawQueryString": "repeat=one&repeat=two&encodedPlus=a%2Bb&empty=", "cookies": ["session=abc123", "theme=dark"],
		"headers": {"content-length": "10", "content-type": "application/json", "cookie": "session=abc123; theme=dark", "host": "`+host+`",
			"user-agent": "curl/8.7.1", "x-amzn-trace-id": "`+g.header.Get("X-Amzn-Trace-Id")+`", "x-forwarded-for": "127.0.0.1",
			"x-forwarded-port": "443", "x-forwarded-proto": "https", "x-probe": "first,second"},
		"queryStringParameters": {"empty": "", "encodedPlus": "a+b", "repeat": "one,two"},
		"requestContext": {"accountId": "anonymous", "domainName": "`+host+`",
			"http": {"method": "POST", "path": "/capture/space value\u001f", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "curl/8.7.1"},
			"routeKey": "$default", "stage": "$default"},
		"body": "{\"m\":\"λ\"}", "isBase64Encoded": false
	}`)
}

func TestFunctionURLsGiveBodiesThatAreNoTextInBase64(t *testing.T) {
	d := deploy(t, lambdatest.Config{FunctionURL: true}, lambdatest.Function{})
	for contentType, want := range map[string]string{
		"application/json; charset=utf-8": "a=b", "text/csv": "a=b", "application/x-www-form-urlencoded": "YT1i", "application/gzip": "YT1i", "": "YT1i",
	} {
		var event struct {
			Body            string
			IsBase64Encoded bool
		}
		g := d.send(t, http.MethodPost, "/", http.Header{"Content-Type": {contentType}}, "a=b")
		if err := json.Unmarshal([]byte(g.body), &event); err != nil {
			t.Fatal(err)
		}
		if event.Body != want || event.IsBase64Encoded != (want == "YT1i") {
			t.Errorf("got %+v for %q, want %s", event, contentType, want)
		}
	}
}

func TestAnAnswerBecomesAResponseOfAFunctionURL(t *testing.T) {
	d := deploy(t, lambdatest.Config{FunctionURL: true}, lambdatest.Function{})
	for _, row := range []struct {
		name, payload string
		status        int
		header        http.Header
		body          string
	}{
		{"status, headers and cookies", `{"statusCode":201,"headers":{"content-type":"text/plain","WWW-Authenticate":"x"},"cookies":["a=1","b=2"],"body":"hi"}`, 201,
			http.Header{"Content-Type": {"text/plain"}, "Set-Cookie": {"a=1", "b=2"}, "X-Amzn-Remapped-Www-Authenticate": {"x"}}, "hi"},
		{"bytes need no configuration", `{"statusCode":200,"isBase64Encoded":true,"body":"H4sA/w=="}`, 200, nil, "\x1f\x8b\x00\xff"},
		{"anything without a status is a body", `{"a":1}`, 200, http.Header{"Content-Type": {"application/json"}}, `{"a":1}`},
		{"a text, too", `"x"`, 200, nil, `"x"`},
		{"no JSON", `x`, 502, http.Header{"Content-Type": {"text/plain"}}, "Internal Server Error"},
		{"no base64", `{"statusCode":200,"isBase64Encoded":true,"body":"{"}`, 502, nil, "Internal Server Error"},
		{"a status out of range", `{"statusCode":1000}`, 502, nil, "Internal Server Error"},
		{"a body that is no text", `{"statusCode":200,"body":{}}`, 502, nil, "Internal Server Error"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d.wantResponse(t, http.Header{"Content-Type": {"text/plain"}}, row.payload, row.status, row.header, row.body)
		})
	}
}

func TestWhatAFunctionURLAnswersOnItsOwn(t *testing.T) {
	d := deploy(t, lambdatest.Config{FunctionURL: true}, lambdatest.Function{})
	const tooLarge = `{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}`
	for _, row := range []struct {
		name, path, body string
		status           int
		kind, want       string
	}{
		{"no such resource", "/nowhere", "", 403, "AccessDeniedException", `{"Message":"Forbidden"}`},
		{"no function", "/ghost", "", 403, "AccessDeniedException", `{"Message":"Forbidden"}`},
		{"a function that fails", "/error", "", 502, "", "Internal Server Error"},
		{"an event beyond 6 MB", "/size", strings.Repeat("x", 6<<20), 413, "RequestEntityTooLargeException", tooLarge},
		{"a body beyond every limit", "/size", strings.Repeat("x", 10<<20+1), 413, "RequestEntityTooLargeException", tooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := d.send(t, http.MethodPost, row.path, nil, row.body)
			if g.status != row.status || g.header.Get("x-amzn-ErrorType") != row.kind || g.body != row.want {
				t.Errorf("got %d %s %s, want %d %s %s", g.status, g.header.Get("x-amzn-ErrorType"), g.body, row.status, row.kind, row.want)
			}
		})
	}
}
