package fire

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"firn/shared/token"
)

// killing is how processes are started for a table, and where their files are.
type killing struct {
	settings    settings
	processes   int
	storage, at string // of the catalog
	settle      func() // waits for what the processes have sent
}

func TestNoCommitIsLostOrAppliedTwiceWhenProcessesAreKilled(t *testing.T) {
	rows := []struct {
		name string
		open func(t *testing.T, w *world) killing
	}{
		{"bolt", func(t *testing.T, _ *world) killing {
			return killing{settings{Data: filepath.Join(t.TempDir(), "data")}, 1, `{"storageType":"S3"}`, "s3://lake/wh", func() {}}
		}},
		{"dynamodb", func(t *testing.T, w *world) killing {
			to, table := endpoint(t)
			wire, url := newWire(t, to, w.wireFault)
			keys, err := token.NewKeys()
			must(t, err)
			pem, err := keys.PEM()
			must(t, err)
			return killing{settings{Endpoint: url, Table: table, Keys: pem.Reveal()}, 2, `{"storageType":"FILE"}`, "file://" + filepath.ToSlash(t.TempDir()), wire.settle}
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			seed := setting(t, "FIRN_FIRE_SEED", rand.Uint64())
			t.Logf("FIRN_FIRE_SEED=%d", seed)
			w := newFaults(seed)
			k := row.open(t, w)
			all := k.start(t)
			c := newCrew(newClient(t), seed, func() []string { return urls(all) })
			c.login(t, urls(all)[0])
			c.setUp(t, urls(all)[0], k.storage, k.at)
			c.populate(t)
			for round := range int(setting(t, "FIRN_FIRE", 3)) {
				w.raging.Store(true)
				c.untilKilled(round, all)
				w.raging.Store(false)
				k.settle()
				all = k.start(t)
				c.settle(t)
			}
			c.check(t)
			c.verifyFiles(t, func(uri string) ([]byte, error) {
				if path, ok := strings.CutPrefix(uri, "file:"); ok {
					return os.ReadFile(filepath.FromSlash(path))
				}
				return os.ReadFile(filepath.Join(k.settings.Data, "objects", "realm=POLARIS", filepath.FromSlash(strings.TrimPrefix(uri, "s3://"))))
			})
			counts := c.counts()
			t.Logf("told %v after faults %v", counts, w.happened)
			if counts[done] < 60 || counts[unknown] == 0 {
				t.Errorf("got %v: nothing was going on", counts)
			}
		})
	}
}

func (k *killing) start(t *testing.T) (all []*process) {
	t.Helper()
	for range k.processes {
		all = append(all, start(t, k.settings))
	}
	return all
}

func urls(all []*process) (out []string) {
	for _, p := range all {
		out = append(out, p.url)
	}
	return out
}

// mostOperations is how many a writer does at most before the processes are killed.
const mostOperations = 1000

// untilKilled lets the writers work until all processes are killed, at the moment when some change is acknowledged.
func (c *crew) untilKilled(round int, all []*process) {
	var over atomic.Bool
	c.target = c.acked.Load() + 15 + rand.Int64N(30)
	c.reached = func() {
		over.Store(true)
		for _, p := range all {
			p.kill()
		}
	}
	c.work(round, mostOperations, over.Load)
}
