package s3local

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serve puts the gate behind a real connection.
func (w *world) serve() *httptest.Server {
	w.t.Helper()
	server := httptest.NewUnstartedServer(w.gate)
	server.Config = w.gate.Server()
	server.Start()
	w.t.Cleanup(server.Close)
	return server
}

// dial sends the head of a signed request whose host is the server's.
func (w *world) dial(server *httptest.Server, c Credential, a ask, extra string) net.Conn {
	w.t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close() })
	r := w.request(c, a)
	var head strings.Builder
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n%s", a.method, a.target, wireHost, r.ContentLength, extra)
	if err := r.Header.Write(&head); err != nil {
		w.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, head.String()+"\r\n"); err != nil {
		w.t.Fatal(err)
	}
	return conn
}

func answerOf(t *testing.T, conn net.Conn) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	text, _ := io.ReadAll(res.Body)
	return res, string(text)
}

func TestARevokedUploadIsNotPublished(t *testing.T) {
	w := newWorld(t)
	w.fill()
	server := w.serve()
	size := int64(1 << 20)
	for name, end := range map[string]func(Credential){
		"revoked": func(c Credential) { _ = w.issuer.Revoke("id:/" + c.AccessKeyID) },
		"expired": func(Credential) { w.clock.add(time.Hour) },
	} {
		c := w.mint(Write)
		conn := w.dial(server, c, ask{method: "PUT", target: at(prefix + "a"), payload: unsignedPayload, length: &size}, "Expect: 100-continue\r\n")
		in := bufio.NewReader(conn)
		if line, err := in.ReadString('\n'); !strings.Contains(line, "100 Continue") || err != nil {
			t.Fatalf("%s: got %q, %v, want 100 Continue", name, line, err)
		}
		_, _ = in.ReadString('\n')
		half := strings.Repeat("x", 1<<19)
		if _, err := io.WriteString(conn, half); err != nil {
			t.Fatal(err)
		}
		end(c)
		_, _ = io.WriteString(conn, half) // the server may have gone already
		res, err := http.ReadResponse(in, nil)
		if err != nil || res.StatusCode < 400 {
			t.Errorf("%s: got %v, %v, want a refusal", name, res, err)
		}
		if got := w.read(prefix + "a"); got != "alpha" || w.leftovers() != 0 {
			t.Errorf("%s: got %.9q and %d work files, want alpha and none", name, got, w.leftovers())
		}
	}
}

// Java's SDK names the checksum of nothing where there is no body, and asks for one behind an object's bytes.
func TestWhatJavaAsksBeside(t *testing.T) {
	w := newWorld(t)
	w.fill()
	c := w.mint(Read | Delete)
	for _, row := range []struct {
		method string
		header string
		status int
	}{{"GET", "", 200}, {"GET", "append-md5", 200}, {"GET", "gzip", 501}, {"HEAD", "", 200}, {"DELETE", "", 204}} {
		headers := map[string]string{"x-amz-checksum-crc32": "AAAAAA=="}
		if row.header != "" {
			headers["x-amz-te"] = row.header
		}
		rec := w.call(c, ask{method: row.method, target: at(prefix + "a"), header: headers})
		if rec.Code != row.status || row.header != "" && row.status == 200 && rec.Body.String() != "alpha" {
			t.Errorf("%s %s: got %d %s, want %d", row.method, row.header, rec.Code, rec.Body, row.status)
		}
	}
}

// lastByte lets the credential end after the body was read and before it is published.
func TestTheCredentialIsAskedAgainBeforePublishing(t *testing.T) {
	w := newWorld(t)
	w.fill()
	c := w.mint(Write)
	r := w.request(c, ask{method: "PUT", target: at(prefix + "a"), payload: unsignedPayload, body: "new"})
	r.Body = io.NopCloser(&ending{text: "new", end: func() { _ = w.issuer.Revoke("all") }})
	if rec := w.do(r); rec.Code != 403 || codeOf(rec) != "AccessDenied" || w.read(prefix+"a") != "alpha" {
		t.Errorf("put: got %d %s and %q, want AccessDenied and alpha", rec.Code, rec.Body, w.read(prefix+"a"))
	}
	c = w.mint(Write)
	id := w.upload(c, prefix+"new", "part")
	r = w.request(c, ask{method: "PUT", target: at(prefix+"new") + "?partNumber=2&uploadId=" + id, payload: unsignedPayload, body: "new"})
	r.Body = io.NopCloser(&ending{text: "new", end: func() { _ = w.issuer.Revoke("all") }})
	parts, _, _ := w.store.parts(uploadsFolder+"/"+id, 0, 10)
	if rec := w.do(r); rec.Code != 403 || len(parts) != 1 {
		t.Errorf("part: got %d %s and %d parts, want AccessDenied and 1", rec.Code, rec.Body, len(parts))
	}
}

