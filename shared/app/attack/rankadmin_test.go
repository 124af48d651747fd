package attack

import "encoding/json"

// managementDoors are the operations of the management API.
func managementDoors() []rankDoor {
	return append(append(catalogDoors(), principalDoors()...), append(roleDoors(), recipientDoors()...)...)
}

// known returns a catalog's properties, storage and version as they are.
func (b *bench) known() (properties, storage doc, version int) {
	b.t.Helper()
	a := b.must(200, b.root, call{op: "management.getCatalog", vars: vars{"catalogName": b.in()}})
	var told struct {
		Properties doc `json:"properties"`
		Storage    doc `json:"storageConfigInfo"`
		Version    int `json:"entityVersion"`
	}
	must(b.t, json.Unmarshal(a.body, &told))
	return told.Properties, told.Storage, told.Version
}

func catalogDoors() []rankDoor {
	in := func(b *bench) vars { return vars{"catalogName": b.in()} }
	other := func(b *bench) kind {
		k := b.kind
		k.base += b.fresh("-")
		return k
	}
	return []rankDoor{
		{"management.listCatalogs", "", "s", none, func(*bench,
			person) call {
			return call{op: "management.listCatalogs"}
		}},
		{"management.createCatalog", "", "s", now, func(b *bench, _ person) call {
			return call{op: "management.createCatalog", body: other(b).body(b.fresh("c"))}
		}},
		{"management.getCatalog", "", "wmas", none, func(b *bench,
			_ person) call {
			return call{op: "management.getCatalog", vars: in(b)}
		}},
		{"management.updateCatalog", "", "wmas", now, func(b *bench, _ person) call {
			properties, _, version := b.known()
			properties[b.fresh("owner")] = "team"
			return call{op: "management.updateCatalog", vars: in(b),
				body: doc{"currentEntityVersion": version, "properties": properties}}
		}},
		{"management.updateCatalog", "as it is shown", "wmas", now, func(b *bench, _ person) call {
			properties, storage, version := b.known()
			properties[b.fresh("owner")] = "team"
			return call{op: "management.updateCatalog", vars: in(b),
				body: doc{"currentEntityVersion": version, "properties": properties,
					"storageConfigInfo": storage}}
		}},
		{"management.probeCatalog", "", "wmas", now, func(b *bench,
			_ person) call {
			return call{op: "management.probeCatalog", vars: in(b)}
		}},
		{"management.deleteCatalog", "", "s", later, func(b *bench, _ person) call {
			name := b.fresh("c")
			b.must(201, b.root, call{op: "management.createCatalog", body: other(b).body(name)})
			return call{op: "management.deleteCatalog", vars: vars{"catalogName": name}}
		}},
	}
}

func principalDoors() []rankDoor {
	about := func(op string, body any) func(*bench, person) call {
		return func(b *bench, _ person) call {
			return call{op: op, vars: vars{"principalName": b.somebody()}, body: body}
		}
	}
	return []rankDoor{
		{"management.listPrincipals", "", "s", none, func(*bench,
			person) call {
			return call{op: "management.listPrincipals"}
		}},
		{"management.createPrincipal", "", "s", none, func(b *bench, _ person) call {
			return call{op: "management.createPrincipal", body: doc{"principal": doc{"name": b.fresh("p")}}}
		}},
		{"management.getPrincipal", "", "s", none, about("management.getPrincipal", nil)},
		{"management.updatePrincipal", "", "s", none, about("management.updatePrincipal",
			doc{"currentEntityVersion": 1, "properties": doc{"a": "b"}})},
		{"management.deletePrincipal", "", "s", none, about("management.deletePrincipal", nil)},
		{"management.rotateCredentials", "of another", "", none, about("management.rotateCredentials", nil)},
		{"management.rotateCredentials", "of root", "", none, func(b *bench, who person) call {
			return call{op: "management.rotateCredentials",
				vars: vars{"principalName": map[bool]string{true: b.people['w'].name,
					false: "root"}[who == b.root]}}
		}},
		{"management.resetCredentials", "", "s", none, about("management.resetCredentials", doc{})},
		{"management.resetCredentials", "of root", "", none, func(b *bench, who person) call {
			if who == b.root { // its own it may
				return call{op: "management.resetCredentials",
					vars: vars{"principalName": "nobody-of-this-name"}, body: doc{}}
			}
			return call{op: "management.resetCredentials", vars: vars{"principalName": "root"}, body: doc{}}
		}},
		{"management.listPrincipalRolesAssigned", "", "s", none,
			about("management.listPrincipalRolesAssigned", nil)},
		{"management.assignPrincipalRole", "", "s", none, about("management.assignPrincipalRole",
			doc{"principalRole": doc{"name": "mallory"}})},
		{"management.assignPrincipalRole", "of service administrators to oneself", "", none, func(b *bench,
			who person) call {
			if who == b.root {
				return call{op: "management.assignPrincipalRole", vars: vars{"principalName": "root"},
					body: doc{"principalRole": doc{"name": "no-role-of-this-name"}}}
			}
			name := who.name
			if name == "" {
				name = b.people['w'].name
			}
			return call{op: "management.assignPrincipalRole", vars: vars{"principalName": name},
				body: doc{"principalRole": doc{"name": "service_admin"}}}
		}},
		{"management.revokePrincipalRole", "", "s", none, func(b *bench, _ person) call {
			name := b.somebody()
			b.must(201, b.root, call{op: "management.assignPrincipalRole", vars: vars{"principalName": name},
				body: doc{"principalRole": doc{"name": name}}})
			return call{op: "management.revokePrincipalRole", vars: vars{"principalName": name,
				"principalRoleName": name}}
		}},
		{"management.listRevocations", "", "s", none, func(*bench,
			person) call {
			return call{op: "management.listRevocations"}
		}},
		{"management.revokeKeys", "of a principal", "s", none, func(b *bench, _ person) call {
			return call{op: "management.revokeKeys", body: doc{"principal": b.somebody()}}
		}},
		{"management.revokeKeys", "of a table", "as", none, func(b *bench, _ person) call {
			return call{op: "management.revokeKeys", body: doc{"catalog": b.in(),
				"namespace": []string{"mine"}, "table": b.table(nil)}}
		}},
		{"management.liftRevocation", "", "s!", none, func(b *bench, _ person) call {
			made := b.must(201, b.root, call{op: "management.revokeKeys",
				body: doc{"principal": b.somebody()}})
			return call{op: "management.liftRevocation", vars: vars{"revocationId": made.text("id")}}
		}},
	}
}

