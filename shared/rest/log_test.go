package rest_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/rest"
)

func TestEachRequestLeavesOneLine(t *testing.T) {
	for _, test := range []struct {
		name    string
		line    string
		headers []string
		want    []string // parts of the line
	}{
		{"an answer", "GET /api/zoo/p/namespaces", nil,
			[]string{"level=INFO msg=request operation=zoo.list realm=POLARIS caller=alice status=200 ms=5 bytes=11 request_id="}},
		{"HEAD sends nothing", "HEAD /api/zoo/p/namespaces", nil, []string{"operation=zoo.list", "status=200 ms=5 bytes=0 "}},
		{"a refusal", "GET /api/zoo/gone", nil, []string{"level=INFO", "operation=zoo.gone", "status=404", `kind="not found"`}},
		{"a bad token", "GET /api/zoo/gone", []string{"Authorization: Bearer secret-token"},
			[]string{"level=INFO", `operation=zoo.gone realm=POLARIS caller="" status=401`, "kind=unauthenticated", "not a good token"}},
		{"no route", "GET /api/nope", nil, []string{`operation=none realm="" caller="" status=404`, `kind="no route"`}},
		{"a wrong method", "PUT /api/zoo/gone", nil, []string{"operation=none", "status=405", `kind="method not allowed"`}},
		{"a broken dependency", "GET /api/zoo/broken", nil, []string{"level=ERROR", "status=500", "kind=internal", "dial 10.0.0.7: refused"}},
		{"a panic and its stack", "GET /api/zoo/panic", nil, []string{"level=ERROR", "status=500", "the handler's secret", "door_test.go"}},
		{"too busy", "GET /api/zoo/busy", nil, []string{"level=WARN", "status=429", "kind=throttled"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, s := newDoor(t, nil)
			ask(d, test.line+"?token=secret-query", nil, test.headers...)
			got := s.log.String()
			if strings.Count(got, "\n") != 1 {
				t.Errorf("got %q, want one line", got)
			}
			for _, want := range test.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %q, want %q in it", got, want)
				}
			}
			for _, secret := range []string{"secret-token", "secret-query", "Bearer"} {
				if strings.Contains(got, secret) {
					t.Errorf("got %q, want no %q in it", got, secret)
				}
			}
		})
	}
}

func TestAClientThatIsGoneIsNobodysError(t *testing.T) {
	d, s := newDoor(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/api/zoo/broken", nil)
	r.Header.Set("Authorization", "Bearer good")
	d.ServeHTTP(httptest.NewRecorder(), r)
	if got := s.log.String(); !strings.Contains(got, "level=INFO") {
		t.Errorf("got %q, want level INFO", got)
	}
}

func TestEachRequestIsObserved(t *testing.T) {
	for _, test := range []struct {
		line, operation string
		status          int
	}{
		{"GET /api/zoo/p/namespaces", "zoo.list", 200},
		{"GET /api/zoo/panic", "zoo.panic", 500},
		{"GET /api/nope", "none", 404},
	} {
		t.Run(test.line, func(t *testing.T) {
			d, s := newDoor(t, nil)
			ask(d, test.line, nil)
			if s.operation != test.operation || s.status != test.status || s.took != 5*time.Millisecond {
				t.Errorf("got %s %d %v, want %s %d 5ms", s.operation, s.status, s.took, test.operation, test.status)
			}
		})
	}
}

func TestRequestID(t *testing.T) {
	for _, test := range []struct {
		name, sent string
		kept       bool
	}{
		{"the client's own", "my-own-id:1", true},
		{"none", "", false},
		{"too long", strings.Repeat("x", 129), false},
		{"as long as may be", strings.Repeat("x", 128), true},
		{"a space", "a b", false},
		{"a control character", "a\tb", false},
		{"a quote", `a"b`, false},
		{"a backslash", `a\b`, false},
		{"not ASCII", "ä", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, s := newDoor(t, nil)
			var headers []string
			if test.sent != "" {
				headers = []string{"X-Request-ID: " + test.sent}
			}
			got := ask(d, "GET /api/zoo/p/namespaces", nil, headers...).Header.Get("X-Request-ID")
			if (got == test.sent) != test.kept || got == "" {
				t.Errorf("got %q for %q, want kept %v", got, test.sent, test.kept)
			}
			if !strings.Contains(s.log.String(), "request_id="+got) {
				t.Errorf("log: got %q, want request id %s", s.log.String(), got)
			}
		})
	}
}

func TestOthersLogTheRequestIDToo(t *testing.T) {
	var log strings.Builder
	logger := slog.New(rest.LogHandler(slog.NewTextHandler(&log, nil))).With("part", "access").WithGroup("g")
	d, _ := newDoor(t, func(c *rest.Config) {
		p := rest.Protocol{Name: "p", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{{
			Method: "GET", Pattern: "/x", Operation: "x", Function: rest.Catalog, Public: true,
			Handler: func(ctx context.Context, c *rest.Call) (rest.Answer, error) {
				logger.InfoContext(ctx, "decided")
				return rest.JSON(200, c.RequestID)
			}}}}
		c.Protocols = []rest.Protocol{p}
	})
	body := text(t, ask(d, "GET /x", nil, "X-Request-ID: abc"))
	if body != `"abc"` || !strings.Contains(log.String(), "part=access g.request_id=abc") {
		t.Errorf("got body %s and log %q, want abc in both", body, log.String())
	}
}

func TestTimeout(t *testing.T) {
	for _, test := range []struct {
		name    string
		timeout time.Duration
		want    int
	}{
		{"none is set", 0, http.StatusNoContent},
		{"none is left", -time.Second, http.StatusGatewayTimeout},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := newDoor(t, func(c *rest.Config) {
				c.Timeout = test.timeout
				c.Protocols = []rest.Protocol{{Name: "p", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{{
					Method: "GET", Pattern: "/x", Operation: "x", Function: rest.Catalog, Public: true,
					Handler: func(ctx context.Context, _ *rest.Call) (rest.Answer, error) {
						if _, limited := ctx.Deadline(); !limited || ctx.Err() != nil {
							return rest.Answer{}, fault.New(fault.Timeout, "").Because(ctx.Err())
						}
						return rest.Empty(http.StatusNoContent), nil
					}}}}}
			})
			if got := ask(d, "GET /x", nil).StatusCode; got != test.want {
				t.Errorf("status: got %d, want %d", got, test.want)
			}
		})
	}
}
