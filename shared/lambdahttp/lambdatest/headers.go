//go:build unix

package lambdatest

import (
	"net/textproto"
	"slices"
	"strings"
)

// forwarded are the client's, in lower case as HTTP/2 has them, and those that API Gateway writes in its own spelling.
func forwarded(q *request) map[string][]string {
	out := map[string][]string{
		"Host": {q.Host}, "X-Amzn-Trace-Id": {q.trace}, "X-Forwarded-Port": {"443"}, "X-Forwarded-Proto": {"https"},
		"X-Forwarded-For": {strings.Join(append(q.Header.Values("X-Forwarded-For"), q.source), ", ")},
	}
	for name, values := range q.Header {
		switch {
		case slices.Contains(notForwarded, name) || out[name] != nil:
		case name == "Authorization" && strings.HasPrefix(values[0], "AWS4-HMAC-SHA256"):
		case name == "User-Agent":
			out[name] = values
		default:
			out[strings.ToLower(name)] = values
		}
	}
	return out
}

// Headers that do not pass as they are (API Gateway developer guide, "Important notes for REST APIs").
var (
	notForwarded = []string{"Connection", "Content-Length", "Content-Md5", "Expect", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
	renamed      = []string{"Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Server", "User-Agent", "Www-Authenticate"}
	dropped      = []string{"Host", "Trailer", "Transfer-Encoding", "Upgrade"}
)

// remapped is the name under which a function's header reaches the client.
func remapped(name string) string {
	if name = textproto.CanonicalMIMEHeaderKey(name); slices.Contains(renamed, name) {
		return "X-Amzn-Remapped-" + name
	}
	return name
}
