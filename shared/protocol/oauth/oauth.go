// Package oauth is the token endpoint as Iceberg clients and Polaris's tools expect it, and the keys that its tokens are
// verified with.
//
// It reads a request's parameters, finds the one of two flows that is meant, and tells refusals as {error,
// error_description, error_uri}. Who gets a token is decided by the token package.
//
// It refuses a parameter that is given twice, grant types beside client credentials and token exchange, and any body but
// a form. Answers are kept out of caches.
//
// # Why
//
// Which flow is meant follows what was recorded from a real Polaris, not the grant type alone: wherever a secret is given,
// in the form or, if not there, in a Basic header, it is the client's credentials that count, also where the grant type
// is token exchange (that is how Iceberg's Java client comes back after its token has ended). Token exchange without a
// secret needs an Authorization header, whatever is in it: the subject token is the proof.
//
// A form that cannot be decoded is not repeated in the refusal, as Polaris does: it may hold a secret, and the refusal is
// logged. A missing grant type, which breaks Polaris (500), is invalid_request (RFC 6749, section 5.2).
package oauth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"firn/shared/fault"
	"firn/shared/rest"
	"firn/shared/token"
)

// API serves the protocol.
type API struct {
	tokens *token.Service
	signed token.Source
}

// New makes an API that issues tokens with the service and publishes the keys.
func New(tokens *token.Service, keys token.Source) *API { return &API{tokens: tokens, signed: keys} }

// Protocol gives the route table.
func (a *API) Protocol() rest.Protocol {
	return rest.Protocol{
		Name:    "oauth",
		Dialect: tell,
		Routes: []rest.Route{
			{Method: http.MethodPost, Pattern: "/api/catalog/v1/oauth/tokens", Operation: "getToken",
				Function: rest.Token, Public: true, Handler: rest.Form(a.token)},
			{Method: http.MethodGet, Pattern: "/.well-known/jwks.json", Operation: "getKeys",
				Function: rest.Token, Public: true, Handler: a.keys},
		},
	}
}

// keys publishes the JWK set. It may be kept for five minutes: a rotation lets a new key be known before it signs.
func (a *API) keys(context.Context, *rest.Call) (rest.Answer, error) {
	jwks, err := a.signed.Keys().JWKS()
	if err != nil {
		return rest.Answer{}, fmt.Errorf("writing the key set: %w", err)
	}
	return rest.Raw(http.StatusOK, jwks).With("Cache-Control", "public, max-age=300"), nil
}

// The URNs of RFC 8693, section 3 and section 2.1.
const (
	accessToken   = "urn:ietf:params:oauth:token-type:access_token"
	tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// granted is OAuthTokenResponse of the Iceberg REST specification. Every field is needed by some client.
type granted struct {
	AccessToken     string `json:"access_token"`
	TokenType       string `json:"token_type"`
	IssuedTokenType string `json:"issued_token_type"`
	ExpiresIn       int    `json:"expires_in"`
}

// token finds the flow that a request means and issues a token.
func (a *API) token(ctx context.Context, c *rest.Call, form url.Values) (rest.Answer, error) {
	in, err := read(form, c.Header)
	if err != nil {
		return rest.Answer{}, err
	}
	issue := a.exchange
	if in.hasSecret {
		issue = a.credentials
	}
	issued, err := issue(ctx, c, in)
	if err != nil {
		return rest.Answer{}, err
	}
	answer, err := rest.JSON(http.StatusOK, granted{
		AccessToken: issued.Token.Reveal(), TokenType: "bearer", IssuedTokenType: accessToken, ExpiresIn: int(issued.Lifetime.Seconds()),
	})
	return answer.NoStore().With("Pragma", "no-cache"), err // RFC 6749, section 5.1
}

// The nouns of the refusals that are made here.
const (
	client    fault.Noun = "client"
	grantType fault.Noun = "grant type"
	request   fault.Noun = "request"
)

// code is an error code of RFC 6749, section 5.2, with the description that Polaris gives it.
type code struct {
	status      int
	name, words string
}

var codes = map[rest.Case]code{
	{Kind: fault.Malformed, Noun: request}:               {400, "invalid_request", "The request is invalid"},
	{Kind: fault.Malformed, Noun: client}:                {400, "invalid_client", "The Client is invalid"},
	{Kind: fault.Unauthenticated, Noun: token.Subject}:   {400, "invalid_client", "The Client is invalid"},
	{Kind: fault.Unauthenticated, Noun: fault.Principal}: {401, "unauthorized_client", "The client is not authorized"},
	{Kind: fault.Argument, Noun: token.Scope}:            {400, "invalid_scope", "The scope is invalid"},
	{Kind: fault.Argument, Noun: grantType}:              {400, "unsupported_grant_type", "The grant type is invalid"},
}

// refusal is OAuthError of the Iceberg REST specification; error_uri is always there, and null (recorded).
type refusal struct {
	Error       string  `json:"error"`
	Description string  `json:"error_description"`
	URI         *string `json:"error_uri"`
}

// tell is the dialect: OAuth's own errors for what is wrong with a grant, the common envelope for everything that comes
// before it (a wrong method, an unknown realm, a body that is no form) or breaks beneath it.
func tell(e *fault.Error) rest.Answer {
	told, ok := codes[rest.Case{Kind: e.Kind, Noun: e.Noun}]
	if !ok {
		return rest.Vocabulary{}.Envelope(e).NoStore()
	}
	answer, err := rest.JSON(told.status, refusal{Error: told.name, Description: told.words})
	if err != nil {
		return rest.Vocabulary{}.Envelope(fault.From(err))
	}
	return answer.NoStore()
}
