package app

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// flood is a listener to which somebody connects without end, and sends nothing.
type flood struct {
	taken  atomic.Int64
	closed chan struct{}
}

func (f *flood) Accept() (net.Conn, error) {
	select {
	case <-f.closed:
		return nil, net.ErrClosed
	default:
	}
	f.taken.Add(1)
	_, conn := net.Pipe()
	return conn, nil
}

func (f *flood) Close() error   { close(f.closed); return nil }
func (f *flood) Addr() net.Addr { return &net.TCPAddr{} }

func TestServeObjects_ConnectionsBeyondTheBound_Wait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		l, done := &flood{closed: make(chan struct{})}, make(chan error, 1)
		const patience = 10 * time.Second
		go func() { done <- serveObjects(ctx, l, &http.Server{ReadHeaderTimeout: patience}) }()
		synctest.Wait()
		if got := l.taken.Load(); got != storeConnections {
			t.Errorf("at once: got %d connections, want %d", got, storeConnections)
		}
		time.Sleep(patience + time.Second)
		if got := l.taken.Load(); got != 2*storeConnections {
			t.Errorf("when the first were silent for %s: got %d connections, want %d", patience, got, 2*storeConnections)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
