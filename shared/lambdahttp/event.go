package lambdahttp

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// event is what is read of an event: the members of both payload forms (API Gateway developer guide, "Input format of a
// Lambda function for proxy integration" for REST APIs and "Payload format version" for HTTP APIs; Lambda developer guide,
// "Function URL request payload"). One struct serves them all, so that an event is decoded once.
type event struct {
	Version string `json:"version"` // "2.0", or "1.0" for an HTTP API with the old form; a REST API sends none

	// The first form.
	Method            string              `json:"httpMethod"`
	Path              string              `json:"path"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Query             map[string]string   `json:"queryStringParameters"` // decoded
	MultiValueQuery   map[string][]string `json:"multiValueQueryStringParameters"`

	// The second form.
	RawPath  string   `json:"rawPath"`
	RawQuery string   `json:"rawQueryString"`
	Cookies  []string `json:"cookies"`

	// Both.
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	Base64  bool              `json:"isBase64Encoded"`
	Context struct {
		RequestID  string          `json:"requestId"`
		Stage      string          `json:"stage"`
		DomainName string          `json:"domainName"`
		ELB        json.RawMessage `json:"elb"`
		Identity   struct {
			SourceIP string `json:"sourceIp"`
		} `json:"identity"` // of the first form
		HTTP struct {
			Method   string `json:"method"`
			SourceIP string `json:"sourceIp"`
		} `json:"http"` // of the second
	} `json:"requestContext"`
}

// errKind is Lambda's to report: nobody but an operator who wired the function wrongly can cause it.
var errKind = errors.New("the event is no request of a REST API, an HTTP API or a Function URL")

func parse(payload []byte) (*event, error) {
	e := &event{}
	if err := json.Unmarshal(payload, e); err != nil {
		return nil, fmt.Errorf("%w: %w", errKind, err)
	}
	switch {
	case e.Context.ELB != nil: // has the form of a REST API, but another encoding of queries
		return nil, fmt.Errorf("%w, but a load balancer's", errKind)
	case e.v2() && e.Context.HTTP.Method != "", !e.v2() && e.Method != "":
		return e, nil
	}
	return nil, errKind
}

// v2 says whether the event has the second form.
func (e *event) v2() bool { return e.Version == "2.0" }

// address returns the IP address of the connection to the gateway. What a client claims in X-Forwarded-For is not in it.
func (e *event) address() string {
	if e.v2() {
		return e.Context.HTTP.SourceIP
	}
	return e.Context.Identity.SourceIP
}

// functionURL tells a Function URL from an HTTP API, whose event is the same but for the domain.
func (e *event) functionURL() bool {
	return e.v2() && strings.Contains(e.Context.DomainName, ".lambda-url.")
}

// httpAPI says whether the event is an HTTP API's, of either form.
func (e *event) httpAPI() bool { return e.Version != "" && !e.functionURL() }

// requestV1 gives the part of an event of the first form that httpadapter shall see.
func (e *event) requestV1(path string) events.APIGatewayProxyRequest {
	return events.APIGatewayProxyRequest{HTTPMethod: e.Method, Path: path,
		QueryStringParameters: e.Query, MultiValueQueryStringParameters: e.MultiValueQuery}
}

// requestV2 gives the part of an event of the second form that httpadapter shall see.
func (e *event) requestV2(path string) events.APIGatewayV2HTTPRequest {
	v := events.APIGatewayV2HTTPRequest{RawPath: path, RawQueryString: e.RawQuery}
	v.RequestContext.HTTP.Method = e.Context.HTTP.Method
	return v
}

// header gives the request's headers. In the second form the gateway has joined the values of one name by commas; they stay
// so, since a comma in a value cannot be told from one of the gateway's, and means the same (RFC 9110, section 5.3).
func (e *event) header() http.Header {
	h := make(http.Header, len(e.Headers)+1)
	if len(e.MultiValueHeaders) > 0 {
		for name, values := range e.MultiValueHeaders {
			for _, value := range values {
				h.Add(name, value)
			}
		}
		return h
	}
	for name, value := range e.Headers {
		h.Add(name, value)
	}
	if len(e.Cookies) > 0 {
		h.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return h
}

// body gives the bytes of the request's body.
func (e *event) body() ([]byte, error) {
	if !e.Base64 {
		return []byte(e.Body), nil
	}
	return base64.StdEncoding.DecodeString(e.Body)
}
