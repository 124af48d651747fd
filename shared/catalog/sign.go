package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/sign"
	"firn/shared/store"
	"firn/shared/vend"
)

// Signing tells a client that its requests to the storage are signed by firn, one by one.
type Signing struct {
	Path string    // of the table's sign endpoint, relative to the catalog's uri
	Site sign.Site // where the requests go
}

// choose settles on one kind of access where a client takes both: keys, where the storage can be vended for. A client that
// is told to have its requests signed does not look at the keys beside (Iceberg's Java), and asks firn for each file.
func (x *session) choose(d Delegation) error {
	if !d.Signed {
		return nil
	}
	storage := &x.cat.Value.Storage
	if d.Vended && storage.Type != lake.File && !unscopable(storage) {
		return nil
	}
	if x.Signer != nil {
		site, err := x.Signer.Site(storage)
		if err == nil {
			x.signs = &site
			return nil
		}
		if !fault.Is(err, fault.Argument) {
			return err
		}
	}
	return fault.New(fault.Argument, "Unsupported access delegation mode: REMOTE_SIGNING")
}

// Sign signs one request of a client to a table's storage. Access requirement: TABLE_READ_DATA for one that reads or lists,
// TABLE_WRITE_DATA for one that writes or deletes. Errors are Forbidden for a request that the caller may not make or that
// is not signed for anybody, Argument for one to other storage.
//
// Everything is decided anew for each request: rights, halts, and the catalog's allowed locations. The key that signs is
// vended for this table and what the request does; only storage without STS is signed for with firn's own rights, after
// the same decisions.
//
// staged names a staged table (its uuid), as in Credentials.
func (s *Service) Sign(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, staged string, r sign.Request) (sign.Signed, error) {
	x, n, h, may, err := s.holder(ctx, c, catalog, id, staged)
	if err != nil {
		return sign.Signed{}, err
	}
	storage := &x.cat.Value.Storage
	if err := x.choose(Delegation{Signed: true}); err != nil {
		return sign.Signed{}, err
	}
	call, err := sign.Parse(r, *x.signs)
	if err != nil {
		return sign.Signed{}, err
	}
	if !may.Has(call.Actions()) {
		if err := x.allow(ctx, access.LoadTableWithWriteDelegation, append(n.Path(), h.id)); err != nil {
			return sign.Signed{}, err
		}
	}
	all, err := x.vendable(id, h, may)
	if err != nil {
		return sign.Signed{}, err
	}
	checked, err := call.Within(all)
	if err != nil {
		return sign.Signed{}, err
	}
	var key *vend.Credential
	if !unscopable(storage) {
		if key, err = x.mint(ctx, id, h, all, keyActions(call.Actions()), "sign"); err != nil {
			return sign.Signed{}, err
		}
	}
	signed, err := x.Signer.Sign(ctx, x.caller.Realm, storage, key, checked)
	if err != nil {
		return sign.Signed{}, err
	}
	credential := "own"
	if key != nil {
		credential = key.ID
	}
	x.Log.InfoContext(ctx, "signed", "s3", call.Operation(), "table_id", string(h.id), "principal", x.who.Name, "credential", credential)
	return signed, nil
}

// keyActions are those of the key that signs. Who reads may list, or a store says of a missing file that it is forbidden;
// and so that key is the one that a reader is vended.
func keyActions(a vend.Actions) vend.Actions {
	if a&readActions != 0 {
		a |= readActions
	}
	return a
}

// holder opens a request on the keys of a table, or of a staged one, and gives what the caller may do with them.
func (s *Service) holder(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, staged string) (*session, *store.NamespaceSlot, holder, vend.Actions, error) {
	if staged != "" {
		return s.stagedHolder(ctx, c, catalog, id, staged)
	}
	x, n, t, err := s.table(ctx, c, catalog, id, nil)
	if err != nil {
		return nil, nil, holder{}, 0, err
	}
	may, err := x.loadActions(ctx, Delegation{Signed: true}, append(n.Path(), t.Value.ID))
	return x, n, holderOf(t.Value), may, err
}
