package catalog_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/sign"
	"firn/shared/sign/sigv4"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/vend"
)

var signed = catalog.Delegation{Signed: true}

const endpoint = "http://127.0.0.1:1"

// signing gives a world whose requests can be signed, also with firn's own rights where there is no STS.
func signing(t testing.TB, log *bytes.Buffer) *world {
	t.Helper()
	return newWorld(t, func(c *catalog.Config) {
		c.Signer = sigv4.New(sigv4.Config{Policy: storagepolicytest.Lenient([]string{endpoint}), Embedded: func() string { return endpoint }, Now: c.Now,
			Unscoped: credentials.NewStaticCredentialsProvider("OWN", "own-secret", "")})
		if log != nil {
			c.Log = slog.New(slog.NewTextHandler(log, nil))
		}
	})
}

func noSTS(c *lake.Catalog) {
	yes := true
	c.Storage.STSUnavailable, c.Storage.Endpoint = &yes, endpoint
}

// request is one to an object below the namespace's folder.
func request(method, key string, pairs ...string) sign.Request {
	r := sign.Request{Method: method, URI: endpoint + "/lake/c/a/" + key, Region: "us-east-1", Headers: map[string][]string{}}
	for i := 0; i < len(pairs); i += 2 {
		r.Headers[pairs[i]] = []string{pairs[i+1]}
	}
	return r
}

func listing(prefix string) sign.Request {
	return sign.Request{Method: "GET", URI: endpoint + "/lake?list-type=2&prefix=" + prefix, Region: "us-east-1"}
}

func (w *world) sign(c lake.Caller, name, staged string, r sign.Request) (string, error) {
	w.t.Helper()
	s, err := w.Sign(w.t.Context(), c, "c", table(name), staged, r)
	if err != nil {
		return "", err
	}
	return s.Headers["Authorization"][0], nil
}

func TestTheKeyThatSignsIsForTheTableAndTheRequest(t *testing.T) {
	rows := []struct {
		name    string
		r       sign.Request
		actions vend.Actions
	}{
		{"a read", request("GET", "t/data/f"), vend.Read | vend.List},
		{"a list", listing("c/a/t/data/"), vend.Read | vend.List},
		{"a write", request("PUT", "t/data/f"), vend.Write},
		{"a delete", request("DELETE", "t/data/f"), vend.Delete},
		{"a copy", request("PUT", "t/data/f", "x-amz-copy-source", "lake/c/a/t/data/g"), vend.Read | vend.List | vend.Write},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var log bytes.Buffer
			w := signing(t, &log)
			_, err := w.create("t")
			w.must(err)
			var grants []vend.Grant
			w.vendor.plan = func(g vend.Grant) error { grants = append(grants, g); return nil }
			w.take()
			auth, err := w.sign(w.admin, "t", "", row.r)
			w.must(err)
			if len(grants) != 1 || grants[0].Actions != row.actions || grants[0].Prefixes[0].String() != "s3://lake/c/a/t/" || grants[0].PrincipalID != w.admin.PrincipalID || grants[0].Why != "sign" {
				t.Errorf("got %+v, want one to %s of the table", grants, row.actions)
			}
			if u := w.take(); u.KV.Gets != 1 || u.KV.Writes+u.KV.Transactions+u.Gets+u.Puts+u.Dels != 0 {
				t.Errorf("got effects %+v, want one read", u)
			}
			if !strings.Contains(auth, "Credential=FIRN") || strings.Contains(log.String(), "Signature=") || !strings.Contains(log.String(), "msg=signed") {
				t.Errorf("got %s, log %s; want a vended key's signature, and a line without it", auth, &log)
			}
			w.vendor.plan = nil
			w.take()
			_, err = w.sign(w.admin, "t", "", row.r)
			w.must(err)
			if u := w.take(); u.Mints != 0 {
				t.Errorf("got %d keys minted for the second request, want none", u.Mints)
			}
		})
	}
}

