package aws

import (
	"regexp"

	"firn/shared/fault"
	"firn/shared/lake"
)

// profile is what a kind of store can do. All that can scope take AWS's bounds of duration and of a policy's length, or
// wider ones, which are not used; and no location holds what a policy would have to escape, which most cannot.
type profile struct {
	unscoped string // why AssumeRole makes no scoped key here; empty: it does
	role     bool   // the catalog must name a role; else any is named, because the protocol has the field
	resource string // how the ARNs of buckets begin; empty: by the partition of the role
	kms      kmsUse
}

// kmsUse says how the keys of a catalog's storage get into a policy.
type kmsUse int

const (
	kmsNone  kmsUse = iota // the store encrypts by itself, and refuses or ignores such statements
	kmsAny                 // keys may be used
	kmsViaS3               // keys may be used by S3 in the key's Region, and by nothing else
)

const (
	anyBucket  = "arn:aws:s3:::"
	noSTS      = "its store has no STS"
	noPolicies = "its store's STS takes no session policy"
)

// profiles are the stores that are known. MinIO was tried, the others are what their documentation says; where that is wrong,
// a store refuses the policy or the key opens nothing. One that is not sure to take a session policy is not vended for; an
// administrator whose release does may choose the profile compatible.
var profiles = map[lake.S3Profile]profile{
	lake.ProfileAWS:        {role: true, kms: kmsViaS3},
	lake.ProfileCompatible: {kms: kmsAny},
	lake.ProfileMinIO:      {resource: anyBucket},
	lake.ProfileCeph:       {resource: anyBucket, role: true},
	lake.ProfileSeaweedFS:  {resource: anyBucket, role: true},
	lake.ProfileRustFS:     {resource: anyBucket},
	lake.ProfileECS:        {resource: anyBucket, role: true},
	lake.ProfileWasabi:     {resource: anyBucket, role: true},
	lake.ProfileR2:         {unscoped: noSTS}, // its keys are package r2's
	lake.ProfileVAST:       {unscoped: noPolicies},
	lake.ProfileGarage:     {unscoped: noSTS},
	lake.ProfileBackblaze:  {unscoped: noSTS},
}

// signInstead is the way that remains where a store cannot scope a key.
const signInstead = "Engines can have their requests signed instead (X-Iceberg-Access-Delegation: remote-signing)."

// profileOf gives the profile of storage whose keys can be scoped; Unsupported for any other.
func profileOf(storage *lake.Storage) (profile, error) {
	p, known := profiles[storage.S3Profile()]
	switch {
	case !known:
		return p, fault.Of(fault.Unsupported, fault.Credential, "", "This server knows no profile %q of S3-compatible stores.", storage.S3Profile())
	case storage.STSUnavailable != nil && *storage.STSUnavailable:
		p.unscoped = "its storage has no STS (stsUnavailable)"
	}
	if p.unscoped != "" {
		return p, fault.Of(fault.Unsupported, fault.Credential, "",
			"Credentials cannot be vended for this catalog: %s, and a key that is not scoped is never handed out. %s", p.unscoped, signInstead)
	}
	return p, nil
}

// compatibleRole stands in for a role at stores that take any: the field is required by the protocol.
const compatibleRole = "arn:aws:iam::000000000000:role/firn"

// roleARN is the ARN of a role: AWS's, with its partition, or one of a store that has its own words for it (urn:ecs:iam).
var roleARN = regexp.MustCompile(`^(?:arn:([a-z0-9-]+)|urn:[a-z]+):iam::[^:]*:role/.+$`)

// names gives the role to assume, and how the ARNs of the buckets begin that it opens.
func (p *profile) names(storage *lake.Storage) (role, resource string, err error) {
	if storage.RoleARN == "" {
		if p.role {
			return "", "", fault.Of(fault.Unsupported, fault.Credential, "", "This catalog's storage names no role, which its store needs (roleArn).")
		}
		return compatibleRole, anyBucket, nil
	}
	parts := roleARN.FindStringSubmatch(storage.RoleARN)
	switch {
	case parts == nil || p.resource == "" && parts[1] == "":
		return "", "", fault.Of(fault.Invalid, fault.Credential, "", "The role of this catalog's storage is not the ARN of an IAM role.")
	case p.resource != "":
		return storage.RoleARN, p.resource, nil
	}
	return storage.RoleARN, "arn:" + parts[1] + ":s3:::", nil
}
