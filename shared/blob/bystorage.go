package blob

import (
	"context"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

// ByStorage is the Opener that asks the right driver, and bounds what it opens (Bounded): no driver is
// reached past that. A nil field is a kind of storage that this server has no driver for.
type ByStorage struct {
	Embedded Opener // the object store inside the process
	S3       Opener // AWS and S3-compatible stores
	GCS      Opener // Google Cloud Storage
	Azure    Opener // Azure Data Lake Storage Gen2
	File     Opener // folders of this machine
}

var _ Opener = ByStorage{}

// Open returns a bucket of the storage's driver that is bounded by the scope. Forbidden for an empty scope;
// Unsupported if there is no driver.
func (o ByStorage) Open(ctx context.Context, scope Scope, cred vend.Credential) (Bucket, error) {
	if err := scope.validate(); err != nil {
		return nil, err
	}
	storage, driver := scope.Storage, Opener(nil)
	switch {
	case storage.Embedded():
		driver = o.Embedded
	case storage.Type == lake.S3:
		driver = o.S3
	case storage.Type == lake.GCS:
		driver = o.GCS
	case storage.Type == lake.Azure:
		driver = o.Azure
	case storage.Type == lake.File:
		driver = o.File
	}
	if driver == nil {
		return nil, fault.New(fault.Unsupported, "This server cannot use storage of type %s.", storage.Type)
	}
	return Bounded{driver}.Open(ctx, scope, cred)
}
