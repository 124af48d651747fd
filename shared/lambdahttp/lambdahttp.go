// Package lambdahttp is the door of the Lambda functions: an event of API Gateway or of a Function URL becomes an
// http.Request, and what the http.Handler answers becomes the event's answer.
//
// Three kinds of event are known and told apart by themselves: REST API, HTTP API (payload 2.0, and 1.0, which has REST's
// form) and Function URL. An event of any other kind, a load balancer's too, is an error, which Lambda counts and reports.
// What is wrong with a request (a path that is not percent-encoding, a body that is not base64) is told to the client: 400.
//
// To the handler it is as behind net/http: the first WriteHeader counts, no word at all is 200, HEAD, 204 and 304 have no
// body, a panic is a 500 and a log line. The request's context is the invocation's, its deadline included. A client that
// sends no X-Request-Id gets the gateway's. Requests are served at the same time if Lambda sends them so.
//
// # Why
//
// It stands on aws-lambda-go-api-proxy's httpadapter, which makes the request and calls the handler. That package is no
// longer kept up, and ten of its habits do harm here (the test of that name holds one row for each): so this one hands it the
// event's method, path and query alone, puts headers and body on the request itself, and records the answer itself.
//
// Paths reach the handler as the client encoded them, since `%2F` and `%1F` belong to names. A REST API and a Function URL
// keep them so. An HTTP API decodes paths: `%1F` is encoded again here, but `%2F` is lost to it; use one of the others.
//
// The stage is taken off a path that begins with it: HTTP APIs, and custom domains without a stage in their mapping, leave it
// there. A stage must therefore not be called `api` or `.well-known`.
//
// Packed answers go as base64. HTTP APIs and Function URLs undo that by themselves, a REST API only if its binary media types
// are `*/*` (request bodies are then base64 too), or if its integration streams.
//
// A whole answer is made before the first byte goes out, streamed or not: a goroutine that wrote on after Handle
// returned would be frozen with the function. Streaming is there for its size (200 MB instead of 6 MB), not for speed.
//
// An answer that is too large is a 500 and not a 4xx: what it would have answered may have taken effect.
package lambdahttp

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// The largest answers that Lambda takes, in bytes: a whole one, with all its quoting and base64, and the body of a stream.
const (
	DefaultMaxAnswer = 6 << 20
	maxStream        = 200 << 20
)

// Config is what an Adapter needs.
type Config struct {
	Handler   http.Handler
	Log       *slog.Logger
	BasePath  string // of a custom domain's mapping, which REST APIs leave in the path ("/lake"); empty: none
	MaxAnswer int    // bytes of an answer as JSON; 0: DefaultMaxAnswer
	Stream    bool   // the integration or Function URL streams answers (needs the build tag lambda.norpc); an HTTP API never does
}

// Adapter serves events by a handler.
type Adapter struct {
	config Config
	base   string // "/lake", or empty
}

// New makes an Adapter.
func New(c Config) *Adapter {
	if c.MaxAnswer == 0 {
		c.MaxAnswer = DefaultMaxAnswer
	}
	a := &Adapter{config: c}
	if base := strings.Trim(c.BasePath, "/"); base != "" {
		a.base = "/" + base
	}
	return a
}

// Handle serves one event; lambda.Start takes it. The answer is one of aws-lambda-go's: APIGatewayProxyResponse,
// APIGatewayV2HTTPResponse, LambdaFunctionURLResponse, or a pointer to a streaming one. The error says that the event is no
// request.
func (a *Adapter) Handle(ctx context.Context, payload json.RawMessage) (any, error) {
	e, err := parse(payload)
	if err != nil {
		return nil, err
	}
	id := e.Context.RequestID
	if invoked, ok := lambdacontext.FromContext(ctx); ok && id == "" {
		id = invoked.AwsRequestID
	}
	x := &exchange{adapter: a, event: e, id: id, stream: a.config.Stream && !e.httpAPI()}
	x.serve(ctx)
	return x.answer(ctx), nil
}
