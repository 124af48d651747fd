package catalog

import (
	"context"
	"fmt"
	"time"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
	"firn/shared/vend"
)

// firn's own hands, as keys name them.
const (
	ownName = "firn"
	OwnID   = lake.OwnID
)

// bucket opens exactly these folders for firn itself, as long as the catalog allows them.
func (x *session) bucket(ctx context.Context, table lake.ID, name string, folders []location.Prefix, actions vend.Actions) (blob.Bucket, error) {
	if err := x.allowed(lake.Identifier{Name: name}, folders); err != nil {
		return nil, err
	}
	return x.Service.bucket(ctx, x.caller.Realm, &x.cat.Value.Storage, vend.Grant{
		CatalogID: x.cat.Value.ID, TableID: table, Table: name, Prefixes: folders, Actions: actions})
}

// tableBucket is bucket for the folders of a table or view, each of which it must have claimed: where tables
// may share folders, it need not.
func (x *session) tableBucket(ctx context.Context, t *lake.Table, own []location.Prefix, actions vend.Actions) (blob.Bucket, error) {
	if !x.cat.Value.Shared && !holdsAll(t.Claims, own) {
		noun := store.NounOf(t.Kind())
		return nil, fault.Of(fault.Forbidden, noun, t.Name,
			"The server does not touch the files of %s %s: it has not claimed their folders", noun, t.Name)
	}
	return x.bucket(ctx, t.ID, t.Name, own, actions)
}

func (s *Service) bucket(ctx context.Context, realm lake.Realm, storage *lake.Storage, g vend.Grant) (blob.Bucket, error) {
	g.Realm, g.Principal, g.PrincipalID = realm, ownName, OwnID
	var key vend.Credential
	if storage.Type != lake.File && !unscopable(storage) {
		var err error
		if key, err = s.Vendor.Vend(ctx, storage, g); err != nil {
			return nil, fmt.Errorf("get a key of firn's own: %w", err)
		}
	}
	scope := blob.Scope{Realm: realm, Storage: storage, Prefixes: g.Prefixes, Actions: g.Actions}
	return s.Files.Open(ctx, scope, key)
}

// unscopable says that the store has no way to narrow a key (stsUnavailable): nothing is vended for it, and firn itself
// reaches it with its own rights.
func unscopable(s *lake.Storage) bool { return s.STSUnavailable != nil && *s.STSUnavailable }

// maxMetadata bounds a metadata document, inflated, in bytes.
const maxMetadata = 256 << 20

// readMetadata reads a metadata file and gives its document.
func readMetadata(ctx context.Context, b blob.Bucket, file string) ([]byte, error) {
	uri, err := location.Parse(file)
	if err != nil {
		return nil, err
	}
	raw, err := b.Get(ctx, uri)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return nil, fault.Of(fault.NotFound, fault.File, file, "Failed to open input stream for file: %s", file).Because(err)
		}
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	return iceberg.Decode(ctx, file, raw, maxMetadata)
}

// retryAfter is when a client should come again whose metadata file could not be written.
const retryAfter = 2 * time.Second

// writeMetadata puts a new metadata file. A put whose answer was lost is before any effect on the table: nothing names
// the file yet, and a new attempt takes a new name. So it is told as one that was never sent: the difference
// would tell whether something listens at the endpoint of the catalog's storage.
func writeMetadata(ctx context.Context, b blob.Bucket, file string, doc []byte) error {
	uri, err := location.Parse(file)
	if err != nil {
		return err
	}
	raw, err := iceberg.Encode(file, doc)
	if err != nil {
		return err
	}
	if err := b.Put(ctx, uri, raw); err != nil {
		if fault.Is(err, fault.StateUnknown, fault.Exists, fault.Unavailable, fault.Timeout) {
			return fault.New(fault.Unavailable, "The metadata file could not be written; please retry.").Because(err).After(retryAfter)
		}
		return fmt.Errorf("write metadata: %w", err)
	}
	return nil
}

// newFile is a metadata file that goes with a change of a table or view.
type newFile struct {
	name   string
	doc    []byte
	bucket blob.Bucket // firn's own key to the table's folders; nil until it was needed
	put    bool
}

// write puts the file with a key to exactly the table's folders, which also reads there, for a lost answer, and deletes.
func (x *session) write(ctx context.Context, f *newFile, t *lake.Table, folders []location.Prefix) (err error) {
	if f.bucket, err = x.tableBucket(ctx, t, folders, writeActions); err != nil {
		return err
	}
	f.put = true // or it may be: a put whose answer is lost counts
	return writeMetadata(ctx, f.bucket, f.name, f.doc)
}

// withdraw deletes the file after a change that is known not to have landed.
func (x *session) withdraw(ctx context.Context, f *newFile) {
	if f.put {
		x.discard(ctx, f.bucket, f.name)
	}
}

// changeTime bounds a change from the first write on: a client that hangs up in the middle must not leave it half known.
const changeTime = 15 * time.Second

func unbroken(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), changeTime)
}

// discard deletes a metadata file of which it is known that no write that names it can have landed. Failing leaves a file
// that nothing points to.
func (s *Service) discard(ctx context.Context, b blob.Bucket, file string) {
	uri, err := location.Parse(file)
	if err == nil {
		err = b.Delete(context.WithoutCancel(ctx), uri)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "a metadata file that nothing names was left behind", "error", err.Error())
	}
}
