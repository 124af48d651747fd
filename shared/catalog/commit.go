package catalog

import (
	"context"
	"slices"
	"strings"
	"time"

	"firn/shared/access"
	"firn/shared/budget"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/packed"
	"firn/shared/store"
	"firn/shared/vend"
)

// Change is what a client wants to commit to a table or view.
type Change struct {
	Requirements []iceberg.Requirement
	Updates      []iceberg.Update
}

// defaultRetries is how often a lost swap is tried again.
const defaultRetries = 4

// CommitTable applies a change to a table, or makes the table if the change says that there must be none. Access
// requirement: for each update its own TABLE_ privilege, or TABLE_WRITE_PROPERTIES where the catalog turns that off;
// TABLE_CREATE on the namespace to make one.
func (s *Service) CommitTable(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, change Change) (Loaded, error) {
	create, err := iceberg.IsCreate(change.Requirements)
	if err != nil {
		return Loaded{}, err
	}
	if err := checkKeys(change.Updates); err != nil {
		return Loaded{}, err
	}
	done, err := retried(fault.Table, id, func() (Loaded, int, error) {
		if create {
			return s.commitNew(ctx, c, catalog, id, change)
		}
		return s.commit(ctx, c, catalog, id, change)
	})
	if made, ok := facts[lake.ID](err); ok {
		return s.reload(ctx, c, catalog, id, lake.TableKind, made, func(x *session, path access.Path) (vend.Actions, error) {
			if create {
				return 0, x.allow(ctx, access.UpdateTableForStagedCreate, path)
			}
			return 0, x.who.CheckAll(ctx, x.updateOperations(change.Updates), path)
		})
	}
	return done, err
}

// retried makes attempts, each of which says how often it may be made again, until one does not lose a race.
func retried(noun fault.Noun, id lake.Identifier, attempt func() (Loaded, int, error)) (Loaded, error) {
	for try := 0; ; try++ {
		done, retries, err := attempt()
		if !store.Raced(err) {
			return done, err
		}
		if try >= retries {
			return Loaded{}, fault.Of(fault.CommitFailed, noun, id.String(), "Cannot commit to %s %s: too many concurrent commits; please retry", noun, id)
		}
	}
}

// checkKeys refuses reserved properties.
func checkKeys(updates []iceberg.Update) error {
	for _, u := range updates {
		keys := lake.Properties{}
		for _, k := range u.PropertyKeys() {
			keys[k] = ""
		}
		if err := lake.CheckProperties(keys, nil); err != nil {
			return err
		}
	}
	return nil
}

// moves says whether the updates may change where the table's files are.
func moves(updates []iceberg.Update) bool {
	return slices.ContainsFunc(updates, func(u iceberg.Update) bool {
		return u.Action() == "set-location" || slices.ContainsFunc(u.PropertyKeys(), func(k string) bool { return slices.Contains(pathProperties, k) })
	})
}

// updateOperations are the operations of a commit's updates, each once.
func (x *session) updateOperations(updates []iceberg.Update) []access.Operation {
	if len(updates) == 0 || !x.cat.Value.On(lake.FineGrainedUpdates, true) {
		return []access.Operation{access.UpdateTable}
	}
	var ops []access.Operation
	for _, u := range updates {
		if op := access.UpdateOperation(u.Action()); !slices.Contains(ops, op) {
			ops = append(ops, op)
		}
	}
	return ops
}

