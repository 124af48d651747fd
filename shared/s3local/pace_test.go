package s3local

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipes is a listener whose connections are in this process, so that their time is a test's.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var _ net.Listener = (*pipes)(nil)

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// inTime runs a test against a gate whose time and connections are the bubble's.
func inTime(t *testing.T, run func(t *testing.T, w *world, dial func() net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.fill()
		w.gate.now = time.Now
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		server := w.gate.Server()
		done := make(chan error, 1)
		go func() { done <- server.Serve(listener) }()
		var clients []net.Conn
		run(t, w, func() net.Conn {
			client, conn := net.Pipe()
			clients = append(clients, client)
			listener.conns <- conn
			return client
		})
		for _, client := range clients {
			_ = client.Close()
		}
		_ = server.Close()
		<-done
	})
}

// drip sends bytes, n at a time and each time after a pause, until all are sent or nobody reads them any more.
func drip(conn net.Conn, total, n int, pause time.Duration) {
	piece := strings.Repeat("x", n)
	for sent := 0; sent < total; sent += n {
		time.Sleep(pause)
		if _, err := io.WriteString(conn, piece[:min(n, total-sent)]); err != nil {
			return
		}
	}
}

// head is a request's head for the wire.
func head(r *http.Request, length int, extra string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n%s", r.Method, r.RequestURI, wireHost, length, extra)
	_ = r.Header.Write(&b) // to memory
	return b.String() + "\r\n"
}

func TestPace_ConnectionsAndBodies_AreBoundedInTime(t *testing.T) {
	const size = 100_000
	unsigned := func(method string) func(*world) *http.Request {
		return func(w *world) *http.Request { return w.plain(method, at(prefix+"new"), nil, "") }
	}
	signed := func(method, key string) func(*world) *http.Request {
		return func(w *world) *http.Request {
			length := int64(size)
			return w.request(w.mint(everyAction), ask{method: method, target: at(key), payload: unsignedPayload, length: &length})
		}
	}
	rows := []struct {
		name   string
		make   func(*world) *http.Request
		length int
		extra  string
		send   func(conn net.Conn) // the body
		status int                 // 0: no answer
		within time.Duration
	}{
		{"a body of nobody that drips", unsigned("PUT"), size, "", func(c net.Conn) { drip(c, size, 1, 100*time.Millisecond) }, 403, drainTimeout},
		{"a body of nobody that stands still", unsigned("PUT"), size, "", func(net.Conn) {}, 403, drainTimeout},
		{"a body of nobody that waits to be asked", unsigned("PUT"), size, "Expect: 100-continue\r\n", func(net.Conn) {}, 403, 0},
		{"nobody without a body", unsigned("GET"), 0, "", func(net.Conn) {}, 403, 0},
		{"a refused body that drips", signed("PUT", sibling+"new"), size, "", func(c net.Conn) { drip(c, size, 1, 100*time.Millisecond) }, 403, drainTimeout},
		{"a body that nothing reads", signed("GET", prefix+"a"), size, "", func(net.Conn) {}, 200, drainTimeout},
		{"a body that drips", signed("PUT", prefix+"new"), size, "", func(c net.Conn) { drip(c, size, 1, time.Second) }, 0, bodyGrace + time.Second},
		{"a body that comes below the rate", signed("PUT", prefix+"new"), 10 * size, "", func(c net.Conn) { drip(c, 10*size, minBodyRate/2, time.Second) }, 0, 2*bodyGrace + 2*time.Second},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			inTime(t, func(t *testing.T, w *world, dial func() net.Conn) {
				conn, began := dial(), time.Now()
				if _, err := io.WriteString(conn, head(row.make(w), row.length, row.extra)); err != nil {
					t.Fatal(err)
				}
				var sender sync.WaitGroup
				sender.Go(func() { row.send(conn) })
				in := bufio.NewReader(conn)
				res, err := http.ReadResponse(in, nil)
				if (err == nil) != (row.status != 0) || err == nil && res.StatusCode != row.status {
					t.Errorf("got %v, %v, want %d", res, err, row.status)
				}
				_, _ = io.Copy(io.Discard, in) // until it is closed
				if took := time.Since(began); took > row.within {
					t.Errorf("closed after %s, want %s at most", took, row.within)
				}
				_ = conn.Close()
				if sender.Wait(); w.read(prefix+"new") != "" || w.leftovers() != 0 {
					t.Errorf("got %d work files and %q, want none", w.leftovers(), w.read(prefix+"new"))
				}
			})
		})
	}
}

func TestPace_HeadersThatDrip_AreCutOff(t *testing.T) {
	inTime(t, func(t *testing.T, _ *world, dial func() net.Conn) {
		for _, begin := range []string{"", "GET / HTTP/1.1\r\nHost: x\r\nX-A: "} {
			conn, began := dial(), time.Now()
			var sender sync.WaitGroup
			sender.Go(func() {
				_, _ = io.WriteString(conn, begin)
				if begin != "" {
					drip(conn, 10_000, 1, time.Second)
				}
			})
			_, _ = io.Copy(io.Discard, conn)
			took := time.Since(began)
			_ = conn.Close()
			sender.Wait()
			if took > headerTimeout+time.Second {
				t.Errorf("after %q: closed after %s, want %s", begin, took, headerTimeout)
			}
		}
	})
}

// An honest client with a slow line sends for hours; one that was fast may pause.
func TestPace_SteadyUpload_GoesOn(t *testing.T) {
	const size = 32 << 20
	for name, send := range map[string]func(net.Conn){
		"slow and steady":          func(c net.Conn) { drip(c, size, 2*minBodyRate, time.Second) },
		"at the rate, in bursts":   func(c net.Conn) { drip(c, size, 25*minBodyRate, 25*time.Second) },
		"fast, with a long pause":  func(c net.Conn) { drip(c, size/2, size/2, 0); drip(c, size/2, size/2, idleTimeout-time.Second) },
		"over many hours, by bits": func(c net.Conn) { drip(c, size, 4*minBodyRate, 3*time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			inTime(t, func(t *testing.T, w *world, dial func() net.Conn) {
				length := int64(size)
				conn := dial()
				r := w.request(w.mint(Write), ask{method: "PUT", target: at(prefix + "new"), payload: unsignedPayload, length: &length})
				go func() {
					_, _ = io.WriteString(conn, head(r, size, ""))
					send(conn)
				}()
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil || res.StatusCode != 200 {
					t.Fatalf("got %v, %v, want 200", res, err)
				}
				info, err := os.Stat(filepath.Join(w.dir, home, bucket, filepath.FromSlash(prefix), "new"))
				if err != nil || info.Size() != size {
					t.Errorf("got %v, %v, want %d bytes", info, err, size)
				}
			})
		})
	}
}
