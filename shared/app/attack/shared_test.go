package attack

import "strings"

// share gives a recipient a table of the attacker's namespace, and its bearer token.
func (x *attack) share(name string) (recipient person, at string) {
	x.t.Helper()
	at, _ = x.table(x.mallory, "lake", "given", nil)
	p := x.accomplice(name, "TABLE_WRITE_DATA")
	x.must(201, x.root, call{op: "management.createRecipient", body: doc{"recipient": doc{"name": name}}})
	token := x.must(201, x.root, call{op: "management.issueRecipientToken", vars: vars{"recipientName": name}, body: doc{}}).text("bearerToken")
	if token == "" {
		x.t.Fatal("got no bearer token")
	}
	x.must(201, x.root, call{op: "management.createShare", body: doc{"share": doc{"name": "s"}}})
	x.must(201, x.root, call{op: "management.grantShare", vars: vars{"shareName": "s"}, body: doc{"recipient": doc{"name": name}}})
	add := func(alias, ns, table string) {
		x.must(201, x.root, call{op: "management.addTableToShare", vars: vars{"shareName": "s"}, body: doc{"table": doc{"schema": "d", "name": alias, "catalogName": "lake", "namespace": []string{ns}, "tableName": table}}})
	}
	add("given", "mine", "given")
	add("theirs", "theirs", "t") // shared, but the recipient has no grant on it
	x.tap.take()
	return person{p.name, token}, at
}

func temporary(share, schema, table string, body any) call {
	return call{op: "sharing.generateTemporaryTableCredential", vars: vars{"share": share, "schema": schema, "table": table}, body: body}
}

