package oauth

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/token"
)

// tokenRequest holds the parameters of a token request (RFC 6749, section 4.4.2; RFC 8693, section 2.1).
type tokenRequest struct {
	clientID      string
	secret        lake.Secret
	hasSecret     bool // a secret was given, if only an empty one
	scope         string
	subject       lake.Secret
	subjectType   string
	requestedType string
	authorized    bool // an Authorization header was given
}

// single are the parameters that count. RFC 6749, section 3.2: none may be given twice.
var single = []string{
	"grant_type", "client_id", "client_secret", "scope", "subject_token", "subject_token_type", "requested_token_type",
}

func read(form url.Values, h http.Header) (*tokenRequest, error) {
	for _, name := range single {
		if len(form[name]) > 1 {
			return nil, invalid(request)
		}
	}
	r := &tokenRequest{
		clientID:      form.Get("client_id"),
		secret:        lake.Secret(form.Get("client_secret")),
		hasSecret:     form.Has("client_secret"),
		scope:         form.Get("scope"),
		subject:       lake.Secret(form.Get("subject_token")),
		subjectType:   form.Get("subject_token_type"),
		requestedType: form.Get("requested_token_type"),
	}
	authorization := h.Get("Authorization")
	r.authorized = authorization != ""
	if scheme, text, _ := strings.Cut(authorization, " "); !r.hasSecret && strings.EqualFold(scheme, "Basic") {
		if err := r.basic(text); err != nil {
			return nil, err
		}
	}
	switch grant := form.Get("grant_type"); {
	case !form.Has("grant_type"):
		return nil, invalid(request)
	case grant != "client_credentials" && grant != tokenExchange:
		return nil, fault.Of(fault.Argument, grantType, "", "")
	case !r.hasSecret && (grant != tokenExchange || !r.authorized):
		return nil, invalid(client)
	}
	return r, nil
}

// basic reads a client's id and secret from a Basic header: each form-encoded, joined by a colon, in base64 (RFC 6749,
// section 2.3.1).
func (r *tokenRequest) basic(text string) error {
	text = strings.TrimSpace(text)
	pair, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		if i := strings.IndexFunc(text, notBase64); i >= 0 { // as Polaris says it; no part of a secret
			return fault.New(fault.Argument, "Illegal base64 character %x", text[i])
		}
		return fault.New(fault.Argument, "The Basic credentials are not base64")
	}
	id, secret, ok := strings.Cut(string(pair), ":")
	if !ok {
		return invalid(request)
	}
	r.clientID, r.secret, r.hasSecret = unescape(id), lake.Secret(unescape(secret)), true
	return nil
}

func notBase64(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '/' || r == '=')
}

// unescape undoes the form encoding. What is not encoded at all is taken as it is: many clients forget this step.
func unescape(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// credentials issues a token for the client's secret.
func (a *API) credentials(ctx context.Context, c *rest.Call, r *tokenRequest) (token.Issued, error) {
	if r.clientID == "" || r.secret == "" {
		return token.Issued{}, invalid(client)
	}
	return a.tokens.Credentials(ctx, from(c), r.clientID, r.secret, r.scope, c.Now)
}

// exchange issues a token for another one.
func (a *API) exchange(ctx context.Context, c *rest.Call, r *tokenRequest) (token.Issued, error) {
	if r.subject == "" || r.subjectType != accessToken || r.requestedType != "" && r.requestedType != accessToken {
		return token.Issued{}, invalid(request)
	}
	return a.tokens.Exchange(ctx, from(c), r.subject, r.scope, c.Now)
}

func from(c *rest.Call) token.From {
	return token.From{Realm: c.Caller.Realm, Address: c.Caller.Address}
}

func invalid(noun fault.Noun) error { return fault.Of(fault.Malformed, noun, "", "") }
