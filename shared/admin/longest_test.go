package admin

import (
	"testing"

	"firn/shared/lake"
	"firn/shared/revoke"
)

// What a credential opens is kept from others as long as revocations are kept for it.
func TestCredentialLife_IsWhatRevocationsReckonWith(t *testing.T) {
	if want := revoke.Longest + revoke.Settle; lake.CredentialLife != want {
		t.Errorf("got %s, want %s", lake.CredentialLife, want)
	}
}