func roleDoors() []rankDoor {
	ofPrincipals := func(op string, body any) func(*bench, person) call {
		return func(b *bench, _ person) call {
			return call{op: op, vars: vars{"principalRoleName": b.somebody(), "catalogName": b.in()},
				body: body}
		}
	}
	ofCatalog := func(op string, body any) func(*bench, person) call {
		return func(b *bench, _ person) call {
			return call{op: op, vars: vars{"catalogName": b.in(), "catalogRoleName": b.role()}, body: body}
		}
	}
	grant := doc{"grant": doc{"type": "catalog", "privilege": "TABLE_WRITE_DATA"}}
	return []rankDoor{
		{"management.listPrincipalRoles", "", "s", none, func(*bench,
			person) call {
			return call{op: "management.listPrincipalRoles"}
		}},
		{"management.createPrincipalRole", "", "s", none, func(b *bench, _ person) call {
			return call{op: "management.createPrincipalRole",
				body: doc{"principalRole": doc{"name": b.fresh("p")}}}
		}},
		{"management.getPrincipalRole", "", "s", none, ofPrincipals("management.getPrincipalRole", nil)},
		{"management.updatePrincipalRole", "", "s", none, ofPrincipals("management.updatePrincipalRole",
			doc{"currentEntityVersion": 1, "properties": doc{"a": "b"}})},
		{"management.deletePrincipalRole", "", "s", none, ofPrincipals("management.deletePrincipalRole",
			nil)},
		{"management.listAssigneePrincipalsForPrincipalRole", "", "s", none,
			ofPrincipals("management.listAssigneePrincipalsForPrincipalRole", nil)},
		{"management.listCatalogRolesForPrincipalRole", "", "s", none,
			ofPrincipals("management.listCatalogRolesForPrincipalRole", nil)},
		{"management.assignCatalogRoleToPrincipalRole", "", "as", none,
			ofPrincipals("management.assignCatalogRoleToPrincipalRole",
				doc{"catalogRole": doc{"name": "catalog_admin"}})},
		{"management.revokeCatalogRoleFromPrincipalRole", "", "as", none, func(b *bench, _ person) call {
			at := vars{"principalRoleName": b.somebody(), "catalogName": b.in(), "catalogRoleName": b.role()}
			b.must(201, b.root, call{op: "management.assignCatalogRoleToPrincipalRole", vars: at,
				body: doc{"catalogRole": doc{"name": at["catalogRoleName"]}}})
			return call{op: "management.revokeCatalogRoleFromPrincipalRole", vars: at}
		}},
		{"management.listCatalogRoles", "", "as", none, ofCatalog("management.listCatalogRoles", nil)},
		{"management.createCatalogRole", "", "as", none, func(b *bench, _ person) call {
			return call{op: "management.createCatalogRole", vars: vars{"catalogName": b.in()},
				body: doc{"catalogRole": doc{"name": b.fresh("r")}}}
		}},
		{"management.getCatalogRole", "", "as", none, ofCatalog("management.getCatalogRole", nil)},
		{"management.updateCatalogRole", "", "as", none, ofCatalog("management.updateCatalogRole",
			doc{"currentEntityVersion": 1, "properties": doc{"a": "b"}})},
		{"management.deleteCatalogRole", "", "as", none, ofCatalog("management.deleteCatalogRole", nil)},
		{"management.listAssigneePrincipalRolesForCatalogRole", "", "as", none,
			ofCatalog("management.listAssigneePrincipalRolesForCatalogRole", nil)},
		{"management.listGrantsForCatalogRole", "", "as", none,
			ofCatalog("management.listGrantsForCatalogRole", nil)},
		{"management.addGrantToCatalogRole", "", "as", none, ofCatalog("management.addGrantToCatalogRole",
			grant)},
		{"management.revokeGrantFromCatalogRole", "", "as", none, func(b *bench, _ person) call {
			at := vars{"catalogName": b.in(), "catalogRoleName": b.role()}
			b.must(201, b.root, call{op: "management.addGrantToCatalogRole", vars: at, body: grant})
			return call{op: "management.revokeGrantFromCatalogRole", vars: at, body: grant}
		}},
	}
}

