package outbound

import (
	"errors"
	"fmt"
	"net/netip"
)

// reach is a set of kinds of addresses.
type reach int

const (
	public reach = 1 << iota
	private
	loopback

	nowhere  reach = 0
	anywhere reach = -1 // of a proxy, which is not judged
)

// never are the ranges in which no store is, of IPv4 (IANA IPv4 Special-Purpose Address Registry) and of what
// IPv6 calls private or global (IANA IPv6 Special-Purpose Address Registry); and single addresses by which
// clouds serve metadata.
var never = prefixes(
	"0.0.0.0/8",                                         // this network
	"169.254.0.0/16",                                    // link-local: metadata of AWS, Azure, Google, OpenStack and others, credentials of ECS and EKS
	"100.100.100.200/32",                                // metadata of Alibaba Cloud
	"168.63.129.16/32",                                  // Azure's WireServer
	"192.0.0.0/24",                                      // protocol assignments; metadata of Oracle Cloud
	"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", // documentation
	"192.88.99.0/24", // relays of 6to4
	"198.18.0.0/15",  // benchmarks
	"224.0.0.0/4",    // multicast
	"240.0.0.0/4",    // reserved, and broadcast

	"2001::/23",              // protocol assignments, among them Teredo, which carries IPv4
	"2001:db8::/32",          // documentation
	"2002::/16",              // 6to4, which carries IPv4
	"3fff::/20",              // documentation
	"fd00:ec2::/32",          // AWS's services within a machine, among them metadata
	"fd20:ce::254/128",       // metadata of Google Cloud
	"fd00:c1::a9fe:a9fe/128", // metadata of Oracle Cloud
	"fd00:42::42/128",        // metadata of Scaleway
)

// privates are the ranges of networks that are somebody's own (RFC 1918, RFC 6598, RFC 4193).
var privates = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")

var (
	global6 = netip.MustParsePrefix("2000::/3")     // all unicast that IANA has handed out
	nat64   = netip.MustParsePrefix("64:ff9b::/96") // IPv4 within IPv6 (RFC 6052, section 2.1)
	isatap  = [4]byte{0x00, 0x00, 0x5e, 0xfe}       // before IPv4 within an interface identifier (RFC 5214, section 6.1)
	global  = [4]byte{0x02, 0x00, 0x5e, 0xfe}       // the same of a global IPv4 address
	errZone = errors.New("an address with a zone is link-local")
)

func prefixes(all ...string) (out []netip.Prefix) {
	for _, text := range all {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func within(all []netip.Prefix, a netip.Addr) bool {
	for _, p := range all {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// kindOfAddr returns what an address is; nowhere for what is never reached. IPv4 within IPv6 is judged as
// IPv4.
func kindOfAddr(a netip.Addr) reach {
	a = a.Unmap()
	switch {
	case within(never, a):
		return nowhere
	case a.IsLoopback():
		return loopback
	case within(privates, a):
		return private & embedded(a)
	case a.Is4():
		return public
	case nat64.Contains(a):
		b := a.As16()
		return kindOfAddr(netip.AddrFrom4([4]byte(b[12:])))
	case global6.Contains(a):
		return public & embedded(a)
	}
	return nowhere
}

// embedded returns nowhere for an address that ISATAP would send to an IPv4 address which is never reached,
// or to one of a network's own.
func embedded(a netip.Addr) reach {
	if a.Is4() {
		return anywhere
	}
	b := a.As16()
	if mark := [4]byte(b[8:12]); mark != isatap && mark != global {
		return anywhere
	}
	if kindOfAddr(netip.AddrFrom4([4]byte(b[12:]))) == public {
		return anywhere
	}
	return nowhere
}

// judge refuses an address that is not within the reach.
func judge(a netip.Addr, allowed reach) error {
	switch {
	case allowed == anywhere:
		return nil
	case a.Zone() != "":
		return errZone
	case kindOfAddr(a)&allowed == 0:
		return fmt.Errorf("%s is not an address that this endpoint may be at", a)
	}
	return nil
}
