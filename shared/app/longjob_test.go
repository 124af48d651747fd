package app

import (
	"bytes"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// A job that outlives its keys, with a real engine: the command that FIRN_LONG_JOB names (localstack/longjob/run is one)
// gets the server's address and reads and writes a table for longer than FIRN_KEY_LIFE.
//
// Keys live 16 minutes, about the shortest that are given; to end sooner for the engine, whose clock is right, the store and
// its keys live in the past. A key that the store finds expired is refused by it, so an engine that does not refresh fails.
func TestALongJob(t *testing.T) {
	command := os.Getenv("FIRN_LONG_JOB")
	if command == "" {
		t.Skip("FIRN_LONG_JOB names no job: localstack/longjob/run does")
	}
	const life, seen = 16 * time.Minute, 5*time.Minute + 20*time.Second // engines refresh when 5 minutes are left
	now := func() time.Time { return time.Now().Add(seen - life) }
	log := &locked{}
	s := serverAt(t, now, func(c *Config) {
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
