package probe_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/probe"
	"firn/shared/vend"
)

var everyCheck = []probe.Check{"key", "own.write", "own.read", "reader.key", "reader.read", "reader.write", "reader.delete", "own.delete", "own.list",
	"sibling", "sibling.list", "sibling.read", "sibling.write", "sibling.delete", "trust"}

func TestAStoreWhoseKeysAreNarrowPasses(t *testing.T) {
	w := newWorld(t)
	got := w.try(t.Context(), nil)
	want := probe.Report{State: lake.ProbePassed, Passed: everyCheck}
	if diff := cmp.Diff(got, want, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if w.leftovers() {
		t.Error("objects are left")
	}
	first := w.asked[0].Epoch
	if w.asked = nil; w.try(t.Context(), nil).State != lake.ProbePassed || w.asked[0].Epoch == first || first == "" {
		t.Errorf("got the epoch %q twice, want keys that no cache gives to another probe", first)
	}
	for _, g := range w.asked {
		if g.PrincipalID != "p1" || g.CatalogID != "catalogid" || g.Why != "probe" || g.Probe {
			t.Errorf("got grant %+v, want one that names who asked, and says that it is a probe only where the server is apart", g)
		}
		for _, p := range g.Prefixes {
			if folder := p.String(); folder != base+"firn-probe/catalogid/own/" && folder != base+"firn-probe/catalogid/own2/" {
				t.Errorf("a key for %s was minted", folder)
			}
		}
	}
}

func TestAServerThatMayNotVendSaysThatItProbes(t *testing.T) {
	w := newWorld(t)
	w.try(t.Context(), func(c *probe.Config) { c.Apart = true })
	for _, g := range w.asked {
		if !g.Probe {
			t.Errorf("got grant %+v, want one for a probe", g)
		}
	}
}

// widened gives a store's reading of grants for own/ that is wider than they are.
func widened(t *testing.T, add vend.Actions, folders ...string) func(*vend.Grant) {
	var more []location.Prefix
	for _, f := range folders {
		p, err := location.ParsePrefix(f)
		if err != nil {
			t.Fatal(err)
		}
		more = append(more, p)
	}
	return func(g *vend.Grant) {
		if strings.HasSuffix(g.Prefixes[0].String(), "/own/") {
			g.Prefixes = append(more, g.Prefixes...)
			g.Actions |= add
		}
	}
}

const sibling = base + "firn-probe/catalogid/own2/"

func TestAKeyThatOpensMoreIsTheWorstFinding(t *testing.T) {
	all := []string{"wide scope.list sibling.list", "wide scope.read sibling.read", "wide scope.write sibling.write", "wide scope.delete sibling.delete"}
	rows := []struct {
		name  string
		widen func(*vend.Grant)
		want  []string
	}{
		{"a store that ignores session policies", widened(t, vend.Read|vend.List|vend.Write|vend.Delete, base),
			append([]string{"wide scope.reader-writes reader.write", "wide scope.reader-deletes reader.delete"}, all...)},
		{"a prefix that is taken without its slash", widened(t, 0, sibling), all},
		{"actions that are ignored", widened(t, vend.Read|vend.List|vend.Write|vend.Delete), []string{"wide scope.reader-writes reader.write", "wide scope.reader-deletes reader.delete"}},
		{"a delete that comes with reading", func(g *vend.Grant) { g.Actions |= vend.Delete }, []string{"wide scope.reader-deletes reader.delete"}},
		{"a write that comes with reading", func(g *vend.Grant) { g.Actions |= vend.Write }, []string{"wide scope.reader-writes reader.write"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.widen = row.widen
			got := w.try(t.Context(), nil)
			if diff := cmp.Diff(told(got), row.want); diff != "" || got.State != lake.ProbeFailed {
				t.Errorf("state %s, findings (-got +want):\n%s", got.State, diff)
			}
			for _, f := range got.Findings {
				if f.Message == "" || f.Remedy == "" || !strings.Contains(f.Detail, "arn:aws:iam::111122223333:role/firn-vending/lake") {
					t.Errorf("got %+v, want words, a remedy and the role", f)
				}
			}
			if w.leftovers() {
				t.Error("objects are left")
			}
		})
	}
}

// told gives each finding in a line.
func told(r probe.Report) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, string(f.Severity)+" "+string(f.Code)+" "+string(f.Check))
	}
	return out
}

// A key may open the wrong folder and not its own.
func TestAKeyThatOpensTheWrongFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.widen = func(g *vend.Grant) {
			p, err := location.ParsePrefix(sibling)
			if err != nil {
				t.Fatal(err)
			}
			g.Prefixes = []location.Prefix{p}
		}
		got := w.try(t.Context(), nil)
		if diff := cmp.Diff(told(got), []string{"wide scope.list sibling.list", "wide scope.write sibling.write", "broken policy.denied own.write"}); diff != "" {
			t.Errorf("(-got +want):\n%s", diff)
		}
		if w.leftovers() {
			t.Error("objects are left")
		}
	})
}

