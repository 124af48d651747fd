package r2

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/vendtest"
)

var testNow = time.Date(2026, 5, 4, 12, 0, 0, 700, time.UTC)

func named(name string) aws.CredentialsProvider {
	switch name {
	case "lab":
		return credentials.NewStaticCredentialsProvider(parentID, parentSecret, "")
	case "session":
		return credentials.NewStaticCredentialsProvider(parentID, parentSecret, "token")
	case "gone":
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, fault.New(fault.Invalid, "gone")
		})
	case "away":
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("away") })
	}
	return nil
}

func vendor(t testing.TB) *Vendor {
	t.Helper()
	v, err := New(Config{Named: named, Now: func() time.Time { return testNow }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func storage() *lake.Storage {
	return &lake.Storage{Type: lake.S3, Profile: lake.ProfileR2, Name: "lab", Endpoint: "https://" + account + ".r2.cloudflarestorage.com"}
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

func TestVendtestWithAVerifierOfTheToken(t *testing.T) {
	f := &fakeR2{now: testNow}
	vendtest.Run(t, func(t *testing.T) vendtest.Store {
		return vendtest.Store{Vendor: vendor(t), Storage: storage(), Bucket: "lake", Now: func() time.Time { return testNow },
			NoCopy: true, Seed: func(*testing.T, string) {}, Try: f.try}
	})
}

func TestAKeySaysExactlyItsGrant(t *testing.T) {
	f := &fakeR2{now: testNow}
	rows := []struct {
		name     string
		actions  vend.Actions
		prefixes []string
		want     claims
	}{
		{"read", vend.Read | vend.List, []string{"s3://lake/ns/t/"}, claims{Actions: []string{"GetBucketLocation", "GetObject", "HeadObject", "ListObjectsV1", "ListObjectsV2"},
			Paths: &paths{Prefixes: []string{"ns/t/"}, Objects: []string{}}}},
		{"write", vend.Write, []string{"s3://lake/ns/t/"}, claims{Actions: []string{"GetBucketLocation", "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
			"AbortMultipartUpload", "ListParts"}, Paths: &paths{Prefixes: []string{"ns/t/"}, Objects: []string{}}}},
		{"delete", vend.Delete, []string{"s3://lake/ns/t/", "s3a://lake/data/", "s3://lake/ns/t/data/"}, claims{Actions: []string{"GetBucketLocation", "DeleteObject", "DeleteObjects"},
			Paths: &paths{Prefixes: []string{"ns/t/", "data/"}, Objects: []string{}}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			cred, err := vendor(t).Vend(t.Context(), storage(), grant(t, row.actions, row.prefixes...))
			if err != nil {
				t.Fatal(err)
			}
			row.want.Issuer, row.want.Subject, row.want.Audience, row.want.Bucket = parentID, account, account+".r2.cloudflarestorage.com", "lake"
			row.want.Issued, row.want.Expires = testNow.Unix(), testNow.Unix()+3600
			if diff := cmp.Diff(f.open(t, cred), row.want); diff != "" {
				t.Errorf("claims (-got +want):\n%s", diff)
			}
			if cred.Expires.Unix() != row.want.Expires || cred.S3.Region != auto || cred.S3.Endpoint != storage().Endpoint {
				t.Errorf("got %v in %q at %q, want the token's end, the region auto and the endpoint", cred, cred.S3.Region, cred.S3.Endpoint)
			}
		})
	}
}

func TestWhatCannotBeSignedIsRefused(t *testing.T) {
	long := make([]string, 10)
	for i := range long {
		long[i] = "s3://lake/" + strings.Repeat(string(rune('a'+i)), 690) + "/"
	}
	one := []string{"s3://lake/ns/t/"}
	rows := []struct {
		name     string
		change   func(*lake.Storage)
		prefixes []string
		kind     fault.Kind
		want     string
	}{
		{"two buckets", func(*lake.Storage) {}, []string{"s3://lake/ns/t/", "s3://archive/ns/t/"}, fault.Invalid, "is in another bucket than s3://lake/ns/t/"},
		{"a token that is too long", func(*lake.Storage) {}, long, fault.Invalid, "The key for 10 locations has "},
		{"no storage name", func(s *lake.Storage) { s.Name = "" }, one, fault.Invalid, `no credentials for storageName ""`},
		{"an unknown storage name", func(s *lake.Storage) { s.Name = "nobody" }, one, fault.Invalid, `no credentials for storageName "nobody"`},
		{"a session's key", func(s *lake.Storage) { s.Name = "session" }, one, fault.Invalid, "are not the access key of an R2 API token"},
		{"credentials that are gone", func(s *lake.Storage) { s.Name = "gone" }, one, fault.Invalid, "gone"},
		{"credentials that cannot be read", func(s *lake.Storage) { s.Name = "away" }, one, fault.Unavailable, "cannot be read now"},
		{"no endpoint", func(s *lake.Storage) { s.Endpoint = "" }, one, fault.Invalid, "is not that of an account of R2"},
		{"another host", func(s *lake.Storage) { s.Endpoint = "https://" + account + ".r2.cloudflarestorage.com.example.test" }, one, fault.Invalid, "is not that of an account of R2"},
		{"a port", func(s *lake.Storage) { s.Endpoint += ":8443" }, one, fault.Invalid, "is not that of an account of R2"},
		{"no TLS", func(s *lake.Storage) { s.Endpoint = strings.Replace(s.Endpoint, "https", "http", 1) }, one, fault.Invalid, "is not that of an account of R2"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := storage()
			row.change(s)
			cred, err := vendor(t).Vend(t.Context(), s, grant(t, vend.Read, row.prefixes...))
			if !fault.Is(err, row.kind) || !strings.Contains(fault.From(err).Message, row.want) || cred.S3 != nil {
				t.Errorf("got %v and %v, want %q of kind %s", cred, err, row.want, row.kind)
			}
			if again := fault.From(err).RetryAfter > 0; again != (row.kind == fault.Unavailable) {
				t.Errorf("got a time to come again: %v, want it where that helps alone", again)
			}
			if err != nil && strings.Contains(err.Error(), parentSecret) {
				t.Error("the error holds the parent's secret")
			}
		})
	}
}

func TestEndpointsOfAnAccount(t *testing.T) {
	for endpoint, host := range map[string]string{
		"https://" + account + ".r2.cloudflarestorage.com":         account + ".r2.cloudflarestorage.com",
		"https://" + account + ".r2.cloudflarestorage.com/":        account + ".r2.cloudflarestorage.com",
		"https://" + account + ".eu.r2.cloudflarestorage.com":      account + ".eu.r2.cloudflarestorage.com",
		"https://" + account + ".fedramp.r2.cloudflarestorage.com": account + ".fedramp.r2.cloudflarestorage.com",
	} {
		gotAccount, gotHost, err := accountOf(&lake.Storage{Endpoint: endpoint})
		if err != nil || gotAccount != account || gotHost != host {
			t.Errorf("%s: got %q, %q, %v, want %q, %q", endpoint, gotAccount, gotHost, err, account, host)
		}
	}
}

func TestDurationsThatAreNotMade(t *testing.T) {
	for duration, ok := range map[time.Duration]bool{
		0: true, 15 * time.Minute: true, 12 * time.Hour: true, 15*time.Minute - 1: false, 12*time.Hour + 1: false,
	} {
		if _, err := New(Config{Duration: duration}); (err == nil) != ok {
			t.Errorf("%v: got %v, want ok %v", duration, err, ok)
		}
	}
}

func BenchmarkVend(b *testing.B) {
	v, s, g := vendor(b), storage(), grant(b, vend.Read|vend.List, "s3://lake/ns/t-4f2a/")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Vend(b.Context(), s, g); err != nil {
			b.Fatal(err)
		}
	}
}