// commit is one attempt. An error for which store.Raced holds had no effect, and is to be tried again from fresh reads.
func (s *Service) commit(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, change Change) (Loaded, int, error) {
	a, err := s.begin(ctx, c, catalog, id, lake.TableKind, change.Updates)
	if err != nil {
		return Loaded{}, 0, err
	}
	x := a.session
	if err := x.who.CheckAll(ctx, x.updateOperations(change.Updates), append(a.n.Path(), a.old.Value.ID)); err != nil {
		return Loaded{}, 0, err
	}
	if x.cat.Value.Type == lake.External {
		return Loaded{}, 0, fault.New(fault.Malformed, "Cannot update table on static-facade external catalogs.")
	}
	doc, err := a.document(ctx)
	if err != nil {
		return Loaded{}, 0, err
	}
	base, err := iceberg.ParseTrusted(doc)
	if err != nil {
		return Loaded{}, 0, err
	}
	if err := iceberg.Check(base, change.Requirements); err != nil {
		return Loaded{}, 0, err
	}
	next, changed, err := iceberg.Apply(base, change.Updates, a.at())
	if err != nil || !changed {
		return a.present(doc), 0, err
	}
	done, err := a.replace(ctx, base, next)
	return done, a.retries, err
}

// attempt is one attempt at a commit to a table or view that is there.
type attempt struct {
	*session
	id      lake.Identifier
	n       *store.NamespaceSlot
	old     *store.Slot[lake.Table]
	copied  *store.CopySlot
	moves   bool // the updates may change where the files are
	moved   store.Moved
	retries int // how often a lost swap is tried again
	now     time.Time
}

// begin reads what an attempt needs.
func (s *Service) begin(ctx context.Context, c lake.Caller, catalog string, id lake.Identifier, kind lake.Kind, updates []iceberg.Update) (*attempt, error) {
	a := &attempt{id: id, moves: moves(updates)}
	var err error
	a.session, a.n, a.old, err = s.entry(ctx, c, catalog, id, kind, func(x *session, n *store.NamespaceSlot) {
		a.copied = x.batch.Copy(n, id.Name)
		if a.moves {
			a.moved.Guards = x.batch.Guards(n)
		}
	})
	if err != nil {
		return nil, err
	}
	a.retries = a.cat.Value.Number(lake.CommitRetries, defaultRetries, 20)
	a.now = s.Now()
	return a, s.Store.Remember(a.old.Value.ID)
}

// document gives the present metadata document, and takes the memory for the next.
func (a *attempt) document(ctx context.Context) ([]byte, error) {
	doc, err := a.session.document(ctx, a.n, a.old.Value, a.copied, writeActions)
	if err != nil {
		return nil, err
	}
	return doc, budget.Take(ctx, int64(len(doc)))
}

func (a *attempt) at() iceberg.At {
	return iceberg.At{NowMS: a.now.UnixMilli(), Previous: a.old.Value.MetadataLocation}
}

// present answers a commit that changes nothing.
func (a *attempt) present(doc []byte) Loaded {
	return Loaded{MetadataLocation: a.old.Value.MetadataLocation, Metadata: doc}
}

// replace judges the next version and puts it in the place of the present one.
func (a *attempt) replace(ctx context.Context, base, next metadata) (Loaded, error) {
	item, err := a.judged(ctx, base, next)
	if err != nil {
		return Loaded{}, err
	}
	a.moved.Principal = a.who.ID
	return a.swap(ctx, a.n, a.old, base, next, item, a.moved)
}

// judged gives the next version's item, and notes the folders that are to be claimed for it.
func (a *attempt) judged(ctx context.Context, base, next metadata) (*lake.Table, error) {
	if err := a.fits(base, next); err != nil {
		return nil, err
	}
	item, err := a.nextItem(base, next)
	if err != nil {
		return nil, err
	}
	if !a.moves {
		return item, stays(a.id, a.old.Value, item)
	}
	a.moved.Folders, err = a.newFolders(ctx, a.n, a.old.Value, item)
	return item, err
}

// fits refuses a commit after which the table or view could not be answered any more, as this client takes answers. One that
// makes it smaller is never refused: it is the way out.
func (s *Service) fits(base, next metadata) error {
	size := len(next.Bytes())
	if s.MaxAnswer == 0 || size <= s.MaxAnswer || base != nil && size <= len(base.Bytes()) {
		return nil
	}
	if s.packs && packed.Pack(next.Bytes()).Len() <= s.MaxAnswer {
		return nil
	}
	if _, ok := next.(*iceberg.View); ok {
		return fault.New(fault.Invalid, "The view's metadata would grow to %d bytes, more than the %d that can be answered", size, s.MaxAnswer)
	}
	advice := "expire snapshots first"
	if !s.packs {
		advice += ", or take answers compressed"
	}
	return fault.New(fault.Invalid, "The table's metadata would grow to %d bytes, more than the %d that can be answered; %s", size, s.MaxAnswer, advice)
}

