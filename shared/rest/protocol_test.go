package rest_test

import (
	"context"
	"strings"
	"testing"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/rest"
)

// A protocol may have tokens of its own kind and a name of its own for JSON; both are good on its own routes alone.
func TestWhatAProtocolHasOfItsOwn(t *testing.T) {
	who := func(_ context.Context, c *rest.Call) (rest.Answer, error) {
		return rest.JSON(200, string(c.Caller.Realm)+" "+c.Caller.Principal)
	}
	own := rest.Protocol{
		Name: "own", Dialect: rest.Vocabulary{}.Envelope, Media: "application/vnd.own+json",
		Bearers: func(_ context.Context, _ lake.Caller, raw string) (lake.Caller, bool, error) {
			if raw == "own-bad" {
				return lake.Caller{}, true, fault.New(fault.Unauthenticated, "")
			}
			return lake.Caller{Principal: "bob"}, strings.HasPrefix(raw, "own-"), nil
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
		{"a token of its own", "/own", "own-x", "", 200, `"POLARIS bob"`},
		{"a token of its own that is no good", "/own", "own-bad", "", 401, ""},
		{"the server's token", "/own", "good", "", 200, `"POLARIS alice"`},
		{"neither", "/own", "x", "", 401, ""},
		{"a token of another protocol", "/other", "own-x", "", 401, ""},
		{"its own name of JSON", "/own", "good", "application/vnd.own+json", 200, `"POLARIS alice"`},
		{"the common name of JSON", "/own", "good", "application/json", 200, `"POLARIS alice"`},
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
