package attack

import "net/url"

// rankDoor is a request that each rank makes.
type rankDoor struct {
	op   string
	what string // of several rows with one operation
	may  string // letters of the ranks that may
	// uses says what the request does with the catalog's storage.
	uses use
	call func(b *bench, who person) call
}

// use is what a request does with storage.
type use int

const (
	none  use = iota // nothing
	now              // before it is answered: without the storage it is refused
	later            // after the answer, or as far as it can: without the storage it may be taken, and does nothing
)

func (d rankDoor) name() string {
	if d.what == "" {
		return d.op
	}
	return d.op + " " + d.what
}

// rankDoors are all operations of the route table: TestEveryRouteIsADoorForEachRank fails for one that is not
// here. A row that uses storage is tried in catalogs that the operator no longer allows, too.
func rankDoors() []rankDoor {
	return append(append(icebergDoors(), shareDoors...), managementDoors()...)
}

// inMine returns a builder of a call about a table of the namespace.
func inMine(op string, more doc, change func(c *call)) func(*bench, person) call {
	return func(b *bench, _ person) call {
		c := call{op: op, in: b.in(), ns: "mine", table: b.table(more)}
		if change != nil {
			change(&c)
		}
		return c
	}
}

// plainly asks for no credentials.
func plainly(c *call) { c.plain = true }

// setProperty is the body of a commit that widens nothing.
func setProperty() doc {
	return doc{"requirements": []doc{}, "updates": []doc{{"action": "set-properties",
		"updates": doc{"a": "b"}}}}
}

func icebergDoors() []rankDoor {
	sending := func(body doc) func(*call) { return func(c *call) { c.body = body } }
	making := func(op string, body func(b *bench) doc, plain bool) func(*bench, person) call {
		return func(b *bench, _ person) call {
			return call{op: op, in: b.in(), ns: "mine", body: body(b), plain: plain}
		}
	}
	large := doc{"properties": doc{"noise": noise()}}
	all := []rankDoor{
		{"iceberg.getConfig", "", "rwmas", none, func(b *bench, _ person) call {
			return call{op: "iceberg.getConfig", query: "warehouse=" + url.QueryEscape(b.in())}
		}},
		{"iceberg.createTable", "", "w", now, making("iceberg.createTable",
			func(b *bench) doc { return create(b.fresh("t"), nil) }, false)},
		{"iceberg.createTable", "without credentials", "wmas", now, making("iceberg.createTable",
			func(b *bench) doc { return create(b.fresh("t"), nil) }, true)},
		{"iceberg.createTable", "staged", "w", now, making("iceberg.createTable",
			func(b *bench) doc { return create(b.fresh("t"), doc{"stage-create": true}) }, false)},
		{"iceberg.registerTable", "", "wmas", now, func(b *bench, _ person) call {
			gone := b.table(nil)
			at := b.load(gone).text("metadata-location")
			b.must(204, b.people['w'], call{op: "iceberg.dropTable", in: b.in(), ns: "mine", table: gone})
			return call{op: "iceberg.registerTable", in: b.in(), ns: "mine", plain: true,
				body: doc{"name": b.fresh("t"), "metadata-location": at}}
		}},
		{"iceberg.loadTable", "", "rw", now, inMine("iceberg.loadTable", nil, nil)},
		{"iceberg.loadTable", "without credentials", "rwmas", later, inMine("iceberg.loadTable", nil,
			plainly)},
		{"iceberg.loadTable", "from its file", "rwmas", now, inMine("iceberg.loadTable", large, plainly)},
		{"iceberg.loadCredentials", "", "rw", now, inMine("iceberg.loadCredentials", nil, nil)},
		{"iceberg.tableExists", "", "rwmas", none, inMine("iceberg.tableExists", nil, nil)},
		{"iceberg.updateTable", "", "wmas", now, inMine("iceberg.updateTable", nil, sending(setProperty()))},
		{"iceberg.dropTable", "", "wmas", later, inMine("iceberg.dropTable", nil, nil)},
		{"iceberg.dropTable", "with purge", "w", later, inMine("iceberg.dropTable", nil,
			func(c *call) { c.query = "purgeRequested=true" })},
		{"iceberg.unregisterTable", "", "wmas", later, inMine("iceberg.unregisterTable", nil, plainly)},
		{"iceberg.reportMetrics", "", "rw", none, inMine("iceberg.reportMetrics", nil,
			sending(doc{"report-type": "scan-report", "table-name": "t", "snapshot-id": 1, "filter": true,
				"schema-id":           0,
				"projected-field-ids": []int{}, "projected-field-names": []string{}, "metrics": doc{}}))},
		{"iceberg.signRequest", "", "rw", now, func(b *bench, _ person) call {
			name := b.table(nil)
			return b.signing(name, "GET", folderOf(b.load(name).text("metadata", "location")), "data/1")
		}},
		{"iceberg.renameTable", "", "wmas", none, func(b *bench, _ person) call {
			return call{op: "iceberg.renameTable", in: b.in(),
				body: doc{"source": doc{"namespace": []string{"mine"}, "name": b.table(nil)},
					"destination": doc{"namespace": []string{"mine"}, "name": b.fresh("t")}}}
		}},
		{"iceberg.commitTransaction", "", "wmas", now, func(b *bench, _ person) call {
			change := setProperty()
			change["identifier"] = doc{"namespace": []string{"mine"}, "name": b.table(nil)}
			return call{op: "iceberg.commitTransaction", in: b.in(),
				body: doc{"table-changes": []doc{change}}}
		}},
	}
	return append(all, append(namespaceDoors(), rankViewDoors()...)...)
}

