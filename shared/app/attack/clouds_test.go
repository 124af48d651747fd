package attack

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"firn/shared/blob"
	blobazure "firn/shared/blob/azure"
	blobgcs "firn/shared/blob/gcs"
	"firn/shared/lake"
	"firn/shared/storagepolicy/storagepolicytest"
	"firn/shared/vend"
	vendazure "firn/shared/vend/azure"
	"firn/shared/vend/azure/azuretest"
	vendgcs "firn/shared/vend/gcs"
	"firn/shared/vend/gcs/gcstest"
)

// self is firn's identity at Google.
type self struct{ cloud *gcstest.Server }

func (s self) Token(context.Context) (vendgcs.Token, error) {
	value, expires := s.cloud.Identity(time.Hour)
	return vendgcs.Token{Value: lake.Secret(value), Expires: expires}, nil
}

// google is Cloud Storage as gcstest enforces it: it evaluates the conditions of access boundaries.
func google(t *testing.T, _ *slog.Logger) *bed {
	cloud := gcstest.New(t, time.Now)
	client := cloud.Client()
	vendor, err := vendgcs.New(vendgcs.Config{Identity: self{cloud}, Now: time.Now, Client: client})
	must(t, err)
	cache := vend.NewCache(vend.CacheConfig{Vendor: vendor, Now: time.Now})
	lenient := storagepolicytest.Lenient(nil)
	b := &bed{policy: lenient, scheme: "gs", other: "gcs", lake: "lake", vault: "vault", config: map[string]any{"storageType": "GCS"},
		vendor: vend.ByStorage{Policy: lenient, GCS: cache}, files: blob.ByStorage{Policy: lenient, GCS: blobgcs.New(blobgcs.Config{Client: client})}, revoked: cache.Forget,
		pick: func(t *testing.T, k key) burglar { return plainBurglar{t, client, gcsRequest(k.token)} },
		put:  func(bucket, key, text string) { cloud.Seed(bucket, key, text) },
		list: func(bucket string) map[string]string {
			owner, _ := cloud.Identity(time.Hour)
			r, err := gcsRequest(owner)("list", object{bucket, ""}, object{})
			must(t, err)
			var page struct {
				Items []struct{ Name string }
				Next  string `json:"nextPageToken"`
			}
			must(t, json.Unmarshal(ask(t, client, r), &page))
			if page.Next != "" {
				t.Fatal("more than a page")
			}
			all := map[string]string{}
			for _, item := range page.Items {
				all[item.Name], _ = cloud.Look(bucket, item.Name)
			}
			return all
		}}
	b.has = b.there
	return b
}

// entra gives firn's token at Azure.
type entra struct{}

func (entra) Token(context.Context, string, string) (lake.Secret, error) { return "entra-token", nil }

const (
	tenant = "7e2a47d0-1111-4222-8333-444455556666"
	host   = "acc.dfs.core.windows.net"
)

// adls is Azure storage as azuretest enforces it: it signs each SAS anew.
func adls(t *testing.T, _ *slog.Logger) *bed {
	cloud := azuretest.New(t, time.Now)
	cloud.Trust("entra-token", tenant)
	wire := cloud.Transport()
	client := &http.Client{Transport: wire}
	for _, container := range []string{"lake", "vault"} {
		cloud.Seed("acc", container, "", "")
	}
	vendor, err := vendazure.New(vendazure.Config{Identity: entra{}, Now: time.Now, Transport: wire})
	must(t, err)
	seeded := map[object]bool{}
	lenient := storagepolicytest.Lenient(nil)
	return &bed{policy: lenient, scheme: "abfss", other: "wasbs", folders: true, lake: "lake@" + host, vault: "vault@" + host,
		config: map[string]any{"storageType": "AZURE", "tenantId": tenant, "hierarchical": true},
		vendor: vend.ByStorage{Policy: lenient, Azure: vendor}, files: blob.ByStorage{Policy: lenient, Azure: blobazure.New(blobazure.Config{Transport: wire})}, revoked: func(...lake.ID) {},
		pick: func(t *testing.T, k key) burglar { return plainBurglar{t, client, adlsRequest(k.token)} },
		put: func(bucket, key, text string) {
			container, _, _ := strings.Cut(bucket, "@")
			cloud.Seed("acc", container, key, text)
			seeded[object{bucket, key}] = true
		},
		has: func(o object) bool {
			container, _, _ := strings.Cut(o.bucket, "@")
			_, there := cloud.Holds("acc", container, o.key)
			return there
		},
		list: func(bucket string) map[string]string { // of what was seeded: the cloud has no owner's list
			container, _, _ := strings.Cut(bucket, "@")
			all := map[string]string{}
			for o := range seeded {
				for _, key := range []string{o.key, parent(o) + "planted", o.key + ".planted"} {
					if text, there := cloud.Holds("acc", container, key); there && o.bucket == bucket {
						all[key] = text
					}
				}
			}
			return all
		}}
}

func ask(t *testing.T, client *http.Client, r *http.Request) []byte {
	t.Helper()
	a, err := client.Do(r)
	must(t, err)
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	must(t, err)
	return text
}
