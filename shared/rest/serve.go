package rest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// The patience of a server. A client that is slower than this holds no connection.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 25 * time.Second // with the body, also one that nobody reads
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 30 * time.Second // more than DefaultTimeout: what was let in is answered
)

// maxConnections bounds the connections that are open at a time. More wait to be accepted. One takes some 16
// KB, and its request's allowance (package budget).
const maxConnections = 2048

// Serve answers the listener's connections until ctx ends, then takes no more, waits for the requests in flight, and gives
// nil. The error is the listener's, or says that requests were still running when the wait was over.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    MaxHeader - 4<<10, // net/http adds 4 KB of its own
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(l, maxConnections)) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := server.Shutdown(wait); err != nil {
		return fmt.Errorf("ending requests in flight: %w", errors.Join(err, server.Close()))
	}
	<-served
	return nil
}
