// Package aws ends vended AWS keys that are out: it denies everything to their sessions.
//
// A vended key is a session of the catalog's role, and its name (package vend/aws/session) holds hashes of whose it is and for
// which table. AWS holds the role's policies against each request of each session, also of those that were issued long ago
// (IAM User Guide, "Disabling permissions for temporary security credentials"), and an explicit deny in any policy
// overrides every allow ("Policy evaluation logic"). So a statement
//
//	Deny * on *, if aws:userid is like *:firn-*-HASH-* and aws:TokenIssueTime is before T
//
// ends the keys of a principal that were issued before T, and no others. AWS applies it within seconds, but promises no more
// than "a few minutes".
//
// It refuses to write anywhere but into the permissions boundary of the role, to change what it did not write there, and to
// take a role without such a boundary for one whose keys ended.
//
// # Why
//
// The statements go into the role's permissions boundary, a managed policy, because a boundary grants nothing: with the right
// to write versions of it one can take from the role, and give it back no more than the role's own policies hold.
// The obvious iam:PutRolePolicy on the role would let whoever holds firn's rights grant the role anything.
//
// firn has not even that right. In the account of the role there is a second role, the revoker (role.go), that may read
// the one, write versions of its boundary and do nothing else; it trusts firn under the catalog's external id, as the vending
// role does. So the same rule holds for firn's own account and for others, the owner of the storage decides, and a tenant
// who names another's role in a catalog of his cannot fill its boundary up.
//
// What is there already stays: the policy is read, firn's statements for this target are replaced, and everything else is
// kept as it is written, so that the driver need not know what the boundary allows.
//
// A policy has 6,144 characters, which hold more than 200 subjects: cuts that can have one moment are one statement. Where
// there are more, one statement denies all sessions that are older than the latest cut, firn's own left out: that others must
// fetch new keys is better than a revoked key that lives.
//
// Versions are written one after the other without any condition (IAM has none). Whoever writes looks afterwards whether
// the revocations have changed and if so writes again, so the last version holds all of them (package admin); who dies in
// between is made good by the worker, which brings every policy in line at each turn.
package aws

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	lru "github.com/hashicorp/golang-lru/v2"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/vend/aws/session"
)

// Config says with what IAM is asked.
type Config struct {
	Base    aws.Config    // firn's own credentials and Region; where the Region is empty, us-east-1
	Own     lake.ID       // firn's own hands, whose keys go on when those of a table end
	Timeout time.Duration // of one End with its retries; 0: 8 s
}

const (
	maxVersions = 5                      // of a policy (IAM User Guide, "IAM and AWS STS quotas")
	maxPause    = 500 * time.Millisecond // before a call is sent again
	maxClients  = 64
	attempts    = 4 // of reading and writing a policy that others write at the same time
)

// Ender writes denies into permissions boundaries.
type Ender struct {
	config  Config
	clients *lru.Cache[revoke.Target, *iam.Client]
}

var _ revoke.Ender = (*Ender)(nil)

// New makes an Ender. It does no I/O.
func New(c Config) (*Ender, error) {
	if c.Own == "" {
		return nil, fault.New(fault.Argument, "Whose keys are firn's own must be known.")
	}
	if c.Timeout == 0 {
		c.Timeout = 8 * time.Second
	}
	if c.Base.Region == "" {
		c.Base.Region = "us-east-1"
	}
	clients, err := lru.New[revoke.Target, *iam.Client](maxClients)
	if err != nil {
		return nil, fmt.Errorf("make client cache: %w", err)
	}
	return &Ender{config: c, clients: clients}, nil
}

// Names says whether the id is the name of a session that firn made.
func (e *Ender) Names(key string) bool {
	_, ok := session.OfName(key)
	return ok
}

// Holder compares the hash in the session's name.
func (e *Ender) Holder(key string, realm lake.Realm, principals []lake.ID) (lake.ID, bool) {
	i := slices.IndexFunc(principals, func(id lake.ID) bool { return session.Holds(key, realm, id) })
	if i < 0 {
		return "", false
	}
	return principals[i], true
}

