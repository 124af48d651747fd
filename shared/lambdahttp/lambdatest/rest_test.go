//go:build unix

package lambdatest_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/lambdahttp/lambdatest"
)

var everything = lambdatest.Config{BinaryMediaTypes: []string{"*/*"}}

func TestARequestBecomesAnEventOfARESTAPI(t *testing.T) {
	d := deploy(t, lambdatest.Config{Stage: "live"}, lambdatest.Function{})
	host := strings.TrimSuffix(strings.TrimPrefix(d.url, "http://"), "/live")
	g := d.send(t, http.MethodPost,
		"/capture/space%20value?repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&literalPlus=a+b&encodedPlus=a%2Bb&empty=",
		http.Header{
			"Content-Type": {"application/json"}, "X-Voker-Probe": {"first", "second"}, "Cookie": {"session=abc123; theme=dark"},
			"User-Agent": {"curl/8.7.1"}, "X-Forwarded-For": {"10.0.0.1"}, "Accept": {"*/*"}, "Te": {"trailers"},
			"Authorization": {"AWS4-HMAC-SHA256 Credential=x"}, "X-Amzn-Trace-Id": {"Root=of-the-client"},
		}, `{"unicode":"lambda-λ<>"}`)
	var event map[string]any
	if err := json.Unmarshal([]byte(g.body), &event); err != nil {
		t.Fatalf("%v: %d %s", err, g.status, g.body)
	}
	inner := event["requestContext"].(map[string]any)
	if inner["requestId"] != g.header.Get("x-amzn-RequestId") || len(inner["requestId"].(string)) != 36 {
		t.Errorf("got request id %v, want that of the response, %s", inner["requestId"], g.header.Get("x-amzn-RequestId"))
	}
	trace := g.header.Get("X-Amzn-Trace-Id")
	for _, volatile := range []string{"requestId", "requestTime", "requestTimeEpoch", "apiId", "domainPrefix"} {
		if inner[volatile] == nil {
			t.Errorf("got no %s", volatile)
		}
		delete(inner, volatile)
	}
	// The shape is that of a capture from AWS.
	want := `{
		"resource": "/{proxy+}", "path": "/capture/space%20value", "httpMethod": "POST",
		"headers": {"Host": "` + host + `", "User-Agent": "curl/8.7.1", "X-Amzn-Trace-Id": "` + trace + `", "X-Forwarded-For": "10.0.0.1, 127.0.0.1",
			"X-Forwarded-Port": "443", "X-Forwarded-Proto": "https", "accept": "*/*", "content-type": "application/json",
			"cookie": "session=abc123; theme=dark", "x-voker-probe": "second"},
		"multiValueHeaders": {"Host": ["` + host + `"], "User-Agent": ["curl/8.7.1"], "X-Amzn-Trace-Id": ["` + trace + `"], "X-Forwarded-For": ["10.0.0.1, 127.0.0.1"],
			"X-Forwarded-Port": ["443"], "X-Forwarded-Proto": ["https"], "accept": ["*/*"], "content-type": ["application/json"],
			"cookie": ["session=abc123; theme=dark"], "x-voker-probe": ["first", "second"]},
		"queryStringParameters": {"empty": "", "encodedPlus": "a+b", "literalPlus": "a b", "redirect": "https://example.com/a/b", "repeat": "two"},
		"multiValueQueryStringParameters": {"empty": [""], "encodedPlus": ["a+b"], "literalPlus": ["a b"], "redirect": ["https://example.com/a/b"], "repeat": ["one", "two"]},
		"pathParameters": {"proxy": "capture/space%20value"}, "stageVariables": null,
		"requestContext": {"accountId": "123456789012", "domainName": "` + host + `", "httpMethod": "POST",
			"identity": {"accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null,
				"cognitoIdentityId": null, "cognitoIdentityPoolId": null, "principalOrgId": null, "sourceIp": "127.0.0.1", "user": null,
				"userAgent": "curl/8.7.1", "userArn": null},
			"path": "/live/capture/space%20value", "protocol": "HTTP/1.1", "resourceId": "a1b2c3", "resourcePath": "/{proxy+}", "stage": "live"},
		"body": "{\"unicode\":\"lambda-λ<>\"}", "isBase64Encoded": false
	}`
	compareJSON(t, event, want)
}

