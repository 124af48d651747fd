package rest

import (
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
	maxBody int64
}

// Path gives the segment that the route's pattern names so, decoded. It panics if the pattern has no such name.
func (c *Call) Path(name string) string {
	i := slices.Index(c.route.names, name)
	if i < 0 {
		panic("rest: the pattern " + c.route.Pattern + " has no segment " + name)
	}
	return c.values[i]
}
