package store

import (
	"bytes"
	"testing"
	"time"
)

func TestSharedCredentialsAreThereUntilTheyExpire(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		look := func(want string) {
			t.Helper()
			got, err := w.Sealed(ctx, realm, "k")
			if err != nil || string(got) != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		}
		look("")
		for _, text := range []string{"one", "two"} {
			w.must(w.Keep(ctx, realm, "k", []byte(text), w.time().Add(time.Hour)))
			look(text)
		}
		if got, err := w.Sealed(ctx, "another", "k"); got != nil || err != nil {
			t.Errorf("another realm's: got %q, %v, want none", got, err)
		}
		w.pass(time.Hour - time.Second)
		look("two")
		w.pass(time.Second)
		look("")
		if err := w.Keep(ctx, realm, "k", bytes.Repeat([]byte("x"), maxSealed+1), w.time().Add(time.Hour)); err == nil {
			t.Error("a text that is too long: got no error")
		}
		look("")
	})
}
