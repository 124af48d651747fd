package token

import (
	"context"
	"errors"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
)

// Client is all that the issue of a token needs to know of a principal.
type Client struct {
	PrincipalID lake.ID
	Principal   string // name
	Secrets     lake.Secrets
}

// Clients finds who may have tokens.
type Clients interface {
	// Client finds a client by its id, in one read. NotFound if there is none.
	Client(ctx context.Context, realm lake.Realm, clientID string) (*Client, error)
	// Principal finds the principal that a token was issued to, as it is now. NotFound if it is gone, or another one has
	// its name.
	Principal(ctx context.Context, caller lake.Caller) (*lake.Principal, error)
}

// Service issues tokens to those who prove who they are.
type Service struct {
	clients  Clients
	issuer   *Issuer
	verifier *Verifier
	nobody   Client // stands in for unknown clients; nothing matches its secret, which was never kept
}

// NewService makes a Service that signs, and verifies what is exchanged, with the keys.
func NewService(clients Clients, keys Source) *Service {
	return &Service{
		clients: clients, issuer: NewIssuer(keys), verifier: NewVerifier(keys),
		nobody: Client{Secrets: lake.Secrets{Current: lake.HashSecret(lake.NewSecret(), 0)}},
	}
}

// Credentials issues a token for a client's secret (RFC 6749, section 4.4). Errors: Argument of a Scope; Unauthenticated
// of a Principal, alike for an unknown client and a wrong secret: both compare with a hash, so that neither the words nor
// the time tell them apart.
func (s *Service) Credentials(ctx context.Context, realm lake.Realm, clientID string, secret lake.Secret, scope string, now time.Time) (lake.Secret, error) {
	scopes, err := scopesOf(scope)
	if err != nil {
		return "", err
	}
	client, err := s.clients.Client(ctx, realm, clientID)
	if fault.Is(err, fault.NotFound) {
		client, err = &s.nobody, nil
	}
	if err != nil {
		return "", err
	}
	generation, match := client.Secrets.Match(secret)
	if !match {
		return "", unauthorized(errors.New("the client is unknown, or its secret wrong"))
	}
	p := &lake.Principal{ID: client.PrincipalID, Name: client.Principal, ClientID: clientID}
	return s.issuer.Issue(realm, p, generation, scopes, now)
}

// Exchange issues a token for one that is still good (RFC 8693), with the same scopes or fewer. It is bound to the same
// secret. Errors: Unauthenticated of a Subject (a token that is no good) or of a Principal (one that is gone, or has lost
// the secret); Argument of a Scope.
func (s *Service) Exchange(ctx context.Context, realm lake.Realm, subject lake.Secret, scope string, now time.Time) (lake.Secret, error) {
	caller, err := s.verifier.Verify(realm, subject.Reveal(), now)
	if err != nil {
		return "", fault.Of(fault.Unauthenticated, Subject, "", "The Client is invalid").Because(err)
	}
	scopes, err := narrowed(caller, scope)
	if err != nil {
		return "", err
	}
	p, err := s.clients.Principal(ctx, caller)
	if fault.Is(err, fault.NotFound, fault.Unauthenticated) {
		return "", unauthorized(err)
	}
	if err != nil {
		return "", err
	}
	if p.ID != caller.PrincipalID || !p.Generation(caller.Generation) {
		return "", unauthorized(errors.New("the principal is another one, or has lost the secret"))
	}
	return s.issuer.Issue(realm, p, caller.Generation, scopes, now)
}

func unauthorized(cause error) error {
	return fault.Of(fault.Unauthenticated, fault.Principal, "", "The client is not authorized").Because(cause)
}