// End writes a version of the role's permissions boundary, unless the one that is in force says the same.
func (e *Ender) End(ctx context.Context, t revoke.Target, cuts []revoke.Cut) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	client, role, err := e.client(t)
	if err != nil {
		return false, err
	}
	boundary, err := boundaryOf(ctx, client, role)
	if err != nil {
		return false, translate(ctx, err)
	}
	for range attempts {
		widely, err := e.write(ctx, client, boundary, t, cuts)
		if !raced(err) {
			return widely, translate(ctx, err)
		}
	}
	return false, fault.Of(fault.Unavailable, fault.Credential, "", busy)
}

// write reads the policy and makes the planned one its default version.
func (e *Ender) write(ctx context.Context, client *iam.Client, policy string, t revoke.Target, cuts []revoke.Cut) (widely bool, err error) {
	versions, now, err := current(ctx, client, policy)
	if err != nil {
		return false, err
	}
	next, widely, err := now.plan(t, e.config.Own, cuts)
	if err != nil || next.same(now) {
		return widely, err
	}
	if len(versions) >= maxVersions {
		if err := removeOldest(ctx, client, policy, versions); err != nil {
			return false, err
		}
	}
	text, err := next.text()
	if err != nil {
		return false, err
	}
	_, err = client.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: &policy, PolicyDocument: &text, SetAsDefault: true})
	return widely, err
}

// current gives the versions of a policy, and what is in force.
func current(ctx context.Context, client *iam.Client, policy string) ([]types.PolicyVersion, document, error) {
	list, err := client.ListPolicyVersions(ctx, &iam.ListPolicyVersionsInput{PolicyArn: &policy})
	if err != nil {
		return nil, document{}, err
	}
	i := slices.IndexFunc(list.Versions, func(v types.PolicyVersion) bool { return v.IsDefaultVersion })
	if i < 0 {
		return nil, document{}, fmt.Errorf("policy %s has no default version", policy)
	}
	got, err := client.GetPolicyVersion(ctx, &iam.GetPolicyVersionInput{PolicyArn: &policy, VersionId: list.Versions[i].VersionId})
	if err != nil {
		return nil, document{}, err
	}
	text, err := url.PathUnescape(aws.ToString(got.PolicyVersion.Document)) // RFC 3986, as GetPolicyVersion says
	if err != nil {
		return nil, document{}, fmt.Errorf("decode policy %s: %w", policy, err)
	}
	d, err := readDocument(text)
	return list.Versions, d, err
}

// removeOldest makes room for a version.
func removeOldest(ctx context.Context, client *iam.Client, policy string, versions []types.PolicyVersion) error {
	old := slices.DeleteFunc(slices.Clone(versions), func(v types.PolicyVersion) bool { return v.IsDefaultVersion })
	oldest := slices.MinFunc(old, func(a, b types.PolicyVersion) int { return aws.ToTime(a.CreateDate).Compare(aws.ToTime(b.CreateDate)) })
	_, err := client.DeletePolicyVersion(ctx, &iam.DeletePolicyVersionInput{PolicyArn: &policy, VersionId: oldest.VersionId})
	if code(err) == "NoSuchEntity" {
		return nil // by another who makes room
	}
	return err
}

// boundaryOf gives the ARN of the role's permissions boundary: a policy of its own account, which can be written.
func boundaryOf(ctx context.Context, client *iam.Client, role roleARN) (string, error) {
	got, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &role.name})
	if err != nil {
		return "", err
	}
	if aws.ToString(got.Role.Arn) != role.arn {
		return "", fault.Of(fault.Forbidden, fault.Credential, "", noBoundary).Because(fmt.Errorf("the role of that name is %s", aws.ToString(got.Role.Arn)))
	}
	b := got.Role.PermissionsBoundary
	if b == nil || !role.owns(aws.ToString(b.PermissionsBoundaryArn)) {
		return "", fault.Of(fault.Forbidden, fault.Credential, "", noBoundary)
	}
	return *b.PermissionsBoundaryArn, nil
}
