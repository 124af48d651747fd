package cli_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/cli"
)

// serverOf starts a server that gives a token to everybody and answers everything else with handler.
func serverOf(t *testing.T, handler http.HandlerFunc) map[string]string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/catalog/v1/oauth/tokens", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"access_token":"the-token"}`))
	})
	mux.HandleFunc("/", handler)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return map[string]string{"FIRN_BASE_URL": server.URL, "CLIENT_ID": "id", "CLIENT_SECRET": "the-secret"}
}

// says makes a handler of one answer.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// matches compares a line; want may begin with * for anything.
func matches(got, want string) bool {
	if end, ok := strings.CutPrefix(want, "*"); ok {
		return strings.HasSuffix(got, end)
	}
	return got == want
}

func TestAnswersThatAreNotGood(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		what    string // the first line
		next    string // part of the second
	}{
		{
			"a bug", says(500, `{"error":{"message":"Internal error.","type":"RuntimeException","code":500}}`, "X-Request-ID", "r-1"),
			"firn: Internal error.", "look before you repeat it. The request id is r-1.",
		},
		{"a broken proxy", says(502, "<html>"), "firn: the server answers 502 Bad Gateway and does not say why", "look before you repeat it."},
		{"throttled", says(429, ""), "firn: the server answers 429 Too Many Requests and does not say why", "Nothing was done: wait"},
		{"unavailable", says(503, ""), "firn: the server answers 503 Service Unavailable and does not say why", "Nothing was done: wait"},
		{"too large", says(413, ""), "firn: the server answers 413 Request Entity Too Large and does not say why", "--max-body"},
		{"not found by another kind of server", says(404, "404 page not found"), "firn: the server answers 404 Not Found and does not say why", "Check that --base-url names a firn server."},
		{
			"another conflict", says(409, `{"error":{"message":"No.","type":"OtherException","code":409}}`),
			"firn: No.", "Look at what is there, then run the command again.",
		},
		{
			"changed meanwhile", says(409, `{"error":{"message":"Failed to update Catalog","type":"CommitConflictException","code":409}}`),
			"firn: Failed to update Catalog", "run the command again.",
		},
		{
			"rotation duty", says(403, `{"error":{"message":"Principal 'p' is not authorized for op LIST_CATALOGS because it must rotate credentials first","type":"ForbiddenException","code":403}}`),
			"firn: Principal 'p' is not authorized for op LIST_CATALOGS because it must rotate credentials first", "`firn principals rotate-credentials`",
		},
		{"redirect", says(307, "", "Location", "http://elsewhere.test/"), "firn: the server redirects to http://elsewhere.test/, which is not followed with credentials", "--base-url"},
		{"no JSON", says(200, "<html>"), "firn: the answer is not the JSON that this command expects", "--base-url"},
		{"too long", func(w http.ResponseWriter, _ *http.Request) {
			for range 33 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		}, "firn: the answer has more than 33554432 bytes", "--base-url"},
		{
			"a message that would steer the terminal", says(400, `{"error":{"message":"red \u001b[31m","type":"X","code":400}}`),
			`firn: "red \x1b[31m"`, "",
		},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = w.Write([]byte("{"))
		}, "*: unexpected EOF", "Check --base-url"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := run(t, cli.Config{}, serverOf(t, test.handler), "catalogs", "list")
			what, next, _ := strings.Cut(stderr, "\n")
			if code != 1 || stdout != "" || !matches(what, test.what) || !strings.Contains(next, test.next) {
				t.Errorf("got %d %q %q, want 1 %q %q", code, stdout, stderr, test.what, test.next)
			}
			if strings.Contains(stderr, "the-secret") || strings.Contains(stderr, "the-token") {
				t.Errorf("stderr shows a secret: %q", stderr)
			}
		})
	}
}

func TestTokenAnswersThatAreNotGood(t *testing.T) {
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"no token", says(200, `{}`), "firn: the answer to the token request holds no token"},
		{"no JSON", says(200, `<html>`), "firn: the answer to the token request holds no token"},
		{"other OAuth error", says(400, `{"error":"invalid_scope"}`), "firn: the server gives no token: invalid_scope"},
		{"redirect", says(307, "", "Location", "http://elsewhere.test/"), "firn: the server redirects to http://elsewhere.test/"},
		{"broken", says(500, ""), "firn: the server answers 500 Internal Server Error"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.handler)
			t.Cleanup(server.Close)
			code, _, stderr := run(t, cli.Config{}, map[string]string{"CLIENT_ID": "id", "CLIENT_SECRET": "the-secret"}, "catalogs", "list", "--base-url", server.URL)
			if code != 1 || !strings.HasPrefix(stderr, test.want) || strings.Contains(stderr, "the-secret") {
				t.Errorf("got %d %q, want 1 %q without the secret", code, stderr, test.want)
			}
		})
	}
}

func TestNamesOfOthersDoNotSteerTheTerminal(t *testing.T) {
	body := `{"catalogs":[{"name":"a\u001b[2Jb","type":"INTERNAL","properties":{},"entityVersion":1,"storageConfigInfo":{"storageType":"S3"}}]}`
	_, stdout, _ := run(t, cli.Config{}, serverOf(t, says(200, body)), "catalogs", "list")
	if strings.Contains(stdout, "\x1b") || !strings.Contains(stdout, `"a\x1b[2Jb"`) {
		t.Errorf("got %q, want the control character escaped", stdout)
	}
}

