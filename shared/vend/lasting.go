package vend

import (
	"context"
	"fmt"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
)

// Lasting is a Vendor that gives nothing that is about to end: engines would ask for the next credential for ever, and a
// query could not begin. Now is the issuers' time.
type Lasting struct {
	Vendor Vendor
	Now    func() time.Time
}

var (
	_ Vendor  = Lasting{}
	_ Checker = Lasting{}
)

// clockSkew is how far an issuer's clock may be off before what it has just made is taken for something about to end.
const clockSkew = time.Minute

// Vend asks the vendor; Unavailable where the credential has less than MinRemaining left, but for a clock's error.
func (l Lasting) Vend(ctx context.Context, storage *lake.Storage, g Grant) (Credential, error) {
	cred, err := l.Vendor.Vend(ctx, storage, g)
	if err != nil {
		return Credential{}, err
	}
	if left := cred.Expires.Sub(l.Now()); left < MinRemaining-clockSkew {
		return Credential{}, fault.Of(fault.Unavailable, fault.Credential, "", "The storage's token service gave a credential that ends too soon. Try again.").
			Because(fmt.Errorf("it ends in %s", left))
	}
	return cred, nil
}

// Check asks the vendor.
func (l Lasting) Check(storage *lake.Storage, g Grant) error { return Check(l.Vendor, storage, g) }
