package s3local

import (
	"crypto/rand"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"time"

	"firn/shared/fault"
)

// Gate is the S3 endpoint: an http.Handler for a listener of its own, path-style, under no prefix.
type Gate struct {
	issuer *Issuer
	store  *Store
	now    func() time.Time
	log    *slog.Logger
	idle   time.Duration
}

var _ http.Handler = (*Gate)(nil)

// NewGate puts an issuer's credentials before a store.
func NewGate(issuer *Issuer, store *Store, now func() time.Time, log *slog.Logger) (*Gate, error) {
	if issuer == nil || store == nil || now == nil || log == nil {
		return nil, fault.New(fault.Argument, "an object store's gate needs an issuer, a store, a clock and a log")
	}
	return &Gate{issuer: issuer, store: store, now: now, log: log, idle: idleTimeout}, nil
}

// Server gives the endpoint the limits that a handler cannot set itself: on headers, and on connections without a
// request. Transfers have no time limit as long as bytes move, and those of a request's body at minBodyRate.
func (g *Gate) Server() *http.Server {
	return &http.Server{
		Handler: g, MaxHeaderBytes: maxHeader, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(g.log.Handler(), slog.LevelWarn),
	}
}

// call is one request on its way through the gate.
type call struct {
	gate *Gate
	w    *answer
	r    *http.Request
	id   string
	target
	authentic
	store tenant // of the credential's realm, once the request is authentic
	op    *operation
	idle  *time.Timer
	// received is the body as it comes from the connection.
	received *paced
}

// ServeHTTP answers a request and logs one line: what was done by whom, never what it was signed with.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := g.now()
	c := &call{gate: g, w: &answer{ResponseWriter: w}, r: r, id: rand.Text()[:16], op: &operation{name: "unknown"}}
	c.idle = time.AfterFunc(g.idle, func() {
		control := http.NewResponseController(w)
		_, _ = control.SetReadDeadline(past), control.SetWriteDeadline(past) // what has no deadlines has no connection either
	})
	c.received = &paced{ReadCloser: r.Body, call: c}
	r.Body = c.received
	defer c.settle()
	w.Header().Set("X-Amz-Request-Id", c.id)
	err := c.handle(start)
	level, failed := slog.LevelInfo, slog.Attr{}
	if err != nil {
		failed = slog.Group("error", slog.String("code", c.fail(err)), slog.String("text", err.Error()))
	}
	if c.w.status == http.StatusInternalServerError {
		level = slog.LevelError
	}
	g.log.LogAttrs(r.Context(), level, "s3", slog.String("operation", c.op.name), slog.String("bucket", c.bucket), slog.String("key", c.key),
		slog.String("credential", c.claims.ID), slog.String("principal", c.claims.Principal), slog.Int("status", c.w.status),
		slog.Int64("ms", g.now().Sub(start).Milliseconds()), slog.String("request_id", c.id), failed)
}

// handle takes the steps in order; see the package's comment.
func (c *call) handle(now time.Time) (err error) {
	if c.target, err = parseTarget(c.r.RequestURI); err != nil {
		return err
	}
	if c.authentic, err = authenticate(c.r, c.target, c.gate.issuer, now); err != nil {
		return err
	}
	c.store = c.gate.store.of(c.claims.Realm)
	op, err := classify(c.r, c.target)
	if err != nil {
		return err
	}
	c.op = op
	if err := op.admit(c.r, c.target, c.proof.presigned); err != nil {
		return err
	}
	name := c.key
	if op.bucket {
		name = c.query["prefix"]
	}
	if op.needs != 0 {
		if err := c.may(op.needs, c.bucket, name); err != nil {
			return err
		}
	}
	return op.serve(c)
}

// may refuses what no scope of the credential allows.
func (c *call) may(a Action, bucket, key string) error {
	if !allowed(c.claims.Scopes, a, bucket, key) {
		return denied("The credential does not allow to " + a.String() + " here.")
	}
	return nil
}

// alive says whether the credential is still good. Transfers ask while they run, so that revocation reaches them.
func (c *call) alive() error {
	c.idle.Reset(c.gate.idle)
	return c.gate.issuer.Check(c.claims)
}

// body readies the request's body.
func (c *call) body(limit int64, expects []expectation) (*body, error) {
	c.r.Body = &watched{ReadCloser: c.r.Body, alive: c.alive}
	return newBody(c.r, c.authentic, limit, expects)
}

// document reads an XML request. The signature or a checksum binds its bytes where it names keys (bound); a client whose
// requests are signed elsewhere (remote signing) ends an upload with a list of parts that nobody but it has seen.
func (c *call) document(into any, expects []expectation, bound bool) error {
	b, err := c.body(maxDocument, expects)
	if err != nil {
		return err
	}
	if bound && !b.bound {
		return malformed("The body of this request needs a hash or a checksum.")
	}
	text, err := io.ReadAll(b)
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(text, into); err != nil {
		return refuse(http.StatusBadRequest, "MalformedXML", "The XML is not well-formed or not what the operation takes.").because(err)
	}
	return nil
}
