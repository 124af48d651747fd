// Package entra is whom Azure knows this server as: it gets tokens for Azure Storage from Microsoft Entra. In a Lambda
// function AWS vouches for the function's role, and no secret is kept anywhere; on one machine the environment says, as
// every Azure tool reads it.
//
// It refuses clouds that it does not know: a token is asked for at a host that is written here, never at one that a
// catalog names.
//
// # Why
//
// Entra's instance discovery is off. It asks Microsoft's public host whether a host may be trusted, and these are
// constants; it would be one call more in each cold start.
//
// A credential is kept for each tenant, with the tokens that it has, because a server's accounts are mostly in one.
package entra

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	lru "github.com/hashicorp/golang-lru/v2"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend/azure"
)

// scope is Azure Storage, in every cloud.
const scope = "https://storage.azure.com/.default"

// place is one of Azure's clouds: who signs tokens there, and the audience by which it takes another issuer's.
type place struct {
	authority cloud.Configuration
	audience  string
}

var public = place{cloud.AzurePublic, "api://AzureADTokenExchange"}

// places go by the domain of storage accounts.
var places = map[string]place{
	"core.windows.net":       public,
	"storage.azure.net":      public, // with DNS zones
	"core.chinacloudapi.cn":  {cloud.AzureChina, "api://AzureADTokenExchangeChina"},
	"core.usgovcloudapi.net": {cloud.AzureGovernment, "api://AzureADTokenExchangeUSGov"},
}

// maxCredentials bounds the kept credentials: tenants are what administrators wrote into catalogs.
const maxCredentials = 64

// Identity gets tokens. Safe for concurrent use.
type Identity struct {
	proof       func(tenant string, p place, o azcore.ClientOptions) (azcore.TokenCredential, error)
	transport   policy.Transporter
	credentials *lru.Cache[seat, azcore.TokenCredential]
}

var _ azure.Identity = (*Identity)(nil)

// seat is what one credential is for.
type seat struct{ tenant, authority string }

// newIdentity keeps credentials that proof makes. The transport is to Entra; nil: the SDK's own.
func newIdentity(transport http.RoundTripper, proof func(string, place, azcore.ClientOptions) (azcore.TokenCredential, error)) *Identity {
	// It fails for sizes below 1 alone.
	kept, err := lru.New[seat, azcore.TokenCredential](maxCredentials)
	if err != nil {
		panic(err)
	}
	id := &Identity{proof: proof, credentials: kept}
	if transport != nil {
		stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		id.transport = &http.Client{Transport: transport, CheckRedirect: stay}
	}
	return id
}

// FromEnvironment is the identity that azidentity's default chain finds on this machine: variables, a workload's or
// managed identity, or whoever is logged in to Azure's command line. It does no I/O.
func FromEnvironment(transport http.RoundTripper) *Identity {
	return newIdentity(transport, func(tenant string, _ place, o azcore.ClientOptions) (azcore.TokenCredential, error) {
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: o, TenantID: tenant, AdditionallyAllowedTenants: []string{tenant}, DisableInstanceDiscovery: true})
	})
}

// Token gets a token for Azure Storage, or gives one that is still good.
func (id *Identity) Token(ctx context.Context, tenant, domain string) (lake.Secret, error) {
	p, known := places[domain]
	if !known {
		return "", fault.Of(fault.Unsupported, fault.Credential, "", "This server knows no Azure cloud whose storage accounts are in %s.", domain)
	}
	credential, err := id.credential(tenant, p)
	if err != nil {
		return "", fault.Of(fault.Unsupported, fault.Credential, "", noIdentity).Because(err)
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{scope}, TenantID: tenant})
	if err != nil {
		return "", translate(ctx, err)
	}
	return lake.Secret(token.Token), nil
}

func (id *Identity) credential(tenant string, p place) (azcore.TokenCredential, error) {
	s := seat{tenant, p.authority.ActiveDirectoryAuthorityHost}
	if c, ok := id.credentials.Get(s); ok {
		return c, nil
	}
	c, err := id.proof(tenant, p, azcore.ClientOptions{Cloud: p.authority, Transport: id.transport,
		Retry: policy.RetryOptions{MaxRetries: 2, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second}})
	if err != nil {
		return nil, err
	}
	id.credentials.Add(s, c)
	return c, nil
}

// What refusals mean to a client. Entra's own words, which name the application, are in the cause alone.
const (
	noIdentity  = "This server has no identity in Azure. An administrator must configure one."
	notAccepted = "Microsoft Entra does not accept this server's identity in the catalog's tenant. An administrator must check the tenant, the application and its federated credential."
	away        = "Microsoft Entra did not answer. Try again."
	late        = "Microsoft Entra did not answer in time. Try again."
)

// retryAfter is what clients are told when an issuer of tokens is throttling or away.
const retryAfter = 2 * time.Second

// translate makes an error of firn's out of one of the SDK's: nothing has an effect yet.
func translate(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Of(fault.Timeout, fault.Credential, "", late).Because(err)
	}
	if told, ok := errors.AsType[*fault.Error](err); ok {
		return told
	}
	failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err)
	switch {
	case !ok: // nothing on this machine could prove anything
		return fault.Of(fault.Unsupported, fault.Credential, "", noIdentity).Because(err)
	case failed.RawResponse == nil || failed.RawResponse.StatusCode >= 500 || failed.RawResponse.StatusCode == http.StatusTooManyRequests:
		return fault.Of(fault.Unavailable, fault.Credential, "", away).After(retryAfter).Because(err)
	}
	return fault.Of(fault.Forbidden, fault.Credential, "", notAccepted).Because(err)
}
