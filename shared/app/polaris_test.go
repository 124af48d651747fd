package app

import (
	"flag"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"firn/shared/app/polaristest"
	"firn/shared/storagepolicy/storagepolicytest"
)

// testdata/polaris/README.md says what the files are and how an entry is moved from "unexplained:".
const (
	recordings = "testdata/polaris"
	listed     = recordings + "/deviations.txt"
	matrix     = "rbac-matrix"
)

var updateDeviations = flag.Bool("update-deviations", false, "rewrite "+listed)

// asked gives the server to ask: a fresh one in this process with the settings of the recorded one, or FIRN_POLARIS_URL.
func asked(t *testing.T, namesLedWith string) polaristest.Config {
	t.Helper()
	c := polaristest.Config{ID: "root", Secret: "s3cr3t", Warehouse: "file://" + t.TempDir(), Now: time.Now}
	if url := os.Getenv("FIRN_POLARIS_URL"); url != "" {
		c.Base, c.NamesLedWith = url, namesLedWith
		c.Doer = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		return c
	}
	s := newServer(t, func(c *Config) {
		c.StoragePolicy, c.AllowOverlappingCatalogs, c.RequireRotation, c.MaxBody = storagepolicytest.WithFolders(storagepolicytest.Lenient([]string{"http://e:9000", "http://i:9000", "http://s:9000"})), true, true, 1_000_000
	})
	c.Base, c.Doer = "http://firn.test", polaristest.Handler{Handler: s.Handler}
	return c
}

// deviations are read once: several tests judge by them, and one rewrites them.
var deviations = sync.OnceValues(func() (*polaristest.Deviations, error) { return polaristest.ReadDeviations(listed) })

// judge fails the test for each deviation that is not listed, and for what is listed and did not happen. It gives what
// is not listed.
func judge(t *testing.T, scenario string, found []polaristest.Deviation, whole bool) []polaristest.Deviation {
	t.Helper()
	d, err := deviations()
	if err != nil {
		t.Fatal(err)
	}
	rest := d.Unexplained(found)
	if *updateDeviations {
		return rest
	}
	for i, dev := range rest {
		const most = 50 // of one scenario: the first often explains the rest
		if i == most {
			t.Errorf("and %d more", len(rest)-most)
			break
		}
		t.Errorf("%s", dev)
	}
	if !whole {
		return rest
	}
	for _, entry := range d.Stale(scenario) {
		t.Errorf("no longer deviates: %s", entry)
	}
	return rest
}

func update(t *testing.T, scenarios []string, added []polaristest.Deviation) {
	t.Helper()
	d, err := deviations()
	if err == nil {
		err = d.Update(scenarios, added)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPolarisAnswers(t *testing.T) {
	names, err := polaristest.Scenarios(recordings)
	if err != nil {
		t.Fatal(err)
	}
	var ran []string
	var added []polaristest.Deviation
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			found, err := polaristest.Replay(asked(t, ""), recordings, name)
			if err != nil {
				t.Fatal(err)
			}
			ran = append(ran, name)
			added = append(added, judge(t, name, found, true)...)
		})
	}
	if *updateDeviations {
		update(t, ran, added)
	}
}

// TestPolarisMatrix tries a sample; FIRN_MATRIX=1, or another share of 1, says how much of the whole. Only all of it can
// tell whether an entry of the list is stale.
func TestPolarisMatrix(t *testing.T) {
	m, err := polaristest.ReadMatrix(recordings)
	if err != nil {
		t.Fatal(err)
	}
	share := 0.2
	if given := os.Getenv("FIRN_MATRIX"); given != "" {
		if share, err = strconv.ParseFloat(given, 64); err != nil {
			t.Fatalf("FIRN_MATRIX must be a share of 1: %v", err)
		}
	}
	const parts = 2 // each in a world of its own
	var mu sync.Mutex
	var found []polaristest.Deviation
	trials := 0
	t.Run("parts", func(t *testing.T) {
		for part := range parts {
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				t.Parallel()
				n, devs, err := m.Check(asked(t, strconv.Itoa(part)), share, part, parts)
				if err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				defer mu.Unlock()
				trials, found = trials+n, append(found, devs...)
			})
		}
	})
	t.Logf("%d of %d trials", trials, m.Trials())
	added := judge(t, matrix, found, share >= 1)
	if *updateDeviations && share >= 1 {
		update(t, []string{matrix}, added)
	}
}
