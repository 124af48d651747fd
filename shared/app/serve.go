package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sync/errgroup"

	"firn/shared/app/base"
	"firn/shared/kv/bolt"
	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/s3local"
	"firn/shared/storagepolicy"
	"firn/shared/store"
	"firn/shared/token"
)

// ServeConfig is what `firn serve` was asked for; its flags say what the fields mean.
type ServeConfig struct {
	Data                     string
	Listen                   string
	StoreListen              string
	MetricsListen            string
	Realms                   []string
	MaxBody                  int64
	StoragePolicy            string
	AllowEndpoint            []string
	AllowFileStorage         []string
	RequireRotation          bool
	AllowOverlappingCatalogs bool
	UniqueLocations          bool
	Probe                    bool
	CredentialDuration       time.Duration
	MaxSession               time.Duration
	LogFormat                string
}

// World is the process that serves.
type World struct {
	Getenv func(string) string
	Stdout io.Writer // the root credential goes here, once
	Stderr io.Writer // the log
}

// tick is how often work that goes on after answers is looked for.
const tick = 5 * time.Second

// Serve runs the whole server in this process until ctx ends, then answers what is in flight and stops.
func Serve(ctx context.Context, w World, c ServeConfig) (err error) {
	log := logger(w.Stderr, c.LogFormat)
	given, err := bootstrapCredentials(w.Getenv)
	if err != nil {
		return err
	}
	if host, _, err := net.SplitHostPort(c.StoreListen); err == nil && (host == "" || net.ParseIP(host).IsUnspecified()) {
		return fmt.Errorf("listen for the object store: %s names every address of this machine, and engines must be sent to one", c.StoreListen)
	}
	policy, err := storagePolicy(c)
	if err != nil {
		return err
	}
	if err := prepareFolders(c); err != nil {
		return err
	}
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(c.Data, "firn.db")})
	if err != nil {
		return fmt.Errorf("open the data folder: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keys, err := signingKeys(filepath.Join(c.Data, "signing-key.pem"))
	if err != nil {
		return err
	}
	l, err := listen(c, log)
	if err != nil {
		return err
	}
	defer l.close()
	embedded, err := openEmbedded(filepath.Join(c.Data, "objects"), "http://"+l.objects.Addr().String(), time.Now, log, func() (s3local.Adoption, error) {
		return claimed(ctx, store.New(store.Config{Driver: db, Now: time.Now}), realms(c.Realms))
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, embedded.store.Close()) }()
	memory, release := keepToLimit(ctx, w, log)
	defer release()
	metrics := NewMetrics()
	all, err := embedded.config(ctx, Config{Table: db, Keys: keys, Loopback: isLoopback(c.Listen), Log: log, Now: time.Now, Metrics: metrics, Settings: c.settings(policy, memory)})
	if err != nil {
		return err
	}
	a, err := New(all)
	if err != nil {
		return err
	}
	if err := bootstrap(ctx, a.Admin, a.realms, given, w); err != nil {
		return err
	}
	fmt.Fprintf(w.Stdout, "firn serves the Iceberg REST catalog at http://%s/api/catalog and tables' files at http://%s\n", l.api.Addr(), l.objects.Addr())
	return a.run(ctx, l, metrics, embedded.gate, log)
}

// settings are those of the parts of the server.
func (c *ServeConfig) settings(policy *storagepolicy.Policy, memory base.Memory) base.Settings {
	return base.Settings{Realms: realms(c.Realms), MaxBody: c.MaxBody, StoragePolicy: policy, AllowOverlappingCatalogs: c.AllowOverlappingCatalogs,
		RequireRotation: c.RequireRotation, UniqueLocations: c.UniqueLocations, Probe: c.Probe, CredentialDuration: c.CredentialDuration, MaxSession: c.MaxSession, Memory: memory}
}

// prepareFolders makes the folders that are missing, and refuses those that others than the server's user reach.
func prepareFolders(c ServeConfig) error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if err := checkPrivate(c.Data); err != nil {
		return err
	}
	if !slices.Contains(c.AllowFileStorage, "true") {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(c.Data, ownFolder), 0o700); err != nil {
		return fmt.Errorf("make the folder for file storage: %w", err)
	}
	return nil
}

