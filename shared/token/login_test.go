package token_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/throttle"
	"firn/shared/token"
)

// counted counts how often a client is read.
type counted struct {
	people
	reads int
}

func (c *counted) Client(ctx context.Context, realm lake.Realm, id string) (*token.Client, error) {
	c.reads++
	return c.people.Client(ctx, realm, id)
}

// guarded is a service with a memory of failures, what it reads, and its log.
func guarded(t *testing.T) (*token.Service, *counted, *strings.Builder) {
	t.Helper()
	clients, log := &counted{people: population()}, &strings.Builder{}
	return token.NewService(token.Config{Clients: clients, Keys: newKeys(t), Log: slog.New(slog.NewTextHandler(log, nil)), Failures: throttle.New()}), clients, log
}

func TestCredentials_GuessingSlowsDown(t *testing.T) {
	s, clients, _ := guarded(t)
	here, there := token.From{Realm: "R", Address: "192.0.2.7"}, token.From{Realm: "R", Address: "192.0.2.8"}
	login := func(from token.From, id string, secret lake.Secret, at time.Duration) error {
		_, err := s.Credentials(t.Context(), from, id, secret, "catalog", noon.Add(at))
		return err
	}
	for _, id := range []string{"c0ffee", "nobody"} { // alike, so that nothing shows which client is there
		for range throttle.Free + 1 {
			if err := login(here, id, "wrong", 0); !fault.Is(err, fault.Unauthenticated) {
				t.Fatalf("%s: got %v, want Unauthenticated", id, err)
			}
		}
		before := clients.reads
		err := login(here, id, "wrong", 0)
		if e := fault.From(err); e == nil || e.Kind != fault.Throttled || e.RetryAfter != throttle.First {
			t.Errorf("%s: got %+v, want Throttled for %v", id, e, throttle.First)
		}
		if clients.reads != before {
			t.Errorf("%s: got %d reads for a login that must wait, want none", id, clients.reads-before)
		}
	}
	if err := login(here, "c0ffee", newSecret, 0); !fault.Is(err, fault.Throttled) {
		t.Errorf("got %v for the right secret before the wait is over, want Throttled", err)
	}
	if err := login(there, "c0ffee", newSecret, 0); err != nil {
		t.Errorf("got %v for the right secret from another address", err)
	}
	if err := login(here, "c0ffee", newSecret, throttle.First); err != nil {
		t.Errorf("got %v for the right secret when the wait is over", err)
	}
	for range throttle.Free {
		if err := login(here, "c0ffee", "wrong", throttle.First); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("got %v after a success, want the count begun anew", err)
		}
	}
}

func TestFailedLogins_AreRecordedWithoutSecrets(t *testing.T) {
	from := token.From{Realm: "R", Address: "192.0.2.7"}
	const secret = "hunter2"
	rows := []struct {
		name string
		do   func(*token.Service) error
		want []string // in the record; nil: none is made
	}{
		{"a wrong secret", func(s *token.Service) error {
			_, err := s.Credentials(t.Context(), from, "c0ffee", secret, "catalog", noon)
			return err
		}, []string{"level=WARN", `msg="login failed"`, "realm=R", "client_id=c0ffee", "address=192.0.2.7", "secret wrong"}},
		{"a client id that forges a line", func(s *token.Service) error {
			_, err := s.Credentials(t.Context(), from, "a\nb\x1b[31mü"+strings.Repeat("x", 1000), secret, "catalog", noon)
			return err
		}, []string{"client_id=a?b?[31m?" + strings.Repeat("x", 64-10) + " "}},
		{"a wait", func(s *token.Service) error {
			for range throttle.Free + 1 {
				_, _ = s.Credentials(t.Context(), token.From{Realm: "R", Address: "192.0.2.7"}, "c0ffee", secret, "catalog", noon)
			}
			_, err := s.Credentials(t.Context(), from, "c0ffee", secret, "catalog", noon)
			return err
		}, []string{"client_id=c0ffee", `reason="Too many failed logins`}},
		{"a token that is none", func(s *token.Service) error {
			_, err := s.Exchange(t.Context(), from, secret, "", noon)
			return err
		}, []string{`client_id=""`, "address=192.0.2.7", "The Client is invalid"}},
		{"a bad scope", func(s *token.Service) error {
			_, err := s.Credentials(t.Context(), from, "c0ffee", secret, "x", noon)
			return err
		}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s, _, log := guarded(t)
			if err := row.do(s); err == nil {
				t.Fatal("got no error")
			}
			lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
			last := lines[len(lines)-1]
			for _, want := range row.want {
				if !strings.Contains(last, want) {
					t.Errorf("got %q, want %q in it", last, want)
				}
			}
			if row.want == nil && log.Len() > 0 {
				t.Errorf("got %q, want no record", log)
			}
			if strings.Contains(log.String(), secret) {
				t.Errorf("got the secret in %q", log)
			}
		})
	}
}

