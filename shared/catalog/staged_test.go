package catalog_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/kv"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// as is the world with another caller as its administrator.
func (w *world) as(c lake.Caller) *world {
	other := world{t: w.t, Service: w.Service, config: w.config, db: w.db, calls: w.calls, files: w.files, vendor: w.vendor, dir: w.dir, admin: c}
	return &other
}

func types(ops []kv.Op) []string {
	var out []string
	for _, op := range ops {
		kind, _, _ := strings.Cut(op.Item.Key.Partition, "/")
		out = append(out, kind)
	}
	return out
}

func TestAStagedTableIsStoredWithItsFolderBeforeAKeyIsVended(t *testing.T) {
	w := newWorld(t)
	var seen []string
	w.db.Plan(func(c faulty.Call) faulty.Fault {
		if c.Verb != faulty.Write {
			return faulty.Fault{}
		}
		if kinds := types(c.Ops); slices.Contains(kinds, "staged") && slices.Contains(kinds, "location") {
			return faulty.Fault{After: func() { seen = append(seen, "stored") }}
		}
		return faulty.Fault{Before: func() { seen = append(seen, "another write") }}
	})
	w.vendor.plan = func(g vend.Grant) error {
		seen = append(seen, "key for "+g.Principal+" to "+g.Prefixes[0].String()+" to "+g.Actions.String())
		return nil
	}
	staged, err := w.stage("t", vended, `"properties":{"write.data.path":"s3://lake/c/a/d"}`)
	w.must(err)
	if got, want := strings.Join(seen, "; "), "stored; key for root to s3://lake/c/a/t/ to read,list,write,delete"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(w.stored()) != 0 || staged.MetadataLocation != "" || staged.Keys.Credential == nil {
		t.Errorf("got files %v, metadata location %q, key %v; want a key alone", w.stored(), staged.MetadataLocation, staged.Keys.Credential)
	}
}

func TestNothingIsVendedForATableThatCouldNotBeStaged(t *testing.T) {
	rows := []struct {
		name  string
		fault faulty.Fault
		want  fault.Kind
	}{
		{"refused", faulty.Fault{Refuse: fault.Throttled}, fault.Throttled},
		{"lost", faulty.Fault{Lose: faulty.Request}, fault.StateUnknown},
	}
	for _, row := range rows {
		w := newWorld(t)
		w.take()
		w.db.Next(faulty.Write, row.fault)
		_, err := w.stage("t", vended)
		expect(t, row.name, err, row.want)
		if u := w.take(); u.Mints != 0 {
			t.Errorf("%s: got %d keys, want none", row.name, u.Mints)
		}
		_, err = w.as(w.person("bob", "TABLE_CREATE")).create("u", at("s3://lake/c/a/t"))
		expect(t, row.name+": another's table at its place", err, 0)
	}
}

