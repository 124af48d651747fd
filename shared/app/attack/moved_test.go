package attack

import "strings"

// unshut makes a catalog that allows two folders, and gives what tightens it to the first.
func (x *attack) unshut() (site, func()) {
	x.t.Helper()
	s := site{"shrinks", x.fresh() + "/a"}
	x.catalog(s.catalog, s.base, map[string]string{"polaris.config.allow.unstructured.table.location": "true", "polaris.config.drop-with-purge.enabled": "true"})
	set := func(allowed ...string) {
		now := x.must(200, x.root, call{op: "management.getCatalog", vars: vars{"catalogName": s.catalog}})
		storage := doc{}
		for k, v := range x.config {
			storage[k] = v
		}
		storage["allowedLocations"] = allowed
		x.must(200, x.root, call{op: "management.updateCatalog", vars: vars{"catalogName": s.catalog}, body: doc{"currentEntityVersion": now.number("entityVersion"),
			"properties": doc{"default-base-location": s.base, "polaris.config.allow.unstructured.table.location": "true", "polaris.config.drop-with-purge.enabled": "true"}, "storageConfigInfo": storage}})
		x.tap.take()
	}
	set(s.base, x.fresh()+"/b")
	x.must(200, x.root, call{op: "iceberg.createNamespace", in: s.catalog, body: doc{"namespace": []string{"mine"}}})
	x.entitle(x.mallory, s.catalog, "mine", "NAMESPACE_FULL_METADATA", "TABLE_FULL_METADATA", "TABLE_WRITE_DATA")
	return s, func() { set(s.base) }
}

