package outbound

import (
	"net/netip"
	"testing"
)

func TestAddresses_AreReachedByKind(t *testing.T) {
	rows := []struct {
		kind  reach
		addrs []string
	}{
		{public, []string{"8.8.8.8", "52.218.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.169.0.1", "223.255.255.255",
			"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2600:1f18::1", "2a00:1450::1", "2001:4860:4860::8888", "2600:1f18::200:5efe:808:808"}},
		{private, []string{"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1", "100.127.255.255",
			"fc00::1", "fd12:3456::1", "::ffff:10.0.0.1", "::ffff:c0a8:1", "64:ff9b::10.0.0.1", "64:ff9b::6440:1"}},
		{loopback, []string{"127.0.0.1", "127.255.255.254", "127.1.2.3", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::127.0.0.1"}},
		{nowhere, []string{
			"0.0.0.0", "0.1.2.3", "::", // unspecified
			"169.254.169.254", "169.254.170.2", "169.254.0.1", "fe80::1", "fe80::a9fe:a9fe", "febf::1", // link-local
			"::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::169.254.169.254", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe",
			"::169.254.169.254", "2002:a9fe:a9fe::1", "2002:7f00:1::", "2002:808:808::1", // IPv4-compatible, 6to4
			"2001:0:a9fe:a9fe::1", "2001:0:808:808:0:ffff:5601:5601", // Teredo
			"2600:1f18::5efe:a9fe:a9fe", "2600:1f18::200:5efe:a9fe:a9fe", "fd12::5efe:a9fe:a9fe", "2600:1f18::5efe:a00:1", // ISATAP
			"100.100.100.200", "::ffff:100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd00:ec2::23",
			"fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42", // metadata
			"224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1", // multicast
			"255.255.255.255", "240.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "192.88.99.1", // broadcast, reserved
			"100::1", "2001:db8::1", "3fff::1", "fec0::1", "5f00::1", "4000::1", "::ffff:0:169.254.169.254",
		}},
	}
	for _, row := range rows {
		for _, text := range row.addrs {
			addr := netip.MustParseAddr(text)
			if got := kindOfAddr(addr); got != row.kind {
				t.Errorf("%s: got kind %d, want %d", text, got, row.kind)
			}
			for _, allowed := range []reach{public, private, loopback, public | private, public | private | loopback} {
				if got, want := judge(addr, allowed) == nil, row.kind&allowed != 0; got != want {
					t.Errorf("%s where %b may be reached: got %v, want %v", text, allowed, got, want)
				}
			}
		}
	}
	if judge(netip.MustParseAddr("fe80::1%eth0"), anywhere) != nil || judge(netip.MustParseAddr("fd12::1%eth0"), private) == nil {
		t.Error("an address with a zone is reached, or a proxy's is judged")
	}
}
