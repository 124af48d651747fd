//go:build unix

package lambdatest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Sizes in bytes, of API Gateway's payload and of the JSON that Lambda's synchronous invocation takes and gives.
const (
	maxRequest = 10 << 20
	maxEvent   = 6 << 20
	maxAnswer  = 6<<20 + 100
)

// door is one way into Lambda: how a request becomes an event, an answer a response, and what is said if neither happens.
type door interface {
	// strip takes the stage off an escaped path; false if it is another's.
	strip(path string) (string, bool)
	event(q *request) any
	// answer reads what the function gave; false if it is nothing that the door understands.
	answer(q *request, payload []byte) (answer, bool)
	refusal(p problem) refusal
}

// request is what the doors make events of.
type request struct {
	*http.Request
	path   string // escaped, without the stage
	body   []byte
	id     string
	trace  string
	source string // the client's address
	at     time.Time
}

// answer is a response before the gateway's own headers.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem is a reason for which the gateway answers on its own.
type problem int

const (
	otherStage problem = iota
	noResource
	noFunction
	bodyTooLong
	eventTooLong
	throttled
	failed
	timedOut
	badEncoding
)

// refusal is the gateway's own answer.
type refusal struct {
	status int
	kind   string // x-amzn-ErrorType
	body   string // JSON, unless it has no kind
}

func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, id: newID(), at: g.config.Now()}
	q.trace = newTrace(q.at)
	q.source, _, _ = net.SplitHostPort(r.RemoteAddr)
	a, err := g.serve(q)
	var p problem
	if errors.As(err, &p) {
		a = g.door.refusal(p).answer()
	}
	h := w.Header()
	for name, values := range a.header {
		for _, v := range values {
			h.Add(remapped(name), v)
		}
	}
	for _, name := range dropped {
		h.Del(name)
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	h.Set("X-Amzn-Requestid", q.id)
	h.Set("X-Amzn-Trace-Id", q.trace)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that is gone is no concern of the function's
}

// serve is a request's way to its function and back. Its errors are problems.
func (g *Gateway) serve(q *request) (answer, error) {
	var ok bool
	if q.path, ok = g.door.strip(q.URL.EscapedPath()); !ok {
		return answer{}, otherStage
	}
	inner := q.Clone(q.Context())
	inner.URL.RawPath = q.path
	inner.URL.Path, _ = url.PathUnescape(q.path) // it is part of a path that could be decoded
	name, ok := g.config.Route(inner)
	if !ok {
		return answer{}, noResource
	}
	f := g.functions[name]
	if f == nil {
		return answer{}, noFunction
	}
	var err error
	if q.body, err = io.ReadAll(io.LimitReader(q.Body, maxRequest+1)); err != nil || len(q.body) > maxRequest {
		_, _ = io.Copy(io.Discard, q.Body) // a client that is cut off while it sends may not see the answer
		return answer{}, bodyTooLong
	}
	var event bytes.Buffer
	encoder := json.NewEncoder(&event)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(g.door.event(q)); err != nil || event.Len() > maxEvent {
		return answer{}, eventTooLong
	}
	payload, err := g.invoke(f, &invocation{id: newID(), trace: q.trace, event: event.Bytes()})
	if err != nil {
		return answer{}, err
	}
	a, ok := g.door.answer(q, payload)
	if !ok {
		fmt.Fprintf(g.config.Output, "%s: malformed answer: %.200s\n", name, payload)
		return answer{}, failed
	}
	if a.status == 0 {
		return answer{}, badEncoding
	}
	return a, nil
}

// invoke waits for the function no longer than the gateway does. The function works on in a goroutine that outlives the
// call, because a gateway that gives up, or a client, does not end an invocation.
func (g *Gateway) invoke(f *function, call *invocation) ([]byte, error) {
	type outcome struct {
		payload []byte
		err     error
	}
	done := make(chan outcome, 1)
	go func() {
		payload, err := f.invoke(call)
		done <- outcome{payload, err}
	}()
	timer := time.NewTimer(g.config.GatewayTimeout)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.payload, o.err
	case <-timer.C:
		return nil, timedOut
	}
}

func (p problem) Error() string { return fmt.Sprintf("problem %d", int(p)) }

func (r refusal) answer() answer {
	h := http.Header{}
	if r.kind != "" {
		h.Set("X-Amzn-Errortype", r.kind)
	} else {
		h.Set("Content-Type", "text/plain")
	}
	return answer{r.status, h, []byte(r.body)}
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

func newTrace(at time.Time) string { return fmt.Sprintf("Root=1-%08x-%x", at.Unix(), random(12)) }

// newID is a random UUID (RFC 9562 section 5.4).
func newID() string {
	b := random(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
