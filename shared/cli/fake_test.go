package cli_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// startServer gives the address of a server with one realm, POLARIS, and the credentials of its root. The scripts ask for
// no more, so that they also run against the real one.
func startServer(t testing.TB) (url, id, secret string) {
	f := newFake()
	server := httptest.NewServer(f.handler())
	t.Cleanup(server.Close)
	return server.URL, "root-id", "root-secret"
}

// fake is an in-memory server of the endpoints that the commands use. It holds what it is given, answers with Polaris
// 1.7's bodies, and refuses what no client should send: unknown fields, wrong media types, missing tokens.
//
// Its access model is two lines: who holds service_admin may do everything but rotate another's secret, everybody else may
// only rotate their own; reset is root's.
type fake struct {
	mu             sync.Mutex
	principals     []*thing
	principalRoles []*thing
	catalogs       []*thing
}

// thing is an object of any kind; each kind uses a part of it.
type thing struct {
	name       string
	fields     map[string]any // of its document, beside the common ones
	properties map[string]string
	version    int
	secret     string           // of a principal
	held       []*thing         // principal roles of a principal, catalog roles of a principal role
	roles      []*thing         // of a catalog
	grants     []map[string]any // of a catalog role
	namespaces []*thing         // of a catalog; the name has U+001F between levels
	tables     []string         // of a namespace; a view's name begins with "view "
}

// refused is an error of the API.
type refused struct {
	status        int
	kind, message string
}

func (e *refused) Error() string { return e.message }

func refuse(status int, kind, format string, args ...any) error {
	return &refused{status, kind, fmt.Sprintf(format, args...)}
}

// call is a request on its way through an operation.
type call struct {
	*http.Request
	caller *thing
}

// decode reads the body into out, strictly.
func (c call) decode(out any) error {
	if c.Header.Get("Content-Type") != "application/json" {
		return refuse(415, "NotSupportedException", "The content-type header value did not match the value in @Consumes")
	}
	dec := json.NewDecoder(c.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(out); err != nil {
		return refuse(400, "BadRequestException", "body: %v", err)
	}
	return nil
}

// route is one operation: it answers a status and a body.
type route struct {
	pattern, operation string
	serve              func(c call) (int, any, error)
}

func newFake() *fake {
	admin := &thing{name: "service_admin", version: 1, fields: map[string]any{"federated": false}}
	root := &thing{name: "root", version: 1, secret: "root-secret", fields: map[string]any{"clientId": "root-id"}, held: []*thing{admin}}
	return &fake{principals: []*thing{root}, principalRoles: []*thing{admin}}
}

func (f *fake) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/catalog/v1/oauth/tokens", f.token)
	for _, r := range slices.Concat(f.managementRoutes(), f.roleRoutes(), f.grantRoutes(), f.catalogRoutes()) {
		mux.HandleFunc(r.pattern, func(w http.ResponseWriter, req *http.Request) { f.serve(w, req, r) })
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if realm := req.Header.Get("Polaris-Realm"); realm != "" && realm != "POLARIS" {
			answer(w, 0, nil, refuse(404, "MissingOrInvalidRealm", "Missing or invalid realm"))
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		mux.ServeHTTP(w, req)
	})
}

func (f *fake) serve(w http.ResponseWriter, req *http.Request, r route) {
	token := strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer token-of-")
	caller := find(f.principals, token)
	if caller == nil {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	own := r.operation == "ROTATE_CREDENTIALS" && req.PathValue("principal") == caller.name
	admin := find(caller.held, "service_admin") != nil && r.operation != "ROTATE_CREDENTIALS"
	if !own && !admin {
		var names []string
		for _, role := range caller.held {
			names = append(names, role.name)
		}
		answer(w, 0, nil, refuse(403, "ForbiddenException",
			"Principal '%s' with activated PrincipalRoles '%v' and activated grants via '%v' is not authorized for op %s", caller.name, names, names, r.operation))
		return
	}
	status, body, err := r.serve(call{req, caller})
	answer(w, status, body, err)
}

// answer writes a body, or an error as Polaris does: an envelope, or nothing where the type is empty.
func answer(w http.ResponseWriter, status int, body any, err error) {
	if e, ok := err.(*refused); ok {
		status = e.status
		if e.kind != "" {
			body = map[string]any{"error": map[string]any{"message": e.message, "type": e.kind, "code": e.status}}
		}
	}
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// token serves the client credentials grant; the token names its principal.
func (f *fake) token(w http.ResponseWriter, req *http.Request) {
	form := func(name string) string { return req.PostFormValue(name) }
	if form("grant_type") != "client_credentials" || form("scope") != "PRINCIPAL_ROLE:ALL" {
		answer(w, 400, map[string]any{"error": "invalid_scope", "error_description": "The scope is invalid", "error_uri": nil}, nil)
		return
	}
	for _, p := range f.principals {
		if p.fields["clientId"] == form("client_id") && p.secret == form("client_secret") {
			answer(w, 200, map[string]any{"access_token": "token-of-" + p.name, "token_type": "bearer", "expires_in": 3600}, nil)
			return
		}
	}
	answer(w, 401, map[string]any{"error": "unauthorized_client", "error_description": "The client is not authorized", "error_uri": nil}, nil)
}

// document is how the management API shows an object.
func (x *thing) document() map[string]any {
	d := map[string]any{
		"name": x.name, "properties": x.properties, "entityVersion": x.version,
		"createTimestamp": 1767225600000, "lastUpdateTimestamp": 1767225600000,
	}
	if x.properties == nil {
		d["properties"] = map[string]string{}
	}
	for name, value := range x.fields {
		d[name] = value
	}
	return d
}

func documents(all []*thing) []map[string]any {
	shown := []map[string]any{}
	for _, x := range all {
		shown = append(shown, x.document())
	}
	return shown
}

func find(all []*thing, name string) *thing {
	if i := slices.IndexFunc(all, func(x *thing) bool { return x.name == name }); i >= 0 {
		return all[i]
	}
	return nil
}

func without(all []*thing, x *thing) []*thing {
	return slices.DeleteFunc(slices.Clone(all), func(y *thing) bool { return x == y })
}

// update serves the update operations of the management API.
func (x *thing) update(c call, noun string) (int, any, error) {
	var body struct {
		CurrentEntityVersion int               `json:"currentEntityVersion"`
		Properties           map[string]string `json:"properties"`
		StorageConfigInfo    map[string]any    `json:"storageConfigInfo"`
	}
	if err := c.decode(&body); err != nil {
		return 0, nil, err
	}
	if body.CurrentEntityVersion != x.version {
		return 0, nil, refuse(409, "CommitConflictException", "Failed to update %s; currentEntityVersion '%d', expected '%d'", noun, x.version, body.CurrentEntityVersion)
	}
	if err := reserved(body.Properties); err != nil {
		return 0, nil, err
	}
	if body.StorageConfigInfo != nil {
		x.fields["storageConfigInfo"] = body.StorageConfigInfo
	}
	x.properties = body.Properties
	x.version++
	return 200, x.document(), nil
}

func reserved(properties map[string]string) error {
	for key := range properties {
		if strings.HasPrefix(key, "polaris.") {
			return refuse(400, "IllegalArgumentException", "Property '%s' matches reserved prefix 'polaris.'", key)
		}
	}
	return nil
}
