package vend

import (
	"context"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/storagepolicy"
)

// ByStorage is the Vendor that asks the right driver, if the operator's policy permits the grant: no driver, and no cache
// before one, is reached past that. A nil field is a kind of storage that this server has no driver for.
type ByStorage struct {
	Policy   *storagepolicy.Policy // nil: the default
	Embedded Vendor                // the object store inside the process
	S3       Vendor                // AWS and S3-compatible stores with STS
	R2       Vendor                // Cloudflare R2, by the profile of S3 storage
	GCS      Vendor                // Google Cloud Storage
	Azure    Vendor                // Azure Data Lake Storage Gen2
}

var (
	_ Vendor  = ByStorage{}
	_ Checker = ByStorage{}
)

// Vend asks the driver of the storage. Storage of type FILE has no keys at all, so nothing can be vended for it:
// Unsupported. Forbidden if the policy does not permit it.
func (v ByStorage) Vend(ctx context.Context, storage *lake.Storage, g Grant) (Credential, error) {
	driver, err := v.driver(storage, g)
	if err != nil {
		return Credential{}, err
	}
	return driver.Vend(ctx, storage, g)
}

// Check asks the driver of the storage.
func (v ByStorage) Check(storage *lake.Storage, g Grant) error {
	driver, err := v.driver(storage, g)
	if err != nil {
		return err
	}
	return Check(driver, storage, g)
}

func (v ByStorage) driver(storage *lake.Storage, g Grant) (Vendor, error) {
	driver := Vendor(nil)
	switch {
	case storage.Embedded():
		driver = v.Embedded
	case storage.Type == lake.S3 && storage.S3Profile() == lake.ProfileR2:
		driver = v.R2
	case storage.Type == lake.S3:
		driver = v.S3
	case storage.Type == lake.GCS:
		driver = v.GCS
	case storage.Type == lake.Azure:
		driver = v.Azure
	}
	if driver == nil {
		return nil, fault.Of(fault.Unsupported, fault.Credential, "",
			"This server cannot vend credentials for storage of type %s.", storage.Type)
	}
	if err := v.Policy.Permit(g.Realm, storage, g.Prefixes...); err != nil {
		return nil, err
	}
	return driver, nil
}
