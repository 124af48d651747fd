package catalog_test

import (
	"fmt"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
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

func TestCommitWhoseAnswerIsLost(t *testing.T) {
	rows := []struct {
		name   string
		fault  faulty.Fault
		later  int
		landed bool
		want   fault.Kind // 0: success
	}{
		{"landed", faulty.Fault{Lose: faulty.Answer}, 0, true, 0},
		{"landed, and others followed that the table's item remembers", faulty.Fault{Lose: faulty.Answer}, 8, true, 0},
		{"landed, and more followed: the metadata log remembers", faulty.Fault{Lose: faulty.Answer}, 30, true, 0},
		{"landed, and more followed than the log remembers", faulty.Fault{Lose: faulty.Answer}, 105, true, fault.StateUnknown},
		{"not landed", faulty.Fault{Lose: faulty.Request}, 0, false, fault.StateUnknown},
		{"not landed, and others followed", faulty.Fault{Lose: faulty.Request}, 3, false, fault.StateUnknown},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.create("t")
			w.must(err)
			before := len(w.stored())
			row.fault.After = w.others(row.later)
			if !row.landed {
				row.fault.Before, row.fault.After = row.fault.After, nil
			}
			w.db.Next(faulty.Write, row.fault)
			done, err := w.commit("t", put("mine", "1"))
			if row.want == 0 && err != nil || row.want != 0 && !fault.Is(err, row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
			w.whole("t")
			if got := w.has("t", "mine"); got != row.landed {
				t.Errorf("the commit landed: %v, want %v", got, row.landed)
			}
			if got := len(w.stored()); got != before+row.later+1 {
				t.Errorf("got %d files, want %d: no file of a commit in doubt is deleted", got, before+row.later+1)
			}
			if err == nil && !w.stored()[done.MetadataLocation] {
				t.Errorf("the answer names %s, which is not there", done.MetadataLocation)
			}
		})
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

// A table that is dropped in the middle of a commit: 404 only where the commit cannot have landed.
func TestDropInTheMiddleOfACommit(t *testing.T) {
	rows := []struct {
		name  string
		fault func(drop func()) faulty.Fault
		want  fault.Kind
		files int
	}{
		{"before the swap", func(drop func()) faulty.Fault { return faulty.Fault{Before: drop} }, fault.NotFound, 1},
		{"after the swap", func(drop func()) faulty.Fault { return faulty.Fault{After: drop} }, 0, 2},
		{"after a swap whose answer is lost", func(drop func()) faulty.Fault { return faulty.Fault{After: drop, Lose: faulty.Answer} }, fault.StateUnknown, 2},
		{"before a swap that is lost", func(drop func()) faulty.Fault { return faulty.Fault{Before: drop, Lose: faulty.Request} }, fault.StateUnknown, 2},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.create("t")
			w.must(err)
			w.db.Next(faulty.Write, row.fault(func() { w.must(w.DropTable(t.Context(), w.admin, "c", table("t"), false)) }))
			if _, err = w.commit("t", put("mine", "1")); row.want == 0 && err != nil || row.want != 0 && !fault.Is(err, row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
			if got := len(w.stored()); got != row.files {
				t.Errorf("got %d files, want %d", got, row.files)
			}
		})
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
