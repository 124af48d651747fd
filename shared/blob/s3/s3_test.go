package s3

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/blob"
	"firn/shared/blob/blobtest"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/outbound"
	"firn/shared/vend"
	vendaws "firn/shared/vend/aws"
)

const everything = vend.Read | vend.List | vend.Write | vend.Delete

// retries are the SDK's own without waiting between them.
func retries() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 3
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
}

func opener(t *testing.T, c Config) *Opener {
	t.Helper()
	c.Base.Retryer, c.Base.HTTPClient = retries, outbound.New(outbound.Config{Loopback: true})
	o, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func folder(t *testing.T, text string) location.Prefix {
	t.Helper()
	p, err := location.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func uri(t *testing.T, text string) location.URI {
	t.Helper()
	u, err := location.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestBlobtestOverHTTP(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		s := newStore(t)
		return blobtest.Store{
			Bucket: s.open(t, Config{}), Limited: s.open(t, Config{Limit: blobtest.Limit}),
			Folder: folder(t, "s3://lake/ns/t/"), Outside: folder(t, "s3://lake/ns/t2/"),
		}
	})
}

func TestBlobtestWithMinIO(t *testing.T) {
	endpoint := os.Getenv("FIRN_TEST_MINIO")
	if endpoint == "" {
		t.Skip("FIRN_TEST_MINIO is not set")
	}
	vendor, err := vendaws.New(vendaws.Config{Base: aws.Config{Credentials: credentials.NewStaticCredentialsProvider("vendor", "vendor-secret", "")}})
	if err != nil {
		t.Fatal(err)
	}
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		pathStyle := true
		storage := &lake.Storage{Type: lake.S3, Endpoint: endpoint, Region: "us-east-1", PathStyleAccess: &pathStyle}
		fresh := "s3://firn-test/" + string(lake.NewID()) + "/t"
		cred := vended(t, vendor, storage, folder(t, fresh+"/"))
		open := func(limit int64) blob.Bucket {
			b, err := opener(t, Config{Limit: limit}).Open(t.Context(), blob.Scope{Storage: storage}, cred)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		return blobtest.Store{Bucket: open(0), Limited: open(blobtest.Limit), Folder: folder(t, fresh+"/"), Outside: folder(t, fresh+"2/")}
	})
}

func TestWhatTheStoreRefuses(t *testing.T) {
	name := uri(t, "s3://lake/ns/t/v1.json")
	rows := []struct {
		status int
		code   string
		want   fault.Kind
	}{
		{404, "NoSuchKey", fault.NotFound}, {404, "NoSuchBucket", fault.Invalid}, {404, "", fault.NotFound},
		{403, "AccessDenied", fault.Forbidden}, {403, "InvalidAccessKeyId", fault.Forbidden}, {403, "SignatureDoesNotMatch", fault.Forbidden},
		{400, "ExpiredToken", fault.Forbidden}, {401, "", fault.Forbidden},
		{301, "PermanentRedirect", fault.Invalid}, {400, "AuthorizationHeaderMalformed", fault.Invalid}, {400, "KeyTooLongError", fault.Invalid},
		{503, "SlowDown", fault.Unavailable}, {500, "InternalError", fault.Unavailable}, {429, "", fault.Unavailable}, {408, "RequestTimeout", fault.Unavailable},
	}
	for _, row := range rows {
		t.Run(row.code, func(t *testing.T) {
			s := newStore(t)
			b := s.openOwn(t)
			for what, call := range map[string]func() error{
				"get":    func() error { _, err := b.Get(t.Context(), name); return err },
				"delete": func() error { return b.Delete(t.Context(), name) },
			} {
				s.fail(answer(row.status, row.code), answer(row.status, row.code), answer(row.status, row.code))
				err := call()
				if what == "delete" && row.want == fault.NotFound {
					if err != nil {
						t.Errorf("delete: got %v, want no error", err)
					}
					continue
				}
				f := fault.From(err)
				if f == nil || f.Kind != row.want || f.Name != name.String() || (f.RetryAfter > 0) != (row.want == fault.Unavailable) {
					t.Errorf("%s: got %v, want kind %s", what, err, row.want)
				}
			}
		})
	}
}

