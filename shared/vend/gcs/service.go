package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"firn/shared/lake"
)

// Names of the OAuth 2.0 token exchange (RFC 8693, sections 2.1 and 3), the last one of Google's.
const (
	tokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessToken       = "urn:ietf:params:oauth:token-type:access_token"
	intermediaryToken = "urn:ietf:params:oauth:token-type:access_boundary_intermediary_token"
)

// scope is what a service account's token is for: objects, and none of the rights to change who may touch them.
const scope = "https://www.googleapis.com/auth/devstorage.read_write"

// lifetime is asked for a service account's token: more needs an organisation's policy to allow it.
const lifetime = time.Hour

// The bounds of one call.
const (
	attempts  = 3
	firstWait = 100 * time.Millisecond // before the second attempt; twice that before the third
	maxAnswer = 1 << 20                // bytes
)

// service asks Google's two token services.
type service struct {
	client   *http.Client
	now      func() time.Time
	sts, iam string
}

func newService(c Config) *service {
	client := http.Client{}
	if c.Client != nil {
		client = *c.Client
	}
	// A token is never sent where an answer says.
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &service{client: &client, now: c.Now, sts: strings.TrimSuffix(c.STS, "/"), iam: strings.TrimSuffix(c.IAM, "/")}
}

// exchanged is the Security Token Service's answer (IAM reference, v1.token).
type exchanged struct {
	Token
	sessionKey lake.Secret // of an intermediary token: base64
}

// exchange trades a token for one of the wanted type; options narrow it. An answer without expires_in is a token that
// lives as long as its source: Google says so only of those that are not of a service account.
func (s *service) exchange(ctx context.Context, source Token, wanted, options string) (exchanged, error) {
	form := url.Values{"grant_type": {tokenExchange}, "subject_token_type": {accessToken}, "subject_token": {source.Value.Reveal()},
		"requested_token_type": {wanted}}
	if options != "" {
		form.Set("options", options)
	}
	var out struct {
		Token      string `json:"access_token"`
		ExpiresIn  int64  `json:"expires_in"`
		SessionKey string `json:"access_boundary_session_key"`
	}
	began := s.now()
	err := s.post(ctx, exchanging, request{url: s.sts + "/v1/token", kind: "application/x-www-form-urlencoded", body: []byte(form.Encode())}, &out)
	if err != nil {
		return exchanged{}, err
	}
	expires := source.Expires
	if out.ExpiresIn != 0 {
		expires = earlier(expires, began.Add(time.Duration(out.ExpiresIn)*time.Second))
	}
	if out.Token == "" || out.ExpiresIn < 0 || wanted == intermediaryToken && out.SessionKey == "" {
		return exchanged{}, incomplete()
	}
	return exchanged{Token: Token{Value: lake.Secret(out.Token), Expires: expires}, sessionKey: lake.Secret(out.SessionKey)}, nil
}

// impersonate gets a token of the service account (IAM Service Account Credentials reference, generateAccessToken). The
// address has been checked.
func (s *service) impersonate(ctx context.Context, self Token, address string) (Token, error) {
	body, err := json.Marshal(map[string]any{"scope": []string{scope}, "lifetime": fmt.Sprintf("%ds", int(lifetime/time.Second))})
	if err != nil {
		return Token{}, fmt.Errorf("encode request for a token: %w", err)
	}
	var out struct {
		Token   string    `json:"accessToken"`
		Expires time.Time `json:"expireTime"`
	}
	target := s.iam + "/v1/projects/-/serviceAccounts/" + url.PathEscape(address) + ":generateAccessToken"
	if err := s.post(ctx, impersonating, request{url: target, kind: "application/json", bearer: self.Value, body: body}, &out); err != nil {
		return Token{}, err
	}
	if out.Token == "" || out.Expires.IsZero() {
		return Token{}, incomplete()
	}
	return Token{Value: lake.Secret(out.Token), Expires: out.Expires}, nil
}

type request struct {
	url, kind string
	bearer    lake.Secret // empty: the body proves who asks
	body      []byte
}

// post sends a request, up to three times while the service is busy or away: nothing that it does has a lasting effect.
func (s *service) post(ctx context.Context, did call, r request, out any) error {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		err := s.send(ctx, r, out)
		if err == nil {
			return nil
		}
		if attempt == attempts || !passing(err) || !pause(ctx, wait) {
			return translate(ctx, did, err)
		}
		wait *= 2
	}
}

func (s *service) send(ctx context.Context, r request, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", r.kind)
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer.Reveal())
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return refusalOf(resp, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		return errors.New("the answer is not the JSON that was expected") // the decoder's own words may quote it
	}
	return nil
}

// pause waits, with a jitter, unless the context ends before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// retryAfterOf reads the header in its form of seconds (RFC 9110, section 10.2.3); 0 if there is none.
func retryAfterOf(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, time.Minute)
}
