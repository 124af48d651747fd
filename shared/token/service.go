package token

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/throttle"
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

// Config is what a Service needs.
type Config struct {
	Clients    Clients
	Keys       Source             // sign, and verify what is exchanged
	Log        *slog.Logger       // takes a record of each failed login
	Failures   *throttle.Failures // slows down whoever guesses secrets; nil: nobody is slowed down
	MaxSession time.Duration      // after which a token cannot be exchanged for another; 0: it always can
}

// Service issues tokens to those who prove who they are.
type Service struct {
	Config
	issuer   *Issuer
	verifier *Verifier
	nobody   Client // stands in for unknown clients; nothing matches its secret, which was never kept
}

// NewService makes a Service.
func NewService(c Config) *Service {
	return &Service{
		Config: c, issuer: NewIssuer(c.Keys), verifier: NewVerifier(c.Keys),
		nobody: Client{Secrets: lake.Secrets{Current: lake.HashSecret(lake.NewSecret(), 0)}},
	}
}

// From is where a token is asked for.
type From struct {
	Realm   lake.Realm
	Address string // IP address of the client; empty: not known
}

// Credentials issues a token for a client's secret (RFC 6749, section 4.4). Errors: Argument of a Scope; Throttled after too
// many failures of the client from that address, before anything is compared; Unauthenticated of a Principal, alike for an
// unknown client and a wrong secret: both compare with a hash, so that neither the words nor the time tell them apart.
func (s *Service) Credentials(ctx context.Context, from From, clientID string, secret lake.Secret, scope string, now time.Time) (Issued, error) {
	scopes, err := scopesOf(scope)
	if err != nil {
		return Issued{}, err
	}
	key := throttle.Key{Realm: from.Realm, Client: clientID, Address: from.Address}
	if err := s.Failures.Check(key, now); err != nil {
		s.failed(ctx, from, clientID, err)
		return Issued{}, err
	}
	client, err := s.Clients.Client(ctx, from.Realm, clientID)
	if fault.Is(err, fault.NotFound) {
		client, err = &s.nobody, nil
	}
	if err != nil {
		return Issued{}, err
	}
	generation, match := client.Secrets.Match(secret)
	if !match {
		s.Failures.Failed(key, now)
		err := unauthorized(errors.New("the client is unknown, or its secret wrong"))
		s.failed(ctx, from, clientID, err)
		return Issued{}, err
	}
	s.Failures.Succeeded(key)
	p := &lake.Principal{ID: client.PrincipalID, Name: client.Principal, ClientID: clientID}
	return s.issuer.Issue(from.Realm, p, Session{Generation: generation, Scopes: scopes, Began: now, Max: s.MaxSession}, now)
}

// Exchange issues a token for one that is still good (RFC 8693), with the same scopes or fewer. It is bound to the same
// secret, and ends with the same session. Errors: Unauthenticated of a Subject (a token that is no good, or whose session has
// ended) or of a Principal (one that is gone, or has lost the secret); Argument of a Scope.
func (s *Service) Exchange(ctx context.Context, from From, subject lake.Secret, scope string, now time.Time) (Issued, error) {
	issued, client, err := s.exchange(ctx, from.Realm, subject, scope, now)
	if fault.Is(err, fault.Unauthenticated) {
		s.failed(ctx, from, client, err)
	}
	return issued, err
}

// exchange also returns the client of a token that was good, for the log.
func (s *Service) exchange(ctx context.Context, realm lake.Realm, subject lake.Secret, scope string, now time.Time) (none Issued, client string, err error) {
	known, err := s.verifier.verify(realm, subject.Reveal(), now)
	if err != nil {
		return none, "", invalidSubject(err)
	}
	caller := known.caller
	scopes, err := narrowed(caller, scope)
	if err != nil {
		return none, "", err
	}
	p, err := s.Clients.Principal(ctx, caller)
	if fault.Is(err, fault.NotFound, fault.Unauthenticated) {
		return none, "", unauthorized(err)
	}
	if err != nil {
		return none, "", err
	}
	if p.ID != caller.PrincipalID || !p.Generation(caller.Generation) {
		return none, p.ClientID, unauthorized(errors.New("the principal is another one, or has lost the secret"))
	}
	issued, err := s.issuer.Issue(realm, p, Session{Generation: caller.Generation, Scopes: scopes, Began: known.began, Max: s.MaxSession}, now)
	return issued, p.ClientID, err
}

// maxShownID bounds a client id in the log, in bytes: those that firn makes have 16.
const maxShownID = 64

// failed records a login that failed. The client id is what was sent, by anyone: it is cut, and what could forge a line is
// taken out. The secret and the token are in no error.
func (s *Service) failed(ctx context.Context, from From, clientID string, err error) {
	clientID = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '?'
		}
		return r
	}, clientID[:min(len(clientID), maxShownID)])
	s.Log.LogAttrs(ctx, slog.LevelWarn, "login failed", slog.String("realm", string(from.Realm)),
		slog.String("client_id", clientID), slog.String("address", from.Address), slog.String("reason", err.Error()))
}

func invalidSubject(cause error) error {
	return fault.Of(fault.Unauthenticated, Subject, "", "The Client is invalid").Because(cause)
}

func unauthorized(cause error) error {
	return fault.Of(fault.Unauthenticated, fault.Principal, "", "The client is not authorized").Because(cause)
}