func TestWhoMayHaveWhatSigned(t *testing.T) {
	read, list := request("GET", "t/data/f"), listing("c/a/t/")
	look := sign.Request{Method: "HEAD", URI: endpoint + "/lake", Region: "us-east-1"}
	write, remove := request("PUT", "t/data/f"), request("DELETE", "t/data/f")
	upload, give := request("POST", "t/data/f?uploads"), request("DELETE", "t/data/f?uploadId=u")
	batch := `<Delete><Object><Key>c/a/t/x</Key></Object></Delete>`
	many := sign.Request{Method: "POST", URI: endpoint + "/lake?delete", Region: "us-east-1", Body: &batch}
	copied := request("PUT", "t/data/f", "x-amz-copy-source", "lake/c/a/t/data/g")
	reads, writes := []sign.Request{read, list, look}, []sign.Request{write, remove, upload, give, many, copied}
	rows := []struct {
		name       string
		privileges []string
		yes, no    []sign.Request
	}{
		{"who reads", []string{"TABLE_READ_DATA"}, reads, writes},
		{"who writes", []string{"TABLE_WRITE_DATA"}, slices.Concat(reads, writes), nil},
		{"who reads properties", []string{"TABLE_READ_PROPERTIES", "TABLE_LIST", "TABLE_DROP", "TABLE_CREATE"}, nil, slices.Concat(reads, writes)},
		{"nobody", nil, nil, slices.Concat(reads, writes)},
	}
	for _, row := range rows {
		for kind, change := range map[string]func(*lake.Catalog){"STS": func(*lake.Catalog) {}, "no STS": noSTS} {
			t.Run(row.name+" with "+kind, func(t *testing.T) {
				w := signing(t, nil)
				_, err := w.create("t")
				w.must(err)
				w.alter(change)
				c := w.person("joe", row.privileges...)
				for _, r := range row.yes {
					if _, err := w.sign(c, "t", "", r); err != nil {
						t.Errorf("%s %s: got %v", r.Method, r.URI, err)
					}
				}
				w.take()
				for _, r := range row.no {
					_, err := w.sign(c, "t", "", r)
					expect(t, r.Method+" "+r.URI, err, fault.Forbidden)
				}
				if u := w.take(); u.Mints != 0 {
					t.Errorf("got %d keys minted for what is refused", u.Mints)
				}
			})
		}
	}
}

// Each request is judged by what holds now. The rows change that after a first one was signed.
func TestARightEndsWithTheNextRequest(t *testing.T) {
	rows := []struct {
		name   string
		change func(*world)
		want   fault.Kind
	}{
		{"the folder is not allowed any more", func(w *world) { w.set("allowed", "s3://lake/c/b") }, fault.Forbidden},
		{"nothing is allowed any more", func(w *world) { w.alter(func(c *lake.Catalog) { c.Storage.AllowedLocations = nil }) }, fault.Forbidden},
		{"the principal's keys are halted", func(w *world) { w.halt(lake.KeyState{Epoch: 1, Halted: true}, lake.KeyState{}) }, fault.Forbidden},
		{"the table's keys are halted", func(w *world) { w.halt(lake.KeyState{}, lake.KeyState{Epoch: 1, Halted: true}) }, fault.Forbidden},
		{"the external catalog vends nothing", func(w *world) {
			w.alter(func(c *lake.Catalog) { c.Type, c.Properties[string(lake.CredentialVending)] = lake.External, "false" })
		}, fault.Argument},
		{"the storage is another", func(w *world) { w.alter(func(c *lake.Catalog) { c.Storage.Endpoint = "http://192.0.2.1" }) }, fault.Argument},
		{"the region is another", func(w *world) { w.alter(func(c *lake.Catalog) { c.Storage.Region = "eu-west-1" }) }, fault.Argument},
		{"the storage is a folder", func(w *world) { w.alter(func(c *lake.Catalog) { c.Storage.Type = lake.File }) }, fault.Argument},
		{"the storage is Google's", func(w *world) { w.alter(func(c *lake.Catalog) { c.Storage.Type = lake.GCS }) }, fault.Argument},
		{"the table is gone", func(w *world) { w.must(w.drop("t", false)) }, fault.NotFound},
		{"the table has another name", func(w *world) { w.must(w.RenameTable(w.t.Context(), w.admin, "c", table("t"), table("u"))) }, fault.NotFound},
	}
	for _, row := range rows {
		for kind, change := range map[string]func(*lake.Catalog){"STS": func(*lake.Catalog) {}, "no STS": noSTS} {
			t.Run(row.name+" with "+kind, func(t *testing.T) {
				w := signing(t, nil)
				_, err := w.create("t")
				w.must(err)
				w.alter(change)
				_, err = w.sign(w.admin, "t", "", request("GET", "t/data/f"))
				w.must(err)
				row.change(w)
				_, err = w.sign(w.admin, "t", "", request("GET", "t/data/f"))
				expect(t, "sign", err, row.want)
			})
		}
	}
}