// claimsOf reads what a token says.
func claimsOf(t *testing.T, i token.Issued) jwt.MapClaims {
	t.Helper()
	c := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(i.Token.Reveal(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestExchange_EndsWithTheSession(t *testing.T) {
	const session = 100 * time.Minute
	keys, from := newKeys(t), token.From{Realm: "R"}
	s := token.NewService(token.Config{Clients: population(), Keys: keys, Log: slog.New(slog.DiscardHandler), MaxSession: session})
	issued, err := s.Credentials(t.Context(), from, "c0ffee", newSecret, "catalog", noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ at, lifetime time.Duration }{
		{0, time.Hour}, {30 * time.Minute, time.Hour}, {59 * time.Minute, 41 * time.Minute}, {99 * time.Minute, time.Minute},
		{session - 1500*time.Millisecond, time.Second},
	} {
		now := noon.Add(step.at)
		if issued, err = s.Exchange(t.Context(), from, issued.Token, "", now); err != nil {
			t.Fatalf("after %v: %v", step.at, err)
		}
		c := claimsOf(t, issued)
		if issued.Lifetime != step.lifetime || c["auth_time"] != float64(noon.Unix()) {
			t.Errorf("after %v: got %v of a session since %v, want %v since %d", step.at, issued.Lifetime, c["auth_time"], step.lifetime, noon.Unix())
		}
		if end := time.Unix(int64(c["exp"].(float64)), 0); end.After(noon.Add(session)) {
			t.Errorf("after %v: got an end at %v, after the session's", step.at, end)
		}
	}
	_, err = s.Exchange(t.Context(), from, issued.Token, "", noon.Add(session))
	if e := fault.From(err); e == nil || e.Kind != fault.Unauthenticated || e.Noun != token.Subject {
		t.Errorf("got %v when the session is over, want Unauthenticated of a subject", err)
	}
}

// A bound that comes later holds for the sessions that there are.
func TestExchange_OfASessionThatIsTooOldByNow(t *testing.T) {
	keys, from := newKeys(t), token.From{Realm: "R"}
	old, err := service(population(), keys).Credentials(t.Context(), from, "c0ffee", newSecret, "catalog", noon)
	if err != nil {
		t.Fatal(err)
	}
	bounded := token.NewService(token.Config{Clients: population(), Keys: keys, Log: slog.New(slog.DiscardHandler), MaxSession: 30 * time.Minute})
	if _, err := bounded.Exchange(t.Context(), from, old.Token, "", noon.Add(29*time.Minute)); err != nil {
		t.Error(err)
	}
	if _, err := bounded.Exchange(t.Context(), from, old.Token, "", noon.Add(31*time.Minute)); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("got %v, want Unauthenticated", err)
	}
}

func TestExchange_WithoutABoundGoesOn(t *testing.T) {
	keys, from := newKeys(t), token.From{Realm: "R"}
	s := service(population(), keys)
	issued, err := s.Credentials(t.Context(), from, "c0ffee", newSecret, "catalog", noon)
	for i := range 100 {
		if err == nil {
			issued, err = s.Exchange(t.Context(), from, issued.Token, "", noon.Add(time.Duration(i)*59*time.Minute))
		}
	}
	if err != nil || issued.Lifetime != time.Hour {
		t.Errorf("got %v, %v, want an hour", issued.Lifetime, err)
	}
}
