package app

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"firn/shared/lake"
	"firn/shared/rest"
)

// watched is a body, and how much of it was read.
type watched struct {
	io.Reader
	read int
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	w.read += n
	return n, err
}

// Of what somebody sends who has not shown who they are, no route reads a byte; a public route reads
// MaxPublicBody, and inflates nothing. This holds for every route that there is.
func TestNoRouteReadsTheBodyOfAStranger(t *testing.T) {
	s := newServer(t, nil)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	if _, err := z.Write(bytes.Repeat([]byte("0"), 1<<20)); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	send := func(method, path, token, coding string, size int64, text io.Reader) (status, read int) {
		body := &watched{Reader: text}
		request := httptest.NewRequest(method, path, body)
		request.ContentLength = size
		request.Header.Set("Authorization", "Bearer "+token)
		request.Header.Set("Content-Encoding", coding)
		w := httptest.NewRecorder()
		s.Handler.ServeHTTP(w, request)
		return w.Code, body.read
	}
	everyRoute(s, func(name, method, path string, r rest.Route) {
		if !r.Public {
			for _, token := range []string{"", "garbage", lake.NewBearer(lake.NewID()).Reveal()} {
				status, read := send(method, path, token, "gzip", int64(bomb.Len()), bytes.NewReader(bomb.Bytes()))
				if status != http.StatusUnauthorized || read > 0 {
					t.Errorf("%s with token %.12q: got %d and %d bytes read, want 401 and none", name, token, status, read)
				}
			}
			return
		}
		if _, read := send(method, path, "", "gzip", int64(bomb.Len()), bytes.NewReader(bomb.Bytes())); read > 0 {
			t.Errorf("%s: got %d bytes of a compressed body read, want none", name, read)
		}
		for _, size := range []int64{1 << 20, -1} { // known and unknown
			if _, read := send(method, path, "", "", size, strings.NewReader(strings.Repeat("0", 1<<20))); read > rest.MaxPublicBody+1 {
				t.Errorf("%s: got %d bytes of a large body read, want at most %d", name, read, rest.MaxPublicBody+1)
			}
		}
	})
}
