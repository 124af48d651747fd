package app

import (
	"context"

	"firn/shared/blob"
	"firn/shared/blob/file"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// files finds the driver of a catalog's object store.
type files struct {
	embedded, s3 blob.Opener // nil: there is none
	onDisk       bool        // storage of type FILE is allowed
}

var _ blob.Opener = files{}

// Open gives the bucket of the storage.
func (f files) Open(ctx context.Context, storage *lake.Storage, cred vend.Credential) (blob.Bucket, error) {
	var driver blob.Opener
	switch {
	case storage.Embedded():
		driver = f.embedded
	case storage.Type == lake.S3:
		driver = f.s3
	case storage.Type == lake.File && f.onDisk:
		return openDisk(ctx, storage, cred)
	}
	if driver == nil {
		return nil, fault.New(fault.Unsupported, "This server cannot reach storage of type %s.", storage.Type)
	}
	return driver.Open(ctx, storage, cred)
}

// openDisk opens exactly the folders that the catalog allows.
func openDisk(ctx context.Context, storage *lake.Storage, cred vend.Credential) (blob.Bucket, error) {
	var folders []location.Prefix
	for _, text := range storage.AllowedLocations {
		if p, err := location.ParsePrefix(text); err == nil {
			folders = append(folders, p)
		}
	}
	opener, err := file.New(file.Config{Folders: folders})
	if err != nil {
		return nil, err
	}
	return opener.Open(ctx, storage, cred)
}
