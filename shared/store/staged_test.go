package store

import (
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
)

// step is something that one does, and what he is told; 0 is nil.
type step struct {
	name string
	do   func(*world) error
	want fault.Kind
}

func later(d time.Duration) func(*world) error {
	return func(w *world) error {
		w.pass(d)
		return nil
	}
}

func by(who lake.ID, do func(w *world, who lake.ID) error) func(*world) error {
	return func(w *world) error { return do(w, who) }
}

func stageAs(name, loc, uuid string) func(*world, lake.ID) error {
	return func(w *world, who lake.ID) error { return w.stage("c", "a", name, loc, who, uuid) }
}

func endAs(name, loc, uuid string) func(*world, lake.ID) error {
	return func(w *world, who lake.ID) error { return w.commitStaged("c", "a", name, loc, who, uuid) }
}

const at = "s3://lake/c/a/t"

// Staged tables, and other folders that outlive what held them, as stories.
func TestFoldersAsStories(t *testing.T) {
	mine, theirs := stageAs("t", at, "u1"), stageAs("t", at, "u2")
	stories := []struct {
		name  string
		steps []step
	}{
		{"a staged table is committed once", []step{
			{"stage", by("ann", mine), 0},
			{"commit", by("ann", endAs("t", at, "u1")), 0},
			{"commit again", by("ann", endAs("t", at, "u1")), fault.Exists}}},
		{"a staged folder is held against others", []step{
			{"stage", by("ann", mine), 0},
			{"another's table within", mkTable("a", "u", at+"/x"), fault.Forbidden},
			{"another's table around", mkTable("a", "u", "s3://lake/c/a"), fault.Forbidden},
			{"another's staged table", by("bob", theirs), fault.Forbidden},
			{"another's commit of it", by("bob", endAs("t", at, "u1")), fault.Forbidden},
			{"a child namespace within", mkNS("a.k", at+"/x"), fault.Forbidden}}},
		{"a staged folder is free when the last credential for it has ended", []step{
			{"stage", by("ann", mine), 0},
			{"a moment before", later(stagedFor + lake.CredentialLife - time.Second), 0},
			{"another's table", mkTable("a", "u", at), fault.Forbidden},
			{"the moment", later(time.Second), 0},
			{"another's table around it", mkTable("a", "u", at), 0},
			{"commit", by("ann", endAs("t", at, "u1")), fault.Forbidden}}},
		{"what was staged too long ago is committed if nobody took its folder", []step{
			{"stage", by("ann", mine), 0},
			{"long", later(2 * stagedFor), 0},
			{"commit", by("ann", endAs("t", at, "u1")), 0}}},
		{"a table staged twice by one is committed by either", []step{
			{"stage", by("ann", mine), 0},
			{"stage again", by("ann", theirs), 0},
			{"commit the first", by("ann", endAs("t", at, "u1")), 0},
			{"commit the second", by("ann", endAs("t", at, "u2")), fault.Exists}}},
		{"a staged folder stays taken though its table was committed elsewhere", []step{
			{"stage", by("ann", mine), 0},
			{"commit elsewhere", by("ann", endAs("t", "s3://lake/c/a/else", "u1")), 0},
			{"drop", rmTable("a", "t"), 0},
			{"long", later(stagedFor + lake.CredentialLife - time.Second), 0},
			{"another's table", mkTable("a", "u", at), fault.Forbidden},
			{"the moment", later(time.Second), 0},
			{"another's table then", mkTable("a", "u", at), 0}}},
		{"a staged folder stays taken though its table was staged again within it", []step{
			{"stage", by("ann", mine), 0},
			{"stage within it", by("ann", stageAs("t", at+"/x", "u2")), 0},
			{"another's table beside", mkTable("a", "u", at+"/y"), fault.Forbidden},
			{"commit the inner", by("ann", endAs("t", at+"/x", "u2")), 0},
			{"another's table beside still", mkTable("a", "u", at+"/y"), fault.Forbidden},
			{"drop", rmTable("a", "t"), 0},
			{"another's table in the dropped", mkTable("a", "u", at+"/x"), fault.Forbidden},
			{"later", later(stagedFor + lake.CredentialLife), 0},
			{"another's table then", mkTable("a", "u", at+"/y"), 0}}},
		{"a staged folder stays taken though a table around it came and went", []step{
			{"stage", by("ann", stageAs("t", at+"/x", "u1")), 0},
			{"stage around it", by("ann", theirs), 0},
			{"commit the outer", by("ann", endAs("t", at, "u2")), 0},
			{"drop", rmTable("a", "t"), 0},
			{"another's table in the inner", mkTable("a", "u", at+"/x/y"), fault.Forbidden},
			{"another's table beside", mkTable("a", "u", at+"/z"), 0}}},
		{"a staged folder within the new one is not in the way of the same table of the same principal", []step{
			{"stage", by("ann", stageAs("t", at+"/x", "u1")), 0},
			{"stage around it", by("ann", theirs), 0},
			{"commit the outer", by("ann", endAs("t", at, "u2")), 0},
			{"move the table away from its name", mvTable("a", "t", "a", "moved"), 0},
			{"commit the inner", by("ann", endAs("t", at+"/x", "u1")), fault.Forbidden}}},
		{"a staged folder around the new one is not in the way of the same table of the same principal", []step{
			{"stage", by("ann", mine), 0},
			{"stage within it", by("ann", stageAs("t", at+"/x", "u2")), 0},
			{"commit the inner", by("ann", endAs("t", at+"/x", "u2")), 0},
			{"move the table away from its name", mvTable("a", "t", "a", "moved"), 0},
			{"commit the outer", by("ann", endAs("t", at, "u1")), fault.Forbidden}}},
		{"another name's staged folder does not give way", []step{
			{"stage", by("ann", mine), 0},
			{"the same principal's other table", by("ann", stageAs("u", at, "u2")), fault.Forbidden}}},
		{"a namespace is made again around what was staged in it", []step{
			{"stage", by("ann", mine), 0},
			{"drop", rmNS("a"), 0},
			{"make again", mkNS("a", ""), 0},
			{"another's table there", mkTable("a", "u", at), fault.Forbidden},
			{"another namespace's table there", seq(mkNS("b", ""), mkTable("b", "u", at)), fault.Forbidden}}},
		{"a namespace is made again around a table that was renamed away", []step{
			{"table", mkTable("a", "t", at), 0},
			{"rename", seq(mkNS("b", ""), mvTable("a", "t", "b", "t")), 0},
			{"drop", rmNS("a"), 0},
			{"another namespace around it", mkNS("k", "s3://lake/c/a"), fault.Forbidden},
			{"make again", mkNS("a", ""), 0},
			{"a table at its place", mkTable("a", "t", at), fault.Forbidden}}},
		{"a purged folder is free when the purge is done", []step{
			{"table", mkTable("a", "t", at), 0},
			{"purge", purge("a", "t"), 0},
			{"a table there", mkTable("a", "t", at), fault.Forbidden},
			{"the namespace again", seq(rmNS("a"), mkNS("a", "")), 0},
			{"a table there in the new namespace", mkTable("a", "t", at), fault.Forbidden},
			{"done", finish, 0},
			{"done again", finish, 0},
			{"a table there after it", mkTable("a", "t", at), 0}}},
		{"a catalog is not dropped while a purge is under way", []step{
			{"table", mkTable("a", "t", at), 0},
			{"purge", purge("a", "t"), 0},
			{"drop", seq(rmNS("a"), rmCatalog("c")), fault.Conflict},
			{"done", finish, 0},
			{"drop after it", rmCatalog("c"), 0},
			{"another at its place", mkCatalog("d", "s3://lake/c/a"), 0}}},
		{"a catalog is dropped whatever was staged in it", []step{
			{"stage", by("ann", mine), 0},
			{"drop", seq(rmNS("a"), rmCatalog("c")), 0}}},
		{"a dropped table's folder is free", []step{
			{"table", mkTable("a", "t", at), 0},
			{"more folders", grow("a", "t", "s3://lake/c/x", "s3://lake/c/y"), 0},
			{"another there", mkTable("a", "u", "s3://lake/c/x/u"), fault.Forbidden},
			{"drop", rmTable("a", "t"), 0},
			{"another there now", mkTable("a", "u", "s3://lake/c/x/u"), 0}}},
		{"a namespace's own folder may be set again with tables in it", []step{
			{"table", mkTable("a", "t", at), 0},
			{"set", mvNS("a", "s3://lake/c/a"), 0},
			{"set with another scheme", mvNS("a", "s3a://lake/c/a"), 0},
			{"a table in it", mkTable("a", "u", ""), 0}}},
		{"a namespace that claims nothing guards nothing", []step{
			{"made while tables may overlap", seq(sharing(true), mkNS("k", "s3://lake/c/k"), sharing(false)), 0},
			{"a server's leaf in it", mkTable("k", "t", ""), 0},
			{"another's table around it", mkTable("a", "u", "s3://lake/c/k"), fault.Forbidden}}},
		{"where tables share folders only what is being deleted is taken", []step{
			{"table", mkTable("a", "t", at), 0},
			{"another", mkTable("a", "other", "s3://lake/c/a/other"), 0},
			{"purge", purge("a", "t"), 0},
			{"let them share", sharing(true), 0},
			{"one in another", mkTable("a", "u", "s3://lake/c/a/other/in"), 0},
			{"one around another", mkTable("a", "v", "s3://lake/c/a"), fault.Forbidden},
			{"one at the purged place", mkTable("a", "w", at), fault.Forbidden},
			{"one in it", mkTable("a", "w", at+"/in"), fault.Forbidden},
			{"one staged in it", mkStaged("a", "w", at+"/in"), fault.Forbidden},
			{"one that grows into it", grow("a", "u", at+"/in"), fault.Forbidden},
			{"a purge", purge("a", "other"), fault.Forbidden},
			{"let them share no longer", sharing(false), 0},
			{"a purge still", purge("a", "other"), fault.Forbidden}}},
		{"no table has more folders than its drop can give back", []step{
			{"table", mkTable("a", "t", at), 0},
			{"31 more", growBy(31), 0},
			{"one too many", grow("a", "t", "s3://lake/c/many/too"), fault.Invalid},
			{"drop", rmTable("a", "t"), 0}}},
		{"no catalog has more folders than an update can give back", []step{
			{"40", mkCatalog("d", many("s3://lake/d/", 40)...), 0},
			{"41", mkCatalog("e", many("s3://lake/e/", 41)...), fault.Argument},
			{"one in another twice", mkCatalog("f", "s3://lake/f", "s3a://lake/f", "s3://lake/f/g"), 0}}},
	}
	for _, story := range stories {
		t.Run(story.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, w *world) {
				w.must(home(w))
				for _, s := range story.steps {
					err := s.do(w)
					if s.want == 0 && err != nil || s.want != 0 && !fault.Is(err, s.want) {
						t.Fatalf("%s: got %v, want %s", s.name, err, s.want)
					}
					w.sound()
				}
			})
		})
	}
}
