package probe

// The codes.
const (
	Unfinished      Code = "probe.unfinished"
	ScopeRead       Code = "scope.read"
	ScopeList       Code = "scope.list"
	ScopeWrite      Code = "scope.write"
	ScopeDelete     Code = "scope.delete"
	ReaderWrites    Code = "scope.reader-writes"
	ReaderDeletes   Code = "scope.reader-deletes"
	ScopeUnclear    Code = "scope.unclear"
	RoleDenied      Code = "role.denied"
	RoleTag         Code = "role.tag-session"
	RoleSource      Code = "role.source-identity"
	RoleInvalid     Code = "role.invalid"
	RegionDisabled  Code = "region.disabled"
	PolicyTooLarge  Code = "policy.too-large"
	PolicyDenied    Code = "policy.denied"
	PolicyExplicit  Code = "policy.explicit-deny"
	KMSDenied       Code = "kms.denied"
	ServerRights    Code = "server.rights"
	ServerKeys      Code = "server.credentials"
	KeyRejected     Code = "key.rejected"
	BucketMissing   Code = "bucket.missing"
	RegionWrong     Code = "region.wrong"
	EndpointAway    Code = "endpoint.unreachable"
	EndpointLate    Code = "endpoint.timeout"
	StoreBusy       Code = "store.busy"
	StoreForgets    Code = "store.inconsistent"
	StorageInvalid  Code = "storage.invalid"
	TrustOpen       Code = "trust.any-external-id"
	BrowsersKeptOut Code = "cors.closed"
	ObjectsLeft     Code = "probe.leftovers"
)

const scopeRemedy = "Do not hand out keys of this store: it does not heed the policy of a session, or reads it otherwise. Choose the firn.config.s3-profile of " +
	"the store if it has one, update the store, or let engines use remote signing."

// codes are what each code means. The words name no role, account or key: whoever may read the catalog may read them.
var codes = map[Code]struct {
	severity        Severity
	message, remedy string
}{
	Unfinished: {Broken, "The probe did not come to an end.", "Run `firn catalogs probe` again."},

	ScopeRead:     {Wide, "A key for one folder reads objects of another folder, whose name begins alike.", scopeRemedy},
	ScopeList:     {Wide, "A key for one folder lists another folder, whose name begins alike.", scopeRemedy},
	ScopeWrite:    {Wide, "A key for one folder writes into another folder, whose name begins alike.", scopeRemedy},
	ScopeDelete:   {Wide, "A key for one folder deletes objects of another folder, whose name begins alike.", scopeRemedy},
	ReaderWrites:  {Wide, "A key that should only read writes objects.", scopeRemedy},
	ReaderDeletes: {Wide, "A key that should only read deletes objects.", scopeRemedy},
	ScopeUnclear: {Broken, "It could not be found out whether a key opens more than its folder: the store neither allowed nor denied it.",
		"Run `firn catalogs probe` again; if it stays so, look at the store's own log."},

	RoleDenied: {Broken, "The storage's token service does not let this server act as the catalog's role or account.",
		"Check that it exists and is spelt rightly, that its trust names this server, and that the external id in its trust is the catalog's; a probe by the Lambda functions " +
			"adds /probe to it (infra/README.md shows the whole role). On GCS this server needs Service Account Token Creator on the service account, on Azure Storage Blob Delegator on the account."},
	RoleTag: {Broken, "The role's trust policy does not allow sts:TagSession.",
		"Allow sts:TagSession beside sts:AssumeRole in the trust policy, or turn firn.config.aws-session-tags off."},
	RoleSource: {Broken, "The role's trust policy does not allow sts:SetSourceIdentity.",
		"Allow sts:SetSourceIdentity beside sts:AssumeRole in the trust policy, or turn firn.config.aws-source-identity off."},
	RoleInvalid: {Broken, "The storage's token service refused the request as wrong.",
		"Check the role's ARN, the external id, and that the role's longest session is at least that of vended keys (an hour)."},
	RegionDisabled: {Broken, "The token service is not enabled in the catalog's region.", "Enable the region in the role's account, or change the catalog's region."},
	PolicyTooLarge: {Broken, "The session policy for one folder is too large for the storage's token service.", "Choose a shorter default base location."},
	PolicyDenied: {Broken, "A key does not open its own folder: the role or account that it was made from has no such right there.",
		"Give the role s3:GetObject, s3:PutObject, s3:DeleteObject and the multipart actions on the catalog's locations, and s3:ListBucket on the bucket; on GCS Storage Object Admin, on Azure " +
			"Storage Blob Data Contributor. Where the store has policies of buckets, firewalls or endpoints, they must let it in too."},
	PolicyExplicit: {Broken, "A key does not open its own folder: a policy denies it expressly.",
		"Look for a Deny in the bucket's policy, the role's policy or permissions boundary, or an organisation's policy, that meets the catalog's folder or this server's network."},
	KMSDenied: {Broken, "A key may not use the KMS key that the bucket is encrypted with.",
		"Name the key in the catalog (--current-kms-key or --allowed-kms-key), allow the role kms:Decrypt and kms:GenerateDataKey on it, and let the key's own policy allow the role."},
	ServerRights: {Broken, "This server itself has no right to assume the catalog's role.",
		"Put the role below the path /firn-vending/ and its account among those of the deployment (infra/README.md), or allow this server's identity sts:AssumeRole on it."},
	ServerKeys: {Broken, "The storage's token service does not accept this server's own credentials.",
		"Check the server's credentials for this storage (the AWS environment, or those of the storageName), and that the STS endpoint is the one that they are for."},
	KeyRejected: {Broken, "The store does not know the keys that the token service made for it.",
		"Check that the catalog's endpoint and STS endpoint belong to the same store, and its region."},
	BucketMissing: {Broken, "There is no such bucket at the catalog's endpoint.", "Make the bucket, or correct the default base location, the endpoint or the region."},
	RegionWrong:   {Broken, "The bucket is in another region than the catalog says.", "Set the catalog's region to the bucket's: firn catalogs update NAME --region."},
	EndpointAway: {Broken, "The storage does not answer.", "Check the endpoint, its certificate, and that this server's network reaches it. " +
		"An endpoint by plain http, or at a private address, must be one that the server's operator listed; the server's log says what happened."},
	EndpointLate:   {Broken, "The storage did not answer in time.", "Check the endpoint, and that this server's network reaches it: firewalls often drop what they do not allow."},
	StoreBusy:      {Broken, "The storage is busy, or does not work just now.", "Run `firn catalogs probe` again after a while."},
	StoreForgets:   {Broken, "The store does not keep what it was given, or does not delete what it should.", "Check that nothing else works in the folder firn-probe, and that the bucket has no object lock."},
	StorageInvalid: {Broken, "The storage refused a request as wrong.", "Check the catalog's storage configuration: locations, endpoint, region, storageName and tenant."},

	TrustOpen: {Warning, "The role's trust policy does not ask for this catalog's external id: other users of this server could have keys of the role by naming it.",
		"Add a condition StringEquals sts:ExternalId with the catalog's external id to the role's trust policy."},
	BrowsersKeptOut: {Warning, "Pages in browsers may not read the bucket. Only engines that run in a browser, such as DuckDB-Wasm, mind.",
		"If you use one, add a CORS rule to the bucket that allows GET and HEAD with the headers authorization, range and x-amz-*, for the page's origin."},
	ObjectsLeft: {Warning, "The probe could not delete all the objects that it made.", "The next probe tries again; or delete the folder firn-probe below the default base location."},
}
