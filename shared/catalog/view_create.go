package catalog

import (
	"context"

	"firn/shared/access"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// ViewCreation is a view that a client asks for.
type ViewCreation struct {
	Name    string
	Request iceberg.CreateViewRequest // with the location that the client chose; empty: firn chooses
}

// CreateView makes a view. Access requirement: VIEW_CREATE on the namespace.
func (s *Service) CreateView(ctx context.Context, c lake.Caller, catalog string, levels []string, want ViewCreation) (Loaded, error) {
	if want.Name == "" {
		return Loaded{}, fault.New(fault.Argument, "Invalid table name: null or empty") // as recorded
	}
	if err := lake.CheckName(want.Name); err != nil {
		return Loaded{}, err
	}
	if err := lake.CheckProperties(want.Request.Properties, nil); err != nil {
		return Loaded{}, err
	}
	var made Loaded
	err := s.Store.Again(ctx, func() (err error) {
		made, err = s.createView(ctx, c, catalog, levels, want)
		return err
	})
	if view, ok := facts[lake.ID](err); ok {
		return s.reload(ctx, c, catalog, lake.Identifier{Namespace: levels, Name: want.Name}, lake.ViewKind, view, allowing(ctx, access.CreateView))
	}
	return made, err
}

func (s *Service) createView(ctx context.Context, c lake.Caller, catalog string, levels []string, want ViewCreation) (Loaded, error) {
	id := lake.Identifier{Namespace: levels, Name: want.Name}
	x, n, guards, err := s.newView(ctx, c, catalog, id, access.CreateView, nil)
	if err != nil {
		return Loaded{}, err
	}
	if x.cat.Value.Type == lake.External {
		return Loaded{}, fault.New(fault.Malformed, "Cannot create view on static-facade external catalogs.")
	}
	loc, alone, err := x.newLocation(n, want.Name, want.Request.Location)
	if err != nil {
		return Loaded{}, err
	}
	now := s.Now()
	view, err := iceberg.CreateView(want.Request, newUUID(), loc, now.UnixMilli())
	if err != nil {
		return Loaded{}, err
	}
	if err := judge(id, view.References(), func() []string { return shownLocations(view, false) }, creationBounds(x.cat.Value, n), x.cat.Value); err != nil {
		return Loaded{}, err
	}
	if err := s.fits(nil, view); err != nil {
		return Loaded{}, err
	}
	nt := store.NewTable{Table: x.newTable(n, want.Name, view, now), Guards: guards, Principal: x.who.ID}
	nt.Alone = alone && len(nt.Table.Paths) == 0 // the client chose the paths, and they may be around the folder
	if nt.Folders, err = folders(view.Location(), nt.Table.Paths); err != nil {
		return Loaded{}, err
	}
	return x.put(ctx, n, view, nt, Delegation{})
}

// newView opens a request on a namespace for a view that is not there yet, in no other kind either.
func (s *Service) newView(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, op access.Operation, more func(*session, *store.NamespaceSlot)) (*session, *store.NamespaceSlot, store.Guards, error) {
	var guards store.Guards
	var taken *store.Slot[store.Claim]
	x, n, err := s.at(ctx, c, catalog, id.Namespace, op, func(x *session, n *store.NamespaceSlot) {
		taken = x.batch.Name(n, id.Name)
		guards = x.batch.Guards(n)
		if more != nil {
			more(x, n)
		}
	})
	if err == nil && taken.Value != nil {
		err = taken.Value.Against(lake.ViewKind, id)
	}
	return x, n, guards, err
}

// RegisterView makes a view of a metadata file that is there. Access requirement: VIEW_CREATE on the namespace.
//
// The file is foreign, and read and judged as a table's (RegisterTable).
func (s *Service) RegisterView(ctx context.Context, c lake.Caller, catalog string, levels []string, name, location string) (Loaded, error) {
	if err := lake.CheckName(name); err != nil {
		return Loaded{}, err
	}
	file, err := checkFile(fault.View, location)
	if err != nil {
		return Loaded{}, err
	}
	id := lake.Identifier{Namespace: levels, Name: name}
	var made Loaded
	err = s.Store.Again(ctx, func() (err error) {
		made, err = s.registerView(ctx, c, catalog, id, file)
		return err
	})
	if view, ok := facts[lake.ID](err); ok {
		return s.reload(ctx, c, catalog, id, lake.ViewKind, view, allowing(ctx, access.RegisterView))
	}
	return made, err
}

func (s *Service) registerView(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, file location.URI) (Loaded, error) {
	var around *store.Around
	x, n, guards, err := s.newView(ctx, c, catalog, id, access.RegisterView, func(x *session, n *store.NamespaceSlot) {
		around = x.batch.Around(n, file)
	})
	if err != nil {
		return Loaded{}, err
	}
	item := &lake.Table{View: true, ID: lake.NewID()}
	view, outside, err := x.readForeign(ctx, n, id, item, file, around)
	if err != nil {
		return Loaded{}, err
	}
	if err := s.fits(nil, view); err != nil {
		return Loaded{}, err
	}
	nt := store.NewTable{Table: x.newTable(n, id.Name, view, s.Now()), Folders: outside, Guards: guards, Asked: file.String()}
	nt.Table.ID, nt.Table.MetadataLocation = item.ID, x.spelt(file.String())
	if err := s.Store.Remember(item.ID); err != nil {
		return Loaded{}, err
	}
	if err := x.enter(ctx, n, nt, view); err != nil {
		return Loaded{}, err
	}
	return Loaded{MetadataLocation: nt.Table.MetadataLocation, Metadata: view.Bytes()}, nil
}
