package bolt

import (
	"path/filepath"
	"testing"

	"firn/shared/kv"
	"firn/shared/kv/kvtest"
)

func openTest(t *testing.T, c Config) *DB {
	t.Helper()
	if c.Path == "" {
		c.Path = filepath.Join(t.TempDir(), "firn.db")
	}
	db, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestContract(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Driver { return openTest(t, Config{NoSync: true}) })
}