func TestOnlyTheTablesOwnFoldersAreSignedFor(t *testing.T) {
	rows := map[string]sign.Request{
		"a sibling": request("GET", "t2/data/f"), "above": request("GET", "f"), "a list of the sibling": listing("c/a/t2/"), "a list of both": listing("c/a/t"),
		"another bucket": {Method: "GET", URI: endpoint + "/attic/c/a/t/f", Region: "us-east-1"}, "a copy from the sibling": request("PUT", "t/f", "x-amz-copy-source", "lake/c/a/t2/f"),
	}
	for kind, change := range map[string]func(*lake.Catalog){"STS": func(*lake.Catalog) {}, "no STS": noSTS} {
		w := signing(t, nil)
		for _, name := range []string{"t", "t2"} {
			_, err := w.create(name)
			w.must(err)
		}
		w.alter(change)
		for name, r := range rows {
			_, err := w.sign(w.admin, "t", "", r)
			expect(t, name+" with "+kind, err, fault.Forbidden)
		}
		if _, err := w.sign(w.admin, "t2", "", rows["a sibling"]); err != nil {
			t.Errorf("%s: got %v for the sibling itself", kind, err)
		}
	}
}

func TestFirnSignsWithItsOwnRightsOnlyWithoutSTS(t *testing.T) {
	w := signing(t, nil)
	_, err := w.create("t")
	w.must(err)
	w.alter(noSTS)
	w.take()
	auth, err := w.sign(w.admin, "t", "", request("PUT", "t/data/f"))
	w.must(err)
	if u := w.take(); u.Mints != 0 || !strings.Contains(auth, "Credential=OWN/") {
		t.Errorf("got %s and %d keys minted, want firn's own", auth, u.Mints)
	}
	w.config.Signer = sigv4.New(sigv4.Config{Now: w.time, Policy: storagepolicytest.Lenient([]string{endpoint})})
	w.restart()
	_, err = w.sign(w.admin, "t", "", request("PUT", "t/data/f"))
	expect(t, "without rights of its own", err, fault.Unsupported)
	w.config.Signer = nil
	w.restart()
	_, err = w.sign(w.admin, "t", "", request("PUT", "t/data/f"))
	expect(t, "without a signer", err, fault.Argument)
}

