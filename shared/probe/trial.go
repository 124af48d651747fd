package probe

import (
	"context"
	"errors"
	"slices"
	"time"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

const (
	everything = vend.Read | vend.List | vend.Write | vend.Delete
	reading    = vend.Read | vend.List
)

// trial is one probe under way.
type trial struct {
	config       *Config
	who          Asker
	catalog      *lake.Catalog
	own, sibling location.Prefix
	until        time.Time // till when what is denied is tried again
	epoch        string    // of this probe alone

	late     bool // it was found that the time is over
	findings []Finding
	passed   []Check
	skipped  string
}

// place finds the two folders.
func (t *trial) place() error {
	base, err := location.ParsePrefix(t.catalog.DefaultBaseLocation())
	if err != nil {
		return err
	}
	if t.own, err = base.Join(Folder, string(t.catalog.ID), "own"); err != nil {
		return err
	}
	t.sibling, err = base.Join(Folder, string(t.catalog.ID), "own2")
	return err
}

// run makes all checks. Those on which others rest end it where they fail.
func (t *trial) run(ctx context.Context) {
	key, ok := t.key(ctx, KeyMinted, t.own, everything)
	switch {
	case !ok:
		return
	case !t.ownFolder(ctx, key):
		if slices.Contains([]Code{PolicyDenied, PolicyExplicit, KMSDenied}, t.findings[len(t.findings)-1].Code) {
			t.blind(ctx, key)
		}
		return
	}
	if !slices.Contains(t.passed, OwnList) { // which empties the folder
		defer t.leave(ctx, t.own, key)
	}
	t.neighbour(ctx, key)
	t.trust(ctx)
	t.browser(ctx)
}

// key mints a key and opens the storage with it.
func (t *trial) key(ctx context.Context, check Check, folder location.Prefix, actions vend.Actions) (blob.Bucket, bool) {
	var bucket blob.Bucket
	ok := t.works(ctx, check, func() error {
		cred, err := t.config.Vendor.Vend(ctx, &t.catalog.Storage, t.grant(folder, actions))
		if fault.Is(err, fault.Unsupported) { // nor can any other key be made
			t.skipped = fault.From(err).Message
		}
		if err != nil {
			return err
		}
		bucket, err = t.config.Files.Open(ctx, t.scope(), cred)
		return err
	})
	return bucket, ok
}

// scope is what a probe may touch at most, whatever the key: that a narrower one is denied is what the store
// has to say.
func (t *trial) scope() blob.Scope {
	return blob.Scope{Realm: t.who.Realm, Storage: &t.catalog.Storage, Prefixes: []location.Prefix{t.own, t.sibling}, Actions: everything}
}

func (t *trial) grant(folder location.Prefix, actions vend.Actions) vend.Grant {
	return vend.Grant{Realm: t.who.Realm, Principal: t.who.Principal, PrincipalID: t.who.PrincipalID, CatalogID: t.catalog.ID, TableID: Folder,
		Table: Folder, Prefixes: []location.Prefix{folder}, Actions: actions, Epoch: t.epoch, Probe: t.config.Apart, Why: "probe"}
}

// ownFolder proves that a key opens its folder, and that a reader's opens it for reading alone. It says whether the key
// writes, without which its being denied elsewhere proves nothing.
func (t *trial) ownFolder(ctx context.Context, key blob.Bucket) bool {
	first, err := object(t.own)
	if err != nil {
		t.find(Finding{Check: OwnWrite, Code: StorageInvalid, Message: fault.From(err).Message})
		return false
	}
	if !t.works(ctx, OwnWrite, func() error { return key.Put(ctx, first, content) }) {
		return false
	}
	reads := func(b blob.Bucket) func() error {
		return func() error {
			err := holds(ctx, b, first)
			if errors.Is(err, errForgets) { // another probe may have emptied the folder: for the next try
				_ = key.Put(ctx, first, content)
			}
			return err
		}
	}
	t.works(ctx, OwnRead, reads(key))
	if reader, ok := t.key(ctx, ReaderMinted, t.own, reading); ok {
		t.works(ctx, ReaderRead, reads(reader))
		t.denied(ctx, ReaderWrite, ReaderWrites, func() error { return put(ctx, reader, t.own) })
		t.denied(ctx, ReaderDelete, ReaderDeletes, func() error { return reader.Delete(ctx, first) })
	}
	t.works(ctx, OwnDelete, func() error {
		if err := key.Delete(ctx, first); err != nil {
			return err
		}
		return gone(ctx, key, first)
	})
	t.works(ctx, OwnList, func() error {
		last, err := object(t.own)
		if err != nil {
			return err
		}
		if err := key.Put(ctx, last, content); err != nil {
			return err
		}
		if err := empty(ctx, key, t.own); err != nil {
			return err
		}
		return gone(ctx, key, last)
	})
	return true
}

// neighbour proves that a key for own/ opens nothing of own2/.
func (t *trial) neighbour(ctx context.Context, key blob.Bucket) {
	other, ok := t.key(ctx, SiblingReady, t.sibling, everything)
	if !ok || !t.works(ctx, SiblingReady, func() error { return empty(ctx, other, t.sibling) }) {
		return
	}
	defer t.leave(ctx, t.sibling, other)
	t.denied(ctx, SiblingList, ScopeList, func() error { return list(ctx, key, t.sibling) })
	there, err := object(t.sibling)
	if err != nil || !t.works(ctx, SiblingReady, func() error { return other.Put(ctx, there, content) }) {
		return
	}
	t.denied(ctx, SiblingRead, ScopeRead, func() error { _, err := key.Get(ctx, there); return err })
	t.denied(ctx, SiblingWrite, ScopeWrite, func() error { return put(ctx, key, t.sibling) })
	t.denied(ctx, SiblingDelete, ScopeDelete, func() error { return key.Delete(ctx, there) })
}

// blind looks for the worst with a key that the store knows and that does not open its own folder: what it opens elsewhere
// is told, what it is denied proves nothing.
func (t *trial) blind(ctx context.Context, key blob.Bucket) {
	if ctx.Err() != nil {
		return
	}
	if list(ctx, key, t.sibling) == nil {
		t.find(Finding{Check: SiblingList, Code: ScopeList, Detail: t.detail(nil)})
	}
	if put(ctx, key, t.sibling) == nil {
		t.find(Finding{Check: SiblingWrite, Code: ScopeWrite, Detail: t.detail(nil)})
		t.leave(ctx, t.sibling, key)
	}
}
