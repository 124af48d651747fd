package management_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/admin"
	"firn/shared/blob"
	bloblocal "firn/shared/blob/local"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/probe"
	"firn/shared/s3local"
	"firn/shared/vend"
	vendlocal "firn/shared/vend/local"
)

// stores are the embedded store, which probes are told is one of AWS's.
type stores struct {
	vendor vend.Vendor
	files  blob.Opener
	minted int
	answer func() error // of the token service; nil: it mints
}

func (s *stores) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	s.minted++
	if s.answer != nil {
		if err := s.answer(); err != nil {
			return vend.Credential{}, err
		}
	}
	if strings.HasPrefix(storage.ExternalID, "firn-probe-") {
		return vend.Credential{}, fault.New(fault.Forbidden, "another's external id")
	}
	return s.vendor.Vend(ctx, &lake.Storage{Type: lake.S3}, g)
}

func (s *stores) Open(ctx context.Context, scope blob.Scope, cred vend.Credential) (blob.Bucket, error) {
	scope.Storage = &lake.Storage{Type: lake.S3}
	return s.files.Open(ctx, scope, cred)
}

// notTrusted is what the vendor says of a role that does not trust firn.
func notTrusted() error {
	return fault.Of(fault.Forbidden, fault.Credential, "", "not trusted").Because(errors.New("User: arn:aws:sts::1:assumed-role/firn is not authorized"))
}

