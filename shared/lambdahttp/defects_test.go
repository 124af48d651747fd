package lambdahttp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// bare serves an event as httpadapter does by itself.
func bare(h http.Handler) handler {
	return func(ctx context.Context, payload json.RawMessage) (any, error) {
		var one events.APIGatewayProxyRequest
		var two events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal(payload, &two); err != nil {
			return nil, err
		}
		if two.Version == "2.0" {
			return httpadapter.NewV2(h).ProxyWithContext(ctx, two)
		}
		if err := json.Unmarshal(payload, &one); err != nil {
			return nil, err
		}
		return httpadapter.New(h).Proxy(one)
	}
}

// TestDefectsOfHttpadapter has a row for each, which must fail there and hold here.
func TestDefectsOfHttpadapter(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 4<<20)
	for _, test := range []struct {
		name    string
		payload []byte
		handler http.HandlerFunc
		right   func(result, error) bool
	}{
		{"1: silence is a failure", event(t, "rest-load.json"), func(http.ResponseWriter, *http.Request) {},
			func(r result, err error) bool { return err == nil && r.Status == 200 }},
		{"2: a path that cannot be parsed is a failure", event(t, "rest-load.json", "path", "/api/%zz"), func(http.ResponseWriter, *http.Request) {},
			func(r result, err error) bool { return err == nil && r.Status == 400 }},
		{"2: a path that was decoded on the way is a failure", event(t, "http-load.json"),
			func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.EscapedPath()) },
			func(r result, err error) bool { return err == nil && strings.Contains(r.Body, "/sales%1Feu/") }},
		{"3: headers are split at commas", event(t, "url-load.json"),
			func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, r.Header.Get("X-Iceberg-Access-Delegation"))
			},
			func(r result, err error) bool { return r.Body == "vended-credentials,remote-signing" }},
		{"4: the last status counts", event(t, "rest-load.json"),
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); w.WriteHeader(200) },
			func(r result, err error) bool { return r.Status == 404 }},
		{"5: a panic ends the process", event(t, "rest-load.json"), func(http.ResponseWriter, *http.Request) { panic("out") },
			func(r result, err error) bool { return err == nil && r.Status == 500 }},
		{"7: HEAD has a body", event(t, "rest-load.json", "httpMethod", "HEAD"),
			func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "body") },
			func(r result, err error) bool { return r.Status == 200 && r.Body == "" }},
		{"8: the stage stays in the path", event(t, "http-load.json", "rawPath", "/firn/api/catalog/v1/config"),
			func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) },
			func(r result, err error) bool { return r.Body == "/api/catalog/v1/config" }},
		{"9: a load balancer's query is encoded twice", event(t, "bad/load-balancer.json"),
			func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Query().Get("warehouse")) },
			func(r result, err error) bool { return err != nil || r.Body == "a/b" }},
		{"10: the gateway's context is in the headers", event(t, "rest-load.json"),
			func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, r.Header.Get("X-GoLambdaProxy-ApiGw-Context")+r.Header.Get("X-GoLambdaProxy-ApiGw-StageVars"))
			},
			func(r result, err error) bool { return r.Body == "" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := survive(t, bare(test.handler), test.payload); test.right(got, err) {
				t.Errorf("httpadapter: got %+v, %v, which is right: the repair is not needed any more", got, err)
			}
			a, _ := adapter(test.handler, nil)
			if got, err := survive(t, a.Handle, test.payload); !test.right(got, err) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	t.Run("6: bodies are kept several times", func(t *testing.T) {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(large)))
			for rest := large; len(rest) > 0; rest = rest[64<<10:] {
				w.Write(rest[:64<<10])
			}
		})
		a, _ := adapter(h, nil)
		payload := event(t, "rest-load.json")
		const most = 1.5
		if got := garbage(t, bare(h), payload) / float64(len(large)); got < most {
			t.Errorf("httpadapter: got %.1f times the body, which is right: the repair is not needed any more", got)
		}
		if got := garbage(t, a.Handle, payload) / float64(len(large)); got > most {
			t.Errorf("got %.1f times the body in memory, want %.1f", got, most)
		}
	})
}

// survive serves an event; a panic, which would end a function's process, becomes an error.
func survive(t *testing.T, h handler, payload []byte) (got result, err error) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	got, _, err = invoke(t, h, payload)
	return got, err
}

// garbage gives the bytes that serving an event takes, without the encoding of the answer.
func garbage(t *testing.T, h handler, payload []byte) float64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := h(t.Context(), payload); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc)
}
