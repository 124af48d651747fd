package catalog

import (
	"context"
	"fmt"
	"slices"
	"time"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
	"firn/shared/vend"
)

// stage stores a staged table.
func (x *session) stage(ctx context.Context, n *store.NamespaceSlot, name string, t *iceberg.Table, paths []string, claims []location.Prefix, alone bool, guards store.Guards, d Delegation) (Loaded, error) {
	staged := &lake.Staged{UUID: t.UUID(), CatalogID: x.cat.Value.ID, NamespaceID: n.ID(), Name: name, PrincipalID: x.who.ID,
		Location: t.Location(), Paths: slices.Clone(paths), Expires: x.Now().Add(x.StagedFor)}
	if err := x.Store.Stage(ctx, n, staged, claims, alone, guards); err != nil {
		return Loaded{}, fmt.Errorf("stage table: %w", err)
	}
	k, err := x.keys(ctx, n, holderOfStaged(staged), d.actions(), "create")
	return Loaded{Metadata: t.Bytes(), Keys: k}, err
}

// staging is what the metadata of a staged table, which is kept nowhere, is made of beside the request.
type staging struct {
	UUID     string `json:"uuid"`
	Location string `json:"location"`
	AtMS     int64  `json:"at"`
}

// restage answers again for a table that an earlier try of the request staged. Access requirement: for keys that of
// staging it with keys; the rest is what the request says.
func (s *Service) restage(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, want Creation, first staging, d Delegation) (Loaded, error) {
	t, err := iceberg.Create(want.Request, first.UUID, first.Location, first.AtMS)
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	if !d.Asked() {
		return Loaded{Metadata: t.Bytes()}, nil
	}
	x, n, h, actions, err := s.plain().stagedHolder(ctx, c, catalog, id, first.UUID)
	if err == nil {
		err = x.choose(d)
	}
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	k, err := x.keys(ctx, n, h, actions, "replay")
	if err != nil {
		return Loaded{}, untold(id, err)
	}
	return Loaded{Metadata: t.Bytes(), Keys: k}, nil
}

func holderOfStaged(t *lake.Staged) holder {
	return holder{id: lake.ID(t.UUID), name: t.Name, location: t.Location, paths: t.Paths, staged: t.UUID}
}

// stagedHolder opens a request on what a client has staged under that uuid: the staged table, for the principal that
// staged it alone and as long as it is kept, or the table that it has become. Anything else is a missing table. Access
// requirement: that of staging it with keys; of the table that of its keys.
func (s *Service) stagedHolder(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, uuid string) (*session, *store.NamespaceSlot, holder, vend.Actions, error) {
	gone := fault.Missing(fault.Table, id.String())
	if !reachable(id) || !isUUID(uuid) {
		id, uuid = lake.Identifier{}, ""
	}
	x := s.open(c, catalog)
	n := x.batch.Namespace(x.cat, id.Namespace)
	var t *store.Slot[lake.Table]
	var staged *store.Slot[lake.Staged]
	if uuid != "" {
		t, staged = x.batch.Table(n, id.Name), x.batch.Staged(n, id.Name, uuid)
	}
	if err := x.read(ctx); err != nil {
		return nil, nil, holder{}, 0, err
	}
	switch {
	case uuid == "" || !n.There():
		return nil, nil, holder{}, 0, gone
	case t.Value != nil && t.Value.UUID == uuid:
		actions, err := x.loadActions(ctx, Delegation{Vended: true}, append(n.Path(), t.Value.ID))
		return x, n, holderOf(t.Value), actions, err
	case staged.Value != nil && staged.Value.PrincipalID == x.who.ID:
		return x, n, holderOfStaged(staged.Value), writeActions, x.allow(ctx, access.CreateTableStagedWithWriteDelegation, n.Path())
	}
	return nil, nil, holder{}, 0, gone
}

// commitNew is one attempt to make a table by a commit: of a staged table, most of the time.
func (s *Service) commitNew(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, change Change) (Loaded, int, error) {
	if err := lake.CheckName(id.Name); err != nil {
		return Loaded{}, 0, err
	}
	var taken *store.Slot[store.Claim]
	var staged *store.Slot[lake.Staged]
	nt := store.NewTable{}
	uuid := uuidOf(change.Updates)
	x, n, err := s.at(ctx, c, catalog, id.Namespace, access.UpdateTableForStagedCreate, func(x *session, n *store.NamespaceSlot) {
		taken = x.batch.Name(n, id.Name)
		nt.Guards = x.batch.Guards(n)
		if uuid != "" {
			staged = x.batch.Staged(n, id.Name, uuid)
		}
	})
	if err != nil {
		return Loaded{}, 0, err
	}
	if x.cat.Value.Type == lake.External {
		return Loaded{}, 0, fault.New(fault.Malformed, "Cannot update table on static-facade external catalogs.")
	}
	next, item, own, err := x.first(n, id, taken, change, s.Now())
	if err != nil {
		return Loaded{}, 0, err
	}
	nt.Table, nt.Folders, nt.Principal = item, own, x.who.ID
	if staged != nil && staged.Value != nil && staged.Value.PrincipalID == x.who.ID {
		nt.Staged, nt.Table.StagedAs = staged, holderOfStaged(staged.Value).id
	}
	done, err := x.put(ctx, n, next, nt, Delegation{})
	if fault.Is(err, fault.Exists) {
		err = inTheWay(lake.TableKind, id)
	}
	return done, defaultRetries, err
}

// first computes and judges the first version of a table that a commit makes, with the folders that are to be claimed.
func (x *session) first(n *store.NamespaceSlot, id lake.Identifier, taken *store.Slot[store.Claim], change Change, now time.Time) (*iceberg.Table, *lake.Table, []location.Prefix, error) {
	if taken.Value != nil {
		return nil, nil, nil, inTheWay(taken.Value.Kind, id)
	}
	next, _, err := iceberg.Apply(nil, change.Updates, iceberg.At{NowMS: now.UnixMilli(), UUID: newUUID()})
	if err != nil {
		return nil, nil, nil, err
	}
	if err := x.fits(nil, next); err != nil {
		return nil, nil, nil, err
	}
	shown := func() []string { return append(shownLocations(next, true), files(next.References())...) }
	if err := judge(id, next.References(), shown, creationBounds(x.cat.Value, n), x.cat.Value); err != nil {
		return nil, nil, nil, err
	}
	item := x.newTable(n, id.Name, next, now)
	own, err := folders(next.Location(), item.Paths)
	return next, item, own, err
}

// uuidOf gives the uuid that the updates assign.
func uuidOf(updates []iceberg.Update) string {
	for _, u := range updates {
		if uuid := u.AssignedUUID(); uuid != "" && len(uuid) <= 64 {
			return uuid
		}
	}
	return ""
}

func inTheWay(kind lake.Kind, id lake.Identifier) error {
	if kind == lake.TableKind {
		return fault.Of(fault.CommitFailed, fault.Table, id.String(), "Requirement failed: table already exists")
	}
	return fmt.Errorf("commit: %w", store.Claim{Kind: kind}.Against(lake.TableKind, id))
}
