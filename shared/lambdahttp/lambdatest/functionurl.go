//go:build unix

package lambdatest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// functionURL is a Function URL without authentication: payload format 2.0, whose rawPath stays percent-encoded, unlike an
// HTTP API's.
type functionURL struct{}

var _ door = functionURL{}

func (functionURL) strip(path string) (string, bool) { return path, true }

func (functionURL) event(q *request) any {
	host, _, _ := strings.Cut(q.Host, ".")
	headers := map[string]string{}
	for name, values := range forwarded(q) {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	event := map[string]any{
		"version": "2.0", "routeKey": "$default", "rawPath": q.path, "rawQueryString": q.URL.RawQuery, "headers": headers,
		"requestContext": map[string]any{
			"accountId": "anonymous", "apiId": host, "domainName": q.Host, "domainPrefix": host,
			"http": map[string]any{
				"method": q.Method, "path": q.URL.Path, "protocol": q.Proto, "sourceIp": q.source, "userAgent": q.UserAgent(),
			},
			"requestId": q.id, "routeKey": "$default", "stage": "$default",
			"time": q.at.UTC().Format("02/Jan/2006:15:04:05 -0700"), "timeEpoch": q.at.UnixMilli(),
		},
		"isBase64Encoded": false,
	}
	if query, _ := url.ParseQuery(q.URL.RawQuery); len(query) > 0 {
		joined := map[string]string{}
		for name, values := range query {
			joined[name] = strings.Join(values, ",")
		}
		event["queryStringParameters"] = joined
	}
	if cookie := headers["cookie"]; cookie != "" {
		event["cookies"] = strings.Split(cookie, "; ")
	}
	if len(q.body) > 0 {
		headers["content-length"] = strconv.Itoa(len(q.body))
		event["body"] = string(q.body)
		if !isText(q.Header.Get("Content-Type")) {
			event["body"], event["isBase64Encoded"] = base64.StdEncoding.EncodeToString(q.body), true
		}
	}
	return event
}

// isText says whether a body of the type comes as it is. A form does not.
func isText(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.HasPrefix(kind, "text/") || slices.Contains([]string{"application/json", "application/javascript", "application/xml"}, kind)
}

// answer takes any JSON without a statusCode for a body of 200 (Lambda developer guide, "Response payload format").
func (functionURL) answer(_ *request, payload []byte) (answer, bool) {
	var given struct {
		StatusCode      *int              `json:"statusCode"`
		Headers         map[string]string `json:"headers"`
		Cookies         []string          `json:"cookies"`
		Body            string            `json:"body"`
		IsBase64Encoded bool              `json:"isBase64Encoded"`
	}
	err := json.Unmarshal(payload, &given)
	if given.StatusCode == nil {
		return answer{http.StatusOK, nil, payload}, json.Valid(payload)
	}
	if err != nil || *given.StatusCode < 100 || *given.StatusCode > 599 {
		return answer{}, false
	}
	a := answer{*given.StatusCode, http.Header{}, []byte(given.Body)}
	for name, value := range given.Headers {
		a.header.Set(name, value)
	}
	for _, cookie := range given.Cookies {
		a.header.Add("Set-Cookie", cookie)
	}
	if given.IsBase64Encoded {
		if a.body, err = base64.StdEncoding.DecodeString(given.Body); err != nil {
			return answer{}, false
		}
	}
	return a, true
}

func (functionURL) refusal(p problem) refusal {
	switch p {
	case noResource, noFunction:
		return refusal{403, "AccessDeniedException", `{"Message":"Forbidden"}`}
	case bodyTooLong, eventTooLong:
		return refusal{413, "RequestEntityTooLargeException", `{"Message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}`}
	case throttled:
		return refusal{429, "TooManyRequestsException", `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`}
	}
	return refusal{502, "", "Internal Server Error"}
}
