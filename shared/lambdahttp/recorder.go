package lambdahttp

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// recorder is the http.ResponseWriter of a handler. It keeps the answer as net/http would send it. The body is kept once,
// in the form in which the answer needs it.
type recorder struct {
	limit   int  // bytes of the body
	head    bool // the request is HEAD
	over    bool // the body outgrew the limit
	status  int  // 0: not yet known
	header  http.Header
	sent    http.Header // what header was when the status became known
	content strings.Builder
}

var _ http.ResponseWriter = (*recorder)(nil)

var errTooLarge = errors.New("the answer is larger than this door can carry")

// Header gives the headers, which count as they are at the first WriteHeader or Write.
func (r *recorder) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

// WriteHeader sets the status once. Informational ones cannot be sent. It panics, as net/http does, if it is no status.
func (r *recorder) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %d", status))
	}
	if r.status != 0 || status < 200 {
		return
	}
	r.status, r.sent = status, r.Header().Clone()
	length, err := strconv.Atoi(r.sent.Get("Content-Length"))
	r.sent.Del("Content-Length") // the gateway counts what it sends
	switch {
	case err != nil || length < 0 || r.head || r.bodiless():
	case length > r.limit:
		r.over = true
	default:
		r.content.Grow(length)
	}
}

// bodiless says whether the status has no body (RFC 9110, sections 15.3.5 and 15.4.5).
func (r *recorder) bodiless() bool {
	return r.status == http.StatusNoContent || r.status == http.StatusNotModified
}

// Write adds to the body. The error says that there may be none, or no more of it.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	switch {
	case r.bodiless():
		return 0, http.ErrBodyNotAllowed
	case r.head:
		return len(p), nil
	case r.over || len(p) > r.limit-r.content.Len():
		r.over = true
		return 0, errTooLarge
	}
	return r.content.Write(p)
}
