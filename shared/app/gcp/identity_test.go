package gcp

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/gcs/gcstest"
)

func role() aws.Config {
	return aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("ASIAEXAMPLE", "secret", "session")}
}

// From an AWS role to a token for a folder, without a key of Google's.
func TestAnAWSRoleVendsForGCS(t *testing.T) {
	const catalog = "lake@project.iam.gserviceaccount.com"
	rows := []struct {
		name    string
		account string // whom the role acts as
		want    map[string]int
	}{
		{"as itself", "", map[string]int{"federate": 1, "impersonate": 1, "exchange": 2}},
		{"as a service account", gcstest.Self, map[string]int{"federate": 1, "impersonate": 2, "exchange": 2}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				google := gcstest.New(t, time.Now)
				google.Trust(catalog)
				google.Trust(gcstest.Self)
				s := Settings{Audience: gcstest.Audience, ServiceAccount: row.account, Client: google.Client()}
				vendor, err := s.Vendor(Federate(s, role()), time.Now)
				if err != nil {
					t.Fatal(err)
				}
				folder, err := location.ParsePrefix("gs://lake/ns/t/")
				if err != nil {
					t.Fatal(err)
				}
				g := vend.Grant{Realm: "r", CatalogID: "c", TableID: "t", Table: "ns.t", Principal: "ann", PrincipalID: "p", Prefixes: []location.Prefix{folder}, Actions: vend.Read | vend.List}
				for range 2 {
					cred, err := vendor.Vend(t.Context(), &lake.Storage{Type: lake.GCS, GCSServiceAccount: catalog}, g)
					if err != nil {
						t.Fatal(err)
					}
					if left := time.Until(cred.Expires); left != time.Hour {
						t.Errorf("got a token of %v, want an hour", left)
					}
				}
				for call, n := range google.Take() {
					if n != row.want[call] {
						t.Errorf("got %d calls of %s, want %d", n, call, row.want[call])
					}
				}
			})
		})
	}
}

func TestARoleThatGoogleRefuses(t *testing.T) {
	rows := []struct {
		name    string
		fault   gcstest.Fault
		aws     aws.Config
		kind    fault.Kind
		message string
	}{
		{"not mapped", gcstest.Fault{Status: 403}, role(), fault.Forbidden, notAccepted},
		{"not this provider", gcstest.Fault{Status: 400}, role(), fault.Forbidden, notAccepted},
		{"throttled", gcstest.Fault{Status: 429}, role(), fault.Unavailable, away},
		{"broken", gcstest.Fault{Status: 500}, role(), fault.Unavailable, away},
		{"lost", gcstest.Fault{Drop: true}, role(), fault.Unavailable, away},
		{"without AWS's keys", gcstest.Fault{}, aws.Config{Region: "eu-west-1", Credentials: keyless{}}, fault.Unavailable, away},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				google := gcstest.New(t, time.Now)
				google.Plan(func(string) gcstest.Fault { return row.fault })
				_, err := Federate(Settings{Audience: gcstest.Audience, Client: google.Client()}, row.aws).Token(t.Context())
				fails(t, err, row.kind, row.message)
				if strings.Contains(err.Error(), "session") {
					t.Errorf("the log is told a secret: %v", err)
				}
			})
		})
	}
}

type keyless struct{}

func (keyless) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, errors.New("no keys")
}

func TestARoleWhoseTimeIsOut(t *testing.T) {
	google := gcstest.New(t, time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Federate(Settings{Audience: gcstest.Audience, Client: google.Client()}, role()).Token(ctx)
	fails(t, err, fault.Timeout, late)
}

func fails(t *testing.T, err error, kind fault.Kind, message string) {
	t.Helper()
	if got := fault.From(err); got == nil || got.Kind != kind || got.Message != message {
		t.Errorf("got %v, want %s: %s", err, kind, message)
	}
}
