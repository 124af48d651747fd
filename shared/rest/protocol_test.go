package rest_test

import (
	"context"
	"strings"
	"testing"

	"firn/shared/lake"
	"firn/shared/rest"
)

// A protocol may have tokens of its own kind and a name of its own for JSON; both are good on its own routes alone.
func TestWhatAProtocolHasOfItsOwn(t *testing.T) {
	who := func(_ context.Context, c *rest.Call) (rest.Answer, error) {
		return rest.JSON(200, c.Caller.Principal+c.Caller.Bearer.Reveal())
	}
	own := rest.Protocol{
		Name: "own", Dialect: rest.Vocabulary{}.Envelope, Media: "application/vnd.own+json",
		Bearers: func(realm lake.Realm, raw string) (lake.Caller, bool) {
			return lake.Caller{Realm: realm, Bearer: lake.Secret(raw)}, strings.HasPrefix(raw, "own-")
		},
		Routes: []rest.Route{{Method: "GET", Pattern: "/own", Operation: "who", Function: rest.Catalog, Handler: who}},
	}
	other := rest.Protocol{
		Name: "other", Dialect: rest.Vocabulary{}.Envelope,
		Routes: []rest.Route{{Method: "GET", Pattern: "/other", Operation: "who", Function: rest.Catalog, Handler: who}},
	}
	d, _ := newDoor(t, func(c *rest.Config) { c.Protocols = []rest.Protocol{own, other} })
	rows := []struct {
		name, path, token, accept string
		status                    int
		body                      string
	}{
		{"a token of its own", "/own", "own-x", "", 200, `"own-x"`},
		{"the server's token", "/own", "good", "", 200, `"alice"`},
		{"neither", "/own", "x", "", 401, ""},
		{"a token of another protocol", "/other", "own-x", "", 401, ""},
		{"its own name of JSON", "/own", "good", "application/vnd.own+json", 200, `"alice"`},
		{"the common name of JSON", "/own", "good", "application/json", 200, `"alice"`},
		{"that name refused", "/own", "good", "application/vnd.own+json;q=0", 406, ""},
		{"the name of another protocol", "/other", "good", "application/vnd.own+json", 406, ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			headers := []string{"Authorization: Bearer " + row.token}
			if row.accept != "" {
				headers = append(headers, "Accept: "+row.accept)
			}
			got := ask(d, "GET "+row.path, nil, headers...)
			if body := text(t, got); got.StatusCode != row.status || row.body != "" && body != row.body {
				t.Errorf("got %d %s, want %d %s", got.StatusCode, body, row.status, row.body)
			}
		})
	}
}