func namespaceDoors() []rankDoor {
	on := func(op string, body any) func(*bench, person) call {
		return func(b *bench, _ person) call {
			return call{op: op, in: b.in(), ns: b.namespace(),
				body: body}
		}
	}
	return []rankDoor{
		{"iceberg.listNamespaces", "", "wmas", none, func(b *bench,
			_ person) call {
			return call{op: "iceberg.listNamespaces", in: b.in()}
		}},
		{"iceberg.createNamespace", "", "wmas", none, func(b *bench, _ person) call {
			return call{op: "iceberg.createNamespace", in: b.in(),
				body: doc{"namespace": []string{b.fresh("n")}}}
		}},
		{"iceberg.loadNamespaceMetadata", "", "wmas", none, on("iceberg.loadNamespaceMetadata", nil)},
		{"iceberg.namespaceExists", "", "wmas", none, on("iceberg.namespaceExists", nil)},
		{"iceberg.dropNamespace", "", "wmas", none, on("iceberg.dropNamespace", nil)},
		{"iceberg.updateProperties", "", "wmas", none, on("iceberg.updateProperties",
			doc{"updates": doc{"a": "b"}})},
		{"iceberg.listTables", "", "rwmas", none, on("iceberg.listTables", nil)},
		{"iceberg.listViews", "", "wmas", none, on("iceberg.listViews", nil)},
		{"iceberg.listFunctions", "", "wmas", none, on("iceberg.listFunctions", nil)},
	}
}

