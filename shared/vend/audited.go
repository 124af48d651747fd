package vend

import (
	"context"
	"log/slog"
	"strings"

	"firn/shared/lake"
)

// Audited is a Vendor that writes one record of each credential that it hands out, cached or fresh, to whom and why. The
// record's "credential" is what the store's own log shows of the key (Credential.ID), so that a line there leads back to
// the principal, the table and, with what the logger adds, the request. No secret is in it.
//
// It stands before the cache: what is served again is handed out again. firn's own keys (of the principal Own) are told at
// the level Debug.
type Audited struct {
	Vendor Vendor
	Log    *slog.Logger
	Own    lake.ID
}

var (
	_ Vendor  = Audited{}
	_ Checker = Audited{}
)

// Vend asks the vendor. What is refused is told with the request.
func (a Audited) Vend(ctx context.Context, storage *lake.Storage, g Grant) (Credential, error) {
	cred, err := a.Vendor.Vend(ctx, storage, g)
	level := slog.LevelInfo
	if g.PrincipalID == a.Own {
		level = slog.LevelDebug
	}
	if err != nil || !a.Log.Enabled(ctx, level) {
		return cred, err
	}
	prefixes := make([]string, 0, len(g.Prefixes))
	for _, p := range g.Prefixes {
		prefixes = append(prefixes, p.String())
	}
	a.Log.LogAttrs(ctx, level, "vended",
		slog.String("credential", cred.ID), slog.Time("expires", cred.Expires.UTC()), slog.String("for", g.Why),
		slog.String("realm", string(g.Realm)), slog.String("principal", g.Principal), slog.String("principal_id", string(g.PrincipalID)),
		slog.String("catalog_id", string(g.CatalogID)), slog.String("table", g.Table), slog.String("table_id", string(g.TableID)),
		slog.String("actions", g.Actions.String()), slog.String("prefixes", strings.Join(prefixes, " ")))
	return cred, nil
}

// Check asks the vendor.
func (a Audited) Check(storage *lake.Storage, g Grant) error { return Check(a.Vendor, storage, g) }