func TestPathsStayEncodedAndLoseTheStage(t *testing.T) {
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{})
	for _, row := range []struct{ sent, path, whole string }{
		{"/ns/a%1Fb/tables/t", "/ns/a%1Fb/tables/t", "/firn/ns/a%1Fb/tables/t"},
		{"/ns/a%2Fb", "/ns/a%2Fb", "/firn/ns/a%2Fb"},
		{"/ns/100%25", "/ns/100%25", "/firn/ns/100%25"},
		{"/ns/%252F", "/ns/%252F", "/firn/ns/%252F"},
		{"/ns/a%3Fb%23c", "/ns/a%3Fb%23c", "/firn/ns/a%3Fb%23c"},
		{"/ns/%CE%BB-%e4%b8%96", "/ns/%CE%BB-%e4%b8%96", "/firn/ns/%CE%BB-%e4%b8%96"},
		{"/ns/+plus", "/ns/+plus", "/firn/ns/+plus"},
		{"//ns/./a/../b/", "//ns/./a/../b/", "/firn//ns/./a/../b/"},
		{"/firn/firn", "/firn/firn", "/firn/firn/firn"},
		{"/", "/", "/firn/"},
		{"", "/", "/firn"},
	} {
		t.Run(row.sent, func(t *testing.T) {
			g := d.get(t, row.sent)
			var event struct {
				Path           string
				RequestContext struct{ Path string }
				Query          any `json:"multiValueQueryStringParameters"`
				Body           any
			}
			if err := json.Unmarshal([]byte(g.body), &event); err != nil {
				t.Fatalf("%v: %d %s", err, g.status, g.body)
			}
			if event.Path != row.path || event.RequestContext.Path != row.whole {
				t.Errorf("got %s in %s, want %s in %s", event.Path, event.RequestContext.Path, row.path, row.whole)
			}
			if event.Query != nil || event.Body != nil {
				t.Errorf("got query %v and body %v, want null", event.Query, event.Body)
			}
		})
	}
}

func TestQueriesAreDecodedOnce(t *testing.T) {
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{})
	for sent, want := range map[string]string{
		"a=%2525":       `{"a":["%25"]}`,
		"a=1;b=2":       `{"a":["1"],"b":["2"]}`,
		"a=%1F&a=%2F":   `{"a":["\u001f","/"]}`,
		"a&b=%zz":       `{"a":[""]}`,
		"pageToken=%3D": `{"pageToken":["="]}`,
	} {
		var event map[string]any
		if err := json.Unmarshal([]byte(d.get(t, "/?"+sent).body), &event); err != nil {
			t.Fatal(err)
		}
		compareJSON(t, event["multiValueQueryStringParameters"], want)
	}
}

func TestBodiesOfBinaryMediaTypesComeInBase64(t *testing.T) {
	for _, row := range []struct {
		name        string
		binary      []string
		contentType string
		body        string
		encoded     bool
		want        any
	}{
		{"a text", nil, "application/json", "{}", false, "{}"},
		{"every type", []string{"*/*"}, "application/json", "{}", true, "e30="},
		{"no type counts as JSON", []string{"application/json"}, "", "{}", true, "e30="},
		{"a type with parameters", []string{"image/*"}, "image/PNG; q=1", "\xff\x00", true, "/wA="},
		{"another type", []string{"image/*"}, "text/plain", "x", false, "x"},
		{"bytes as text are lost", nil, "application/gzip", "\x1f\x8b", false, "\x1f\ufffd"},
		{"none", []string{"*/*"}, "application/json", "", false, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := deploy(t, lambdatest.Config{BinaryMediaTypes: row.binary}, lambdatest.Function{})
			g := d.send(t, http.MethodPost, "/", http.Header{"Content-Type": {row.contentType}}, row.body)
			var event map[string]any
			if err := json.Unmarshal([]byte(g.body), &event); err != nil {
				t.Fatal(err)
			}
			if event["body"] != row.want || event["isBase64Encoded"] != row.encoded {
				t.Errorf("got %q, %v, want %q, %v", event["body"], event["isBase64Encoded"], row.want, row.encoded)
			}
		})
	}
}

