package vend

import (
	"testing"
	"time"

	"firn/shared/fault"
)

func TestWhatEndsTooSoonIsNotGiven(t *testing.T) {
	for life, want := range map[time.Duration]bool{
		time.Hour: true, MinRemaining: true, MinRemaining - clockSkew: true, MinRemaining - clockSkew - time.Second: false, -time.Minute: false,
	} {
		m, _ := newMint(life)
		storage, g := testGrant(t)
		cred, err := Lasting{Vendor: m, Now: m.clock}.Vend(t.Context(), storage, g)
		if want && (err != nil || cred.ID == "") || !want && (!fault.Is(err, fault.Unavailable) || cred != (Credential{})) {
			t.Errorf("%v: got %v, %v, want it given: %v", life, cred, err, want)
		}
	}
	m, _ := newMint(time.Hour)
	m.err = fault.New(fault.Forbidden, "no")
	storage, g := testGrant(t)
	if cred, err := (Lasting{Vendor: m, Now: m.clock}).Vend(t.Context(), storage, g); !fault.Is(err, fault.Forbidden) || cred != (Credential{}) {
		t.Errorf("refused: got %v, %v, want the refusal and no credential", cred, err)
	}
}