// probing is a world whose server tries new storage.
func probing(t *testing.T, change func(*admin.Config)) (*world, *stores) {
	t.Helper()
	store, err := s3local.Open(s3local.Config{Dir: filepath.Join(t.TempDir(), "objects"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	issuer, err := s3local.NewIssuer(make([]byte, 32), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	s := &stores{}
	if s.vendor, err = vendlocal.New(vendlocal.Config{Issuer: issuer, Endpoint: func() string { return "http://127.0.0.1:1" }, Region: "x"}); err != nil {
		t.Fatal(err)
	}
	if s.files, err = bloblocal.New(bloblocal.Config{Store: store, Issuer: issuer}); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(c *admin.Config) {
		c.ProbeNew = true
		c.Prober = probe.New(probe.Config{Vendor: s, Files: s, Now: time.Now, Patience: time.Millisecond})
		if change != nil {
			change(c)
		}
	})
	return w, s
}

const role = `,"roleArn":"arn:aws:iam::1:role/r"`

// shown gives the header of the catalog c that tells of its last probe.
func (w *world) shown() string { return w.ask("root", "GET /catalogs/c").Header().Get("Firn-Probe") }

func TestACatalogIsTriedWhenItIsMade(t *testing.T) {
	rows := []struct {
		name, request string
		answer        func() error
		want          string
		tried         bool
	}{
		{"storage that works", s3("s3://lake/x", role), nil, "passed", true},
		{"a role that does not trust", s3("s3://lake/x", role), notTrusted, "failed; role.denied", true},
		{"no probe", strings.Replace(s3("s3://lake/x", role), `"properties":{`, `"properties":{"firn.config.probe":"false",`, 1), notTrusted, "", false},
		{"storage without keys", s3("s3://lake/x", ""), notTrusted, "", false},
		{"storage whose store cannot narrow keys", s3("s3://lake/x", role), func() error { return fault.New(fault.Unsupported, "It cannot.") }, "skipped", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w, s := probing(t, nil)
			s.answer = row.answer
			made := w.ask("root", row.request)
			made.want(201, `"entityVersion":1`)
			if got := made.Header().Get("Firn-Probe"); got != row.want || w.shown() != row.want {
				t.Errorf("got %q and later %q, want %q", got, w.shown(), row.want)
			}
			w.ask("root", "GET /catalogs/c").want(200, `"entityVersion":1`)
			if (s.minted > 0) != row.tried {
				t.Errorf("got %d keys minted, want some: %v", s.minted, row.tried)
			}
		})
	}
	w, _ := probing(t, nil)
	w.ask("root", strings.Replace(s3("s3://lake/x", role), `"properties":{`, `"properties":{"firn.config.probe":"no",`, 1)).
		want(400, refused("IllegalArgumentException", "Invalid value: firn.config.probe: must be true or false"))
}

func TestAServerThatTriesNothingNew(t *testing.T) {
	w, s := probing(t, func(c *admin.Config) { c.ProbeNew = false })
	s.answer = notTrusted
	w.must(s3("s3://lake/x", role))
	if s.minted > 0 || w.shown() != "" {
		t.Errorf("got %d keys minted and %q, want nothing tried", s.minted, w.shown())
	}
	w.ask("root", "POST /catalogs/c/probe").want(200, `"state":"failed"`)
	// Storage that changes makes what was found void, also where nothing new is tried.
	w.must(`PUT /catalogs/c {"currentEntityVersion":1,"storageConfigInfo":{"storageType":"S3"` + role + `,"region":"eu-west-1"}}`)
	if w.shown() != "" {
		t.Errorf("got %q, want what was found of other storage to be void", w.shown())
	}
}

func TestAnAdministratorHasStorageTried(t *testing.T) {
	w, s := probing(t, nil)
	s.answer = notTrusted
	w.must(s3("s3://lake/x", role))
	var out struct {
		Catalog, State string
		ProbeTimestamp int64
		Findings       []map[string]string
		Passed         []string
	}
	tried := w.ask("root", "POST /catalogs/c/probe")
	tried.want(200, `"passed":[]`)
	if err := json.Unmarshal(tried.Body.Bytes(), &out); err != nil || out.Catalog != "c" || out.State != "failed" || len(out.Findings) != 1 || out.ProbeTimestamp == 0 {
		t.Fatalf("got %s (%v), want one finding", tried.Body, err)
	}
	f := out.Findings[0]
	if f["check"] != "key" || f["code"] != "role.denied" || f["severity"] != "broken" || f["message"] == "" || f["remedy"] == "" {
		t.Errorf("got %v, want all of the finding", f)
	}
	for _, part := range []string{"arn:aws:iam::1:role/r", "external id firn-", "arn:aws:sts::1:assumed-role/firn"} {
		if !strings.Contains(f["detail"], part) {
			t.Errorf("got %q, want %q for the administrator", f["detail"], part)
		}
	}
	w.ask("root", "POST /catalogs/c/probe").want(200, `"vendable":false`)
	s.answer = nil
	w.ask("root", "POST /catalogs/c/probe").want(200, `"state":"passed","vendable":true`, `"findings":[]`, `"sibling.read"`)
	if w.shown() != "passed" {
		t.Errorf("got %q, want passed", w.shown())
	}
	w.ask("root", "GET /catalogs/c").want(200, `"entityVersion":1`)
	if !strings.Contains(w.log.String(), "msg=probed") || !strings.Contains(w.log.String(), "principal=root") {
		t.Errorf("got log %s, want who had what tried", w.log.String())
	}
	w.ask("root", "POST /catalogs/none/probe").want(404, refused("NotFoundException", "TopLevelEntity of type CATALOG does not exist: none"))
}

func TestAnAdministratorWhoWantsNoProbesIsToldOfOne(t *testing.T) {
	w, s := probing(t, nil)
	s.answer = notTrusted
	w.must(s3("s3://lake/x", role), `PUT /catalogs/c {"currentEntityVersion":1,"properties":{"firn.config.probe":"false"}}`)
	if w.shown() != "unheeded; role.denied" {
		t.Errorf("got %q, want what was found, and that it counts for nothing", w.shown())
	}
	w.ask("root", "POST /catalogs/c/probe").want(200, `"state":"failed","vendable":true`)
}

// Whoever may read a catalog, and not write it, learns that something is wrong, and of no role.
func TestAReaderOfACatalogSeesNoRoles(t *testing.T) {
	w, s := probing(t, nil)
	s.answer = notTrusted
	w.must(s3("s3://lake/x", role), `POST /catalogs/c/catalog-roles {"catalogRole":{"name":"r"}}`,
		`PUT /catalogs/c/catalog-roles/r/grants {"type":"catalog","privilege":"CATALOG_READ_PROPERTIES"}`)
	w.holder("reader", "c", "r")
	minted := s.minted
	w.ask("reader", "POST /catalogs/c/probe").want(403)
	if s.minted != minted {
		t.Error("a key was minted for who may not")
	}
	if got := w.ask("reader", "GET /catalogs/c").Header().Get("Firn-Probe"); got != "failed; role.denied" {
		t.Errorf("got %q, want the codes alone", got)
	}
}

func TestAServerThatCannotProbe(t *testing.T) {
	w, _ := probing(t, func(c *admin.Config) { c.Prober = nil })
	w.must(s3("s3://lake/x", role))
	w.ask("root", "POST /catalogs/c/probe").want(406, refused("UnsupportedOperationException", "This server cannot try the storage of catalogs"))
}

func TestStorageIsTriedWhenItChanges(t *testing.T) {
	w, s := probing(t, nil)
	w.must(s3("s3://lake/x", role))
	update := func(version, fields string) string {
		return `PUT /catalogs/c {"currentEntityVersion":` + version + fields + `}`
	}
	same := `,"storageConfigInfo":{"storageType":"S3"` + role + `}`
	rows := []struct {
		name, fields string
		answer       func() error
		tried        bool
		want         string
	}{
		{"properties alone", `,"properties":{"a":"1"}`, notTrusted, false, "passed"},
		{"the same storage", same, notTrusted, false, "passed"},
		{"another base", `,"properties":{"default-base-location":"s3://lake/x/y"}`, notTrusted, true, "failed; role.denied"},
		{"properties of one that failed", `,"properties":{"a":"2","default-base-location":"s3://lake/x/y"}`, nil, false, "failed; role.denied"},
		{"another region", `,"storageConfigInfo":{"storageType":"S3","allowedLocations":["s3://lake/x"],"region":"eu-west-1"` + role + `}`, nil, true, "passed"},
		{"another region, and no probes", `,"properties":{"firn.config.probe":"false"},"storageConfigInfo":{"storageType":"S3","allowedLocations":["s3://lake/x"],"region":"eu-west-2"` + role + `}`, notTrusted, false, ""},
		{"a storage that is refused", `,"storageConfigInfo":{"storageType":"S3","allowedLocations":["s3://lake/z"]` + role + `}`, nil, false, ""},
	}
	for i, row := range rows {
		s.answer, s.minted = row.answer, 0
		answer := w.ask("root", update(string(rune('1'+i)), row.fields))
		if got := w.shown(); got != row.want || (s.minted > 0) != row.tried || answer.Code == 200 && answer.Header().Get("Firn-Probe") != row.want {
			t.Errorf("%s: got %d %s and %q with %d keys minted, want %q, tried: %v", row.name, answer.Code, answer.Body, got, s.minted, row.want, row.tried)
		}
	}
}

// A catalog that works untried goes on, whatever else changes of it.
func TestStorageThatWasNeverTriedAndStays(t *testing.T) {
	w, s := probing(t, nil)
	s.answer = notTrusted
	w.must(strings.Replace(s3("s3://lake/x", role), `"properties":{`, `"properties":{"firn.config.probe":"false",`, 1),
		`PUT /catalogs/c {"currentEntityVersion":1,"properties":{"a":"1"}}`)
	if s.minted > 0 || w.shown() != "" {
		t.Errorf("got %d keys minted and %q, want nothing tried", s.minted, w.shown())
	}
}

// What happens to a catalog while it is tried.
func TestACatalogThatChangesWhileItIsTried(t *testing.T) {
	t.Run("its storage", func(t *testing.T) {
		w, s := probing(t, nil)
		w.must(s3("s3://lake/x", role))
		s.answer = func() error {
			s.answer = nil
			w.must(`PUT /catalogs/c {"currentEntityVersion":1,"storageConfigInfo":{"storageType":"S3","region":"eu-west-1"` + role + `}}`)
			s.answer = notTrusted
			return notTrusted()
		}
		w.ask("root", "POST /catalogs/c/probe").want(409, "changed while it was tried")
		if w.shown() != "passed" {
			t.Errorf("got %q, want what was found of the new storage", w.shown())
		}
	})
	t.Run("its properties", func(t *testing.T) {
		w, s := probing(t, nil)
		w.must(s3("s3://lake/x", role))
		s.answer = func() error {
			s.answer = notTrusted
			w.must(`PUT /catalogs/c {"currentEntityVersion":1,"properties":{"a":"1"}}`)
			return notTrusted()
		}
		w.ask("root", "POST /catalogs/c/probe").want(200, `"state":"failed"`)
		w.ask("root", "GET /catalogs/c").want(200, `"a":"1"`, `"entityVersion":2`)
		if w.shown() != "failed; role.denied" {
			t.Errorf("got %q", w.shown())
		}
	})
	t.Run("its name is another's", func(t *testing.T) {
		w, s := probing(t, nil)
		w.must(s3("s3://lake/x", role))
		s.answer = func() error {
			s.answer = nil
			w.must(`DELETE /catalogs/c`, s3("s3://lake/x", role))
			s.answer = notTrusted
			return notTrusted()
		}
		w.ask("root", "POST /catalogs/c/probe").want(404)
		if w.shown() != "passed" {
			t.Errorf("got %q, want what was found of the new catalog", w.shown())
		}
	})
	t.Run("an update loses a race and is tried once", func(t *testing.T) {
		w, s := probing(t, nil)
		w.must(s3("s3://lake/x", role))
		s.minted = 0
		raced := false
		w.table.Plan(func(c faulty.Call) faulty.Fault {
			if c.Verb != faulty.Write || raced || s.minted == 0 {
				return faulty.Fault{}
			}
			raced = true
			return faulty.Fault{Before: func() { w.must(`POST /catalogs/c/probe`) }} // which keeps what it found
		})
		w.must(`PUT /catalogs/c {"currentEntityVersion":1,"storageConfigInfo":{"storageType":"S3","region":"eu-west-1"` + role + `}}`)
		if w.shown() != "passed" || !raced || s.minted != 2*mintings {
			t.Errorf("got %q after %d keys, want one trial of the old storage and one of the new, of %d each", w.shown(), s.minted, mintings)
		}
	})
}

// mintings are the keys of one probe: own, reader's, sibling's, and one that another's external id is not given.
const mintings = 4

// A server that dies while it tries, or cannot keep what it found, leaves a catalog that is not vended for.
func TestACatalogWhoseTrialWasCutShort(t *testing.T) {
	w, s := probing(t, nil)
	s.answer = func() error {
		w.table.Plan(func(c faulty.Call) faulty.Fault {
			if c.Verb == faulty.Write {
				return faulty.Fault{Refuse: fault.Throttled}
			}
			return faulty.Fault{}
		})
		return nil
	}
	made := w.ask("root", s3("s3://lake/x", role))
	made.want(201)
	w.table.Plan(nil)
	if diff := cmp.Diff([]string{made.Header().Get("Firn-Probe"), w.shown()}, []string{"failed; probe.unfinished", "failed; probe.unfinished"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	s.answer = nil
	w.ask("root", "POST /catalogs/c/probe").want(200, `"state":"passed"`)
}
