package app

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// BenchmarkServe measures the built command on a data folder that holds a table: the time from its start to its first
// answer, that of the start to an engine's first loadTable with a new token, and its memory when it is asked nothing.
func BenchmarkServe(b *testing.B) {
	binary, data := filepath.Join(b.TempDir(), "firn"), filepath.Join(b.TempDir(), "data")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "firn/cmd/firn")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	start := func() *process {
		cmd := exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0", "--metrics-listen", "")
		cmd.Env = os.Environ()
		return await(b, cmd)
	}
	first := start()
	c := first.login(b)
	c.setUp(b)
	c.makeTypical(b)
	first.signal(syscall.SIGTERM)
	var answered, loaded time.Duration
	var idle float64
	for b.Loop() {
		began := time.Now()
		p := start()
		w, err := http.Get(p.base + "/healthz")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := drain(w); err != nil || w.StatusCode != 200 {
			b.Fatalf("got %d, %v, want 200", w.StatusCode, err)
		}
		answered += time.Since(began)
		p.login(b).must(b, "GET", typical, "")
		loaded += time.Since(began)
		time.Sleep(2 * time.Second)
		idle += resident(b, p.cmd.Process.Pid)
		p.signal(syscall.SIGTERM)
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(answered.Milliseconds())/n, "ms-to-first-answer")
	b.ReportMetric(float64(loaded.Milliseconds())/n, "ms-to-first-table")
	b.ReportMetric(idle/n, "idle-MiB")
}

// resident is the memory in MiB that a process holds; 0 where the system does not tell.
func resident(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}