// Each of the four is looked for on its own: a store may be open in one way alone.
func TestASiblingThatIsOpenInOneWay(t *testing.T) {
	for op, want := range map[string]string{
		"list": "wide scope.list sibling.list", "get": "wide scope.read sibling.read", "put": "wide scope.write sibling.write", "delete": "wide scope.delete sibling.delete",
	} {
		t.Run(op, func(t *testing.T) {
			w := newWorld(t)
			w.widen = widened(t, 0, sibling)
			prober := probe.New(probe.Config{Vendor: w, Now: time.Now, Files: opener(func(ctx context.Context, s blob.Scope, cred vend.Credential) (blob.Bucket, error) {
				b, err := w.Open(ctx, s, cred)
				if err == nil && len(w.asked) == 1 { // the key to own/
					b = &picky{b.(*bucket), op}
				}
				return b, err
			})})
			if diff := cmp.Diff(told(prober.Probe(t.Context(), asker, catalog())), []string{want}); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if w.leftovers() {
				t.Error("objects are left")
			}
		})
	}
}

// What an earlier probe left in the sibling's folder must not hide that it can be listed.
func TestASiblingThatIsListedAndNotEmpty(t *testing.T) {
	w := newWorld(t)
	w.fail = func(op, name string, _ vend.Actions, _ int) error { // the first probe leaves an object
		if op == "list" && strings.HasPrefix(name, sibling) && w.left != 0 {
			return refused(fault.Unavailable, "InternalError", "")
		}
		if op == "put" && strings.HasPrefix(name, sibling) {
			w.left++
		}
		return nil
	}
	w.try(t.Context(), nil)
	w.fail = nil
	w.asked, w.widen = nil, widened(t, 0, sibling)
	prober := probe.New(probe.Config{Vendor: w, Now: time.Now, Files: opener(func(ctx context.Context, s blob.Scope, cred vend.Credential) (blob.Bucket, error) {
		b, err := w.Open(ctx, s, cred)
		if err == nil && len(w.asked) == 1 { // the key to own/
			b = &lister{picky{b.(*bucket), "list"}}
		}
		return b, err
	})})
	if diff := cmp.Diff(told(prober.Probe(t.Context(), asker, catalog())), []string{"wide scope.list sibling.list"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestEachFindingOfTheTokenService(t *testing.T) {
	credential := func(kind fault.Kind, code, message string) error {
		return fault.Of(kind, fault.Credential, "", "The token service refused.").Because(said{code, message})
	}
	rows := []struct {
		name string
		err  error
		want string
	}{
		{"not trusted", denied("User: arn:aws:sts::1:assumed-role/firn/x is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::2:role/r"), "broken role.denied key"},
		{"the tag is not allowed", denied("User: u is not authorized to perform: sts:TagSession on resource: r"), "broken role.tag-session key"},
		{"the source identity is not allowed", denied("User: u is not authorized to perform: sts:SetSourceIdentity on resource: r"), "broken role.source-identity key"},
		{"firn's own role may not", denied("User: u is not authorized to perform: sts:AssumeRole on resource: r because no identity-based policy allows the sts:AssumeRole action"), "broken server.rights key"},
		{"a deny", denied("User: u is not authorized to perform: sts:AssumeRole on resource: r with an explicit deny in a service control policy"), "broken policy.explicit-deny key"},
		{"firn's own keys", credential(fault.Forbidden, "InvalidClientTokenId", "The security token included in the request is invalid."), "broken server.credentials key"},
		{"firn's own keys at a compatible store", credential(fault.Forbidden, "InvalidAccessKeyId", "does not exist"), "broken server.credentials key"},
		{"firn's own keys at MinIO", denied("The request signature we calculated does not match the signature you provided."), "broken server.credentials key"},
		{"a duration that the role does not take", credential(fault.Invalid, "ValidationError", "MaxSessionDuration"), "broken role.invalid key"},
		{"a Region that is off", credential(fault.Forbidden, "RegionDisabledException", ""), "broken region.disabled key"},
		{"a policy that is too large", credential(fault.Invalid, "PackedPolicyTooLarge", ""), "broken policy.too-large key"},
		{"throttling", credential(fault.Unavailable, "Throttling", "Rate exceeded"), "broken store.busy key"},
		{"nobody there", fault.Of(fault.Unavailable, fault.Credential, "", "away").Because(&net.OpError{Op: "dial", Err: errors.New("connection refused")}), "broken endpoint.unreachable key"},
		{"no such host", fault.Of(fault.Unavailable, fault.Credential, "", "away").Because(&net.DNSError{Err: "no such host", Name: "x"}), "broken endpoint.unreachable key"},
		{"no answer in time", fault.Of(fault.Timeout, fault.Credential, "", "late"), "broken endpoint.timeout key"},
		{"a name of credentials that the server has not", fault.Of(fault.Invalid, fault.Credential, "", "This server has no credentials for storageName \"x\"."), "broken storage.invalid key"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.mint = func(*lake.Storage, vend.Grant) error { return row.err }
				got := w.try(t.Context(), nil)
				if diff := cmp.Diff(told(got), []string{row.want}); diff != "" || got.State != lake.ProbeFailed || got.Passed != nil {
					t.Errorf("got %+v\n%s", got, diff)
				}
				for _, f := range got.Findings {
					if strings.Contains(f.Message+f.Remedy, "arn:") || f.Message == "" || f.Remedy == "" {
						t.Errorf("got %+v, want words and a remedy without ARNs", f)
					}
				}
			})
		})
	}
}

