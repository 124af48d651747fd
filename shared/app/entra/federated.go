package entra

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"firn/shared/fault"
)

// voucher is how long what AWS says of this server is good, in seconds: it is used at once.
const voucher = 300

// Federated is the application or managed identity with this client id, as which a role of AWS may act: AWS signs who the
// role is (sts:GetWebIdentityToken), and Entra takes that where the application has a federated credential for the issuer
// of the AWS account and the role's ARN. It does no I/O.
func Federated(clientID string, base aws.Config, transport http.RoundTripper) *Identity {
	client := sts.NewFromConfig(base)
	return newIdentity(transport, func(tenant string, p place, o azcore.ClientOptions) (azcore.TokenCredential, error) {
		f := &federated{sts: client, audience: p.audience}
		inner, err := azidentity.NewClientAssertionCredential(tenant, clientID, f.vouch,
			&azidentity.ClientAssertionCredentialOptions{ClientOptions: o, DisableInstanceDiscovery: true})
		f.ClientAssertionCredential = inner
		return f, err
	})
}

// federated is the SDK's credential, which keeps the text alone of why AWS did not vouch; the error is kept here.
type federated struct {
	*azidentity.ClientAssertionCredential
	sts      *sts.Client
	audience string

	mu      sync.Mutex
	refusal error
}

// GetToken gets a token, or says which of the two issuers refused.
func (f *federated) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := f.ClientAssertionCredential.GetToken(ctx, o)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && f.refusal != nil {
		err, f.refusal = f.refusal, nil
	}
	return token, err
}

// vouch gets AWS's word for Entra.
func (f *federated) vouch(ctx context.Context) (string, error) {
	out, err := f.sts.GetWebIdentityToken(ctx, &sts.GetWebIdentityTokenInput{
		Audience: []string{f.audience}, SigningAlgorithm: aws.String("RS256"), DurationSeconds: aws.Int32(voucher)})
	if err != nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.refusal = refused(ctx, err)
		return "", f.refusal
	}
	return aws.ToString(out.WebIdentityToken), nil
}

const (
	notVouched = "AWS does not let this server prove its identity to Azure. An administrator must enable outbound identity federation in the AWS account and give the function's role sts:GetWebIdentityToken."
	stsAway    = "The token service of AWS did not answer. Try again."
)

// refused makes an error of firn's out of one of STS's.
func refused(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Of(fault.Timeout, fault.Credential, "", late).Because(err)
	}
	api, answered := errors.AsType[smithy.APIError](err)
	if answered && (strings.HasPrefix(api.ErrorCode(), "AccessDenied") || strings.HasPrefix(api.ErrorCode(), "OutboundWebIdentityFederationDisabled")) {
		return fault.Of(fault.Forbidden, fault.Credential, "", notVouched).Because(err)
	}
	return fault.Of(fault.Unavailable, fault.Credential, "", stsAway).After(retryAfter).Because(err)
}
