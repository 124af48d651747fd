//go:build cdk

package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/app/polaristest"
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/rest"
)

// guarded is the table as a function's role opens it: what IAM would refuse, it refuses.
type guarded struct {
	kv.Driver
	name rest.Function
	used *ledger
}

// ledger notes which rights were used, and which were missing.
type ledger struct {
	sync.Mutex
	used, missing map[string]bool
}

func (g guarded) may(sid string, keys ...string) error {
	g.used.Lock()
	defer g.used.Unlock()
	for _, partition := range keys {
		kind, _, _ := strings.Cut(partition, "/")
		what := string(g.name) + " " + sid + " " + kind
		i := slices.IndexFunc(rights[g.name].actions(), func(a action) bool { return a.sid == sid && slices.Contains(a.types, kind) })
		if i < 0 {
			g.used.missing[what] = true
			return fault.New(fault.Internal, "Internal error.").Because(errors.New("AccessDenied: " + what))
		}
		if pattern := leading(kind); pattern != partition && !strings.HasPrefix(partition, strings.TrimSuffix(pattern, "*")) {
			g.used.missing[what+": "+partition] = true
		}
		g.used.used[what] = true
	}
	return nil
}

func (g guarded) Get(ctx context.Context, keys []kv.Key) ([]*kv.Item, error) {
	for _, k := range keys {
		if err := g.may("ReadItems", k.Partition); err != nil {
			return nil, err
		}
	}
	return g.Driver.Get(ctx, keys)
}

func (g guarded) List(ctx context.Context, page kv.Page) ([]kv.Item, string, error) {
	if err := g.may("ListItems", page.Partition); err != nil {
		return nil, "", err
	}
	return g.Driver.List(ctx, page)
}

func (g guarded) Write(ctx context.Context, ops []kv.Op) error {
	for _, op := range ops {
		sid := map[kv.Verb]string{kv.Put: "PutItems", kv.Delete: "DeleteItems", kv.Check: "CheckItems"}[op.Verb]
		if err := g.may(sid, op.Item.Key.Partition); err != nil {
			return err
		}
	}
	return g.Driver.Write(ctx, ops)
}

const recordings = "../shared/app/testdata/polaris"

// unneeded are rights that no request of the test uses, because only a lost race or a lost answer does.
var unneeded = []string{
	"catalog ReadItems object",    // whether a drop whose answer was lost has landed
	"catalog ReadItems staged",    // likewise, a table that is staged
	"catalog ReadItems work",      // likewise, of a purge
	"management DeleteItems base", // claims of catalogs that an earlier release made
	"management PutItems base",    // that all of those of a realm were taken over
	"management ReadItems member", // likewise, of a share that was given or taken
	"worker ListItems catalog",    // for a revocation whose request died before it found out where keys lead
	"worker ReadItems revocation", // whether it is over, where the answer was lost
	"worker ReadItems work",       // likewise, of a piece of work that is done
}

// Every request of the recorded conversations with Apache Polaris, and those of a story about what they leave out, is
// served by functions that have the rights of their roles and no others. What IAM itself does no test here can show; that the
// rights suffice and that none is idle, this one does.
func TestRightsSufficeAndNoneIsIdle(t *testing.T) {
	used := &ledger{used: map[string]bool{}, missing: map[string]bool{}}
	scenarios, err := polaristest.Scenarios(recordings)
	if err != nil {
		t.Fatal(err)
	}
	listed, err := polaristest.ReadDeviations(recordings + "/deviations.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scenarios {
		c := polaristest.Config{ID: "root", Secret: "s3cr3t", Warehouse: "file://" + t.TempDir(), Now: time.Now, Base: "http://firn.test",
			Doer: polaristest.Handler{Handler: deploy(t, used, true)}}
		found, err := polaristest.Replay(c, recordings, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range listed.Unexplained(found) {
			t.Errorf("%s", one)
		}
	}
	story(t, deploy(t, used, false))
	for _, what := range slices.Sorted(maps.Keys(used.missing)) {
		t.Errorf("a right is missing: %s", what)
	}
	var idle []string
	for _, name := range order {
		for _, a := range rights[name].actions() {
			for _, kind := range a.types {
				if what := string(name) + " " + a.sid + " " + kind; !used.used[what] {
					idle = append(idle, what)
				}
			}
		}
	}
	slices.Sort(idle)
	if diff := cmp.Diff(idle, unneeded); diff != "" {
		t.Errorf("rights that nothing used (-got +want):\n%s", diff)
	}
}

// The types of keys are listed where they are spelt: a new one needs an owner here.
func TestEveryTypeOfKeyHasAnOwner(t *testing.T) {
	source, err := os.ReadFile("../shared/store/keys.go")
	if err != nil {
		t.Fatal(err)
	}
	spelt := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?:key\([^,]+, |partition\(|Partition: )"([a-z]+)"`).FindAllStringSubmatch(string(source), -1) {
		spelt[m[1]] = true
	}
	owned := map[string]bool{}
	for _, r := range append(slices.Collect(maps.Values(rights)), sharedKeys) {
		for _, a := range r.actions() {
			for _, kind := range a.types {
				owned[kind] = true
			}
		}
	}
	if diff := cmp.Diff(owned, spelt); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}
