package azure

import (
	"context"
	"errors"
	"time"

	"firn/shared/fault"
	"firn/shared/vend/azure/adlsrest"
)

// What refusals mean to a client. Whom Azure knows firn as is in the cause alone.
const (
	notAllowed  = "The storage account does not let this server make keys. An administrator must give its identity the role Storage Blob Delegator on the account, and check the account's firewall."
	notTaken    = "The storage account refused to make a key. An administrator must check the catalog's storage account and tenant."
	otherTenant = "This server's identity is of another tenant than the catalog's storage. An administrator must check the catalog's tenantId."
	incomplete  = "The storage account gave an incomplete key. Try again."
	busy        = "The storage account is busy. Try again."
	away        = "The storage account did not answer. Try again."
	late        = "The storage account did not answer in time. Try again."
)

// retryAfter is what clients are told where Azure does not say itself.
const retryAfter = 2 * time.Second

// translate makes an error of firn's out of a failed request for a key, which has no effect.
func translate(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Of(fault.Timeout, fault.Credential, "", late).Because(err)
	}
	f, ok := errors.AsType[*adlsrest.Failure](err)
	switch {
	case !ok || f.Status == 0 || f.Status >= 500 && !f.Busy() || f.Status == 408:
		return fault.Of(fault.Unavailable, fault.Credential, "", away).After(retryAfter).Because(err)
	case f.Busy():
		return fault.Of(fault.Unavailable, fault.Credential, "", busy).After(max(retryAfter, f.RetryAfter)).Because(err)
	case f.Status == 401 || f.Status == 403:
		return fault.Of(fault.Forbidden, fault.Credential, "", notAllowed).Because(err)
	}
	return fault.Of(fault.Invalid, fault.Credential, "", notTaken).Because(err)
}
