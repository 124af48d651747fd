package rest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"firn/shared/budget"
	"firn/shared/fault"
	"firn/shared/lake"
)

// Door serves every route of every protocol.
type Door struct {
	config Config
	router *router
}

var _ http.Handler = (*Door)(nil)

// New makes a Door. It refuses route tables that contradict themselves.
func New(c Config) (*Door, error) {
	if len(c.Realms) == 0 || c.Verifier == nil || c.Log == nil || c.Now == nil {
		return nil, fmt.Errorf("a door needs realms, a verifier, a log and a clock")
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	t, err := newRouter(c.Protocols)
	if err != nil {
		return nil, err
	}
	return &Door{config: c, router: t}, nil
}

// Protocols gives what the door serves: the table of contents, for tests and documents that derive from it.
func (d *Door) Protocols() []Protocol { return d.config.Protocols }

// visit is what is known of a request so far, for its log line and the words of its refusal.
type visit struct {
	id        string
	start     time.Time
	operation string
	dialect   Dialect
	allow     string // the methods of a path that has not the one asked for
	caller    lake.Caller
}

// ServeHTTP lets one request through.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{id: requestID(r.Header), start: d.config.Now(), operation: "none"}
	ctx, cancel := context.WithTimeout(withRequestID(r.Context(), v.id), d.config.Timeout)
	defer cancel()
	ctx, end := d.config.Budget.Begin(ctx)
	defer end() // when the answer is sent: a slow client still holds it
	answer, err := d.answer(ctx, v, w, r)
	if err == nil && answer.Status == 0 {
		err = errors.New("the handler gave neither an answer nor an error")
	}
	if err != nil {
		answer = told(v.dialect, err)
	}
	if v.allow != "" {
		answer = answer.With("Allow", v.allow)
	}
	w.Header().Set(requestIDHeader, v.id)
	sent := write(w, r, answer)
	d.record(ctx, v, answer.Status, sent, err)
}

// told is a refusal in the dialect's words, and when to come again.
func told(dialect Dialect, err error) Answer {
	e := fault.From(err)
	answer := dialect(e)
	if e.RetryAfter > 0 {
		seconds := int64((e.RetryAfter + time.Second - 1) / time.Second)
		answer = answer.With("Retry-After", fmt.Sprint(seconds))
	}
	return answer
}

// answer takes the steps of every request, up to the handler. A panic becomes an Internal error.
func (d *Door) answer(ctx context.Context, v *visit, w http.ResponseWriter, r *http.Request) (answer Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	path := r.URL.EscapedPath()
	p := d.router.protocol(path)
	v.dialect = p.Dialect
	if err := checkSize(r, path); err != nil {
		return Answer{}, err
	}
	if p.Forms {
		path = strings.ReplaceAll(path, "+", "%20")
	}
	c := &Call{RequestID: v.id, Now: v.start, Header: r.Header, request: r, control: http.NewResponseController(w), maxBody: d.config.MaxBody}
	e, allow, err := d.router.match(r.Method, path, &c.values)
	v.allow = allow
	if allow != "" && r.Method == http.MethodOptions {
		return Empty(http.StatusOK), nil
	}
	if err != nil {
		return Answer{}, err
	}
	c.route, v.operation, v.dialect = e, e.operation, e.dialect
	if e.MaxBody > 0 {
		c.maxBody = min(c.maxBody, e.MaxBody)
	}
	realm, err := d.realm(r.Header)
	if err != nil {
		return Answer{}, err
	}
	from := lake.Caller{Realm: realm, Address: address(r)}
	v.caller = from
	if e.Public {
		c.maxBody = min(c.maxBody, MaxPublicBody)
	} else if v.caller, err = d.caller(ctx, from, r.Header, v.start, e.bearers); err != nil {
		return Answer{}, err
	}
	c.Caller = v.caller
	if err := checkAccept(r.Header, e.media); err != nil {
		return Answer{}, err
	}
	if c.Query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return Answer{}, fault.New(fault.Malformed, "The query is not valid percent-encoding")
	}
	answer, err = e.Handler(ctx, c)
	if err == nil && e.Method == http.MethodGet { // nothing has changed: it can be refused
		err = budget.Take(ctx, int64(answer.made))
	}
	return answer, err
}

// checkSize bounds what comes before the body. A server's own limits may be lower, but not every door has a server.
func checkSize(r *http.Request, path string) error {
	if len(path) > MaxPath || len(r.URL.RawQuery) > MaxQuery {
		return fault.Of(fault.HeaderTooLarge, RequestTarget, "", "")
	}
	size := 0
	for key, values := range r.Header {
		for _, value := range values {
			size += len(key) + len(value) + len(": \r\n")
		}
	}
	if size > MaxHeader {
		return fault.New(fault.HeaderTooLarge, "")
	}
	return nil
}

// address returns the IP address of the connection, or of the event that stands for one. Headers in which proxies forward
// another (X-Forwarded-For) are not read: a client may send them.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// realm finds the realm that a request is for. An empty header names none that is known (recorded).
func (d *Door) realm(h http.Header) (lake.Realm, error) {
	named := h.Values(RealmHeader)
	if len(named) == 0 {
		return d.config.Realms[0], nil
	}
	if realm := lake.Realm(named[0]); len(named) == 1 && slices.Contains(d.config.Realms, realm) {
		return realm, nil
	}
	return "", fault.Missing(fault.Realm, "")
}

// caller identifies who calls by the bearer token (RFC 6750, section 2.1). Two Authorization headers name nobody.
func (d *Door) caller(ctx context.Context, from lake.Caller, h http.Header, now time.Time, own Bearers) (lake.Caller, error) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return from, fault.New(fault.Unauthenticated, "")
	}
	scheme, raw, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return from, fault.New(fault.Unauthenticated, "")
	}
	raw = strings.TrimSpace(raw)
	if own != nil {
		if caller, ok, err := own(ctx, from, raw); ok {
			caller.Realm, caller.Address = from.Realm, from.Address
			return caller, err
		}
	}
	caller, err := d.config.Verifier.Verify(from.Realm, raw, now)
	if err != nil {
		return from, err
	}
	caller.Address = from.Address
	return caller, nil
}
