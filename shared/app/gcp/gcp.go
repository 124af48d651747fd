// Package gcp is who this server is to Google, and makes the drivers of Google Cloud Storage for it. In a Lambda function
// the function's own role is taken for it by workload identity federation, and no key is kept anywhere; on one machine
// Google's default credentials are, as every Google tool finds them.
//
// It refuses settings that would send a token to something that is no URL or no provider, before anything is sent.
//
// # Why
//
// Google's own library signs the proof and trades it, because that is protocol outside of what firn is for: the one that is
// small (golang.org/x/oauth2), since the newer one brings along templates and RPC, which keep a linker from leaving out
// what nobody calls. Only its caches are not used: they keep a token until it is nearly over,
// and what is made of a token lives as long as that.
//
// The subject of a federated identity is the ARN of the function's session (google.subject), of which Google takes 127
// bytes: a provider should map attribute.aws_role, and rights be given to that (infra/README.md).
package gcp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"firn/shared/blob"
	blobgcs "firn/shared/blob/gcs"
	"firn/shared/vend"
	"firn/shared/vend/gcs"
)

// Settings say who this server is to Google, and where Google's services are.
type Settings struct {
	Audience       string       // full resource name of the workload identity provider for AWS; empty: there is none
	ServiceAccount string       // whom a federated identity acts as; empty: it stays itself
	STS            string       // URL of the Security Token Service; empty: Google's public one
	IAM            string       // URL of the IAM Service Account Credentials API; likewise
	Storage        string       // URL of Cloud Storage's JSON API; likewise
	ClientSide     bool         // narrow tokens by the client-side boundary: see package vend/gcs
	Client         *http.Client // nil: one with Go's defaults
}

var (
	provider = regexp.MustCompile(`^//iam\.googleapis\.com/projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+$`)
	account  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*@[a-z0-9][a-z0-9.-]*\.gserviceaccount\.com$`)
)

// Read reads the variables FIRN_GCP_* and FIRN_GCS_ENDPOINT. The error names every one that is wrong.
func Read(getenv func(string) string) (Settings, error) {
	s := Settings{Audience: getenv("FIRN_GCP_AUDIENCE"), ServiceAccount: getenv("FIRN_GCP_SERVICE_ACCOUNT"),
		STS: getenv("FIRN_GCP_STS_ENDPOINT"), IAM: getenv("FIRN_GCP_IAM_ENDPOINT"), Storage: getenv("FIRN_GCS_ENDPOINT")}
	var wrong []error
	if s.Audience != "" && !provider.MatchString(s.Audience) {
		wrong = append(wrong, errors.New("FIRN_GCP_AUDIENCE must be //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"))
	}
	if s.ServiceAccount != "" && (s.Audience == "" || !account.MatchString(s.ServiceAccount)) {
		wrong = append(wrong, errors.New("FIRN_GCP_SERVICE_ACCOUNT must be the address of a service account, beside FIRN_GCP_AUDIENCE"))
	}
	for name, value := range map[string]string{"FIRN_GCP_STS_ENDPOINT": s.STS, "FIRN_GCP_IAM_ENDPOINT": s.IAM, "FIRN_GCS_ENDPOINT": s.Storage} {
		if u, err := url.Parse(value); value != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
			wrong = append(wrong, fmt.Errorf("%s must be a URL with a host and no query", name))
		}
	}
	if text := getenv("FIRN_GCP_CLIENT_SIDE"); text != "" {
		var err error
		if s.ClientSide, err = strconv.ParseBool(text); err != nil {
			wrong = append(wrong, errors.New("FIRN_GCP_CLIENT_SIDE must be true or false"))
		}
	}
	return s, errors.Join(wrong...)
}

// Vendor makes what vends for GCS as the identity.
func (s Settings) Vendor(id gcs.Identity, now func() time.Time) (vend.Vendor, error) {
	return gcs.New(gcs.Config{Identity: id, Now: now, Client: s.Client, STS: s.STS, IAM: s.IAM, ClientSide: s.ClientSide})
}

// Opener makes what reaches buckets with vended tokens.
func (s Settings) Opener() blob.Opener {
	return blobgcs.New(blobgcs.Config{Client: s.Client, Endpoint: s.Storage})
}
