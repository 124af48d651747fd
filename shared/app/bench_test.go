package app

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const typical = "/api/catalog/v1/lake/namespaces/n/tables/typical"

// makeTypical makes a table of 20 columns and 50 snapshots.
func (c *client) makeTypical(t testing.TB) {
	t.Helper()
	var fields []string
	for i := range 20 {
		fields = append(fields, fmt.Sprintf(`{"id":%d,"name":"column_%d","required":false,"type":"string","doc":"the column number %d"}`, i+1, i, i))
	}
	var made struct {
		Metadata struct {
			Location string `json:"location"`
		} `json:"metadata"`
	}
	answer := c.must(t, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"typical","schema":{"type":"struct","fields":[`+strings.Join(fields, ",")+`]}}`)
	if err := json.Unmarshal(answer, &made); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		c.must(t, "POST", typical, appendSnapshot(made.Metadata.Location, int64(i), int64(i+1), int64(i+1)))
	}
}

// appendSnapshot is the commit of an engine that appends: snapshot id on top of parent, 0: the first.
func appendSnapshot(location string, parent, sequence, id int64) string {
	ref, on := "null", ""
	if parent != 0 {
		ref, on = fmt.Sprint(parent), fmt.Sprintf(`"parent-snapshot-id":%d,`, parent)
	}
	return fmt.Sprintf(`{"requirements":[{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":%s}],"updates":[{"action":"add-snapshot","snapshot":{"snapshot-id":%d,%s
		"sequence-number":%d,"timestamp-ms":%d,"manifest-list":"%s/metadata/snap-%d.avro","schema-id":0,"summary":{"operation":"append","spark.app.id":"local-1700000000000",
		"added-data-files":"4","added-records":"41200","added-files-size":"3812044","changed-partition-count":"2","total-records":"91823000","total-files-size":"9922382012",
		"total-data-files":"9122","total-delete-files":"0","total-position-deletes":"0","total-equality-deletes":"0"}}},
		{"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":%d}]}`, ref, id, on, sequence, time.Now().UnixMilli(), location, id, id)
}

// BenchmarkLoadTable sets the requests per second of loadTable, at 8 at once, against a bare net/http handler in a process
// of its own that answers the same bytes to the same client.
func BenchmarkLoadTable(b *testing.B) {
	firn := startProcess(b, b.TempDir())
	c := firn.login(b)
	c.setUp(b)
	c.makeTypical(b)
	for _, v := range []struct {
		name   string
		header map[string]string
	}{
		{"plain", nil},
		{"vended", map[string]string{"X-Iceberg-Access-Delegation": "vended-credentials"}},
		{"plain,gzip", map[string]string{"Accept-Encoding": "gzip"}},
		{"vended,gzip", map[string]string{"Accept-Encoding": "gzip", "X-Iceberg-Access-Delegation": "vended-credentials"}},
	} {
		b.Run(v.name, func(b *testing.B) {
			r, err := http.NewRequest(http.MethodGet, c.base+typical, nil)
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+c.bearer)
			for name, value := range v.header {
				r.Header.Set(name, value)
			}
			load := load{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency, DisableCompression: true}}}
			defer load.http.CloseIdleConnections()
			bare := r.Clone(b.Context())
			bare.URL.Host = strings.TrimPrefix(startBare(b, load.one(b, r)).base, "http://")
			var took [2]time.Duration
			rounds := 0
			for b.Loop() {
				took[0] += load.round(b, r)
				took[1] += load.round(b, bare)
				rounds++
			}
			perSecond := func(d time.Duration) float64 { return float64(rounds*roundSize) / d.Seconds() }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(perSecond(took[0]), "firn/s")
			b.ReportMetric(perSecond(took[1]), "bare/s")
			b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
		})
	}
}

const (
	concurrency = 8
	roundSize   = 400
)

type load struct{ http *http.Client }

// one sends a request and gives the answer's bytes.
func (l load) one(b *testing.B, r *http.Request) recorded {
	b.Helper()
	w, err := l.http.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Body.Close()
	body, err := readAll(w.Body)
	if err != nil || w.StatusCode != 200 {
		b.Fatalf("got %d %s %v, want 200", w.StatusCode, body, err)
	}
	return recorded{w.Header, body}
}

// round sends roundSize requests, concurrency at once.
func (l load) round(b *testing.B, r *http.Request) time.Duration {
	b.Helper()
	start := time.Now()
	var group sync.WaitGroup
	for range concurrency {
		group.Go(func() {
			for range roundSize / concurrency {
				w, err := l.http.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				n, err := drain(w)
				if err != nil || w.StatusCode != 200 {
					b.Errorf("got %d, %d bytes, %v, want 200", w.StatusCode, n, err)
				}
			}
		})
	}
	group.Wait()
	return time.Since(start)
}

// recorded is an answer that a bare server repeats.
type recorded struct {
	Header http.Header
	Body   []byte
}

// bareEnv makes the test binary a bare server: its value is the file of a recorded answer.
const bareEnv = "FIRN_TEST_BARE"

func startBare(b *testing.B, answer recorded) *process {
	b.Helper()
	text, err := json.Marshal(answer)
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(b.TempDir(), "answer.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		b.Fatal(err)
	}
	return startSelf(b, bareEnv+"="+file)
}

func bare(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 1
	}
	var answer recorded
	if err := json.Unmarshal(text, &answer); err != nil {
		return 1
	}
	answer.Header.Del("Date")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	fmt.Printf("a catalog at http://%s/api/catalog\n", l.Addr())
	_ = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), answer.Header)
		_, _ = w.Write(answer.Body)
	}))
	return 1
}

func drain(w *http.Response) (int64, error) {
	defer w.Body.Close()
	return io.Copy(io.Discard, w.Body)
}

func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(r) }
