package azure

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/vendtest"
)

func TestVendtest(t *testing.T) {
	vendtest.Run(t, func(t *testing.T) vendtest.Store {
		w := newWorld(t, nil)
		return vendtest.Store{
			Vendor: w.vendor, Storage: w.storage, Bucket: "data", Root: root, Directories: true, Now: func() time.Time { return w.now }, Try: w.try,
			Seed: func(_ *testing.T, key string) {
				if key != "ns/orders" { // where the suite wants an object beside the folder of its name, the store has the folder
					w.cloud.Seed("lake", "data", key, "seed")
				}
			},
		}
	})
}

func TestTheStoresLogNamesTheCredential(t *testing.T) {
	w := newWorld(t, nil)
	w.cloud.Seed("lake", "data", "ns/t/a", "x")
	first, second := w.vend(t, root+"ns/t/"), w.vend(t, root+"ns/t/")
	if first.ID == second.ID {
		t.Errorf("two credentials have the id %s", first.ID)
	}
	if status, _ := w.send(t, http.MethodGet, address("data", "ns/t/a", "", second.Azure.SAS), nil); status != http.StatusOK {
		t.Fatalf("got status %d", status)
	}
	log := w.cloud.Log()
	if last := log[len(log)-1]; last.Correlation != second.ID {
		t.Errorf("got %+v in the log, want the id %s", last, second.ID)
	}
}

func TestRefusals(t *testing.T) {
	no := false
	rows := []struct {
		name    string
		change  func(*lake.Storage)
		folders []string
		kind    fault.Kind
		says    string
	}{
		{"nobody says that the account is hierarchical", func(s *lake.Storage) { s.Hierarchical = nil }, nil, fault.Unsupported, "opens the whole container"},
		{"a flat account", func(s *lake.Storage) { s.Hierarchical = &no }, nil, fault.Unsupported, "opens the whole container"},
		{"no tenant", func(s *lake.Storage) { s.TenantID = "" }, nil, fault.Invalid, "tenantId"},
		{"any tenant", func(s *lake.Storage) { s.TenantID = "common" }, nil, fault.Invalid, "tenantId"},
		{"any tenant's people", func(s *lake.Storage) { s.TenantID = "organizations" }, nil, fault.Invalid, "tenantId"},
		{"a tenant with a path", func(s *lake.Storage) { s.TenantID = tenant + "/../x" }, nil, fault.Invalid, "tenantId"},
		{"a tenant with a host", func(s *lake.Storage) { s.TenantID = "x@evil.example" }, nil, fault.Invalid, "tenantId"},
		{"a tenant with a query", func(s *lake.Storage) { s.TenantID = "a.example?x" }, nil, fault.Invalid, "tenantId"},
		{"two folders", nil, []string{root + "ns/t/", root + "ns/u/"}, fault.Invalid, "Keep write.data.path"},
		{"two folders of which one only begins like the other", nil, []string{root + "ns/t/", root + "ns/t2/"}, fault.Invalid, "opens one folder"},
		{"no allowed locations", func(s *lake.Storage) { s.AllowedLocations = nil }, nil, fault.Invalid, "allowed locations"},
		{"an allowed location that is none", func(s *lake.Storage) { s.AllowedLocations = []string{"abfss://data@evil.example/ns/"} }, nil, fault.Invalid, "allowed locations"},
		{"another account", nil, []string{"abfss://data@other.dfs.core.windows.net/ns/t/"}, fault.Invalid, "allowed locations"},
		{"another cloud", nil, []string{"abfss://data@lake.dfs.core.chinacloudapi.cn/ns/t/"}, fault.Invalid, "allowed locations"},
		{"another container", nil, []string{"abfss://other@lake.dfs.core.windows.net/ns/t/"}, fault.Invalid, "allowed locations"},
		{"another folder", nil, []string{root + "ns2/t/"}, fault.Invalid, "allowed locations"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			if row.change != nil {
				row.change(w.storage)
			}
			if row.folders == nil {
				row.folders = []string{root + "ns/t/"}
			}
			cred, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, vend.Read, row.folders...))
			if !fault.Is(err, row.kind) || !strings.Contains(fault.From(err).Message, row.says) || cred != (vend.Credential{}) {
				t.Errorf("got %v and %v, want nothing and %s: %q", cred, err, row.kind, row.says)
			}
			if w.identity.asked > 0 || len(w.cloud.Log()) > 0 {
				t.Errorf("got %d tokens and %d requests before the refusal, want none", w.identity.asked, len(w.cloud.Log()))
			}
		})
	}
}

func TestFoldersThatCoverEachOtherAreOne(t *testing.T) {
	w := newWorld(t, nil)
	g := w.grant(t, vend.Read, root+"ns/t/data/", root+"ns/t/", "wasbs://data@lake.blob.core.windows.net/ns/t/")
	cred, err := w.vendor.Vend(t.Context(), w.storage, g)
	if err != nil || !strings.Contains(cred.Azure.SAS.Reveal(), "sdd=2&") {
		t.Errorf("got %v, %v, want a key for the folder ns/t", cred, err)
	}
}

func TestAccountsInDNSZones(t *testing.T) {
	w := newWorld(t, nil)
	w.storage.AllowedLocations = []string{"abfss://data@lake.z01.dfs.storage.azure.net/ns/"}
	w.cloud.Seed("lake", "data", "ns/t/a", "x")
	cred := w.vend(t, "abfss://data@lake.z01.dfs.storage.azure.net/ns/t/")
	if cred.Azure.Account != "lake.z01" || cred.Azure.Domain != "storage.azure.net" || w.identity.where != tenant+" storage.azure.net" {
		t.Errorf("got account %q in %q with a token for %q", cred.Azure.Account, cred.Azure.Domain, w.identity.where)
	}
	if status, _ := w.send(t, http.MethodGet, "https://lake.z01.blob.storage.azure.net/data/ns/t/a?"+cred.Azure.SAS.Reveal(), nil); status != http.StatusOK {
		t.Errorf("got status %d, want 200: the name that is signed is the account's", status)
	}
}

func TestConfigs(t *testing.T) {
	rows := map[string]Config{
		"no identity": {Now: time.Now},
		"no clock":    {Identity: &someone{}},
		"too short":   {Identity: &someone{}, Now: time.Now, Duration: vend.MinRemaining - 1},
		"too long":    {Identity: &someone{}, Now: time.Now, Duration: 12*time.Hour + 1},
	}
	for name, config := range rows {
		if _, err := New(config); !fault.Is(err, fault.Argument) {
			t.Errorf("%s: got %v, want argument", name, err)
		}
	}
}

func TestADurationThatIsLongerThanAKeysLife(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Duration = 12 * time.Hour })
	for range 2 {
		if got := w.vend(t, root+"ns/t").Expires.Sub(w.now); got != 12*time.Hour {
			t.Errorf("got a life of %s, want 12 hours", got)
		}
		w.now = w.now.Add(11 * time.Hour)
	}
	if w.keysAsked() != 1 {
		t.Errorf("got %d keys, want 1 that lives for a day", w.keysAsked())
	}
}
