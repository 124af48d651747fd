package vend

import (
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/storagepolicy/storagepolicytest"
)

// A policy that was tightened holds for what a cache still has: it is asked before the cache.
func TestByStorage_ThePolicyIsAskedBeforeTheCache(t *testing.T) {
	_, cache := newMint(time.Hour)
	_, g := testGrant(t)
	storage := &lake.Storage{Type: lake.S3, Endpoint: "http://minio:9000"}
	lenient := ByStorage{Policy: storagepolicytest.Lenient([]string{"http://minio:9000"}), S3: cache}
	if _, err := lenient.Vend(t.Context(), storage, g); err != nil {
		t.Fatal(err)
	}
	if _, err := (ByStorage{S3: cache}).Vend(t.Context(), storage, g); !fault.Is(err, fault.Forbidden) {
		t.Errorf("got %v, want it forbidden", err)
	}
	if err := (ByStorage{S3: cache}).Check(storage, g); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a check: got %v, want it forbidden", err)
	}
}
