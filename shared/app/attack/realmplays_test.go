package attack

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"firn/shared/lake"
)

// plays try the victims' values in the attacker's realm.
var plays = map[string]func(x *attack, n *stranger, op string){
	"page token": func(x *attack, n *stranger, op string) {
		n.theirs.pages("pages")
		n.pages("tenant/pages")
		r, list := n.routes[op], op
		if op == "iceberg.listFunctions" { // there are none, and no pages of them
			list = "iceberg.listNamespaces"
		}
		names := map[string]string{"{prefix}": "pages", "{namespace}": "victims"}
		token := n.theirs.ask(n.theirs.root, call{op: list}, http.MethodGet, n.target(n.routes[list], names)+"?pageSize=1&pageToken=").must(x.t, 200).text("next-page-token")
		if token == "" {
			x.t.Fatal("got no token of a page")
		}
		n.watch.take()
		n.refusedOr(x, n.ask(n.root, call{op: op}, r.Method, n.target(r, names)+"?pageToken="+url.QueryEscape(token)), "polly")
	},
	"ETag": func(x *attack, n *stranger, op string) {
		tag := n.theirs.must(200, n.theirs.root, call{op: op, in: "lake", ns: "theirs", table: "t"}).tag
		a := n.send(n.root, call{op: op, in: "lake", ns: "theirs", table: "t", header: map[string]string{"If-None-Match": tag}}).must(x.t, 200)
		if at := a.text("metadata", "location"); tag == "" || !strings.HasPrefix(at, strangerSite(n.world, "lake").base) {
			x.t.Errorf("got the table at %s by the tag %q", at, tag)
		}
	},
	"staged table": func(x *attack, n *stranger, op string) {
		made := n.theirs.must(200, n.theirs.mallory, call{op: "iceberg.createTable", in: "lake", ns: "mine", body: create("staged", doc{"stage-create": true})})
		uuid, at := made.text("metadata", "table-uuid"), made.text("metadata", "location")
		x.tap.take()
		n.watch.take()
		c := call{op: op, in: "lake", ns: "mine", table: "staged"}
		switch op {
		case "iceberg.loadCredentials":
			c.query = "staged=" + uuid
		case "iceberg.signRequest":
			c.query, c.body = "staged="+uuid, doc{"region": "us-east-1", "method": "GET", "uri": "http://127.0.0.1/" + strings.TrimPrefix(at, n.scheme+"://") + "/x", "headers": doc{}}
		default:
			by := alone
			if op == together.op {
				by = together
			}
			x.refused(by.send(n.attacker(x), site{catalog: "lake"}, "staged", firstCommit(uuid, at)))
			return
		}
		x.refused(n.send(n.mallory, c))
	},
	"signed location": func(x *attack, n *stranger, op string) {
		for _, v := range n.victims {
			x.refused(n.send(n.root, call{op: op, in: "lake", ns: "theirs", table: "t", plain: true,
				body: doc{"region": "us-east-1", "method": "GET", "uri": n.signs() + "/" + v.bucket + "/" + v.key, "headers": doc{}, "provider": "s3"}}))
		}
	},
	"external ID": func(x *attack, n *stranger, op string) {
		b := n.theirs.app.Catalog.Store.Batch("POLARIS")
		c := b.Catalog("vault")
		must(x.t, b.Read(x.t.Context()))
		n.watch.take()
		storage := doc{"storageType": "S3", "allowedLocations": []string{"s3://else/x"}, "roleArn": "arn:aws:iam::111122223333:role/r", "externalId": lake.MadeExternalID(c.Value.ID)}
		body := doc{"catalog": doc{"type": "INTERNAL", "name": "evil", "properties": doc{"default-base-location": "s3://else/x"}, "storageConfigInfo": storage}}
		if op == "management.updateCatalog" {
			body = doc{"currentEntityVersion": 1, "properties": doc{"default-base-location": "s3://else/x"}, "storageConfigInfo": storage}
		}
		x.refused(n.send(n.root, call{op: op, vars: vars{"catalogName": "lake"}, body: body}))
	},
	"client": func(x *attack, n *stranger, op string) {
		made := n.theirs.must(201, n.theirs.root, call{op: "management.createPrincipal", body: doc{"principal": doc{"name": "client-of-" + strings.TrimPrefix(op, "oauth.")}}})
		id, secret := made.text("credentials", "clientId"), made.text("credentials", "clientSecret")
		if op == "management.resetCredentials" { // client IDs are of a realm: the attacker may use the same
			n.watch.take()
			n.must(200, n.root, call{op: op, vars: vars{"principalName": "mallory"}, body: doc{"clientId": id, "clientSecret": "chosen-by-the-attacker"}})
			n.apart(op)
			if a := n.theirs.send(person{}, loginWith(id, "chosen-by-the-attacker")); a.code != 401 {
				x.t.Errorf("got %d %s, want the attacker's secret to be good in its realm alone", a.code, a.body)
			}
			n.theirs.login("x", id, secret)
			n.watch.take()
			x.tap.take()
			return
		}
		x.tap.take()
		n.watch.take()
		x.refused(n.send(person{}, loginWith(id, secret)))
	},
	"token": func(x *attack, n *stranger, op string) {
		for _, with := range []person{n.theirs.root, n.theirs.mallory} {
			form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "subject_token": {with.bearer},
				"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "scope": {"PRINCIPAL_ROLE:ALL"}}
			x.refused(n.send(n.root, call{op: op, form: form}))
			x.refused(n.send(with, call{op: op, form: form}))
		}
	},
	"credential": func(x *attack, n *stranger, op string) {
		theirs := &attack{world: n.theirs, t: x.t}
		at, k := theirs.table(n.theirs.mallory, "lake", "revoked", nil)
		for _, body := range []doc{{"credentialId": k.id}, {"principal": "mallory"}, {"catalog": "lake", "namespace": []string{"theirs"}, "table": "t"}} {
			n.watch.take()
			n.send(n.root, call{op: op, body: body})
			n.apart(op)
			if theirs.dead(k, at) {
				x.t.Errorf("%v in the realm %s ended a credential of the victims'", body, otherRealm)
			}
		}
		n.theirs.must(201, n.theirs.root, call{op: op, body: doc{"credentialId": k.id}})
		if !theirs.dead(k, at) {
			x.t.Error("the credential is alive after its own realm revoked it")
		}
		n.watch.take()
		x.tap.take()
	},
	"revocation": func(x *attack, n *stranger, op string) {
		x.refused(n.send(n.root, call{op: op, vars: vars{"revocationId": n.revocation}}))
		n.apart(op)
		if a := n.theirs.must(200, n.theirs.root, call{op: "management.listRevocations"}); !bytes.Contains(a.body, []byte(n.revocation)) {
			x.t.Errorf("got %s, want the revocation %s to stand", a.body, n.revocation)
		}
		n.watch.take()
	},
	"bearer": func(x *attack, n *stranger, op string) {
		n.shared(x)
		theirs, own := n.theirs.bob(x), n.bob(x)
		n.watch.take()
		x.refused(n.send(theirs, temporary("s", "d", "given", nil)))
		n.apart(op)
		x.refused(n.theirs.send(own, temporary("s", "d", "given", nil)))
	},
	"shared location": func(x *attack, n *stranger, _ string) {
		at := n.shared(x)
		x.reads(n.send(n.bob(x), temporary("s", "d", "given", nil)).must(x.t, 200), at)
		n.watch.take()
		for _, v := range n.victims {
			x.refused(n.send(n.bob(x), temporary("s", "d", "given", doc{"location": n.uri(v.bucket + "/" + v.key)})))
		}
	},
	"key of a change": func(x *attack, n *stranger, op string) {
		const key = "0190c2e4-7f5e-7a33-8f5c-0123456789ab"
		header, r := map[string]string{"Idempotency-Key": key}, n.routes[op]
		n.theirs.ask(n.theirs.mallory, call{op: op, body: bodyFor(r), header: header}, r.Method, n.target(r, same))
		n.watch.take()
		n.refusedOr(x, n.ask(n.root, call{op: op, body: bodyFor(r), header: header}, r.Method, n.target(r, same)), n.uri(n.lake)+"/wh/theirs")
	},
	"location": func(*attack, *stranger, string) {}, // TestNoLocationOfAnotherRealmGetsIn
}

