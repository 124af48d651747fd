package lambdahttp_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/lambdahttp"
)

// refusal is the body of an error in Iceberg's words.
type refusal struct {
	Error struct {
		Message, Type string
		Code          int
	}
}

func refused(t *testing.T, r result) refusal {
	t.Helper()
	var e refusal
	if err := json.Unmarshal([]byte(r.Body), &e); err != nil || r.Header.Get("Content-Type") != "application/json" || e.Error.Code != r.Status {
		t.Fatalf("got %+v, %v, which is no refusal", r, err)
	}
	return e
}

func TestRefusals(t *testing.T) {
	looks := func(http.ResponseWriter, *http.Request) {}
	panics := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("X-Request-Id", "the-door's")
		w.WriteHeader(200)
		io.WriteString(w, "half an answer")
		panic("the handler's secret")
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		change  []any
		status  int
		kind    string
		message string
		id      string
		logged  string
	}{
		{"a body that is not base64", looks, []any{"body", "%%%", "isBase64Encoded", true}, 400, "BadRequestException", "The request body is not base64", "the-gateway's", "level=INFO"},
		{"a panic", panics, nil, 500, "ServiceFailureException", "Internal error.", "the-door's", "the handler's secret"},
		{"a status that is none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) }, nil, 500, "ServiceFailureException", "Internal error.", "the-gateway's", "level=ERROR"},
		{"a status of four digits", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(1000) }, nil, 500, "ServiceFailureException", "Internal error.", "the-gateway's", "invalid WriteHeader code 1000"},
		{"the end of a connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, nil, 500, "ServiceFailureException", "Internal error.", "the-gateway's", "abort Handler"},
	} {
		for _, source := range sources {
			for _, stream := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/stream=%v", test.name, source.name, stream), func(t *testing.T) {
					a, log := adapter(test.handler, func(c *lambdahttp.Config) { c.Stream = stream })
					payload := event(t, source.file, append([]any{"requestContext.requestId", "the-gateway's"}, test.change...)...)
					got, _, err := invoke(t, a.Handle, payload)
					if err != nil {
						t.Fatal(err)
					}
					e := refused(t, got)
					if got.Status != test.status || e.Error.Type != test.kind || e.Error.Message != test.message {
						t.Errorf("got %d %+v, want %d %s %s", got.Status, e, test.status, test.kind, test.message)
					}
					want := http.Header{"Content-Type": {"application/json"}, "X-Request-Id": {test.id}}
					if diff := cmp.Diff(got.Header, want); diff != "" {
						t.Errorf("headers: got (-), want (+):\n%s", diff)
					}
					for _, part := range []string{test.logged, `request_id=` + test.id, fmt.Sprint("status=", test.status)} {
						if !strings.Contains(log.String(), part) {
							t.Errorf("log: got %s, want %s in it", log, part)
						}
					}
				})
			}
		}
	}
	t.Run("HEAD", func(t *testing.T) {
		a, _ := adapter(panics, nil)
		if got, _, err := invoke(t, a.Handle, event(t, "rest-load.json", "httpMethod", "HEAD")); err != nil || got.Status != 500 || got.Body != "" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a method and a query that are none", func(t *testing.T) {
		a, _ := adapter(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }, nil)
		for _, payload := range [][]byte{event(t, "rest-load.json", "httpMethod", "G T"), event(t, "url-load.json", "rawQueryString", "a=\x1f")} {
			got, _, err := invoke(t, a.Handle, payload)
			if err != nil || refused(t, got).Error.Type != "BadRequestException" {
				t.Errorf("got %+v, %v", got, err)
			}
		}
	})
	t.Run("the process stays", func(t *testing.T) {
		n := 0
		a, _ := adapter(func(http.ResponseWriter, *http.Request) {
			if n++; n == 1 {
				panic("once")
			}
		}, nil)
		for _, want := range []int{500, 200} {
			if got, _, err := invoke(t, a.Handle, event(t, "rest-load.json")); err != nil || got.Status != want {
				t.Errorf("got %d, %v, want %d", got.Status, err, want)
			}
		}
	})
}

// TestNothingIsPrinted: httpadapter prints what it cannot convert, which would stand between the lines of the log.
func TestNothingIsPrinted(t *testing.T) {
	printed, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer printed.Close()
	stdout := os.Stdout
	os.Stdout = printed
	defer func() { os.Stdout = stdout }()
	for _, path := range []string{"/api/a", "/api/%zz"} {
		ask(t, event(t, "rest-load.json", "path", path), nil)
		ask(t, event(t, "url-load.json", "rawPath", path), nil)
	}
	if text, err := os.ReadFile(printed.Name()); err != nil || len(text) > 0 {
		t.Errorf("got %q, %v", text, err)
	}
}
