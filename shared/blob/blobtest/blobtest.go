// Package blobtest is what a blob driver must prove: every sentence of blob's contract, as a test.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"firn/shared/blob"
	"firn/shared/budget"
	"firn/shared/fault"
	"firn/shared/location"
)

// Store is an opened driver.
type Store struct {
	Bucket  blob.Bucket     // opens Folder and nothing beside it
	Limited blob.Bucket     // the same, for objects of at most Limit bytes
	Folder  location.Prefix // empty at the start
	Outside location.Prefix // exists as far as folders do, and is not opened
}

// Limit is what Store.Limited takes, in bytes.
const Limit = 1000

// Run proves a driver; each test has a store of its own.
func Run(t *testing.T, open func(t *testing.T) Store) {
	tests := []struct {
		name string
		run  func(t *testing.T, s Store)
	}{
		{"what is put is got", roundTrip},
		{"what is not there is missing by its name", missing},
		{"put makes and never replaces", createOnly},
		{"of many puts one wins", race},
		{"delete removes and does not mind", remove},
		{"nothing larger than the limit goes in or out", limits},
		{"what is read is taken from the budget", budgeted},
		{"nothing beside the folder is touched", outside},
		{"only names of objects are taken", names},
		{"an ended context has no effect", ended},
		{"a sweep removes a folder in steps", sweep},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

func parse(t *testing.T, text string) location.URI {
	t.Helper()
	uri, err := location.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return uri
}

func (s Store) uri(t *testing.T, name string) location.URI {
	t.Helper()
	return parse(t, s.Folder.String()+name)
}

func put(t *testing.T, b blob.Bucket, uri location.URI, data string) {
	t.Helper()
	if err := b.Put(t.Context(), uri, []byte(data)); err != nil {
		t.Fatalf("put %s: %v", uri, err)
	}
}

func got(t *testing.T, b blob.Bucket, uri location.URI, want string) {
	t.Helper()
	data, err := b.Get(t.Context(), uri)
	if err != nil || string(data) != want {
		t.Errorf("get %s: got %.60q, %v, want %.60q", uri, data, err, want)
	}
}

func fails(t *testing.T, what string, err error, want ...fault.Kind) {
	t.Helper()
	if !fault.Is(err, want...) {
		t.Errorf("%s: got %v, want an error of kind %v", what, err, want)
	}
}

// gone says that an object is missing by its own name, which a protocol needs for its words.
func gone(t *testing.T, b blob.Bucket, uri location.URI) {
	t.Helper()
	data, err := b.Get(t.Context(), uri)
	if f := fault.From(err); f == nil || f.Kind != fault.NotFound || f.Noun != fault.File || f.Name != uri.String() {
		t.Errorf("get %s: got %.60q, %v, want that file missing", uri, data, err)
	}
}

func roundTrip(t *testing.T, s Store) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	rows := map[string]string{
		"a.json":                          `{"format-version": 2}`,
		"metadata/00000-ab.metadata.json": "deep",
		"x=1/y=a b/c+d%20e&f;g@h~.json":   "strange name",
		"empty":                           "",
		"binary":                          string(every),
		"large":                           string(bytes.Repeat([]byte("0123456789abcdef"), 1<<16)),
	}
	for name, data := range rows {
		put(t, s.Bucket, s.uri(t, name), data)
	}
	for name, data := range rows {
		got(t, s.Bucket, s.uri(t, name), data)
	}
}

func missing(t *testing.T, s Store) {
	gone(t, s.Bucket, s.uri(t, "nothing.json"))
	gone(t, s.Bucket, s.uri(t, "no/folder/either.json"))
	put(t, s.Bucket, s.uri(t, "folder/file"), "x")
	gone(t, s.Bucket, s.uri(t, "folder"))
	gone(t, s.Bucket, s.uri(t, "folder/fil"))
}

func createOnly(t *testing.T, s Store) {
	uri := s.uri(t, "metadata/v1.json")
	put(t, s.Bucket, uri, "first")
	for _, data := range []string{"second", "first"} {
		err := s.Bucket.Put(t.Context(), uri, []byte(data))
		if f := fault.From(err); f == nil || f.Kind != fault.Exists || f.Noun != fault.File || f.Name != uri.String() {
			t.Errorf("second put of %q: got %v, want that file to exist", data, err)
		}
	}
	got(t, s.Bucket, uri, "first")
}

func race(t *testing.T, s Store) {
	uri := s.uri(t, "race/v1.json")
	const writers = 8
	var all sync.WaitGroup
	results := make([]error, writers)
	for i := range writers {
		all.Go(func() { results[i] = s.Bucket.Put(t.Context(), uri, fmt.Appendf(nil, "writer %d", i)) })
	}
	all.Wait()
	winner := -1
	for i, err := range results {
		switch {
		case err == nil && winner >= 0:
			t.Errorf("writers %d and %d both won", winner, i)
		case err == nil:
			winner = i
		default:
			// A store may also say that it cannot tell yet, before any effect.
			fails(t, "a loser", err, fault.Exists, fault.Unavailable)
		}
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	got(t, s.Bucket, uri, fmt.Sprintf("writer %d", winner))
}

func remove(t *testing.T, s Store) {
	uri, other := s.uri(t, "a/b/v1.json"), s.uri(t, "a/b/v2.json")
	put(t, s.Bucket, uri, "one")
	put(t, s.Bucket, other, "two")
	for range 2 {
		if err := s.Bucket.Delete(t.Context(), uri); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	gone(t, s.Bucket, uri)
	got(t, s.Bucket, other, "two")
	if err := s.Bucket.Delete(t.Context(), s.uri(t, "a/b")); err != nil {
		t.Errorf("delete of a folder's name: %v", err)
	}
	if err := s.Bucket.Delete(t.Context(), s.uri(t, "never/was")); err != nil {
		t.Errorf("delete of nothing: %v", err)
	}
	got(t, s.Bucket, other, "two")
	put(t, s.Bucket, uri, "again")
	got(t, s.Bucket, uri, "again")
}

func limits(t *testing.T, s Store) {
	most, over := string(bytes.Repeat([]byte("x"), Limit)), string(bytes.Repeat([]byte("x"), Limit+1))
	put(t, s.Limited, s.uri(t, "most"), most)
	got(t, s.Limited, s.uri(t, "most"), most)
	fails(t, "put over the limit", s.Limited.Put(t.Context(), s.uri(t, "over"), []byte(over)), fault.TooLarge)
	gone(t, s.Bucket, s.uri(t, "over"))
	put(t, s.Bucket, s.uri(t, "over"), over)
	_, err := s.Limited.Get(t.Context(), s.uri(t, "over"))
	fails(t, "get over the limit", err, fault.TooLarge)
}

// budgeted reads an object within a budget that is too small, which no other attempt makes larger, and one
// that is not.
func budgeted(t *testing.T, s Store) {
	large, uri := string(bytes.Repeat([]byte("x"), 1<<20)), s.uri(t, "large")
	put(t, s.Bucket, uri, large)
	ctx, end := budget.New(1 << 19).Begin(t.Context())
	defer end()
	_, err := s.Bucket.Get(ctx, uri)
	fails(t, "get beyond the budget", err, fault.TooLarge)
	ctx, endRoomy := budget.New(1 << 21).Begin(t.Context())
	defer endRoomy()
	if data, err := s.Bucket.Get(ctx, uri); err != nil || string(data) != large {
		t.Errorf("get within the budget: got %d bytes, %v, want %d", len(data), err, len(large))
	}
}

func outside(t *testing.T, s Store) {
	uri := parse(t, s.Outside.String()+"v1.json")
	fails(t, "put", s.Bucket.Put(t.Context(), uri, []byte("x")), fault.Forbidden)
	_, err := s.Bucket.Get(t.Context(), uri)
	fails(t, "get", err, fault.Forbidden)
	fails(t, "delete", s.Bucket.Delete(t.Context(), uri), fault.Forbidden)
	if sweeper, ok := s.Bucket.(blob.Sweeper); ok {
		_, err := sweeper.DeleteAll(t.Context(), s.Outside, 10)
		fails(t, "sweep", err, fault.Forbidden)
	}
}

func names(t *testing.T, s Store) {
	elsewhere := "gs://lake/ns/t/v1.json"
	if s.Folder.Kind() == location.GCS {
		elsewhere = "s3://lake/ns/t/v1.json"
	}
	for _, text := range []string{s.Folder.String(), s.Folder.String() + "metadata/", elsewhere} {
		uri := parse(t, text)
		fails(t, "put "+text, s.Bucket.Put(t.Context(), uri, nil), fault.Invalid)
		_, err := s.Bucket.Get(t.Context(), uri)
		fails(t, "get "+text, err, fault.Invalid)
		fails(t, "delete "+text, s.Bucket.Delete(t.Context(), uri), fault.Invalid)
	}
}

func ended(t *testing.T, s Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	uri, there := s.uri(t, "v1.json"), s.uri(t, "v0.json")
	put(t, s.Bucket, there, "there")
	_, err := s.Bucket.Get(ctx, there)
	for what, err := range map[string]error{"put": s.Bucket.Put(ctx, uri, []byte("x")), "get": err, "delete": s.Bucket.Delete(ctx, there)} {
		if !fault.Is(err, fault.Timeout) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want a timeout because of the cancellation", what, err)
		}
	}
	gone(t, s.Bucket, uri)
	got(t, s.Bucket, there, "there")
}

func sweep(t *testing.T, s Store) {
	sweeper, ok := s.Bucket.(blob.Sweeper)
	if !ok {
		t.Skip("the driver does not sweep")
	}
	table, err := s.Folder.Join("t")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"t/a", "t/b/c", "t/b/d", "t/e/f/g", "t/h", "t2/keep", "t.keep"} {
		put(t, s.Bucket, s.uri(t, name), "x")
	}
	left, steps := 5, 0
	for more := true; more; steps++ {
		if steps == 10 {
			t.Fatal("a folder of 5 objects is not empty after 10 sweeps of 2")
		}
		if more, err = sweeper.DeleteAll(t.Context(), table, 2); err != nil {
			t.Fatal(err)
		}
		there := 0
		for _, name := range []string{"t/a", "t/b/c", "t/b/d", "t/e/f/g", "t/h"} {
			if _, err := s.Bucket.Get(t.Context(), s.uri(t, name)); err == nil {
				there++
			}
		}
		if left-there > 2 || there > 0 && !more {
			t.Errorf("sweep %d of 2: from %d to %d objects, more: %v", steps, left, there, more)
		}
		left = there
	}
	if left != 0 {
		t.Errorf("got %d objects after the sweep, want 0", left)
	}
	got(t, s.Bucket, s.uri(t, "t2/keep"), "x")
	got(t, s.Bucket, s.uri(t, "t.keep"), "x")
	if more, err := sweeper.DeleteAll(t.Context(), table, 2); more || err != nil {
		t.Errorf("sweep of nothing: got %v, %v, want false and no error", more, err)
	}
	_, err = sweeper.DeleteAll(t.Context(), table, 0)
	fails(t, "sweep of 0", err, fault.Argument)
}
