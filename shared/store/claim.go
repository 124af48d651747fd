package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// folder is a claim in the location index: who holds a folder.
type folder struct {
	Holder    lake.ID    `json:"holder"` // id of a namespace, table or piece of work; uuid of a staged table
	Kind      fault.Noun `json:"kind"`
	Namespace []string   `json:"ns"` // in which, or of which, it was claimed
	Name      string     `json:"name,omitempty"`
	Principal lake.ID    `json:"by,omitempty"` // who staged the table
	Location  string     `json:"location"`     // as clients see it
	Staged    bool       `json:"staged,omitempty"`
	Purged    bool       `json:"purged,omitempty"` // nobody's any more; its files are being deleted
}

// claimer wants folders for an object.
type claimer struct {
	folder
	n       *NamespaceSlot // the parent namespace, or the catalog's root
	expires time.Time
	asked   string // what a refusal names as wanted; empty: the location
	shares  bool   // the catalog lets tables share folders: nothing is claimed, and only what is being purged is in the way
	alone   bool   // the folder ends in a random leaf of the server's: below a container that is claimed nothing overlaps it
}

// plan is what a claim of folders adds to a transaction.
type plan struct {
	ops    []kv.Op
	keys   []string // the index entries that are then held
	seen   map[kv.Key]bool
	needed map[int]bool // depths of containers, and whether all guards there must be written or any one
}

func (p *plan) add(op kv.Op) {
	if !p.seen[op.Item.Key] {
		p.seen[op.Item.Key] = true
		p.ops = append(p.ops, op)
	}
}

// claim plans the claims: it looks for what overlaps, refuses with Forbidden and the words of Polaris, and gives the
// writes that claim the folders and guard against newcomers; one of them bumps the parent. guarded must have been read
// before this looks.
//
// A metadata file outside of its table's folders is claimed too, as a folder of the file's name (FileClaim).
//
// The race of two overlapping folders claimed at once is closed by the guards of the innermost container in the chain
// that holds a claim around the folder (the catalog's root, if none does): whoever could claim something that overlaps
// must write all of those same guards, or would stand in that container's own claim. A folder that cannot overlap needs
// one of them, for the tag says that the container still holds its claim: no item is written or checked by all.
func (s *Store) claim(ctx context.Context, c claimer, folders []location.Prefix, guarded Guards) ([]kv.Op, []string, error) {
	p, err := s.plan(ctx, c, folders)
	if err != nil {
		return nil, nil, err
	}
	bumps, err := guarded.ops(c.n, p.needed)
	return append(p.ops, bumps...), p.keys, err
}

// plan is claim without the guards.
func (s *Store) plan(ctx context.Context, c claimer, folders []location.Prefix) (*plan, error) {
	c.shares = c.n.Catalog.Value.On(lake.OverlappingLocations, false)
	p := &plan{seen: map[kv.Key]bool{}, needed: map[int]bool{len(c.n.chain): false}}
	for _, f := range folders {
		if c.shares {
			if _, err := s.overlaps(ctx, c, f, ""); err != nil {
				return nil, err
			}
			continue
		}
		depth, around := c.n.container(f)
		cond := kv.Absent(s.now())
		all := !(c.alone && depth > 0 && f.Ancestors()[len(f.Ancestors())-1] == around)
		p.needed[depth] = p.needed[depth] || all
		if all {
			mine, err := s.overlaps(ctx, c, f, around)
			if err != nil {
				return nil, err
			}
			if mine != nil {
				cond = kv.Match(mine.Tag)
			}
		}
		op, err := put(c.n.claimKey(f.Index()), tagOf(c.Holder), c.folder, cond)
		if err != nil {
			return nil, err
		}
		op.Item.Expires = c.expires
		p.keys = append(p.keys, f.Index())
		p.add(op)
	}
	return p, nil
}

// overlaps looks for a claim that the folder would overlap. It gives the claim on the very folder that may be taken over:
// the claimer's own, or that of the same table staged by the same principal; one of the latter that overlaps otherwise
// is not in the way, and stays. Nothing above around, where a container of the claimer's own stands, is in
// question: only containers of that container do.
func (s *Store) overlaps(ctx context.Context, c claimer, f location.Prefix, around string) (mine *kv.Item, err error) {
	judge := func(item *kv.Item) error {
		if item == nil || item.Expired(s.now()) {
			return nil
		}
		var there folder
		if err := decode(item, &there); err != nil {
			return err
		}
		same := item.Key.Sort == f.Index()
		below := len(item.Key.Sort) > len(f.Index())
		switch {
		case c.shares && !there.Purged:
			return nil
		case (there.Holder == c.Holder || c.staged(there)) && same:
			mine = item
			return nil
		case there.Holder == c.Holder:
			return nil
		case c.staged(there): // it stays: credentials for it may be out
			return nil
		case there.Kind == fault.Namespace && !same && !below && c.n.holds(there.Holder):
			return nil // a container of its own
		case c.Kind == fault.Namespace && below && (there.Purged || within(there.Namespace, c.Namespace)):
			return nil // what an earlier namespace of that name left: staged tables, purges, tables that were renamed away
		}
		return overlapping(cmp.Or(c.asked, c.Location), there.Location)
	}
	var above []kv.Key
	for _, index := range f.Ancestors() { // at most location.MaxDepth
		if len(index) > len(around) {
			above = append(above, c.n.claimKey(index))
		}
	}
	if len(above) > 0 {
		items, err := s.db.Get(ctx, above)
		if err != nil {
			return nil, fmt.Errorf("read claims: %w", err)
		}
		for _, item := range items {
			if err := judge(item); err != nil {
				return nil, err
			}
		}
	}
	err = s.pages(ctx, c.n.claimKey(f.Index()).Partition, f.Index(), func(items []kv.Item) error {
		for i := range items {
			if err := judge(&items[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return mine, err
}

func overlapping(location, there string) error {
	return fault.Of(fault.Forbidden, fault.Location, location,
		"Unable to create entity at location '%s' because it conflicts with existing table or namespace at location '%s/'", location, strings.TrimSuffix(there, "/"))
}

// staged says whether the claim is of the same table, staged by the same principal.
func (c claimer) staged(there folder) bool {
	return there.Staged && there.Principal == c.Principal && there.Name == c.Name && slices.Equal(there.Namespace, c.Namespace)
}

// within says whether a namespace is the other one or below it, by name.
func within(levels, other []string) bool {
	return len(levels) >= len(other) && slices.Equal(levels[:len(other)], other)
}

// holds says whether the id is of a namespace in the chain.
func (n *NamespaceSlot) holds(id lake.ID) bool {
	return slices.ContainsFunc(n.Chain(), func(ns *lake.Namespace) bool { return ns.ID == id })
}

// container gives the innermost namespace of the chain that holds a claim around the folder, by its depth, and that
// claim; 0 and nothing for the catalog's root.
func (n *NamespaceSlot) container(f location.Prefix) (depth int, around string) {
	chain := n.Chain()
	for depth := len(chain); depth > 0; depth-- {
		for _, index := range chain[depth-1].Claims {
			if index != f.Index() && strings.HasPrefix(f.Index(), index) {
				return depth, index
			}
		}
	}
	return 0, ""
}

func (n *NamespaceSlot) claimKey(index string) kv.Key {
	return locationKey(n.place.realm, n.place.catalog, index)
}

// release gives claims back.
func release(p place, holder lake.ID, keys []string) []kv.Op {
	var ops []kv.Op
	for _, index := range keys {
		ops = append(ops, remove(locationKey(p.realm, p.catalog, index), kv.Prefix(owner(holder))))
	}
	return ops
}