// nextItem judges the new version's locations and gives its item.
func (a *attempt) nextItem(base, next metadata) (*lake.Table, error) {
	t := a.old.Value
	refs := append(next.Added(), emptied(base, next)...)
	moved := next.Location() != t.Location || !slices.Equal(pathsOf(next.Property), t.Paths)
	if moved {
		refs = next.References() // what was inside may be outside now
	}
	// No update brings a log entry in, and a registered table's first file may be outside.
	refs = slices.DeleteFunc(refs, func(r iceberg.Reference) bool { return r.Field == "metadata-file" })
	shown := func() []string {
		all := shownLocations(next, !t.View)
		if !moved {
			all = all[1:2] // the folders are as they were
		}
		return append(all, files(next.References())...)
	}
	within := commitBounds(a.cat.Value, t)
	if t.View {
		within = creationBounds(a.cat.Value, a.n) // it has no data that it would leave behind
	}
	if err := judge(a.id, refs, shown, within, a.cat.Value); err != nil {
		return nil, err
	}
	return a.follow(t, next, metadataFile(next, iceberg.VersionOf(t.MetadataLocation)+1), a.now), nil
}

// follow gives the item of a version that follows on another.
func (x *session) follow(t *lake.Table, next metadata, file string, now time.Time) *lake.Table {
	item := *t
	item.UUID, item.MetadataLocation = next.UUID(), file
	item.Previous = append([]string{t.MetadataLocation}, t.Previous...)
	item.Previous = item.Previous[:min(len(item.Previous), lake.KeptLocations)]
	item.Location, item.Paths = next.Location(), pathsOf(next.Property)
	item.FormatVersion = next.FormatVersion()
	item.Version++
	item.Updated = now.Truncate(time.Millisecond)
	return &item
}

// stays refuses a version that names folders beyond the table's own although no update moves it: its metadata file was
// changed by other hands, which may write there, and what it names now was never claimed.
func stays(id lake.Identifier, old, item *lake.Table) error {
	own, err := folders(old.Location, old.Paths)
	if err != nil {
		return err
	}
	want, err := folders(item.Location, item.Paths)
	if err != nil {
		return err
	}
	for _, p := range want {
		if !(bounds{folders: own}).cover(p) {
			return fault.Of(fault.Invalid, store.NounOf(item.Kind()), id.String(),
				"Cannot commit to %[1]s %[2]s: its metadata file was changed outside of the catalog and names a folder that is not the %[1]s's", store.NounOf(item.Kind()), id)
		}
	}
	return nil
}

// newFolders returns the folders of a version that moves, and of more, which the table has not claimed yet. Another table
// may have had them until it was dropped, so a data privilege that the caller has on the table it must have on the namespace.
func (x *session) newFolders(ctx context.Context, n *store.NamespaceSlot, old, item *lake.Table, more ...location.Prefix) ([]location.Prefix, error) {
	want, err := folders(item.Location, item.Paths)
	if err != nil {
		return nil, err
	}
	var missing []location.Prefix
	for _, p := range append(want, more...) {
		held := append(p.Ancestors(), p.Index())
		if !slices.ContainsFunc(old.Claims, func(index string) bool { return slices.Contains(held, index) }) {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 || old.View { // no credentials are vended for a view
		return missing, nil
	}
	if err := x.whole(ctx); err != nil {
		return nil, err
	}
	if err := x.allow(ctx, access.ClaimTableFolders, append(n.Path(), old.ID)); err != nil {
		levels := strings.Join(n.Levels(), ".")
		return nil, gained(err, "on namespace "+levels, "on table "+levels+"."+old.Name)
	}
	return missing, nil
}
