package attack

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

var rightsStories = []story{
	{"a victim's table", []string{"iceberg.loadTable", "iceberg.loadCredentials"}, func(x *attack) {
		for _, in := range []string{"lake", "loose", "twin", "vault"} {
			for _, mode := range []string{"vended-credentials", "true", "VENDED-CREDENTIALS", "vended-credentials,remote-signing", "remote-signing", "", "*"} {
				x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: in, ns: "theirs", table: "t", header: map[string]string{"X-Iceberg-Access-Delegation": mode}}))
			}
			for _, query := range []string{"", "planId=1", "referenced-by=mine.t", "staged=", "staged=x"} {
				x.refused(x.send(x.mallory, call{op: "iceberg.loadCredentials", in: in, ns: "theirs", table: "t", query: query}))
			}
		}
	}},
	{"another realm", []string{"iceberg.loadTable"}, func(x *attack) {
		x.refused(x.send(x.root, call{op: "iceberg.loadTable", in: "lake", ns: "theirs", table: "t", header: map[string]string{"Polaris-Realm": "OTHER"}}))
		x.refused(x.send(person{}, call{op: "iceberg.loadTable", in: "lake", ns: "theirs", table: "t"}))
	}},
	{"a token of the attacker's own issuer", []string{"oauth.getToken", "iceberg.loadTable"}, func(x *attack) {
		var fetched atomic.Int64
		issuer := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched.Add(1) }))
		defer issuer.Close()
		claims := jwt.MapClaims{"iss": issuer.URL, "aud": "POLARIS", "sub": "root", "principalId": "root", "exp": time.Now().Add(time.Hour).Unix(), "jku": issuer.URL}
		for _, method := range []jwt.SigningMethod{jwt.SigningMethodHS256, jwt.SigningMethodNone} {
			token := jwt.NewWithClaims(method, claims)
			token.Header["jku"], token.Header["x5u"], token.Header["kid"] = issuer.URL, issuer.URL, "../../dev/null"
			raw, err := token.SignedString(map[jwt.SigningMethod]any{jwt.SigningMethodHS256: []byte("x"), jwt.SigningMethodNone: jwt.UnsafeAllowNoneSignatureType}[method])
			must(x.t, err)
			x.refused(x.send(person{}, call{op: "oauth.getToken", form: url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "scope": {"PRINCIPAL_ROLE:ALL"},
				"subject_token": {raw}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}}}))
			x.refused(x.send(person{bearer: raw}, call{op: "iceberg.loadTable", in: "lake", ns: "theirs", table: "t"}))
		}
		if fetched.Load() > 0 {
			x.t.Error("firn asked the issuer that a token names")
		}
	}},
	{"a reader behind a writer", []string{"iceberg.loadTable", "iceberg.loadCredentials"}, func(x *attack) {
		at, _ := x.table(x.mallory, "lake", "shared", nil)
		reader := x.accomplice("reader", "TABLE_READ_DATA")
		x.must(200, x.mallory, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "shared"})
		for _, op := range []string{"iceberg.loadTable", "iceberg.loadCredentials"} {
			a := x.send(reader, call{op: op, in: "lake", ns: "mine", table: "shared"}).must(x.t, 200)
			b, own := x.pick(x.t, a.keys[0]), folderOf(at)
			must(x.t, b.list(own.bucket, own.key))
			if b.put(object{own.bucket, own.key + "r"}) == nil {
				x.t.Errorf("%s: the reader's key writes", op)
			}
			if ways := b.at(object{own.bucket, own.key + "seed"}, own); ways[deleting].try() == nil {
				x.t.Errorf("%s: the reader's key deletes", op)
			}
		}
		lister := x.accomplice("lister", "TABLE_READ_PROPERTIES", "TABLE_FULL_METADATA")
		x.refused(x.send(lister, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "shared"}))
		x.refused(x.send(lister, call{op: "iceberg.loadCredentials", in: "lake", ns: "mine", table: "shared"}))
	}},
	{"a right that was taken away", []string{"management.revokeGrantFromCatalogRole", "iceberg.loadCredentials"}, func(x *attack) {
		at, k := x.table(x.mallory, "lake", "was", nil)
		x.must(201, x.root, call{op: "management.revokeGrantFromCatalogRole", vars: vars{"catalogName": "lake", "catalogRoleName": "mallory"},
			body: doc{"grant": doc{"type": "namespace", "namespace": []string{"mine"}, "privilege": "TABLE_WRITE_DATA"}}})
		x.tap.take()
		x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "was"}))
		x.refused(x.send(x.mallory, call{op: "iceberg.loadCredentials", in: "lake", ns: "mine", table: "was"}))
		x.refused(x.send(x.mallory, call{op: "iceberg.createTable", in: "lake", ns: "mine", body: create("new", doc{"stage-create": true})}))
		if x.ends && !x.dead(k, at) {
			x.t.Error("the key of before is alive")
		}
	}},
	{"keys that were taken back", []string{"management.revokeKeys", "iceberg.loadTable", "iceberg.loadCredentials"}, func(x *attack) {
		for _, of := range []doc{{"catalog": "lake", "namespace": []string{"mine"}, "table": "kept"}, {"principal": "mallory"}} {
			name := "kept"
			if of["principal"] != nil {
				name = "all"
			}
			at, k := x.table(x.mallory, "lake", name, nil)
			made := x.must(201, x.root, call{op: "management.revokeKeys", body: of})
			x.tap.take()
			x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: name}))
			x.refused(x.send(x.mallory, call{op: "iceberg.loadCredentials", in: "lake", ns: "mine", table: name}))
			if x.ends && !x.dead(k, at) {
				x.t.Errorf("%v: the key of before is alive", of)
			}
			if x.signing(x.mallory, call{in: "lake", ns: "mine", table: name}).list(folderOf(at).bucket, folderOf(at).key) == nil {
				x.t.Errorf("%v: signed all the same", of)
			}
			x.tap.take()
			x.refused(x.send(x.mallory, call{op: "management.liftRevocation", vars: vars{"revocationId": made.text("id")}}))
		}
	}},
	{"an answer from before", []string{"iceberg.loadTable"}, func(x *attack) {
		at, _ := x.table(x.mallory, "lake", "known", nil)
		reader := x.accomplice("reader", "TABLE_READ_DATA")
		load := func(who person, tag string, plain bool) answer {
			return x.send(who, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "known", plain: plain, header: map[string]string{"If-None-Match": tag}})
		}
		tags := []string{`W/"0"`}
		for _, a := range []answer{load(x.mallory, `W/"0"`, true), load(reader, `W/"0"`, false)} {
			tags = append(tags, a.must(x.t, 200).tag)
		}
		// A tag of nobody's, of an answer without keys, of somebody else's keys: none stands for keys of one's own.
		for _, tag := range append(tags, strings.Join(tags, ", ")) {
			a := load(x.mallory, tag, false)
			if a.code != 200 || len(a.keys) != 1 {
				x.t.Fatalf("If-None-Match %s: got %d with %d keys, want a fresh key", tag, a.code, len(a.keys))
			}
			x.open(a, at)
		}
		x.refused(load(x.mallory, "*", false))
		own := load(x.mallory, `W/"0"`, false).tag
		x.must(201, x.root, call{op: "management.revokeGrantFromCatalogRole", vars: vars{"catalogName": "lake", "catalogRoleName": "mallory"},
			body: doc{"grant": doc{"type": "namespace", "namespace": []string{"mine"}, "privilege": "TABLE_WRITE_DATA"}}})
		x.tap.take()
		x.refused(load(x.mallory, own, false)) // who had a right has none by having its answer
	}},
}
