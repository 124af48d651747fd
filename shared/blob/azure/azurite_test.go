package azure

import (
	"fmt"
	"testing"
	"time"

	"firn/shared/blob"
	"firn/shared/blob/blobtest"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/azure/azuretest"
)

// One container of Microsoft's emulator, with a SAS of its account's owner: it knows no SAS for a directory, and no DFS
// endpoint, so there is nothing outside that would be denied, and no sweep.
func TestBlobtestOnAzurite(t *testing.T) {
	emulator := azuretest.OpenAzurite(t)
	blobtest.Run(t, func(t *testing.T) blobtest.Store {
		name := fmt.Sprintf("c%d", time.Now().UnixNano())
		emulator.MakeContainer(t, name)
		open := func(c Config) blob.Bucket {
			c.Transport = emulator
			cred := vend.Credential{Azure: &vend.AzureCredential{Account: azuretest.AzuriteAccount, Domain: "core.windows.net", SAS: lake.Secret(emulator.AccountSAS(t))}}
			b, err := New(c).Open(t.Context(), blob.Scope{Storage: &lake.Storage{Type: lake.Azure}}, cred)
			if err != nil {
				t.Fatal(err)
			}
			return struct{ blob.Bucket }{b}
		}
		folder := "abfss://" + name + "@" + azuretest.AzuriteAccount + ".dfs.core.windows.net/t/"
		return blobtest.Store{Bucket: open(Config{}), Limited: open(Config{Limit: blobtest.Limit}),
			Folder: prefix(t, folder), Outside: prefix(t, "abfss://"+name+"@elsewhere.dfs.core.windows.net/t/")}
	})
}
