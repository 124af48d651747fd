package management_test

import (
	"strings"
	"testing"

	"firn/shared/admin"
	"firn/shared/kv/faulty"
)

func TestAPrincipalIsShownWithItsSecretOnce(t *testing.T) {
	w := newWorld(t, nil)
	made := w.ask("root", `POST /principals {"principal":{"name":"p","clientId":"ignored","properties":{"a":"b"}}}`)
	c := made.credentials()
	shown := `{"name":"p","clientId":"` + c.ID + `","properties":{"a":"b"},"createTimestamp":` + noonMillis + `,"lastUpdateTimestamp":` + noonMillis + `,"entityVersion":1}`
	made.want(201, `{"principal":`+shown+`,"credentials":{"clientId":"`+c.ID+`","clientSecret":"`+c.Secret+`"}}`)
	if got := made.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("got Cache-Control %q of an answer with a secret, want no-store", got)
	}
	w.ask("root", "GET /principals/p").want(200, shown)
	w.ask("root", "GET /principals").want(200, shown, `"name":"root"`)
	w.login("p", c.ID, c.Secret)
	w.ask("p", "POST /principals/p/rotate")
	w.ask("root", `POST /principals/p/reset {"clientSecret":"chosen by hand"}`).want(200)
	for _, secret := range []string{c.Secret, "chosen by hand"} {
		if strings.Contains(w.log.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}

func TestAPrincipalThatIsNotInOrderIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	w.add("p")
	big := strings.Repeat("x", 200_001)
	rows := []struct{ name, request, body string }{
		{"no principal", `POST /principals {}`, refused("WebApplicationException", "Missing required field: principal.name")},
		{"no name", `POST /principals {"principal":{}}`, refused("WebApplicationException", "Missing required field: principal.name")},
		{"a name too long", `POST /principals {"principal":{"name":"` + strings.Repeat("x", 257) + `"}}`, refused("ResteasyReactiveViolationException", "Invalid value: createPrincipal.arg0.principal.name: size must be between 1 and 256")},
		{"a name of the system", `POST /principals {"principal":{"name":" system$x"}}`, refused("ResteasyReactiveViolationException", `Invalid value: createPrincipal.arg0.principal.name: must match "^(?!\s*[sS][yY][sS][tT][eE][mM]\$).*$"`)},
		{"a name of the system in the path", `GET /principals/SYSTEM$x`, refused("ResteasyReactiveViolationException", `Invalid value: getPrincipal.arg0: must match "^(?!\s*[sS][yY][sS][tT][eE][mM]\$).*$"`)},
		{"a second name in the path", `DELETE /principals/p/principal-roles/a%0Ab`, refused("ResteasyReactiveViolationException", `Invalid value: revokePrincipalRole.arg1: must not contain control characters`)},
		{"a flag that is none", `POST /principals {"principal":{"name":"q"},"credentialRotationRequired":"yes"}`, refused("WebApplicationException", "Invalid JSON: string is of the wrong type for credentialRotationRequired")},
		{"a reserved property", `POST /principals {"principal":{"name":"q","properties":{"polaris.config.drop-with-purge.enabled":"1"}}}`, refused("IllegalArgumentException", "Property 'polaris.config.drop-with-purge.enabled' matches reserved prefix 'polaris.'")},
		{"properties too long", `POST /principals {"principal":{"name":"q","properties":{"a":"` + big + `"}}}`, refused("IllegalArgumentException", "Properties must not be longer than 200000 bytes together")},
		{"an update without a version", `PUT /principals/p {"properties":{}}`, refused("WebApplicationException", "Missing required field: currentEntityVersion")},
		{"an update without properties", `PUT /principals/p {"currentEntityVersion":1}`, refused("WebApplicationException", "Missing required field: properties")},
		{"an update with a reserved property", `PUT /principals/p {"currentEntityVersion":1,"properties":{"polaris.x":"1"}}`, refused("IllegalArgumentException", "Property 'polaris.x' matches reserved prefix 'polaris.'")},
		{"an empty client id", `POST /principals/p/reset {"clientId":""}`, refused("IllegalArgumentException", "Invalid value: clientId: must be 1 to 256 printable ASCII characters")},
		{"a client id too long", `POST /principals/p/reset {"clientId":"` + strings.Repeat("x", 257) + `"}`, refused("IllegalArgumentException", "Invalid value: clientId: must be 1 to 256 printable ASCII characters")},
		{"a client id with a space", `POST /principals/p/reset {"clientId":"a b"}`, refused("IllegalArgumentException", "Invalid value: clientId: must be 1 to 256 printable ASCII characters")},
		{"an empty secret", `POST /principals/p/reset {"clientSecret":""}`, refused("IllegalArgumentException", "Invalid value: clientSecret: size must be between 1 and 1024")},
		{"a secret too long", `POST /principals/p/reset {"clientSecret":"` + strings.Repeat("x", 1025) + `"}`, refused("IllegalArgumentException", "Invalid value: clientSecret: size must be between 1 and 1024")},
		{"the root's deletion", `DELETE /principals/root`, refused("BadRequestException", "Root principal cannot be dropped")},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			answer{w.ask("root", row.request).ResponseRecorder, t}.want(400, row.body)
		})
	}
	w.ask("root", `POST /principals {"principal":{"name":"p"}}`).want(409, refused("AlreadyExistsException", "Cannot create Principal p. Principal already exists or resolution failed"))
	for _, request := range []string{"GET /principals/no", `PUT /principals/no {"currentEntityVersion":1,"properties":{}}`, "DELETE /principals/no", "POST /principals/no/rotate", "POST /principals/no/reset", "GET /principals/no/principal-roles"} {
		w.ask("root", request).want(404, refused("NotFoundException", "TopLevelEntity of type PRINCIPAL does not exist: no"))
	}
	w.ask("root", "GET /principals/p").want(200, `"entityVersion":1`)
}

