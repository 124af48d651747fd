package s3local

import (
	"context"
	"errors"
	"io"
	"testing"

	"firn/shared/fault"

	"github.com/google/go-cmp/cmp"
)

func (w *world) as(a Action) *Client {
	w.t.Helper()
	c, err := w.store.As(realm, Scope{bucket, prefix, a})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestAClientReadsWhatItWrote(t *testing.T) {
	w := newWorld(t)
	c, ctx := w.as(everyAction), t.Context()
	if err := c.Put(ctx, bucket, prefix+"metadata/v1.json", []byte("{}"), true); err != nil {
		t.Fatal(err)
	}
	if err := c.Put(ctx, bucket, prefix+"metadata/v1.json", []byte("{1}"), true); !fault.Is(err, fault.Exists) || fault.From(err).Noun != fault.File {
		t.Errorf("second create: got %v, want Exists of a File", err)
	}
	r, err := c.Get(ctx, bucket, prefix+"metadata/v1.json")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); string(text) != "{}" || err != nil {
		t.Errorf("got %q, %v, want {}", text, err)
	}
	if rec := w.call(w.mint(Read), get(prefix+"metadata/v1.json")); rec.Body.String() != "{}" {
		t.Errorf("over HTTP: got %s, want {}", rec.Body)
	}
	if err := c.Put(ctx, bucket, prefix+"z", nil, false); err != nil {
		t.Fatal(err)
	}
	objects, err := c.List(ctx, bucket, prefix, prefix+"metadata", 1)
	if diff := cmp.Diff([]string{prefix + "metadata/v1.json"}, keysOf(objects)); diff != "" || err != nil {
		t.Errorf("list (-want +got): %s, %v", diff, err)
	}
	for range 2 {
		if err := c.Delete(ctx, bucket, prefix+"z"); err != nil {
			t.Errorf("delete: got %v, want none", err)
		}
	}
	if _, err := c.Get(ctx, bucket, prefix+"z"); !fault.Is(err, fault.NotFound) || fault.From(err).Noun != fault.File {
		t.Errorf("get of a deleted object: got %v, want NotFound of a File", err)
	}
}

func TestAClientIsHeldToItsScopes(t *testing.T) {
	w := newWorld(t)
	w.fill()
	all, ctx := w.as(everyAction), t.Context()
	read, write, list, remove := w.as(everyAction&^Read), w.as(everyAction&^Write), w.as(everyAction&^List), w.as(everyAction&^Delete)
	gets := func(c *Client, bucket, key string) error { _, err := c.Get(ctx, bucket, key); return err }
	lists := func(c *Client, prefix string, limit int) error {
		_, err := c.List(ctx, bucket, prefix, "", limit)
		return err
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	tests := []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"get of a sibling", gets(all, bucket, sibling+"s"), fault.Forbidden},
		{"get of another bucket", gets(all, "other-bucket", prefix+"a"), fault.Forbidden},
		{"get through dots", gets(all, bucket, prefix+"../table-1a2b-other/s"), fault.Argument},
		{"get without the action", gets(read, bucket, prefix+"a"), fault.Forbidden},
		{"put of a sibling", all.Put(ctx, bucket, sibling+"s", nil, false), fault.Forbidden},
		{"put through dots", all.Put(ctx, bucket, prefix+"../table-1a2b-other/s", nil, false), fault.Argument},
		{"put without the action", write.Put(ctx, bucket, prefix+"a", nil, false), fault.Forbidden},
		{"put below an object", all.Put(ctx, bucket, prefix+"a/b", nil, false), fault.Conflict},
		{"delete of a sibling", all.Delete(ctx, bucket, sibling+"s"), fault.Forbidden},
		{"delete through dots", all.Delete(ctx, bucket, prefix+"../table-1a2b-other/s"), fault.Argument},
		{"delete without the action", remove.Delete(ctx, bucket, prefix+"a"), fault.Forbidden},
		{"list of a sibling", lists(all, sibling, 1), fault.Forbidden},
		{"list through dots", lists(all, prefix+"../", 1), fault.Argument},
		{"list without the action", lists(list, prefix, 1), fault.Forbidden},
		{"list of none", lists(all, prefix, 0), fault.Argument},
		{"list of too many", lists(all, prefix, maxListed+1), fault.Argument},
	}
	for _, tt := range tests {
		if !fault.Is(tt.err, tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, tt.err, tt.want)
		}
	}
	if err := all.Put(over, bucket, prefix+"new", nil, false); !errors.Is(err, context.Canceled) {
		t.Errorf("put of a caller who left: got %v, want Canceled", err)
	}
	if w.read(sibling+"s") != "secret" || w.read(prefix+"a") != "alpha" {
		t.Error("want every object as it was")
	}
	if _, err := w.store.As(realm, Scope{bucket, "", Read}); !fault.Is(err, fault.Argument) {
		t.Errorf("client of a whole bucket: got %v, want Argument", err)
	}
	if _, err := w.store.As(realm); !fault.Is(err, fault.Argument) {
		t.Errorf("client of nothing: got %v, want Argument", err)
	}
}
