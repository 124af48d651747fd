package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/lake"
	"firn/shared/location"
)

// NewTable is a table or view that is to be made, with all that its one transaction holds.
type NewTable struct {
	Table     *lake.Table
	Folders   []location.Prefix  // every folder that will be vended for it
	Alone     bool               // the folders end in a random leaf of the server's
	Principal lake.ID            // who makes it, for claims of tables staged by the same
	Staged    *Slot[lake.Staged] // the staged table that this becomes; nil or empty: none
	Guards    Guards             // read in the batch
	Asked     string             // what a refusal of the folders names, where the client did not send the location; empty: the location
	Document  []byte             // the metadata document for the copy; nil: none
	Ready     func() error       // puts the metadata file, once it is known that nothing holds the folders; nil: it is there
}

// CreateTable stores a table or view: its item, the claim of its name, its folders. Exists if the name is taken, by a table-like
// object of any kind; Forbidden if a folder overlaps another's. A lost race is for Again.
func (s *Store) CreateTable(ctx context.Context, n *NamespaceSlot, t NewTable) error {
	t.Table.Claims = nil
	kind := t.Table.Kind()
	c := claimer{n: n, alone: t.Alone, asked: t.Asked, folder: folder{Holder: t.Table.ID, Kind: NounOf(kind), Namespace: n.Levels(),
		Name: t.Table.Name, Principal: t.Principal, Location: t.Table.Location}}
	claims, keys, err := s.claim(ctx, c, t.Folders, t.Guards)
	if err != nil {
		return err
	}
	t.Table.Claims = keys
	if t.Ready != nil {
		if err := t.Ready(); err != nil {
			return err
		}
	}
	first, err := put(n.place.entryKey(kind, t.Table.Name), tableTag(t.Table), t.Table, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	second, err := put(n.place.nameKey(t.Table.Name), tagOf(t.Table.ID), Claim{kind, t.Table.ID}, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	ops := append([]kv.Op{first, second}, claims...)
	if t.Staged != nil && t.Staged.Value != nil {
		ops = append(ops, remove(t.Staged.key, kv.Always()))
	}
	if op, ok := copyOp(n, t.Table, t.Document); ok {
		ops = append(ops, op)
	}
	err = s.write(ctx, ops...)
	if i, there := failedAt(err); i == 0 || i == 1 {
		return taken(there, n, t.Table.Name, kind)
	}
	return err
}

// taken says what is in the way of a name for an object of a kind.
func taken(there *kv.Item, n *NamespaceSlot, name string, kind lake.Kind) error {
	c := Claim{Kind: kind}
	if there != nil && there.Key.Sort == n.place.nameKey(name).Sort && decode(there, &c) != nil {
		c.Kind = kind
	}
	return c.Against(kind, lake.Identifier{Namespace: n.Levels(), Name: name})
}

// Against is the refusal of an object of a kind that is to have the name too: Exists, in the words of the reference
// implementation, which differ where the kinds do.
func (c Claim) Against(kind lake.Kind, id lake.Identifier) error {
	if c.Kind == kind {
		return fault.Taken(NounOf(kind), id.String())
	}
	noun := string(NounOf(c.Kind))
	return fault.Of(fault.Exists, NounOf(c.Kind), id.String(), "%s with same name already exists: %s", strings.ToUpper(noun[:1])+noun[1:], id)
}

// NounOf gives the word for a kind in errors.
func NounOf(k lake.Kind) fault.Noun {
	switch k {
	case lake.ViewKind:
		return fault.View
	case lake.GenericKind:
		return fault.GenericTable
	}
	return fault.Table
}

// tableTag changes with the version and the metadata file, so that a swap is conditional on both, and on the id.
func tableTag(t *lake.Table) string {
	return owner(t.ID) + strconv.Itoa(t.Version) + ":" + t.MetadataLocation[strings.LastIndexByte(t.MetadataLocation, '/')+1:]
}

// Moved are folders that a commit makes vendable beyond those that the table holds.
type Moved struct {
	Folders   []location.Prefix
	Guards    Guards
	Principal lake.ID
	Asked     string       // as NewTable's
	Ready     func() error // puts the metadata file, once it is known that nothing holds the folders; nil: it is there
	Known     bool         // the metadata file was there before, and may have been the table's once: it proves nothing
}

// maxClaims bounds the folders of one table over its life: all are given back in the transaction that drops it.
const maxClaims = 32

func tooManyFolders(t *lake.Table) error {
	return fault.Of(fault.Invalid, NounOf(t.Kind()), t.Name, "A table or view may have had at most %d folders over its life", maxClaims)
}

// UpdateTable swaps the table's or view's item: one conditional write, without a transaction unless new folders come with it. The
// error is a lost race (Raced), StateUnknown where it may have landed and cannot be found, or one that had no effect.
func (s *Store) UpdateTable(ctx context.Context, n *NamespaceSlot, old *Slot[lake.Table], next *lake.Table, m Moved) error {
	var claims []kv.Op
	if len(m.Folders) > 0 {
		c := claimer{n: n, asked: m.Asked, folder: folder{Holder: next.ID, Kind: NounOf(next.Kind()), Namespace: n.Levels(), Name: next.Name, Principal: m.Principal, Location: next.Location}}
		ops, keys, err := s.claim(ctx, c, m.Folders, m.Guards)
		if err != nil {
			return err
		}
		claims = ops
		next.Claims = append(slices.Clone(next.Claims), keys...)
		if len(next.Claims) > maxClaims {
			return tooManyFolders(next)
		}
	}
	if m.Ready != nil {
		if err := m.Ready(); err != nil {
			return err
		}
	}
	first, err := put(old.key, tableTag(next), next, kv.Match(old.Tag))
	if err != nil {
		return err
	}
	if m.Known {
		return s.write(ctx, append([]kv.Op{first}, claims...)...)
	}
	err = s.send(ctx, append([]kv.Op{first}, claims...))
	if !fault.Is(err, fault.StateUnknown) {
		return err
	}
	if landed, readErr := s.Landed(ctx, n, next); readErr == nil && landed {
		return nil
	}
	return err
}

// Landed says whether the version of the table is, or was once among the last kept, the current one. False proves
// nothing: the write may still be on its way.
func (s *Store) Landed(ctx context.Context, n *NamespaceSlot, t *lake.Table) (bool, error) {
	b := s.Batch(n.place.realm)
	now := slot[lake.Table](b, n.place.entryKey(t.Kind(), t.Name))
	if err := b.Read(ctx); err != nil {
		return false, err
	}
	return holds(now.Value, t), nil
}

// holds says whether what is there is the version of the table, or a later one that remembers it.
func holds(there, t *lake.Table) bool {
	return there != nil && there.ID == t.ID && (there.MetadataLocation == t.MetadataLocation || slices.Contains(there.Previous, t.MetadataLocation))
}

// Raced says whether a write was refused because another was faster: nothing happened, and it can be planned anew.
func Raced(err error) bool {
	_, ok := errors.AsType[*kv.ConditionError](err)
	return ok
}

// Again runs plan, which reads afresh and writes, until it does not lose a race; Unavailable after too many.
func (s *Store) Again(ctx context.Context, plan func() error) error { return s.again(ctx, plan) }

// DropTable removes a table or view and gives its folders back; or, with work, hands them to what deletes its files.
func (s *Store) DropTable(ctx context.Context, n *NamespaceSlot, old *Slot[lake.Table], purge *Work) error {
	t := old.Value
	ops := []kv.Op{
		remove(old.key, kv.Match(old.Tag)),
		remove(n.place.nameKey(t.Name), kv.Prefix(owner(t.ID))),
		remove(objectKey(n.place.realm, t.ID), kv.Always()),
		remove(n.place.copyKey(t.Name), kv.Always()),
	}
	if purge != nil {
		more, err := handOver(n.place, t, purge)
		if err != nil {
			return err
		}
		// Were tables allowed to share folders meanwhile, one that claims nothing could be in these.
		more = append(more, check(n.Catalog.key, kv.Match(n.Catalog.Tag)))
		return s.write(ctx, append(more, ops...)...) // the work proves that it was this drop
	}
	err := s.send(ctx, append(ops, release(n.place, t.ID, t.Claims)...))
	if fault.Is(err, fault.StateUnknown) && s.reserved() == 0 && s.dropped(ctx, old.key, objectKey(n.place.realm, t.ID)) {
		return nil
	}
	return err
}

// dropped says whether a table that was there is gone, and not renamed: a rename leaves word of where the object is, so
// that item is read after the table's.
func (s *Store) dropped(ctx context.Context, keys ...kv.Key) bool {
	for _, key := range keys {
		there, err := s.db.Get(ctx, []kv.Key{key})
		if err != nil || there[0] != nil {
			return false
		}
	}
	return true
}

// RenameTable moves a table's or view's item to another name, which may be in another namespace of the catalog. Its id, its grants,
// its folders and its files stay. Exists if the new name is taken. A lost race is for Again.
func (s *Store) RenameTable(ctx context.Context, from *NamespaceSlot, old *Slot[lake.Table], to *NamespaceSlot, name string) error {
	kind := old.Value.Kind()
	if to.place.entryKey(kind, name) == old.key {
		return taken(nil, to, name, kind)
	}
	next := *old.Value
	next.Name, next.NamespaceID = name, to.ID()
	next.Version++
	first, err := put(to.place.entryKey(kind, name), tableTag(&next), next, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	second, err := put(to.place.nameKey(name), tagOf(next.ID), Claim{kind, next.ID}, kv.Absent(s.now()))
	if err != nil {
		return err
	}
	where, err := put(objectKey(from.place.realm, next.ID), tagOf(next.ID), Object{Kind: NounOf(kind), Namespace: to.Levels(), Name: name}, kv.Always())
	if err != nil {
		return err
	}
	// The claim, whose tag is of this write alone, comes before the entry: another rename to the same name puts the same entry.
	err = s.write(ctx, where, second, first,
		remove(old.key, kv.Match(old.Tag)), remove(from.place.nameKey(old.Value.Name), kv.Prefix(owner(next.ID))),
		remove(from.place.copyKey(old.Value.Name), kv.Always()), bump(to.place, to.seatAt(len(to.chain))))
	if i, there := failedAt(err); i == 1 || i == 2 {
		return taken(there, to, name, kind)
	}
	return err
}

// ListTables gives a page of the names of a namespace's tables, and the name to go on behind.
func (s *Store) ListTables(ctx context.Context, n *NamespaceSlot, p Page) ([]string, string, error) {
	names, next, err := s.names(ctx, n.place.entries(), kindLetter[lake.TableKind], p)
	if err != nil {
		return nil, "", fmt.Errorf("list tables: %w", err)
	}
	return names, next, nil
}
