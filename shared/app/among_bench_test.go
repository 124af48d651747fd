package app

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firn/shared/kv/counted"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// amongs are how many tables a namespace has.
var amongs = [...]int{10, 1_000, 100_000}

// crowd is a server whose namespace "n" has many tables, and the table "t" of its own.
type crowd struct {
	*server
	root  string
	calls *counted.Driver
	made  int
}

const among = "/api/catalog/v1/lake/namespaces/n/tables"

func newCrowd(b *testing.B, tables int) *crowd {
	b.Helper()
	w := &crowd{}
	w.server, w.root = lakeServer(b, func(c *Config) {
		w.calls = counted.New(c.Table)
		c.Table, c.UniqueLocations = w.calls, true
	})
	for i := range tables {
		w.enter(b, fmt.Sprintf("m%06d", i))
	}
	w.must(b, "POST", among, `{"name":"t","schema":{"type":"struct","fields":[]}}`)
	return w
}

// enter makes a table in the store alone: a hundred thousand metadata files would say nothing more.
func (w *crowd) enter(b *testing.B, name string) {
	b.Helper()
	s := w.Catalog.Store
	batch := s.Batch("POLARIS")
	c := batch.Catalog("lake")
	n := batch.Namespace(c, []string{"n"})
	guards := batch.Guards(n)
	if err := batch.Read(b.Context()); err != nil {
		b.Fatal(err)
	}
	at := "s3://lake/wh/n/" + name + "-0123456789abcdef"
	folder, err := location.ParsePrefix(at)
	if err != nil {
		b.Fatal(err)
	}
	t := &lake.Table{ID: lake.NewID(), CatalogID: c.Value.ID, NamespaceID: n.ID(), Name: name, UUID: "0f6ba9c4-9f0b-4fb4-9d0d-2f6c2f6a8b5e",
		MetadataLocation: at + "/metadata/00000-0f6ba9c4-9f0b-4fb4-9d0d-2f6c2f6a8b5e.metadata.json", Location: at, FormatVersion: 2, Version: 1,
		Created: time.Unix(1_800_000_000, 0), Updated: time.Unix(1_800_000_000, 0)}
	if err := s.CreateTable(b.Context(), n, store.NewTable{Table: t, Folders: []location.Prefix{folder}, Alone: true, Guards: guards}); err != nil {
		b.Fatal(err)
	}
}

func (w *crowd) must(b *testing.B, method, target, body string) *httptest.ResponseRecorder {
	b.Helper()
	answer := w.ask(b, w.root, method, target, body)
	if answer.Code/100 != 2 {
		b.Fatalf("%s %s: got %d %s, want 2xx", method, target, answer.Code, answer.Body)
	}
	return answer
}

func (w *crowd) create(b *testing.B) {
	b.Helper()
	w.made++
	w.must(b, "POST", among, fmt.Sprintf(`{"name":"new%d","schema":{"type":"struct","fields":[]}}`, w.made))
}

func (w *crowd) drop(b *testing.B) {
	b.Helper()
	w.must(b, "DELETE", fmt.Sprint(among, "/new", w.made), "")
}

// BenchmarkAmong is what one operation costs in a namespace of few and of many tables, in a table without fsync, which would
// hide a difference. The servers take turns, so that the ratio of many to few does not depend on what else the machine does.
// The calls to the table are counted too, and must be the same.
func BenchmarkAmong(b *testing.B) {
	var all [len(amongs)]*crowd
	for i, n := range amongs {
		all[i] = newCrowd(b, n)
	}
	nothing := func(*crowd, *testing.B) {}
	for _, op := range []struct {
		name              string
		before, do, after func(*crowd, *testing.B)
	}{
		{"list", nothing, func(w *crowd, b *testing.B) { w.must(b, "GET", among+"?pageSize=10", "") }, nothing},
		{"create", nothing, (*crowd).create, (*crowd).drop},
		{"load", nothing, func(w *crowd, b *testing.B) { w.must(b, "GET", among+"/t", "") }, nothing},
		{"commit", nothing, func(w *crowd, b *testing.B) {
			w.made++
			w.must(b, "POST", among+"/t", fmt.Sprintf(`{"updates":[{"action":"set-properties","updates":{"n":"%d"}}]}`, w.made))
		}, nothing},
		{"drop", (*crowd).create, (*crowd).drop, nothing},
	} {
		b.Run(op.name, func(b *testing.B) {
			var took [len(amongs)]time.Duration
			var calls [len(amongs)]string
			rounds := 0
			for b.Loop() {
				for turn := range all {
					i := (rounds + turn) % len(all)
					w := all[i]
					op.before(w, b)
					w.calls.Take()
					start := time.Now()
					op.do(w, b)
					took[i] += time.Since(start)
					calls[i] = fmt.Sprint(w.calls.Take())
					op.after(w, b)
				}
				rounds++
			}
			b.ReportMetric(0, "ns/op")
			for i, n := range amongs {
				b.ReportMetric(float64(took[i].Microseconds())/float64(rounds), fmt.Sprintf("µs-of-%d", n))
				if calls[i] != calls[0] {
					b.Errorf("among %d tables: got the calls %s, among %d %s", n, calls[i], amongs[0], calls[0])
				}
			}
			b.ReportMetric(float64(took[len(took)-1])/float64(took[0]), "ratio")
			b.Log(op.name, strings.Trim(calls[0], "{}"))
		})
	}
}
