package dynamo

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/dynamo/internal/fake"
)

func TestPausesGrowToABound(t *testing.T) {
	server := fake.New(t)
	var pauses []time.Duration
	table := openTable(t, server.URL, &pauses)
	table.attempts = 9
	server.Next("GetItem", times(9, throttle)...)
	if _, err := table.Get(t.Context(), []kv.Key{key("s")}); !fault.Is(err, fault.Throttled) {
		t.Fatalf("got %v, want Throttled", err)
	}
	longest := []time.Duration{20, 40, 80, 160, 320, 500, 500, 500}
	if len(pauses) != len(longest) {
		t.Fatalf("got %d pauses, want %d", len(pauses), len(longest))
	}
	for i, pause := range pauses {
		if most := longest[i] * time.Millisecond; pause < most/4 || pause >= most {
			t.Errorf("pause %d: got %v, want a quarter of %v or more, and less than it", i+1, pause, most)
		}
	}
}

func TestContextThatEndsInAPauseEndsTheCall(t *testing.T) {
	server := fake.New(t)
	table := openTable(t, server.URL, nil)
	// endsInPause gives a context that ends in the next pause.
	endsInPause := func() context.Context {
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		table.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return sleep(ctx, time.Hour) }
		return ctx
	}
	server.Next("PutItem", throttle)
	server.Next("BatchGetItem", fake.Fault{Process: -1})
	server.Take()
	if err := table.Write(endsInPause(), []kv.Op{put("t", kv.Always())}); !fault.Is(err, fault.Throttled) {
		t.Errorf("write: got %v, want Throttled, which had no effect", err)
	}
	if _, err := table.Get(endsInPause(), []kv.Key{key("a"), key("b")}); !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("get: got %v, want Unavailable by the context", err)
	}
	if calls, pending := server.Take(); len(calls) != 2 || pending != 0 {
		t.Errorf("got %d calls, want one of each", len(calls))
	}
}

func TestContextThatEndsDuringAWriteLeavesItUnknown(t *testing.T) {
	server := fake.New(t)
	table := openTable(t, server.URL, nil)
	ctx, cancel := context.WithCancel(t.Context())
	server.Next("PutItem", fake.Fault{Then: cancel, DropAnswer: true})
	if err := table.Write(ctx, []kv.Op{put("t", kv.Match("x"))}); !fault.Is(err, fault.StateUnknown) {
		t.Errorf("got %v, want StateUnknown", err)
	}
}

func TestAttemptThatHangsIsGivenUp(t *testing.T) {
	server := fake.New(t)
	table := openTable(t, server.URL, nil)
	table.attemptTimeout = 100 * time.Millisecond
	over := make(chan struct{})
	server.Next("PutItem", fake.Fault{Then: func() { <-over }})
	server.Next("GetItem", fake.Fault{Then: func() { <-over }})
	if err := table.Write(t.Context(), []kv.Op{put("t", kv.Absent(noon))}); err != nil {
		t.Errorf("got %v, want the put found by the second look", err)
	}
	close(over)
}

func TestRequestThatNeverLeftIsNoDoubt(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	var pauses int
	table := New(Config{Client: clientOf(t, "http://"+listener.Addr().String()), Table: "none", Sleep: func(context.Context, time.Duration) error { pauses++; return nil }})
	calls := map[string]func() error{
		"put":         func() error { return table.Write(t.Context(), []kv.Op{put("t", kv.Always())}) },
		"transaction": func() error { return table.Write(t.Context(), []kv.Op{put("t", kv.Always()), other()}) },
		"get":         func() error { _, err := table.Get(t.Context(), []kv.Key{key("s")}); return err },
	}
	for name, call := range calls {
		pauses = 0
		if err := call(); !fault.Is(err, fault.Unavailable) || pauses != 5 {
			t.Errorf("%s: got %v after %d pauses, want Unavailable after 5", name, err, pauses)
		}
	}
}

type doFunc func(*http.Request) (*http.Response, error)

func (f doFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// The SDK closes a request's body when the answer begins; net/http may still look for its end.
func TestBodyThatIsClosedHasAnEnd(t *testing.T) {
	looked := false
	client := dynamodb.New(clientOf(t, "http://127.0.0.1").Options(), func(o *dynamodb.Options) {
		o.HTTPClient = doFunc(func(r *http.Request) (*http.Response, error) {
			looked = true
			if body, err := io.ReadAll(r.Body); err != nil || int64(len(body)) != r.ContentLength {
				t.Errorf("got %d bytes and %v, want the %d that are announced", len(body), err, r.ContentLength)
			}
			if err := r.Body.Close(); err != nil {
				t.Error(err)
			}
			if n, err := io.Copy(io.Discard, r.Body); n != 0 || err != nil {
				t.Errorf("after closing: got %d bytes and %v, want the end", n, err)
			}
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		})
	})
	if _, err := New(Config{Client: client, Table: "t"}).Get(t.Context(), []kv.Key{key("s")}); err != nil || !looked {
		t.Errorf("got %v, want nothing found", err)
	}
}

func TestCreateTable(t *testing.T) {
	server := fake.New(t)
	client := clientOf(t, server.URL)
	if err := CreateTable(t.Context(), client, "firn"); err != nil {
		t.Fatal(err)
	}
	if got := server.TimeToLive("firn"); got != "expires" {
		t.Errorf("got time to live by %q, want expires", got)
	}
	if err := CreateTable(t.Context(), client, "firn"); !fault.Is(err, fault.Exists) {
		t.Errorf("made twice: got %v, want Exists", err)
	}
	for _, operation := range []string{"CreateTable", "DescribeTable", "UpdateTimeToLive"} {
		server.Next(operation, api("AccessDeniedException"))
		if err := CreateTable(t.Context(), client, "not-"+operation); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s refused: got %v, want Unavailable", operation, err)
		}
	}
}

func TestClientTakesRegionAndEndpoint(t *testing.T) {
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	type row struct{ region, endpoint, wantRegion string }
	for _, r := range []row{{"eu-north-1", "http://127.0.0.1:8000", "eu-north-1"}, {"", "", "eu-west-1"}} {
		client, err := Client(t.Context(), r.region, r.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		got := row{r.region, "", client.Options().Region}
		if e := client.Options().BaseEndpoint; e != nil {
			got.endpoint = *e
		}
		if diff := cmp.Diff(r, got, cmp.AllowUnexported(row{})); diff != "" {
			t.Errorf("client (-want +got):\n%s", diff)
		}
	}
}
