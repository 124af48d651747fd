package outbound

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func direct(*http.Request) (*url.URL, error) { return nil, nil }

// get asks and returns the body.
func get(t *testing.T, c *http.Client, target string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(data), err
}

// refused fails the test unless the error is one of a dial.
func refused(t *testing.T, err error) {
	t.Helper()
	if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "dial" {
		t.Errorf("got %v, want a connection that was not made", err)
	}
}

func secure(t *testing.T, h http.Handler) (*httptest.Server, *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, &tls.Config{RootCAs: roots}
}

func TestThisMachine_IsReachedWhereItIsListedOrAllowed(t *testing.T) {
	asked := atomic.Int64{}
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); _, _ = io.WriteString(w, "here") })
	plain := httptest.NewServer(h)
	t.Cleanup(plain.Close)
	safe, trust := secure(t, h)
	rows := []struct {
		name   string
		config Config
		target string
		ok     bool
	}{
		{"nothing is listed", Config{}, safe.URL, false},
		{"nothing is listed, plain", Config{}, plain.URL, false},
		{"loopback", Config{Loopback: true}, safe.URL, true},
		{"loopback, plain", Config{Loopback: true}, plain.URL, true},
		{"listed", Config{Listed: Endpoints(safe.URL)}, safe.URL, true},
		{"listed, plain", Config{Listed: Endpoints(plain.URL)}, plain.URL, true},
		{"another is listed", Config{Listed: Endpoints(safe.URL)}, plain.URL, false},
		{"https is listed, http is asked", Config{Listed: Endpoints("https" + strings.TrimPrefix(plain.URL, "http"))}, plain.URL, false},
		{"another spelling", Config{}, "http://[::ffff:127.0.0.1]:" + parse(t, plain.URL).Port(), false},
		{"another spelling of a listed one", Config{Listed: Endpoints(plain.URL)}, "http://[::ffff:7f00:1]:" + parse(t, plain.URL).Port(), true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			row.config.TLS, row.config.Proxy = trust, direct
			before := asked.Load()
			_, body, err := get(t, New(row.config), row.target)
			if row.ok && (err != nil || body != "here") {
				t.Errorf("got %q, %v, want an answer", body, err)
			}
			if !row.ok {
				refused(t, err)
			}
			if got := asked.Load() - before; (got == 1) != row.ok {
				t.Errorf("got %d requests, want one: %v", got, row.ok)
			}
		})
	}
}

func TestMetadataAddresses_AreNeverReached(t *testing.T) {
	everything := func(string) bool { return true }
	for _, target := range []string{"http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://[fd00:ec2::254]/",
		"http://100.100.100.200/", "http://168.63.129.16/", "http://0.0.0.0:1/", "http://[::]:1/", "https://169.254.169.254/", "http://255.255.255.255/"} {
		client := New(Config{Listed: everything, Loopback: true, Proxy: direct})
		began := time.Now()
		_, _, err := get(t, client, target)
		refused(t, err)
		if took := time.Since(began); took > dialTimeout/2 {
			t.Errorf("%s: got an error after %s, want it before any packet", target, took)
		}
	}
}

func TestUnlistedEndpoints_AreNotAtPrivateAddresses(t *testing.T) {
	client := New(Config{Loopback: true, Proxy: direct})
	for _, target := range []string{"https://10.0.0.1/", "https://192.168.1.1:9000/", "https://100.64.0.1/", "https://[fd12::1]/", "http://10.0.0.1/", "http://8.8.8.8/"} {
		_, _, err := get(t, client, target)
		refused(t, err)
		if err == nil || !strings.Contains(err.Error(), "not an address that this endpoint may be at") {
			t.Errorf("%s: got %v, want it refused here", target, err)
		}
	}
}

func TestTakingAnEndpointOffTheList_EndsItsConnections(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(s.Close)
	listed := atomic.Bool{}
	listed.Store(true)
	client := New(Config{Listed: func(string) bool { return listed.Load() }, Proxy: direct})
	if _, _, err := get(t, client, s.URL); err != nil {
		t.Fatal(err)
	}
	listed.Store(false)
	_, _, err := get(t, client, s.URL)
	refused(t, err)
}

func TestRedirects_AreNotFollowed(t *testing.T) {
	s := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/latest/meta-data/", http.StatusFound))
	t.Cleanup(s.Close)
	status, _, err := get(t, New(Config{Loopback: true, Proxy: direct}), s.URL)
	if err != nil || status != http.StatusFound {
		t.Errorf("got %d, %v, want the redirect itself", status, err)
	}
}