func TestJSONIsTheServersDocument(t *testing.T) {
	const body = `{"catalogs": [ {"name":"a", "new-field": 1.0, "big": 12345678901234567890} ]}`
	code, stdout, _ := run(t, cli.Config{}, serverOf(t, says(200, body)), "catalogs", "list", "--output=json")
	if want := body + "\n"; code != 0 || stdout != want {
		t.Errorf("got %d %q, want 0 %q", code, stdout, want)
	}
}

func TestAnUpdateSendsBackWhatItDoesNotChange(t *testing.T) {
	tests := []struct {
		name, flag, want string
	}{
		{
			"storage, with fields that this program does not know", "--region=eu-west-1",
			`{"currentEntityVersion":7,"properties":{"k":"v"},"storageConfigInfo":{"newField":{"x":1},"region":"eu-west-1","storageType":"S3"}}`,
		},
		{"properties, and no storage", "--set-property=a=b", `{"currentEntityVersion":7,"properties":{"a":"b","k":"v"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var sent []byte
			environment := serverOf(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut {
					sent, _ = io.ReadAll(r.Body)
				}
				_, _ = w.Write([]byte(`{"name":"a","entityVersion":7,"properties":{"k":"v"},"storageConfigInfo":{"storageType":"S3","newField":{"x":1}}}`))
			})
			code, _, stderr := run(t, cli.Config{}, environment, "catalogs", "update", "a", test.flag)
			if code != 0 || string(sent) != test.want {
				t.Errorf("got %d %q %s, want 0 %s", code, stderr, sent, test.want)
			}
		})
	}
}

func TestAListInPagesIsPrintedWhole(t *testing.T) {
	pages := map[string]string{
		"":    `{"namespaces":[["a"],["b"]],"next-page-token":"two"}`,
		"two": `{"namespaces":[["c"]],"next-page-token":null}`,
	}
	environment := serverOf(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, pages[r.FormValue("pageToken")])
	})
	for output, want := range map[string]string{
		"text": "NAMESPACE\na\nb\nc\n",
		"json": `{"namespaces":[["a"],["b"],["c"]],"next-page-token":null}` + "\n",
	} {
		code, stdout, stderr := run(t, cli.Config{}, environment, "namespaces", "list", "--catalog=c", "--output", output)
		if code != 0 || stdout != want {
			t.Errorf("%s: got %d %q %q, want 0 %q", output, code, stdout, stderr, want)
		}
	}
}

func TestAListThatNeverEndsIsGivenUp(t *testing.T) {
	environment := serverOf(t, says(200, `{"namespaces":[["a"]],"next-page-token":"again"}`))
	code, _, stderr := run(t, cli.Config{}, environment, "namespaces", "list", "--catalog=c")
	if want := "firn: the server gives the same page again and again\n"; code != 1 || !strings.HasPrefix(stderr, want) {
		t.Errorf("got %d %q, want 1 %q", code, stderr, want)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	environment := serverOf(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done() // the client hangs up
	})
	var stderr strings.Builder
	c := cli.Config{Getenv: func(name string) string { return environment[name] }, Stdout: &strings.Builder{}, Stderr: &stderr}
	if code, want := cli.Main(ctx, c, []string{"catalogs", "list"}), "firn: interrupted\nnext: A request that was under way may have taken effect.\n"; code != 1 || stderr.String() != want {
		t.Errorf("got %d %q, want 1 %q", code, stderr.String(), want)
	}
}

func TestNoAnswerInTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	environment := serverOf(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	var stderr strings.Builder
	c := cli.Config{Getenv: func(name string) string { return environment[name] }, Stdout: &strings.Builder{}, Stderr: &stderr}
	code := cli.Main(ctx, c, []string{"catalogs", "list"})
	if code != 1 || !strings.HasPrefix(stderr.String(), "firn: no answer from "+environment["FIRN_BASE_URL"]) || !strings.Contains(stderr.String(), "look before you repeat it") {
		t.Errorf("got %d %q, want 1, no answer, and to look first", code, stderr.String())
	}
}

func TestABaseURLMayHaveAPath(t *testing.T) {
	var paths []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.URL.EscapedPath())
		_, _ = w.Write([]byte(`{"access_token":"the-token"}`))
	}))
	t.Cleanup(server.Close)
	environment := map[string]string{"FIRN_BASE_URL": server.URL + "/prod/", "CLIENT_ID": "id", "CLIENT_SECRET": "the-secret"}
	code, _, stderr := run(t, cli.Config{}, environment, "namespaces", "get", "a.b/c", "--catalog=x y+z")
	want := []string{"/prod/api/catalog/v1/oauth/tokens", "/prod/api/catalog/v1/x%20y%2Bz/namespaces/a%1Fb%2Fc"}
	if diff := cmp.Diff(paths, want); code != 0 || diff != "" {
		t.Errorf("got code %d %q, want 0; got -, want +:\n%s", code, stderr, diff)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAnAnswerThatCannotBePrintedIsNoSuccess(t *testing.T) {
	environment := serverOf(t, says(201, `{"principal":{"name":"p"},"credentials":{"clientId":"i","clientSecret":"the-secret"}}`))
	for _, output := range []string{"text", "json"} {
		t.Run(output, func(t *testing.T) {
			var stderr strings.Builder
			c := cli.Config{Getenv: func(name string) string { return environment[name] }, Stdout: full{}, Stderr: &stderr}
			code := cli.Main(t.Context(), c, []string{"principals", "reset", "p", "--output", output})
			if want := "the answer could not be printed: no space left on device"; code != 1 || !strings.Contains(stderr.String(), want) {
				t.Errorf("got %d %q, want 1 %q", code, stderr.String(), want)
			}
		})
	}
}
