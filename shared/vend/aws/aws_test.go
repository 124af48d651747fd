package aws

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/vendtest"
	"firn/shared/vend/vendtest/s3try"
)

func TestVendtestWithAnEvaluatorOfThePolicy(t *testing.T) {
	vendtest.Run(t, func(t *testing.T) vendtest.Store {
		f := newFakeSTS(t)
		return vendtest.Store{
			Vendor: f.vendor(t), Storage: f.storage(), Bucket: "lake", Now: func() time.Time { return testNow },
			Seed: func(*testing.T, string) {}, Try: f.try,
		}
	})
}

// MinIO enforces session policies (localstack/minio starts it). It has no roles: any RoleArn will do.
func TestVendtestWithMinIO(t *testing.T) {
	endpoint := os.Getenv("FIRN_TEST_MINIO")
	if endpoint == "" {
		t.Skip("FIRN_TEST_MINIO is not set")
	}
	vendtest.Run(t, func(t *testing.T) vendtest.Store {
		v, err := New(Config{Base: aws.Config{Credentials: credentials.NewStaticCredentialsProvider("vendor", "vendor-secret", "")}})
		if err != nil {
			t.Fatal(err)
		}
		owner := s3try.Client(endpoint, "vendor", "vendor-secret", "")
		pathStyle := true
		return vendtest.Store{
			Vendor: v, Bucket: "firn-test", Now: time.Now, Try: s3try.Try,
			Storage: &lake.Storage{Type: lake.S3, Endpoint: endpoint, Region: "us-east-1", PathStyleAccess: &pathStyle},
			Seed: func(t *testing.T, key string) {
				t.Helper()
				_, err := owner.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("firn-test"), Key: &key, Body: strings.NewReader("seed")})
				if err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

func grant(t testing.TB, actions vend.Actions, prefixes ...string) vend.Grant {
	t.Helper()
	g := vend.Grant{Realm: "test", CatalogID: "c1", TableID: "t1", Table: "ns.t", Principal: "ann", PrincipalID: "p1", Actions: actions}
	for _, text := range prefixes {
		p, err := location.ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		g.Prefixes = append(g.Prefixes, p)
	}
	return g
}

const readWrite = vend.Read | vend.List | vend.Write | vend.Delete

func yes() *bool { b := true; return &b }

func TestAssumeRoleIsAskedForTheGrant(t *testing.T) {
	f := newFakeSTS(t)
	storage := f.storage()
	storage.Endpoint, storage.PathStyleAccess = "https://s3.example.test", yes()
	cred, err := f.vendor(t).Vend(t.Context(), storage, grant(t, vend.Read, "s3://lake/ns/t/"))
	if err != nil {
		t.Fatal(err)
	}
	want := vend.Credential{Expires: testNow.Add(time.Hour), S3: &vend.S3Credential{
		AccessKeyID: "ASIATEST", SecretAccessKey: "wJalr+secret", SessionToken: "token-1",
		Region: "eu-west-1", Endpoint: "https://s3.example.test", PathStyle: true,
	}}
	if *cred.S3 != *want.S3 || !cred.Expires.Equal(want.Expires) || cred.ID != f.asked()[0].Get("RoleSessionName") {
		t.Errorf("got %#v, want %#v", cred, want)
	}
	got := f.asked()[0]
	for field, want := range map[string]string{
		"Action": "AssumeRole", "RoleArn": storage.RoleARN, "ExternalId": "tenant-1", "DurationSeconds": "3600",
		"SourceIdentity": "", "Tags.member.1.Key": "",
	} {
		if got.Get(field) != want {
			t.Errorf("%s: got %q, want %q", field, got.Get(field), want)
		}
	}
	if !strings.Contains(f.asked()[0].Get(signedAs), "AKIABASE/") || !strings.Contains(f.asked()[0].Get(signedAs), "/eu-west-1/sts/") {
		t.Errorf("signed as %q, want firn's own key in the storage's region", f.asked()[0].Get(signedAs))
	}
}

func TestWhereAndAsWhomSTSIsAsked(t *testing.T) {
	rows := []struct {
		name   string
		change func(*lake.Storage, string)
		signed string
		kind   fault.Kind // of the error, if signed is empty
	}{
		{"the STS endpoint comes first", func(s *lake.Storage, url string) {
			s.Endpoint, s.EndpointInternal = "http://192.0.2.1", "http://192.0.2.2"
		}, "AKIABASE", 0},
		{"then the internal endpoint", func(s *lake.Storage, url string) {
			s.STSEndpoint, s.EndpointInternal, s.Endpoint = "", url, "http://192.0.2.1"
		}, "AKIABASE", 0},
		{"then the endpoint", func(s *lake.Storage, url string) { s.STSEndpoint, s.Endpoint = "", url }, "AKIABASE", 0},
		{"a storage name chooses credentials", func(s *lake.Storage, _ string) { s.Name = "lab" }, "AKIALAB", 0},
		{"an unknown storage name is refused", func(s *lake.Storage, _ string) { s.Name = "nobody" }, "", fault.Invalid},
		{"a storage name whose credentials are gone", func(s *lake.Storage, _ string) { s.Name = "gone" }, "", fault.Invalid},
		{"a storage name whose credentials are away", func(s *lake.Storage, _ string) { s.Name = "away" }, "", fault.Unavailable},
		{"a store without roles takes any", func(s *lake.Storage, _ string) { s.RoleARN, s.Profile = "", "" }, "AKIABASE", 0},
		{"AWS takes none", func(s *lake.Storage, _ string) { s.RoleARN = "" }, "", fault.Unsupported},
		{"a role that is none is refused", func(s *lake.Storage, _ string) { s.RoleARN = "arn:aws:iam::1:user/x" }, "", fault.Invalid},
		{"neither role nor endpoint is refused", func(s *lake.Storage, _ string) { s.RoleARN, s.STSEndpoint = "", "" }, "", fault.Unsupported},
		{"a store without STS is refused", func(s *lake.Storage, _ string) { s.STSUnavailable = yes() }, "", fault.Unsupported},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFakeSTS(t)
			storage := f.storage()
			row.change(storage, f.URL)
			_, err := f.vendor(t).Vend(t.Context(), storage, grant(t, vend.Read, "s3://lake/ns/t/"))
			if row.signed == "" {
				if !fault.Is(err, row.kind) || len(f.asked()) != 0 {
					t.Errorf("got %v after %d requests, want an error of kind %s before any", err, len(f.asked()), row.kind)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(f.asked()[0].Get(signedAs), row.signed) {
				t.Errorf("signed as %q, want %s", f.asked()[0].Get(signedAs), row.signed)
			}
		})
	}
}

func TestARegionIsNeeded(t *testing.T) {
	v, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Vend(t.Context(), &lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake"}, grant(t, vend.Read, "s3://lake/ns/t/"))
	if got, want := fault.From(err).Message, "This catalog's storage has no region."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDurationsThatSTSDoesNotTake(t *testing.T) {
	for duration, ok := range map[time.Duration]bool{
		0: true, 15 * time.Minute: true, 12 * time.Hour: true, 15*time.Minute - 1: false, 12*time.Hour + 1: false, -time.Hour: false,
	} {
		if _, err := New(Config{Duration: duration}); (err == nil) != ok {
			t.Errorf("%v: got %v, want ok %v", duration, err, ok)
		}
	}
}

func TestClientsAreKeptPerTarget(t *testing.T) {
	v := newFakeSTS(t).vendor(t)
	storage := lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", Region: "eu-west-1"}
	first, err := v.client(&storage)
	if err != nil {
		t.Fatal(err)
	}
	other := storage
	other.RoleARN = "arn:aws:iam::444455556666:role/other"
	if again, err := v.client(&other); err != nil || again != first {
		t.Errorf("got another client (%v), want the same: roles share an endpoint", err)
	}
	for name, change := range map[string]func(*lake.Storage){
		"region": func(s *lake.Storage) { s.Region = "eu-west-2" }, "endpoint": func(s *lake.Storage) { s.STSEndpoint = "http://192.0.2.1" },
		"storage name": func(s *lake.Storage) { s.Name = "lab" },
	} {
		different := storage
		change(&different)
		if c, err := v.client(&different); err != nil || c == first {
			t.Errorf("%s: got the same client (%v), want another", name, err)
		}
	}
}

func TestRefusalsOfSTS(t *testing.T) {
	rows := []struct {
		status int
		code   string
		want   fault.Kind
		retry  time.Duration
	}{
		{403, "AccessDenied", fault.Forbidden, 0},
		{403, "InvalidClientTokenId", fault.Forbidden, 0},
		{403, "RegionDisabledException", fault.Forbidden, 0},
		{400, "PackedPolicyTooLarge", fault.Invalid, 0},
		{400, "MalformedPolicyDocument", fault.Invalid, 0},
		{501, "NotImplemented", fault.Unsupported, 0},
		{405, "MethodNotAllowed", fault.Unsupported, 0},
		{400, "ValidationError", fault.Invalid, 0},
		{400, "Throttling", fault.Unavailable, retryAfter},
		{400, "ThrottlingException", fault.Unavailable, retryAfter},
		{503, "SlowDown", fault.Unavailable, retryAfter},
		{403, "ExpiredToken", fault.Unavailable, retryAfter},
		{500, "InternalFailure", fault.Unavailable, retryAfter},
		{502, "NeverHeardOf", fault.Unavailable, retryAfter},
	}
	for _, row := range rows {
		t.Run(row.code, func(t *testing.T) {
			f := newFakeSTS(t)
			f.answer = func(w http.ResponseWriter) bool { stsError(w, row.status, row.code); return true }
			_, err := f.vendor(t).Vend(t.Context(), f.storage(), grant(t, vend.Read, "s3://lake/ns/t/"))
			got := fault.From(err)
			if got.Kind != row.want || got.RetryAfter != row.retry || got.Noun != fault.Credential {
				t.Errorf("got %s, retry after %v, want %s, %v", got.Kind, got.RetryAfter, row.want, row.retry)
			}
			if strings.Contains(got.Message, "arn:") || strings.Contains(got.Message, "111122223333") {
				t.Errorf("message %q tells who owns the role", got.Message)
			}
			if !strings.Contains(got.Error(), row.code) {
				t.Errorf("log text %q does not hold STS's code", got.Error())
			}
		})
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	rows := map[string]func(w http.ResponseWriter) bool{
		"empty": func(w http.ResponseWriter) bool {
			w.Write([]byte(`<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>`))
			return true
		},
		"no token":      func(w http.ResponseWriter) bool { stsAnswer(w, "", "", "2026-05-04T13:00:00Z"); return true },
		"no connection": func(http.ResponseWriter) bool { panic(http.ErrAbortHandler) },
	}
	for name, answer := range rows {
		t.Run(name, func(t *testing.T) {
			f := newFakeSTS(t)
			f.answer = answer
			cred, err := f.vendor(t).Vend(t.Context(), f.storage(), grant(t, vend.Read, "s3://lake/ns/t/"))
			if !fault.Is(err, fault.Unavailable) || fault.From(err).RetryAfter != retryAfter || cred.S3 != nil {
				t.Errorf("got %v and %v, want no credential and unavailable for %v", cred, err, retryAfter)
			}
		})
	}
}

func TestSTSThatDoesNotAnswerInTime(t *testing.T) {
	f := newFakeSTS(t)
	release := make(chan struct{})
	f.answer = func(http.ResponseWriter) bool { <-release; return true }
	v := f.vendor(t)
	v.config.Timeout = 20 * time.Millisecond
	_, err := v.Vend(t.Context(), f.storage(), grant(t, vend.Read, "s3://lake/ns/t/"))
	if !fault.Is(err, fault.Unavailable) || fault.From(err).Message != notSTS {
		t.Errorf("got %v, want what any endpoint that is not STS comes to", err)
	}
	v.config.Base.BaseEndpoint = aws.String(f.URL)
	own := f.storage()
	own.STSEndpoint = ""
	_, err = v.Vend(t.Context(), own, grant(t, vend.Read, "s3://lake/ns/t/"))
	close(release)
	if !fault.Is(err, fault.Timeout) {
		t.Errorf("at the cloud's own endpoint: got %v, want timeout", err)
	}
}
