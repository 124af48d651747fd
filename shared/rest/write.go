package rest

import (
	"io"
	"maps"
	"net/http"
	"strconv"
)

// write sends an answer and gives the bytes of the body that went out. A client that is gone is nobody's error.
func write(w http.ResponseWriter, r *http.Request, a Answer) int {
	h := w.Header()
	maps.Copy(h, a.Header)
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified || len(a.Body) == 0 {
		w.WriteHeader(a.Status)
		return 0
	}
	h.Set("Content-Type", a.Type)
	h.Add("Vary", "Accept-Encoding")
	if r.Method == http.MethodHead {
		w.WriteHeader(a.Status)
		return 0
	}
	out := &counter{w: w}
	switch packed := takesGzip(r.Header); {
	case packed && !a.Packed && len(a.Body) >= worthPacking:
		h.Set("Content-Encoding", "gzip")
		w.WriteHeader(a.Status)
		_ = pack(out, a.Body)
		return out.n
	case a.Packed:
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(a.Body)))
	w.WriteHeader(a.Status)
	_, _ = out.Write(a.Body)
	return out.n
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
