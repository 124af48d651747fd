package rest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"firn/shared/lake"
)

// Call is a request as its handler sees it.
type Call struct {
	Caller    lake.Caller // in a public operation only its Realm is set
	RequestID string
	Now       time.Time // the request's one reading of the clock
	Header    http.Header
	Query     url.Values

	route   *entry
	values  [maxNames]string
	request *http.Request
	control *http.ResponseController // of the connection
	maxBody int64
	body    []byte // as it was read, inflated
}

// Digest tells requests apart by all that is asked: the operation, its path, its query and its body, which must have been
// read. What is asked twice has the same digest, in a few bytes.
func (c *Call) Digest() string {
	h := sha256.New()
	for _, part := range append([]string{c.route.operation, c.request.URL.RawQuery}, c.values[:]...) {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	h.Write(c.body)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// Path gives the segment that the route's pattern names so, decoded. It panics if the pattern has no such name.
func (c *Call) Path(name string) string {
	i := slices.Index(c.route.names, name)
	if i < 0 {
		panic("rest: the pattern " + c.route.Pattern + " has no segment " + name)
	}
	return c.values[i]
}

// TakesGzip says whether the client wants answers packed.
func (c *Call) TakesGzip() bool { return takesGzip(c.Header) }
