package probe

import (
	"bytes"
	"context"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
)

// object names a new object of a folder.
func object(folder location.Prefix) (location.URI, error) {
	return location.Parse(folder.String() + string(lake.NewID()))
}

// content says to whoever finds such an object what it is.
var content = []byte("firn tries with this object whether keys to this storage are narrow. It can be deleted.\n")

// put puts a new object.
func put(ctx context.Context, b blob.Bucket, folder location.Prefix) error {
	name, err := object(folder)
	if err != nil {
		return err
	}
	return b.Put(ctx, name, content)
}

// errForgets tells that the store did not do what it said.
var errForgets = fault.New(fault.Conflict, "%s", codes[StoreForgets].message)

func holds(ctx context.Context, b blob.Bucket, name location.URI) error {
	data, err := b.Get(ctx, name)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && !bytes.Equal(data, content):
		return errForgets
	}
	return err
}

func gone(ctx context.Context, b blob.Bucket, name location.URI) error {
	_, err := b.Get(ctx, name)
	switch {
	case err == nil:
		return errForgets
	case fault.Is(err, fault.NotFound):
		return nil
	}
	return err
}

// sweeps bounds how many listings empty a folder: it holds what a few probes left.
const sweeps = 10

// list is what a key to empty a folder does where nothing is.
func list(ctx context.Context, b blob.Bucket, folder location.Prefix) error {
	sweeper, ok := b.(blob.Sweeper)
	if !ok {
		return fault.New(fault.Unsupported, "This server's driver of the storage does not list.")
	}
	_, err := sweeper.DeleteAll(ctx, folder, 1000)
	return err
}

// empty deletes what is in a folder.
func empty(ctx context.Context, b blob.Bucket, folder location.Prefix) error {
	sweeper, ok := b.(blob.Sweeper)
	if !ok {
		return list(ctx, b, folder)
	}
	for range sweeps {
		if more, err := sweeper.DeleteAll(ctx, folder, 1000); err != nil || !more {
			return err
		}
	}
	return errForgets
}
