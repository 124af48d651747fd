// Package probing lets a function try the storage of catalogs that it has no right to hand out keys to.
package probing

import (
	"context"
	"time"

	"firn/shared/app/administration"
	"firn/shared/app/function"
	"firn/shared/app/outgoing"
	"firn/shared/blob"
	"firn/shared/blob/s3"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/probe"
	"firn/shared/vend"
	"firn/shared/vend/aws"
)

// keysLive is how long the keys of a probe do: the least that STS makes.
const keysLive = 15 * time.Minute

// Prober tries roles of AWS.
func Prober(e *function.Env) (*probe.Prober, error) {
	abroad := outgoing.AWS(e.AWS, e.Client)
	sts, err := aws.New(aws.Config{Base: abroad, Duration: keysLive, Log: e.Log})
	if err != nil {
		return nil, err
	}
	files, err := s3.New(s3.Config{Base: abroad})
	if err != nil {
		return nil, err
	}
	return administration.Prober(&e.Base, vend.ByStorage{Policy: e.StoragePolicy, S3: roles{sts}}, blob.ByStorage{Policy: e.StoragePolicy, S3: files}, e.Client, true), nil
}

// roles vends for roles of AWS alone, which can tell a probe from vending. With other storage a function that may try it may
// also hand out keys to it.
type roles struct{ vend.Vendor }

var _ vend.Vendor = roles{}

// Vend mints a key; Unsupported for other storage, which is then taken for what cannot be tried.
func (r roles) Vend(ctx context.Context, storage *lake.Storage, g vend.Grant) (vend.Credential, error) {
	if storage.Type != lake.S3 || storage.RoleARN == "" || storage.Name != "" || storage.S3Profile() != lake.ProfileAWS {
		return vend.Credential{}, fault.Of(fault.Unsupported, fault.Credential, "", "The function that manages catalogs can try roles of AWS alone: it has no right to other storage.")
	}
	return r.Vendor.Vend(ctx, storage, g)
}
