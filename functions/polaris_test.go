//go:build unix

package functions

import (
	"net/http"
	"testing"
	"time"

	"firn/shared/app/polaristest"
)

const recordings = "../shared/app/testdata/polaris"

// What a real Polaris answered, asked again of the functions: they deviate as `firn serve` does, and as the gateway makes
// them (testdata/deviations.txt).
func TestPolarisAnswersThroughTheFunctions(t *testing.T) {
	server, err := polaristest.ReadDeviations(recordings + "/deviations.txt")
	if err != nil {
		t.Fatal(err)
	}
	gateway, err := polaristest.ReadDeviations("testdata/deviations.txt")
	if err != nil {
		t.Fatal(err)
	}
	names, err := polaristest.Scenarios(recordings)
	if err != nil {
		t.Fatal(err)
	}
	d := deploy(t, map[string]string{"FIRN_UNIQUE_LOCATIONS": "false", "FIRN_REQUIRE_ROTATION": "true", "FIRN_ALLOW_OVERLAPPING_CATALOGS": "true", "FIRN_MAX_BODY": "1000000"})
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			found, err := polaristest.Replay(polaristest.Config{ID: "root", Secret: "s3cr3t", Warehouse: "file://" + t.TempDir(), Now: time.Now, Base: d.url,
				Doer: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, recordings, name)
			if err != nil {
				t.Fatal(err)
			}
			for _, dev := range gateway.Unexplained(server.Unexplained(found)) {
				t.Errorf("%s", dev)
			}
		})
	}
}
