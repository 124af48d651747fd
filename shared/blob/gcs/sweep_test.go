package gcs

import (
	"fmt"
	"net/http"
	"testing"

	"firn/shared/fault"
	"firn/shared/vend/gcs/gcstest"
)

func TestASweepGoesThroughThePages(t *testing.T) {
	w := newWorld(t)
	for i := range 1500 {
		w.Seed("lake", fmt.Sprintf("ns/t/%04d", i), "x")
	}
	w.Seed("lake", "ns/t2/keep", "x")
	b := w.open(t, Config{})
	for step, want := range []struct {
		more        bool
		list, there int
	}{{true, 1, 500}, {false, 1, 0}} {
		more, err := b.DeleteAll(t.Context(), folder(t, "gs://lake/ns/t/"), 5000)
		if err != nil || more != want.more {
			t.Errorf("step %d: got %v, %v, want %v", step, more, err, want.more)
		}
		if got := w.Take(); got["list"] != want.list {
			t.Errorf("step %d: got %v, want %d pages", step, got, want.list)
		}
		there := 0
		for i := range 1500 {
			if _, ok := w.Look("lake", fmt.Sprintf("ns/t/%04d", i)); ok {
				there++
			}
		}
		if there != want.there {
			t.Errorf("step %d: got %d objects, want %d", step, there, want.there)
		}
	}
	if _, ok := w.Look("lake", "ns/t2/keep"); !ok {
		t.Error("an object beside the folder is gone")
	}
}

// A page may be short, or empty, and not the last.
func TestShortPagesAreFollowed(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		w.Seed("lake", "ns/t/"+name, "x")
	}
	w.fail(gcstest.Fault{Status: http.StatusOK, Body: `{"items":[{"name":"ns/t/a"}],"nextPageToken":"ns/t/a"}`},
		gcstest.Fault{Status: http.StatusOK, Body: `{"nextPageToken":"ns/t/b"}`})
	more, err := w.open(t, Config{}).DeleteAll(t.Context(), folder(t, "gs://lake/ns/t/"), 10)
	if more || err != nil {
		t.Errorf("got %v, %v, want all gone", more, err)
	}
	if got := w.Take(); got["list"] != 3 || got["delete"] != 2 {
		t.Errorf("got %v, want 3 pages and the objects of the first and the last", got)
	}
}

func TestASweepThatFails(t *testing.T) {
	rows := []struct {
		name string
		call string
		f    gcstest.Fault
		want fault.Kind
		more bool
	}{
		{"the listing is denied", "list", denied, fault.Forbidden, false},
		{"the listing is no JSON", "list", gcstest.Fault{Status: http.StatusOK, Body: "<html>"}, fault.Unavailable, false},
		{"a delete is denied", "delete", denied, fault.Forbidden, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.Seed("lake", "ns/t/a", "x")
			w.Plan(func(call string) gcstest.Fault {
				if call == row.call {
					return row.f
				}
				return gcstest.Fault{}
			})
			more, err := w.open(t, Config{}).DeleteAll(t.Context(), folder(t, "gs://lake/ns/t/"), 10)
			if more != row.more || !fault.Is(err, row.want) {
				t.Errorf("got %v, %v, want %v and kind %s", more, err, row.more, row.want)
			}
			if _, ok := w.Look("lake", "ns/t/a"); !ok {
				t.Error("the object is gone")
			}
		})
	}
}
