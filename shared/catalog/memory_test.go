package catalog_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"strings"
	"testing"

	memory "firn/shared/budget"
	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
)

// Whatever reads a document, inflates it, takes it from memory or makes its next version does so within the
// budget of the request. The document has 600 KB (of a view 190): 2 MB are enough for everything, and each
// row's small budget for all but what it is about.
func TestDocumentsTakeFromTheBudget(t *testing.T) {
	const kb = 1 << 10
	long := strings.Repeat("x", 600*kb)
	edited := func(doc map[string]any) { doc["properties"] = map[string]any{"x": long} }
	load := func(w *world, ctx context.Context) error {
		_, err := w.LoadTable(ctx, w.admin, "c", table("t"), catalog.Delegation{}, false)
		return err
	}
	packed := func(w *world, ctx context.Context) error {
		_, err := w.Packing().LoadTable(ctx, w.admin, "c", table("t"), catalog.Delegation{}, false)
		return err
	}
	refs := func(w *world, ctx context.Context) error {
		_, err := w.LoadTable(ctx, w.admin, "c", table("t"), catalog.Delegation{}, true)
		return err
	}
	register := func(w *world, ctx context.Context) error {
		_, err := w.RegisterTable(ctx, w.admin, "c", []string{"a"}, catalog.Registration{Name: "t", File: foreign}, catalog.Delegation{})
		return err
	}
	commit := func(w *world, ctx context.Context) error {
		_, err := w.CommitTable(ctx, w.admin, "c", table("t"), put("y", "1"))
		return err
	}
	transact := func(w *world, ctx context.Context) error {
		return w.CommitTransaction(ctx, w.admin, "c", []catalog.TableChange{{Table: table("t"), Change: put("y", "1")}})
	}
	loadView := func(w *world, ctx context.Context) error {
		_, err := w.LoadView(ctx, w.admin, "c", table("v"))
		return err
	}
	commitView := func(w *world, ctx context.Context) error {
		_, err := w.CommitView(ctx, w.admin, "c", table("v"), putView("y", "1"))
		return err
	}
	left := func(w *world) { w.leave(foreign, document("s3://lake/c/a/t", edited)) }
	leftPacked := func(w *world) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, err := z.Write([]byte(document("s3://lake/c/a/t", edited)))
		w.must(err)
		w.must(z.Close())
		w.leave(foreign, b.String())
	}
	known := func(w *world) {
		left(w)
		w.must(register(w, context.Background()))
		w.must(load(w, context.Background()))
	}
	copied := func(w *world) { known(w); w.restart() }
	cold := func(w *world) { copied(w); w.keep("t", nil) }
	// A document that does not compress is in no copy; in memory it is compressed to more than a request's
	// allowance.
	noise := func(w *world) {
		text := &strings.Builder{}
		for state := uint32(1); text.Len() < 600*kb; state = state*1664525 + 1013904223 {
			text.WriteByte('a' + byte(state>>24)%26)
		}
		w.leave(foreign, document("s3://lake/c/a/t", func(doc map[string]any) { doc["properties"] = map[string]any{"x": text.String()} }))
		w.must(register(w, context.Background()))
		w.must(packed(w, context.Background()))
	}
	view := func(w *world) {
		_, err := w.createView("v", `"properties":{"x":"`+long[:190*kb]+`"}`)
		w.must(err)
	}
	viewCopied := func(w *world) { view(w); w.restart() }
	for _, row := range []struct {
		name  string
		first func(*world)
		do    func(*world, context.Context) error
		small int64 // the budget that is too small
	}{
		{"a registration", left, register, 500 * kb},
		{"a registration of a compressed file", leftPacked, register, 500 * kb},
		{"a load from the file", cold, load, 500 * kb},
		{"a load from the copy", copied, load, 500 * kb},
		{"a load from memory", known, load, 500 * kb},
		{"a load from memory, compressed", noise, packed, 100 * kb},
		{"a load of the references", known, refs, 900 * kb},
		{"a commit on the copy", copied, commit, 500 * kb},
		{"a commit's next version", known, commit, 900 * kb},
		{"a transaction's next version", known, transact, 900 * kb},
		{"a load of a view", viewCopied, loadView, 150 * kb},
		{"a view's next version", view, commitView, 300 * kb},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(c *catalog.Config) { c.MaxAnswer = 2 << 20 })
			row.first(w)
			w.take()
			tight, end := memory.New(row.small).Begin(t.Context())
			err := row.do(w, tight)
			end()
			expect(t, "with little memory", err, fault.TooLarge)
			if u := w.take(); u.Puts+u.KV.Transactions > 0 {
				t.Errorf("got effects %+v of what was refused", u)
			}
			roomy, end := memory.New(2 << 20).Begin(t.Context())
			defer end()
			expect(t, "with enough", row.do(w, roomy), 0)
		})
	}
}

// A document of very many small values takes more memory to parse than it has bytes.
func TestADocumentOfSmallValuesTakesWhatItIsParsedTo(t *testing.T) {
	w := newWorld(t)
	text := document("s3://lake/c/a/t", func(doc map[string]any) { doc["snapshots"] = make([]struct{}, 100_000) })
	w.leave(foreign, text)
	ctx, end := memory.New(2 << 20).Begin(t.Context())
	defer end()
	_, err := w.RegisterTable(ctx, w.admin, "c", []string{"a"}, catalog.Registration{Name: "t", File: foreign}, catalog.Delegation{})
	expect(t, "register", err, fault.TooLarge)
}

// Metadata that others wrote is completed in a copy, which counts too.
func TestACompletedDocumentCountsTwice(t *testing.T) {
	w := newWorld(t)
	text := document("s3://lake/c/a/t", func(doc map[string]any) {
		doc["properties"] = map[string]any{"x": strings.Repeat("x", 600<<10)}
		delete(doc, "statistics")
	})
	if whole, err := iceberg.Parse([]byte(text)); err != nil || len(whole.Bytes()) == len(text) {
		t.Fatalf("got %v, want a document that is completed", err)
	}
	w.leave(foreign, text)
	ctx, end := memory.New(900 << 10).Begin(t.Context())
	defer end()
	_, err := w.RegisterTable(ctx, w.admin, "c", []string{"a"}, catalog.Registration{Name: "t", File: foreign}, catalog.Delegation{})
	expect(t, "register", err, fault.TooLarge)
}
