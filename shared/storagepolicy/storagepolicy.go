// Package storagepolicy is the operator's decision about storage: which authority firn may use for which realm, at which
// endpoint, for which buckets and folders.
//
// Three ranks decide about storage, and each can only narrow what the one above allows: the operator, who starts firn or
// owns the stack, by this policy; a service administrator, who may create catalogs, by a catalog's storage configuration
// and settings; everyone else decides nothing. A Policy is a pure value: Parse reads it, Allows answers. Allows is asked
// when a catalog is created or changed, and Permit before each credential, signature, read, write, delete and probe
// (vend.ByStorage before its caches, blob.ByStorage, sign/sigv4), so a tightened policy holds from the next use on.
//
// It refuses everything that no line allows. Two kinds of storage need no line: the embedded object store, which holds
// nothing but what firn put there, and roles of AWS.
//
// # Why
//
// A role's trust policy is its owner's consent: it names firn and asks for the catalog's external ID. So any role may be
// assumed unless assumeRoles narrows that. Nothing else carries such a consent. Firn's own identity (the credentials of
// the environment, an instance's role, the default credentials of Google and Azure, the credentials of a storageName)
// opens what its owner could open, for everyone who may write a catalog's configuration. It is lent to nobody unless the
// operator names the endpoint or account, the bucket and the realm.
//
// An endpoint is a host that firn sends requests to, and sends clients to. So each must be listed, except AWS's own.
// Where a credential is assumed, the endpoint of an entry is that of the token service, because that is where firn's own
// identity is used; where requests are signed with it directly, it is that of the store.
//
// Ending credentials of a role needs no line: it takes away, and lends nothing.
//
// The policy is judged on the location that is used, not on the allowed locations of a catalog: those may be wider, and
// are then narrowed in use. Only the base location of a catalog must lie inside when the catalog is made.
package storagepolicy

import (
	"cmp"
	"slices"
	"strings"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
)

// Use is what firn does with an identity of its own.
type Use string

// The uses.
const (
	Assume Use = "assume" // mint credentials that are scoped to a table
	Sign   Use = "sign"   // sign requests directly, where a store has no STS: for clients, and for firn's metadata files
)

// AllRealms is the key of rules that hold for every realm.
const AllRealms = "*"

// AWS stands for AWS's own services in place of an endpoint.
const AWS = "aws"

// Policy is what an operator allows. The nil Policy is the default: roles of AWS, and nothing else. A Policy is not
// changed once it is in use.
type Policy struct {
	realms   map[string]*rules
	loopback bool
	private  []string // paths of the server's own files, as keys of FILE locations, which nothing allows
}

// rules are those of one realm, or of all.
type rules struct {
	assumeRoles  []glob // nil: not narrowed here
	endpoints    map[string]bool
	ownIdentity  []entry
	storageNames map[string][]entry
	gcsAccounts  []glob
	gcsBuckets   []folder
	azure        []folder
	file         []location.Prefix
}

// entry lends an identity.
type entry struct {
	endpoint string // an origin, or AWS
	in       folder
	uses     map[Use]bool
}

// Allows returns nil if the realm may use the storage in all of the folders, as the storage's configuration would have
// firn use it. Otherwise the error is Forbidden, and its message has the line of the policy that would allow it. The
// message is for administrators: it names identities.
func (p *Policy) Allows(realm lake.Realm, s *lake.Storage, folders ...location.Prefix) error {
	q := question{policy: p, realm: realm, storage: s, folders: folders}
	switch s.Type {
	case lake.File:
		return q.file()
	case lake.GCS:
		return q.gcs()
	case lake.Azure:
		return q.azure()
	case lake.S3:
		return q.s3()
	}
	return fault.New(fault.Forbidden, "The storage policy knows no storage of type %.32q.", string(s.Type))
}

// Folders returns the folders of this machine that the realm may use, but for what is the server's own in them.
func (p *Policy) Folders(realm lake.Realm) []location.Prefix {
	var out []location.Prefix
	for _, r := range p.of(realm) {
		out = append(out, r.file...)
	}
	return out
}

// HasFolders reports whether the realm may use any folder of this machine.
func (p *Policy) HasFolders(realm lake.Realm) bool { return len(p.Folders(realm)) > 0 }

// Lists reports whether the operator lists the endpoint for some realm. The dialer of outgoing requests asks: what is
// listed may have a private address.
func (p *Policy) Lists(endpoint string) bool {
	if p == nil {
		return false
	}
	origin := originOf(endpoint)
	for _, r := range p.realms {
		if r.lists(origin) {
			return true
		}
	}
	return false
}

// of returns the rules that hold for a realm.
func (p *Policy) of(realm lake.Realm) []*rules {
	if p == nil {
		return nil
	}
	var out []*rules
	for _, key := range []string{AllRealms, string(realm)} {
		if r := p.realms[key]; r != nil {
			out = append(out, r)
		}
	}
	return out
}

