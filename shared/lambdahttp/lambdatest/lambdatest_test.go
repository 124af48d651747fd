//go:build unix

package lambdatest_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/shared/lambdahttp/lambdatest"
)

// deployed is a gateway with one function, "fn", that serves all but /nowhere and /no%2Fwhere; "ghost" is routed to and not deployed.
type deployed struct {
	*lambdatest.Gateway
	url string
}

func deploy(t *testing.T, c lambdatest.Config, f lambdatest.Function) deployed {
	t.Helper()
	f.Bootstrap = program(t)
	env := map[string]string{"IS_FUNCTION": "1", "GORACE": "atexit_sleep_ms=0"}
	maps.Copy(env, f.Env)
	f.Env = env
	c.Functions, c.Now = map[string]lambdatest.Function{"fn": f}, time.Now
	c.Route = func(r *http.Request) (string, bool) {
		if r.URL.Path == "/ghost" {
			return "ghost", true
		}
		return "fn", r.URL.Path != "/nowhere" && r.URL.EscapedPath() != "/no%2Fwhere"
	}
	g, url := lambdatest.Start(t, c)
	return deployed{g, url}
}

func program(t *testing.T) string {
	t.Helper()
	p, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// got is a response in short.
type got struct {
	status int
	header http.Header
	body   string
}

func (d deployed) get(t *testing.T, path string) got {
	t.Helper()
	return d.send(t, http.MethodGet, path, nil, "")
}

func (d deployed) send(t *testing.T, method, path string, header http.Header, body string) got {
	t.Helper()
	var content io.Reader // none is not the same as an empty one
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, d.url+path, content)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got{resp.StatusCode, resp.Header, string(b)}
}

// later sends a request that a test does not wait for yet.
func (d deployed) later(t *testing.T, path string) <-chan got {
	t.Helper()
	done := make(chan got, 1)
	go func() {
		resp, err := http.Get(d.url + path)
		if err != nil {
			done <- got{body: err.Error()}
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		done <- got{resp.StatusCode, resp.Header, string(b)}
	}()
	return done
}

func (d deployed) wantCounts(t *testing.T, want lambdatest.Counts) {
	t.Helper()
	if c := d.Counts("fn"); c != want {
		t.Errorf("got counts %+v, want %+v", c, want)
	}
}

// barrier holds functions in the middle of /wait.
type barrier struct {
	url     string
	entered chan string // the pid of a function that waits
	release chan struct{}
	left    chan string
}

func newBarrier(t *testing.T) *barrier {
	t.Helper()
	b := &barrier{entered: make(chan string, 64), release: make(chan struct{}), left: make(chan string, 64)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		switch verb, pid, _ := strings.Cut(r.URL.Path[1:], "/"); verb {
		case "enter":
			b.entered <- pid
			select {
			case <-b.release:
			case <-r.Context().Done():
			}
		case "leave":
			b.left <- pid
		}
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func (b *barrier) env() map[string]string { return map[string]string{"BARRIER": b.url} }

// lines is a writer that a test may read while functions write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestNewRefusesWhatCannotBeDeployed(t *testing.T) {
	route := func(*http.Request) (string, bool) { return "", false }
	for _, row := range []struct {
		name, want string
		config     lambdatest.Config
	}{
		{"no route", "needs a Route", lambdatest.Config{Now: time.Now}},
		{"no clock", "a clock", lambdatest.Config{Route: route}},
		{"no program", "deploying fn: no program at absent", lambdatest.Config{
			Route: route, Now: time.Now, Functions: map[string]lambdatest.Function{"fn": {Bootstrap: "absent"}},
		}},
		{"a folder", "deploying fn: no program at .", lambdatest.Config{
			Route: route, Now: time.Now, Functions: map[string]lambdatest.Function{"fn": {Bootstrap: "."}},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := lambdatest.New(row.config); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got error %v, want %q", err, row.want)
			}
		})
	}
}

func TestAFunctionHasLambdasEnvironmentAndItsOwnAndNothingElse(t *testing.T) {
	t.Setenv("OF_THE_TEST", "must not leak")
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{Env: map[string]string{"FIRN_TABLE": "t", "AWS_REGION": "eu-north-1"}})
	env := "\n" + d.get(t, "/env").body + "\n"
	for _, want := range []string{
		"\nAWS_LAMBDA_RUNTIME_API=127.0.0.1:", "\nAWS_LAMBDA_FUNCTION_NAME=fn\n", "\nFIRN_TABLE=t\n", "\nAWS_REGION=eu-north-1\n",
	} {
		if !strings.Contains(env, want) {
			t.Errorf("got environment %s, want %q in it", env, want)
		}
	}
	if strings.Contains(env, "OF_THE_TEST") || strings.Contains(env, "\nHOME=") {
		t.Errorf("got environment %s, want nothing of the test's", env)
	}
}

func TestOutputGetsWhatFunctionsPrintAndWhyTheyFailed(t *testing.T) {
	var out lines
	d := deploy(t, lambdatest.Config{Output: &out}, lambdatest.Function{})
	d.get(t, "/print")
	d.get(t, "/exit")
	d.Close() // all is written now
	for _, want := range []string{"to stdout\n", "to stderr\n", "the runtime ended: exit status 3\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got output %q, want %q in it", out.String(), want)
		}
	}
}

func TestInvokeGivesAnEventThatNoGatewayMade(t *testing.T) {
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{})
	rows := []struct {
		name, event, want string
		fails             bool
	}{
		{"an answer", `{"source":"aws.events"}`, `{"body":"{\"source\":\"aws.events\"}","statusCode":200}`, false},
		{"an error", `{"path":"/error"}`, `{"errorMessage":"on purpose","errorType":"errorString"}`, true},
		{"an end", `{"path":"/exit"}`, "", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, err := d.Invoke("fn", []byte(row.event))
			if string(got) != row.want || (err != nil) != row.fails {
				t.Errorf("got %s and %v, want %s and an error: %v", got, err, row.want, row.fails)
			}
		})
	}
}

func TestAFunctionKnowsItsDeadline(t *testing.T) {
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{Timeout: 40 * time.Second})
	left, err := time.ParseDuration(d.get(t, "/deadline").body)
	if err != nil || left > 40*time.Second || left < 20*time.Second {
		t.Errorf("got %v left of 40s, error %v", left, err)
	}
}

func TestCloseEndsRequestsAndProcesses(t *testing.T) {
	b := newBarrier(t)
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{Env: b.env()})
	done := d.later(t, "/wait")
	busy := <-b.entered
	idle := d.get(t, "/pid").body
	d.Close()
	if g := <-done; g.status != http.StatusBadGateway {
		t.Errorf("got %d for the request under way, want 502", g.status)
	}
	for _, pid := range []string{busy, idle} {
		if alive(t, pid) {
			t.Errorf("process %s is alive", pid)
		}
	}
	if g := d.get(t, "/pid"); g.status != http.StatusBadGateway {
		t.Errorf("got %d after Close, want 502", g.status)
	}
	d.wantCounts(t, lambdatest.Counts{ColdStarts: 2, Invocations: 2, Failures: 1})
}
