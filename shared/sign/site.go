package sign

import (
	"strings"

	"firn/shared/fault"
)

// Site is where the clients of a catalog's storage send their requests.
type Site struct {
	Endpoint     string   // "http://store:9000", without a path; empty: AWS's own endpoints of the Region
	Region       string   // that they sign with; never empty
	VirtualHosts bool     // Endpoint serves a bucket by its own host name too; AWS always does
	KMSKeys      []string // that objects may be encrypted with
}

// awsHosts are what comes before the Region in the names of AWS's endpoints.
var awsHosts = []string{"s3.", "s3.dualstack.", "s3-fips.", "s3-fips.dualstack."}

// hosts gives the scheme and the authorities under which the site answers, and whether buckets have hosts of their own.
//
// A store that does not know virtual hosts reads "bucket.host/a/b" as the object b of the bucket a. So they are taken
// for it only where its administrator says that the store serves them (pathStyleAccess false).
func (s Site) hosts() (scheme string, authorities []string, virtual bool, err error) {
	if s.Endpoint == "" {
		suffix := ".amazonaws.com"
		if strings.HasPrefix(s.Region, "cn-") {
			suffix = ".amazonaws.com.cn"
		}
		for _, host := range awsHosts {
			authorities = append(authorities, host+s.Region+suffix)
		}
		if s.Region == "us-east-1" {
			authorities = append(authorities, "s3.amazonaws.com")
		}
		return "https", authorities, true, nil
	}
	scheme, authority, ok := strings.Cut(strings.TrimSuffix(s.Endpoint, "/"), "://")
	if !ok || scheme != "http" && scheme != "https" || authority == "" || strings.ContainsAny(authority, "/?#@") {
		return "", nil, false, fault.New(fault.Argument, "Requests to this catalog's storage cannot be signed: its endpoint has a path, or is none.")
	}
	return scheme, []string{bare(scheme, authority)}, s.VirtualHosts, nil
}

// locate finds the bucket and the key of a request: the decoded path begins with a slash.
func (s Site) locate(scheme, authority, path string) (bucket, key string, err error) {
	want, authorities, virtual, err := s.hosts()
	if err != nil {
		return "", "", err
	}
	here := bare(scheme, authority)
	for _, base := range authorities {
		if scheme != want {
			break
		}
		if here == base {
			bucket, key, _ = strings.Cut(path[1:], "/")
			return bucket, key, nil
		}
		if own, ok := strings.CutSuffix(here, "."+base); ok && virtual {
			return own, path[1:], nil
		}
	}
	return "", "", fault.New(fault.Argument, "Cannot sign a request to %s: that is not the catalog's storage.", short(scheme+"://"+authority))
}

// bare is an authority in lower case without the scheme's own port, as clients send it in Host.
func bare(scheme, authority string) string {
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return strings.ToLower(strings.TrimSuffix(authority, port))
}
