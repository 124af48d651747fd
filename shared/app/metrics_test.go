package app

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// serveHere runs Serve in this process until the test ends, and returns the address of its API and its log.
func serveHere(t *testing.T, c ServeConfig) (api string, log *locked) {
	t.Helper()
	c.Data, c.Realms = filepath.Join(t.TempDir(), "data"), []string{"POLARIS"}
	ctx, stop := context.WithCancel(context.Background())
	read, write := io.Pipe()
	log = &locked{}
	ended := make(chan error, 1)
	go func() {
		ended <- Serve(ctx, World{Getenv: func(string) string { return "" }, Stdout: write, Stderr: log}, c)
		write.Close()
	}()
	said := make(chan string, 1)
	go func() {
		text := make([]byte, 0, 1024)
		for buffer := make([]byte, 256); ; {
			n, err := read.Read(buffer)
			if text = append(text, buffer[:n]...); err != nil || strings.Contains(string(text), "firn serves") {
				said <- string(text)
				_, _ = io.Copy(io.Discard, read)
				return
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	at := regexp.MustCompile(`catalog at (http://\S+)/api/catalog`).FindStringSubmatch(<-said)
	if at == nil {
		t.Fatalf("the server did not start: %s", log)
	}
	return at[1], log
}

func status(t *testing.T, url string) (int, string) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func TestMetrics_AreServedOnAListenerOfTheirOwn(t *testing.T) {
	api, log := serveHere(t, ServeConfig{Listen: "127.0.0.1:0", StoreListen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0"})
	if code, text := status(t, api+"/metrics"); code != 404 || strings.Contains(text, "firn_request") {
		t.Errorf("on the API: got %d %s, want 404", code, text)
	}
	status(t, api+"/healthz")
	at := regexp.MustCompile(`address=(http://\S+/metrics)`).FindStringSubmatch(log.String())
	if at == nil {
		t.Fatalf("the log does not name the address of the metrics: %s", log)
	}
	if code, text := status(t, at[1]); code != 200 || !strings.Contains(text, `firn_request_duration_seconds_count{operation="operations.health",status="200"} 1`) {
		t.Errorf("on their own: got %d %s, want the count of requests", code, text)
	}
	for _, path := range []string{"/healthz", "/api/catalog/v1/config"} {
		if code, _ := status(t, strings.TrimSuffix(at[1], "/metrics")+path); code != 404 {
			t.Errorf("%s beside the metrics: got %d, want 404", path, code)
		}
	}
	if strings.Contains(log.String(), "without TLS") {
		t.Errorf("on loopback: got a warning: %s", log)
	}
}

func TestServe_WithoutMetrics_ListensNowhereForThem(t *testing.T) {
	api, log := serveHere(t, ServeConfig{Listen: "127.0.0.1:0", StoreListen: "127.0.0.1:0"})
	if code, _ := status(t, api+"/metrics"); code != 404 || strings.Contains(log.String(), "metrics") {
		t.Errorf("got %d, and the log %s, want no metrics", code, log)
	}
}

func TestWarnBeyondLoopback_NamesWhatOthersReach(t *testing.T) {
	for address, warns := range map[string]bool{"127.0.0.1:1": false, "127.9.9.9:1": false, "[::1]:1": false,
		"0.0.0.0:1": true, "[::]:1": true, "192.0.2.1:1": true, "[2001:db8::1]:1": true} {
		log := &locked{}
		warnBeyondLoopback(slog.New(slog.NewTextHandler(log, nil)), "object store", net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)))
		want := 0
		if warns {
			want = 1
		}
		if got := strings.Count(log.String(), "level=WARN"); got != want || warns && !strings.Contains(log.String(), `what="object store" address=`+address) {
			t.Errorf("%s: got %q, want %d warnings", address, log, want)
		}
	}
}
