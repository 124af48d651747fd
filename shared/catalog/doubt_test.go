package catalog_test

import (
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/vend"
)

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

// The swap and every look for it fail: nothing is known, and nothing deleted.
func TestCommitThatCannotBeLookedFor(t *testing.T) {
	for name, lost := range map[string]faulty.Loss{"landed": faulty.Answer, "not landed": faulty.Request} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.create("t")
			w.must(err)
			swapped := false
			w.db.Plan(func(c faulty.Call) faulty.Fault {
				if c.Verb == faulty.Write {
					swapped = true
					return faulty.Fault{Lose: lost}
				}
				if swapped {
					return faulty.Fault{Refuse: fault.Unavailable}
				}
				return faulty.Fault{}
			})
			_, err = w.commit("t", put("mine", "1"))
			expect(t, "commit", err, fault.StateUnknown)
			w.db.Plan(nil)
			w.whole("t")
			if got := w.has("t", "mine"); got != (lost == faulty.Answer) || len(w.stored()) != 2 {
				t.Errorf("landed: %v, with %d files; want both", got, len(w.stored()))
			}
		})
	}
}

// New tables follow the same rules: what may have landed is not refused, nor its file deleted.
func TestCreateWhoseWriteIsInDoubt(t *testing.T) {
	rows := []struct {
		name  string
		fault faulty.Fault
		want  fault.Kind
		files int
	}{
		{"refused", faulty.Fault{Refuse: fault.Throttled}, fault.Throttled, 0},
		{"lost", faulty.Fault{Lose: faulty.Request}, fault.StateUnknown, 1},
		{"its answer lost", faulty.Fault{Lose: faulty.Answer}, 0, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.db.Next(faulty.Write, row.fault)
			_, err := w.create("t")
			expect(t, "create", err, row.want)
			if got := len(w.stored()); got != row.files {
				t.Errorf("got %d files, want %d", got, row.files)
			}
			if row.want != 0 {
				_, err = w.create("t")
				expect(t, "again", err, 0)
			}
			w.whole("t")
		})
	}
	t.Run("made, and no key for it", func(t *testing.T) {
		w := newWorld(t)
		w.vendor.plan = func(g vend.Grant) error {
			if g.PrincipalID == w.admin.PrincipalID {
				return fault.New(fault.Unavailable, "No keys now.")
			}
			return nil
		}
		_, err := w.CreateTable(t.Context(), w.admin, "c", []string{"a"}, catalog.Creation{Name: "t", Request: asked()}, vended)
		expect(t, "create", err, fault.StateUnknown)
		w.whole("t")
	})
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