func (p *Policy) any(realm lake.Realm, holds func(*rules) bool) bool {
	for _, r := range p.of(realm) {
		if holds(r) {
			return true
		}
	}
	return false
}

// lists reports whether the endpoint is named anywhere in the rules.
func (r *rules) lists(origin string) bool {
	if r.endpoints[origin] {
		return true
	}
	all := r.ownIdentity
	for _, named := range r.storageNames {
		all = append(all[:len(all):len(all)], named...)
	}
	for _, e := range all {
		if e.endpoint == origin {
			return true
		}
	}
	return false
}

// question is one call of Allows.
type question struct {
	policy  *Policy
	realm   lake.Realm
	storage *lake.Storage
	folders []location.Prefix
}

func (q *question) any(holds func(*rules) bool) bool { return q.policy.any(q.realm, holds) }

// each returns the refusal of the first folder that no rules cover.
func (q *question) each(covers func(*rules, location.Prefix) bool, refuse func(location.Prefix) error) error {
	for _, p := range q.folders {
		if !q.any(func(r *rules) bool { return covers(r, p) }) {
			return refuse(p)
		}
	}
	return nil
}

func (q *question) file() error {
	for _, p := range q.folders {
		if q.policy.isPrivate(p) {
			return fault.New(fault.Forbidden, "Folder /%s is of the server itself, or has the server's own in it.", p.Key())
		}
	}
	return q.each(func(r *rules, p location.Prefix) bool {
		for _, f := range r.file {
			if f.Covers(p) {
				return true
			}
		}
		return false
	}, q.noFolder)
}

// isPrivate reports whether a folder of this machine is one of the server's own, in one, or around one.
func (p *Policy) isPrivate(folder location.Prefix) bool {
	return p != nil && slices.ContainsFunc(p.private, func(own string) bool {
		return strings.HasPrefix(folder.Key(), own) || strings.HasPrefix(own, folder.Key())
	})
}

func (q *question) gcs() error {
	if account := q.storage.GCSServiceAccount; account != "" {
		if q.any(func(r *rules) bool { return matches(r.gcsAccounts, account) }) {
			return nil
		}
		return q.noServiceAccount()
	}
	return q.each(func(r *rules, p location.Prefix) bool { return covers(r.gcsBuckets, "", p) }, q.noGCSBucket)
}

func (q *question) azure() error {
	return q.each(func(r *rules, p location.Prefix) bool { return covers(r.azure, accountOf(p), p) }, q.noAzureAccount)
}

// s3 checks the endpoints first, then the identity with which firn comes to them.
func (q *question) s3() error {
	s := q.storage
	direct := s.STSUnavailable != nil && *s.STSUnavailable
	if s.Embedded() {
		if direct {
			return q.embeddedHasSTS()
		}
		return nil
	}
	for _, endpoint := range []string{s.Endpoint, s.EndpointInternal, s.STSEndpoint} {
		if endpoint != "" && !q.listed(originOf(endpoint)) {
			return q.noEndpoint(originOf(endpoint))
		}
	}
	switch {
	case direct: // clients are sent to the one endpoint, firn goes to the other
		for _, endpoint := range []string{s.Endpoint, cmp.Or(s.EndpointInternal, s.Endpoint)} {
			if err := q.identity(originOf(endpoint), Sign); err != nil {
				return err
			}
		}
		return nil
	case s.S3Profile() == lake.ProfileR2:
		return q.identity(originOf(s.Endpoint), Assume)
	}
	sts := originOf(cmp.Or(s.STSEndpoint, s.EndpointInternal, s.Endpoint))
	if sts != AWS || s.RoleARN == "" {
		return q.identity(sts, Assume)
	}
	if !q.mayAssume(s.RoleARN) {
		return q.noRole()
	}
	if s.Name != "" {
		return q.identity(sts, Assume)
	}
	return nil
}

// listed reports whether the realm may be sent to the endpoint.
func (q *question) listed(origin string) bool {
	return origin == AWS || q.policy != nil && q.policy.loopback && isLoopback(origin) ||
		q.any(func(r *rules) bool { return r.lists(origin) })
}

// mayAssume reports whether a role may be assumed: any, unless some rules of the realm narrow that.
func (q *question) mayAssume(role string) bool {
	narrowed := q.any(func(r *rules) bool { return r.assumeRoles != nil })
	return !narrowed || q.any(func(r *rules) bool { return matches(r.assumeRoles, role) })
}

// identity checks that the identity which the storage would be reached with is lent at the endpoint, for each folder.
func (q *question) identity(origin string, use Use) error {
	return q.each(func(r *rules, p location.Prefix) bool {
		entries := r.ownIdentity
		if q.storage.Name != "" {
			entries = r.storageNames[q.storage.Name]
		}
		for _, e := range entries {
			if e.endpoint == origin && e.uses[use] && e.in.covers("", p) {
				return true
			}
		}
		return false
	}, func(p location.Prefix) error { return q.noIdentity(origin, use, p) })
}
