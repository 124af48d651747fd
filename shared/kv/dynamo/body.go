package dynamo

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// plainBody hides from net/http that the SDK's request body is an io.WriterTo. The SDK closes the body as soon as the
// answer's headers are there; its WriteTo then gives io.EOF as an error, and if net/http is just looking whether the body
// has an end, it takes that for a failed request and closes the connection under the answer (aws-sdk-go-v2 issues 1825,
// 2737). Read gives io.EOF too, where it means the end.
type plainBody struct {
	next dynamodb.HTTPClient
}

// Do implements dynamodb.HTTPClient.
func (p plainBody) Do(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return p.next.Do(r)
	}
	plain := *r
	plain.Body = struct{ io.ReadCloser }{r.Body}
	return p.next.Do(&plain)
}
