package vend

import (
	"context"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/storagepolicy/storagepolicytest"
)

// Validate's refusals of grants are vendtest's rows; here are those of storage.
func TestValidateHoldsPrefixesAgainstTheStorage(t *testing.T) {
	rows := []struct {
		storage lake.StorageType
		prefix  string
		ok      bool
	}{
		{lake.S3, "s3://lake/t/", true}, {lake.S3, "s3a://lake/t/", true}, {lake.GCS, "gs://lake/t/", true},
		{lake.Azure, "abfss://lake@account.dfs.core.windows.net/t/", true},
		{lake.S3, "gs://lake/t/", false}, {lake.GCS, "s3://lake/t/", false}, {lake.File, "file:///lake/t/", false},
		{lake.S3, "file:///lake/t/", false}, {"", "s3://lake/t/", false},
	}
	for _, row := range rows {
		_, g := testGrant(t)
		g.Prefixes = []location.Prefix{prefix(t, row.prefix)}
		err := Validate(&lake.Storage{Type: row.storage}, g)
		if (err == nil) != row.ok || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s in %q: got %v, want ok %v", row.prefix, row.storage, err, row.ok)
		}
	}
}

// Each reason is told by itself: a driver that would refuse the grant for another reason proves nothing here.
func TestValidateNamesTheReason(t *testing.T) {
	rows := map[string]struct {
		change func(*Grant)
		want   string
	}{
		"no prefixes":  {func(g *Grant) { g.Prefixes = nil }, "No storage credential can be made: a grant has at least one prefix."},
		"no actions":   {func(g *Grant) { g.Actions = 0 }, "No storage credential can be made: a grant has at least one action, and none but read, list, write and delete."},
		"no principal": {func(g *Grant) { g.PrincipalID = "" }, "No storage credential can be made: a grant names its realm, catalog, table and principal."},
	}
	for name, row := range rows {
		storage, g := testGrant(t)
		row.change(&g)
		if err := Validate(storage, g); err == nil || fault.From(err).Message != row.want {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
}

func TestTheStorageChoosesTheDriver(t *testing.T) {
	embedded, s3 := &mint{now: start, life: time.Hour}, &mint{now: start, life: time.Hour}
	gcs, azure, r2 := &mint{now: start, life: time.Hour}, &mint{now: start, life: time.Hour}, &mint{now: start, life: time.Hour}
	lenient := storagepolicytest.Lenient([]string{"http://192.0.2.1"})
	both := ByStorage{Policy: lenient, Embedded: embedded, S3: s3}
	rows := []struct {
		name    string
		vendor  ByStorage
		storage lake.Storage
		want    *mint // nil: refused
	}{
		{"neither role nor endpoint", both, lake.Storage{Type: lake.S3}, embedded},
		{"a role", both, lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake"}, s3},
		{"an endpoint", both, lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1"}, s3},
		{"no embedded store here", ByStorage{Policy: lenient, S3: s3}, lake.Storage{Type: lake.S3}, nil},
		{"no S3 here", ByStorage{Policy: lenient, Embedded: embedded}, lake.Storage{Type: lake.S3, Endpoint: "http://192.0.2.1"}, nil},
		{"R2", ByStorage{Policy: lenient, S3: s3, R2: r2}, lake.Storage{Type: lake.S3, Profile: lake.ProfileR2, Endpoint: "http://192.0.2.1"}, r2},
		{"R2 has no driver", both, lake.Storage{Type: lake.S3, Profile: lake.ProfileR2, Endpoint: "http://192.0.2.1"}, nil},
		{"a folder has no keys", both, lake.Storage{Type: lake.File}, nil},
		{"GCS", ByStorage{Policy: lenient, Embedded: embedded, GCS: gcs}, lake.Storage{Type: lake.GCS}, gcs},
		{"GCS has no driver", both, lake.Storage{Type: lake.GCS}, nil},
		{"ADLS", ByStorage{Policy: lenient, Embedded: embedded, Azure: azure}, lake.Storage{Type: lake.Azure}, azure},
		{"ADLS has no driver", both, lake.Storage{Type: lake.Azure}, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			before := 0
			if row.want != nil {
				before = row.want.minted
			}
			_, g := testGrant(t)
			_, err := row.vendor.Vend(t.Context(), &row.storage, g)
			if row.want == nil {
				if !fault.Is(err, fault.Unsupported) {
					t.Errorf("got %v, want unsupported", err)
				}
				return
			}
			if err != nil || row.want.minted != before+1 {
				t.Errorf("got %v and %d mintings, want none and 1", err, row.want.minted-before)
			}
		})
	}
}

func TestActionsPrint(t *testing.T) {
	for a, want := range map[Actions]string{0: "", Read: "read", Read | Delete: "read,delete", allActions: "read,list,write,delete"} {
		if got := a.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// What a driver refuses by itself is refused through whatever stands before it.
func TestChecksReachTheDriver(t *testing.T) {
	refusal := fault.New(fault.Invalid, "too wide")
	driver := checked{refusal}
	_, g := testGrant(t)
	storage := &lake.Storage{Type: lake.GCS}
	for name, v := range map[string]Vendor{
		"the driver": driver, "by storage": ByStorage{Policy: storagepolicytest.Lenient(nil), GCS: driver}, "a cache": NewCache(CacheConfig{Vendor: driver}), "a shared cache": Shared{Vendor: driver},
		"lasting": Lasting{Vendor: driver}, "audited": Audited{Vendor: driver},
	} {
		if err := Check(v, storage, g); err != error(refusal) {
			t.Errorf("%s: got %v, want the driver's refusal", name, err)
		}
	}
	if err := Check(ByStorage{}, storage, g); !fault.Is(err, fault.Unsupported) {
		t.Errorf("no driver: got %v, want unsupported", err)
	}
	if err := Check(always{}, storage, Grant{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a driver that cannot tell: got %v for no grant, want invalid", err)
	}
}

type checked struct{ error }

func (c checked) Vend(context.Context, *lake.Storage, Grant) (Credential, error) {
	return Credential{}, c.error
}
func (c checked) Check(*lake.Storage, Grant) error { return c.error }
