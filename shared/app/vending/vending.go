// Package vending lets a function hand out keys to what is in catalogs.
package vending

import (
	"context"

	"firn/shared/app/base"
	"firn/shared/app/contents"
	"firn/shared/app/entra"
	"firn/shared/app/function"
	"firn/shared/app/gcp"
	"firn/shared/app/outgoing"
	"firn/shared/app/storagekeys"
	"firn/shared/blob"
	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/rest"
	"firn/shared/sign/sigv4"
	"firn/shared/vend"
	"firn/shared/vend/aws"
	"firn/shared/vend/azure"
	"firn/shared/vend/kms"
	"firn/shared/vend/r2"
)

// Files makes what opens the object store; objects.Files is one.
type Files func(*function.Env) (blob.Opener, error)

// Contents gives the routes of the Iceberg REST catalog, and those that more makes of the same use-cases. Without files those
// that need none work.
func Contents(files Files, more ...func(*base.Base, *catalog.Service) []rest.Protocol) func(*function.Env) ([]rest.Protocol, error) {
	return func(e *function.Env) ([]rest.Protocol, error) {
		s, err := Service(e, files)
		if err != nil {
			return nil, err
		}
		all := []rest.Protocol{contents.Protocol(s), base.Operations()}
		for _, others := range more {
			all = append(all, others(&e.Base, s)...)
		}
		return all, nil
	}
}

// Service makes the use-cases, with a cache before STS and Google. Signing for Azure needs none.
func Service(e *function.Env, files Files) (*catalog.Service, error) {
	named := storagekeys.Secrets(e.AWS, e.StorageSecrets, e.Now)
	sts, err := aws.New(aws.Config{Base: outgoing.AWS(e.AWS, e.Client), Named: named, Duration: e.CredentialDuration, Log: e.Log})
	if err != nil {
		return nil, err
	}
	signed, err := r2.New(r2.Config{Named: named, Now: e.Now, Duration: e.CredentialDuration})
	if err != nil {
		return nil, err
	}
	var opener blob.Opener = noFiles{}
	if files != nil {
		if opener, err = files(e); err != nil {
			return nil, err
		}
	}
	forGCS, err := google(e)
	if err != nil {
		return nil, err
	}
	far, err := shared(e, vend.ByStorage{Policy: e.StoragePolicy, S3: sts, GCS: forGCS})
	if err != nil {
		return nil, err
	}
	cache := vend.NewCache(vend.CacheConfig{Vendor: far, Now: e.Now, Bytes: e.Memory.Credentials})
	kinds := vend.ByStorage{Policy: e.StoragePolicy, S3: cache, GCS: cache, R2: signed}
	if e.AzureClient != "" {
		kinds.Azure, err = azure.New(azure.Config{Identity: entra.Federated(e.AzureClient, e.AWS, e.Client.Transport), Now: e.Now, Transport: e.Client.Transport, Duration: e.CredentialDuration})
		if err != nil {
			return nil, err
		}
	}
	signer := sigv4.New(sigv4.Config{Region: e.AWS.Region, Named: named, Now: e.Now, Policy: e.StoragePolicy})
	return contents.Service(&e.Base, contents.Drivers{Vendor: vend.Lasting{Vendor: kinds, Now: e.Now}, Signer: signer, Files: opener, Revoked: cache.Forget}), nil
}

// google is the issuer of keys for GCS; nil where the function is nobody to Google.
func google(e *function.Env) (vend.Vendor, error) {
	settings, err := gcp.Read(e.Getenv)
	if err != nil || settings.Audience == "" {
		return nil, err
	}
	self := gcp.Federate(settings, e.AWS)
	settings.Client = e.Client
	return settings.Vendor(self, e.Now)
}

// shared lets the instances of the functions share what they mint, where the deployment has a key for that.
func shared(e *function.Env, issuer vend.Vendor) (vend.Vendor, error) {
	if e.SharedKey == "" {
		return issuer, nil
	}
	sealer, err := kms.New(kms.Config{AWS: e.AWS, Key: e.SharedKey, Now: e.Now})
	if err != nil {
		return nil, err
	}
	return vend.Shared{Vendor: issuer, Shelf: e.Store, Sealer: sealer, Now: e.Now, Log: e.Log}, nil
}

// noFiles is the object store of a function that reaches none.
type noFiles struct{}

var _ blob.Opener = noFiles{}

// Open refuses.
func (noFiles) Open(context.Context, blob.Scope, vend.Credential) (blob.Bucket, error) {
	return nil, fault.New(fault.Unsupported, "This function reaches no object store.")
}
