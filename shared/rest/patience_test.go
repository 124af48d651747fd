package rest_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/shared/rest"
)

// pipes is a listener whose connections are dialled in this process.
type pipes struct {
	dialled  chan net.Conn
	closed   chan struct{}
	once     sync.Once
	accepted int
}

func newPipes() *pipes { return &pipes{dialled: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.dialled:
		p.accepted++
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// dial waits until the server accepts the connection, or reports that it does not.
func (p *pipes) dial(wait time.Duration) (net.Conn, bool) {
	client, server := net.Pipe()
	select {
	case p.dialled <- server:
		return client, true
	case <-time.After(wait):
		return nil, false
	}
}

// serve serves a handler until the test is over.
func (p *pipes) serve(t *testing.T, h http.Handler) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- rest.Serve(ctx, p, h, slog.New(slog.DiscardHandler)) }()
	return func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("got %v, want nil", err)
		}
	}
}

func TestABodyThatDripsIsEnded(t *testing.T) {
	for _, row := range []struct {
		name, path, token string
		status            int
		most              time.Duration
	}{
		{"of a caller", "/api/zoo/things", "good", 400, 20 * time.Second},
		{"of a stranger", "/api/zoo/form", "", 400, 5 * time.Second},
		{"that nobody reads", "/api/zoo/things", "bad", 401, 25 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, _ := newDoor(t, nil)
				p := newPipes()
				stop := p.serve(t, d)
				defer stop()
				c, _ := p.dial(time.Second)
				began := time.Now()
				var sender sync.WaitGroup
				defer sender.Wait()
				defer c.Close()
				sender.Go(func() {
					_, err := io.WriteString(c, "POST "+row.path+" HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer "+row.token+"\r\nContent-Length: 1000\r\n\r\n")
					for err == nil {
						time.Sleep(time.Second)
						_, err = io.WriteString(c, " ")
					}
				})
				got, err := http.ReadResponse(bufio.NewReader(c), nil)
				if err != nil || got.StatusCode != row.status {
					t.Fatalf("got %v, %v, want %d", got, err, row.status)
				}
				_, _ = io.Copy(io.Discard, c) // until the connection ends
				if took := time.Since(began); took > row.most+time.Second {
					t.Errorf("took %v, want at most %v", took, row.most)
				}
			})
		})
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes()
		stop := p.serve(t, http.NotFoundHandler())
		defer stop()
		const most = 2048
		first, _ := p.dial(time.Second)
		for range most - 1 {
			c, ok := p.dial(time.Second)
			if !ok {
				t.Fatalf("got %d connections, want %d", p.accepted, most)
			}
			defer c.Close()
		}
		if c, ok := p.dial(time.Second); ok {
			c.Close()
			t.Fatalf("got %d connections, want no more than %d", p.accepted, most)
		}
		first.Close()
		c, ok := p.dial(time.Second)
		if !ok {
			t.Fatal("got no connection after another ended, want one")
		}
		c.Close()
	})
}