func TestAnAnswerBecomesAResponseOfARESTAPI(t *testing.T) {
	d := deploy(t, everything, lambdatest.Function{})
	text := deploy(t, lambdatest.Config{}, lambdatest.Function{})
	images := deploy(t, lambdatest.Config{BinaryMediaTypes: []string{"image/png"}}, lambdatest.Function{})
	for _, row := range []struct {
		name, payload string
		from          deployed
		accept        string
		status        int
		header        http.Header // some of them
		body          string
	}{
		{name: "status and body", payload: `{"statusCode":404,"body":"none"}`, status: 404, body: "none", header: http.Header{"Content-Type": {"application/json"}}},
		{name: "a status as text", payload: `{"statusCode":"201"}`, status: 201},
		{name: "headers", payload: `{"statusCode":200,"headers":{"content-type":"text/plain","etag":"\"x\""}}`, status: 200,
			header: http.Header{"Content-Type": {"text/plain"}, "Etag": {`"x"`}}},
		{name: "several values", payload: `{"statusCode":200,"multiValueHeaders":{"Set-Cookie":["a=1","b=2"]},"headers":{"set-cookie":"b=2"}}`, status: 200,
			header: http.Header{"Set-Cookie": {"a=1", "b=2"}}},
		{name: "values of both maps", payload: `{"statusCode":200,"multiValueHeaders":{"Vary":["a"]},"headers":{"Vary":"b"}}`, status: 200,
			header: http.Header{"Vary": {"a", "b"}}},
		{name: "remapped headers", payload: `{"statusCode":401,"headers":{"WWW-Authenticate":"Bearer","Authorization":"x","Content-MD5":"y","User-Agent":"z","Server":"s","Date":"d","Content-Length":"9"}}`, status: 401,
			header: http.Header{"X-Amzn-Remapped-Www-Authenticate": {"Bearer"}, "X-Amzn-Remapped-Authorization": {"x"}, "X-Amzn-Remapped-Content-Md5": {"y"},
				"X-Amzn-Remapped-User-Agent": {"z"}, "X-Amzn-Remapped-Server": {"s"}, "X-Amzn-Remapped-Date": {"d"}, "X-Amzn-Remapped-Content-Length": {"9"},
				"Www-Authenticate": nil, "Authorization": nil, "Content-Md5": nil, "Content-Length": {"0"}}},
		{name: "dropped headers", payload: `{"statusCode":200,"headers":{"Transfer-Encoding":"x","Upgrade":"y","Trailer":"z","Host":"h"}}`, status: 200,
			header: http.Header{"Transfer-Encoding": nil, "Upgrade": nil, "Trailer": nil, "Host": nil}},
		{name: "bytes", payload: `{"statusCode":200,"isBase64Encoded":true,"body":"H4sA/w==","headers":{"Content-Encoding":"gzip"}}`, status: 200, body: "\x1f\x8b\x00\xff"},
		{name: "bytes of an API without binary types", from: text, payload: `{"statusCode":200,"isBase64Encoded":true,"body":"H4sA/w=="}`, status: 200, body: "H4sA/w=="},
		{name: "bytes whose type the client accepts first", from: images, accept: "image/png;q=1, */*", payload: `{"statusCode":200,"isBase64Encoded":true,"body":"/w=="}`, status: 200, body: "\xff"},
		{name: "bytes whose type the client accepts second", from: images, accept: "text/html, image/png", payload: `{"statusCode":200,"isBase64Encoded":true,"body":"/w=="}`, status: 200, body: "/w=="},
		{name: "no base64", payload: `{"statusCode":200,"isBase64Encoded":true,"body":"{"}`, status: 500, body: internal},
		{name: "no JSON", payload: `x`, status: 502, body: internal},
		{name: "null", payload: `null`, status: 502, body: internal},
		{name: "a list", payload: `[]`, status: 502, body: internal},
		{name: "no status", payload: `{"body":"x"}`, status: 502, body: internal},
		{name: "a name in another case", payload: `{"StatusCode":200}`, status: 502, body: internal},
		{name: "an unknown member", payload: `{"statusCode":200,"cookies":[]}`, status: 502, body: internal},
		{name: "a body that is no text", payload: `{"statusCode":200,"body":{}}`, status: 502, body: internal},
		{name: "a status too low", payload: `{"statusCode":99}`, status: 502, body: internal},
		{name: "a status too high", payload: `{"statusCode":600}`, status: 502, body: internal},
		{name: "a status that is no whole number", payload: `{"statusCode":200.5}`, status: 502, body: internal},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.from.Gateway == nil {
				row.from = d
			}
			h := http.Header{}
			if row.accept != "" {
				h.Set("Accept", row.accept)
			}
			row.from.wantResponse(t, h, row.payload, row.status, row.header, row.body)
		})
	}
}

