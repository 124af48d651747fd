package catalog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// named are the metadata files that the table's pointer and its log name.
func (w *world) named(name string) []string {
	w.t.Helper()
	t, file, err := w.load(name)
	w.must(err)
	all := []string{file}
	for _, e := range t.MetadataLog() {
		all = append(all, e.File)
	}
	return all
}

// whole checks that a table can be read, and that every file that it names is there.
func (w *world) whole(name string) {
	w.t.Helper()
	w.restart()
	stored := w.stored()
	for _, file := range w.named(name) {
		if !stored[file] {
			w.t.Errorf("table %s names %s, which is not there", name, file)
		}
	}
}

func (w *world) has(name, property string) bool {
	w.t.Helper()
	t, _, err := w.load(name)
	w.must(err)
	_, ok := t.Property(property)
	return ok
}

// others commits n times.
func (w *world) others(n int) func() {
	return func() {
		for i := range n {
			_, err := w.commit("t", put("other", fmt.Sprint(i)))
			w.must(err)
		}
	}
}

func TestCommitThatIsOvertaken(t *testing.T) {
	rows := []struct {
		name           string
		retries        string
		overtaken      int
		want           fault.Kind
		attempts, left int // left: files in the end, beyond those of the commits that landed
	}{
		{"once", "", 1, 0, 2, 0},
		{"as often as it is tried again", "", 4, 0, 5, 0},
		{"once more", "", 5, fault.CommitFailed, 5, 0},
		{"as often as the catalog says", "1", 1, 0, 2, 0},
		{"once more than the catalog says", "1", 2, fault.CommitFailed, 2, 0},
		{"in a catalog that tries once", "0", 1, fault.CommitFailed, 1, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			if row.retries != "" {
				w.set("polaris.config.iceberg-commit-max-retries", row.retries)
			}
			_, err := w.create("t")
			w.must(err)
			overtaken := 0
			other := w.instance()
			inside := false
			w.db.Plan(func(c faulty.Call) faulty.Fault {
				if inside || c.Verb != faulty.Write || overtaken == row.overtaken || c.Ops[0].Item.Key.Partition[:5] != "entry" {
					return faulty.Fault{}
				}
				overtaken++
				return faulty.Fault{Before: func() {
					inside = true
					_, err := other.CommitTable(t.Context(), w.admin, "c", table("t"), put("other", fmt.Sprint(overtaken)))
					w.must(err)
					inside = false
				}}
			})
			w.take()
			_, err = w.commit("t", put("mine", "1"))
			w.db.Plan(nil)
			if row.want == 0 && err != nil || row.want != 0 && !fault.Is(err, row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
			landed := min(overtaken, row.attempts)
			if got, want := w.take().Puts, row.attempts+landed; got != want {
				t.Errorf("got %d metadata files written, want %d", got, want)
			}
			if err == nil {
				landed++
			}
			w.whole("t")
			if got, want := len(w.stored()), 1+landed; got != want {
				t.Errorf("got %d files, want %d: one for each commit that landed", got, want)
			}
			if got := w.has("t", "mine"); got != (err == nil) {
				t.Errorf("got %v, and landed %v", err, got)
			}
		})
	}
}

func TestCommitThatNeverReachesTheTable(t *testing.T) {
	for _, kind := range []fault.Kind{fault.Throttled, fault.Unavailable} {
		w := newWorld(t)
		_, err := w.create("t")
		w.must(err)
		w.db.Next(faulty.Write, faulty.Fault{Refuse: kind})
		if _, err := w.commit("t", put("mine", "1")); !fault.Is(err, kind) {
			t.Errorf("got %v, want %s", err, kind)
		}
		w.whole("t")
		if got := len(w.stored()); got != 1 {
			t.Errorf("got %d files, want 1: the commit's own is deleted", got)
		}
	}
}

// What fails before the swap has no effect on the table, and the commit can be sent again.
func TestCommitThatDoesNotComeToItsSwap(t *testing.T) {
	all := func(x fileFault) func(*world) {
		return func(w *world) { w.files.plan = func(string, location.URI) fileFault { return x } }
	}
	rows := []struct {
		name  string
		wrong func(*world)
		want  fault.Kind
	}{
		{"the batch read is refused", func(w *world) { w.db.Next(faulty.Get, faulty.Fault{Refuse: fault.Throttled}) }, fault.Throttled},
		{"the batch read is lost", func(w *world) { w.db.Next(faulty.Get, faulty.Fault{Lose: faulty.Answer}) }, fault.Unavailable},
		{"no key for the table's folders", func(w *world) {
			w.vendor.plan = func(vend.Grant) error { return fault.New(fault.Unavailable, "No keys now.") }
		}, fault.Unavailable},
		{"the file cannot be read", func(w *world) { w.keep("t", nil); all(fileFault{refuse: fault.Unavailable})(w) }, fault.Unavailable},
		{"the file cannot be written", all(fileFault{refuse: fault.Unavailable}), fault.Unavailable},
		{"the file may not be written", all(fileFault{refuse: fault.Forbidden}), fault.Forbidden},
		{"the answer to the file is lost", func(w *world) { w.files.plan = planned("put", fileFault{lose: true}) }, fault.Unavailable},
		{"a file of that name is there", func(w *world) { w.files.plan = planned("put", fileFault{refuse: fault.Exists}) }, fault.Unavailable},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.create("t")
			w.must(err)
			w.restart()
			row.wrong(w)
			w.take()
			_, err = w.commit("t", put("mine", "1"))
			expect(t, "commit", err, row.want)
			u := w.take()
			if u.KV.Writes+u.KV.Transactions > 0 {
				t.Errorf("got %+v, want no write to the table", u)
			}
			w.files.plan, w.vendor.plan = nil, nil
			w.whole("t")
			if w.has("t", "mine") || len(w.stored()) != 1 {
				t.Errorf("got %d files, want the table as it was", len(w.stored()))
			}
			_, err = w.commit("t", put("mine", "1"))
			expect(t, "again", err, 0)
		})
	}
}

