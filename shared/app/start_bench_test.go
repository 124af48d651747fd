package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkServe measures the built command on a data folder that holds a table: the time from its start to its first
// answer, that of the start to an engine's first loadTable with a new token, and its memory when it is asked nothing.
func BenchmarkServe(b *testing.B) {
	binary, data := filepath.Join(b.TempDir(), "firn"), b.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "firn/cmd/firn")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	start := func() *process {
		cmd := exec.Command(binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--store-listen", "127.0.0.1:0")
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

// BenchmarkCommit is a commit that appends a snapshot, with everything written to disk, by writers of a table each.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, concurrency} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			c := startProcess(b, b.TempDir()).login(b)
			c.setUp(b)
			type table struct{ path, location string }
			var tables []table
			for i := range writers {
				var made struct {
					Metadata struct {
						Location string `json:"location"`
					} `json:"metadata"`
				}
				name := fmt.Sprint("t", i)
				answer := c.must(b, "POST", tablesPath, `{"name":"`+name+`","schema":{"type":"struct","fields":[]}}`)
				if err := json.Unmarshal(answer, &made); err != nil {
					b.Fatal(err)
				}
				tables = append(tables, table{tablesPath + "/" + name, made.Metadata.Location})
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var group sync.WaitGroup
			for _, t := range tables {
				group.Go(func() {
					for id := int64(1); left.Add(-1) >= 0; id++ {
						c.must(b, "POST", t.path, appendSnapshot(t.location, id-1, id, id))
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}
