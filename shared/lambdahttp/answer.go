package lambdahttp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"

	"firn/shared/fault"
)

// answer gives the event's answer. What is too large for Lambda is replaced by a refusal.
func (x *exchange) answer(ctx context.Context) any {
	answer, fits := x.encode()
	if fits {
		return answer
	}
	advice := "expire snapshots"
	if !x.packed() {
		advice = "ask for it with Accept-Encoding: gzip, or expire snapshots"
	}
	x.refuse(ctx, slog.LevelError, fault.New(fault.Internal,
		"The answer is larger than the %d bytes that this door can carry: the table's metadata is too large; %s", x.limit, advice))
	answer, _ = x.encode()
	return answer
}

// encode gives what was recorded in the type that the event's source takes, and whether it can carry it.
func (x *exchange) encode() (any, bool) {
	if x.status == 0 {
		x.WriteHeader(http.StatusOK)
	}
	if x.over {
		return nil, false
	}
	body := x.content.String()
	if body != "" && !x.packed() && x.sent.Get("Content-Type") == "" {
		x.sent.Set("Content-Type", http.DetectContentType([]byte(body[:min(len(body), 512)])))
	}
	if x.stream {
		return x.streamed(strings.NewReader(body)), true
	}
	binary := body != "" && (x.packed() || !utf8.ValidString(body))
	if binary {
		body = base64.StdEncoding.EncodeToString([]byte(body))
	}
	return x.whole(body, binary), x.fits(body, binary)
}

func (x *exchange) packed() bool { return x.sent.Get("Content-Encoding") != "" }

func (x *exchange) whole(body string, binary bool) any {
	if !x.event.v2() {
		return events.APIGatewayProxyResponse{StatusCode: x.status, MultiValueHeaders: x.sent, Body: body, IsBase64Encoded: binary}
	}
	header, cookies := x.joined()
	if x.event.functionURL() {
		return events.LambdaFunctionURLResponse{StatusCode: x.status, Headers: header, Cookies: cookies, Body: body, IsBase64Encoded: binary}
	}
	return events.APIGatewayV2HTTPResponse{StatusCode: x.status, Headers: header, Cookies: cookies, Body: body, IsBase64Encoded: binary}
}

func (x *exchange) streamed(body *strings.Reader) any {
	if !x.event.v2() {
		return &events.APIGatewayProxyStreamingResponse{StatusCode: x.status, MultiValueHeaders: x.sent, Body: body}
	}
	header, cookies := x.joined()
	return &events.LambdaFunctionURLStreamingResponse{StatusCode: x.status, Headers: header, Cookies: cookies, Body: body}
}

// joined gives the headers in the second form, which has one value for each name, and the cookies by themselves.
func (x *exchange) joined() (header map[string]string, cookies []string) {
	header = make(map[string]string, len(x.sent))
	for name, values := range x.sent {
		if name == "Set-Cookie" {
			cookies = values
			continue
		}
		header[name] = strings.Join(values, ", ")
	}
	return header, cookies
}

// fits says whether the answer with this body is small enough for Lambda, as JSON. Counting is left out where the worst
// quoting would fit, with headers that are more than any gateway takes.
func (x *exchange) fits(body string, binary bool) bool {
	const worst, headers = len(`\u0000`), 64 << 10
	if len(body)*worst+headers <= x.limit {
		return true
	}
	empty, err := json.Marshal(x.whole("", binary))
	return err == nil && len(empty)+quoted(body) <= x.limit
}

// quoted gives the length of a text inside a JSON string as encoding/json writes it for aws-lambda-go, without HTML's escapes.
func quoted(s string) int {
	n := len(s)
	for i := range len(s) {
		switch b := s[i]; {
		case b == '"' || b == '\\' || '\b' <= b && b <= '\r' && b != '\v':
			n++
		case b < ' ':
			n += len(`\u0000`) - 1
		}
	}
	return n + 3*(strings.Count(s, "\u2028")+strings.Count(s, "\u2029"))
}