// Staged tables as stories: what one does, and what he is told.
func TestStagedTablesAsStories(t *testing.T) {
	type cast struct {
		*world
		bob    *world
		staged catalog.Loaded
	}
	stage := func(c *cast) (err error) { c.staged, err = c.stage("t", vended); return }
	end := func(c *cast) error { _, err := c.commit("t", ofStaged(c.staged)); return err }
	bobEnds := func(c *cast) error { _, err := c.bob.commit("t", ofStaged(c.staged)); return err }
	bobMakes := func(name, loc string) func(*cast) error {
		return func(c *cast) error { _, err := c.bob.create(name, at(loc)); return err }
	}
	named := func(uuid string) func(*cast) error {
		return func(c *cast) error {
			_, err := c.Credentials(c.t.Context(), c.admin, "c", table("t"), uuid)
			return err
		}
	}
	// refreshed follows the path that came with the staged table, and gives the folders that the fresh key opens.
	refreshed := func(c *cast, who lake.Caller) (string, error) {
		path, uuid, _ := strings.Cut(c.staged.Keys.Refresh, "?staged=")
		if path != "v1/c/namespaces/a/tables/t/credentials" {
			c.t.Errorf("got path %s", path)
		}
		c.restart() // no key is remembered
		c.take()
		_, err := c.Credentials(c.t.Context(), who, "c", table("t"), uuid)
		return c.forClients(), err
	}
	refresh := func(c *cast) error {
		keys, err := refreshed(c, c.admin)
		if want := "root s3://lake/c/a/t/ read,list,write,delete"; err == nil && keys != want {
			c.t.Errorf("got keys %s, want %s", keys, want)
		}
		return err
	}
	bobRefreshes := func(c *cast) error { _, err := refreshed(c, c.bob.admin); return err }
	forbidRoot := func(c *cast) error {
		c.alter(func(cat *lake.Catalog) { cat.Storage.AllowedLocations = []string{"s3://lake/c/b"} })
		return nil
	}
	pass := func(d time.Duration) func(*cast) error { return func(c *cast) error { c.pass(d); return nil } }
	failing := func(do func(*cast) error, faults ...faulty.Fault) func(*cast) error {
		return func(c *cast) error { c.db.Next(faulty.Write, faults...); return do(c) }
	}
	withoutFiles := func(do func(*cast) error) func(*cast) error {
		return func(c *cast) error {
			c.files.plan = func(verb string, _ location.URI) fileFault { return fileFault{refuse: fault.Unavailable} }
			defer func() { c.files.plan = nil }()
			return do(c)
		}
	}
	withoutKeys := func(do func(*cast) error) func(*cast) error {
		return func(c *cast) error {
			c.vendor.plan = func(vend.Grant) error { return fault.New(fault.Unavailable, "No keys today.") }
			defer func() { c.vendor.plan = nil }()
			return do(c)
		}
	}
	onlyAt := func(n int) func(*cast) error {
		return func(c *cast) error {
			if got := len(c.stored()); got != n {
				c.t.Errorf("got %d files, want %d: %v", got, n, c.stored())
			}
			return nil
		}
	}
	theSame := func(c *cast) error {
		was, err := iceberg.Parse(c.staged.Metadata)
		c.must(err)
		is, _, err := c.load("t")
		if err == nil && (is.UUID() != was.UUID() || is.Location() != was.Location()) {
			c.t.Errorf("got %s at %s, want %s at %s", is.UUID(), is.Location(), was.UUID(), was.Location())
		}
		return err
	}
	type step struct {
		name string
		do   func(*cast) error
		want fault.Kind
	}
	const place = "s3://lake/c/a/t"
	stories := []struct {
		name  string
		steps []step
	}{
		{"committed", []step{{"stage", stage, 0}, {"commit", end, 0}, {"load", theSame, 0}, {"commit again", end, fault.CommitFailed}, {"files", onlyAt(1), 0}}},
		{"before its first commit its keys are refreshed by its own path alone", []step{{"stage", stage, 0}, {"keys", refresh, 0}, {"another's keys", bobRefreshes, fault.NotFound},
			{"by the table's path", named(""), fault.NotFound}, {"by another uuid", named("9c12d441-03fe-4693-9a96-a0705ddf69c1"), fault.NotFound},
			{"by no uuid", named("../x"), fault.NotFound}, {"by a uuid in other letters", named("9C12D441-03FE-4693-9A96-A0705DDF69C1"), fault.NotFound}}},
		{"its path goes on after its first commit", []step{{"stage", stage, 0}, {"commit", end, 0}, {"keys", refresh, 0}, {"another's keys", bobRefreshes, 0},
			{"by the table's path", named(""), 0}, {"dropped", func(c *cast) error { return c.drop("t", false) }, 0}, {"keys then", refresh, fault.NotFound}}},
		{"its path does not lead to another's table of its name", []step{{"stage", stage, 0}, {"another's table", bobMakes("t", "s3://lake/c/a/else"), 0}, {"keys", refresh, 0},
			{"its time is over", pass(24 * time.Hour), 0}, {"keys then", refresh, fault.NotFound}}},
		{"its keys end with its time", []step{{"stage", stage, 0}, {"a moment before", pass(24*time.Hour - time.Second), 0}, {"keys", refresh, 0},
			{"the moment", pass(time.Second), 0}, {"keys then", refresh, fault.NotFound}}},
		{"its keys end where the catalog ends", []step{{"stage", stage, 0}, {"tightened", forbidRoot, 0}, {"keys", refresh, fault.Forbidden}}},
		{"the name is taken meanwhile", []step{{"stage", stage, 0}, {"another's table of that name", bobMakes("t", "s3://lake/c/a/else"), 0},
			{"commit", end, fault.CommitFailed}, {"files", onlyAt(1), 0}}},
		{"another may not commit it", []step{{"stage", stage, 0}, {"another's commit", bobEnds, fault.Forbidden}, {"files", onlyAt(0), 0}, {"commit", end, 0}}},
		{"another may not have its folder", []step{{"stage", stage, 0}, {"another's table", bobMakes("u", place), fault.Forbidden},
			{"within", bobMakes("u", place+"/u"), fault.Forbidden}}},
		{"its last credential has ended", []step{{"stage", stage, 0}, {"a moment before its time is over", pass(24*time.Hour - time.Second), 0}, {"keys", refresh, 0},
			{"a moment before their end", pass(lake.CredentialLife), 0}, {"no keys then", refresh, fault.NotFound}, {"another's table", bobMakes("u", place), fault.Forbidden},
			{"the moment", pass(time.Second), 0}, {"another's table then", bobMakes("u", place), 0}, {"commit", end, fault.Forbidden}, {"files", onlyAt(1), 0}}},
		{"its time is over and nobody came", []step{{"stage", stage, 0}, {"long", pass(48 * time.Hour), 0}, {"commit", end, 0}, {"load", theSame, 0}}},
		{"staged twice", []step{{"stage", stage, 0}, {"again", stage, 0}, {"commit the second", end, 0}, {"load", theSame, 0}}},
		{"no key can be had", []step{{"stage", withoutKeys(stage), fault.Unavailable}, {"again", stage, 0}, {"commit", end, 0}}},
		{"the metadata file cannot be written", []step{{"stage", stage, 0}, {"commit", withoutFiles(end), fault.Unavailable},
			{"files", onlyAt(0), 0}, {"again", end, 0}, {"load", theSame, 0}, {"files now", onlyAt(1), 0}}},
		{"the commit does not reach the table", []step{{"stage", stage, 0}, {"commit", failing(end, faulty.Fault{Refuse: fault.Throttled}), fault.Throttled},
			{"files", onlyAt(0), 0}, {"again", end, 0}, {"load", theSame, 0}}},
		{"the commit is lost", []step{{"stage", stage, 0}, {"commit", failing(end, faulty.Fault{Lose: faulty.Request}), fault.StateUnknown},
			{"files", onlyAt(1), 0}, {"again", end, 0}, {"load", theSame, 0}}},
		{"the commit's answer is lost", []step{{"stage", stage, 0}, {"commit", failing(end, faulty.Fault{Lose: faulty.Answer}), 0},
			{"load", theSame, 0}, {"files", onlyAt(1), 0}}},
		{"the answer to staging is lost", []step{{"stage", failing(stage, faulty.Fault{Lose: faulty.Answer}), 0}, {"commit", end, 0}, {"load", theSame, 0}}},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			w := newWorld(t)
			bob := w.person("bob", "TABLE_CREATE", "TABLE_WRITE_DATA")
			c := &cast{world: w, bob: w.as(bob)}
			for _, s := range story.steps {
				expect(t, s.name, s.do(c), s.want)
			}
		})
	}
}

