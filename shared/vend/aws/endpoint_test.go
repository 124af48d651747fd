package aws

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/outbound"
	"firn/shared/vend"
)

// told is what a caller sees of an error: all but its cause.
func told(err error) fault.Error {
	e := *fault.From(err)
	e.Cause = nil
	return e
}

// retries are the SDK's own without pauses.
func retries() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

// Whatever is at an endpoint that is not STS, the caller sees the same, and as many requests were tried.
func TestAnEndpointThatIsNotSTS_IsToldInOneWay(t *testing.T) {
	const secret = "hunter2"
	html := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://"+secret+".example/")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<html><body>"+secret+"</body></html>")
		}
	}
	text := func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, secret) }
	xml := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	rows := map[string]http.HandlerFunc{
		"a page": html(200), "a page that is missing": html(404), "a page behind a login": html(401), "a page that is forbidden": html(403), "a redirect": html(302), "another redirect": html(307),
		"a broken page": html(500), "a gateway": html(502), "a busy page": html(503), "a page that limits": html(429), "text": text, "nothing": func(http.ResponseWriter, *http.Request) {},
		"a lost connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a code of its own": xml(403, `<ErrorResponse><Error><Code>Secret`+secret+`</Code><Message>`+secret+`</Message></Error></ErrorResponse>`),
		"a document":        xml(200, `<secrets><secret>`+secret+`</secret></secrets>`),
		"half a credential": xml(200, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>`+secret+`</AccessKeyId></Credentials></AssumeRoleResult></AssumeRoleResponse>`),
	}
	read := []string{"text", "nothing", "half a credential"} // successes, as far as the SDK sees
	ask := func(t *testing.T, endpoint string) error {
		t.Helper()
		v, err := New(Config{Base: aws.Config{Region: "eu-central-1", Retryer: retries, HTTPClient: outbound.New(outbound.Config{Loopback: true}), Credentials: credentials.NewStaticCredentialsProvider("AKIABASE", "base-secret", "")}})
		if err != nil {
			t.Fatal(err)
		}
		storage := (&fakeSTS{Server: &httptest.Server{URL: endpoint}}).storage()
		_, err = v.Vend(t.Context(), storage, grant(t, vend.Read, "s3://lake/ns/t/"))
		return err
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	want := told(ask(t, closed.URL))
	if want.Message != "The endpoint does not answer as STS." || want.Kind != fault.Unavailable {
		t.Errorf("a closed port: got %+v", want)
	}
	for name, answer := range rows {
		t.Run(name, func(t *testing.T) {
			requests := atomic.Int64{}
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { requests.Add(1); answer(w, r) }))
			defer s.Close()
			got := told(ask(t, s.URL))
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if again := !slices.Contains(read, name); again != (requests.Load() == 3) {
				t.Errorf("got %d requests, want as many as to a closed port: %v", requests.Load(), again)
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
		if diff := cmp.Diff(told(ask(t, "http://"+l.Addr().String())), want); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
	})
}
