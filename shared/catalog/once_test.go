package catalog_test

import (
	"encoding/json"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/iceberg"
)

// A try that was refused had looked at its table: what it remembered of it is not that it was done.
func TestARefusedChangeIsRefusedAgainUnderItsKey(t *testing.T) {
	w := newWorld(t)
	_, err := w.create("t")
	w.must(err)
	stale := put("x", "1")
	stale.Requirements, err = iceberg.DecodeRequirements(json.RawMessage(`[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":7}]`))
	w.must(err)
	for _, try := range []string{"first", "second"} {
		err := w.Once(t.Context(), w.admin, "0192e7a2-0000-7000-8000-000000000000", "hash", func(s *catalog.Service) error {
			_, err := s.CommitTable(t.Context(), w.admin, "c", table("t"), stale)
			return err
		})
		expect(t, try+" try", err, fault.CommitFailed)
	}
}
