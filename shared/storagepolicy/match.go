package storagepolicy

import (
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"firn/shared/location"
)

// glob is a pattern in which * stands for any text and ? for one character, as in IAM's policies.
type glob struct{ pattern *regexp.Regexp }

func newGlob(text string) glob {
	quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(text))
	return glob{regexp.MustCompile(`^(?s:` + quoted + `)$`)}
}

func matches(globs []glob, text string) bool {
	for _, g := range globs {
		if g.pattern.MatchString(text) {
			return true
		}
	}
	return false
}

// folder is a part of a store: a bucket and what its keys begin with, in an account where the store has those.
type folder struct {
	account *glob // nil: the store has no accounts
	bucket  glob
	prefix  string // empty, or ends in a slash
}

func (f folder) covers(account string, p location.Prefix) bool {
	return (f.account == nil || f.account.pattern.MatchString(account)) &&
		f.bucket.pattern.MatchString(p.Bucket()) && strings.HasPrefix(p.Key(), f.prefix)
}

func covers(folders []folder, account string, p location.Prefix) bool {
	for _, f := range folders {
		if f.covers(account, p) {
			return true
		}
	}
	return false
}

// accountOf returns the name of the storage account of an Azure location, without its DNS zone.
func accountOf(p location.Prefix) string {
	name, _, _ := strings.Cut(p.Account(), ".")
	return name
}

// awsHost matches the hosts of S3 and STS. Hosts at which AWS serves what its customers put there, such as execute-api,
// are not among them.
var awsHost = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(s3|s3-fips|s3\.dualstack|s3-fips\.dualstack|sts|sts-fips)(\.[a-z]{2}(-[a-z]+)+-[0-9])?\.(amazonaws\.com|amazonaws\.com\.cn|api\.aws)$`)
})

// originOf returns what endpoints are compared by: scheme, host and port in lower case, without the scheme's own port.
// It is AWS for no endpoint, and for AWS's own hosts. What is no URL is its own origin, which nothing lists.
func originOf(endpoint string) string {
	if endpoint == "" || endpoint == AWS {
		return AWS
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return endpoint
	}
	scheme, host, port := strings.ToLower(u.Scheme), strings.ToLower(u.Hostname()), u.Port()
	if scheme == "https" && (port == "" || port == "443") && awsHost().MatchString(host) {
		return AWS
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" && !(scheme == "http" && port == "80") && !(scheme == "https" && port == "443") {
		host += ":" + port
	}
	return scheme + "://" + host
}

// isLoopback reports whether an origin is an address of this machine's own, or localhost.
func isLoopback(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback() || u.Hostname() == "localhost"
}
