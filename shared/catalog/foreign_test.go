package catalog_test

import (
	"context"
	"fmt"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/store"
)

// logging is a document at loc, of a table that deletes what falls out of its log, whose log names files.
func logging(loc string, files ...string) string {
	return document(loc, func(doc map[string]any) {
		var log []any
		for _, f := range files {
			log = append(log, map[string]any{"metadata-file": f, "timestamp-ms": 1_790_000_000_000})
		}
		doc["metadata-log"] = log
		doc["properties"] = map[string]any{"write.metadata.previous-versions-max": "1", "write.metadata.delete-after-commit.enabled": "true"}
	})
}

// commits makes commits to "t", alone and in a transaction, after which nothing of its first log is left in
// the log.
func (s *site) commits() {
	s.t.Helper()
	ctx := context.Background()
	for i := range 3 {
		_, err := s.CommitTable(ctx, s.admin, s.catalog, table("t"), put("x", fmt.Sprint(i)))
		s.must(err)
		s.must(s.CommitTransaction(ctx, s.admin, s.catalog, []catalog.TableChange{on("t", put("y", fmt.Sprint(i)))}))
	}
}

func TestDeleteAfterCommit_DeletesNoFileOfAnotherTable(t *testing.T) {
	rows := []struct {
		name     string
		settings []string
		loc      string // of the registered table, in the namespace's folder
	}{
		{"beside it", nil, "/t"},
		{"in a folder that tables may share", []string{overlapping}, ""},
		{"in a folder that tables might once share", []string{overlapping, "off"}, ""},
	}
	for kind, open := range sites {
		for _, row := range rows {
			t.Run(kind+", "+row.name, func(t *testing.T) {
				s := open(t)
				if row.settings != nil {
					s.setting(overlapping, "true")
				}
				victim := s.make("victim")
				const old = "t/metadata/00003-x.metadata.json"
				s.leave(old, "{}")
				s.leave("t/metadata/00007-x.metadata.json", logging(s.base+"/a"+row.loc, s.base+"/a/"+old, victim))
				s.must(s.register("t", "t/metadata/00007-x.metadata.json"))
				if len(row.settings) > 1 {
					s.setting(overlapping, "false")
				}
				s.commits()
				if !s.has(victim) {
					t.Error("the other table's metadata file was deleted")
				}
				if _, err := s.LoadTable(t.Context(), s.admin, s.catalog, table("victim"), catalog.Delegation{}, false); err != nil {
					t.Errorf("load the other table: %v", err)
				}
				if alone := row.settings == nil; s.has(old) == alone {
					t.Errorf("the old file in the table's folder: there %v, want %v", !alone, alone)
				}
			})
		}
	}
}

// A log may name anything. What is no metadata file by its name, or lies outside of the table's folder, is
// left.
func TestDeleteAfterCommit_DeletesNothingButTheTablesMetadataFiles(t *testing.T) {
	for kind, open := range sites {
		t.Run(kind, func(t *testing.T) {
			s := open(t)
			s.setting(foreignFiles, "true")
			kept := []string{"t/data/1.parquet", "t/metadata/snap-1.avro", "files/00007-x.metadata.json", "files/00003-x.metadata.json", "t2/metadata/00001-x.metadata.json"}
			var named []string
			for _, file := range kept {
				s.leave(file, "x")
				named = append(named, s.base+"/a/"+file)
			}
			s.leave("files/00007-x.metadata.json", logging(s.base+"/a/t", named...))
			s.must(s.register("t", "files/00007-x.metadata.json"))
			s.commits()
			for _, file := range kept {
				if !s.has(file) {
					t.Errorf("%s was deleted", file)
				}
			}
		})
	}
}