func TestAPrincipalIsUpdatedUnderItsVersion(t *testing.T) {
	w := newWorld(t, nil)
	w.add("p")
	w.ask("root", `PUT /principals/p {"currentEntityVersion":1,"properties":{"a":"b"}}`).want(200, `"properties":{"a":"b"}`, `"entityVersion":2`)
	w.ask("root", `PUT /principals/p {"currentEntityVersion":1,"properties":{}}`).want(409, refused("CommitConflictException", "Failed to update Principal; currentEntityVersion '2', expected '1'"))
	w.table.Next(faulty.Get, faulty.Fault{After: func() { w.must(`PUT /principals/p {"currentEntityVersion":2,"properties":{"faster":"x"}}`) }})
	w.ask("root", `PUT /principals/p {"currentEntityVersion":2,"properties":{}}`).want(409, "currentEntityVersion '3', expected '2'")
	w.ask("root", "GET /principals/p").want(200, `"properties":{"faster":"x"}`)
}

func TestRotationLeavesTheLastSecretGoodOnce(t *testing.T) {
	w := newWorld(t, nil)
	first := w.add("p")
	w.ask("root", "POST /principals/p/rotate").want(403, "ROTATE_CREDENTIALS")
	second := w.ask("p", "POST /principals/p/rotate").credentials()
	w.login("p", first.ID, first.Secret)
	w.bearers["old"] = w.bearers["p"]
	w.login("p", second.ID, second.Secret)
	w.ask("p", "POST /principals/p/rotate").want(200, `"entityVersion":1`)
	if w.tryLogin("x", first.ID, first.Secret) == nil {
		t.Error("the first of three secrets is still good")
	}
	w.ask("old", "POST /principals/p/rotate").want(401)
	w.login("p", second.ID, second.Secret)
	if got := w.took(); len(got) != 0 {
		t.Errorf("got keys of %v ended by rotations, want none", got)
	}
}

