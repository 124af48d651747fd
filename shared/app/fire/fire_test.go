// Package fire holds no code: its tests let many writers work on a whole server through its HTTP door while everything
// below it fails, and hold what the clients were told to a linearizability checker.
//
// Instances that know nothing of each other share a table and an object store. Requests and answers get lost, arrive late
// or are answered with throttling on the way to a table, between the driver's own attempts too; files are not written, or
// nobody says that they are; requests end between metadata file and swap, and between swap and answer; clients hang up,
// repeat a change under its key, twice at once; processes are killed. Writers commit, append, transact, create (directly,
// staged and in transactions), drop and rename, at one table and at many.
//
// It refuses to look into the server: a client's answers are all that is judged, and the files that they name.
//
// # Why
//
// Each change leaves a mark of its own in the table, and each answer shows the number of the version and all marks. So a
// state of the model is the set of changes so far with the latest of them, and no order explains a commit that was lost, one that
// was applied twice, or a refusal of one that landed. A change of which nobody knows the outcome may have happened at any moment
// from its call to the next calm, or never: in a calm nothing is under way any more, which keeps the checker's work small.
//
// FIRN_FIRE is the number of rounds (some, if not set), FIRN_FIRE_SEED the seed, which decides what is sent and how often
// what fails, but not in which order threads run. FIRN_TEST_DYNAMODB names a DynamoDB to take instead of the one within the process.
package fire

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// operations is how many each writer does in a round.
const operations = 6

// setting reads a number of the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	must(t, err)
	return n
}

func TestNoCommitIsLostOrAppliedTwiceUnderFire(t *testing.T) {
	for _, row := range tables {
		t.Run(row.name, func(t *testing.T) {
			seed := setting(t, "FIRN_FIRE_SEED", rand.Uint64())
			t.Logf("FIRN_FIRE_SEED=%d", seed)
			w := newWorld(t, seed, row.open)
			c := newCrew(newClient(t), seed, func() []string { return []string{w.instances[0].url, w.instances[1].url} })
			c.started = w.started
			c.login(t, c.bases()[0])
			c.setUp(t, c.bases()[0], `{"storageType":"S3"}`, "s3://lake/wh")
			c.populate(t)
			for round := range int(setting(t, "FIRN_FIRE", 4)) {
				w.raging.Store(true)
				c.work(round, operations, func() bool { return false })
				w.calm()
				c.settle(t)
			}
			c.check(t)
			c.verifyFiles(t, func(uri string) ([]byte, error) {
				return os.ReadFile(filepath.Join(w.objects, "realm=POLARIS", filepath.FromSlash(strings.TrimPrefix(uri, "s3://"))))
			})
			c.sawFire(t, w)
		})
	}
}

// started lets the door make the client of a request go away.
func (w *world) started(mark string, hangUp func()) func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hangUps[mark] = hangUp
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.hangUps, mark)
	}
}

// sawFire holds the test itself to have shown something.
func (c *crew) sawFire(t *testing.T, w *world) {
	t.Helper()
	counts := c.counts()
	t.Logf("told %v after faults %v", counts, w.happened)
	if counts[done] < 60 || counts[unknown] == 0 || len(w.happened) < 6 {
		t.Errorf("got %v after %v: no fire", counts, w.happened)
	}
}

// verifyFiles reads each table's metadata file, which must be what is answered, and those that its log names, which must
// show the marks of one change after the other.
func (c *crew) verifyFiles(t *testing.T, read func(uri string) ([]byte, error)) {
	t.Helper()
	for g, group := range groups {
		for slot := range group.names {
			d, v := c.writer(g, 0, 0).load(slot)
			if v != done {
				continue
			}
			var marks []string
			for _, file := range append(slices.Clone(d.Metadata.Log), struct {
				File string `json:"metadata-file"`
			}{d.File}) {
				text, err := read(file.File)
				var there document
				if err == nil {
					err = json.Unmarshal(text, &there.Metadata)
				}
				if err != nil {
					t.Errorf("seed %d: %s, which %s names: %v", c.seed, file.File, group.names[slot], err)
					continue
				}
				marks = append(marks, there.Metadata.Properties["last"])
			}
			if distinct := slices.Compact(slices.Sorted(slices.Values(marks))); len(distinct) != len(marks) {
				t.Errorf("seed %d: %s: got the changes %q, want each once", c.seed, group.names[slot], marks)
			}
		}
	}
}