// ending is a body that calls end with its last byte.
type ending struct {
	text string
	end  func()
}

func (e *ending) Read(p []byte) (int, error) {
	n := copy(p, e.text)
	e.end()
	return n, io.EOF
}

func TestADownloadBreaksOffWhenItsCredentialEnds(t *testing.T) {
	w := newWorld(t)
	size := 64 << 20
	w.put(prefix+"big", strings.Repeat("x", size))
	server := w.serve()
	c := w.mint(Read)
	conn := w.dial(server, c, get(prefix+"big"), "")
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("got %v, %v, want 200", res, err)
	}
	if _, err := io.CopyN(io.Discard, res.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	if err := w.issuer.Revoke("table:t1"); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, res.Body); !errors.Is(err, io.ErrUnexpectedEOF) || n >= int64(size)-1<<20 {
		t.Errorf("got %d more bytes, %v, want the download broken off", n, err)
	}
}

func TestATransferThatStandsStillEnds(t *testing.T) {
	w := newWorld(t)
	w.fill()
	w.gate.idle = 20 * time.Millisecond
	server := w.serve()
	size := int64(10)
	conn := w.dial(server, w.mint(Write), ask{method: "PUT", target: at(prefix + "a"), payload: unsignedPayload, length: &size}, "")
	_, _ = io.WriteString(conn, "x")
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("got %v, want the connection closed", err)
	}
	if got := w.read(prefix + "a"); got != "alpha" || w.leftovers() != 0 {
		t.Errorf("got %q and %d work files, want alpha and none", got, w.leftovers())
	}
}

func TestARefusalIsSeenByWhoSendsItsBodyUnasked(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	size := int64(900_000)
	conn := w.dial(server, w.mint(Write), ask{method: "PUT", target: at(sibling + "s"), payload: unsignedPayload, length: &size}, "")
	if _, err := io.WriteString(conn, strings.Repeat("x", int(size))); err != nil {
		t.Fatalf("send: %v", err)
	}
	if res, text := answerOf(t, conn); res.StatusCode != 403 || !strings.Contains(text, "AccessDenied") || !res.Close {
		t.Errorf("got %d %s, want AccessDenied and the connection closed", res.StatusCode, text)
	}
}

func TestARefusalComesBeforeTheBodyIsAskedFor(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	size := int64(1 << 30)
	conn := w.dial(server, w.mint(Write), ask{method: "PUT", target: at(sibling + "s"), payload: unsignedPayload, length: &size}, "Expect: 100-continue\r\n")
	if res, text := answerOf(t, conn); res.StatusCode != 403 || !strings.Contains(text, "AccessDenied") {
		t.Errorf("got %d %s, want AccessDenied at once", res.StatusCode, text)
	}
}

func TestASlowUploadHoldsNobodyUp(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	size := int64(2)
	c := w.mint(everyAction)
	slow := w.dial(server, c, ask{method: "PUT", target: at(prefix + "slow"), payload: unsignedPayload, length: &size}, "")
	_, _ = io.WriteString(slow, "a")
	for i := range 50 {
		if rec := w.call(c, ask{method: "PUT", target: at(fmt.Sprintf("%sfast-%d", prefix, i)), body: "x"}); rec.Code != 200 {
			t.Fatalf("fast put: got %d %s, want 200", rec.Code, rec.Body)
		}
	}
	_, _ = io.WriteString(slow, "b")
	if res, text := answerOf(t, slow); res.StatusCode != 200 || w.read(prefix+"slow") != "ab" {
		t.Errorf("slow put: got %d %s, want 200", res.StatusCode, text)
	}
}
