package vend

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/lake"
)

// shelf is a Shelf and a Sealer whose seal is what the text belongs to, before it.
type shelf struct {
	items      map[string][]byte
	looked     int
	err        error
	sealErr    error
	lastExpiry time.Time
}

func (s *shelf) Sealed(_ context.Context, realm lake.Realm, key string) ([]byte, error) {
	s.looked++
	return s.items[string(realm)+key], s.err
}

func (s *shelf) Keep(_ context.Context, realm lake.Realm, key string, sealed []byte, expires time.Time) error {
	s.items[string(realm)+key], s.lastExpiry = sealed, expires
	return s.err
}

func (s *shelf) Seal(_ context.Context, text []byte, belongs string) ([]byte, error) {
	return append([]byte(belongs+"\n"), text...), s.sealErr
}

func (s *shelf) Open(_ context.Context, sealed []byte, belongs string) ([]byte, error) {
	text, ok := bytes.CutPrefix(sealed, []byte(belongs+"\n"))
	if !ok {
		return nil, errors.New("it belongs elsewhere")
	}
	return text, s.sealErr
}

func TestInstancesShareWhatTheyMint(t *testing.T) {
	elsewhere := func(s *shelf, _ *Grant) {
		for key, sealed := range s.items {
			s.items[key] = append([]byte("x"), sealed...)
		}
	}
	rows := []struct {
		name   string
		change func(*shelf, *Grant) // between the two instances' requests
		after  time.Duration
		shared bool
	}{
		{"at once", nil, 0, true},
		{"before half of its life", nil, 26 * time.Minute, true},
		{"at half of its life", nil, 30 * time.Minute, false},
		{"when the clock is far behind", nil, -24 * time.Hour, false},
		{"another grant", func(_ *shelf, g *Grant) { g.Actions = Write }, 0, false},
		{"another principal", func(_ *shelf, g *Grant) { g.PrincipalID = "p2" }, 0, false},
		{"after a revocation", func(_ *shelf, g *Grant) { g.Epoch = "1" }, 0, false},
		{"what belongs elsewhere", elsewhere, 0, false},
		{"no credential", func(s *shelf, _ *Grant) {
			for key, sealed := range s.items {
				place, _, _ := bytes.Cut(sealed, []byte("\n"))
				s.items[key] = append(place, "\n[]"...)
			}
		}, 0, false},
		{"a shelf that fails", func(s *shelf, _ *Grant) { s.err = errors.New("no table") }, 0, false},
		{"a key that is away", func(s *shelf, _ *Grant) { s.sealErr = errors.New("no key") }, 0, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m, _ := newMint(time.Hour)
			on := &shelf{items: map[string][]byte{}}
			instance := func() Shared {
				return Shared{Vendor: m, Shelf: on, Sealer: on, Now: m.clock, Log: slog.New(slog.DiscardHandler)}
			}
			storage, g := testGrant(t)
			first, err := instance().Vend(t.Context(), storage, g)
			if err != nil {
				t.Fatal(err)
			}
			if row.change != nil {
				row.change(on, &g)
			}
			m.set(start.Add(row.after))
			second, err := instance().Vend(t.Context(), storage, g)
			if err != nil || (second.ID == first.ID) != row.shared {
				t.Errorf("got %v, %v after %v, want the same: %v", second, err, first, row.shared)
			}
		})
	}
}

// All of a credential comes back, whatever its kind, and it leaves the shelf before it ends.
func TestWhatIsSharedIsWhole(t *testing.T) {
	for _, cred := range []Credential{
		{ID: "a", S3: &S3Credential{"key", "secret", "token", "eu-central-1", "http://192.0.2.1", true}},
		{ID: "b", GCS: &GCSCredential{"token"}},
		{ID: "c", Azure: &AzureCredential{"account", "core.windows.net", "sv=1&sig=2"}},
	} {
		cred.Expires = start.Add(time.Hour)
		on := &shelf{items: map[string][]byte{}}
		s := Shared{Vendor: always{cred}, Shelf: on, Sealer: on, Now: func() time.Time { return start }, Log: slog.New(slog.DiscardHandler)}
		storage, g := testGrant(t)
		if _, err := s.Vend(t.Context(), storage, g); err != nil {
			t.Fatal(err)
		}
		s.Vendor = nil // it is not asked again
		got, err := s.Vend(t.Context(), storage, g)
		if diff := cmp.Diff(plain(cred), plain(got)); diff != "" || err != nil {
			t.Errorf("got %v (-want +got):\n%s", err, diff)
		}
		if left := cred.Expires.Sub(on.lastExpiry); left < MinRemaining {
			t.Errorf("kept until %v before its end, want at least %v", left, MinRemaining)
		}
	}
}

type always struct{ Credential }

func (a always) Vend(context.Context, *lake.Storage, Grant) (Credential, error) {
	return a.Credential, nil
}

// plain shows all of a credential, for tests.
func plain(c Credential) string {
	text, _ := json.Marshal(shelve(c, time.Time{}))
	return string(text)
}

// What is about to end, or could not be minted, is not shared; and nothing secret is logged.
func TestWhatIsNotShared(t *testing.T) {
	var log bytes.Buffer
	m, _ := newMint(20 * time.Minute)
	on := &shelf{items: map[string][]byte{}, err: errors.New("no table")}
	s := Shared{Vendor: m, Shelf: on, Sealer: on, Now: m.clock, Log: slog.New(slog.NewTextHandler(&log, nil))}
	storage, g := testGrant(t)
	m.life = 15 * time.Minute
	if _, err := s.Vend(t.Context(), storage, g); err != nil || len(on.items) != 0 {
		t.Errorf("a short one: got %v and %d kept, want none", err, len(on.items))
	}
	m.life, m.size = time.Hour, 20
	if _, err := s.Vend(t.Context(), storage, g); err != nil {
		t.Error(err)
	}
	if text := log.String(); strings.Contains(text, "xxxx") || strings.Count(text, "no table") != 3 {
		t.Errorf("got log %s, want each failure and no secret", text)
	}
}
