// Package disk opens the folders of this machine to catalogs of storage type FILE: those that the operator's storage policy
// lists for the realm. It refuses to look at what a catalog allows, which is the blob package's to bound.
//
// # Why
//
// A folder is opened by its path, and a link in that path is followed: it is the operator's own. Below it no link is
// followed (package blob/file). If a catalog's allowed locations were the folders, a link below the operator's folder would
// be in such a path, and lead out.
package disk

import (
	"context"

	"firn/shared/blob"
	"firn/shared/blob/file"
	"firn/shared/storagepolicy"
	"firn/shared/vend"
)

// Opener opens the folders of a policy.
type Opener struct{ Policy *storagepolicy.Policy }

var _ blob.Opener = Opener{}

// Open returns the bucket of the realm.
func (o Opener) Open(ctx context.Context, scope blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	opener, err := file.New(file.Config{Folders: o.Policy.Folders(scope.Realm)})
	if err != nil {
		return nil, err
	}
	return opener.Open(ctx, scope, cred)
}