// refusedOr holds an answer to being the attacker's own: it touched nothing of the victims' realm and names nothing of theirs.
func (n *stranger) refusedOr(x *attack, a answer, theirs string) {
	x.t.Helper()
	n.apart(a.op)
	if a.code >= 500 || bytes.Contains(a.body, []byte(theirs)) {
		x.t.Errorf("%s: got %d %s, want nothing of %s", a.op, a.code, a.body, theirs)
	}
	x.tap.take()
}

// attacker is an attack in the other realm.
func (n *stranger) attacker(x *attack) *attack { return &attack{world: n.world, t: x.t} }

func loginWith(id, secret string) call {
	return call{op: "oauth.getToken", form: url.Values{"grant_type": {"client_credentials"}, "scope": {"PRINCIPAL_ROLE:ALL"}, "client_id": {id}, "client_secret": {secret}}}
}

// shared makes the share "s" in both realms, with a table "given" and a recipient "bob" of each; again it changes nothing.
// It returns the location of the attacker's own table.
func (n *stranger) shared(x *attack) (at string) {
	x.t.Helper()
	for _, w := range []*world{n.theirs, n.world} {
		a := w.send(w.root, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "given"})
		if a.code == 404 {
			(&attack{world: w, t: x.t}).share("bob")
			a = w.must(200, w.root, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "given"})
		}
		at = a.text("metadata", "location")
	}
	x.tap.take()
	n.watch.take()
	return at
}

// bob is the recipient of the world's realm, with a fresh bearer token.
func (w *world) bob(x *attack) person {
	x.t.Helper()
	token := w.must(201, w.root, call{op: "management.issueRecipientToken", vars: vars{"recipientName": "bob"}, body: doc{}}).text("bearerToken")
	x.tap.take()
	return person{"bob", token}
}