// A client that hangs up from the file on does not leave its commit half known.
func TestCommitWhoseClientHangsUp(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	ctx, hangUp := context.WithCancel(t.Context())
	w.files.plan = func(verb string, _ location.URI) fileFault {
		if verb == "put" {
			return fileFault{before: hangUp}
		}
		return fileFault{}
	}
	_, err = w.CommitTable(ctx, w.admin, "c", table("t"), put("mine", "1"))
	expect(t, "commit", err, 0)
	w.files.plan = nil
	w.whole("t")
	if !w.has("t", "mine") {
		t.Error("got the version before, want the one committed")
	}
	_, err = w.CommitTable(ctx, w.admin, "c", table("t"), put("late", "1"))
	if err == nil || w.has("t", "late") {
		t.Errorf("hung up before: got %v, want no effect", err)
	}
}

func TestCommitRefusesWhatDoesNotHold(t *testing.T) {
	w := newWorld(t, func(c *catalog.Config) { c.MaxAnswer = 3000 })
	_, err := w.create("t")
	w.must(err)
	rows := []struct {
		name   string
		change catalog.Change
		want   fault.Kind
	}{
		{"a requirement that does not hold", change(`[{"type":"assert-current-schema-id","current-schema-id":7}]`, `[]`), fault.CommitFailed},
		{"a table that is there already", change(`[{"type":"assert-create"}]`, `[{"action":"assign-uuid","uuid":"0f6ba9c4-9f0b-4fb4-9d0d-2f6c2f6a8b5e"}]`), fault.CommitFailed},
		{"a reserved property", put("polaris.x", "1"), fault.Argument},
		{"an answer too large", put("x", string(make([]byte, 0))+fmt.Sprintf("%04000d", 1)), fault.Invalid},
	}
	for _, row := range rows {
		w.take()
		if _, err := w.commit("t", row.change); !fault.Is(err, row.want) {
			t.Errorf("%s: got %v, want %s", row.name, err, row.want)
		}
		if u := w.take(); !u.quiet() {
			t.Errorf("%s: got an effect: %+v", row.name, u)
		}
	}
	w.take()
	if done, err := w.commit("t", change(`[]`, `[]`)); err != nil || done.MetadataLocation == "" {
		t.Errorf("a commit of nothing: got %v, %v; want the table as it is", done, err)
	}
	if u := w.take(); !u.quiet() {
		t.Errorf("a commit of nothing: got an effect: %+v", u)
	}
}

// What bounds a commit is the answer as its client takes it.
func TestCommitsOfClientsThatTakeAnswersCompressed(t *testing.T) {
	w := newWorld(t, func(c *catalog.Config) { c.MaxAnswer = 3000 })
	_, err := w.create("t")
	w.must(err)
	var noise strings.Builder
	for range 400 {
		noise.WriteString(string(lake.NewID()))
	}
	for _, row := range []struct {
		name    string
		service *catalog.Service
		value   string
		want    fault.Kind
		text    string
	}{
		{"plain", w.Service, strings.Repeat("0", 4000), fault.Invalid, "expire snapshots first, or take answers compressed"},
		{"compressed, and still too large", w.Packing(), noise.String(), fault.Invalid, "that can be answered; expire snapshots first"},
		{"compressed", w.Packing(), strings.Repeat("0", 4000), 0, ""},
	} {
		w.take()
		_, err := row.service.CommitTable(t.Context(), w.admin, "c", table("t"), put("x", row.value))
		expect(t, row.name, err, row.want)
		if row.want == 0 {
			continue
		}
		if u := w.take(); !u.quiet() || !strings.HasSuffix(fault.From(err).Message, row.text) {
			t.Errorf("%s: got %v and %+v, want %q and no effect", row.name, err, u, row.text)
		}
	}
}

// A table that has outgrown what can be answered may still shrink.
func TestCommitToATableTooLarge(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t", `"properties":{"a":"`+strings.Repeat("a", 2000)+`","b":"`+strings.Repeat("b", 2000)+`"}`)
	w.must(err)
	w.config.MaxAnswer = 2000
	w.restart()
	_, err = w.commit("t", put("c", "1"))
	expect(t, "grow", err, fault.Invalid)
	_, err = w.commit("t", change(`[]`, `[{"action":"remove-properties","removals":["a"]}]`))
	expect(t, "shrink", err, 0)
}
