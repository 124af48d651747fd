// Package app is the composition root: it reads the configuration, makes the drivers, puts the use-cases on them and the
// protocols on those, and gives one http.Handler. It and the packages below it are the only ones that import drivers,
// read the environment and know the time.
//
// It refuses to hold logic: what is decided here is only who is connected to whom.
//
// # Why
//
// `firn serve` and each Lambda function are the same parts joined differently. The parts are packages beside this one
// (base, tokens, administration, contents, doors); New joins all of them, package function joins what one function serves, so
// that no function links what it does not use. Serve makes the drivers of one machine: an embedded table, a signing key
// in the data folder, and an embedded object store on a listener of its own.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"firn/shared/admin"
	"firn/shared/app/administration"
	"firn/shared/app/base"
	"firn/shared/app/contents"
	"firn/shared/app/doors"
	"firn/shared/app/tokens"
	"firn/shared/blob"
	"firn/shared/catalog"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/revoke"
	"firn/shared/sign"
	"firn/shared/store"
	"firn/shared/throttle"
	"firn/shared/token"
	"firn/shared/vend"
)

// Config is the drivers and settings of a server.
type Config struct {
	Table   kv.Driver
	Keys    token.Source
	Vendor  vend.Vendor // with a cache where minting is dear
	Signer  sign.Signer // nil: no request is signed remotely
	Files   blob.Opener
	Revoked func(ids ...lake.ID)                    // told of principals and tables whose keys must die at once; nil: nobody can
	EndKey  func(realm lake.Realm, id string) error // ends one key of the embedded store, if it is of the realm; nil: there is none
	Era     func() string                           // another whenever keys of the embedded store have ended; nil: there is none
	Ender   revoke.Ender                            // ends keys of AWS roles; nil: nobody can
	// Loopback allows requests to endpoints at this machine although the storage policy does not list them.
	Loopback bool
	// Client reaches addresses that a caller may influence; nil: Serve makes it of the storage policy and Loopback
	// (package outgoing).
	Client  *http.Client
	Log     *slog.Logger
	Now     func() time.Time
	Metrics *Metrics // nil: nobody watches
	base.Settings
}

// App is a server without its listeners.
type App struct {
	Handler http.Handler
	Routes  []rest.Protocol // for tests and documents that derive from the route table
	Admin   *admin.Service
	Catalog *catalog.Service
	realms  []lake.Realm
	now     func() time.Time
	swept   time.Time // when revocations were looked through last
}

// New joins the parts.
func New(c Config) (*App, error) {
	b := &base.Base{Store: store.New(store.Config{Driver: c.Table, Now: c.Now, Realms: c.Realms, Overlap: base.LogOverlap(c.Log), Memory: c.Memory.Store}), Keys: c.Keys, Log: c.Log,
		Now: c.Now, Failures: throttle.New(), Settings: c.Settings}
	inside := contents.Service(b, contents.Drivers{Vendor: c.Vendor, Signer: c.Signer, Files: c.Files, Revoked: c.Revoked, Era: c.Era})
	admins := administration.Service(b, administration.Drivers{Revoked: c.Revoked, EndKey: c.EndKey, Ender: c.Ender, Prober: administration.Prober(b, c.Vendor, c.Files, c.Client, false)})
	all := append([]rest.Protocol{tokens.Protocol(b), administration.Protocol(admins), contents.Protocol(inside), base.Operations()}, doors.Protocols(b, inside)...)
	door, err := b.Door("", c.Metrics.observer(), all...)
	if err != nil {
		return nil, err
	}
	return &App{Handler: door, Routes: door.Protocols(), Admin: admins, Catalog: inside, realms: c.Realms, now: c.Now}, nil
}

// sweepEvery is how often revocations are looked through: IAM is asked each time, for each role that one is in force at.
const sweepEvery = time.Minute

// Tick takes up what must go on after answers, a bounded part of it: revocations first.
func (a *App) Tick(ctx context.Context) error {
	return errors.Join(a.sweep(ctx), a.work(ctx))
}

// sweep carries on with revocations, where that is due. `firn serve` calls it now and then, one call after another.
func (a *App) sweep(ctx context.Context) error {
	now := a.now()
	if now.Sub(a.swept) < sweepEvery {
		return nil
	}
	a.swept = now
	return a.Admin.Sweep(ctx)
}

// work goes on with purges. `firn serve` calls it now and then, apart from sweep, for which it does not wait.
func (a *App) work(ctx context.Context) error { return contents.Tick(ctx, a.Catalog, a.realms) }
