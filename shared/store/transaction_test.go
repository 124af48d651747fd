package store

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
)

// touched is a table of a transaction; with a location it is new.
type touched struct {
	ns, name, loc string
	hold          bool // it stays as it is
}

// together is one transaction of all the tables.
func together(all ...touched) func(*world) error {
	return func(w *world) error {
		return w.Again(context.Background(), func() error {
			b := w.Batch(realm)
			cat := b.Catalog("c")
			var parts []Part
			for _, one := range all {
				n := b.Namespace(cat, levels(one.ns))
				w.note(n.place)
				p := Part{Namespace: n, Guards: b.Guards(n), Principal: "someone"}
				if one.loc == "" {
					p.Old = b.Table(n, one.name)
				}
				parts = append(parts, p)
			}
			if err := b.Read(context.Background()); err != nil {
				return err
			}
			for i, one := range all {
				p := &parts[i]
				switch {
				case !p.Namespace.There() || p.Old != nil && p.Old.Value == nil:
					return fault.Missing(fault.Table, one.name)
				case p.Old == nil:
					p.Next = newTable(&seen{batch: b, cat: cat, n: p.Namespace}, one.name, one.loc)
					p.Folders = []location.Prefix{prefixOf(one.loc)}
				case !one.hold:
					next := *p.Old.Value
					next.Version++
					next.Previous = append([]string{next.MetadataLocation}, next.Previous...)
					next.MetadataLocation = next.Location + "/metadata/" + string(lake.NewID()) + ".metadata.json"
					p.Next = &next
				}
			}
			return w.CommitTransaction(context.Background(), parts, func() error { return nil })
		})
	}
}

func both(ns, name, made, loc string) func(*world) error {
	return together(touched{ns: ns, name: name}, touched{ns: ns, name: made, loc: loc})
}

func apartBoth(ns, name, otherNS, made string) func(*world) error {
	return together(touched{ns: ns, name: name}, touched{ns: otherNS, name: made, loc: "s3://lake/c/" + otherNS + "/" + made})
}

func pair(ns, one, other string) func(*world) error {
	return together(touched{ns: ns, name: one}, touched{ns: ns, name: other})
}

func holding(ns, changed, held string) func(*world) error {
	return together(touched{ns: ns, name: changed}, touched{ns: ns, name: held, hold: true})
}

func TestTransactionWritesGuardsOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.must(seq(homes, mkNS("a.k", ""))(w))
		w.must(together(touched{ns: "a", name: "t", loc: "s3://lake/c/a/t"}, touched{ns: "a", name: "u", loc: "s3://lake/c/a/u"},
			touched{ns: "a.k", name: "t", loc: "s3://lake/c/a/k/t"}, touched{ns: "b", name: "t", loc: "s3://lake/c/free/t"})(w))
		w.sound()
	})
}

// Each new table takes three operations, and their guards four: with 32 of them the write is full.
func TestTransactionIsBoundByOneWrite(t *testing.T) {
	w := newWorld(t, openBolt(t))
	w.must(home(w))
	made := func(n int, folder string) func(*world) error {
		var all []touched
		for i, loc := range many("s3://lake/c/a/"+folder, n) {
			all = append(all, touched{ns: "a", name: folder + strconv.Itoa(i), loc: loc})
		}
		return together(all...)
	}
	if err := made(33, "x")(w); !fault.Is(err, fault.Malformed) {
		t.Errorf("33 tables: got %v, want a refusal", err)
	}
	w.must(made(32, "y")(w))
	w.Store = w.For(&Once{Realm: realm, Principal: "ann", Key: "k", Request: "r", Keep: time.Minute})
	if err := made(32, "z")(w); !fault.Is(err, fault.Malformed) {
		t.Errorf("32 tables and a record: got %v, want a refusal", err)
	}
	w.must(made(31, "z")(w))
}

// The record of a change with a key is there if and only if its effect is, whatever is lost.
func TestRecordIsThereAsItsEffectIs(t *testing.T) {
	faults := map[string]faulty.Fault{"nothing": {}, "request": {Lose: faulty.Request}, "answer": {Lose: faulty.Answer}, "refused": {Refuse: fault.Throttled}}
	for _, c := range changes {
		if !strings.Contains(c.name, "table") && !strings.Contains(c.name, "namespace") && !strings.Contains(c.name, "commit") && c.name != "transaction" {
			continue // no client can name it by a key
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for name, f := range faults {
				onEach(t, func(t *testing.T, w *world) {
					w.must(c.setup(w))
					plain := w.Store
					w.Store = w.For(&Once{Realm: realm, Principal: "ann", Key: "k", Request: "r", Keep: time.Minute})
					w.db.Next(faulty.Write, f)
					err := c.do(w)
					w.Store = plain
					items, readErr := w.raw.Get(t.Context(), []kv.Key{onceKey(realm, "k", "ann")})
					w.must(readErr)
					if there := items[0] != nil; there != c.done(w) || there != (err == nil) {
						t.Errorf("%s lost: got %v, record %v, effect %v", name, err, there, c.done(w))
					}
				})
			}
		})
	}
}