// What was staged is gone with its owner's commit, and with nobody else's.
func TestAStagedTableIsItsOwnersToCommit(t *testing.T) {
	w := newWorld(t)
	w.set(overlapping, "true") // no folder is claimed
	staged, err := w.stage("t", catalog.Delegation{})
	w.must(err)
	left := func() int {
		items, _, err := w.calls.List(t.Context(), kv.Page{Partition: "staged/R/c/a", Limit: 10})
		w.must(err)
		return len(items)
	}
	bob := w.as(w.person("bob", "TABLE_CREATE"))
	_, err = bob.commit("t", ofStaged(staged))
	expect(t, "another's commit", err, 0)
	if left() != 1 {
		t.Error("another's commit took what was staged")
	}
	w.must(w.drop("t", false))
	_, err = w.commit("t", ofStaged(staged))
	expect(t, "commit", err, 0)
	if left() != 0 {
		t.Error("what was committed is still staged")
	}
}

func TestAStagedTableThatMayNotBeCommitted(t *testing.T) {
	rows := []struct {
		name   string
		change func(*lake.Catalog)
		more   []string
		want   fault.Kind
	}{
		{"an answer too large", func(*lake.Catalog) {}, []string{`{"action":"set-properties","updates":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`}, fault.Invalid},
		{"an external catalog", func(c *lake.Catalog) { c.Type = lake.External }, nil, fault.Malformed},
	}
	for _, row := range rows {
		w := newWorld(t)
		staged, err := w.stage("t", catalog.Delegation{})
		w.must(err)
		w.alter(row.change)
		w.take()
		_, err = w.commit("t", ofStaged(staged, row.more...))
		expect(t, row.name, err, row.want)
		if u := w.take(); !u.quiet() {
			t.Errorf("%s: got an effect: %+v", row.name, u)
		}
	}
}

// The name is taken between the reading of a commit and its write.
func TestAStagedTableThatIsOvertaken(t *testing.T) {
	w := newWorld(t)
	staged, err := w.stage("t", catalog.Delegation{})
	w.must(err)
	w.db.Next(faulty.Write, faulty.Fault{Before: func() {
		_, err := w.create("t", at("s3://lake/c/a/else"))
		w.must(err)
	}})
	_, err = w.commit("t", ofStaged(staged))
	expect(t, "commit", err, fault.CommitFailed)
	if got := len(w.stored()); got != 1 {
		t.Errorf("got %d files, want 1: the loser's is deleted", got)
	}
	w.whole("t")
}
