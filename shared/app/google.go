package app

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"

	"firn/shared/app/gcp"
	"firn/shared/app/gcp/adc"
	"firn/shared/blob"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/gcs"
)

// addGoogle adds the drivers of GCS, and gives what forgets the keys that they keep. Who the server is to Google is
// looked for when a key is first asked for, unless the environment names a provider that takes AWS's word.
func addGoogle(ctx context.Context, c Config, vendor *vend.ByStorage, opener *blob.ByStorage) (forget func(...lake.ID), err error) {
	settings, err := gcp.Read(os.Getenv)
	if err != nil {
		return nil, err
	}
	var self gcs.Identity = adc.Here(settings)
	if settings.Audience != "" {
		cloud, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("read the AWS configuration: %w", err)
		}
		self = gcp.Federate(settings, cloud)
	}
	settings.Client = c.Client // and not before: the identity is found at a metadata service
	v, err := settings.Vendor(self, c.Now)
	if err != nil {
		return nil, err
	}
	cache := vend.NewCache(vend.CacheConfig{Vendor: v, Now: c.Now, Bytes: c.Memory.Credentials})
	vendor.GCS, opener.GCS = cache, settings.Opener()
	return cache.Forget, nil
}
