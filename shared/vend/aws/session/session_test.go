package session

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"firn/shared/lake"
)

// sts is what STS takes as RoleSessionName and SourceIdentity.
var sts = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

func TestNamesAreReadableAndLegal(t *testing.T) {
	for principal, want := range map[string]string{
		"ann":                     "firn-ann-",
		"":                        "firn--",
		"a b/c:d*\n":              "firn-a_b_c_d__-",
		"ann-etl":                 "firn-ann_etl-",
		"żółw":                    "firn-___w-",
		"aws:ann":                 "firn-aws_ann-",
		strings.Repeat("x", 1000): "firn-" + strings.Repeat("x", 24) + "-",
	} {
		got := Name("r", principal, "p1", "t1")
		if !sts.MatchString(got) || !strings.HasPrefix(got, want) || strings.Count(got, "-") != 4 {
			t.Errorf("%q: got %q, want a session name that begins with %q and has five fields", principal, got, want)
		}
		if id := SourceIdentity("r", principal, "p1"); !sts.MatchString(id) || strings.HasPrefix(id, "aws:") {
			t.Errorf("%q: got the source identity %q, which STS would refuse", principal, id)
		}
	}
}

func TestNoNameIsUsedTwice(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		name := Name("r", "ann", "p1", "t1")
		if seen[name] {
			t.Fatalf("got %s twice", name)
		}
		seen[name] = true
	}
}

func TestASourceIdentityIsOnePrincipals(t *testing.T) {
	ann := SourceIdentity("r", "a/b", "p1")
	if again := SourceIdentity("r", "a/b", "p1"); again != ann {
		t.Errorf("got %s and %s of one principal, want the same", ann, again)
	}
	for name, other := range map[string]string{
		"a name that cleans to the same": SourceIdentity("r", "a:b", "p2"), "the same id in another realm": SourceIdentity("r2", "a/b", "p1"),
	} {
		if other == ann {
			t.Errorf("%s: got %s for both", name, ann)
		}
	}
}

// userid is what AWS makes of a session's name.
func userid(realm lake.Realm, principal string, principalID, tableID lake.ID) string {
	return "AROAEXAMPLE:" + Name(realm, principal, principalID, tableID)
}

func TestPatternsFindTheKeysTheyAreFor(t *testing.T) {
	const long = "a-very-long-name-of-a-principal-indeed"
	rows := []struct {
		name, pattern, userid string
		want                  bool
	}{
		{"a principal's key", OfPrincipal("r", "p1"), userid("r", "ann", "p1", "t1"), true},
		{"a principal's key for another table", OfPrincipal("r", "p1"), userid("r", "ann", "p1", "t2"), true},
		{"a principal with a long name", OfPrincipal("r", "p1"), userid("r", long, "p1", "t1"), true},
		{"a principal without a name", OfPrincipal("r", "p1"), userid("r", "", "p1", "t1"), true},
		{"another principal's", OfPrincipal("r", "p1"), userid("r", "ann", "p2", "t1"), false},
		{"the same id in another realm", OfPrincipal("r", "p1"), userid("r2", "ann", "p1", "t1"), false},
		{"a table of the principal's id", OfPrincipal("r", "p1"), userid("r", "ann", "p2", "p1"), false},
		{"a name that is the victim's hash", OfPrincipal("r", "p1"), userid("r", principalHash("r", "p1"), "p2", "t1"), false},
		{"a name that holds the victim's field", OfPrincipal("r", "p1"), userid("r", "x-"+principalHash("r", "p1")+"-", "p2", "t1"), false},
		{"a table's key", OfTable("t1"), userid("r", "ann", "p1", "t1"), true},
		{"a table's key of another principal", OfTable("t1"), userid("r", long, "p2", "t1"), true},
		{"another table's", OfTable("t1"), userid("r", "ann", "p1", "t2"), false},
		{"a name that holds the table's field", OfTable("t1"), userid("r", "-"+tableHash("t1")+"-", "p1", "t2"), false},
	}
	for _, row := range rows {
		// path.Match has the stars of IAM as long as no slash is about.
		if got, err := path.Match(row.pattern, row.userid); err != nil || got != row.want {
			t.Errorf("%s: %s on %s: got %v (%v), want %v", row.name, row.pattern, row.userid, got, err, row.want)
		}
	}
}

func TestOneKeyIsFoundByItsName(t *testing.T) {
	name := Name("r", "ann", "p1", "t1")
	if pattern, ok := OfName(name); !ok || pattern != "*:"+name {
		t.Errorf("got %q, %v, want the name behind any role", pattern, ok)
	}
	for _, bad := range []string{"", "*", "firn-*", name + "*", "firn-*" + name[len("firn-ann"):], strings.ToUpper(name), "x" + name, name[1:], "firn-${aws:username}" + name[len("firn-ann"):], name + "\n"} {
		if pattern, ok := OfName(bad); ok {
			t.Errorf("%q: got the pattern %q, want none", bad, pattern)
		}
	}
}

func TestAKeyIsItsPrincipals(t *testing.T) {
	name := Name("r", "x-"+principalHash("r", "p2")+"-y", "p1", "p3")
	rows := []struct {
		what, name string
		realm      lake.Realm
		principal  lake.ID
		want       bool
	}{
		{"its own", name, "r", "p1", true},
		{"of one whose hash is in the name", name, "r", "p2", false},
		{"of one with the table's id", name, "r", "p3", false},
		{"in another realm", name, "r2", "p1", false},
		{"of a name with a wildcard", "firn-*" + name[len("firn-x_"):], "r", "p1", false},
		{"of no name", "", "r", "p1", false},
	}
	for _, row := range rows {
		if got := Holds(row.name, row.realm, row.principal); got != row.want {
			t.Errorf("%s: got %v, want %v", row.what, got, row.want)
		}
	}
}
