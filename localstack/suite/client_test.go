//go:build localstack

package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// login is what a principal logs in with.
type login struct{ id, secret string }

// credentials reads what `firn bootstrap` printed.
func credentials(said string) (login, error) {
	found := regexp.MustCompile(`realm: POLARIS root principal credentials: (\S+):(\S+)`).FindStringSubmatch(said)
	if found == nil {
		return login{}, fmt.Errorf("firn bootstrap printed no credentials: %q", said)
	}
	seen.add(found[2])
	return login{found[1], found[2]}, nil
}

// seen are the secrets that clients were told: no log may hold one.
var seen secrets

type secrets struct {
	sync.Mutex
	all []string
}

func (s *secrets) add(secret string) {
	s.Lock()
	defer s.Unlock()
	s.all = append(s.all, secret)
}

// client asks the API as one principal.
type client struct{ bearer string }

// answer is a status and a body.
type answer struct {
	status int
	body   []byte
}

// plain asks for no packed answers: LocalStack's own gateway does not decode them where all media types may be binary.
var plain = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// ask sends a request through the API Gateway of the endpoint.
func (c *client) ask(ctx context.Context, method, path, body string, header ...string) (answer, error) {
	at := deployed.endpoint + "/restapis/" + deployed.api + "/firn/_user_request_" + path
	r, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w, err := plain.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	return answer{w.StatusCode, text}, err
}

// send is ask for what has to be answered.
func (c *client) send(t *testing.T, method, path, body string, header ...string) answer {
	t.Helper()
	a, err := c.ask(t.Context(), method, path, body, header...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// must is send for what has to succeed. It reads the answer into out, if there is one.
func (c *client) must(t *testing.T, out any, method, path, body string, header ...string) {
	t.Helper()
	a := c.send(t, method, path, body, header...)
	if a.status/100 != 2 {
		t.Fatalf("%s %s: got %d %s", method, path, a.status, a.body)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		t.Fatalf("%s %s: got %s: %v", method, path, a.body, err)
	}
}

// refused is send for what has to be refused, in the envelope of the Iceberg REST catalog.
func (c *client) refused(t *testing.T, status int, kind, method, path, body string) {
	t.Helper()
	a := c.send(t, method, path, body)
	var got struct {
		Error struct {
			Type string
			Code int
		}
	}
	err := json.NewDecoder(bytes.NewReader(a.body)).Decode(&got)
	if err != nil || a.status != status || got.Error.Code != status || got.Error.Type != kind {
		t.Errorf("%s %s: got %d %s, want %d %s", method, path, a.status, a.body, status, kind)
	}
}

// token asks for one.
func token(t *testing.T, l login) answer {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {l.id}, "client_secret": {l.secret}, "scope": {"PRINCIPAL_ROLE:ALL"}}
	return (&client{}).send(t, "POST", "/api/catalog/v1/oauth/tokens", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// enter logs in.
func enter(t *testing.T, l login) *client {
	t.Helper()
	a := token(t, l)
	var granted struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(a.body, &granted); err != nil || a.status != http.StatusOK || granted.Token == "" {
		t.Fatalf("log in as %s: got %d %s", l.id, a.status, a.body)
	}
	seen.add(granted.Token)
	return &client{granted.Token}
}

// text writes a value as JSON.
func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
