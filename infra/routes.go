//go:build cdk

package main

import (
	"log/slog"
	"time"

	"firn/shared/app"
	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/token"
)

// routes gives the route table of the whole server, off a server that is never asked.
func routes() ([]rest.Route, error) {
	keys, err := token.NewKeys()
	if err != nil {
		return nil, err
	}
	a, err := app.New(app.Config{Keys: keys, Log: slog.New(slog.DiscardHandler), Now: time.Now, Realms: []lake.Realm{"POLARIS"}})
	if err != nil {
		return nil, err
	}
	var out []rest.Route
	for _, p := range a.Routes {
		out = append(out, p.Routes...)
	}
	return out, nil
}

// class is a kind of requests that is throttled apart from others.
type class string

const (
	logins    class = "logins"    // whoever guesses secrets asks here
	reads     class = "reads"     // one read of the table
	writes    class = "writes"    // transactions and files
	refreshes class = "refreshes" // as many as STS answers
)

var classes = []class{logins, reads, writes, refreshes}

func classOf(r rest.Route) class {
	switch {
	case r.Function == rest.Credentials:
		return refreshes
	case r.Method == "GET" || r.Method == "HEAD":
		return reads
	case r.Function == rest.Token:
		return logins
	}
	return writes
}
