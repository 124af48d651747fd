package lake

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// S3Profile names a kind of S3-compatible store by how its keys are made: whether it has STS, what its policies may say.
type S3Profile string

// The profiles. What each can do is the vendor's to know.
const (
	ProfileAWS        S3Profile = "aws"
	ProfileCompatible S3Profile = "compatible" // a store with STS that says no more: what MinIO understands, most do
	ProfileMinIO      S3Profile = "minio"
	ProfileCeph       S3Profile = "ceph"
	ProfileSeaweedFS  S3Profile = "seaweedfs"
	ProfileRustFS     S3Profile = "rustfs"
	ProfileECS        S3Profile = "ecs" // Dell ECS and ObjectScale
	ProfileWasabi     S3Profile = "wasabi"
	ProfileR2         S3Profile = "r2" // Cloudflare R2
	ProfileVAST       S3Profile = "vast"
	ProfileGarage     S3Profile = "garage"
	ProfileBackblaze  S3Profile = "backblaze"
)

// S3Profiles are all profiles, in the order in which they are told to people.
var S3Profiles = []S3Profile{ProfileAWS, ProfileCompatible, ProfileMinIO, ProfileCeph, ProfileSeaweedFS, ProfileRustFS, ProfileECS,
	ProfileWasabi, ProfileR2, ProfileVAST, ProfileGarage, ProfileBackblaze}

// S3Profile is the profile that the administrator chose; else AWS's, or that of compatible stores where an endpoint of
// one's own is set. It means nothing for other types of storage.
func (s *Storage) S3Profile() S3Profile {
	switch {
	case s.Profile != "":
		return s.Profile
	case s.Endpoint != "" || s.EndpointInternal != "" || s.STSEndpoint != "":
		return ProfileCompatible
	}
	return ProfileAWS
}

// madeID begins the external ids that firn makes.
const madeID = "firn-"

// MadeExternalID is the external id that firn makes for a catalog: nobody chooses it, no two catalogs share it, and it
// stays for the catalog's life.
func MadeExternalID(catalog ID) string { return madeID + string(catalog) }

// IsMadeExternalID says whether a text looks like an external id that firn made, for whatever catalog.
func IsMadeExternalID(text string) bool {
	if len(text) != len(madeID)+idText.EncodedLen(16) || text[:len(madeID)] != madeID {
		return false
	}
	_, err := idText.DecodeString(text[len(madeID):])
	return err == nil
}

// assumesAtAWS reports whether roles of the storage are assumed at AWS's own STS, whatever kind of store the files are in.
func (s *Storage) assumesAtAWS() bool {
	u, err := url.Parse(cmp.Or(s.STSEndpoint, s.EndpointInternal, s.Endpoint))
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host == "" || slices.ContainsFunc([]string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"}, func(domain string) bool {
		return strings.HasSuffix(host, domain)
	})
}

// ExternalIDOf is what firn says to AWS when it assumes the role of a catalog's storage: the id that the administrator
// chose, or else the one that firn makes. Empty where there is no role of AWS's to assume.
func (s *Storage) ExternalIDOf(catalog ID) string {
	if s.ExternalID == "" && s.Type == S3 && s.RoleARN != "" && (s.S3Profile() == ProfileAWS || s.assumesAtAWS()) {
		return MadeExternalID(catalog)
	}
	return s.ExternalID
}
