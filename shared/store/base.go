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

// Bases are the folders that a catalog claims: its base and all that it allows.
type Bases struct {
	Folders []location.Prefix
	Overlap bool // they may overlap those of other catalogs of the realm, though never those of other realms
}

// base is an item of the index of catalogs' folders: the claims of one folder.
type base struct {
	Claims []baseClaim `json:"claims"`
}

type baseClaim struct {
	Realm   lake.Realm `json:"realm"`
	Catalog lake.ID    `json:"catalog"`
	Reaches []string   `json:"reach"`          // lake.Storage.Reaches
	Until   time.Time  `json:"until,omitzero"` // set: it was released, and keeps other realms out until credentials for it have ended
}

func (c baseClaim) released() bool { return !c.Until.IsZero() }

// The bounds of the index.
const (
	maxBases      = 40  // folders of a catalog, none within another: an update may release as many as it claims
	maxBaseClaims = 400 // claims of one folder: of catalogs that may overlap, or that are in stores of their own
)

// basePlan is what the claims of a catalog add to a transaction.
type basePlan struct {
	*Store
	realm    lake.Realm
	next     *lake.Catalog
	overlap  bool // within the realm
	takeover bool // the catalog is there already and stays, whatever it overlaps
	there    map[kv.Key]*kv.Item
	ops      []kv.Op
	found    []BaseOverlap // of a takeover
}

// claimBases plans the change of a catalog's claims from old, which is empty for a new one, to what next has: it sets
// Claims and Reaches of next. A folder that the catalog has claimed already is not judged again.
//
// A lock item, read before the look and written as read, closes the race of two overlapping folders that are claimed at
// once: all folders of a bucket have one lock, whatever their realm.
func (s *Store) claimBases(ctx context.Context, realm lake.Realm, old, next *lake.Catalog, bases Bases) ([]kv.Op, error) {
	p := &basePlan{Store: s, realm: realm, next: next, overlap: bases.Overlap}
	if err := p.read(ctx, old, bases.Folders, s.realmsWith(realm)); err != nil {
		return nil, err
	}
	var behind bool
	for _, r := range s.realmsWith(realm) {
		if item := p.there[indexedKey(r)]; item == nil || !owns(indexed, item.Tag) {
			behind = true
			if err := s.IndexBases(ctx, r); err != nil {
				return nil, err
			}
		}
	}
	if behind {
		return nil, &kv.ConditionError{} // look again
	}
	return p.ops, p.plan(ctx, old, location.Reduce(bases.Folders))
}

// realmsWith returns the realms whose catalogs may be in a folder's way.
func (s *Store) realmsWith(realm lake.Realm) []lake.Realm {
	if slices.Contains(s.realms, realm) {
		return s.realms
	}
	return append(slices.Clone(s.realms), realm)
}

// read reads what the plan needs at once: the locks of the folders, the claims of them and of those that old has, and
// which realms are in the index.
func (p *basePlan) read(ctx context.Context, old *lake.Catalog, folders []location.Prefix, realms []lake.Realm) error {
	folders = location.Reduce(folders)
	if len(folders) > maxBases {
		return fault.Of(fault.Argument, fault.Catalog, p.next.Name, "A catalog has at most %d locations", maxBases)
	}
	p.next.Claims, p.next.Reaches = nil, p.next.Storage.Reaches(p.realm)
	for _, f := range folders {
		p.next.Claims = append(p.next.Claims, f.Index())
	}
	var keys []kv.Key
	for _, r := range realms {
		keys = append(keys, indexedKey(r))
	}
	for _, index := range p.next.Claims {
		keys = append(keys, baseKey(index), baseLockKey(index))
	}
	for _, index := range old.Claims {
		keys = append(keys, baseKey(index))
	}
	return p.get(ctx, keys)
}

// get reads items into there.
func (p *basePlan) get(ctx context.Context, keys []kv.Key) error {
	slices.SortFunc(keys, func(a, b kv.Key) int {
		return cmp.Or(strings.Compare(a.Partition, b.Partition), strings.Compare(a.Sort, b.Sort))
	})
	p.there = map[kv.Key]*kv.Item{}
	for some := range slices.Chunk(slices.Compact(keys), kv.MaxGet) {
		items, err := p.db.Get(ctx, some)
		if err != nil {
			return fmt.Errorf("read claims of catalogs: %w", err)
		}
		for i, item := range items {
			p.there[some[i]] = item
		}
	}
	return nil
}

// plan looks for what is in the way and plans the writes.
func (p *basePlan) plan(ctx context.Context, old *lake.Catalog, folders []location.Prefix) error {
	locks := map[kv.Key]bool{}
	for _, f := range folders {
		claims, err := claimsOf(p.there[baseKey(f.Index())])
		if err != nil {
			return err
		}
		if mine := slices.IndexFunc(claims, p.holds); mine >= 0 && slices.Equal(claims[mine].Reaches, p.next.Reaches) {
			continue
		}
		if err := p.free(ctx, f); err != nil {
			return err
		}
		locks[baseLockKey(f.Index())] = true
		claims = append(p.let(claims), baseClaim{Realm: p.realm, Catalog: p.next.ID, Reaches: p.next.Reaches})
		if len(claims) > maxBaseClaims {
			return fault.Of(fault.Invalid, fault.Catalog, p.next.Name, "Too many catalogs have the location %s", f)
		}
		if err := p.store(f.Index(), claims); err != nil {
			return err
		}
	}
	for lock := range locks {
		cond := kv.Absent(p.now())
		if item := p.there[lock]; item != nil {
			cond = kv.Match(item.Tag)
		}
		p.ops = append(p.ops, mark(lock, tagOf(lake.RootID), cond))
	}
	return p.release(old, func(index string) bool { return !slices.Contains(p.next.Claims, index) })
}

// free refuses a folder that overlaps another catalog's.
func (p *basePlan) free(ctx context.Context, f location.Prefix) error {
	var above []kv.Key
	for _, index := range f.Ancestors() {
		above = append(above, baseKey(index))
	}
	if len(above) > 0 {
		items, err := p.db.Get(ctx, above) // at most location.MaxDepth
		if err != nil {
			return fmt.Errorf("read claims of catalogs: %w", err)
		}
		for _, item := range items {
			if err := p.judge(f, item); err != nil {
				return err
			}
		}
	}
	return p.pages(ctx, basePartition(f.Index()), f.Index(), func(items []kv.Item) error {
		for i := range items {
			if err := p.judge(f, &items[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// judge refuses a folder whose place another catalog has claimed. What is another realm's is refused in the words of a
// location that is not allowed, which name nothing but the caller's own folder.
func (p *basePlan) judge(f location.Prefix, item *kv.Item) error {
	claims, err := claimsOf(item)
	if err != nil {
		return err
	}
	for _, c := range claims {
		switch {
		case p.holds(c), c.released() && (c.Realm == p.realm || !p.now().Before(c.Until)):
		case c.Realm == p.realm && (p.overlap || p.takeover):
		case c.Realm == p.realm:
			return fault.Of(fault.Invalid, fault.Catalog, p.next.Name, "One or more of its locations overlaps with an existing catalog: %s", f)
		case !lake.Reach(c.Reaches, p.next.Reaches):
		case p.takeover:
			p.found = append(p.found, BaseOverlap{Realm: p.realm, Catalog: p.next.Name, Location: f.String(), OtherRealm: c.Realm, OtherCatalog: c.Catalog})
		default:
			return location.NotAllowed(f.String())
		}
	}
	return nil
}
