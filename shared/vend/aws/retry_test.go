package aws

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

// within hands requests to the fake without a network, so that time may stand still.
type within struct{ sts *fakeSTS }

func (w within) Do(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	r.RequestURI = r.URL.Path
	w.sts.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

// keys gives firn's own credentials, others at each call.
type keys struct{ fetched int }

func (k *keys) Retrieve(context.Context) (aws.Credentials, error) {
	k.fetched++
	return aws.Credentials{AccessKeyID: fmt.Sprintf("AKIA%d", k.fetched), SecretAccessKey: "s"}, nil
}

// What may pass is asked again, at most twice and within the time of one answer; what is wrong is not.
func TestWhatIsAskedAgain(t *testing.T) {
	rows := []struct {
		status   int
		code     string
		requests int
		fetched  int // firn's own credentials
		kind     fault.Kind
	}{
		{400, "Throttling", 3, 1, fault.Unavailable},
		{400, "RequestLimitExceeded", 3, 1, fault.Unavailable},
		{500, "InternalFailure", 3, 1, fault.Unavailable},
		{503, "ServiceUnavailable", 3, 1, fault.Unavailable},
		{403, "AccessDenied", 1, 1, fault.Forbidden},
		{400, "PackedPolicyTooLarge", 1, 1, fault.Invalid},
		{400, "MalformedPolicyDocument", 1, 1, fault.Invalid},
		{400, "ValidationError", 1, 1, fault.Invalid},
		{403, "RegionDisabledException", 1, 1, fault.Forbidden},
		{501, "NotImplemented", 1, 1, fault.Unsupported},
		{403, "ExpiredToken", 2, 2, fault.Unavailable},
	}
	for _, row := range rows {
		t.Run(row.code, func(t *testing.T) {
			f := newFakeSTS(t)
			f.answer = func(w http.ResponseWriter) bool { stsError(w, row.status, row.code); return true }
			synctest.Test(t, func(t *testing.T) {
				v, own := f.direct(t)
				start := time.Now()
				_, err := v.Vend(t.Context(), f.storage(), grant(t, vend.Read, "s3://lake/ns/t/"))
				if got := len(f.asked()); got != row.requests || !fault.Is(err, row.kind) {
					t.Errorf("got %d requests and %v, want %d and an error of kind %s", got, err, row.requests, row.kind)
				}
				if took := time.Since(start); took > 2*maxPause {
					t.Errorf("took %v, want at most %v", took, 2*maxPause)
				}
				if own.fetched != row.fetched {
					t.Errorf("got %d fetches of firn's own credentials, want %d", own.fetched, row.fetched)
				}
			})
		})
	}
}

// direct makes a vendor with the SDK's own retries and credentials that can be fetched afresh.
func (f *fakeSTS) direct(t *testing.T) (*Vendor, *keys) {
	t.Helper()
	own := &keys{}
	v, err := New(Config{Base: aws.Config{Region: "eu-central-1", HTTPClient: within{f}, Credentials: aws.NewCredentialsCache(own)}})
	if err != nil {
		t.Fatal(err)
	}
	return v, own
}

func TestExpiredCredentialsAreFetchedAfresh(t *testing.T) {
	f := newFakeSTS(t)
	f.answer = func(w http.ResponseWriter) bool {
		expired := strings.Contains(f.requests[len(f.requests)-1].Get(signedAs), "AKIA1/")
		if expired {
			stsError(w, 403, "ExpiredToken")
		}
		return expired
	}
	v, own := f.direct(t)
	for range 2 {
		if _, err := v.Vend(t.Context(), f.storage(), grant(t, vend.Read, "s3://lake/ns/t/")); err != nil {
			t.Errorf("got %v, want a key", err)
		}
	}
	if own.fetched != 2 || len(f.asked()) != 3 {
		t.Errorf("got %d fetches and %d requests, want 2 and 3", own.fetched, len(f.asked()))
	}
}

func TestALostConnectionIsTriedAgain(t *testing.T) {
	f := newFakeSTS(t)
	f.answer = func(http.ResponseWriter) bool {
		if len(f.requests) == 1 {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	v, err := New(Config{Base: aws.Config{Region: "eu-central-1", Credentials: aws.NewCredentialsCache(&keys{})}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Vend(t.Context(), f.storage(), grant(t, vend.Read, "s3://lake/ns/t/")); err != nil || len(f.asked()) != 2 {
		t.Errorf("got %v after %d requests, want a key after 2", err, len(f.asked()))
	}
}

func TestAPolicyThatNearlyFillsItsSpaceIsLogged(t *testing.T) {
	rows := []struct {
		field   string
		percent int
		told    bool
	}{
		{"PackedPolicySize", fullWarning - 1, false}, {"PackedPolicySize", fullWarning, true}, {"PackedPolicySize", 100, true},
		{"SessionTokenUtilization", fullWarning - 1, false}, {"SessionTokenUtilization", fullWarning, true}, {"None", 100, false},
	}
	for _, row := range rows {
		f := newFakeSTS(t)
		f.full = fmt.Sprintf("<%[1]s>%[2]d</%[1]s>", row.field, row.percent)
		var log bytes.Buffer
		v := f.vendor(t)
		v.config.Log = slog.New(slog.NewJSONHandler(&log, nil))
		cred, err := v.Vend(t.Context(), f.storage(), grant(t, vend.Read, "s3://lake/ns/t/"))
		if err != nil {
			t.Fatal(err)
		}
		if got := log.Len() > 0; got != row.told {
			t.Errorf("%d percent of %s: got the record %q, want one: %v", row.percent, row.field, &log, row.told)
		}
		if !row.told {
			continue
		}
		for _, part := range []string{fmt.Sprintf(`"full_percent":%d,`, row.percent), `"credential":"` + cred.ID + `"`, `"table":"ns.t"`, `"level":"WARN"`, `"prefixes":1`} {
			if !strings.Contains(log.String(), part) {
				t.Errorf("got the record %s, want %s in it", &log, part)
			}
		}
		for _, secret := range []string{cred.S3.SecretAccessKey.Reveal(), cred.S3.SessionToken.Reveal(), "arn:", "tenant-1"} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the record %s holds %q", &log, secret)
			}
		}
	}
}

// Minting apart from STS: the policy and the request, and all that the SDK does with them but send them.
func BenchmarkRequest(b *testing.B) {
	storage := &lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", Region: "eu-west-1", CurrentKMSKey: testKey}
	g := grant(b, readWrite, "s3://lake/ns/t-4f2a/")
	v, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.input(storage, g); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVendWithoutNetwork(b *testing.B) {
	storage := &lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", Region: "eu-west-1", CurrentKMSKey: testKey}
	g := grant(b, readWrite, "s3://lake/ns/t-4f2a/")
	recorder := httptest.NewRecorder()
	stsAnswer(recorder, "", "token", "2026-05-04T13:00:00Z")
	v, err := New(Config{Base: aws.Config{Region: "eu-west-1", HTTPClient: canned(recorder.Body.String()), Credentials: aws.NewCredentialsCache(&keys{})}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Vend(b.Context(), storage, g); err != nil {
			b.Fatal(err)
		}
	}
}

// canned is an STS that gives one answer.
type canned string

func (c canned) Do(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(c)))}, nil
}
