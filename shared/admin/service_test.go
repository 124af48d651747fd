package admin_test

import (
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firn/shared/access"
	"firn/shared/admin"
	"firn/shared/fault"
	"firn/shared/kv/bolt"
	"firn/shared/lake"
	"firn/shared/store"
)

// newService makes a service over an empty table, without anyone who can end keys.
func newService(t *testing.T) (*admin.Service, *store.Store) {
	t.Helper()
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	now := func() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }
	s := store.New(store.Config{Driver: db, Now: now})
	return admin.New(admin.Config{Store: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: now}), s
}

// login says who the credentials are good for.
func login(t *testing.T, s *store.Store, realm lake.Realm, c lake.Credentials) (lake.Caller, error) {
	t.Helper()
	client, err := s.Client(t.Context(), realm, c.ClientID)
	if err != nil {
		return lake.Caller{}, err
	}
	generation, ok := client.Secrets.Match(c.ClientSecret)
	if !ok {
		return lake.Caller{}, fault.New(fault.Unauthenticated, "wrong secret")
	}
	return lake.Caller{Realm: realm, PrincipalID: client.PrincipalID, Principal: client.Principal, AllRoles: true, Generation: generation}, nil
}

// Dialects refuse such names by themselves; the service does not rely on it.
func TestNamesThatNoRuleLetsInAreNeitherLookedUpNorMade(t *testing.T) {
	service, s := newService(t)
	_, root, err := service.Bootstrap(t.Context(), "R", lake.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := login(t, s, "R", root)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	rows := []struct {
		name string
		want fault.Kind
		call func(name string) error
	}{
		{"load a catalog", fault.NotFound, func(n string) error { _, err := service.LoadCatalog(ctx, c, n); return err }},
		{"load a principal", fault.NotFound, func(n string) error { _, err := service.LoadPrincipal(ctx, c, n); return err }},
		{"load a principal role", fault.NotFound, func(n string) error { _, err := service.LoadPrincipalRole(ctx, c, n); return err }},
		{"load a catalog role", fault.NotFound, func(n string) error { _, err := service.LoadCatalogRole(ctx, c, n, n); return err }},
		{"assign a principal role", fault.NotFound, func(n string) error { return service.AssignPrincipalRole(ctx, c, "root", n) }},
		{"assign a catalog role", fault.NotFound, func(n string) error { return service.AssignCatalogRole(ctx, c, lake.ServiceAdmin, n, n) }},
		{"grant", fault.NotFound, func(n string) error {
			return service.AddGrant(ctx, c, n, n, admin.Grant{On: access.OnCatalog, Privilege: access.TableList})
		}},
		{"make a catalog", fault.Argument, func(n string) error { _, err := service.CreateCatalog(ctx, c, admin.NewCatalog{Name: n}); return err }},
		{"make a principal", fault.Argument, func(n string) error {
			_, _, err := service.CreatePrincipal(ctx, c, admin.NewPrincipal{Name: n})
			return err
		}},
		{"make a principal role", fault.Argument, func(n string) error {
			_, err := service.CreatePrincipalRole(ctx, c, admin.NewRole{Name: n})
			return err
		}},
		{"make a catalog role", fault.Argument, func(n string) error {
			_, err := service.CreateCatalogRole(ctx, c, "c", admin.NewRole{Name: n})
			return err
		}},
	}
	for _, row := range rows {
		for _, name := range []string{"", "SYSTEM$", "a\x00b", "\xff", strings.Repeat("x", 5000)} {
			if err := row.call(name); !fault.Is(err, row.want) {
				t.Errorf("%s %.10q: got %v, want %v", row.name, name, err, row.want)
			}
		}
	}
}