func TestAStoreThatDoesNotAnswerInTime(t *testing.T) {
	s := newStore(t)
	b := s.open(t, Config{Timeout: 20 * time.Millisecond})
	name := uri(t, "s3://lake/ns/t/v1.json")
	release := make(chan struct{})
	defer close(release)
	hang := func(http.ResponseWriter, *http.Request, http.Handler) { <-release }
	s.fail(hang)
	if _, err := b.Get(t.Context(), name); !fault.Is(err, fault.Unavailable) {
		t.Errorf("get: got %v, want unavailable", err)
	}
	s.fail(hang)
	own := s.openOwn(t)
	own.config.Timeout = 20 * time.Millisecond
	if _, err := own.Get(t.Context(), name); !fault.Is(err, fault.Timeout) {
		t.Errorf("get at the cloud's own endpoint: got %v, want timeout", err)
	}
	s.fail(hang)
	if err := b.Put(t.Context(), name, []byte("x")); !fault.Is(err, fault.StateUnknown) {
		t.Errorf("put: got %v, want state unknown", err)
	}
}

func TestAConnectionThatIsNeverMadeHasNoEffect(t *testing.T) {
	s := newStore(t)
	b := s.open(t, Config{})
	s.Close()
	if err := b.Put(t.Context(), uri(t, "s3://lake/ns/t/v1.json"), nil); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestACutAnswerIsNoObject(t *testing.T) {
	s := newStore(t)
	b := s.open(t, Config{})
	s.fail(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half"))
	})
	if data, err := b.Get(t.Context(), uri(t, "s3://lake/ns/t/v1.json")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %q, %v, want unavailable", data, err)
	}
}

func TestWhoseCredentialIsUsed(t *testing.T) {
	s := newStore(t)
	noSTS := true
	without := *s.storage
	without.STSUnavailable = &noSTS
	known, other, withSTS := without, without, *s.storage
	known.Name, other.Name, withSTS.Name = "known", "other", "known"
	own := credentials.NewStaticCredentialsProvider(s.cred.S3.AccessKeyID, s.cred.S3.SecretAccessKey.Reveal(), s.cred.S3.SessionToken.Reveal())
	named := func(name string) aws.CredentialsProvider {
		if name == "known" {
			return own
		}
		return nil
	}
	rows := []struct {
		name     string
		storage  *lake.Storage
		cred     vend.Credential
		unscoped aws.CredentialsProvider
		ok       bool
	}{
		{"vended", s.storage, s.cred, nil, true},
		{"none", s.storage, vend.Credential{}, nil, false},
		{"none, and firn's own is not for storage with STS", s.storage, vend.Credential{}, own, false},
		{"firn's own where there is no STS", &without, vend.Credential{}, own, true},
		{"those with the storage's name", &known, vend.Credential{}, nil, true},
		{"never firn's own for a name that is not known", &other, vend.Credential{}, own, false},
		{"no name where there is STS", &withSTS, vend.Credential{}, own, false},
		{"none where there is no STS", &without, vend.Credential{}, nil, false},
		{"not S3", &lake.Storage{Type: lake.File}, s.cred, nil, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b, err := opener(t, Config{Unscoped: row.unscoped, Named: named}).Open(t.Context(), blob.Scope{Storage: row.storage}, row.cred)
			if !row.ok {
				if !fault.Is(err, fault.Unsupported) {
					t.Errorf("got %v, want unsupported", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Put(t.Context(), uri(t, "s3://lake/ns/t/"+string(lake.NewID())), nil); err != nil {
				t.Errorf("put: %v", err)
			}
		})
	}
}

func TestClientsAreKeptPerTarget(t *testing.T) {
	o := opener(t, Config{})
	storage := lake.Storage{Type: lake.S3, Region: "eu-west-1"}
	first, yes := o.client(&storage), true
	if again := o.client(&lake.Storage{Type: lake.S3, Region: "eu-west-1", ExternalID: "x"}); again != first {
		t.Error("got another client for the same target")
	}
	for name, other := range map[string]lake.Storage{
		"region":            {Type: lake.S3, Region: "eu-west-2"},
		"endpoint":          {Type: lake.S3, Region: "eu-west-1", Endpoint: "http://192.0.2.1"},
		"internal endpoint": {Type: lake.S3, Region: "eu-west-1", EndpointInternal: "http://192.0.2.2"},
		"path style":        {Type: lake.S3, Region: "eu-west-1", PathStyleAccess: &yes},
	} {
		if o.client(&other) == first {
			t.Errorf("%s: got the same client, want another", name)
		}
	}
}
