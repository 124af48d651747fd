//go:build unix

package app

import (
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"
)

// BenchmarkLoadLargeTable is the processor time that a server takes to load a table of 5 MB of metadata, which it knows, for
// a client that takes gzip, with keys.
func BenchmarkLoadLargeTable(b *testing.B) {
	const size = 5 << 20
	s, root := lakeServer(b, nil)
	s.makeLarge(b, root, "large", 9_500, 0)
	r := httptest.NewRequest(http.MethodGet, "/api/catalog/v1/lake/namespaces/n/tables/large", nil)
	r.Header.Set("Authorization", "Bearer "+root)
	r.Header.Set("X-Iceberg-Access-Delegation", "vended-credentials")
	plain := httptest.NewRecorder()
	s.Handler.ServeHTTP(plain, r)
	if plain.Code != 200 || plain.Body.Len() < size {
		b.Fatalf("got %d and %d bytes, want 200 and at least %d", plain.Code, plain.Body.Len(), size)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	load := func() int {
		w := &discarded{header: http.Header{}}
		s.Handler.ServeHTTP(w, r)
		if w.status != 200 || w.header.Get("Content-Encoding") != "gzip" {
			b.Fatalf("got %d %v, want gzip", w.status, w.header)
		}
		return w.size
	}
	load()
	began, sent := processorTime(b), 0
	for b.Loop() {
		sent = load()
	}
	b.ReportMetric(float64((processorTime(b)-began).Microseconds())/1000/float64(b.N), "cpu-ms/op")
	b.ReportMetric(float64(plain.Body.Len())/(1<<20), "MiB-of-metadata")
	b.ReportMetric(float64(sent)/(1<<20), "MiB-sent")
}

// discarded takes an answer and keeps its size.
type discarded struct {
	header http.Header
	status int
	size   int
}

func (d *discarded) Header() http.Header    { return d.header }
func (d *discarded) WriteHeader(status int) { d.status = status }
func (d *discarded) Write(p []byte) (int, error) {
	d.size += len(p)
	return len(p), nil
}

// processorTime is what this process has used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
