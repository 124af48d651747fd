package app

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
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
