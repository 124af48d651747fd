package outbound

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// kind is what is known of an endpoint.
type kind int

const (
	ofOther kind = iota
	ofPlain
	ofCloud
	ofListed
)

// kindOf classifies where a request goes.
func (t *transport) kindOf(u *url.URL) kind {
	switch {
	case t.listed(u):
		return ofListed
	case u.Scheme != "https":
		return ofPlain
	case isCloud(u):
		return ofCloud
	}
	return ofOther
}

// reachOf returns the addresses of a kind.
func (t *transport) reachOf(k kind) reach {
	here := nowhere
	if t.config.Loopback {
		here = loopback
	}
	switch k {
	case ofListed:
		return public | private | loopback
	case ofCloud:
		return public | private
	case ofPlain:
		return here
	}
	return public | here
}

// listed reports whether the operator listed the endpoint, or the one of which the host is a bucket's:
// BUCKET.HOST.
func (t *transport) listed(u *url.URL) bool {
	if t.config.Listed(Endpoint(u)) {
		return true
	}
	_, parent, ok := strings.Cut(u.Hostname(), ".")
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || !ok || parent == "" {
		return false
	}
	store := *u
	store.Host = parent
	if port := u.Port(); port != "" {
		store.Host = net.JoinHostPort(parent, port)
	}
	return t.config.Listed(Endpoint(&store))
}

// Endpoint spells the endpoint of a URL as Config.Listed is asked for it: scheme://host:port in small
// letters, always with a port, an IP address in its shortest form.
func Endpoint(u *url.URL) string {
	scheme, host, port := strings.ToLower(u.Scheme), hostOf(u), u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[scheme]
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

func hostOf(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		host = addr.Unmap().String()
	}
	return host
}

// Endpoints returns a Config.Listed of these URLs. A text that is no http or https URL with a host lists
// nothing.
func Endpoints(urls ...string) func(endpoint string) bool {
	all := map[string]bool{}
	for _, text := range urls {
		if u, err := url.Parse(text); err == nil && u.Hostname() != "" && (u.Scheme == "http" || u.Scheme == "https") {
			all[Endpoint(u)] = true
		}
	}
	return func(endpoint string) bool { return all[endpoint] }
}

const (
	awsRegion = `[a-z]{2,4}(?:-[a-z]+){1,2}-[0-9]{1,2}`
	awsDomain = `(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws)`
)

// clouds are the hosts of services of which a caller chooses no more than a region, a bucket or an account:
// their names are the cloud's to resolve. Hosts that a customer of the cloud can have resolved to an address
// of his own choice are not among them, such as those of API Gateway, load balancers and other people's VPC
// endpoints.
var clouds = sync.OnceValue(func() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`^(?:[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\.)?s3(?:-fips)?(?:\.dualstack)?\.` + awsRegion + `\.` + awsDomain + `$`),
		regexp.MustCompile(`^(?:sts|iam|kms)(?:-fips)?\.` + awsRegion + `\.` + awsDomain + `$`),
		regexp.MustCompile(`^(?:(?:sts|iam)(?:-fips)?\.amazonaws\.com|iam\.us-gov\.amazonaws\.com|iam\.global\.api\.aws)$`),
		regexp.MustCompile(`^(?:storage|sts|iamcredentials|oauth2|www)\.googleapis\.com$`),
		regexp.MustCompile(`^[a-z0-9]{3,24}(?:\.z[0-9]{1,2})?\.(?:blob|dfs)\.(?:core\.windows\.net|storage\.azure\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net)$`),
		regexp.MustCompile(`^login\.(?:microsoftonline\.com|microsoftonline\.us|chinacloudapi\.cn|partner\.microsoftonline\.cn)$`),
	}
})

// isCloud reports whether the URL is that of a cloud's service.
func isCloud(u *url.URL) bool {
	if u.Scheme != "https" || u.Port() != "" && u.Port() != "443" {
		return false
	}
	host := hostOf(u)
	for _, pattern := range clouds() {
		if pattern.MatchString(host) {
			return true
		}
	}
	return false
}

// metadataHosts are names by which machines of clouds know their metadata service, for a proxy that resolves
// them.
var metadataHosts = map[string]bool{"metadata": true, "metadata.google.internal": true, "metadata.goog": true, "instance-data": true, "instance-data.ec2.internal": true}

var errMetadata = errors.New("this is the name of a metadata service")
