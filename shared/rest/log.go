package rest

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
)

const requestIDHeader = "X-Request-Id"

// maxRequestID bounds a request id that a client chose, in bytes.
const maxRequestID = 128

// requestID takes the client's request id if it is fit for a log line and a header, else makes one.
func requestID(h http.Header) string {
	id := h.Get(requestIDHeader)
	if id == "" || len(id) > maxRequestID {
		return string(lake.NewID())
	}
	for _, b := range []byte(id) {
		if b <= ' ' || b > '~' || b == '"' || b == '\\' {
			return string(lake.NewID())
		}
	}
	return id
}

type requestIDKey struct{}

func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// LogHandler adds the request's id to every record that is logged with its context, so that packages behind the door need
// not know of it.
func LogHandler(h slog.Handler) slog.Handler { return logHandler{h} }

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		r = r.Clone()
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }

// record leaves the request's one log line and its measurement. Error level means that someone must act.
func (d *Door) record(ctx context.Context, v *visit, status, sent int, err error) {
	took := d.config.Now().Sub(v.start)
	if d.config.Observer != nil {
		d.config.Observer.Observe(v.operation, status, took)
	}
	level, attrs := slog.LevelInfo, []slog.Attr{
		slog.String("operation", v.operation),
		slog.String("realm", string(v.caller.Realm)),
		slog.String("caller", v.caller.Principal),
		slog.Int("status", status),
		slog.Float64("ms", float64(took)/float64(time.Millisecond)),
		slog.Int("bytes", sent),
	}
	if err != nil {
		attrs = append(attrs, slog.String("kind", fault.From(err).Kind.String()), slog.String("error", err.Error()))
		switch {
		case ctx.Err() == context.Canceled: // the client is gone
		case status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests:
			level = slog.LevelWarn
		case status >= 500:
			level = slog.LevelError
		}
	}
	d.config.Log.LogAttrs(ctx, level, "request", attrs...)
}
