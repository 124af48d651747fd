//go:build unix

package lambdatest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"firn/shared/lambdahttp/lambdatest"
)

const internal = `{"message": "Internal server error"}`

func TestOneEnvironmentServesOneRequestAfterAnother(t *testing.T) {
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{})
	first := d.get(t, "/pid")
	for range 5 {
		if g := d.get(t, "/pid"); g.body != first.body {
			t.Errorf("got environment %s, want %s", g.body, first.body)
		}
	}
	d.wantCounts(t, lambdatest.Counts{ColdStarts: 1, Invocations: 6})
}

func TestRequestsAtOnceGetAnEnvironmentEach(t *testing.T) {
	const n = 4
	b := newBarrier(t)
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{Env: b.env()})
	var pids []string
	for range 2 { // the second time without a cold start
		var done []<-chan got
		for range n {
			done = append(done, d.later(t, "/wait"))
		}
		for range n {
			pids = append(pids, <-b.entered)
		}
		if c := d.Counts("fn"); c.Running != n {
			t.Errorf("got %d running, want %d", c.Running, n)
		}
		for range n {
			b.release <- struct{}{}
		}
		for _, c := range done {
			if g := <-c; g.status != http.StatusOK {
				t.Errorf("got %d %s, want 200", g.status, g.body)
			}
		}
	}
	slices.Sort(pids)
	if distinct := slices.Compact(pids); len(distinct) != n {
		t.Errorf("got environments %v, want %d", distinct, n)
	}
	d.wantCounts(t, lambdatest.Counts{ColdStarts: n, Invocations: 2 * n})
}

