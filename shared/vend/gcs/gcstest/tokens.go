package gcstest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

const (
	grantType    = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccess   = "urn:ietf:params:oauth:token-type:access_token"
	typeMiddle   = "urn:ietf:params:oauth:token-type:access_boundary_intermediary_token"
	typeAWS      = "urn:ietf:params:aws:token-type:aws4_request"
	cloudScope   = "https://www.googleapis.com/auth/cloud-platform"
	storageScope = "https://www.googleapis.com/auth/devstorage.read_write"
)

// formKeys are the parameters of an exchange that the server knows.
var formKeys = map[string]bool{"grant_type": true, "subject_token": true, "subject_token_type": true, "requested_token_type": true,
	"options": true, "audience": true, "scope": true}

// serveTokens is the Security Token Service: v1.token.
func (s *Server) serveTokens(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		refuse(http.StatusBadRequest, "invalid_request", "not a form")
	}
	for key, values := range r.PostForm {
		if !formKeys[key] || len(values) != 1 {
			s.t.Errorf("token exchange: %s is unknown or there more than once", key)
			refuse(http.StatusBadRequest, "invalid_request", "parameter %s", key)
		}
	}
	f := r.PostForm
	if f.Get("grant_type") != grantType {
		refuse(http.StatusBadRequest, "unsupported_grant_type", "%s", f.Get("grant_type"))
	}
	switch {
	case f.Get("subject_token_type") == typeAWS:
		s.federate(w, f)
	case f.Get("subject_token_type") != typeAccess:
		refuse(http.StatusBadRequest, "invalid_request", "subject_token_type")
	case f.Get("requested_token_type") == typeMiddle:
		s.intermediary(w, f)
	case f.Get("requested_token_type") == typeAccess:
		s.narrow(w, f)
	default:
		refuse(http.StatusBadRequest, "invalid_request", "requested_token_type")
	}
}

// source finds a subject token. The caller has the lock.
func (s *Server) source(f url.Values) *token {
	t := s.tokens[f.Get("subject_token")]
	if t == nil || t.boundary != nil || t.session != nil || !s.now().Before(t.expires) {
		refuse(http.StatusBadRequest, "invalid_grant", "the subject token is not valid")
	}
	return t
}

func (s *Server) narrow(w http.ResponseWriter, f url.Values) {
	after := s.begin(w, "exchange")
	s.mu.Lock()
	source := s.source(f)
	if f.Get("options") == "" {
		s.mu.Unlock()
		s.t.Errorf("token exchange without a boundary: its token would open what the account opens")
		refuse(http.StatusBadRequest, "invalid_request", "options")
	}
	b, err := parseBoundary([]byte(f.Get("options")))
	if err != nil {
		s.mu.Unlock()
		s.t.Errorf("access boundary %s: %v", f.Get("options"), err)
		refuse(http.StatusBadRequest, "invalid_request", "%v", err)
	}
	value := s.issue(&token{account: source.account, expires: source.expires, boundary: b})
	s.mu.Unlock()
	after()
	s.give(w, value, typeAccess, source.expires, nil)
}

func (s *Server) intermediary(w http.ResponseWriter, f url.Values) {
	after := s.begin(w, "intermediary")
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		panic(err)
	}
	var key bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewBinaryWriter(&key)); err != nil {
		panic(err)
	}
	s.mu.Lock()
	source := s.source(f)
	value := s.issue(&token{account: source.account, expires: source.expires, session: handle})
	s.mu.Unlock()
	after()
	s.give(w, value, typeMiddle, source.expires, map[string]any{"access_boundary_session_key": base64.StdEncoding.EncodeToString(key.Bytes())})
}

func (s *Server) give(w http.ResponseWriter, value, kind string, expires time.Time, more map[string]any) {
	out := map[string]any{"access_token": value, "issued_token_type": kind, "token_type": "Bearer", "expires_in": int(expires.Sub(s.now()) / time.Second)}
	for k, v := range more {
		out[k] = v
	}
	answer(w, out)
}

var generate = regexp.MustCompile(`^/v1/projects/-/serviceAccounts/([a-z0-9@.-]+):generateAccessToken$`)

// serveAccounts is the IAM Service Account Credentials API: generateAccessToken.
func (s *Server) serveAccounts(w http.ResponseWriter, r *http.Request) {
	parts := generate.FindStringSubmatch(r.URL.Path)
	if r.Method != http.MethodPost || parts == nil {
		refuse(http.StatusNotFound, "NOT_FOUND", "%s", r.URL.Path)
	}
	after := s.begin(w, "impersonate")
	var in struct {
		Scope    []string `json:"scope"`
		Lifetime string   `json:"lifetime"`
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	err := d.Decode(&in)
	life, wrong := time.ParseDuration(in.Lifetime)
	if err != nil || wrong != nil || life <= 0 || life > time.Hour || len(in.Scope) != 1 || in.Scope[0] != cloudScope && in.Scope[0] != storageScope {
		refuse(http.StatusBadRequest, "INVALID_ARGUMENT", "scope or lifetime")
	}
	s.mu.Lock()
	caller := s.bearer(r)
	if caller.boundary != nil || caller.account != Self || !s.trusted[parts[1]] {
		s.mu.Unlock()
		refuse(http.StatusForbidden, "PERMISSION_DENIED", "iam.serviceAccounts.getAccessToken denied on %s (or it may not exist)", parts[1])
	}
	made := &token{account: parts[1], expires: s.now().Add(life)}
	value := s.issue(made)
	s.mu.Unlock()
	after()
	answer(w, map[string]any{"accessToken": value, "expireTime": made.expires.UTC().Format(time.RFC3339)})
}

// bearer finds the token of a request. The caller has the lock, and loses it if there is none.
func (s *Server) bearer(r *http.Request) *token {
	value, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	t, err := s.open(value)
	if !ok || err != nil || !s.now().Before(t.expires) {
		s.mu.Unlock()
		refuse(http.StatusUnauthorized, "UNAUTHENTICATED", "the token is not valid: %v", err)
	}
	return t
}
