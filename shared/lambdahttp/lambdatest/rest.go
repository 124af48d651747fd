//go:build unix

package lambdatest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/textproto"
	"net/url"
	"path"
	"slices"
	"strings"
)

// rest is a REST API (v1) with Lambda proxy integration on one greedy resource. Paths stay percent-encoded, query
// parameters come decoded, and where a name has several values the plain maps hold the last.
type rest struct {
	stage  string
	binary []string
}

var _ door = rest{}

func (d rest) strip(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "/"+d.stage)
	if rest == "" {
		rest = "/"
	}
	return rest, ok && rest[0] == '/'
}

func (d rest) event(q *request) any {
	headers, query := forwarded(q), restQuery(q.URL.RawQuery)
	body, encoded := d.body(q)
	host, _, _ := strings.Cut(q.Host, ".")
	return map[string]any{
		"resource": "/{proxy+}", "path": q.path, "httpMethod": q.Method,
		"headers": lasts(headers), "multiValueHeaders": headers,
		"queryStringParameters": lasts(query), "multiValueQueryStringParameters": query,
		"pathParameters": map[string]string{"proxy": q.path[1:]}, "stageVariables": nil,
		"requestContext": map[string]any{
			"accountId": "123456789012", "apiId": host, "domainName": q.Host, "domainPrefix": host,
			"resourceId": "a1b2c3", "resourcePath": "/{proxy+}", "httpMethod": q.Method, "protocol": q.Proto,
			"path": q.URL.EscapedPath(), "stage": d.stage, "requestId": q.id,
			"requestTime": q.at.UTC().Format("02/Jan/2006:15:04:05 -0700"), "requestTimeEpoch": q.at.UnixMilli(),
			"identity": map[string]any{
				"sourceIp": q.source, "userAgent": q.UserAgent(), "accessKey": nil, "accountId": nil, "caller": nil,
				"cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil, "cognitoIdentityId": nil,
				"cognitoIdentityPoolId": nil, "principalOrgId": nil, "user": nil, "userArn": nil,
			},
		},
		"body": body, "isBase64Encoded": encoded,
	}
}

// body is null where there is none.
func (d rest) body(q *request) (body any, encoded bool) {
	kind, _, _ := strings.Cut(q.Header.Get("Content-Type"), ";")
	switch {
	case len(q.body) == 0:
		return nil, false
	case d.isBinary(orElse(kind, "application/json")):
		return base64.StdEncoding.EncodeToString(q.body), true
	}
	return string(q.body), false
}

// isBinary compares a media type with the API's binaryMediaTypes.
func (d rest) isBinary(kind string) bool {
	return slices.ContainsFunc(d.binary, func(pattern string) bool {
		ok, err := path.Match(pattern, strings.ToLower(strings.TrimSpace(kind)))
		return err == nil && ok
	})
}

// answer takes an object of five known members and nothing else: all else is a malformed Lambda proxy response. Its status
// is zero where the body is said to be base64 and is not.
func (d rest) answer(q *request, payload []byte) (answer, bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil {
		return answer{}, false
	}
	for name := range members {
		if !slices.Contains([]string{"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}, name) {
			return answer{}, false
		}
	}
	var given struct {
		StatusCode        json.Number
		Headers           map[string]string
		MultiValueHeaders map[string][]string
		Body              string
		IsBase64Encoded   bool
	}
	if json.Unmarshal(payload, &given) != nil {
		return answer{}, false
	}
	status, err := given.StatusCode.Int64()
	if err != nil || status < 100 || status > 599 {
		return answer{}, false
	}
	a := answer{int(status), http.Header{}, []byte(given.Body)}
	for name, values := range given.MultiValueHeaders {
		a.header[textproto.CanonicalMIMEHeaderKey(name)] = values
	}
	for name, value := range given.Headers { // a pair that both maps hold counts once
		if !slices.Contains(a.header.Values(name), value) {
			a.header.Add(name, value)
		}
	}
	accept, _, _ := strings.Cut(orElse(q.Header.Get("Accept"), "*/*"), ",") // the first type alone decides
	accept, _, _ = strings.Cut(accept, ";")
	if given.IsBase64Encoded && d.isBinary(accept) {
		if a.body, err = base64.StdEncoding.DecodeString(given.Body); err != nil {
			return answer{}, true
		}
	}
	return a, true
}

func (d rest) refusal(p problem) refusal {
	const internal, text = "InternalServerErrorException", `{"message": "Internal server error"}`
	switch p {
	case otherStage:
		return refusal{403, "ForbiddenException", `{"message":"Forbidden"}`}
	case noResource:
		return refusal{403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`}
	case bodyTooLong:
		return refusal{413, "", "HTTP content length exceeded 10485760 bytes."}
	case eventTooLong:
		return refusal{413, "RequestEntityTooLargeException", `{"message":"Request Too Long"}`}
	case timedOut:
		return refusal{504, internal, `{"message": "Endpoint request timed out"}`}
	case failed:
		return refusal{502, internal, text}
	}
	return refusal{500, internal, text} // throttled, noFunction, badEncoding: what the API calls its own configuration
}

// restQuery decodes parameters once; a semicolon splits as an ampersand does. Null if there are none.
func restQuery(raw string) map[string][]string {
	query, _ := url.ParseQuery(strings.ReplaceAll(raw, ";", "&")) // what cannot be decoded is left out
	if len(query) == 0 {
		return nil
	}
	return query
}

func lasts(all map[string][]string) map[string]string {
	if all == nil {
		return nil
	}
	out := map[string]string{}
	for name, values := range all {
		out[name] = values[len(values)-1]
	}
	return out
}
