package attack

import (
	"encoding/json"
	"strings"
)

// door takes a location from a client.
type door struct {
	name string
	ops  []string // of the route table, that it goes through
	file bool     // the location is a file's: no folder, and no key is ever for it
	whom string   // whose table, catalog or namespace: "new" where it makes one, "own" of the attacker, "catalog" of root
	// knock sends the location; the answer is the one that decides.
	knock func(x *attack, s site, location string) answer
	// undo takes back what a clean location made.
	undo func(x *attack, s site)
}

// pathProperties are the properties of a table that name folders.
var pathProperties = []string{"write.data.path", "write.metadata.path", "write.object-storage.path", "write.folder-storage.path"}

// locationDoors are all doors that take a location.
func locationDoors() []door {
	var all []door
	for _, staged := range []bool{false, true} {
		for _, field := range append([]string{"location"}, pathProperties...) {
			all = append(all, createDoor(staged, field))
		}
	}
	for _, by := range []way{alone, together} {
		all = append(all, commitDoors(by)...)
	}
	for _, field := range forgeries {
		all = append(all, forgeDoor(field, false), forgeDoor(field, true))
	}
	all = append(all,
		door{name: "register", ops: []string{"iceberg.registerTable"}, file: true, whom: "new", undo: drop("evil"),
			knock: func(x *attack, s site, at string) answer {
				return x.send(x.mallory, call{op: "iceberg.registerTable", in: s.catalog, ns: "mine", body: doc{"name": "evil", "metadata-location": at}})
			}})
	return append(all, containerDoors()...)
}

// commitDoors are those of a commit, to one table or of a transaction.
func commitDoors(by way) []door {
	var all []door
	for _, field := range append([]string{"location"}, pathProperties...) {
		if field != "location" || by.op == alone.op { // a transaction moves no table
			all = append(all, commitDoor(by, by.name+" "+field, false, updateOf(field)))
		}
		all = append(all, firstCommitDoor(by, field))
	}
	return append(all,
		commitDoor(by, by.name+" statistics", true, func(at string) []doc {
			return []doc{{"action": "set-statistics", "snapshot-id": 1, "statistics": doc{"snapshot-id": 1, "statistics-path": at, "file-size-in-bytes": 1, "file-footer-size-in-bytes": 1, "blob-metadata": []doc{}}}}
		}),
		commitDoor(by, by.name+" partition statistics", true, func(at string) []doc {
			return []doc{{"action": "set-partition-statistics", "partition-statistics": doc{"snapshot-id": 1, "statistics-path": at, "file-size-in-bytes": 1}}}
		}),
		commitDoor(by, by.name+" a snapshot", true, func(at string) []doc {
			return []doc{{"action": "add-snapshot", "snapshot": doc{"snapshot-id": 1, "sequence-number": 1, "timestamp-ms": 1_800_000_000_000, "manifest-list": at, "schema-id": 0, "summary": doc{"operation": "append"}}}}
		}))
}

// createDoor makes or stages a table at a location, or with a property that names one.
func createDoor(staged bool, field string) door {
	name := map[bool]string{false: "create ", true: "staged create "}[staged] + field
	d := door{name: name, ops: []string{"iceberg.createTable"}, whom: "new", undo: drop("evil")}
	if staged {
		d.undo = nil
	}
	d.knock = func(x *attack, s site, at string) answer {
		more := doc{"stage-create": staged}
		if field == "location" {
			more[field] = at
		} else {
			more["properties"] = doc{field: at}
		}
		return x.send(x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create("evil", more)})
	}
	return d
}

// updateOf sets one location by a commit.
func updateOf(field string) func(string) []doc {
	return func(at string) []doc {
		if field == "location" {
			return []doc{{"action": "set-location", "location": at}}
		}
		return []doc{{"action": "set-properties", "updates": doc{field: at}}}
	}
}

// way is how a commit is sent.
type way struct {
	name, op string
	send     func(x *attack, s site, table string, body doc) answer
}

var (
	alone = way{"commit", "iceberg.updateTable", func(x *attack, s site, table string, body doc) answer {
		return x.send(x.mallory, call{op: "iceberg.updateTable", in: s.catalog, ns: "mine", table: table, body: body})
	}}
	together = way{"commit together", "iceberg.commitTransaction", func(x *attack, s site, table string, body doc) answer {
		body["identifier"] = doc{"namespace": []string{"mine"}, "name": table}
		return x.send(x.mallory, call{op: "iceberg.commitTransaction", in: s.catalog, body: doc{"table-changes": []doc{body}}})
	}}
)

// commitDoor changes the attacker's table "own".
func commitDoor(by way, name string, file bool, updates func(at string) []doc) door {
	return door{name: name, ops: []string{by.op}, file: file, whom: "own", knock: func(x *attack, s site, at string) answer {
		return by.send(x, s, "own", doc{"requirements": []doc{}, "updates": updates(at)})
	}}
}

