package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"

	"firn/shared/app/disk"
	"firn/shared/app/entra"
	"firn/shared/app/outgoing"
	"firn/shared/app/storagekeys"
	"firn/shared/blob"
	blobazure "firn/shared/blob/azure"
	bloblocal "firn/shared/blob/local"
	"firn/shared/blob/s3"
	"firn/shared/lake"
	revoking "firn/shared/revoke/aws"
	"firn/shared/s3local"
	"firn/shared/sign/sigv4"
	"firn/shared/vend"
	"firn/shared/vend/aws"
	"firn/shared/vend/azure"
	vendlocal "firn/shared/vend/local"
	"firn/shared/vend/r2"
)

// embeddedRegion is the region that clients of the embedded store are told: it takes any, they need one.
const embeddedRegion = "us-east-1"

// embedded is the object store of this process. Its master key is fresh: a restart ends every key that was vended.
type embedded struct {
	store    *s3local.Store
	issuer   *s3local.Issuer
	gate     *s3local.Gate
	endpoint string
	now      func() time.Time // of the store and its keys
}

func openEmbedded(dir, endpoint string, now func() time.Time, log *slog.Logger, adopt func() (s3local.Adoption, error)) (*embedded, error) {
	store, err := s3local.Open(s3local.Config{Dir: dir, Sync: true, Now: now, Adopt: adopt})
	if err != nil {
		return nil, fmt.Errorf("open the object store: %w", err)
	}
	master := make([]byte, 32)
	rand.Read(master)
	issuer, err := s3local.NewIssuer(master, now)
	if err != nil {
		return nil, err
	}
	gate, err := s3local.NewGate(issuer, store, now, log)
	return &embedded{store: store, issuer: issuer, gate: gate, endpoint: endpoint, now: now}, err
}

// config completes a server's configuration with the drivers of one machine: the embedded store, AWS and compatible
// stores and Azure with the credentials of this environment, and files.
func (e *embedded) config(ctx context.Context, c Config) (Config, error) {
	// Without a cloud configured this reads the environment and finds nothing; no call is made before a key
	// is asked for.
	base, unread := config.LoadDefaultConfig(ctx)
	if c.Client == nil {
		c.Client = outgoing.Client(outgoing.Config{AWS: base, Getenv: os.Getenv, Listed: c.StoragePolicy.Lists, Loopback: c.Loopback})
	}
	local, err := vendlocal.New(vendlocal.Config{Issuer: e.issuer, Endpoint: func() string { return e.endpoint }, Region: embeddedRegion, Duration: c.CredentialDuration})
	if err != nil {
		return c, err
	}
	objects, err := bloblocal.New(bloblocal.Config{Store: e.store, Issuer: e.issuer})
	if err != nil {
		return c, err
	}
	vendor, opener := vend.ByStorage{Policy: c.StoragePolicy, Embedded: local}, blob.ByStorage{Policy: c.StoragePolicy, Embedded: objects, File: disk.Opener{Policy: c.StoragePolicy}}
	if vendor.Azure, err = azure.New(azure.Config{Identity: entra.FromEnvironment(nil), Now: c.Now, Transport: c.Client.Transport, Duration: c.CredentialDuration}); err != nil {
		return c, err
	}
	opener.Azure = blobazure.New(blobazure.Config{Transport: c.Client.Transport})
	forgetGCS, err := addGoogle(ctx, c, &vendor, &opener)
	if err != nil {
		return c, err
	}
	forget := func(...lake.ID) {}
	signing := sigv4.Config{Region: embeddedRegion, Now: c.Now, Policy: c.StoragePolicy}
	if unread == nil {
		if base.Region == "" {
			base.Region = embeddedRegion
		}
		abroad := outgoing.AWS(base, c.Client)
		named := storagekeys.Profiles()
		if v, err := aws.New(aws.Config{Base: abroad, Named: named, Duration: c.CredentialDuration, Log: c.Log}); err == nil {
			cache := vend.NewCache(vend.CacheConfig{Vendor: v, Now: c.Now, Bytes: c.Memory.Credentials})
			vendor.S3, forget = cache, cache.Forget
		}
		if v, err := r2.New(r2.Config{Named: named, Now: c.Now, Duration: c.CredentialDuration}); err == nil {
			vendor.R2 = v
		}
		if o, err := s3.New(s3.Config{Base: abroad, Unscoped: base.Credentials, Named: named}); err == nil {
			opener.S3 = o
		}
		signing.Region, signing.Unscoped, signing.Named = base.Region, base.Credentials, named
		if r, err := revoking.New(revoking.Config{Base: abroad, Own: lake.OwnID}); err == nil {
			c.Ender = r
		}
	} else {
		c.Log.Warn("no AWS configuration: catalogs on S3 other than the embedded store cannot be used", "error", unread.Error())
	}
	signing.Embedded = func() string { return e.endpoint }
	c.Vendor, c.Files, c.Signer = vend.Lasting{Vendor: vendor, Now: e.now}, opener, sigv4.New(signing)
	c.EndKey = func(realm lake.Realm, id string) error { return e.issuer.Revoke("id:" + string(realm) + "/" + id) }
	c.Era = e.issuer.Era
	c.Revoked = func(ids ...lake.ID) {
		forget(ids...)
		forgetGCS(ids...)
		for _, id := range ids {
			for _, subject := range []string{"principal:", "table:"} {
				if err := e.issuer.Revoke(subject + string(id)); err != nil {
					c.Log.Error("a key could not be revoked", "id", string(id), "error", err.Error())
				}
			}
		}
	}
	return c, nil
}
