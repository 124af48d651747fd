package storagepolicy

import (
	"fmt"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
)

// refuse says what was asked for and which line would allow it. The line is YAML in its flow form, so it can be copied
// below the realm as it is.
func (q *question) refuse(what, line string, args ...any) error {
	return fault.Of(fault.Forbidden, fault.Location, "", "This server's storage policy does not allow realm %s %s. Its operator allows it by the line `%s` below realms.%s.",
		q.realm, what, fmt.Sprintf(line, args...), q.realm)
}

func (q *question) noEndpoint(origin string) error {
	return q.refuse("to use the endpoint "+origin, "endpoints: [%q]", origin)
}

func (q *question) noRole() error {
	return q.refuse("to assume the role of this storage", "assumeRoles: [%q]", q.storage.RoleARN)
}

func (q *question) noIdentity(origin string, use Use, p location.Prefix) error {
	entry := fmt.Sprintf("{endpoint: %q, bucket: %q, prefix: %q, use: [%s]}", origin, p.Bucket(), p.Key(), use)
	if name := q.storage.Name; name != "" {
		return q.refuse(fmt.Sprintf("to use the credentials of storageName %q at %s in bucket %s", name, origin, p.Bucket()), "storageNames: {%q: [%s]}", name, entry)
	}
	if origin == AWS && use == Assume { // only a role is AWS's way
		return fault.Of(fault.Forbidden, fault.Location, "", "This server's storage policy does not allow realm %s to use firn's own identity at AWS. Name a role (roleArn).", q.realm)
	}
	return q.refuse(fmt.Sprintf("to use firn's own identity at %s in bucket %s", origin, p.Bucket()), "ownIdentity: [%s]", entry)
}

func (q *question) embeddedHasSTS() error {
	return fault.Of(fault.Forbidden, fault.Location, "", "The embedded object store has STS: leave out stsUnavailable, or name an endpoint or a role.")
}

func (q *question) noServiceAccount() error {
	return q.refuse("to act as the service account "+q.storage.GCSServiceAccount, "gcs: {serviceAccounts: [%q]}", q.storage.GCSServiceAccount)
}

func (q *question) noGCSBucket(p location.Prefix) error {
	return q.refuse("to use firn's own identity in bucket "+p.Bucket(), "gcs: {buckets: [%q]}", p.Bucket()+"/"+p.Key())
}

func (q *question) noAzureAccount(p location.Prefix) error {
	return q.refuse(fmt.Sprintf("to use container %s of account %s", p.Bucket(), accountOf(p)), "azure: {accounts: [%q]}",
		accountOf(p)+"/"+p.Bucket()+"/"+p.Key())
}

func (q *question) noFolder(p location.Prefix) error {
	return q.refuse("to use folder /"+p.Key()+" of this machine", "file: [%q]", "/"+p.Key())
}

// Permit is Allows for storage that is about to be used. Its message is for everyone; what would allow it is in the
// cause, which the log has.
func (p *Policy) Permit(realm lake.Realm, s *lake.Storage, folders ...location.Prefix) error {
	err := p.Allows(realm, s, folders...)
	if err == nil {
		return nil
	}
	return fault.Of(fault.Forbidden, fault.Location, "", "This server's operator does not allow the storage of this catalog to be used here (storage policy).").Because(err)
}