// A client that takes both gets keys where the storage can be vended for.
func TestWhatAClientGetsToReachFiles(t *testing.T) {
	both := catalog.Delegation{Signed: true, Vended: true}
	file := func(c *lake.Catalog) { c.Storage.Type = lake.File }
	rows := []struct {
		name   string
		change func(*lake.Catalog)
		d      catalog.Delegation
		want   string
	}{
		{"keys", func(*lake.Catalog) {}, vended, "keys"},
		{"signatures", func(*lake.Catalog) {}, signed, "signatures"},
		{"both", func(*lake.Catalog) {}, both, "keys"},
		{"signatures without STS", noSTS, signed, "signatures"},
		{"both without STS", noSTS, both, "signatures"},
		{"keys without STS", noSTS, vended, "refused"},
		{"signatures for Google's", func(c *lake.Catalog) { c.Storage.Type = lake.GCS }, signed, "refused"},
		{"signatures for Azure's", func(c *lake.Catalog) { c.Storage.Type = lake.Azure }, signed, "refused"},
		{"both for a folder", file, both, "refused"},
	}
	for _, row := range rows {
		for _, ask := range asks {
			atHand := strings.Contains("load stage", ask.name) // firn needs no file of a store that is not there
			if ask.name == "refresh" || strings.Contains(row.name, "without STS") && !atHand {
				continue
			}
			t.Run(row.name+" "+ask.name, func(t *testing.T) {
				w := signing(t, nil)
				_, err := w.create("t")
				w.must(err)
				w.alter(row.change)
				w.take()
				k, err := ask.do(w, w.admin, row.d)
				u := w.take()
				got := "refused"
				switch {
				case err == nil && k.Credential != nil && k.Signing == nil:
					got = "keys"
				case err == nil && k.Credential == nil && k.Signing != nil && u.ForClients == 0:
					got = "signatures"
				case err == nil:
					got = "neither"
				case !fault.Is(err, fault.Argument):
					got = err.Error()
				}
				if got != row.want || err != nil && u.KV.Writes+u.KV.Transactions > 0 {
					t.Errorf("got %s, effects %+v; want %s", got, u, row.want)
				}
			})
		}
	}
}

func TestASignersPath(t *testing.T) {
	w := signing(t, nil)
	_, err := w.create("t")
	w.must(err)
	loaded, err := w.LoadTable(t.Context(), w.admin, "c", table("t"), signed, false)
	w.must(err)
	want := &catalog.Signing{Path: "v1/c/namespaces/a/tables/t/sign", Site: sign.Site{Endpoint: endpoint, Region: "us-east-1"}}
	if diff := cmp.Diff(want, loaded.Keys.Signing); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A staged table is signed for before its first commit, for the principal that staged it, as long as it is kept; and then
// by the same path for the table that it has become.
func TestAStagedTableIsSignedFor(t *testing.T) {
	w := signing(t, nil)
	made, err := w.stage("t", signed)
	w.must(err)
	path, uuid, ok := strings.Cut(made.Keys.Signing.Path, "?staged=")
	if !ok || path != "v1/c/namespaces/a/tables/t/sign" {
		t.Fatalf("got %s, want the path of the staged table", made.Keys.Signing.Path)
	}
	file := request("PUT", "t/data/f")
	if _, err := w.sign(w.admin, "t", uuid, file); err != nil {
		t.Errorf("got %v for who staged it", err)
	}
	_, err = w.sign(w.admin, "t", uuid, request("PUT", "t2/data/f"))
	expect(t, "a sibling", err, fault.Forbidden)
	_, err = w.sign(w.admin, "t", "", file)
	expect(t, "a table that is not there", err, fault.NotFound)
	_, err = w.sign(w.person("eve", "TABLE_WRITE_DATA", "TABLE_CREATE"), "t", uuid, file)
	expect(t, "another principal", err, fault.NotFound)
	_, err = w.sign(w.admin, "u", uuid, file)
	expect(t, "another name", err, fault.NotFound)
	_, err = w.commit("t", ofStaged(made))
	w.must(err)
	if _, err := w.sign(w.admin, "t", uuid, file); err != nil {
		t.Errorf("got %v for the table that it became", err)
	}
	made, err = w.stage("old", signed)
	w.must(err)
	_, uuid, _ = strings.Cut(made.Keys.Signing.Path, "?staged=")
	w.pass(25 * time.Hour)
	_, err = w.sign(w.admin, "old", uuid, request("PUT", "old/data/f"))
	expect(t, "one that has expired", err, fault.NotFound)
}