// firstCommitDoor makes a table by a commit that nothing was staged for.
func firstCommitDoor(by way, field string) door {
	return door{name: "first " + by.name + " " + field, ops: []string{by.op}, whom: "new", undo: drop("evil"), knock: func(x *attack, s site, at string) answer {
		place := s.mine() + "/evil"
		if field == "location" {
			place = at
		}
		body := firstCommit("3f2504e0-4f89-41d3-9a0c-0305e82c3301", place)
		if field != "location" {
			body["updates"] = append(body["updates"].([]doc), updateOf(field)(at)...)
		}
		return by.send(x, s, "evil", body)
	}}
}

// firstCommit is the body that makes a table of a staged one.
func firstCommit(uuid, location string) doc {
	return doc{"requirements": []doc{{"type": "assert-create"}}, "updates": []doc{
		{"action": "assign-uuid", "uuid": uuid}, {"action": "upgrade-format-version", "format-version": 2},
		{"action": "add-schema", "schema": schema, "last-column-id": 1}, {"action": "set-current-schema", "schema-id": -1},
		{"action": "add-spec", "spec": doc{"spec-id": 0, "fields": []doc{}}}, {"action": "set-default-spec", "spec-id": -1},
		{"action": "add-sort-order", "sort-order": doc{"order-id": 0, "fields": []doc{}}}, {"action": "set-default-sort-order", "sort-order-id": -1},
		{"action": "set-location", "location": location}}}
}

// forgeries are the fields of a metadata file that hold a location.
var forgeries = append([]string{"location", "manifest-list", "manifests", "statistics", "partition-statistics", "metadata-log"}, pathProperties...)

// forgeDoor registers a metadata file that the attacker wrote into a folder of her own, as a new table or over "own".
func forgeDoor(field string, over bool) door {
	file := field != "location" && !strings.HasPrefix(field, "write.")
	if over {
		return door{name: "register over another with " + field, ops: []string{"iceberg.registerTable"}, file: file, whom: "own", knock: func(x *attack, s site, at string) answer {
			return register(x, s, doc{"name": "own", "overwrite": true}, forged(s.mine()+"/forged", field, at))
		}}
	}
	return door{name: "register with " + field, ops: []string{"iceberg.registerTable"}, file: file, whom: "new", undo: drop("evil"), knock: func(x *attack, s site, at string) answer {
		return register(x, s, doc{"name": "evil"}, forged(s.mine()+"/forged", field, at))
	}}
}

// register writes a metadata file into a folder of the attacker's and registers it.
func register(x *attack, s site, body, file doc) answer {
	o := folderOf(s.mine() + "/forged/metadata")
	o.key += "00001-forged.metadata.json"
	text, err := json.Marshal(file)
	must(x.t, err)
	x.put(o.bucket, o.key, string(text))
	body["metadata-location"] = x.uri(o.String())
	return x.send(x.mallory, call{op: "iceberg.registerTable", in: s.catalog, ns: "mine", body: body})
}

// forged is a metadata document with one location in a field; with none if there is no field.
func forged(location, field, at string) doc {
	d := doc{"format-version": 2, "table-uuid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "location": location, "last-sequence-number": 1,
		"last-updated-ms": 1_790_000_000_000, "last-column-id": 1, "schemas": []doc{schema}, "current-schema-id": 0, "partition-specs": []doc{{"spec-id": 0, "fields": []doc{}}},
		"default-spec-id": 0, "last-partition-id": 999, "sort-orders": []doc{{"order-id": 0, "fields": []doc{}}}, "default-sort-order-id": 0, "properties": doc{}}
	snapshot := doc{"snapshot-id": 1, "sequence-number": 1, "timestamp-ms": 1_790_000_000_000, "schema-id": 0, "summary": doc{"operation": "append"}}
	switch field {
	case "location":
		d["location"] = at
	case "manifest-list", "manifests":
		snapshot[field] = map[string]any{"manifest-list": at, "manifests": []string{at}}[field]
		d["snapshots"] = []doc{snapshot}
	case "statistics":
		d[field] = []doc{{"snapshot-id": 1, "statistics-path": at, "file-size-in-bytes": 1, "file-footer-size-in-bytes": 1, "blob-metadata": []doc{}}}
	case "partition-statistics":
		d[field] = []doc{{"snapshot-id": 1, "statistics-path": at, "file-size-in-bytes": 1}}
	case "metadata-log":
		d[field] = []doc{{"timestamp-ms": 1_789_000_000_000, "metadata-file": at}}
	case "":
	default:
		d["properties"] = doc{field: at}
	}
	return d
}

// drop takes the attacker's table away.
func drop(name string) func(*attack, site) {
	return func(x *attack, s site) {
		x.must(204, x.mallory, call{op: "iceberg.dropTable", in: s.catalog, ns: "mine", table: name})
	}
}