// claimed are the ways in which a folder "held" is another's.
var claimed = map[string]func(s *site) error{
	"a table": func(s *site) error { s.make("held"); return nil },
	"a view": func(s *site) error {
		_, err := s.CreateView(context.Background(), s.admin, s.catalog, []string{"a"}, catalog.ViewCreation{Name: "held", Request: viewAsked()})
		return err
	},
	"a staged table": func(s *site) error {
		_, err := s.CreateTable(context.Background(), s.admin, s.catalog, []string{"a"}, catalog.Creation{Name: "held", Request: asked(), Staged: true}, catalog.Delegation{})
		return err
	},
	"a table that is being purged": func(s *site) error {
		s.setting(string(lake.DropWithPurge), "true")
		s.make("held")
		s.files.plan = planned("sweep", fileFault{refuse: fault.Unavailable})
		return s.DropTable(context.Background(), s.admin, s.catalog, table("held"), true)
	},
}

func TestRegister_ReadsNothingInAFolderThatAnotherClaims(t *testing.T) {
	for kind, open := range sites {
		for holder, hold := range claimed {
			for _, shared := range []bool{false, true} {
				t.Run(fmt.Sprint(kind, ", ", holder, ", overlapping ", shared), func(t *testing.T) {
					s := open(t)
					s.must(hold(s))
					s.make("over")
					if shared {
						s.setting(overlapping, "true")
					}
					const inside, none, deep = "held/metadata/00007-x.metadata.json", "held/metadata/none.metadata.json", "held/x/y/z.json"
					s.leave(inside, document(s.base+"/a/elsewhere", nil))
					s.leave(deep, `{"secret": "x"}`)
					for _, file := range []string{inside, none, deep} {
						s.take()
						_, overErr := s.RegisterTable(t.Context(), s.admin, s.catalog, []string{"a"}, catalog.Registration{Name: "over", File: s.base + "/a/" + file, Overwrite: true}, catalog.Delegation{})
						_, viewErr := s.RegisterView(t.Context(), s.admin, s.catalog, []string{"a"}, "new", s.base+"/a/"+file)
						for as, err := range map[string]error{"table": s.register("new", file), "overwrite": overErr, "view": viewErr} {
							expect(t, as+" of "+file, err, fault.Forbidden)
						}
						if u := s.take(); u.Gets+u.Mints > 0 {
							t.Errorf("%s: got %d files read and %d credentials, want none", file, u.Gets, u.Mints)
						}
					}
				})
			}
		}
	}
}

// What a principal staged is its own: it may register the table instead.
func TestRegister_ReadsWhatThePrincipalStagedUnderThatName(t *testing.T) {
	for kind, open := range sites {
		t.Run(kind, func(t *testing.T) {
			s := open(t)
			s.must(claimed["a staged table"](s))
			s.leave("held/metadata/00007-x.metadata.json", document(s.base+"/a/held", nil))
			s.must(s.register("held", "held/metadata/00007-x.metadata.json"))
		})
	}
}

func TestRegister_LosesToWhoClaimsTheFolderMeanwhile(t *testing.T) {
	rows := map[string]struct{ file, loc, claim string }{
		"the table's folder":                          {"t/metadata/00007-x.metadata.json", "/a/t", "t"},
		"the folder of a file outside of the table's": {"files/00007-x.metadata.json", "/a/t", "files"},
	}
	for kind, open := range sites {
		for name, row := range rows {
			t.Run(kind+", "+name, func(t *testing.T) {
				s := open(t)
				s.setting(foreignFiles, "true")
				s.leave(row.file, document(s.base+row.loc, nil))
				raced := false
				s.files.plan = func(verb string, _ location.URI) fileFault {
					if verb != "get" || raced {
						return fileFault{}
					}
					raced = true
					return fileFault{before: func() { s.make(row.claim) }}
				}
				expect(t, "register", s.register("u", row.file), fault.Forbidden)
				if !raced {
					t.Fatal("nothing was read")
				}
				s.must(s.Store.Verify(t.Context()))
			})
		}
	}
}