func TestRequestsBeyondTheConcurrencyAreThrottled(t *testing.T) {
	for _, row := range []struct {
		name       string
		url        bool
		status     int
		kind, body string
	}{
		{"REST API", false, http.StatusInternalServerError, "InternalServerErrorException", internal},
		{"Function URL", true, http.StatusTooManyRequests, "TooManyRequestsException",
			`{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBarrier(t)
			d := deploy(t, lambdatest.Config{FunctionURL: row.url}, lambdatest.Function{Env: b.env(), Concurrency: 1})
			done := d.later(t, "/wait")
			<-b.entered
			g := d.get(t, "/pid")
			if g.status != row.status || g.header.Get("x-amzn-ErrorType") != row.kind || g.body != row.body {
				t.Errorf("got %d %v %s, want %d", g.status, g.header, g.body, row.status)
			}
			b.release <- struct{}{}
			<-done
			if g := d.get(t, "/pid"); g.status != http.StatusOK {
				t.Errorf("got %d once there is room, want 200", g.status)
			}
			d.wantCounts(t, lambdatest.Counts{ColdStarts: 1, Invocations: 2, Throttles: 1})
		})
	}
}

func TestIdleEnvironmentsAreFrozen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs Linux's /proc to see that a process is stopped")
	}
	for _, row := range []struct {
		name     string
		noFreeze bool
	}{{"frozen", false}, {"left running", true}} {
		t.Run(row.name, func(t *testing.T) {
			d := deploy(t, lambdatest.Config{NoFreeze: row.noFreeze}, lambdatest.Function{})
			for range 3 {
				pid := d.get(t, "/pid").body
				state := ""
				for state == "" || !row.noFreeze && state != "T" && t.Context().Err() == nil { // the signal takes its time
					state = processState(t, pid)
				}
				if row.noFreeze && state == "T" {
					t.Error("got a stopped process, want it running")
				}
			}
			d.wantCounts(t, lambdatest.Counts{ColdStarts: 1, Invocations: 3})
		})
	}
}

func TestWhatAFailedInvocationAnswersAndLeaves(t *testing.T) {
	for _, row := range []struct {
		name, path   string
		status       int
		body         string
		replaced     bool
		failed       int // of the function's two invocations
		shortTimeout bool
	}{
		{name: "the process exits", path: "/exit", status: 502, body: internal, replaced: true, failed: 1},
		{name: "the handler panics", path: "/panic", status: 502, body: internal, replaced: true, failed: 1},
		{name: "the handler returns an error", path: "/error", status: 502, body: internal, failed: 1},
		{name: "the function takes too long", path: "/hang", status: 502, body: internal, replaced: true, failed: 1, shortTimeout: true},
		{name: "the answer is too large", path: "/big/6291540", status: 502, body: internal, replaced: true, failed: 1},
		{name: "the answer breaks off", path: "/break-off", status: 502, body: internal, failed: 1},
		{name: "the process exits after its answer", path: "/answer-and-exit", status: 200, body: "early", replaced: true},
		{name: "the function answers twice", path: "/answer-twice", status: 200, body: "first", replaced: true},
		{name: "the function answers another's request", path: "/answer-another", status: 200, body: "400 Bad Request"},
		{name: "the function asks for more without an answer", path: "/ask-for-more", status: 502, body: internal, failed: 1, replaced: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := lambdatest.Function{Timeout: 20 * time.Second}
			if row.shortTimeout {
				f.Timeout = 400 * time.Millisecond
			}
			d := deploy(t, lambdatest.Config{}, f)
			if g := d.get(t, row.path); g.status != row.status || g.body != row.body {
				t.Errorf("got %d %.200s, want %d %s", g.status, g.body, row.status, row.body)
			}
			if g := d.get(t, "/pid"); g.status != http.StatusOK {
				t.Errorf("got %d %s for the next request, want 200", g.status, g.body)
			}
			want := lambdatest.Counts{ColdStarts: 1, Invocations: 2, Failures: row.failed}
			if row.replaced {
				want.ColdStarts = 2
			}
			d.wantCounts(t, want)
		})
	}
}

func TestInitFailures(t *testing.T) {
	for _, row := range []struct {
		init   string
		status int
		want   lambdatest.Counts
		log    string
	}{
		{"exit", 502, lambdatest.Counts{ColdStarts: 2, InitFailures: 2, Invocations: 1, Failures: 1}, "init: exit status 1"},
		{"report", 502, lambdatest.Counts{ColdStarts: 2, InitFailures: 2, Invocations: 1, Failures: 1}, "no secret"},
		{"hang", 502, lambdatest.Counts{ColdStarts: 2, InitFailures: 2, Invocations: 1, Failures: 1}, "init: timed out after 150ms"},
		{"exit once", 200, lambdatest.Counts{ColdStarts: 2, InitFailures: 1, Invocations: 1}, "init: exit status 1"},
	} {
		t.Run(row.init, func(t *testing.T) {
			var out lines
			b := newBarrier(t)
			c, f := lambdatest.Config{Output: &out}, lambdatest.Function{
				Concurrency: 1, Env: map[string]string{"INIT": row.init, "MARK": filepath.Join(t.TempDir(), "mark"), "BARRIER": b.url},
			}
			if row.init == "hang" {
				c.InitTimeout, f.Timeout = 150*time.Millisecond, 150*time.Millisecond
			}
			d := deploy(t, c, f)
			if g := d.get(t, "/pid"); g.status != row.status {
				t.Errorf("got %d %s, want %d", g.status, g.body, row.status)
			}
			d.wantCounts(t, row.want)
			for len(b.entered) > 0 {
				if pid := <-b.entered; alive(t, pid) {
					t.Errorf("process %s is alive", pid)
				}
			}
			if !strings.Contains(out.String(), row.log) {
				t.Errorf("got output %q, want %q in it", out.String(), row.log)
			}
			if g := d.get(t, "/pid"); g.status != row.status { // and not throttled: the place is free again
				t.Errorf("got %d %s for the next request, want %d", g.status, g.body, row.status)
			}
			if c := d.Counts("fn"); c.Throttles != 0 {
				t.Errorf("got %d throttles, want none", c.Throttles)
			}
		})
	}
}

func TestKillEndsAnInvocationInTheMiddle(t *testing.T) {
	b := newBarrier(t)
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{Env: b.env(), Concurrency: 2})
	done := d.later(t, "/wait")
	pid := <-b.entered
	idle := d.get(t, "/pid").body
	if n := d.Kill("fn"); n != 1 {
		t.Errorf("got %d killed, want 1", n)
	}
	if g := <-done; g.status != http.StatusBadGateway || g.body != internal {
		t.Errorf("got %d %s, want 502", g.status, g.body)
	}
	if alive(t, pid) {
		t.Error("the process is alive")
	}
	if g := d.get(t, "/pid"); g.body != idle {
		t.Errorf("got environment %s, want the idle one %s", g.body, idle)
	}
	if n := d.Kill("fn"); n != 0 {
		t.Errorf("got %d killed while none was at work, want 0", n)
	}
	d.wantCounts(t, lambdatest.Counts{ColdStarts: 2, Invocations: 3, Failures: 1})
}

func TestRecycleReplacesIdleEnvironmentsNowAndBusyOnesAfterTheirRequest(t *testing.T) {
	b := newBarrier(t)
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{Env: b.env(), Concurrency: 2})
	done := d.later(t, "/wait")
	busy := <-b.entered
	idle := d.get(t, "/pid").body
	d.Recycle("fn")
	fresh := d.get(t, "/pid").body
	if fresh == idle || fresh == busy {
		t.Errorf("got environment %s, want another", fresh)
	}
	b.release <- struct{}{}
	if g := <-done; g.status != http.StatusOK || g.body != busy {
		t.Errorf("got %d %s, want 200 from the busy one", g.status, g.body)
	}
	for range 2 {
		if g := d.get(t, "/pid"); g.body != fresh {
			t.Errorf("got environment %s, want %s", g.body, fresh)
		}
	}
	d.wantCounts(t, lambdatest.Counts{ColdStarts: 3, Invocations: 5})
}

func TestAFrozenEnvironmentThatDiesIsReplaced(t *testing.T) {
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{Concurrency: 1})
	first := d.get(t, "/pid").body
	if err := syscall.Kill(number(t, first), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for alive(t, first) && t.Context().Err() == nil {
		runtime.Gosched()
	}
	g := d.get(t, "/pid")
	for g.status != http.StatusOK && t.Context().Err() == nil { // until its death is known
		g = d.get(t, "/pid")
	}
	if g.body == first || d.Counts("fn").Throttles != 0 {
		t.Errorf("got %s and %+v, want another environment in its place", g.body, d.Counts("fn"))
	}
}

func TestTheGatewayGivesUpBeforeTheFunctionDoes(t *testing.T) {
	b := newBarrier(t)
	d := deploy(t, lambdatest.Config{GatewayTimeout: time.Second}, lambdatest.Function{Env: b.env(), Timeout: time.Minute})
	pid := d.get(t, "/pid").body // so that the second is not spent on the cold start
	if g := d.get(t, "/wait"); g.status != http.StatusGatewayTimeout || g.body != `{"message": "Endpoint request timed out"}` {
		t.Errorf("got %d %s, want 504", g.status, g.body)
	}
	b.release <- struct{}{}
	if left := <-b.left; left != pid {
		t.Errorf("got work finished by %s, want %s", left, pid)
	}
	for d.Counts("fn").Running > 0 && t.Context().Err() == nil {
		runtime.Gosched()
	}
	if g := d.get(t, "/pid"); g.body != pid {
		t.Errorf("got environment %s, want %s", g.body, pid)
	}
	d.wantCounts(t, lambdatest.Counts{ColdStarts: 1, Invocations: 3})

	d = deploy(t, lambdatest.Config{GatewayTimeout: time.Nanosecond, FunctionURL: true}, lambdatest.Function{})
	if g := d.get(t, "/pid"); g.status != http.StatusOK {
		t.Errorf("got %d from a Function URL, want 200", g.status)
	}
}

func TestAskingForAFunctionThatIsNotDeployedPanics(t *testing.T) {
	d := deploy(t, lambdatest.Config{}, lambdatest.Function{})
	defer func() {
		if got, want := fmt.Sprint(recover()), "lambdatest: no function is called ghost"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}()
	d.Counts("ghost")
}

func processState(t *testing.T, pid string) string {
	t.Helper()
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))[0]
}

func alive(t *testing.T, pid string) bool {
	t.Helper()
	return syscall.Kill(number(t, pid), 0) == nil
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
