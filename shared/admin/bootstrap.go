package admin

import (
	"context"

	"firn/shared/access"
	"firn/shared/lake"
)

// Bootstrap makes a realm: its root principal, which has the principal role service_admin, which may manage the realm.
// Empty credentials are made here; those that are given are kept as they are. made is false where the realm is there
// already: nothing changes, and root is empty.
func (s *Service) Bootstrap(ctx context.Context, realm lake.Realm, given lake.Credentials) (made bool, root lake.Credentials, err error) {
	root = given
	if root.ClientID == "" {
		root.ClientID = lake.NewClientID()
	}
	if root.ClientSecret == "" {
		root.ClientSecret = lake.NewSecret()
	}
	now := s.moment()
	facts := lake.Facts{Version: 1, Created: now, Updated: now}
	principal := &lake.Principal{ID: lake.NewID(), Name: lake.RootPrincipal, ClientID: root.ClientID, Facts: facts,
		Secrets: lake.Secrets{}.Rotate(root.ClientSecret, true)}
	role := &lake.PrincipalRole{ID: lake.NewID(), Name: lake.ServiceAdmin, Facts: facts}
	made, err = s.Store.Bootstrap(ctx, realm, principal, role, access.ServiceManageAccess.String())
	if err != nil || !made {
		return false, lake.Credentials{}, err
	}
	return true, root, nil
}
