package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
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

// maxBootstrapFile bounds the file of bootstrap credentials, in bytes.
const maxBootstrapFile = 1 << 20

// bootstrapText returns the bootstrap credentials and the variable that they come from: FIRN_BOOTSTRAP_CREDENTIALS, the file that
// FIRN_BOOTSTRAP_CREDENTIALS_FILE names, or the same with Polaris's name. In a file line ends separate as well. Errors do not
// quote it.
func bootstrapText(getenv func(string) string) (name, text string, err error) {
	for _, name := range []string{"FIRN_BOOTSTRAP_CREDENTIALS", "POLARIS_BOOTSTRAP_CREDENTIALS"} {
		text, path := getenv(name), getenv(name+"_FILE")
		switch {
		case text != "" && path != "":
			return "", "", fmt.Errorf("%[1]s and %[1]s_FILE are both set: the credentials come from one place", name)
		case text != "":
			return name, text, nil
		case path != "":
			text, err := readBounded(path, maxBootstrapFile)
			if p, ok := errors.AsType[*os.PathError](err); ok {
				err = p.Err // the path is said already
			}
			if err != nil {
				return "", "", fmt.Errorf("read %s, which %s_FILE names: %w", path, name, err)
			}
			lines := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' })
			if len(lines) == 0 {
				return "", "", fmt.Errorf("read %s, which %s_FILE names: it is empty", path, name)
			}
			return name + "_FILE", strings.Join(lines, ";"), nil
		}
	}
	return "", "", nil
}

// readBounded reads a file of at most so many bytes.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	return text, err
}

// bootstrapCredentials reads realm,id,secret triples, separated by semicolons.
func bootstrapCredentials(getenv func(string) string) (map[lake.Realm]lake.Credentials, error) {
	name, text, err := bootstrapText(getenv)
	if err != nil {
		return nil, err
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
