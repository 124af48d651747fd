package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"firn/shared/throttle"
)

// token asks for a token with these parameters, and returns it, or nothing where it is refused.
func (s *server) token(t testing.TB, parameters ...string) string {
	t.Helper()
	form := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/api/catalog/v1/oauth/tokens", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "none") // token exchange needs one
	w := httptest.NewRecorder()
	s.Handler.ServeHTTP(w, r)
	var out struct {
		Token string `json:"access_token"`
	}
	decodeBody(t, w, w.Code, &out)
	return out.Token
}

// Whoever has a token of a weak role makes no stronger one of it: not by a new secret, of its principal or of another, and not by
// an exchange.
func TestATokenOfAWeakRoleStaysWeak(t *testing.T) {
	s := newServer(t, nil)
	root := s.login(t, "root", "s3cr3t")
	const management = "/api/management/v1"
	ask := func(bearer string, status int, method, path, body string, out any) {
		t.Helper()
		decodeBody(t, s.ask(t, bearer, method, management+path, body), status, out)
	}
	var made struct {
		Credentials struct{ ClientID, ClientSecret string }
	}
	ask(root, 201, "POST", "/principals", `{"principal":{"name":"etl"}}`, &made)
	for _, role := range []string{"weak", "strong"} {
		ask(root, 201, "POST", "/principal-roles", `{"principalRole":{"name":"`+role+`"}}`, nil)
		ask(root, 201, "PUT", "/principals/etl/principal-roles", `{"principalRole":{"name":"`+role+`"}}`, nil)
	}
	ask(root, 201, "PUT", "/principals/root/principal-roles", `{"principalRole":{"name":"weak"}}`, nil)
	login := func(id, secret, scope string) string {
		return s.token(t, "grant_type", "client_credentials", "client_id", id, "client_secret", secret, "scope", scope)
	}
	id, secret := made.Credentials.ClientID, made.Credentials.ClientSecret
	weak, weakRoot := login(id, secret, "PRINCIPAL_ROLE:weak"), login("root", "s3cr3t", "PRINCIPAL_ROLE:weak")
	exchanged := s.token(t, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", weakRoot,
		"subject_token_type", "urn:ietf:params:oauth:token-type:access_token")
	if weak == "" || weakRoot == "" || exchanged == "" {
		t.Fatal("got no token of the weak role")
	}
	for _, scope := range []string{"PRINCIPAL_ROLE:ALL", "PRINCIPAL_ROLE:weak PRINCIPAL_ROLE:ALL", "PRINCIPAL_ROLE:strong", "catalog", "sign"} {
		if got := s.token(t, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", weak, "scope", scope,
			"subject_token_type", "urn:ietf:params:oauth:token-type:access_token"); got != "" {
			t.Errorf("got a token of scope %q for one of the weak role", scope)
		}
	}
	for _, bearer := range []string{weak, weakRoot, exchanged} {
		ask(bearer, 403, "POST", "/principals/etl/rotate", "", nil)
		ask(bearer, 403, "POST", "/principals/root/rotate", "", nil)
		ask(bearer, 403, "POST", "/principals/etl/reset", "", nil)
		ask(bearer, 403, "POST", "/principals/root/reset", "", nil)
		ask(bearer, 403, "POST", "/revocations", `{"principal":"etl"}`, nil)
	}
	if login(id, secret, "PRINCIPAL_ROLE:ALL") == "" {
		t.Error("the secret is another by now")
	}
	ask(login(id, secret, "PRINCIPAL_ROLE:ALL"), 200, "POST", "/principals/etl/rotate", "", nil)
	ask(login("root", "s3cr3t", "PRINCIPAL_ROLE:service_admin"), 200, "POST", "/principals/etl/reset", "", nil)
}

// Whoever guesses a recipient's bearer token waits, from that address; the token itself is good from another at once.
func TestGuessesOfBearerTokensSlowDown(t *testing.T) {
	var log strings.Builder
	s := newServer(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	root := s.login(t, "root", "s3cr3t")
	ask := func(method, path, body string, out any) {
		t.Helper()
		decodeBody(t, s.ask(t, root, method, "/api/management/v1"+path, body), http.StatusCreated, out)
	}
	var issued struct {
		Bearer string `json:"bearerToken"`
	}
	ask("POST", "/principals", `{"principal":{"name":"partner"}}`, nil)
	ask("POST", "/recipients", `{"name":"partner"}`, nil)
	ask("POST", "/recipients/partner/tokens", `{}`, &issued)
	wrong := issued.Bearer[:strings.LastIndex(issued.Bearer, "_")+1] + strings.Repeat("x", 43)
	try := func(bearer, from string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "/api/sharing/shares/s/schemas/x/tables/y/temporary-table-credentials", nil)
		r.Header.Set("Authorization", "Bearer "+bearer)
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		r.RemoteAddr = from + ":1111"
		w := httptest.NewRecorder()
		s.Handler.ServeHTTP(w, r)
		return w
	}
	for range throttle.Free + 1 {
		if w := try(wrong, "192.0.2.7"); w.Code != http.StatusUnauthorized {
			t.Fatalf("got %d %s, want 401", w.Code, w.Body)
		}
	}
	if w := try(issued.Bearer, "192.0.2.7"); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" ||
		!strings.Contains(w.Body.String(), `"errorCode":"REQUEST_LIMIT_EXCEEDED"`) {
		t.Errorf("got %d %s, want 429 in the protocol's words, and when to come again", w.Code, w.Body)
	}
	if w := try(issued.Bearer, "192.0.2.8"); w.Code != http.StatusNotFound { // there is no such share
		t.Errorf("got %d %s from another address, want 404", w.Code, w.Body)
	}
	if got := log.String(); !strings.Contains(got, `msg="login failed"`) || !strings.Contains(got, "address=192.0.2.7") || strings.Contains(got, wrong) {
		t.Errorf("got the log %s, want the failures with their address and no token", got)
	}
}