func rankViewDoors() []rankDoor {
	on := func(op string, body any) func(*bench, person) call {
		return func(b *bench, _ person) call {
			return call{op: op, in: b.in(), ns: "mine", vars: vars{"view": b.view()}, body: body}
		}
	}
	return []rankDoor{
		{"iceberg.createView", "", "wmas", now, func(b *bench, _ person) call {
			return call{op: "iceberg.createView", in: b.in(), ns: "mine", body: view(b.fresh("v"), nil)}
		}},
		{"iceberg.registerView", "", "wmas", now, func(b *bench, _ person) call {
			gone := vars{"view": b.view()}
			at := b.must(200, b.people['w'], call{op: "iceberg.loadView", in: b.in(), ns: "mine",
				vars: gone}).text("metadata-location")
			b.must(204, b.people['w'], call{op: "iceberg.dropView", in: b.in(), ns: "mine", vars: gone})
			return call{op: "iceberg.registerView", in: b.in(), ns: "mine", body: doc{"name": b.fresh("v"),
				"metadata-location": at}}
		}},
		{"iceberg.loadView", "", "wmas", later, on("iceberg.loadView", nil)},
		{"iceberg.viewExists", "", "wmas", none, on("iceberg.viewExists", nil)},
		{"iceberg.replaceView", "", "wmas", now, on("iceberg.replaceView", setProperty())},
		{"iceberg.dropView", "", "wmas", later, on("iceberg.dropView", nil)},
		{"iceberg.renameView", "", "wmas", none, func(b *bench, _ person) call {
			return call{op: "iceberg.renameView", in: b.in(),
				body: doc{"source": doc{"namespace": []string{"mine"}, "name": b.view()},
					"destination": doc{"namespace": []string{"mine"}, "name": b.fresh("v")}}}
		}},
		{"iceberg.loadFunction", "", "", none, func(b *bench, _ person) call {
			return call{op: "iceberg.loadFunction", in: b.in(), ns: "mine", vars: vars{"function": "f"}}
		}},
	}
}

// shareDoors are those of the other protocols.
var shareDoors = []rankDoor{
	{"sharing.generateTemporaryTableCredential", "", "t", now, func(b *bench, _ person) call {
		name := b.table(nil)
		b.must(201, b.root, call{op: "management.addTableToShare", vars: vars{"shareName": b.in()},
			body: sharedTable(b, name)})
		return temporary(b.in(), "d", name, nil)
	}},
	{"gravitino.getCredentials", "", "rw", now, func(b *bench, _ person) call {
		return call{op: "gravitino.getCredentials", vars: vars{"metalake": "POLARIS",
			"metadataObjectType": "table", "metadataObjectFullName": b.in() + ".mine." + b.table(nil)}}
	}},
	{"oauth.getToken", "by a token", "rwmas", none, func(b *bench, who person) call {
		return call{op: "oauth.getToken",
			form: url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"},
				"scope":              {"PRINCIPAL_ROLE:ALL"},
				"subject_token":      {who.bearer},
				"subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}}}
	}},
	{"oauth.getToken", "by a wrong secret", "", none, func(b *bench, who person) call {
		return call{op: "oauth.getToken", form: url.Values{"grant_type": {"client_credentials"},
			"scope": {"PRINCIPAL_ROLE:ALL"}, "client_id": {"root"}, "client_secret": {who.bearer + "x"}}}
	}},
	{"oauth.getKeys", "", everybody, none, func(*bench, person) call { return call{op: "oauth.getKeys"} }},
	{"operations.health", "", everybody, none, func(*bench,
		person) call {
		return call{op: "operations.health"}
	}},
}

// everybody may use the doors that say nothing of a realm.
const everybody = "nbtoprwmas"

// sharedTable is the body that adds a table to a share.
func sharedTable(b *bench, name string) doc {
	return doc{"table": doc{"schema": "d", "name": name, "catalogName": b.in(), "namespace": []string{"mine"},
		"tableName": name}}
}

// signing is a call that has a request for an object in a folder signed.
func (b *bench) signing(table, method string, folder object, key string) call {
	at := "https://s3.eu-west-1.amazonaws.com/" + folder.bucket + "/" + folder.key + key
	if endpoint, ok := b.storage["endpoint"].(string); ok {
		at = endpoint + "/" + folder.bucket + "/" + folder.key + key
	}
	return call{op: "iceberg.signRequest", in: b.in(), ns: "mine", table: table, plain: true,
		body: doc{"region": "eu-west-1", "uri": at, "method": method,
			"headers": map[string][]string{"x-amz-content-sha256": {"UNSIGNED-PAYLOAD"}}, "provider": "s3"}}
}
