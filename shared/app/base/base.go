// Package base is what the parts of a server have in common, and how protocols become a handler. The parts (tokens,
// administration, contents) are packages of their own beside it, so that a Lambda function links the parts and drivers
// that it needs and no others.
package base

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/storagepolicy"
	"firn/shared/store"
	"firn/shared/throttle"
	"firn/shared/token"
)

// Base is the table, the keys and the settings.
type Base struct {
	Store *store.Store
	Keys  token.Source
	Log   *slog.Logger
	Now   func() time.Time
	// Failures slows down whoever guesses secrets; nil: nobody is slowed down.
	Failures *throttle.Failures
	Settings
}

// Settings are what an administrator chooses.
type Settings struct {
	Realms                   []lake.Realm          // the first is the default
	MaxBody                  int64                 // bytes; 0: the door's default
	MaxAnswer                int                   // bytes of metadata that an answer can carry; 0: no limit
	StoragePolicy            *storagepolicy.Policy // nil: the default
	AllowOverlappingCatalogs bool
	RequireRotation          bool
	UniqueLocations          bool
	Probe                    bool          // storage of catalogs that are made or changed is tried before keys to it are handed out
	MaxSession               time.Duration // after a login, until no token of it can be exchanged; 0: no bound
	CredentialDuration       time.Duration // of vended credentials, where their issuer can be told; 0: an hour
	Memory                   Memory
}

// LogOverlap logs folders that catalogs of two realms share as errors: the operator must move one.
func LogOverlap(log *slog.Logger) func(store.BaseOverlap) {
	return func(o store.BaseOverlap) { log.Error(o.String()) }
}

// Door serves protocols: their routes that are the function's, or all of them where it is empty.
func (b *Base) Door(function rest.Function, observer rest.Observer, protocols ...rest.Protocol) (*rest.Door, error) {
	for i := range protocols {
		protocols[i].Routes = only(function, protocols[i].Routes)
	}
	door, err := rest.New(rest.Config{Protocols: protocols, Realms: b.Realms, Verifier: token.NewVerifier(b.Keys), Observer: observer,
		Log: b.Log, Now: b.Now, MaxBody: b.MaxBody, Budget: b.Memory.Budget})
	if err != nil {
		return nil, fmt.Errorf("make the door: %w", err)
	}
	return door, nil
}

func only(function rest.Function, all []rest.Route) []rest.Route {
	var out []rest.Route
	for _, r := range all {
		if function == "" || r.Function == function {
			out = append(out, r)
		}
	}
	return out
}

// Operations are the routes of those who run the server.
func Operations() rest.Protocol {
	return rest.Protocol{Name: "operations", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{{
		Method: http.MethodGet, Pattern: "/healthz", Operation: "health", Function: rest.Catalog, Public: true,
		Handler: func(context.Context, *rest.Call) (rest.Answer, error) {
			return rest.JSON(http.StatusOK, map[string]string{"status": "UP"})
		},
	}}}
}