func recipientDoors() []rankDoor {
	share := func(b *bench) vars {
		name := b.fresh("s")
		b.must(201, b.root, call{op: "management.createShare", body: doc{"share": doc{"name": name}}})
		return vars{"shareName": name}
	}
	recipient := func(b *bench) vars {
		name := b.somebody()
		b.must(201, b.root, call{op: "management.createRecipient", body: doc{"recipient": doc{"name": name}}})
		return vars{"recipientName": name}
	}
	ofShare := func(op string) func(*bench, person) call {
		return func(b *bench, _ person) call { return call{op: op, vars: share(b)} }
	}
	of := func(op string, body any) func(*bench, person) call {
		return func(b *bench, _ person) call { return call{op: op, vars: recipient(b), body: body} }
	}
	return []rankDoor{
		{"management.listShares", "", "s", none, func(*bench,
			person) call {
			return call{op: "management.listShares"}
		}},
		{"management.createShare", "", "s", none, func(b *bench, _ person) call {
			return call{op: "management.createShare", body: doc{"share": doc{"name": b.fresh("s")}}}
		}},
		{"management.getShare", "", "s", none, ofShare("management.getShare")},
		{"management.deleteShare", "", "s", none, ofShare("management.deleteShare")},
		{"management.listSharedTables", "", "s", none, ofShare("management.listSharedTables")},
		{"management.listRecipientsOfShare", "", "s", none, ofShare("management.listRecipientsOfShare")},
		{"management.addTableToShare", "", "s", none, func(b *bench, _ person) call {
			return call{op: "management.addTableToShare", vars: share(b), body: sharedTable(b, b.table(nil))}
		}},
		{"management.removeTableFromShare", "", "s", none, func(b *bench, _ person) call {
			at, name := share(b), b.table(nil)
			b.must(201, b.root, call{op: "management.addTableToShare", vars: at, body: sharedTable(b, name)})
			at["schemaName"], at["tableName"] = "d", name
			return call{op: "management.removeTableFromShare", vars: at}
		}},
		{"management.grantShare", "", "s", none, func(b *bench, _ person) call {
			return call{op: "management.grantShare", vars: share(b),
				body: doc{"recipient": doc{"name": recipient(b)["recipientName"]}}}
		}},
		{"management.revokeShare", "", "s", none, func(b *bench, _ person) call {
			at := share(b)
			at["recipientName"] = recipient(b)["recipientName"]
			b.must(201, b.root, call{op: "management.grantShare", vars: at,
				body: doc{"recipient": doc{"name": at["recipientName"]}}})
			return call{op: "management.revokeShare", vars: at}
		}},
		{"management.listRecipients", "", "s", none, func(*bench,
			person) call {
			return call{op: "management.listRecipients"}
		}},
		{"management.createRecipient", "", "s", none, func(b *bench, _ person) call {
			return call{op: "management.createRecipient", body: doc{"recipient": doc{"name": b.somebody()}}}
		}},
		{"management.getRecipient", "", "s", none, of("management.getRecipient", nil)},
		{"management.deleteRecipient", "", "s", none, of("management.deleteRecipient", nil)},
		{"management.issueRecipientToken", "", "s", none, of("management.issueRecipientToken", doc{})},
		{"management.revokeRecipientTokens", "", "s", none, of("management.revokeRecipientTokens", nil)},
	}
}
