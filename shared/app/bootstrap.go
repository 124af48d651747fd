package app

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"firn/shared/admin"
	"firn/shared/lake"
)

// bootstrap makes the realms that are not there yet, and claims the folders of catalogs that an earlier release made. Credentials come from the environment; those that firn makes are
// printed once and kept nowhere.
func bootstrap(ctx context.Context, admins *admin.Service, realms []lake.Realm, given map[lake.Realm]lake.Credentials, w World) error {
	for _, realm := range realms {
		made, root, err := admins.Bootstrap(ctx, realm, given[realm])
		if err != nil {
			return fmt.Errorf("bootstrap the realm %s: %w", realm, err)
		}
		if err := admins.Store.IndexBases(ctx, realm); err != nil {
			return fmt.Errorf("claim the locations of the catalogs of the realm %s: %w", realm, err)
		}
		if !made || given[realm].ClientID != "" {
			continue
		}
		fmt.Fprintf(w.Stdout, "realm: %s root principal credentials: %s:%s\n", realm, root.ClientID, root.ClientSecret.Reveal())
		fmt.Fprintf(w.Stdout, "  They are shown this once. To use them: export CLIENT_ID=%s CLIENT_SECRET=%s\n", root.ClientID, root.ClientSecret.Reveal())
	}
	return nil
}

// bootstrapCredentials reads realm,id,secret triples, separated by semicolons: from FIRN_BOOTSTRAP_CREDENTIALS, else from
// POLARIS_BOOTSTRAP_CREDENTIALS.
func bootstrapCredentials(getenv func(string) string) (map[lake.Realm]lake.Credentials, error) {
	name := "FIRN_BOOTSTRAP_CREDENTIALS"
	text := getenv(name)
	if text == "" {
		name = "POLARIS_BOOTSTRAP_CREDENTIALS"
		text = getenv(name)
	}
	out := map[lake.Realm]lake.Credentials{}
	if text == "" {
		return out, nil
	}
	for _, triple := range strings.Split(strings.TrimSuffix(text, ";"), ";") {
		parts := strings.Split(triple, ",")
		for i := range parts {
			parts[i] = strings.TrimSpace(parts[i])
		}
		if len(parts) != 3 || slices.Contains(parts, "") {
			return nil, fmt.Errorf("%s must be realm,id,secret, several of them separated by semicolons", name)
		}
		realm := lake.Realm(parts[0])
		if _, twice := out[realm]; twice {
			return nil, fmt.Errorf("%s names the realm %q twice", name, realm)
		}
		out[realm] = lake.Credentials{ClientID: parts[1], ClientSecret: lake.Secret(parts[2])}
	}
	return out, nil
}
