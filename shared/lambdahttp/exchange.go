package lambdahttp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"

	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"firn/shared/fault"
	"firn/shared/rest"
)

const requestIDHeader = "X-Request-Id"

// exchange is one event and its answer. It is the handler that httpadapter calls, and stands between it and the real one.
type exchange struct {
	adapter *Adapter
	event   *event
	id      string // of the request, as the gateway has it
	stream  bool
	body    []byte
	reached bool // httpadapter could make a request of the event
	recorder
}

var _ http.Handler = (*exchange)(nil)

// serve has the event's request answered.
func (x *exchange) serve(ctx context.Context) {
	x.limit = x.adapter.config.MaxAnswer
	if x.stream {
		x.limit = maxStream
	}
	var err error
	if x.body, err = x.event.body(); err != nil {
		x.refuse(ctx, slog.LevelInfo, fault.New(fault.Malformed, "The request body is not base64").Because(err))
		return
	}
	path := x.event.target(x.adapter.base)
	if _, err := url.ParseRequestURI(path); err != nil { // httpadapter would print it, query and all
		x.refuse(ctx, slog.LevelInfo, fault.New(fault.Malformed, "The path is not valid percent-encoding").Because(err))
		return
	}
	if x.event.v2() {
		_, err = httpadapter.NewV2(x).ProxyWithContext(ctx, x.event.requestV2(path))
	} else {
		_, err = httpadapter.New(x).ProxyWithContext(ctx, x.event.requestV1(path))
	}
	if !x.reached {
		x.refuse(ctx, slog.LevelInfo, fault.New(fault.Malformed, "The method or query is not one of HTTP").Because(err))
	}
}

// ServeHTTP completes the request and has it answered. The answer stays in the exchange; w is told only that there is one.
func (x *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.reached = true
	w.WriteHeader(http.StatusOK)
	defer func() {
		if p := recover(); p != nil {
			x.refuse(r.Context(), slog.LevelError, fault.From(fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
		}
	}()
	r.Header, r.RemoteAddr = x.event.header(), x.event.address()
	if r.Header.Get(requestIDHeader) == "" && x.id != "" {
		r.Header.Set(requestIDHeader, x.id)
	}
	if r.Host = r.Header.Get("Host"); r.Host == "" {
		r.Host = x.event.Context.DomainName
	}
	r.Header.Del("Host") // as net/http
	r.Body, r.ContentLength = http.NoBody, int64(len(x.body))
	if len(x.body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(x.body))
	}
	x.head = r.Method == http.MethodHead
	x.adapter.config.Handler.ServeHTTP(&x.recorder, r)
}

// refuse puts a refusal in the words of Iceberg and Polaris in the place of any answer, and logs it: the handler, which logs
// what it answers, knows nothing of it.
func (x *exchange) refuse(ctx context.Context, level slog.Level, e *fault.Error) {
	told, id := rest.Vocabulary{}.Envelope(e), x.Header().Get(requestIDHeader)
	if id == "" {
		id = x.id
	}
	x.adapter.config.Log.LogAttrs(ctx, level, "the door of the function refused",
		slog.String("request_id", id), slog.Int("status", told.Status), slog.String("error", e.Error()))
	x.recorder = recorder{head: x.head, limit: maxStream}
	h := x.Header()
	h.Set("Content-Type", told.Type)
	h.Set(requestIDHeader, id)
	x.WriteHeader(told.Status)
	for _, part := range told.Body {
		_, _ = x.Write(part) // below the limit
	}
}
