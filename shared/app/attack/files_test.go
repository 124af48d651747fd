package attack

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// noise does not compress: with it a metadata document is too large for the copy in the table, so that firn reads the file.
func noise() string {
	b := make([]byte, 48<<10)
	rand.Read(b)
	return hex.EncodeToString(b)
}

var fileStories = []story{
	{"a metadata file that was changed by hand", []string{"iceberg.loadTable", "iceberg.updateTable"}, func(x *attack) {
		for _, s := range x.sites() {
			for i, field := range append([]string{"location"}, pathProperties...) {
				name := "tampered" + string(rune('0'+i))
				at, k := x.table(x.mallory, s.catalog, name, doc{"properties": doc{"noise": noise()}})
				a := x.must(200, x.mallory, call{op: "iceberg.loadTable", in: s.catalog, ns: "mine", table: name})
				var was struct {
					At       string `json:"metadata-location"`
					Metadata doc    `json:"metadata"`
				}
				must(x.t, json.Unmarshal(a.body, &was))
				theirs := s.base + "/theirs/t"
				if field == "location" {
					was.Metadata[field] = theirs
				} else {
					was.Metadata["properties"].(map[string]any)[field] = theirs
				}
				text, err := json.Marshal(was.Metadata)
				must(x.t, err)
				o := folderOf(was.At)
				x.put(o.bucket, strings.TrimSuffix(o.key, "/"), string(text))
				x.restart()
				x.tap.take()
				x.refused(x.send(x.mallory, call{op: "iceberg.updateTable", in: s.catalog, ns: "mine", table: name, body: doc{"updates": []doc{{"action": "set-properties", "updates": doc{"a": "b"}}}}}))
				for _, op := range []string{"iceberg.loadTable", "iceberg.loadCredentials"} {
					if a := x.send(x.mallory, call{op: op, in: s.catalog, ns: "mine", table: name}); a.code == 200 {
						x.open(a, at)
					}
				}
				x.secret(k)
			}
		}
	}},
	{"a log with another table's files", []string{"iceberg.registerTable", "iceberg.updateTable", "iceberg.dropTable"}, func(x *attack) {
		s := x.sites()[1]
		victim := x.must(200, x.root, call{op: "iceberg.loadTable", in: s.catalog, ns: "theirs", table: "t", plain: true}).text("metadata-location")
		file := forged(s.mine()+"/forged", "metadata-log", victim)
		file["properties"] = doc{"write.metadata.delete-after-commit.enabled": "true", "write.metadata.previous-versions-max": "1"}
		register(x, s, doc{"name": "evil"}, file).must(x.t, 200)
		for range 3 {
			a := x.send(x.mallory, call{op: "iceberg.updateTable", in: s.catalog, ns: "mine", table: "evil", body: doc{"updates": []doc{{"action": "set-properties", "updates": doc{"a": noise()[:8]}}}}})
			a.must(x.t, 200)
		}
		x.must(200, x.root, call{op: "iceberg.loadTable", in: s.catalog, ns: "theirs", table: "t"})
		o := folderOf(victim)
		if o.key = strings.TrimSuffix(o.key, "/"); !x.has(o) {
			x.t.Error("a commit deleted another table's metadata file")
		}
	}},
	{"a purge", []string{"iceberg.dropTable"}, func(x *attack) {
		s, _ := x.unshut()
		neighbour, k := x.table(x.mallory, s.catalog, "t2", doc{"location": s.mine() + "/t2"})
		x.table(x.mallory, s.catalog, "t", doc{"location": s.mine() + "/t"})
		x.must(204, x.mallory, call{op: "iceberg.dropTable", in: s.catalog, ns: "mine", table: "t", query: "purgeRequested=true"})
		must(x.t, x.app.Tick(x.t.Context()))
		leaks, err := x.intrude(x.t, k, folderOf(neighbour))
		if err != nil || len(leaks) > 0 {
			x.t.Errorf("got %v and %v of the neighbour's key", leaks, err)
		}
		x.must(200, x.mallory, call{op: "iceberg.loadTable", in: s.catalog, ns: "mine", table: "t2"})
		for key := range x.list(x.lake) {
			if strings.HasPrefix(key, "fresh/a/mine/t/") {
				x.t.Errorf("%s was not purged", key)
			}
		}
		// What it held may be taken again, and the new key opens that alone.
		made := x.must(200, x.mallory, call{op: "iceberg.createTable", in: s.catalog, ns: "mine", body: create("t", doc{"location": s.mine() + "/t"})})
		x.open(made, s.mine()+"/t")
	}},
}
