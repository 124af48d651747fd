package catalog

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/lake"
	"firn/shared/store"
)

// part is one table of a transaction, in one attempt.
type part struct {
	attempt // of a table that is made: without old
	change  Change
	create  bool
	taken   *store.Slot[store.Claim]
	staged  *store.Slot[lake.Staged]

	base, next *iceberg.Table // base is nil for a table that is made, next for one that stays as it is
	item       *lake.Table
	file       newFile
}

// begin starts an attempt: it names what the part needs in the session's batch.
func (p part) begin(x *session) *part {
	p.session = x
	if !reachable(p.id) {
		return &p
	}
	b := x.batch
	p.n = b.Namespace(x.cat, p.id.Namespace)
	if p.create || p.moves {
		p.moved.Guards = b.Guards(p.n)
	}
	if !p.create {
		p.old, p.copied = b.Table(p.n, p.id.Name), b.Copy(p.n, p.id.Name)
		return &p
	}
	p.taken = b.Name(p.n, p.id.Name)
	if uuid := uuidOf(p.change.Updates); uuid != "" {
		p.staged = b.Staged(p.n, p.id.Name, uuid)
	}
	return &p
}

// placed says whether there is a table to change, or a place for one to be made.
func (p *part) placed() error {
	there := p.n != nil && p.n.There()
	switch {
	case p.create && !there:
		return noNamespace(p.id.Namespace)
	case !p.create && (!there || p.old.Value == nil):
		return fault.Missing(fault.Table, p.id.String())
	}
	return nil
}

// prepare computes and judges the table's next version.
func (p *part) prepare(ctx context.Context, now time.Time) (err error) {
	p.now, p.moved.Principal = now, p.who.ID
	if p.create {
		p.next, p.item, p.moved.Folders, err = p.first(p.n, p.id, p.taken, p.change, now)
		return err
	}
	doc, err := p.document(ctx)
	if err != nil {
		return err
	}
	if p.base, err = iceberg.ParseTrusted(doc); err != nil {
		return err
	}
	if err := iceberg.Check(p.base, p.change.Requirements); err != nil {
		return err
	}
	next, changed, err := iceberg.Apply(p.base, p.change.Updates, p.at())
	if err != nil || !changed {
		return err
	}
	if next.Location() != p.base.Location() {
		return fault.New(fault.Malformed, "Unsupported operation: commitTransaction containing SetLocation for table '%s' and new location '%s'", p.id, next.Location())
	}
	p.next = next
	p.item, err = p.judged(ctx, p.base, next)
	return err
}

// stored is the part as the store takes it.
func (p *part) stored() store.Part {
	out := store.Part{Namespace: p.n, Old: p.old, Next: p.item, Folders: p.moved.Folders, Guards: p.moved.Guards, Principal: p.who.ID}
	if p.staged != nil && p.staged.Value != nil && p.staged.Value.PrincipalID == p.who.ID {
		out.Staged, out.Next.StagedAs = p.staged, holderOfStaged(p.staged.Value).id
	}
	return out
}

// put writes the metadata file.
func (p *part) put(ctx context.Context) error {
	own, err := folders(p.item.Location, p.item.Paths)
	if err != nil {
		return err
	}
	p.file = newFile{name: p.item.MetadataLocation, doc: p.next.Bytes()}
	return p.write(ctx, &p.file, p.item, own)
}

// keep does what follows on a commit.
func (p *part) keep(ctx context.Context) {
	if p.cat.Value.Storage.Type != lake.File {
		p.Store.KeepCopy(ctx, p.n, p.item, p.next.Bytes())
	}
	if p.base != nil {
		p.deleteOld(ctx, p.file.bucket, p.item, p.base, p.next)
	}
}

// atOnce is how many tables of a transaction are read or written at a time: it must end in time with all of them cold.
const atOnce = 8

// each does something to all parts, a few at a time, and gives the first error in their order.
func each(parts []*part, do func(*part) error) error {
	errs := make([]error, len(parts))
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i, p := range parts {
		g.Go(func() error {
			errs[i] = do(p)
			return nil
		})
	}
	_ = g.Wait() // the errors are told in order
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
