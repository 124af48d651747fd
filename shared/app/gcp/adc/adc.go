// Package adc is who a machine is to Google by its application default credentials, for `firn serve`. Functions do not link
// it: the library brings along what makes a binary large.
package adc

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"

	"firn/shared/app/gcp"
	"firn/shared/lake"
	"firn/shared/vend/gcs"
)

// Ambient is whoever this machine is to Google: a credentials file, whoever is logged in to Google's command line, or the
// service account of a Google machine. It is looked for when a token is first needed.
type Ambient struct {
	client *http.Client
	mu     sync.Mutex
	found  *auth.Credentials
}

var _ gcs.Identity = (*Ambient)(nil)

// Here makes the identity of this machine. It does no I/O.
func Here(s gcp.Settings) *Ambient { return &Ambient{client: s.Client} }

// early is how long before its end the library asks for another token, where its issuer gives one.
const early = 50 * time.Minute

// Token gets a token as fresh as its issuer gives it: the server of a Google machine keeps one until it is nearly over.
func (a *Ambient) Token(ctx context.Context) (gcs.Token, error) {
	creds, err := a.detect()
	if err != nil {
		return gcs.Token{}, gcp.NoIdentity(err)
	}
	token, err := creds.Token(ctx)
	if err != nil {
		status := 0
		if told, ok := errors.AsType[*auth.Error](err); ok && told.Response != nil {
			status = told.Response.StatusCode
		}
		return gcs.Token{}, gcp.Refused(ctx, status, err)
	}
	return gcs.Token{Value: lake.Secret(token.Value), Expires: token.Expiry}, nil
}

// detect keeps what it found; what is not there may come.
func (a *Ambient) detect() (*auth.Credentials, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found != nil {
		return a.found, nil
	}
	found, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{gcp.CloudPlatform}, EarlyTokenRefresh: early, DisableAsyncRefresh: true,
		Client: a.client, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	a.found = found
	return found, nil
}
