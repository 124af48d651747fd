package admin

import (
	"context"
	"strings"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
)

// RotateCredentials makes a principal a new secret, shown this once. The one before it stays good until the next rotation,
// unless the principal had to rotate: then it dies at once, and the duty is fulfilled. Access requirement: to be that
// principal, or PRINCIPAL_ROTATE_CREDENTIALS on it.
func (s *Service) RotateCredentials(ctx context.Context, c lake.Caller, name string) (*lake.Principal, lake.Credentials, error) {
	var next lake.Principal
	made := lake.Credentials{ClientSecret: lake.NewSecret()}
	err := again(func() error {
		_, p, err := s.principal(ctx, c, name, access.RotateCredentials)
		if err != nil {
			return err
		}
		next = *p.Value
		made.ClientID = next.ClientID
		duty := next.MustRotate
		next.Secrets = next.Secrets.Rotate(made.ClientSecret, duty)
		if !duty {
			return s.Store.UpdatePrincipal(ctx, c.Realm, p, &next)
		}
		next.MustRotate = false
		next.Version++
		return s.takeFrom([]lake.ID{next.ID}, func() error { return s.Store.UpdatePrincipal(ctx, c.Realm, p, &next) })
	})
	if err != nil {
		return nil, lake.Credentials{}, err
	}
	return &next, made, nil
}

// Reset says what a principal's credentials become. What is nil is kept (the client id) or made (the secret).
type Reset struct {
	ClientID     *string
	ClientSecret *lake.Secret
}

// The bounds of given credentials, in bytes.
const (
	maxClientID = 256
	maxSecret   = 1024
)

// check refuses what nobody could log in with, and a secret that everybody could.
func (r Reset) check() error {
	if r.ClientID != nil && (*r.ClientID == "" || len(*r.ClientID) > maxClientID || strings.ContainsFunc(*r.ClientID, unprintable)) {
		return fault.New(fault.Argument, "Invalid value: clientId: must be 1 to %d printable ASCII characters", maxClientID)
	}
	if r.ClientSecret != nil && (*r.ClientSecret == "" || len(*r.ClientSecret) > maxSecret) {
		return fault.New(fault.Argument, "Invalid value: clientSecret: size must be between 1 and %d", maxSecret)
	}
	return nil
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

// ResetCredentials gives a principal other credentials; all that were good before are dead at once, and so are its tokens
// and keys. Exists if another principal has the client id. Access requirement: to be the principal root.
func (s *Service) ResetCredentials(ctx context.Context, c lake.Caller, name string, r Reset) (*lake.Principal, lake.Credentials, error) {
	made := lake.Credentials{ClientSecret: lake.NewSecret()}
	if r.ClientSecret != nil {
		made.ClientSecret = *r.ClientSecret
	}
	var next lake.Principal
	err := again(func() error {
		_, p, err := s.principal(ctx, c, name, access.ResetCredentials)
		if err != nil {
			return err
		}
		if err := r.check(); err != nil {
			return err
		}
		next = *p.Value
		if r.ClientID != nil {
			next.ClientID = *r.ClientID
			next.Version++
		}
		made.ClientID = next.ClientID
		next.Secrets = next.Secrets.Rotate(made.ClientSecret, true)
		err = s.takeFrom([]lake.ID{next.ID}, func() error { return s.Store.UpdatePrincipal(ctx, c.Realm, p, &next) })
		if fault.Is(err, fault.Exists) {
			return fault.Of(fault.Exists, fault.Credential, made.ClientID, "Client ID already in use: %s", made.ClientID)
		}
		return err
	})
	if err != nil {
		return nil, lake.Credentials{}, err
	}
	return &next, made, nil
}
