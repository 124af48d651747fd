package lake

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// Names of stores that have no address of their own in a storage configuration.
const (
	reachAWS      = "aws"
	reachLoopback = "loopback"
	reachEmbedded = "embedded/" // the realm follows: each realm has an embedded store of its own
)

// Reaches returns the addresses of the physical stores that credentials for the storage may open, sorted and each once.
// A folder of two storages is the same folder only if they have an address in common.
//
// Of an S3-compatible store these are the hosts of all its endpoints: clients are sent to one, firn may use another, and
// STS at a third decides where credentials are good. Spellings of one host are folded (case, default ports, loopback
// addresses), and all hosts of AWS are one store, as bucket names are unique there. Two host names of one store are not
// recognised: the operator's storage policy decides which endpoints a realm may name.
func (s *Storage) Reaches(realm Realm) []string {
	switch {
	case s.Embedded():
		return []string{reachEmbedded + string(realm)}
	case s.Type != S3:
		return []string{strings.ToLower(string(s.Type))}
	}
	out := []string{hostOf(s.Endpoint)} // none: clients are at AWS
	for _, endpoint := range []string{s.EndpointInternal, s.STSEndpoint} {
		if endpoint != "" {
			out = append(out, hostOf(endpoint))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// hostOf returns what all spellings of an endpoint share: its host, with the port unless it is the scheme's own.
func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return reachAWS
	}
	host, port := strings.TrimSuffix(strings.ToLower(u.Hostname()), "."), u.Port()
	if port == "80" || port == "443" {
		port = ""
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
		if ip.Unmap().IsLoopback() {
			host = reachLoopback
		}
	}
	for _, cloud := range []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"} {
		if strings.HasSuffix(host, cloud) {
			return reachAWS
		}
	}
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		host = reachLoopback
	}
	if port != "" {
		host += ":" + port
	}
	return host
}

// Reach reports whether two storages may have a folder in common, by what Reaches returned for each.
func Reach(a, b []string) bool {
	return slices.ContainsFunc(a, func(address string) bool { return slices.Contains(b, address) })
}
