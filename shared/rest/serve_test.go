package rest_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"firn/shared/rest"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestServeFinishesRequestsInFlight(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	l, log := listen(t), slog.New(slog.DiscardHandler)
	begun, end := make(chan bool), make(chan bool)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun <- true
		<-end
		io.WriteString(w, "done")
	})
	served, answered := make(chan error, 1), make(chan string, 1)
	go func() { served <- rest.Serve(ctx, l, handler, log) }()
	go func() {
		r, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			answered <- err.Error()
			return
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		answered <- string(b)
	}()
	<-begun
	stop()
	for { // until the listener is closed
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		c.Close()
	}
	select {
	case err := <-served:
		t.Fatalf("Serve came back with a request in flight: %v", err)
	default:
	}
	close(end)
	if got := <-answered; got != "done" {
		t.Errorf("got %q, want done", got)
	}
	if err := <-served; err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

func TestServeSaysThatItsListenerBroke(t *testing.T) {
	l := listen(t)
	l.Close()
	err := rest.Serve(t.Context(), l, http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v, want an error that names the address", err)
	}
}

func TestServeOverASocket(t *testing.T) {
	d, _ := newDoor(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	l := listen(t)
	served := make(chan error, 1)
	go func() { served <- rest.Serve(ctx, l, d, slog.New(slog.DiscardHandler)) }()
	for _, test := range []struct {
		name, request, want string
	}{
		{"a name with a slash and a separator", "GET /api/zoo/p/namespaces/a%2Fb%1Fc HTTP/1.1", `["p","a/b\u001fc","","alice","POLARIS"]`},
		{"a broken escape", "GET /api/zoo/p/namespaces/%zz HTTP/1.1", "400 Bad Request"},
		{"a header of 9 KB", "GET /api/zoo/p/namespaces HTTP/1.1\r\nX-Big: " + strings.Repeat("x", 9000), `{"a":"<&>"}`},
		{"a header of 21 KB", "GET /api/zoo/p/namespaces HTTP/1.1\r\nX-Big: " + strings.Repeat("x", 21000), "431 Request Header Fields Too Large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, test.request+"\r\nHost: h\r\nAuthorization: Bearer good\r\nConnection: close\r\n\r\n")
			got, err := io.ReadAll(c)
			if !strings.Contains(string(got), test.want) {
				t.Errorf("got %.300q (%v), want %q in it", got, err, test.want)
			}
		})
	}
	stop()
	if err := <-served; err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