var sharedStories = []story{
	{"a share", []string{"sharing.generateTemporaryTableCredential", "management.createShare", "management.addTableToShare", "management.grantShare", "management.createRecipient", "management.issueRecipientToken"}, func(x *attack) {
		bob, at := x.share("bob")
		a := x.send(bob, temporary("s", "d", "given", nil)).must(x.t, 200)
		x.reads(a, at)
		x.reads(x.send(bob, temporary("S", "D", "GIVEN", doc{"location": at + "/data"})).must(x.t, 200), at+"/data")

		x.refused(x.send(bob, temporary("s", "d", "theirs", nil)))
		x.refused(x.send(x.mallory, temporary("s", "d", "given", nil)))
		x.refused(x.send(person{}, temporary("s", "d", "given", nil)))
		for _, bearer := range []string{bob.bearer + "x", bob.bearer[:len(bob.bearer)-1], strings.ToUpper(bob.bearer), "firnshare_", "firnshare__", "firnshare_" + strings.Repeat("a", 26) + "_x"} {
			x.refused(x.send(person{bearer: bearer}, temporary("s", "d", "given", nil)))
		}
		for _, op := range []string{"iceberg.loadTable", "iceberg.loadCredentials"} { // a bearer token is for shares alone
			x.refused(x.send(bob, call{op: op, in: "lake", ns: "mine", table: "given"}))
		}
		for _, n := range names {
			x.refused(x.send(bob, temporary("s", "d", n.text+"\u2603", nil)))
			x.refused(x.send(bob, temporary(n.text+"\u2603", "d", "given", nil)))
		}
		s := x.sites()[0]
		for _, l := range locations {
			x.refused(x.send(bob, temporary("s", "d", "given", doc{"location": l.at(x.world, s, at)})))
		}
		for _, place := range []string{at + "2", at[:len(at)-1], s.mine(), "", x.alias(at) + "x"} {
			x.refused(x.send(bob, temporary("s", "d", "given", doc{"location": place})))
		}
	}},
	{"a share of a table that is gone", []string{"sharing.generateTemporaryTableCredential", "iceberg.dropTable"}, func(x *attack) {
		bob, _ := x.share("bob")
		x.must(204, x.mallory, call{op: "iceberg.dropTable", in: "lake", ns: "mine", table: "given"})
		x.table(x.mallory, "lake", "given", nil) // another, of its name
		x.refused(x.send(bob, temporary("s", "d", "given", nil)))
		x.must(204, x.root, call{op: "management.revokeRecipientTokens", vars: vars{"recipientName": "bob"}})
		x.tap.take()
		x.refused(x.send(bob, temporary("s", "d", "given", nil)))
	}},
	{"names in a share", []string{"management.createShare", "management.addTableToShare", "management.createRecipient"}, func(x *attack) {
		x.share("bob")
		for _, text := range []string{"", "a/b", "a b", "t\x00", "t\x1f", "s\u0085", strings.Repeat("n", 257), "SYSTEM$s"} {
			x.refused(x.send(x.root, call{op: "management.createShare", body: doc{"share": doc{"name": text}}}))
			for _, body := range []doc{{"schema": text, "name": "x"}, {"schema": "x", "name": text}} {
				body["catalogName"], body["namespace"], body["tableName"] = "lake", []string{"mine"}, "given"
				x.refused(x.send(x.root, call{op: "management.addTableToShare", vars: vars{"shareName": "s"}, body: doc{"table": body}}))
			}
			x.refused(x.send(x.root, call{op: "management.createRecipient", body: doc{"recipient": doc{"name": text}}}))
		}
	}},
	{"Gravitino's names", []string{"gravitino.getCredentials"}, func(x *attack) {
		at, _ := x.table(x.mallory, "lake", "g", nil)
		get := func(metalake, kind, name string) call {
			return call{op: "gravitino.getCredentials", vars: vars{"metalake": metalake, "metadataObjectType": kind, "metadataObjectFullName": name}}
		}
		x.open(x.keyed(x.send(x.mallory, get("POLARIS", "table", "lake.mine.g")).must(x.t, 200), at), at)
		for _, name := range []string{"lake.theirs.t", "loose.theirs.t", "vault.theirs.t", "twin.theirs.t", "lake..t", "lake.mine.", ".mine.g", "lake.mine.g.", "lake", "lake.mine", "lake.mine.*", "lake.mine.%67", "lake.mine.g/../../theirs.t",
			"lake.mine\x1f..\x1ftheirs.t", "lake.mine.\x00", "lake.mine.g'", strings.Repeat("a.", 2000) + "g"} {
			for _, kind := range []string{"table", "TABLE", "fileset", "Fileset"} {
				x.refused(x.send(x.mallory, get("POLARIS", kind, name)))
			}
		}
		for _, kind := range []string{"metalake", "schema", "view", "column", "*", "..", "tables", "table "} {
			x.refused(x.send(x.mallory, get("POLARIS", kind, "lake.mine.g")))
		}
		for _, metalake := range []string{"OTHER", "polaris", "*", "..", "POLARIS "} {
			x.refused(x.send(x.mallory, get(metalake, "table", "lake.mine.g")))
		}
	}},
}

// keyed gives an answer whose keys name the location, where the dialect has no place for it.
func (x *attack) keyed(a answer, at string) answer {
	for i := range a.keys {
		a.keys[i].prefix = at
	}
	return a
}

// reads holds a key to reading one folder, and nothing else.
func (x *attack) reads(a answer, at string) {
	x.t.Helper()
	x.tap.take()
	if len(a.keys) != 1 || a.text("credentials", "location") != at {
		x.t.Fatalf("got %d keys for %q, want one for %q", len(a.keys), a.text("credentials", "location"), at)
	}
	own := folderOf(at)
	x.put(own.bucket, own.key+"seed", "its own")
	b := x.pick(x.t, a.keys[0])
	must(x.t, b.list(own.bucket, own.key))
	ways := append(b.around(x.victims, own), b.at(object{own.bucket, own.key + "seed"}, own)[putting:]...)
	for _, v := range append(x.neighbours(own), x.victims...) {
		ways = append(ways, b.at(v, own)...)
	}
	for _, leak := range succeeded(ways) {
		x.t.Errorf("the reader's key for %s let it %s", own, leak)
	}
	x.secret(a.keys[0])
}
