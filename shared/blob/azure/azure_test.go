package azure

import (
	"testing"

	"firn/shared/blob"
	"firn/shared/blob/blobtest"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

func TestBlobtest(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		s := newStore(t)
		s.cloud.Seed("lake", "data", "ns/t2/there", "x")
		return blobtest.Store{Bucket: s.open(t, all, Config{}), Limited: s.open(t, all, Config{Limit: blobtest.Limit}),
			Folder: prefix(t, root+"ns/t/"), Outside: prefix(t, root+"ns/t2/")}
	})
}

func TestTheOtherEndpointIsTheSameStore(t *testing.T) {
	s := newStore(t)
	b := s.open(t, all, Config{})
	if err := b.Put(t.Context(), uri(t, "wasbs://data@lake.blob.core.windows.net/ns/t/v1.json"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if data, err := b.Get(t.Context(), uri(t, root+"ns/t/v1.json")); string(data) != "x" || err != nil {
		t.Errorf("got %q, %v, want what was put at the Blob endpoint", data, err)
	}
}

// A SAS that went to another account would be shown to whoever answers there.
func TestASASGoesToItsAccountAlone(t *testing.T) {
	for _, account := range []string{"other.dfs.core.windows.net", "lake.dfs.core.chinacloudapi.cn", "lake.z01.dfs.storage.azure.net"} {
		s := newStore(t)
		b := s.open(t, all, Config{})
		elsewhere := "abfss://data@" + account + "/ns/t/"
		_, err := b.Get(t.Context(), uri(t, elsewhere+"a"))
		_, sweepErr := b.(blob.Sweeper).DeleteAll(t.Context(), prefix(t, elsewhere), 1)
		for what, err := range map[string]error{"get": err, "put": b.Put(t.Context(), uri(t, elsewhere+"a"), nil), "delete": b.Delete(t.Context(), uri(t, elsewhere+"a")), "sweep": sweepErr} {
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s at %s: got %v, want forbidden", what, account, err)
			}
		}
		if len(s.sent) > 0 {
			t.Errorf("%s: got requests %v, want none", account, s.sent)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	s := newStore(t)
	for name, row := range map[string]struct {
		storage lake.Storage
		cred    vend.Credential
	}{
		"another kind of storage":      {lake.Storage{Type: lake.S3}, vend.Credential{Azure: &vend.AzureCredential{SAS: "x"}}},
		"no credential":                {*s.storage, vend.Credential{}},
		"another store's credential":   {*s.storage, vend.Credential{S3: &vend.S3Credential{}}},
		"a credential without its SAS": {*s.storage, vend.Credential{Azure: &vend.AzureCredential{Account: "lake"}}},
	} {
		if _, err := New(Config{}).Open(t.Context(), blob.Scope{Storage: &row.storage}, row.cred); !fault.Is(err, fault.Unsupported) {
			t.Errorf("%s: got %v, want unsupported", name, err)
		}
	}
}
