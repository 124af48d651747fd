package azure

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
)

func answer(status int, header ...string) broken {
	return func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		w := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}
		for i := 0; i < len(header); i += 2 {
			w.Header.Set(header[i], header[i+1])
		}
		return w, nil
	}
}

var errReset = errors.New("connection reset by peer")

func lostRequest(http.RoundTripper, *http.Request) (*http.Response, error) { return nil, errReset }

func neverSent(http.RoundTripper, *http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: errReset}
}

func lostAnswer(next http.RoundTripper, r *http.Request) (*http.Response, error) {
	if w, err := next.RoundTrip(r); err == nil {
		_ = w.Body.Close()
	}
	return nil, errReset
}

// What operations answer when the store refuses, and how often they are sent.
func TestFailures(t *testing.T) {
	rows := []struct {
		name  string
		fault broken
		kind  fault.Kind
		sent  int
		after time.Duration
	}{
		{"denied", answer(403, "X-Ms-Error-Code", "AuthenticationFailed"), fault.Forbidden, 1, 0},
		{"not known", answer(401), fault.Forbidden, 1, 0},
		{"no such container", answer(404, "X-Ms-Error-Code", "ContainerNotFound"), fault.Invalid, 1, 0},
		{"a redirect is not followed", answer(307, "Location", "https://evil.example/"), fault.Invalid, 1, 0},
		{"not understood", answer(400), fault.Invalid, 1, 0},
		{"immutable", answer(409, "X-Ms-Error-Code", "BlobImmutableDueToPolicy"), fault.Forbidden, 1, 0},
		{"leased", answer(409, "X-Ms-Error-Code", "LeaseAlreadyPresent"), fault.Unavailable, 1, 2 * time.Second},
		{"throttled", answer(429, "Retry-After", "9"), fault.Unavailable, 1, 9 * time.Second},
		{"busy", answer(503, "X-Ms-Error-Code", "ServerBusy"), fault.Unavailable, 3, 2 * time.Second},
		{"never sent", neverSent, fault.Unavailable, 3, 2 * time.Second},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			for what, call := range map[string]func(*Bucket) error{
				"get":    func(b *Bucket) error { _, err := b.Get(t.Context(), uri(t, root+"ns/t/a")); return err },
				"put":    func(b *Bucket) error { return b.Put(t.Context(), uri(t, root+"ns/t/a"), nil) },
				"delete": func(b *Bucket) error { return b.Delete(t.Context(), uri(t, root+"ns/t/a")) },
				"sweep":  func(b *Bucket) error { _, err := b.DeleteAll(t.Context(), prefix(t, root+"ns/t/"), 1); return err },
			} {
				s := newStore(t)
				b := s.open(t, all, Config{}).(*Bucket)
				s.faults = []broken{row.fault, row.fault, row.fault}
				err := call(b)
				if f := fault.From(err); f == nil || f.Kind != row.kind || f.RetryAfter != row.after || len(s.sent) != row.sent {
					t.Errorf("%s: got %v after %d attempts, want %s after %d, again in %s", what, err, len(s.sent), row.kind, row.sent, row.after)
				}
			}
		})
	}
}

// What a put answers when requests and answers get lost: never a failure of something that may have landed.
func TestPutsThatGetLost(t *testing.T) {
	theirs := func(next http.RoundTripper, r *http.Request) (*http.Response, error) {
		other := r.Clone(r.Context())
		other.Body, other.ContentLength = io.NopCloser(strings.NewReader("theirs")), 6
		return lostAnswer(next, other)
	}
	rows := []struct {
		name   string
		faults []broken
		puts   int
		want   fault.Kind // Internal: no error
		there  string
	}{
		{"request lost once", []broken{lostRequest}, 2, 0, "ours"},
		{"answer lost once", []broken{lostAnswer}, 2, 0, "ours"},
		{"throttled once", []broken{answer(503)}, 2, 0, "ours"},
		{"answer lost, then all requests", []broken{lostAnswer, lostRequest, lostRequest}, 3, fault.StateUnknown, "ours"},
		{"all requests lost", []broken{lostRequest, lostRequest, lostRequest}, 3, fault.StateUnknown, ""},
		{"all answers broken", []broken{answer(500), answer(502), answer(500)}, 3, fault.StateUnknown, ""},
		{"answer lost, then denied", []broken{lostAnswer, answer(403)}, 2, fault.StateUnknown, "ours"},
		{"answer lost, and then the look is denied", []broken{lostAnswer, nil, answer(403)}, 2, fault.StateUnknown, "ours"},
		{"never sent", []broken{neverSent, neverSent, neverSent}, 3, fault.Unavailable, ""},
		{"someone else's object behind a lost answer", []broken{theirs}, 2, fault.Exists, "theirs"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newStore(t)
			b := s.open(t, all, Config{})
			s.faults = row.faults
			name := uri(t, root+"ns/t/v1.json")
			err := b.Put(t.Context(), name, []byte("ours"))
			if got := fault.From(err); err == nil && row.want != 0 || err != nil && got.Kind != row.want {
				t.Errorf("got %v, want kind %s (internal: no error)", err, row.want)
			}
			if puts := strings.Count(strings.Join(s.sent, " "), "PUT"); puts != row.puts {
				t.Errorf("got %d attempts, want %d", puts, row.puts)
			}
			if data, _ := s.cloud.Holds("lake", "data", "ns/t/v1.json"); data != row.there {
				t.Errorf("there is %q, want %q", data, row.there)
			}
		})
	}
}

func TestNoErrorShowsTheSAS(t *testing.T) {
	for name, fail := range map[string]broken{"lost": lostRequest, "denied": answer(403), "busy": answer(503)} {
		s := newStore(t)
		b := s.open(t, all, Config{})
		s.faults = []broken{fail, fail, fail}
		err := b.Put(t.Context(), uri(t, root+"ns/t/a"), nil)
		if err == nil || strings.Contains(err.Error(), "sig=") || strings.Contains(err.Error(), "https://") {
			t.Errorf("%s: got %v, want an error without the URL", name, err)
		}
		if text := fmt.Sprintf("%v %+v", b, b); strings.Contains(text, "sig=") {
			t.Errorf("a bucket prints as %s", text)
		}
	}
}

func TestATimeIsKept(t *testing.T) {
	s := newStore(t)
	b := s.open(t, all, Config{Timeout: 10 * time.Millisecond})
	s.faults = []broken{func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}}
	if _, err := b.Get(t.Context(), uri(t, root+"ns/t/a")); !fault.Is(err, fault.Timeout) || len(s.sent) != 1 {
		t.Errorf("got %v after %d attempts, want a timeout after 1", err, len(s.sent))
	}
}
