package aws

import (
	"regexp"
	"slices"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

// keyARN is the ARN of one key, with its Region. An alias is none: a policy does not open a key by it (KMS developer guide,
// "Specifying KMS keys in IAM policy statements").
var keyARN = regexp.MustCompile(`^arn:[a-z0-9-]+:kms:([a-z0-9-]+):[0-9]+:key/[A-Za-z0-9-]+$`)

// kmsKeys are the keys that the catalog's storage names, and the condition under which they may be used: none are opened
// where none is named. With bucket keys the encryption context is the bucket, so access to a key cannot be narrowed to a
// prefix; reading an object still needs GetObject on it.
//
// S3 uses keys of the bucket's Region alone, so the key's Region is the Region of S3. What follows it in kms:ViaService is the
// partition's domain, which AWS sets and a star may stand for.
func kmsKeys(use kmsUse, storage *lake.Storage) (keys []string, via *condition, err error) {
	if use == kmsNone || storage.KMSUnavailable != nil && *storage.KMSUnavailable {
		return nil, nil, nil
	}
	var services []string
	for _, key := range append([]string{storage.CurrentKMSKey}, storage.AllowedKMSKeys...) {
		if key == "" || slices.Contains(keys, key) {
			continue
		}
		parts := keyARN.FindStringSubmatch(key)
		if parts == nil {
			return nil, nil, fault.Of(fault.Invalid, fault.Credential, "", "A KMS key of this catalog's storage is not the ARN of one key: neither an alias nor a wildcard is one.")
		}
		keys = append(keys, key)
		if service := "s3." + parts[1] + ".*"; !slices.Contains(services, service) {
			services = append(services, service)
		}
	}
	if use == kmsViaS3 {
		via = like("kms:ViaService", services)
	}
	return keys, via, nil
}

// kmsActions: S3 itself decrypts on a get, makes data keys on a put, and needs both for a multipart upload.
func kmsActions(a vend.Actions) []string {
	switch {
	case a.Has(vend.Write):
		return []string{"kms:Decrypt", "kms:GenerateDataKey"}
	case a.Has(vend.Read):
		return []string{"kms:Decrypt"}
	}
	return nil
}
