// Package objects lets a function read and write metadata files.
package objects

import (
	"firn/shared/app/function"
	"firn/shared/app/gcp"
	"firn/shared/app/outgoing"
	"firn/shared/app/storagekeys"
	"firn/shared/blob"
	"firn/shared/blob/azure"
	"firn/shared/blob/s3"
)

// Files opens S3 and compatible stores, GCS and ADLS Gen2, with vended keys, or, of stores without STS, with the
// credentials that the storage names: the function's own rights open nothing.
func Files(e *function.Env) (blob.Opener, error) {
	opener, err := s3.New(s3.Config{Base: outgoing.AWS(e.AWS, e.Client), Named: storagekeys.Secrets(e.AWS, e.StorageSecrets, e.Now)})
	if err != nil {
		return nil, err
	}
	google, err := gcp.Read(e.Getenv)
	if err != nil {
		return nil, err
	}
	google.Client = e.Client
	return blob.ByStorage{Policy: e.StoragePolicy, S3: opener, GCS: google.Opener(), Azure: azure.New(azure.Config{Transport: e.Client.Transport})}, nil
}