var movedStories = []story{
	{"a catalog that was tightened", []string{"management.updateCatalog", "iceberg.loadTable", "iceberg.loadCredentials", "iceberg.updateTable", "iceberg.registerTable", "iceberg.createTable", "iceberg.dropTable"}, func(x *attack) {
		s, shut := x.unshut()
		outside := x.fresh() + "/b/t"
		x.table(x.mallory, s.catalog, "placed", doc{"location": outside})
		tables := []string{"placed"}
		if !x.folders { // where a key opens one folder there is no such table
			x.table(x.mallory, s.catalog, "pathed", doc{"properties": doc{"write.data.path": outside + "2"}})
			tables = append(tables, "pathed")
		}
		staged := x.must(200, x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create("staged", doc{"location": outside + "3", "stage-create": true})})
		shut()
		for _, name := range tables {
			x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: s.catalog, ns: "mine", table: name}))
			x.refused(x.send(x.mallory, call{op: "iceberg.loadCredentials", in: s.catalog, ns: "mine", table: name}))
			x.refused(x.send(x.mallory, call{op: "iceberg.updateTable", in: s.catalog, ns: "mine", table: name, body: doc{"updates": []doc{{"action": "set-properties", "updates": doc{"a": "b"}}}}}))
			x.refused(x.send(x.mallory, call{op: "iceberg.dropTable", in: s.catalog, ns: "mine", table: name, query: "purgeRequested=true"}))
		}
		x.refused(x.send(x.mallory, call{op: "iceberg.loadCredentials", in: s.catalog, ns: "mine", table: "staged", query: "staged=" + staged.text("metadata", "table-uuid")}))
		x.refused(x.send(x.mallory, call{op: "iceberg.updateTable", in: s.catalog, ns: "mine", table: "staged", body: firstCommit(staged.text("metadata", "table-uuid"), outside+"3")}))
		for _, staging := range []bool{false, true} {
			for _, field := range append([]string{"location"}, pathProperties...) {
				x.refused(createDoor(staging, field).knock(x, s, outside+"4"))
			}
		}
		x.refused(x.send(x.mallory, call{op: "iceberg.registerTable", in: s.catalog, ns: "mine", body: doc{"name": "evil", "metadata-location": outside + "/metadata/v1.metadata.json"}}))
	}},
	{"a table that moved", []string{"iceberg.updateTable", "iceberg.loadTable"}, func(x *attack) {
		s := x.sites()[1]
		was, _ := x.table(x.mallory, s.catalog, "moves", nil)
		to := s.mine() + "/moved"
		x.must(200, x.mallory, call{op: "iceberg.updateTable", in: s.catalog, ns: "mine", table: "moves", body: doc{"updates": updateOf("location")(to)}})
		for _, op := range []string{"iceberg.loadTable", "iceberg.loadCredentials"} {
			a := x.send(x.mallory, call{op: op, in: s.catalog, ns: "mine", table: "moves"}).must(x.t, 200)
			x.open(a, to)
			x.denied(a.keys[0], to, was)
		}
		// What it was in is not free for others yet: keys to it may be out.
		eve := x.accomplice("eve")
		if a := x.send(eve, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create("squatter", doc{"location": was})}); a.code/100 == 2 {
			x.open(a, was)
			x.denied(a.keys[0], was, to)
		}
	}},
	{"a name that was used again", []string{"iceberg.dropTable", "iceberg.createTable", "iceberg.loadCredentials"}, func(x *attack) {
		s := x.sites()[1]
		at, old := x.table(x.mallory, s.catalog, "again", nil)
		staged := x.must(200, x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create("again2", doc{"stage-create": true})})
		x.must(204, x.root, call{op: "iceberg.dropTable", in: s.catalog, ns: "mine", table: "again"})
		if x.ends && !x.dead(old, at) {
			x.t.Error("the key of a dropped table is alive")
		}
		eve := x.accomplice("eve")
		x.table(eve, s.catalog, "again", nil)
		if x.ends && !x.dead(old, at) {
			x.t.Error("the key of a dropped table opens the next one's folder")
		}
		x.must(200, eve, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create("again2", doc{"location": s.mine() + "/elsewhere"})})
		// The uuid that was staged is good for the folder that was staged, and no other.
		a := x.send(x.mallory, call{op: "iceberg.loadCredentials", in: s.catalog, ns: "mine", table: "again2", query: "staged=" + staged.text("metadata", "table-uuid")})
		if a.code == 200 {
			x.open(a, staged.text("metadata", "location"))
			x.denied(a.keys[0], staged.text("metadata", "location"), s.mine()+"/elsewhere")
		} else {
			x.refused(a)
		}
	}},
	{"a principal of a dropped one's name", []string{"management.deletePrincipal", "iceberg.loadTable"}, func(x *attack) {
		at, k := x.table(x.mallory, "lake", "kept", nil)
		x.must(204, x.root, call{op: "management.deletePrincipal", vars: vars{"principalName": "mallory"}})
		x.must(201, x.root, call{op: "management.createPrincipal", body: doc{"principal": doc{"name": "mallory"}}})
		x.must(201, x.root, call{op: "management.assignPrincipalRole", vars: vars{"principalName": "mallory"}, body: doc{"principalRole": doc{"name": "mallory"}}})
		x.tap.take()
		x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "kept"}))
		if x.ends && !x.dead(k, at) {
			x.t.Error("the key of a dropped principal is alive")
		}
	}},
	{"a table that was renamed away", []string{"iceberg.renameTable", "iceberg.loadTable", "iceberg.createNamespace", "iceberg.createTable"}, func(x *attack) {
		for _, s := range x.sites() {
			x.must(200, x.mallory, call{op: "iceberg.createNamespace", in: s.catalog, body: doc{"namespace": []string{"mine", "sub"}}})
			made := x.must(200, x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine.sub", body: create("r", nil)})
			at := made.text("metadata", "location")
			x.tap.take()
			x.refused(x.send(x.mallory, call{op: "iceberg.renameTable", in: s.catalog, body: doc{"source": doc{"namespace": []string{"mine", "sub"}, "name": "r"}, "destination": doc{"namespace": []string{"theirs"}, "name": "r"}}}))
			x.refused(x.send(x.mallory, call{op: "iceberg.renameTable", in: s.catalog, body: doc{"source": doc{"namespace": []string{"theirs"}, "name": "t"}, "destination": doc{"namespace": []string{"mine"}, "name": "r"}}}))
			x.must(204, x.root, call{op: "iceberg.renameTable", in: s.catalog, body: doc{"source": doc{"namespace": []string{"mine", "sub"}, "name": "r"}, "destination": doc{"namespace": []string{"theirs"}, "name": "r"}}})
			x.must(204, x.mallory, call{op: "iceberg.dropNamespace", in: s.catalog, ns: "mine.sub"})
			x.must(200, x.mallory, call{op: "iceberg.createNamespace", in: s.catalog, body: doc{"namespace": []string{"mine", "sub"}}})
			x.tap.take()
			x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: s.catalog, ns: "theirs", table: "r"}))
			x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: s.catalog, ns: "mine.sub", table: "r"}))
			for _, over := range []string{at, at + "/x", strings.TrimSuffix(at[:strings.LastIndex(at, "/")], "/")} {
				x.refused(x.send(x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine.sub", body: create("evil", doc{"location": over})}))
			}
			leaf := at[strings.LastIndex(at, "/")+1:]
			x.refused(x.send(x.mallory, call{op: "iceberg.createNamespace", in: s.catalog, body: doc{"namespace": []string{"mine", "sub", leaf}, "properties": doc{"location": at}}}))
			a := x.send(x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine.sub", body: create("r", nil)})
			if a.code == 200 { // in a folder with a leaf of its own
				x.open(a, a.text("metadata", "location"))
				x.denied(a.keys[0], a.text("metadata", "location"), at)
			} else {
				x.refused(a)
			}
		}
	}},
}