func TestEachFindingOfTheStore(t *testing.T) {
	on := func(op string, err error) func(string, string, vend.Actions, int) error {
		return func(did, name string, a vend.Actions, _ int) error {
			if did == op && !strings.HasPrefix(name, sibling) {
				return err
			}
			return nil
		}
	}
	const explicit = "User: u is not authorized to perform: s3:PutObject on resource: r with an explicit deny in a resource-based policy"
	rows := []struct {
		name string
		fail func(string, string, vend.Actions, int) error
		want []string
	}{
		{"the role may not write", on("put", refused(fault.Forbidden, "AccessDenied", "because no identity-based policy allows the s3:PutObject action")), []string{"broken policy.denied own.write"}},
		{"the bucket denies it", on("put", refused(fault.Forbidden, "AccessDenied", explicit)), []string{"broken policy.explicit-deny own.write"}},
		{"the KMS key is not allowed", on("put", refused(fault.Forbidden, "AccessDenied", "not authorized to perform: kms:GenerateDataKey on resource: k")), []string{"broken kms.denied own.write"}},
		{"the KMS key is off", on("put", refused(fault.Unavailable, "KMS.DisabledException", "k is disabled")), []string{"broken kms.denied own.write"}},
		{"no such bucket", on("put", refused(fault.Invalid, "NoSuchBucket", "")), []string{"broken bucket.missing own.write"}},
		{"another region", on("put", refused(fault.Invalid, "PermanentRedirect", "")), []string{"broken region.wrong own.write"}},
		{"keys of another store", on("put", refused(fault.Forbidden, "InvalidAccessKeyId", "")), []string{"broken key.rejected own.write"}},
		{"a request that it does not take", on("put", fault.Of(fault.Invalid, fault.Location, "x", "The storage refused x.")), []string{"broken storage.invalid own.write"}},
		{"a put whose answer was lost", on("put", fault.Of(fault.StateUnknown, fault.File, "x", "perhaps")), []string{"broken store.busy own.write"}},
		{"the role may not read", on("get", refused(fault.Forbidden, "AccessDenied", "")),
			[]string{"broken policy.denied own.read", "broken policy.denied reader.read", "broken policy.denied own.delete", "broken policy.denied own.list"}},
		{"the role may not delete", func(did, name string, a vend.Actions, _ int) error {
			if did == "delete" && !strings.HasPrefix(name, sibling) {
				return refused(fault.Forbidden, "AccessDenied", "")
			}
			return nil
		}, []string{"broken policy.denied own.delete"}},
		{"the role may not list", on("list", refused(fault.Forbidden, "AccessDenied", "")), []string{"broken policy.denied own.list"}},
		{"the store is away for lists", on("list", fault.Of(fault.Unavailable, fault.File, "x", "away")), []string{"broken store.busy own.list"}},
		{"an object of the sibling's that is not there", func(did, name string, a vend.Actions, _ int) error {
			if did == "get" && strings.HasPrefix(name, sibling) {
				return fault.Missing(fault.File, name)
			}
			return nil
		}, []string{"wide scope.read sibling.read"}},
		{"the sibling's folder answers neither way", func(did, name string, a vend.Actions, _ int) error {
			if did == "get" && strings.HasPrefix(name, sibling) {
				return fault.Of(fault.Unavailable, fault.File, "x", "away")
			}
			return nil
		}, []string{"broken scope.unclear sibling.read"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.fail = row.fail
				got := w.try(t.Context(), nil)
				if diff := cmp.Diff(told(got), row.want); diff != "" || got.State != lake.ProbeFailed {
					t.Errorf("state %s (-got +want):\n%s", got.State, diff)
				}
			})
		})
	}
}

// A store that says that it did, and did not.
func TestAStoreThatForgets(t *testing.T) {
	rows := map[string]struct {
		forgets string
		want    []string
	}{
		"puts":    {"put", []string{"broken store.inconsistent own.read", "broken store.inconsistent reader.read"}},
		"deletes": {"delete", []string{"broken store.inconsistent own.delete"}},
		"lists":   {"list", []string{"broken store.inconsistent own.list"}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				prober := probe.New(probe.Config{Vendor: w, Now: time.Now, Files: opener(func(ctx context.Context, s blob.Scope, cred vend.Credential) (blob.Bucket, error) {
					b, err := w.Open(ctx, s, cred)
					if err != nil {
						return nil, err
					}
					return &forgetful{b.(*bucket), row.forgets}, nil
				})})
				if diff := cmp.Diff(told(prober.Probe(t.Context(), asker, catalog())), row.want); diff != "" {
					t.Errorf("(-got +want):\n%s", diff)
				}
			})
		})
	}
}
