//go:build cdk

package main

import (
	table "firn/shared/app/routes"
	"firn/shared/rest"
)

// routes gives the route table of the whole server.
func routes() []rest.Route {
	var out []rest.Route
	for _, p := range table.All() {
		out = append(out, p.Routes...)
	}
	return out
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
