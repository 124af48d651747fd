package azure

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/vend"
)

func TestASweepNeedsBothRights(t *testing.T) {
	for _, actions := range []vend.Actions{vend.Read | vend.Write | vend.Delete, vend.Read | vend.List | vend.Write} {
		s := newStore(t)
		s.cloud.Seed("lake", "data", "ns/t/a", "x")
		if _, err := s.open(t, actions, Config{}).(blob.Sweeper).DeleteAll(t.Context(), prefix(t, root+"ns/t/"), 10); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%s: got %v, want forbidden", actions, err)
		}
		if _, there := s.cloud.Holds("lake", "data", "ns/t/a"); !there {
			t.Errorf("%s: the file is gone", actions)
		}
	}
}

// Also where folders alone are left, deep ones, and more than a page of them, each call removes something.
func TestASweepEnds(t *testing.T) {
	s := newStore(t)
	files := 0
	for i := range 30 {
		s.cloud.Seed("lake", "data", fmt.Sprintf("ns/t/data/p=%d/q=%d/f", i%7, i), "x")
		s.cloud.Seed("lake", "data", fmt.Sprintf("ns/t/meta&x=1/%d", i), "x")
		files += 2
	}
	b := s.open(t, all, Config{}).(blob.Sweeper)
	for calls := 1; ; calls++ {
		before := len(s.cloud.Log())
		more, err := b.DeleteAll(t.Context(), prefix(t, root+"ns/t/"), 3)
		if err != nil {
			t.Fatal(err)
		}
		removed := 0
		for _, e := range s.cloud.Log()[before:] {
			if e.Operation == "Delete" {
				removed++
			}
		}
		if removed < 1 || removed > 3 {
			t.Errorf("sweep %d of 3 removes %d files and folders", calls, removed)
		}
		if !more {
			break
		}
		if calls > 60 {
			t.Fatalf("%d files are not gone after %d sweeps of 3", files, calls)
		}
	}
	if _, err := s.open(t, all, Config{}).Get(t.Context(), uri(t, root+"ns/t/data")); !fault.Is(err, fault.NotFound) {
		t.Errorf("got %v for a folder, want nothing there", err)
	}
}

// A folder is removed when it is empty: what comes into it meanwhile stays.
func TestASweepTakesNoFolderThatIsInUse(t *testing.T) {
	s := newStore(t)
	s.cloud.Seed("lake", "data", "ns/t/a", "x")
	b := s.open(t, all, Config{}).(blob.Sweeper)
	s.faults = []broken{nil, nil, func(next http.RoundTripper, r *http.Request) (*http.Response, error) { // after the listing and the file
		s.cloud.Seed("lake", "data", "ns/t/new", "x")
		return next.RoundTrip(r)
	}}
	more, err := b.DeleteAll(t.Context(), prefix(t, root+"ns/t/"), 5)
	if _, there := s.cloud.Holds("lake", "data", "ns/t/new"); !there || !more || err != nil {
		t.Errorf("got more %v, %v, and the new file is there: %v; want it there, and more", more, err, there)
	}
}

func TestAnEmptyPageIsNotTheEnd(t *testing.T) {
	s := newStore(t)
	s.cloud.Seed("lake", "data", "ns/t/a", "x")
	b := s.open(t, all, Config{}).(blob.Sweeper)
	s.faults = []broken{answer(200, "X-Ms-Continuation", "a&b")}
	more, err := b.DeleteAll(t.Context(), prefix(t, root+"ns/t/"), 5)
	if _, there := s.cloud.Holds("lake", "data", "ns/t/a"); there || more || err != nil {
		t.Errorf("got %v, %v and a file: %v; want no more and none", more, err, there)
	}
}

func TestAListingThatIsNone(t *testing.T) {
	s := newStore(t)
	b := s.open(t, all, Config{}).(blob.Sweeper)
	s.faults = []broken{func(_ http.RoundTripper, r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("<html>")), Request: r}, nil
	}}
	if _, err := b.DeleteAll(t.Context(), prefix(t, root+"ns/t/"), 5); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestASweepHasABoundOfItsOwn(t *testing.T) {
	s := newStore(t)
	for i := range maxPage + 1 {
		s.cloud.Seed("lake", "data", fmt.Sprintf("ns/t/%04d", i), "x")
	}
	b := s.open(t, all, Config{}).(blob.Sweeper)
	more, err := b.DeleteAll(t.Context(), prefix(t, root+"ns/t/"), 10*maxPage)
	if _, there := s.cloud.Holds("lake", "data", fmt.Sprintf("ns/t/%04d", maxPage)); !more || err != nil || !there {
		t.Errorf("got more %v, %v, and the last file is there: %v; want one sweep to remove %d", more, err, there, maxPage)
	}
}
