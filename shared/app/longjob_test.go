package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/shared/lake"
	"firn/shared/vend"
)

// A job that outlives its keys, with a real engine: the command that FIRN_LONG_JOB names (localstack/longjob/run is one)
// gets the server's address and reads and writes a table for longer than FIRN_KEY_LIFE.
//
// Keys live 16 minutes, about the shortest that are given; to end sooner, the store's clock is set back while a key is made.
// A key that the store finds expired is refused by it, so an engine that does not refresh fails.
func TestALongJob(t *testing.T) {
	command := os.Getenv("FIRN_LONG_JOB")
	if command == "" {
		t.Skip("FIRN_LONG_JOB names no job: localstack/longjob/run does")
	}
	const life, seen = 16 * time.Minute, 5*time.Minute + 20*time.Second // engines refresh when 5 minutes are left
	back, log := &setBack{by: life - seen}, &locked{}
	s := serverAt(t, back.now, back.around, func(c *Config) {
		c.CredentialDuration, c.Log = life, slog.New(slog.NewTextHandler(log, nil))
	})
	api := httptest.NewServer(s.Handler)
	defer api.Close()
	job := exec.CommandContext(t.Context(), command)
	job.Env = append(os.Environ(), "FIRN_BASE_URL="+api.URL, "FIRN_CLIENT_ID=root", "FIRN_CLIENT_SECRET=s3cr3t", "FIRN_KEY_LIFE="+seen.String())
	job.Stdout, job.Stderr = os.Stdout, os.Stderr
	err := job.Run()
	refreshes := strings.Count(log.String(), "operation=iceberg.loadCredentials")
	t.Logf("%d refreshes", refreshes)
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "msg=vended") {
			t.Log(strings.TrimSpace(line))
		}
	}
	if err != nil || refreshes == 0 {
		t.Errorf("got %v and %d refreshes, want a job that ends well by refreshing", err, refreshes)
	}
}

// setBack is the store's clock: behind while a key is made, else right.
type setBack struct {
	vend.Vendor
	by     time.Duration
	making atomic.Bool
}

func (s *setBack) now() time.Time {
	if s.making.Load() {
		return time.Now().Add(-s.by)
	}
	return time.Now()
}

func (s *setBack) around(v vend.Vendor) vend.Vendor {
	s.Vendor = v
	return s
}

// Vend makes a key by the clock that is behind. What asks the store meanwhile finds keys younger than they are, for as long
// as that takes.
func (s *setBack) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	s.making.Store(true)
	defer s.making.Store(false)
	return s.Vendor.Vend(ctx, storage, g)
}

// locked is a buffer that many may write to.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*locked)(nil)

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
