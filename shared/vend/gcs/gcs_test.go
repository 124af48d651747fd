package gcs

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/vendtest"
)

func TestVendtestWithABoundaryThatGoogleApplies(t *testing.T) {
	for name, account := range map[string]string{"own account": "", "the catalog's account": catalogSA} {
		t.Run(name, func(t *testing.T) {
			vendtest.Run(t, func(t *testing.T) vendtest.Store { return newWorld(t, nil).store(account) })
		})
	}
}

func TestVendtestWithABoundaryThatFirnSeals(t *testing.T) {
	vendtest.Run(t, func(t *testing.T) vendtest.Store { return newWorld(t, clientSide).store(catalogSA) })
}

// Cloud Storage takes replacing for deleting, and so who may not delete cannot replace.
func TestAWriterWithoutDeleteReplacesNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.Seed("lake", "t/a", "before")
	put := "/upload/storage/v1/b/lake/o?uploadType=media&name=t%2Fa"
	if status, body := w.ask(t, w.vend(t, "", grant(t, vend.Read|vend.List|vend.Write, "gs://lake/t/")), http.MethodPost, put, "x"); status != http.StatusForbidden {
		t.Errorf("got %d %s, want 403", status, body)
	}
	if status, body := w.ask(t, w.vend(t, "", grant(t, vend.Write|vend.Delete, "gs://lake/t/")), http.MethodPost, put, "after"); status != http.StatusOK {
		t.Errorf("got %d %s, want 200", status, body)
	}
	if got, _ := w.Look("lake", "t/a"); got != "after" {
		t.Errorf("got %q, want after", got)
	}
}

func TestHowManyCallsAMintingCosts(t *testing.T) {
	rows := []struct {
		name        string
		account     string
		change      func(*Config)
		first, next map[string]int
	}{
		{"own account", "", nil, map[string]int{"exchange": 1}, map[string]int{"exchange": 1}},
		{"the catalog's account", catalogSA, nil, map[string]int{"impersonate": 1, "exchange": 1}, map[string]int{"exchange": 1}},
		{"sealed, own account", "", clientSide, map[string]int{"intermediary": 1}, map[string]int{}},
		{"sealed, the catalog's account", catalogSA, clientSide, map[string]int{"impersonate": 1, "intermediary": 1}, map[string]int{}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.change)
			w.vend(t, row.account, grant(t, readWrite, "gs://lake/t/"))
			if diff := cmp.Diff(w.Take(), row.first); diff != "" {
				t.Errorf("first (-got +want):\n%s", diff)
			}
			w.vend(t, row.account, grant(t, reader, "gs://lake/other/"))
			if diff := cmp.Diff(w.Take(), row.next); diff != "" {
				t.Errorf("next (-got +want):\n%s", diff)
			}
			if w.asks != 1 {
				t.Errorf("got %d tokens of firn's own, want 1", w.asks)
			}
		})
	}
}

func TestTwoMintingsDifferInTheirIDs(t *testing.T) {
	w := newWorld(t, nil)
	first, second := w.vend(t, "", grant(t, reader, "gs://lake/t/")), w.vend(t, "", grant(t, reader, "gs://lake/t/"))
	if first.ID == "" || first.ID == second.ID {
		t.Errorf("got %q and %q, want two ids", first.ID, second.ID)
	}
}

func TestAccountsThatAreNone(t *testing.T) {
	w := newWorld(t, nil)
	const message = "The gcsServiceAccount of this catalog's storage is not the address of a service account."
	for _, address := range []string{"lake", "lake@example.com", "../x@p.iam.gserviceaccount.com", "a/b@p.iam.gserviceaccount.com",
		"a@p.iam.gserviceaccount.com:signBlob", "A@p.iam.gserviceaccount.com", "a@p.iam.gserviceaccount.com.example.com", "@p.iam.gserviceaccount.com"} {
		_, err := w.vendor.Vend(t.Context(), storage(address), grant(t, reader, "gs://lake/t/"))
		fails(t, err, fault.Invalid, message)
	}
	for _, address := range []string{catalogSA, "123-compute@developer.gserviceaccount.com", "a-b@p.example.com.iam.gserviceaccount.com"} {
		if err := checkAccount(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if got := w.Take(); len(got) != 0 || w.asks != 0 {
		t.Errorf("got calls %v and %d tokens, want none", got, w.asks)
	}
}

func TestAVendorNeedsAnIdentityAndAClock(t *testing.T) {
	for _, c := range []Config{{}, {Identity: &world{}}, {Now: time.Now}} {
		if _, err := New(c); !fault.Is(err, fault.Argument) {
			t.Errorf("got %v, want an error of kind argument", err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	w := &world{now: start, life: time.Hour}
	key, err := parseSessionKey(testKeyset)
	if err != nil {
		b.Fatal(err)
	}
	v, err := New(Config{Identity: w, Now: w.clock, ClientSide: true})
	if err != nil {
		b.Fatal(err)
	}
	h := v.accounts.own.intermediary
	h.value, h.fetched, h.until = sealer{token: Token{Value: lake.Secret("t"), Expires: start.Add(time.Hour)}, key: key}, start, start.Add(reuse)
	g := grant(b, readWrite, "gs://lake/ns/t-2f1c9d/")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Vend(b.Context(), storage(""), g); err != nil {
			b.Fatal(err)
		}
	}
}
