package rest_test

import (
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"firn/shared/rest"
)

func TestBodies(t *testing.T) {
	const made = `{"name":"a","parts":null,"inner":{"size":0}}`
	tooBig := `{"name":"` + strings.Repeat("x", 1000) + `"}`
	nested := func(depth int) string {
		return `{"x":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `,"name":"a"}`
	}
	deep := func(c *rest.Config) { c.MaxBody = 10_000 }
	json := func(message string) string { return refusal(400, "WebApplicationException", message) }
	unmatched := refusal(415, "NotSupportedException", "The content-type header value did not match the value in @Consumes")
	const missing = "The request needs a JSON body"
	for _, test := range []struct {
		name    string
		line    string
		body    string
		headers []string
		change  func(*rest.Config)
		status  int
		want    string
	}{
		{name: "an object", line: "POST /api/zoo/things", body: `{"name":"a"}`, status: 201, want: made},
		{name: "space around it", line: "POST /api/zoo/things", body: " {\"name\":\"a\"}\n ", status: 201, want: made},
		{name: "an unknown field", line: "POST /api/zoo/things", body: `{"name":"a","more":[{}]}`, status: 201, want: made},
		{name: "no body", line: "POST /api/zoo/things", status: 400, want: json(missing)},
		{name: "blank body", line: "POST /api/zoo/things", body: " \n", status: 400, want: json(missing)},
		{name: "null", line: "POST /api/zoo/things", body: "null", status: 400, want: json(missing)},
		{name: "no body where it is optional", line: "PUT /api/zoo/things", status: 200, want: `"nothing"`},
		{name: "null where it is optional", line: "PUT /api/zoo/things", body: "null", status: 200, want: `"nothing"`},
		{name: "a body where it is optional", line: "PUT /api/zoo/things", body: `{"name":"a"}`, status: 201, want: made},
		{name: "a bad body where it is optional", line: "PUT /api/zoo/things", body: `{`, status: 400, want: json("Invalid JSON: unexpected end of JSON input")},
		{name: "cut off", line: "POST /api/zoo/things", body: `{"name":`, status: 400, want: json("Invalid JSON: unexpected end of JSON input")},
		{name: "trailing text", line: "POST /api/zoo/things", body: `{} x`, status: 400, want: json("Invalid JSON: invalid character 'x' after top-level value")},
		{name: "a byte order mark", line: "POST /api/zoo/things", body: "\ufeff{}", status: 400, want: json("Invalid JSON: invalid character 'ï' looking for beginning of value")},
		{name: "a list", line: "POST /api/zoo/things", body: `[]`, status: 400, want: json("Invalid JSON: array is of the wrong type")},
		{name: "a field of the wrong type", line: "POST /api/zoo/things", body: `{"inner":{"size":"x"}}`, status: 400,
			want: json("Invalid JSON: string is of the wrong type for inner.size")},
		{name: "a number that does not fit", line: "POST /api/zoo/things", body: `{"inner":{"size":1.5}}`, status: 400,
			want: json("Invalid JSON: number 1.5 is of the wrong type for inner.size")},
		{name: "not UTF-8", line: "POST /api/zoo/things", body: "{\"name\":\"\xff\"}", status: 400, want: json("Invalid JSON: not UTF-8")},
		{name: "nested as deep as may be", line: "POST /api/zoo/things", body: nested(1000), change: deep, status: 201, want: made},
		{name: "nested too deep", line: "POST /api/zoo/things", body: nested(1001), change: deep, status: 400, want: json("Invalid JSON: nested deeper than 1000")},
		{name: "wide, not deep", line: "POST /api/zoo/things", body: `{"x":[[]` + strings.Repeat(",[]", 1001) + `],"name":"a"}`, change: deep, status: 201, want: made},
		{name: "brackets in a string", line: "POST /api/zoo/things", body: `{"x":"\"` + strings.Repeat("[", 1001) + `","name":"a"}`, change: deep, status: 201, want: made},
		{name: "a type that refuses by itself", line: "POST /api/zoo/picky", body: `{}`, status: 400,
			want: refusal(400, "IllegalArgumentException", "Cannot parse missing field: schema")},

		{name: "too large", line: "POST /api/zoo/things", body: tooBig, status: 413},
		{name: "as large as may be", line: "POST /api/zoo/things", body: strings.Repeat(" ", 988) + `{"name":"a"}`, status: 201, want: made},
		{name: "one byte too large", line: "POST /api/zoo/things", body: strings.Repeat(" ", 989) + `{"name":"a"}`, status: 413},
		{name: "more than a kilobyte, where nobody set a limit", line: "POST /api/zoo/things", body: strings.Repeat(" ", 1000) + `{"name":"a"}`,
			change: func(c *rest.Config) { c.MaxBody = 0 }, status: 201, want: made},
		{name: "as large as the operation takes", line: "POST /api/zoo/small", body: strings.Repeat(" ", 8) + `{"name":"a"}`, status: 201, want: made},
		{name: "larger than the operation takes", line: "POST /api/zoo/small", body: strings.Repeat(" ", 9) + `{"name":"a"}`, status: 413},
		{name: "larger than the door takes, where the operation takes more", line: "POST /api/zoo/tall", body: tooBig, status: 413},
		{name: "too large for a form", line: "POST /api/zoo/form", body: "a=" + tooBig, status: 413},
		{name: "a body nobody reads", line: "GET /api/zoo/p/namespaces", body: "{", headers: []string{"Content-Type: text/plain"}, status: 200, want: `{"a":"<&>"}`},

		{name: "gzip", line: "POST /api/zoo/things", body: string(packed(`{"name":"a"}`)), headers: []string{"Content-Encoding: gzip"}, status: 201, want: made},
		{name: "a gzip bomb", line: "POST /api/zoo/things", body: string(packed(tooBig)), headers: []string{"Content-Encoding: GZIP"}, status: 413},
		{name: "gzip of nothing", line: "POST /api/zoo/things", headers: []string{"Content-Encoding: gzip"}, status: 400, want: json(missing)},
		{name: "not gzip", line: "POST /api/zoo/things", body: "{}", headers: []string{"Content-Encoding: gzip"}, status: 400, want: json("The request body is not gzip")},
		{name: "gzip cut off", line: "POST /api/zoo/things", body: string(packed(`{"name":"a"}`)[:20]), headers: []string{"Content-Encoding: gzip"}, status: 400,
			want: json("The request body cannot be read")},
		{name: "identity", line: "POST /api/zoo/things", body: `{"name":"a"}`, headers: []string{"Content-Encoding: identity"}, status: 201, want: made},
		{name: "another coding", line: "POST /api/zoo/things", body: "{}", headers: []string{"Content-Encoding: br"}, status: 415,
			want: refusal(415, "NotSupportedException", "The content-encoding header value is not supported")},

		{name: "type with a charset", line: "POST /api/zoo/things", body: `{"name":"a"}`, headers: []string{"Content-Type: application/json;charset=ISO-8859-1"}, status: 201, want: made},
		{name: "type with half a parameter", line: "POST /api/zoo/things", body: `{"name":"a"}`, headers: []string{"Content-Type: application/json; charset"}, status: 201, want: made},
		{name: "type in capitals", line: "POST /api/zoo/things", body: `{"name":"a"}`, headers: []string{"Content-Type: APPLICATION/JSON"}, status: 201, want: made},
		{name: "any type", line: "POST /api/zoo/things", body: `{"name":"a"}`, headers: []string{"Content-Type: */*"}, status: 201, want: made},
		{name: "type text", line: "POST /api/zoo/things", body: "{}", headers: []string{"Content-Type: text/plain"}, status: 415, want: unmatched},
		{name: "type vnd.api+json", line: "POST /api/zoo/things", body: "{}", headers: []string{"Content-Type: application/vnd.api+json"}, status: 415, want: unmatched},
		{name: "type form", line: "POST /api/zoo/things", body: "{}", headers: []string{"Content-Type: application/x-www-form-urlencoded"}, status: 415, want: unmatched},
		{name: "type garbage", line: "POST /api/zoo/things", body: "{}", headers: []string{"Content-Type: garbage"}, status: 415,
			want: refusal(415, "NotSupportedException", "The content-type header value did not correspond to a valid media type")},
		{name: "no token comes before a bad type", line: "POST /api/zoo/things", body: "{}", headers: []string{"Content-Type: text/plain", "Authorization: none"}, status: 401},

		{name: "a form", line: "POST /api/zoo/form", body: "a=b+c&a=%26", headers: []string{"Content-Type: application/x-www-form-urlencoded"}, status: 200, want: `["POLARIS",{"a":["b c","&"]}]`},
		{name: "a broken form is not repeated", line: "POST /api/zoo/form", body: "client_secret=%%%", status: 400,
			want: refusal(400, "IllegalArgumentException", "Failed to decode the form")},
		{name: "a form that is not UTF-8", line: "POST /api/zoo/form", body: "a=\xff", status: 400, want: refusal(400, "IllegalArgumentException", "Failed to decode the form")},
		{name: "JSON for a form", line: "POST /api/zoo/form", body: "{}", headers: []string{"Content-Type: application/json"}, status: 415, want: unmatched},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := newDoor(t, test.change)
			got := ask(d, test.line, strings.NewReader(test.body), test.headers...)
			if got.StatusCode != test.status {
				t.Errorf("status: got %d, want %d", got.StatusCode, test.status)
			}
			if diff := cmp.Diff(test.want, text(t, got)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
		})
	}
}

func TestABodyOfUnknownLengthIsBounded(t *testing.T) {
	d, _ := newDoor(t, nil)
	endless := io.MultiReader(strings.NewReader(`{"name":"`), iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 5000))))
	if got := ask(d, "POST /api/zoo/things", endless); got.StatusCode != 413 {
		t.Errorf("status: got %d, want 413", got.StatusCode)
	}
}

func TestABodyThatSaysItIsTooLargeIsNotRead(t *testing.T) {
	d, _ := newDoor(t, nil)
	r := httptest.NewRequest("POST", "/api/zoo/things", iotest.ErrReader(errors.New("read")))
	r.Header.Set("Authorization", "Bearer good")
	r.ContentLength = 1001
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	if w.Code != 413 {
		t.Errorf("status: got %d, want 413", w.Code)
	}
}

func TestABodyThatBreaksOff(t *testing.T) {
	d, s := newDoor(t, nil)
	got := ask(d, "POST /api/zoo/things", iotest.ErrReader(errors.New("reset by peer")))
	if got.StatusCode != 400 {
		t.Errorf("status: got %d, want 400", got.StatusCode)
	}
	if !strings.Contains(s.log.String(), "reset by peer") {
		t.Errorf("log: got %q, want the cause", s.log.String())
	}
}

func TestAccept(t *testing.T) {
	refused := refusal(406, "NotAcceptableException", "The accept header value did not match the value in @Produces")
	for _, test := range []struct {
		name, accept, want string
	}{
		{"JSON", "application/json", ""},
		{"anything", "*/*", ""},
		{"any application", "text/html, application/*;q=0.1", ""},
		{"JSON with a parameter", "application/json;charset=utf-8", ""},
		{"among others", "text/plain, application/json;q=0.5", ""},
		{"HTML", "text/html", refused},
		{"garbage", "garbage", refused},
		{"empty", " ", ""},
		{"nothing but commas", ",", refused},
		{"JSON refused", "application/json;q=0, */*", refused},
		{"JSON refused after anything", "*/*, application/json;q=0.0", refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := newDoor(t, nil)
			got := text(t, ask(d, "DELETE /api/zoo/p/namespaces/n", nil, "Accept: "+test.accept))
			if got != test.want {
				t.Errorf("body: got %q, want %q", got, test.want)
			}
		})
	}
}
