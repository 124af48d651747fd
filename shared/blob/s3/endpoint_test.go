package s3

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firn/shared/blob"
	"firn/shared/fault"
)

// told is what a caller sees of an error: all but its cause.
func told(err error) fault.Error {
	e := *fault.From(err)
	e.Cause = nil
	return e
}

// Whatever is at an endpoint that is not S3, the caller sees the same, and as many requests are tried.
func TestAnEndpointThatIsNotS3_IsToldInOneWay(t *testing.T) {
	const secret = "hunter2"
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://"+secret+".example/")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	const page = "<html><body>" + secret + "</body></html>"
	rows := map[string]http.HandlerFunc{
		"a page": say(200, page), "nothing": say(200, ""), "no content": say(204, ""), "a document": say(200, `{"password":"`+secret+`"}`), "a redirect": say(307, ""),
		"a page that is missing": say(404, page), "missing": say(404, ""), "text that is missing": say(404, "404 page not found: "+secret),
		"forbidden": say(403, ""), "a login": say(401, page), "not this method": say(405, ""), "a precondition": say(412, ""), "a conflict": say(409, ""), "too many": say(429, ""),
		"broken": say(500, page), "a gateway": say(502, page), "away": say(503, ""), "slow": say(408, ""),
		"a code of its own": say(403, `<Error><Code>Secret`+secret+`</Code><Message>`+secret+`</Message></Error>`),
		"another document":  say(400, `<secrets><secret>`+secret+`</secret></secrets>`),
		"a lost connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	name := uri(t, "s3://lake/ns/t/v1.json")
	calls := map[string]func(b blob.Bucket) error{
		"get": func(b blob.Bucket) error { _, err := b.Get(t.Context(), name); return err },
		"put": func(b blob.Bucket) error { return b.Put(t.Context(), name, []byte("x")) },
		"list": func(b blob.Bucket) error {
			_, err := b.(blob.Sweeper).DeleteAll(t.Context(), folder(t, "s3://lake/ns/t/"), 1)
			return err
		},
	}
	at := func(t *testing.T, endpoint string) blob.Bucket {
		t.Helper()
		s := newStore(t)
		s.storage.EndpointInternal = endpoint
		return s.open(t, Config{})
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	want := fault.Error{Kind: fault.Unavailable, Noun: fault.File, Name: name.String(), Message: "The endpoint does not answer as S3.", RetryAfter: retryAfter}
	check := func(t *testing.T, what string, err error) {
		t.Helper()
		if err == nil && what == "list" { // an empty document is an empty listing
			return
		}
		got, want := told(err), want
		if what == "list" {
			want.Name = "s3://lake/ns/t/"
		}
		if what == "put" && got.Kind == fault.StateUnknown { // which its callers make one with Unavailable
			want = fault.Error{Kind: fault.StateUnknown, Noun: fault.File, Name: want.Name, Message: got.Message}
			if strings.Contains(got.Message, secret) {
				t.Errorf("got the secret in %q", got.Message)
			}
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", what, diff)
		}
	}
	for what, call := range calls {
		check(t, what, call(at(t, closed.URL)))
	}
	for row, answer := range rows {
		t.Run(row, func(t *testing.T) {
			requests := atomic.Int64{}
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { requests.Add(1); answer(w, r) }))
			defer s.Close()
			for what, call := range calls {
				requests.Store(0)
				err := call(at(t, s.URL))
				check(t, what, err)
				if success := strings.HasPrefix(row, "no") && row != "not this method" || row == "a page" || row == "a document"; !success && requests.Load() != 3 {
					t.Errorf("%s: got %d requests, want as many as to a closed port", what, requests.Load())
				}
			}
		})
	}
	t.Run("another protocol", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(c, "SSH-2.0-"+secret+"\r\n")
				c.Close()
			}
		}()
		for what, call := range calls {
			check(t, what, call(at(t, "http://"+l.Addr().String())))
		}
	})
}
