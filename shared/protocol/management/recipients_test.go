package management_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"firn/shared/kv"
	"firn/shared/lake"
)

// bearer mints a token and gives it.
func (w *world) bearer(request string) string {
	w.t.Helper()
	a := w.ask("root", request)
	var out struct{ BearerToken, ExpirationTime string }
	if err := json.Unmarshal(a.Body.Bytes(), &out); err != nil || a.Code != 201 || !strings.HasPrefix(out.BearerToken, "firnshare_") {
		w.t.Fatalf("got %d %s, want a token", a.Code, a.Body)
	}
	if got := a.Header().Get("Cache-Control"); got != "no-store" {
		w.t.Errorf("Cache-Control: got %q, want no-store", got)
	}
	return out.BearerToken
}

func TestBearerTokens(t *testing.T) {
	w := newWorld(t, nil)
	w.shared()
	first := w.bearer("POST /recipients/ann/tokens")
	w.ask("root", "GET /recipients/ann").want(200, `"tokens":[{"createTimestamp":`+noonMillis+`,"expirationTimestamp":1775131200345}]`)
	second := w.bearer(`POST /recipients/ann/tokens {"lifetimeSeconds":60}`)
	third := w.bearer(`POST /recipients/ann/tokens {"lifetimeSeconds":120,"endPrevious":false}`)
	w.ask("root", "GET /recipients/ann").want(200, `"tokens":[{"createTimestamp":`+noonMillis+`,"expirationTimestamp":1767355320345},{"createTimestamp":`+noonMillis+`,"expirationTimestamp":1767355260345}]`)
	if first == second || second == third {
		t.Error("a token was made twice")
	}
	stored := w.recipient("ann")
	if !stored.Tokens[0].Match(lake.Secret(third)) || !stored.Tokens[1].Match(lake.Secret(second)) || stored.Tokens[1].Match(lake.Secret(first)) {
		t.Error("the two tokens of last are not those that live")
	}
	for _, secret := range []string{first, second, third} {
		if strings.Contains(w.log.String(), secret) || strings.Contains(w.everything(), secret[len("firnshare_")+26:]) {
			t.Error("a token is in the log or in the table")
		}
	}
	w.bearer(`POST /recipients/ann/tokens {"endPrevious":true}`)
	w.ask("root", "GET /recipients/ann").want(200, `"tokens":[{"createTimestamp":`+noonMillis+`,"expirationTimestamp":1775131200345}]`)
	w.must("DELETE /recipients/ann/tokens")
	w.ask("root", "GET /recipients/ann").want(200, `"tokens":[]`)
}

// recipient reads a recipient as it is stored.
func (w *world) recipient(name string) *lake.Recipient {
	w.t.Helper()
	b := w.store.Batch("R")
	r := b.Recipient(w.bearers[name].PrincipalID)
	if err := b.Read(context.Background()); err != nil || r.Value == nil {
		w.t.Fatalf("recipient %s: got %v, %v", name, r.Value, err)
	}
	return r.Value
}

// everything is what the table holds of recipients.
func (w *world) everything() string {
	w.t.Helper()
	items, _, err := w.table.List(context.Background(), kv.Page{Partition: "recipient/R", Limit: kv.MaxList})
	if err != nil || len(items) == 0 {
		w.t.Fatalf("got %v, %v", items, err)
	}
	var b strings.Builder
	for _, item := range items {
		b.Write(item.Data)
	}
	return b.String()
}

// Whatever takes a shared table away ends the keys of those who had it; what gives ends nobody's.
func TestWhoseKeysDieWithAShare(t *testing.T) {
	rows := []struct {
		request string
		want    string
	}{
		{`PUT /shares/Sales/recipients {"name":"bob"}`, ""},
		{"POST /recipients/ann/tokens", ""},
		{strings.Replace(inSales, "Orders", "x", 1), ""},
		{"DELETE /shares/Sales/recipients/ann", "ann"},
		{"DELETE /shares/Sales", "ann bob"},
		{"DELETE /shares/Sales/schemas/Daily/tables/Orders", "ann bob"},
		{"DELETE /recipients/bob", "bob"},
		{"DELETE /recipients/bob/tokens", "bob"},
		{`POST /recipients/bob/tokens {"endPrevious":true}`, "bob"},
	}
	for _, row := range rows {
		t.Run(row.request, func(t *testing.T) {
			w := newWorld(t, nil)
			w.shared()
			w.bearer("POST /recipients/bob/tokens")
			w.took()
			w.must(row.request)
			if got := strings.Join(w.took(), " "); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
	w := newWorld(t, nil)
	w.shared()
	w.bearer("POST /recipients/bob/tokens")
	w.bearer("POST /recipients/bob/tokens")
	if got := w.took(); len(got) != 0 {
		t.Errorf("got %v, want nobody: both tokens live", got)
	}
	w.bearer("POST /recipients/bob/tokens")
	if got := strings.Join(w.took(), " "); got != "bob" {
		t.Errorf("got %q, want bob: the first token died", got)
	}
}

// A recipient goes with its principal, and what it had is not that of the next one of its name.
func TestARecipientThatIsMadeAgainHasNothing(t *testing.T) {
	for name, requests := range map[string][]string{
		"the recipient": {"DELETE /recipients/ann"},
		"the principal": {"DELETE /principals/ann", `POST /principals {"principal":{"name":"ann"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			w.shared()
			w.bearer("POST /recipients/ann/tokens")
			w.must(requests...)
			w.ask("root", "GET /recipients/ann").want(404)
			w.must(`POST /recipients {"name":"ann"}`)
			w.ask("root", "GET /recipients/ann").want(200, `"tokens":[]`)
			if got := w.ask("root", "GET /shares/Sales/recipients").said(); strings.Contains(got, "ann") || !strings.Contains(got, "bob") {
				t.Errorf("got %s, want bob alone", got)
			}
		})
	}
}
