package cli

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// ServeConfig is what `firn serve` was asked for. Its values are checked: a field holds what its comment says.
type ServeConfig struct {
	Data                     string        // folder for the database, the signing key and the embedded object store; made if missing
	Listen                   string        // host:port of the API
	StoreListen              string        // host:port of the embedded object store
	MetricsListen            string        // host:port of the metrics; empty: they are not served
	Realms                   []string      // one at least, different, without spaces; the first is the default
	MaxBody                  int64         // bytes of a request's body, 1 at least
	StoragePolicy            string        // file of the storage policy; empty: the default
	AllowEndpoint            []string      // URLs of S3-compatible stores that catalogs may use with the server's own credentials
	AllowFileStorage         []string      // folders that catalogs of storage type FILE may use; "true" stands for files/ in Data
	RequireRotation          bool          // a principal that must rotate its credentials may do nothing else
	AllowOverlappingCatalogs bool          // base locations of catalogs may contain each other
	UniqueLocations          bool          // the server adds a random part to the locations that it makes
	Probe                    bool          // storage of new catalogs is tried before keys to it are handed out
	CredentialDuration       time.Duration // of vended credentials, 15 minutes to 12 hours
	MaxSession               time.Duration // after a login, until no token of it can be exchanged, a minute at least; 0: no bound
	LogFormat                string        // "text" or "json"
}

func serve(c Config) *cobra.Command {
	var s ServeConfig
	cmd := leaf("serve", "Run the whole server in this process", func(ctx context.Context, _ []string) error {
		if err := s.check(); err != nil {
			return err
		}
		return unserved(c.Serve(ctx, s))
	})
	cmd.Long = `Run the whole server in this process: the APIs, an embedded database and an embedded object store.

When it first starts with a data folder it makes the principal root of each realm. FIRN_BOOTSTRAP_CREDENTIALS
(or POLARIS_BOOTSTRAP_CREDENTIALS) gives their credentials as realm,id,secret, with semicolons between realms,
FIRN_BOOTSTRAP_CREDENTIALS_FILE names a file that holds them, where line ends separate too;
those that are not given are made and printed, once.`
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&s.Data, "data", "./firn-data", "`folder` for everything that is kept")
	fs.StringVar(&s.Listen, "listen", "127.0.0.1:8181", "`host:port` of the API")
	fs.StringVar(&s.StoreListen, "store-listen", "127.0.0.1:8182", "`host:port` of the embedded object store, to which engines are sent")
	fs.StringVar(&s.MetricsListen, "metrics-listen", "127.0.0.1:8183", "`host:port` of Prometheus metrics; empty: none are served")
	fs.StringSliceVar(&s.Realms, "realms", []string{"POLARIS"}, "`names` of the realms, with commas between; the first is the default")
	fs.Int64Var(&s.MaxBody, "max-body", 10<<20, "largest body of a request, in `bytes`")
	fs.StringVar(&s.StoragePolicy, "storage-policy", "", "`file` that says which storage, and whose authority over it, catalogs may use")
	fs.StringSliceVar(&s.AllowEndpoint, "allow-endpoint", nil, "`URL` of an S3-compatible store that catalogs may use with this server's own credentials")
	fs.StringSliceVar(&s.AllowFileStorage, "allow-file-storage", nil, "allow storage of type FILE in these `folders`, or in files/ of the data folder: engines then need this machine's files")
	fs.Lookup("allow-file-storage").NoOptDefVal = "true"
	fs.BoolVar(&s.RequireRotation, "require-rotation", false, "a principal made with the duty to rotate its credentials may do nothing before")
	fs.BoolVar(&s.AllowOverlappingCatalogs, "allow-overlapping-catalogs", false, "allow catalogs of one realm whose base locations contain each other")
	fs.BoolVar(&s.UniqueLocations, "unique-locations", true, "add a random part to the locations of new tables")
	fs.BoolVar(&s.Probe, "probe", true, "try the storage of new catalogs before keys to it are handed out")
	fs.DurationVar(&s.CredentialDuration, "credential-duration", time.Hour, "how long vended credentials live, a `duration` of 15m to 12h")
	fs.DurationVar(&s.MaxSession, "max-session", 0, "how long after a login its access tokens can be exchanged for fresh ones, a `duration` of 1m at least; 0: for ever")
	oneOf(fs, &s.LogFormat, "log-format", "text", "form of the log", "text", "json")
	fs.VisitAll(func(f *pflag.Flag) { fromEnvironment(fs, f.Name) })
	cmd.SetUsageTemplate(usage(c.Terminal && c.Getenv("NO_COLOR") == "", false))
	return cmd
}

// unserved adds to the error that ended a server what to do next.
func unserved(err error) error {
	switch op, _ := errors.AsType[*net.OpError](err); {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return failed(err.Error(), "Stop what listens there, or choose other addresses with --listen (the API), --store-listen (the object store) and --metrics-listen.")
	case op != nil && op.Op == "listen":
		return failed(err.Error(), "Give addresses of this machine to --listen (the API), --store-listen (the object store) and --metrics-listen.")
	case strings.HasSuffix(err.Error(), "in use by another process"):
		return failed(err.Error(), "Stop the other firn, or choose another folder with --data.")
	}
	if what, command, ok := strings.Cut(err.Error(), "; run "); ok {
		return failed(what, "Run "+command+".")
	}
	if _, ok := errors.AsType[*os.PathError](err); ok {
		return failed(err.Error(), "Give a folder to --data that this user may write to.")
	}
	return err
}

func (s *ServeConfig) check() error {
	if s.Data == "" {
		return misused("--data must name a folder")
	}
	addresses := map[string]string{"listen": s.Listen, "store-listen": s.StoreListen}
	if s.MetricsListen != "" {
		addresses["metrics-listen"] = s.MetricsListen
	}
	for flag, address := range addresses {
		_, port, err := net.SplitHostPort(address)
		if n, e := strconv.ParseUint(port, 10, 16); err != nil || e != nil || n > 65535 {
			return misused("--%s %q is not host:port", flag, address)
		}
	}
	if s.Listen == s.StoreListen && !strings.HasSuffix(s.Listen, ":0") {
		return misused("--listen and --store-listen must differ")
	}
	if (s.MetricsListen == s.Listen || s.MetricsListen == s.StoreListen) && !strings.HasSuffix(s.MetricsListen, ":0") {
		return misused("--metrics-listen must differ from --listen and --store-listen")
	}
	if len(s.AllowFileStorage) == 1 { // as a switch: $FIRN_ALLOW_FILE_STORAGE=1
		switch on, err := strconv.ParseBool(s.AllowFileStorage[0]); {
		case err == nil && on:
			s.AllowFileStorage = []string{"true"}
		case err == nil:
			s.AllowFileStorage = nil
		}
	}
	if s.MaxBody < 1 {
		return misused("--max-body must be 1 at least")
	}
	if s.CredentialDuration < 15*time.Minute || s.CredentialDuration > 12*time.Hour {
		return misused("--credential-duration must be 15m to 12h")
	}
	if s.MaxSession != 0 && s.MaxSession < time.Minute {
		return misused("--max-session must be 0 or 1m at least")
	}
	return checkRealms(s.Realms)
}

func checkRealms(realms []string) error {
	if len(realms) == 0 {
		return misused("--realms must name one realm at least")
	}
	for i, realm := range realms {
		if realm == "" || strings.ContainsFunc(realm, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return misused("--realms: %q is not a realm's name, which travels in a header: printable ASCII without spaces", realm)
		}
		if slices.Contains(realms[:i], realm) {
			return misused("--realms names %q twice", realm)
		}
	}
	return nil
}
