package gcp

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google/externalaccount"

	"firn/shared/lake"
	"firn/shared/vend/gcs"
)

// awsRequest is the kind of proof: a signed call of GetCallerIdentity, which Google makes in our place (IAM documentation,
// "Workload identity federation with AWS").
const awsRequest = "urn:ietf:params:aws:token-type:aws4_request"

// CloudPlatform is the scope of firn's own tokens, which get tokens of catalogs' service accounts.
const CloudPlatform = "https://www.googleapis.com/auth/cloud-platform"

// lifetimeSeconds is what Google gives a service account's token at most.
const lifetimeSeconds = 3600

// Federated is an AWS role as Google knows it.
type Federated struct {
	settings Settings
	aws      aws.Config
}

var _ gcs.Identity = (*Federated)(nil)

// Federate makes the identity of the role that the AWS configuration has. It does no I/O.
func Federate(s Settings, cloud aws.Config) *Federated { return &Federated{settings: s, aws: cloud} }

// Token gets a token that is new.
func (f *Federated) Token(ctx context.Context) (gcs.Token, error) {
	w := &watch{base: http.DefaultTransport}
	client := http.Client{}
	if given := f.settings.Client; given != nil {
		client = *given
		if given.Transport != nil {
			w.base = given.Transport
		}
	}
	client.Transport = w
	options := externalaccount.Config{
		Audience: f.settings.Audience, SubjectTokenType: awsRequest, Scopes: []string{CloudPlatform}, AwsSecurityCredentialsSupplier: proof{f.aws},
	}
	if f.settings.STS != "" {
		options.TokenURL = strings.TrimSuffix(f.settings.STS, "/") + "/v1/token"
	}
	if f.settings.ServiceAccount != "" {
		iam := "https://iamcredentials.googleapis.com"
		if f.settings.IAM != "" {
			iam = strings.TrimSuffix(f.settings.IAM, "/")
		}
		options.ServiceAccountImpersonationURL = iam + "/v1/projects/-/serviceAccounts/" + f.settings.ServiceAccount + ":generateAccessToken"
		options.ServiceAccountImpersonationLifetimeSeconds = lifetimeSeconds
	}
	// Made anew each time, it has nothing in its caches.
	source, err := externalaccount.NewTokenSource(context.WithValue(ctx, oauth2.HTTPClient, &client), options)
	if err != nil {
		return gcs.Token{}, NoIdentity(err)
	}
	token, err := source.Token()
	if err != nil {
		return gcs.Token{}, Refused(ctx, int(w.status.Load()), err)
	}
	return gcs.Token{Value: lake.Secret(token.AccessToken), Expires: token.Expiry}, nil
}

// proof gives the library the role's keys.
type proof struct{ aws aws.Config }

var _ externalaccount.AwsSecurityCredentialsSupplier = proof{}

// AwsRegion is where Google asks AWS whose signature it is.
func (p proof) AwsRegion(context.Context, externalaccount.SupplierOptions) (string, error) {
	return p.aws.Region, nil
}

// AwsSecurityCredentials are those of this moment.
func (p proof) AwsSecurityCredentials(ctx context.Context, _ externalaccount.SupplierOptions) (*externalaccount.AwsSecurityCredentials, error) {
	c, err := p.aws.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	return &externalaccount.AwsSecurityCredentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
}

// watch remembers the status of the last answer, which the library tells in words alone.
type watch struct {
	base   http.RoundTripper
	status atomic.Int64
}

// RoundTrip passes the request on.
func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	w.status.Store(0)
	resp, err := w.base.RoundTrip(r)
	if err == nil {
		w.status.Store(int64(resp.StatusCode))
	}
	return resp, err
}
