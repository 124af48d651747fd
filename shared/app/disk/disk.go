// Package disk opens the folders of this machine to catalogs of storage type FILE.
package disk

import (
	"context"

	"firn/shared/blob"
	"firn/shared/blob/file"
	"firn/shared/location"
	"firn/shared/vend"
)

// Opener opens exactly the folders of this machine that a catalog of storage type FILE allows.
type Opener struct{}

var _ blob.Opener = Opener{}

// Open gives the bucket of the storage.
func (Opener) Open(ctx context.Context, scope blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	var folders []location.Prefix
	for _, text := range scope.Storage.AllowedLocations {
		if p, err := location.ParsePrefix(text); err == nil {
			folders = append(folders, p)
		}
	}
	opener, err := file.New(file.Config{Folders: folders})
	if err != nil {
		return nil, err
	}
	return opener.Open(ctx, scope, cred)
}
