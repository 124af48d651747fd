// Package local vends for the object store that `firn serve` carries in itself.
//
// It refuses storage that is anywhere else: a key minted here opens nothing there.
//
// # Why
//
// Minting seals a few claims and asks nobody, so its keys are not worth caching; and a key that is minted now is younger
// than every revocation before it, which a cached one is not.
package local

import (
	"context"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/s3local"
	"firn/shared/vend"
)

// Config says whose keys are vended.
type Config struct {
	Issuer   *s3local.Issuer
	Endpoint func() string // of the store's listener, for clients; asked at each vend, as a free port is known late
	Region   string        // any: the store takes the one that a client signs with
	Duration time.Duration // of the keys; 0: an hour
}

// Vendor mints keys of the embedded store. Safe for concurrent use.
type Vendor struct{ config Config }

var _ vend.Vendor = (*Vendor)(nil)

// New makes a vendor.
func New(c Config) (*Vendor, error) {
	if c.Duration == 0 {
		c.Duration = time.Hour
	}
	if c.Issuer == nil || c.Endpoint == nil || c.Region == "" || c.Duration < vend.MinRemaining || c.Duration > s3local.MaxTTL {
		return nil, fault.New(fault.Argument, "Vending for the embedded store needs its issuer, endpoint and region, and a duration of %s to %s.",
			vend.MinRemaining, s3local.MaxTTL)
	}
	return &Vendor{c}, nil
}

// actions pairs the two packages' names of one thing.
var actions = []struct {
	vend  vend.Actions
	store s3local.Action
}{{vend.Read, s3local.Read}, {vend.List, s3local.List}, {vend.Write, s3local.Write}, {vend.Delete, s3local.Delete}}

// Vend mints a key with one scope per prefix.
func (v *Vendor) Vend(_ context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	if err := vend.Validate(storage, g); err != nil {
		return vend.Credential{}, err
	}
	if !storage.Embedded() {
		return vend.Credential{}, fault.Of(fault.Unsupported, fault.Credential, "", "The catalog's storage is not this server's embedded store.")
	}
	var may s3local.Action
	for _, a := range actions {
		if g.Actions.Has(a.vend) {
			may |= a.store
		}
	}
	claims := s3local.Claims{Realm: string(g.Realm), Principal: string(g.PrincipalID), Table: string(g.TableID)}
	for _, p := range g.Prefixes {
		claims.Scopes = append(claims.Scopes, s3local.Scope{Bucket: p.Bucket(), Prefix: p.Key(), Actions: may})
	}
	minted, err := v.config.Issuer.Mint(claims, v.config.Duration)
	if err != nil {
		return vend.Credential{}, fault.Of(fault.Invalid, fault.Credential, "",
			"The embedded store makes no key for these %d locations: they are too many, or it has no such names.", len(g.Prefixes)).Because(err)
	}
	return vend.Credential{
		ID: minted.AccessKeyID,
		S3: &vend.S3Credential{
			AccessKeyID:     minted.AccessKeyID,
			SecretAccessKey: lake.Secret(minted.SecretAccessKey),
			SessionToken:    lake.Secret(minted.SessionToken),
			Region:          v.config.Region,
			Endpoint:        v.config.Endpoint(),
			PathStyle:       true,
		},
		Expires: minted.Expires,
	}, nil
}
