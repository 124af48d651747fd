// Package app is the composition root: it reads the configuration, makes the drivers, puts the use-cases on them and the
// protocols on those, and gives one http.Handler. It is the only package that imports drivers, reads the environment and
// knows the time.
//
// It refuses to hold logic: what is decided here is only who is connected to whom.
//
// # Why
//
// `firn serve` and each Lambda function are the same parts joined differently. So New takes drivers and joins them, and
// Serve makes the drivers of one machine: an embedded table, a signing key in the data folder, and an embedded object
// store on a listener of its own.
package app

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"firn/shared/admin"
	"firn/shared/blob"
	"firn/shared/catalog"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/protocol/icebergrest"
	"firn/shared/protocol/management"
	"firn/shared/protocol/oauth"
	"firn/shared/rest"
	"firn/shared/store"
	"firn/shared/token"
	"firn/shared/vend"
)

// Config is the drivers and settings of a server.
type Config struct {
	Table   kv.Driver
	Keys    *token.Keys
	Vendor  vend.Vendor // with a cache where minting is dear
	Files   blob.Opener
	Revoked func(ids ...lake.ID) // told of principals and tables whose keys must die at once; nil: nobody can
	Log     *slog.Logger
	Now     func() time.Time
	Metrics *Metrics // nil: nobody watches

	Realms                   []lake.Realm // the first is the default
	MaxBody                  int64        // bytes; 0: the door's default
	MaxAnswer                int          // bytes of metadata that an answer can carry; 0: no limit
	AllowFileStorage         bool
	AllowOverlappingCatalogs bool
	RequireRotation          bool
	UniqueLocations          bool
}

// App is a server without its listeners.
type App struct {
	Handler http.Handler
	Routes  []rest.Protocol // for tests and documents that derive from the route table
	Admin   *admin.Service
	Catalog *catalog.Service
	realms  []lake.Realm
}

// New joins the parts.
func New(c Config) (*App, error) {
	s := store.New(store.Config{Driver: c.Table, Now: c.Now})
	contents := catalog.New(catalog.Config{Store: s, Vendor: c.Vendor, Files: c.Files, Log: c.Log, Now: c.Now, Revoked: c.Revoked,
		UniqueLocations: c.UniqueLocations, RequireRotation: c.RequireRotation, MaxAnswer: c.MaxAnswer})
	service := admin.New(admin.Config{Store: s, Log: c.Log, Now: c.Now, Revoked: c.Revoked, AllowFileStorage: c.AllowFileStorage,
		AllowOverlappingCatalogs: c.AllowOverlappingCatalogs, RequireRotation: c.RequireRotation})
	tokens, err := oauth.New(token.NewService(clients{s}, c.Keys), c.Keys)
	if err != nil {
		return nil, err
	}
	door, err := rest.New(rest.Config{
		Protocols: []rest.Protocol{tokens.Protocol(), management.Protocol(service), icebergrest.Protocol(contents), operations()},
		Realms:    c.Realms, Verifier: token.NewVerifier(c.Keys), Observer: c.Metrics.observer(), Log: c.Log, Now: c.Now, MaxBody: c.MaxBody,
	})
	if err != nil {
		return nil, fmt.Errorf("make the door: %w", err)
	}
	return &App{Handler: door, Routes: door.Protocols(), Admin: service, Catalog: contents, realms: c.Realms}, nil
}

// Tick takes up what must go on after answers, a bounded part of it. `firn serve` calls it now and then.
func (a *App) Tick(ctx context.Context) error {
	for _, realm := range a.realms {
		if err := a.Catalog.Work(ctx, realm); err != nil {
			return err
		}
	}
	return nil
}

// operations are the routes of those who run the server.
func operations() rest.Protocol {
	return rest.Protocol{Name: "operations", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{{
		Method: http.MethodGet, Pattern: "/healthz", Operation: "health", Function: rest.Catalog, Public: true,
		Handler: func(context.Context, *rest.Call) (rest.Answer, error) {
			return rest.JSON(http.StatusOK, map[string]string{"status": "UP"})
		},
	}}}
}
