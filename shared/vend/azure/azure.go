// Package azure vends for Azure Data Lake Storage Gen2, by user delegation SAS with the scope of one directory.
//
// A SAS is signed here, with a key that Azure gives to firn's identity for some hours (keyring.go), so that minting asks
// nobody while the key lasts. What the SAS says (sas.go) and what the identity may do are intersected by Azure.
//
// It refuses several folders, of which a SAS opens one: a wider SAS would open what lies between them. It refuses an
// account that the catalog does not call hierarchical, an account that its allowed locations do not name, and a tenant
// that is no name of one.
//
// # Why
//
// There is no SAS for a container, whatever an administrator chooses: it would open each table to whoever may read one
// of them, and a catalog's administrator cannot know who else keeps tables in the container. For the accounts that have
// no directories, hierarchical=true is the way to opt in: firn then signs for the directory all the same, and Azure
// refuses the SAS, or bounds it to names that begin so where it has come to know that; it never takes it for more.
//
// A SAS cannot be revoked by itself. It lives an hour; what ends it before is the end of its key, which an administrator
// can bring about for the whole account (revokeUserDelegationKeys). Each one has an id of its own (scid) by which
// Azure's logs name it, so SAS are not served twice and no vend.Cache belongs before this.
package azure

import (
	"context"
	"net/http"
	"regexp"
	"time"

	"github.com/google/uuid"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
	"firn/shared/vend/azure/adlsrest"
)

// Identity is whom Azure knows firn as.
type Identity interface {
	// Token gives a bearer token for Azure Storage, of a tenant in the cloud whose accounts have the domain
	// ("core.windows.net"). Errors are *fault.Error, of the kinds of vend.Vendor.
	Token(ctx context.Context, tenant, domain string) (lake.Secret, error)
}

// Config says with what the vendor signs.
type Config struct {
	Identity  Identity
	Now       func() time.Time  // wall-clock time
	Transport http.RoundTripper // to Azure Storage; nil: net/http's own
	Duration  time.Duration     // of a SAS: 15 minutes to 12 hours; 0: an hour
	Timeout   time.Duration     // of getting a key, with its token and retries; 0: 10 s
	Pause     time.Duration     // before a request for a key is repeated, at first; 0: 100 ms
}

// Vendor signs SAS. Safe for concurrent use.
type Vendor struct {
	duration time.Duration
	keys     *keyring
}

var (
	_ vend.Vendor  = (*Vendor)(nil)
	_ vend.Checker = (*Vendor)(nil)
)

// maxDuration is the longest life of a SAS: that of other stores' keys.
const maxDuration = 12 * time.Hour

// New makes a vendor. It does no I/O.
func New(c Config) (*Vendor, error) {
	if c.Duration == 0 {
		c.Duration = time.Hour
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Identity == nil || c.Now == nil || c.Duration < vend.MinRemaining || c.Duration > maxDuration {
		return nil, fault.New(fault.Argument, "Vending for Azure needs an identity, a clock, and a duration of %s to %s.", vend.MinRemaining, maxDuration)
	}
	return &Vendor{duration: c.Duration, keys: newKeyring(c)}, nil
}

// scope gives the one folder that a SAS can open, and the account that it is in.
func scope(storage *lake.Storage, g vend.Grant) (location.Prefix, adlsrest.Account, error) {
	if err := vend.Validate(storage, g); err != nil {
		return location.Prefix{}, adlsrest.Account{}, err
	}
	folder, err := oneFolder(storage, g)
	if err != nil {
		return location.Prefix{}, adlsrest.Account{}, err
	}
	account, err := adlsrest.AccountOf(folder.Account())
	return folder, account, err
}

// Check finds the folder and the account.
func (v *Vendor) Check(storage *lake.Storage, g vend.Grant) error {
	_, _, err := scope(storage, g)
	return err
}

// Vend signs a SAS for the grant's one folder.
func (v *Vendor) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	folder, account, err := scope(storage, g)
	if err != nil {
		return vend.Credential{}, err
	}
	key, err := v.keys.get(ctx, slot{account: account, tenant: storage.TenantID})
	if err != nil {
		return vend.Credential{}, err
	}
	s := sas{permissions: permissions(g.Actions), expires: v.keys.wall().Add(v.duration).UTC().Truncate(time.Second), id: uuid.NewString(),
		account: account.Name(), container: folder.Bucket(), path: folder.Key()}
	if key.expires.Before(s.expires) {
		s.expires = key.expires
	}
	query, err := s.sign(key)
	if err != nil {
		return vend.Credential{}, err
	}
	return vend.Credential{
		ID:      s.id,
		Azure:   &vend.AzureCredential{Account: account.Label, Domain: account.Domain, SAS: query},
		Expires: s.expires,
	}, nil
}

// tenantName is the id of a tenant, or one of its domains. It becomes a part of the address at which Entra is asked.
var (
	tenantID   = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	tenantName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$`)
)

// oneFolder gives the folder that the SAS will open. The account is where firn's token is sent, so it must be one that
// the catalog's administrator named.
func oneFolder(storage *lake.Storage, g vend.Grant) (location.Prefix, error) {
	folders := location.Reduce(g.Prefixes)
	folder := folders[0]
	switch {
	case storage.Hierarchical == nil || !*storage.Hierarchical:
		return folder, fault.Of(fault.Unsupported, fault.Credential, "",
			"Credentials cannot be vended for this catalog: its storage account is not said to have a hierarchical namespace, without which a key opens the whole container. If it has one, set hierarchical to true.")
	case !tenantID.MatchString(storage.TenantID) && !tenantName.MatchString(storage.TenantID):
		return folder, fault.Of(fault.Invalid, fault.Credential, "", "The tenantId of this catalog's storage is neither the id nor a domain of a tenant.")
	case len(folders) > 1:
		return folder, fault.Of(fault.Invalid, fault.Credential, "",
			"A key to Azure storage opens one folder, and table %s has %d. Keep write.data.path and write.metadata.path inside the table's location.", g.Table, len(folders))
	}
	for _, text := range storage.AllowedLocations {
		if allowed, err := location.ParsePrefix(text); err == nil && allowed.Covers(folder) || err != nil && location.IsStoreOf(text, folder) {
			return folder, nil
		}
	}
	return folder, fault.Of(fault.Invalid, fault.Location, folder.String(), "Location %s is in none of the catalog's allowed locations.", folder)
}