// listeners are where the server is reached.
type listeners struct {
	api, objects net.Listener
	metrics      metricsListener
}

// listen opens the listeners.
func listen(c ServeConfig, log *slog.Logger) (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if l.api, err = net.Listen("tcp", c.Listen); err != nil {
		return l, fmt.Errorf("listen for the API: %w", err)
	}
	if l.objects, err = net.Listen("tcp", c.StoreListen); err != nil {
		return l, fmt.Errorf("listen for the object store: %w", err)
	}
	if l.metrics, err = listenMetrics(c.MetricsListen, log); err != nil {
		return l, err
	}
	warnBeyondLoopback(log, "API", l.api.Addr())
	warnBeyondLoopback(log, "object store", l.objects.Addr())
	return l, nil
}

func (l listeners) close() {
	for _, one := range []net.Listener{l.api, l.objects} {
		if one != nil {
			_ = one.Close()
		}
	}
	_ = l.metrics.Close()
}

func realms(names []string) []lake.Realm {
	var out []lake.Realm
	for _, name := range names {
		out = append(out, lake.Realm(name))
	}
	return out
}

// run serves the listeners and the tick until ctx ends or one of them fails.
func (a *App) run(ctx context.Context, l listeners, metrics *Metrics, gate *s3local.Gate, log *slog.Logger) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return rest.Serve(ctx, l.api, a.Handler, log) })
	group.Go(func() error { return l.metrics.serve(ctx, metrics, log) })
	group.Go(func() error { return serveObjects(ctx, l.objects, gate.Server()) })
	for _, turn := range []func(context.Context) error{a.sweep, a.work} {
		group.Go(func() error {
			everyTick(ctx, turn, log)
			return nil
		})
	}
	return group.Wait()
}

// everyTick takes one turn after another until ctx ends.
func everyTick(ctx context.Context, turn func(context.Context) error, log *slog.Logger) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := turn(ctx); err != nil && ctx.Err() == nil {
				log.WarnContext(ctx, "the tick failed and will be tried again", "error", err.Error())
			}
		}
	}
}

// storeConnections bounds the connections to the object store. What is beyond waits until one is closed: a connection
// without a request is closed after some seconds, or two minutes behind an authentic one.
const storeConnections = 2048

// storeShutdown is how long transfers may go on when the server stops.
const storeShutdown = 10 * time.Second

func serveObjects(ctx context.Context, l net.Listener, server *http.Server) error {
	served := make(chan error, 1)
	go func() { served <- server.Serve(netutil.LimitListener(l, storeConnections)) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve the object store: %w", err)
	case <-ctx.Done():
	}
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeShutdown)
	defer cancel()
	if err := server.Shutdown(wait); err != nil {
		return server.Close()
	}
	<-served
	return nil
}

func logger(w io.Writer, format string) *slog.Logger {
	if format == "json" {
		return slog.New(rest.LogHandler(slog.NewJSONHandler(w, nil)))
	}
	return slog.New(rest.LogHandler(slog.NewTextHandler(w, nil)))
}

// signingKeys reads the key that signs tokens, or makes it. Only its owner may read the file.
func signingKeys(path string) (*token.Keys, error) {
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		keys, err := token.ParseKeys(lake.Secret(text))
		if err != nil {
			return nil, fmt.Errorf("read the signing key in %s: %w", path, err)
		}
		return keys, nil
	case !errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("read the signing key: %w", err)
	}
	keys, err := token.NewKeys()
	if err != nil {
		return nil, err
	}
	pem, err := keys.PEM()
	if err != nil {
		return nil, err
	}
	if err := writeNew(path, []byte(pem.Reveal())); err != nil {
		return nil, fmt.Errorf("keep the signing key: %w", err)
	}
	return keys, nil
}

// writeNew makes a file that is whole or not there.
func writeNew(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
