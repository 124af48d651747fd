package rest

import (
	"bufio"
	"io"
	"maps"
	"net/http"
	"strconv"
	"sync"
)

// write sends an answer and gives the bytes of the body that went out. A client that is gone is nobody's error.
func write(w http.ResponseWriter, r *http.Request, a Answer) int {
	h := w.Header()
	maps.Copy(h, a.Header)
	size := 0
	for _, p := range a.Body {
		size += len(p)
	}
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified || size == 0 {
		w.WriteHeader(a.Status)
		return 0
	}
	h.Set("Content-Type", a.Type)
	h.Add("Vary", "Accept-Encoding")
	if r.Method == http.MethodHead {
		w.WriteHeader(a.Status)
		return 0
	}
	if !a.packed && size >= worthPacking && takesGzip(r.Header) {
		if packed, err := pack(a.Body); err == nil {
			a.Body, a.packed, size = [][]byte{packed}, true, len(packed)
		}
	}
	if a.packed {
		h.Set("Content-Encoding", "gzip")
	}
	out := &counter{w: w}
	h.Set("Content-Length", strconv.Itoa(size))
	w.WriteHeader(a.Status)
	_ = join(out, a.Body, size)
	return out.n
}

// joiners make one write of the parts of most answers, each of which would be a packet of its own. A larger
// answer is worth some packets, and would hold its joiner as long as its client is slow.
var joiners = sync.Pool{New: func() any { return bufio.NewWriterSize(io.Discard, mostJoined) }}

const mostJoined = 64 << 10 // bytes: connections take as much without waiting for the client

func join(w io.Writer, parts [][]byte, size int) error {
	if len(parts) == 1 || size > mostJoined {
		for _, p := range parts {
			if _, err := w.Write(p); err != nil {
				return err
			}
		}
		return nil
	}
	b := joiners.Get().(*bufio.Writer)
	defer joiners.Put(b)
	b.Reset(w)
	defer b.Reset(io.Discard)
	for _, p := range parts {
		if _, err := b.Write(p); err != nil {
			return err
		}
	}
	return b.Flush()
}

type counter struct {
	w io.Writer
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += n
	return n, err
}