// wantResponse lets the function answer with the payload.
func (d deployed) wantResponse(t *testing.T, sent http.Header, payload string, status int, header http.Header, body string) {
	t.Helper()
	g := d.send(t, http.MethodPost, "/reply", sent, payload)
	if g.status != status || g.body != body {
		t.Errorf("got %d %q, want %d %q", g.status, g.body, status, body)
	}
	for name, want := range header {
		if diff := cmp.Diff(want, http.Header(g.header)[name]); diff != "" {
			t.Errorf("header %s (-want +got):\n%s", name, diff)
		}
	}
}

func TestWhatTheRESTAPIAnswersOnItsOwn(t *testing.T) {
	d := deploy(t, everything, lambdatest.Function{})
	base := d
	base.url = strings.TrimSuffix(d.url, "/firn")
	for _, row := range []struct {
		name       string
		from       deployed
		path, body string
		status     int
		kind, want string
	}{
		{"no such resource", d, "/nowhere", "", 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"no such resource by its encoded path", d, "/no%2Fwhere", "", 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"another stage", base, "/live/x", "", 403, "ForbiddenException", `{"message":"Forbidden"}`},
		{"a longer stage", base, "/firnx", "", 403, "ForbiddenException", `{"message":"Forbidden"}`},
		{"no function", d, "/ghost", "", 500, "InternalServerErrorException", internal},
		{"a function that fails", d, "/error", "", 502, "InternalServerErrorException", internal},
		{"a body beyond 10 MB", d, "/size", strings.Repeat("x", 10<<20+1), 413, "", "HTTP content length exceeded 10485760 bytes."},
		{"an event beyond 6 MB", d, "/size", strings.Repeat("x", 10<<20), 413, "RequestEntityTooLargeException", `{"message":"Request Too Long"}`},
		{"an event just beyond 6 MB", d, "/size", strings.Repeat("x", 6<<20/4*3), 413, "RequestEntityTooLargeException", `{"message":"Request Too Long"}`},
		{"an event of almost 6 MB", d, "/size", strings.Repeat("x", 6<<20/4*3-3000), 200, "", strconv.Itoa(6<<20/4*3 - 3000)},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := row.from.send(t, http.MethodPost, row.path, nil, row.body)
			if g.status != row.status || g.header.Get("x-amzn-ErrorType") != row.kind || g.body != row.want {
				t.Errorf("got %d %s %.200s, want %d %s %.200s", g.status, g.header.Get("x-amzn-ErrorType"), g.body, row.status, row.kind, row.want)
			}
		})
	}
}

func TestTheLargestEventAndAnswerPass(t *testing.T) {
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{Timeout: 20 * time.Second})
	if g := d.send(t, http.MethodPost, "/size", nil, strings.Repeat("<", 5<<20)); g.status != 200 { // no byte becomes six
		t.Errorf("got %d for a text of 5 MB, want 200", g.status)
	}
	most := 6<<20 + 100 - len(`{"body":"","statusCode":200}`)
	if g := d.get(t, "/big/"+strconv.Itoa(most)); g.status != 200 || len(g.body) != most {
		t.Errorf("got %d with %d bytes, want 200 with %d", g.status, len(g.body), most)
	}
	if g := d.get(t, "/big/"+strconv.Itoa(most+1)); g.status != 502 {
		t.Errorf("got %d for a byte more, want 502", g.status)
	}
}

// compareJSON compares a decoded value with JSON text.
func compareJSON(t *testing.T, got any, want string) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