func TestAnswers_AreBounded(t *testing.T) {
	rows := map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"head": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 2*maxHeader))
		}, "exceeded"},
		"refusal": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write(bytes.Repeat([]byte("x"), maxRefusal+1))
		}, errEndless.Error()},
		"body": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.CopyN(w, zeros{}, maxBody+1)
		}, errEndless.Error()},
		"silence": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "timeout"},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(row.answer)
			t.Cleanup(s.Close)
			c := Config{Loopback: true, Proxy: direct}
			if name == "silence" {
				c.HeaderTimeout = time.Millisecond
			}
			if _, _, err := get(t, New(c), s.URL); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q in it", err, row.want)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestProxies_AreForListedEndpointsAndClouds(t *testing.T) {
	through := atomic.Int64{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		through.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	by := func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	rows := []struct {
		target string
		listed string
		want   int64
	}{
		{"https://sts.eu-west-1.amazonaws.com/", "", 1},
		{"https://minio.invalid/", "https://minio.invalid", 1},
		{"http://minio.invalid/", "http://minio.invalid", 1},
		{"http://10.0.0.1/", "http://10.0.0.1", 1},
		{"https://minio.invalid/", "", 0},
		{"https://10.0.0.1/", "", 0},
		{"http://169.254.169.254/", "http://169.254.169.254", 0},
		{"http://[::ffff:a9fe:a9fe]/", "http://169.254.169.254", 0},
		{"http://metadata.google.internal/", "http://metadata.google.internal", 0},
	}
	for _, row := range rows {
		before := through.Load()
		_, _, err := get(t, New(Config{Listed: Endpoints(row.listed), Proxy: by, Resolver: resolver(t, func(string) string { return "169.254.169.254" })}), row.target)
		if got := through.Load() - before; got != row.want {
			t.Errorf("%s, listed %q: got %d requests to the proxy, want %d (%v)", row.target, row.listed, got, row.want, err)
		}
		if row.want == 0 {
			refused(t, err)
		}
	}
}

// A name is judged at each resolution, whatever it was before.
func TestRebinding_IsRefused(t *testing.T) {
	asked := atomic.Int64{}
	h := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	target := "http://store.example.:" + parse(t, s.URL).Port()
	for _, other := range []string{"169.254.169.254", "10.0.0.1", "0.0.0.0", "8.8.8.8"} {
		resolved := atomic.Int64{}
		client := New(Config{Loopback: true, Proxy: direct, Resolver: resolver(t, func(string) string {
			if resolved.Add(1)%2 == 1 {
				return "127.0.0.1"
			}
			return other
		})})
		before := asked.Load()
		for i := range 4 {
			_, _, err := get(t, client, target)
			if i%2 == 1 {
				refused(t, err)
			} else if err != nil {
				t.Errorf("then %s: got %v, want an answer", other, err)
			}
			client.CloseIdleConnections()
		}
		if got := asked.Load() - before; got != 2 || resolved.Load() != 4 {
			t.Errorf("then %s: got %d requests by %d resolutions, want 2 by 4", other, got, resolved.Load())
		}
	}
}

// Whatever kept a connection from being made, the error is of one type and holds nothing but text.
func TestConnectionsThatAreNotMade_LookAlike(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	client := New(Config{Loopback: true, Proxy: direct, Resolver: resolver(t, func(string) string { return "" })})
	for _, target := range []string{closed.URL, "https://10.0.0.1/", "http://8.8.8.8/", "https://nobody.example./"} {
		_, _, err := get(t, client, target)
		refused(t, err)
		if _, ok := errors.AsType[*net.DNSError](err); ok {
			t.Errorf("%s: got %v, which shows that the name is not known", target, err)
		}
		if op, ok := errors.AsType[*net.OpError](err); ok && (op.Timeout() || op.Temporary()) {
			t.Errorf("%s: got %v, which differs from others", target, err)
		}
	}
}

// resolver answers for every name with one IPv4 address; none if it is empty.
func resolver(t *testing.T, answer func(name string) string) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	go func() {
		for buf := make([]byte, 512); ; {
			n, from, err := server.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = server.WriteTo(reply(buf[:n], answer), from)
		}
	}()
	var d net.Dialer
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

// reply makes the answer to a query (RFC 1035, section 4.1): an A record of no lifetime, or none.
func reply(query []byte, answer func(name string) string) []byte {
	end, name := 12, []string(nil)
	for query[end] != 0 {
		name = append(name, string(query[end+1:end+1+int(query[end])]))
		end += 1 + int(query[end])
	}
	isA := query[end+2] == 1
	out := append([]byte{}, query[:end+5]...)
	out[2], out[3] = 0x81, 0x80               // a response, and recursion is available
	copy(out[6:12], []byte{0, 0, 0, 0, 0, 0}) // no records
	if !isA {
		return out
	}
	text := answer(strings.Join(name, "."))
	if text == "" {
		out[3] |= 3 // no such name
		return out
	}
	out[7] = 1
	addr := netip.MustParseAddr(text).As4()
	out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
	return append(out, addr[:]...)
}