// The one file that a table has outside of its folders is claimed, so that no table can be made, and purged,
// around it.
func TestRegister_ClaimsAFileOutsideOfTheTablesFolders(t *testing.T) {
	for kind, open := range sites {
		t.Run(kind, func(t *testing.T) {
			s := open(t)
			s.setting(foreignFiles, "true")
			create := func(name, loc string) error {
				_, err := s.CreateTable(t.Context(), s.admin, s.catalog, []string{"a"}, catalog.Creation{Name: name, Request: asked(at(s.base + "/a/" + loc))}, catalog.Delegation{})
				return err
			}
			for _, name := range []string{"t", "u"} {
				s.leave("files/"+name+".metadata.json", document(s.base+"/a/"+name, nil))
				expect(t, "register "+name, s.register(name, "files/"+name+".metadata.json"), 0)
			}
			s.leave("files/u.metadata.json", document(s.base+"/a/v", nil))
			expect(t, "register a file that is a table's", s.register("v", "files/u.metadata.json"), fault.Forbidden)
			expect(t, "create around it", create("w", "files"), fault.Forbidden)
			expect(t, "create beside it", create("w", "files/w"), 0)
			for _, name := range []string{"t", "u", "w"} {
				s.must(s.DropTable(t.Context(), s.admin, s.catalog, table(name), false))
			}
			expect(t, "create where it was", create("w", "files"), 0)
			s.must(s.Store.Verify(t.Context()))
		})
	}
}

// firn reads and writes nothing in folders that a table has not claimed, whatever its item says.
func TestATableWithoutItsClaimIsNotTouched(t *testing.T) {
	for kind, open := range sites {
		t.Run(kind, func(t *testing.T) {
			s := open(t)
			s.make("victim")
			s.make("t")
			b := s.Store.Batch(realm)
			n := b.Namespace(b.Catalog(s.catalog), []string{"a"})
			slot, victim := b.Table(n, "t"), b.Table(n, "victim")
			s.must(b.Read(t.Context()))
			next := *slot.Value
			next.Location, next.MetadataLocation = victim.Value.Location, victim.Value.MetadataLocation
			s.must(s.Store.UpdateTable(t.Context(), n, slot, &next, store.Moved{}))
			s.restart()
			s.take()
			_, err := s.LoadTable(t.Context(), s.admin, s.catalog, table("t"), catalog.Delegation{}, false)
			expect(t, "load", err, fault.Forbidden)
			_, err = s.CommitTable(t.Context(), s.admin, s.catalog, table("t"), put("x", "1"))
			expect(t, "commit", err, fault.Forbidden)
			if u := s.take(); u.Gets+u.Puts+u.Dels > 0 {
				t.Errorf("got %d reads, %d writes and %d deletions, want none", u.Gets, u.Puts, u.Dels)
			}
		})
	}
}

// A purge empties the folders that were handed over to it, whatever its item says.
func TestPurge_EmptiesNoFolderThatItDoesNotHold(t *testing.T) {
	for kind, open := range sites {
		t.Run(kind, func(t *testing.T) {
			s := open(t)
			victim := s.make("victim")
			s.must(claimed["a table that is being purged"](s))
			s.files.plan = nil
			todo, err := s.Store.ListWork(t.Context(), realm, "", 10)
			s.must(err)
			if len(todo) != 1 {
				t.Fatalf("got %d pieces of work, want 1", len(todo))
			}
			wider := todo[0]
			wider.Locations = append([]string{s.base + "/a/victim"}, wider.Locations...)
			_, err = s.Purge(t.Context(), realm, &wider, 100)
			expect(t, "purge", err, fault.Forbidden)
			if !s.has(victim) {
				t.Error("another table's file was deleted")
			}
			done, err := s.Purge(t.Context(), realm, &todo[0], 100)
			expect(t, "the purge as it was", err, 0)
			if !done {
				t.Error("the purge is not done")
			}
		})
	}
}
