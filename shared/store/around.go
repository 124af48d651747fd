package store

import (
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// Around is what claims the folders that a file is in, as one batch read it.
type Around struct {
	s     *Store
	n     *NamespaceSlot
	file  location.URI
	items []*kv.Item
}

// Around asks for the claims of all folders that the file is in.
func (b *Batch) Around(n *NamespaceSlot, file location.URI) *Around {
	a := &Around{s: b.s, n: n, file: file}
	folder, err := file.Folder()
	if err != nil {
		return a // it is in no folder, and nothing is read there
	}
	for _, index := range append(folder.Ancestors(), folder.Index()) {
		at, i := b.index(n.claimKey(index)), len(a.items)
		a.items = append(a.items, nil)
		b.loads = append(b.loads, func(items []*kv.Item) error {
			a.items[i] = items[at]
			return nil
		})
	}
	return a
}

// Free refuses a file in a folder that another table, view, staged table or purge claims: Forbidden. It goes
// by the rules by which the object would claim the folder itself; but where tables may share folders, it
// refuses also what is claimed by a table from before. The object is new, or it overwrites the holder of that
// id; what the principal staged under its name is its own.
func (a *Around) Free(holder lake.ID, kind lake.Kind, name string, principal lake.ID) error {
	c := claimer{n: a.n, folder: folder{Holder: holder, Kind: NounOf(kind), Namespace: a.n.Levels(), Name: name, Principal: principal}}
	shares := a.n.Catalog.Value.On(lake.OverlappingLocations, false)
	for _, item := range a.items {
		if item == nil || item.Expired(a.s.now()) {
			continue
		}
		var there folder
		if err := decode(item, &there); err != nil {
			return err
		}
		container := there.Kind == fault.Namespace && !there.Purged && (shares || a.n.holds(there.Holder))
		if there.Holder != holder && !c.staged(there) && !container {
			return overlapping(a.file.String(), there.Location)
		}
	}
	return nil
}

// FileClaim is the claim of one metadata file that lies outside of its table's folders: as that of a folder
// of the file's name, so that whoever wants a folder around it is in the way. The error is a *fault.Error of
// kind Argument if the name is too long for a claim.
func FileClaim(file location.URI) (location.Prefix, error) {
	return location.ParsePrefix(file.String() + "/")
}
