package catalog_test

import (
	"encoding/json"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
	"firn/shared/kv/faulty"
)

const onceKey = "0192e7a2-0000-7000-8000-000000000000"

// Once it is known that another try of the request has left its record, what goes wrong is no reason to say that nothing
// happened.
func TestARequestWhoseOtherTryWasDoneIsNotToldToComeAgain(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	commit := func(change catalog.Change) func(*catalog.Service) error {
		return func(s *catalog.Service) error {
			_, err := s.CommitTable(t.Context(), w.admin, "c", table("t"), change)
			return err
		}
	}
	tries := 0
	err = w.Once(t.Context(), w.admin, onceKey, "hash", func(s *catalog.Service) error {
		if tries++; tries == 1 {
			refused := commit(stale(t))(s)
			w.must(w.Once(t.Context(), w.admin, onceKey, "hash", commit(put("x", "1"))))
			return refused
		}
		w.db.Next(faulty.Get, faulty.Fault{Refuse: fault.Unavailable})
		return commit(stale(t))(s)
	})
	expect(t, "the request", err, fault.StateUnknown)
}

// stale is a change that no table of these tests takes.
func stale(t *testing.T) catalog.Change {
	t.Helper()
	change := put("x", "1")
	var err error
	if change.Requirements, err = iceberg.DecodeRequirements(json.RawMessage(`[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":7}]`)); err != nil {
		t.Fatal(err)
	}
	return change
}

// A try that was refused had looked at its table: what it remembered of it is not that it was done.
func TestARefusedChangeIsRefusedAgainUnderItsKey(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	for _, try := range []string{"first", "second"} {
		err := w.Once(t.Context(), w.admin, onceKey, "hash", func(s *catalog.Service) error {
			_, err := s.CommitTable(t.Context(), w.admin, "c", table("t"), stale(t))
			return err
		})
		expect(t, try+" try", err, fault.CommitFailed)
	}
}
