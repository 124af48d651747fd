package attack

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
)

var stagedStories = []story{
	{"another principal's staged table", []string{"iceberg.createTable", "iceberg.loadCredentials", "iceberg.updateTable"}, func(x *attack) {
		eve := x.accomplice("eve")
		made := x.must(200, eve, call{op: "iceberg.createTable", in: "lake", ns: "mine", body: create("staged", doc{"stage-create": true})})
		uuid, at := made.text("metadata", "table-uuid"), made.text("metadata", "location")
		x.tap.take()
		x.refused(x.send(x.mallory, call{op: "iceberg.loadCredentials", in: "lake", ns: "mine", table: "staged", query: "staged=" + uuid}))
		x.refused(x.send(x.mallory, call{op: "iceberg.loadCredentials", in: "lake", ns: "mine", table: "staged"}))
		x.refused(x.send(x.mallory, call{op: "iceberg.loadTable", in: "lake", ns: "mine", table: "staged"}))
		for _, field := range []string{at, at + "/data", at + "/"} {
			x.refused(x.send(x.mallory, call{op: "iceberg.updateTable", in: "lake", ns: "mine", table: "staged", body: firstCommit(uuid, field)}))
			x.refused(x.send(x.mallory, call{op: "iceberg.createTable", in: "lake", ns: "mine", body: create("mine", doc{"location": field})}))
			x.refused(x.send(x.mallory, call{op: "iceberg.createTable", in: "lake", ns: "mine", body: create("staged", doc{"location": field, "stage-create": true})}))
		}
		x.open(x.send(eve, call{op: "iceberg.loadCredentials", in: "lake", ns: "mine", table: "staged", query: "staged=" + uuid}).must(x.t, 200), at)
	}},
	{"a staged table's name for another", []string{"iceberg.loadCredentials"}, func(x *attack) {
		made := x.must(200, x.mallory, call{op: "iceberg.createTable", in: "lake", ns: "mine", body: create("staged", doc{"stage-create": true})})
		uuid := made.text("metadata", "table-uuid")
		x.tap.take()
		for _, staged := range []string{"*", "..", "%00", strings.ToUpper(uuid), "{" + uuid + "}", "urn:uuid:" + uuid, uuid + "0", uuid[:35], strings.ReplaceAll(uuid, "-", ""), "' or '1'='1", uuid + "\x1f", strings.Repeat("a", 3000)} {
			x.refused(x.send(x.mallory, call{op: "iceberg.loadCredentials", in: "lake", ns: "mine", table: "staged", query: "staged=" + url.QueryEscape(staged)}))
		}
		for _, other := range []call{{in: "lake", ns: "theirs", table: "t"}, {in: "lake", ns: "mine", table: "t"}, {in: "lake", ns: "mine", table: "staged2"}, {in: "loose", ns: "mine", table: "staged"}, {in: "vault", ns: "theirs", table: "t"}} {
			other.op, other.query = "iceberg.loadCredentials", "staged="+uuid
			x.refused(x.send(x.mallory, other))
		}
	}},
	{"tables that overlap", []string{"iceberg.createTable", "iceberg.registerTable", "iceberg.updateTable"}, func(x *attack) {
		for _, s := range x.sites() {
			at, _ := x.table(x.mallory, s.catalog, "first", doc{"location": s.mine() + "/a/b"})
			x.table(x.mallory, s.catalog, "other", doc{"location": s.mine() + "/z"})
			for _, over := range []string{at, at + "/", at + "/c", at + "/data", s.mine() + "/a", s.mine(), x.alias(at), x.alias(at) + "/x"} {
				for _, field := range append([]string{"location"}, pathProperties...) {
					for _, staged := range []bool{false, true} {
						x.refused(createDoor(staged, field).knock(x, s, over))
					}
					x.refused(firstCommitDoor(alone, field).knock(x, s, over))
					x.refused(firstCommitDoor(together, field).knock(x, s, over))
					x.refused(forgeDoor(field, false).knock(x, s, over))
					x.refused(x.send(x.mallory, call{op: "iceberg.updateTable", in: s.catalog, ns: "mine", table: "other", body: doc{"updates": updateOf(field)(over)}}))
				}
			}
		}
	}},
	{"a race for folders that overlap", []string{"iceberg.createTable"}, func(x *attack) {
		for round := range 6 {
			root := fmt.Sprintf("%s/race%d", x.sites()[1].mine(), round)
			places := []string{root, root + "/a", root + "/a/b", root + "/a", root + "/c", x.alias(root) + "/c", root + "/a/b/c", root + "/c/d"}
			answers := make([]answer, len(places))
			var all sync.WaitGroup
			for i, at := range places {
				all.Go(func() {
					answers[i] = x.world.send(x.mallory, call{op: "iceberg.createTable", in: "loose", ns: "mine", body: create(fmt.Sprintf("r%d-%d", round, i), doc{"location": at, "stage-create": i%2 == 1})})
				})
			}
			all.Wait()
			x.disjoint(answers)
		}
	}},
}

// disjoint holds the keys of several answers to folders that do not overlap, and to not opening each other's.
func (x *attack) disjoint(answers []answer) {
	x.t.Helper()
	var won []answer
	for _, a := range answers {
		if a.code != 200 && (a.code < 400 || a.code > 499) {
			x.t.Errorf("got %d %s, want success or a refusal", a.code, a.body)
		}
		if len(a.keys) > 0 {
			won = append(won, a)
		}
	}
	if len(won) == 0 {
		x.t.Error("nobody won")
	}
	for i, a := range won {
		x.open(a, a.text("metadata", "location"))
		for j, b := range won {
			if i != j {
				x.denied(a.keys[0], a.text("metadata", "location"), b.text("metadata", "location"))
			}
		}
	}
}