func TestWhoMustRotateMayDoNothingElseAndTheOldSecretDies(t *testing.T) {
	rows := []struct {
		name     string
		enforced bool
		before   int
		refusal  string
	}{
		{"enforced", true, 403, "Principal 'p' is not authorized for op LIST_CATALOGS because it must rotate credentials first"},
		{"not enforced", false, 200, `{"catalogs":[]}`},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(c *admin.Config) { c.RequireRotation = row.enforced })
			first := w.ask("root", `POST /principals {"principal":{"name":"p"},"credentialRotationRequired":true}`).credentials()
			w.login("p", first.ID, first.Secret)
			w.must(`PUT /principals/p/principal-roles {"principalRole":{"name":"service_admin"}}`)
			w.ask("p", "GET /catalogs").want(row.before, row.refusal)
			rotated := w.ask("p", "POST /principals/p/rotate")
			rotated.want(200, `"entityVersion":2`)
			if w.tryLogin("x", first.ID, first.Secret) == nil {
				t.Error("the first secret is still good")
			}
			if got := w.took(); len(got) != 1 || got[0] != "p" {
				t.Errorf("got keys of %v ended, want [p]", got)
			}
			second := rotated.credentials()
			w.login("p", second.ID, second.Secret)
			w.ask("p", "GET /catalogs").want(200)
		})
	}
}

func TestResetEndsAllCredentialsAtOnce(t *testing.T) {
	rows := []struct{ name, body, version, id, secret string }{ // id, secret: what is chosen; empty: kept, made
		{"without a body", ``, "1", "", ""},
		{"with an empty one", `{}`, "1", "", ""},
		{"with a secret", `{"clientSecret":"s"}`, "1", "", "s"},
		{"with a client id", `{"clientId":"i"}`, "2", "i", ""},
		{"with both", `{"clientId":"i","clientSecret":"s"}`, "2", "i", "s"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			first := w.add("p")
			second := w.ask("p", "POST /principals/p/rotate").credentials()
			reset := w.ask("root", "POST /principals/p/reset "+row.body)
			reset.want(200, `"entityVersion":`+row.version)
			third := reset.credentials()
			if row.id == "" {
				row.id = first.ID
			}
			if third.ID != row.id || row.secret != "" && third.Secret != row.secret {
				t.Errorf("got %+v, want id %q, secret %q", third, row.id, row.secret)
			}
			for _, old := range []credentials{first, second, {row.id, first.Secret}, {row.id, second.Secret}} {
				if w.tryLogin("x", old.ID, old.Secret) == nil {
					t.Errorf("%+v is still good", old)
				}
			}
			w.ask("p", "POST /principals/p/rotate").want(401)
			w.login("p", third.ID, third.Secret)
			if got := w.took(); len(got) != 1 || got[0] != "p" {
				t.Errorf("got keys of %v ended, want [p]", got)
			}
		})
	}
}

func TestAClientIDBelongsToOnePrincipal(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.add("a"), w.add("b")
	w.ask("root", `POST /principals/b/reset {"clientId":"`+a.ID+`"}`).want(409, refused("AlreadyExistsException", "Client ID already in use: "+a.ID))
	w.login("a", a.ID, a.Secret)
	w.login("b", b.ID, b.Secret)
	if got := w.took(); len(got) != 0 {
		t.Errorf("got keys of %v ended by a reset that was refused, want none", got)
	}
	w.ask("root", `POST /principals/a/reset {"clientId":"`+a.ID+`"}`).want(200, `"entityVersion":2`)
}

func TestADeletedPrincipalIsNobodyAndSoIsItsNamesake(t *testing.T) {
	w := newWorld(t, nil)
	w.add("p")
	w.must("DELETE /principals/p")
	if got := w.took(); len(got) != 1 || got[0] != "p" {
		t.Errorf("got keys of %v ended, want [p]", got)
	}
	w.ask("p", "GET /catalogs").want(401)
	w.must(`POST /principals {"principal":{"name":"p"}}`)
	w.ask("p", "POST /principals/p/rotate").want(401)
}

func TestADeletionWhoseAnswerWasLostEndsKeys(t *testing.T) {
	w := newWorld(t, nil)
	w.add("p")
	w.table.Next(faulty.Write, faulty.Fault{Lose: faulty.Request})
	a := w.ask("root", "DELETE /principals/p")
	a.want(500, "CommitStateUnknownException")
	if got := w.took(); len(got) != 1 || got[0] != "p" {
		t.Errorf("got keys of %v ended, want [p]: the write may have landed", got)
	}
}
