package catalog_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// hangs stands before the drivers of storage: stores with an endpoint never answer, neither for credentials nor for files.
type hangs struct {
	vend.Vendor
	blob.Opener
	at string // what hangs: "vend" or "open"
}

func (h hangs) Vend(ctx context.Context, s *lake.Storage, g vend.Grant) (vend.Credential, error) {
	switch {
	case s.Endpoint == "":
		return h.Vendor.Vend(ctx, s, g)
	case h.at == "vend":
		<-ctx.Done()
		return vend.Credential{}, ctx.Err()
	}
	return vend.Credential{}, nil
}

func (h hangs) Open(ctx context.Context, scope blob.Scope, c vend.Credential) (blob.Bucket, error) {
	if scope.Storage.Endpoint == "" {
		return h.Opener.Open(ctx, scope, c)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestWork_StoreThatHangs_DelaysOnlyItsOwnPurges(t *testing.T) {
	const patience = 30 * time.Second
	for _, row := range []struct {
		at     string
		stores int // that hang, with a table each and the first with 30
		within time.Duration
	}{{"vend", 1, patience}, {"open", 1, patience}, {"open", 40, 2 * patience}} {
		t.Run(fmt.Sprint(row.at, " ", row.stores), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.set(purging, "true")
				h := hangs{w.vendor.minter, w.files.opener, row.at}
				w.vendor.minter, w.files.opener = h, h
				// The purges at once get no time, so that all is left for a turn of work.
				soon := func(name string) {
					_, err := w.create(name)
					w.must(err)
				}
				for i := range row.stores {
					for j := range max(1, 30*(1-i)) {
						soon(fmt.Sprintf("t%d-%d", i, j))
					}
				}
				soon("own")
				w.files.plan = planned("sweep", fileFault{refuse: fault.Unavailable})
				drop := func(name string) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer cancel()
					w.must(w.DropTable(ctx, w.admin, "c", table(name), true))
				}
				drop("own")
				for i := range row.stores {
					w.alter(func(c *lake.Catalog) { c.Storage.Endpoint = fmt.Sprintf("http://192.0.2.%d", i) })
					for j := range max(1, 30*(1-i)) {
						drop(fmt.Sprintf("t%d-%d", i, j))
					}
				}
				began := time.Now()
				var own time.Duration
				w.files.plan = func(verb string, _ location.URI) fileFault {
					own = time.Since(began)
					return fileFault{}
				}
				w.must(w.Work(t.Context(), realm))
				took := time.Since(began)
				left, err := w.Store.ListWork(t.Context(), realm, "", 1000)
				if want := row.stores - 1 + 30; err != nil || len(left) != want {
					t.Errorf("got %d pieces of work left, %v, want the %d of stores that hang", len(left), err, want)
				}
				if took > row.within || row.stores == 1 && own != 0 {
					t.Errorf("got the turn over after %s and its own purge begun after %s, want %s at most and at once", took, own, row.within)
				}
				if own > row.within-patience {
					t.Errorf("got its own purge begun after %s, want %s at most", own, row.within-patience)
				}
			})
		})
	}
}

// One realm whose work cannot be listed keeps no other's waiting.
func TestWork_EachRealm_IsWorkedOn(t *testing.T) {
	w := newWorld(t)
	w.set(purging, "true")
	_, err := w.create("t")
	w.must(err)
	w.files.plan = planned("sweep", fileFault{refuse: fault.Unavailable})
	w.must(w.drop("t", true))
	w.files.plan = nil
	w.must(w.Work(t.Context(), "OTHER", realm))
	if left, err := w.Store.ListWork(t.Context(), realm, "", 10); err != nil || len(left) != 0 {
		t.Errorf("got %d pieces of work left, %v, want none", len(left), err)
	}
}
