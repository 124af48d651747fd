package adlsrest

import (
	"net/url"
	"testing"

	"firn/shared/fault"
)

func TestAccountsOfHosts(t *testing.T) {
	rows := []struct {
		host string
		want Account
		name string
	}{
		{"lake.dfs.core.windows.net", Account{"lake", "core.windows.net"}, "lake"},
		{"lake.blob.core.windows.net", Account{"lake", "core.windows.net"}, "lake"},
		{"lake.z01.dfs.storage.azure.net", Account{"lake.z01", "storage.azure.net"}, "lake"},
		{"blob.dfs.core.chinacloudapi.cn", Account{"blob", "core.chinacloudapi.cn"}, "blob"},
	}
	for _, row := range rows {
		got, err := AccountOf(row.host)
		if err != nil || got != row.want || got.Name() != row.name {
			t.Errorf("%s: got %+v named %q, %v, want %+v named %q", row.host, got, got.Name(), err, row.want, row.name)
		}
	}
	for _, host := range []string{"", "lake", "lake.queue.core.windows.net", ".dfs.core.windows.net", "lake.dfs."} {
		if got, err := AccountOf(host); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %+v, %v, want invalid", host, got, err)
		}
	}
}

// Whatever a path holds, it stays a path, and is read back as it was.
func TestAURLHoldsItsPath(t *testing.T) {
	a := Account{"lake", "core.windows.net"}
	for _, path := range []string{"a/b", "a b", "x=1/y+z", "100%", "a%2Fb", "q?sr=c", "h#f", "a&b;c", "é", "a@b:443"} {
		u, err := url.Parse(a.URL(Blob, "data", path, "sv=1&sig=2"))
		if err != nil || u.Host != "lake.blob.core.windows.net" || u.Path != "/data/"+path || u.RawQuery != "sv=1&sig=2" || u.Fragment != "" {
			t.Errorf("%q: got %v, %v", path, u, err)
		}
	}
	if got, want := a.URL(DFS, "data", "", "resource=filesystem"), "https://lake.dfs.core.windows.net/data?resource=filesystem"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := a.URL(Blob, "", "", ""), "https://lake.blob.core.windows.net/"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
