package adlsrest

import (
	"strings"

	"firn/shared/fault"
)

// Account is a storage account in a cloud: "lake" in "core.windows.net", or with a DNS zone "lake.z01" in
// "storage.azure.net". Its data is at two hosts, one for each Service.
type Account struct {
	Label  string // what stands before the service in its hosts
	Domain string // what follows the service
}

// Service is one of the two protocols by which the same data is reached.
type Service string

// The services of an account.
const (
	Blob Service = "blob" // objects by name
	DFS  Service = "dfs"  // files and directories
)

// AccountOf takes the host of a location apart: location.Prefix.Account or location.URI.Account, of either service. The
// error is of kind Invalid.
func AccountOf(host string) (Account, error) {
	for _, s := range []Service{DFS, Blob} {
		if label, domain, found := strings.Cut(host, "."+string(s)+"."); found && label != "" && domain != "" {
			return Account{Label: label, Domain: domain}, nil
		}
	}
	return Account{}, fault.Of(fault.Invalid, fault.Location, host, "Host %q is not that of a storage account.", host)
}

// Name is the account's name as signatures have it: without a DNS zone.
func (a Account) Name() string {
	name, _, _ := strings.Cut(a.Label, ".")
	return name
}

// URL spells the address of a path in a container; an empty path is the container, and an empty container the account.
// Everything in a path that could mean something to a URL is escaped, once.
func (a Account) URL(s Service, container, path, query string) string {
	var b strings.Builder
	b.WriteString("https://" + a.Label + "." + string(s) + "." + a.Domain + "/" + container)
	if path != "" {
		b.WriteByte('/')
		escape(&b, path)
	}
	if query != "" {
		b.WriteString("?" + query)
	}
	return b.String()
}

func escape(b *strings.Builder, path string) {
	const hex = "0123456789ABCDEF"
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
}
