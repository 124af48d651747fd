package app

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"firn/shared/lake"
)

const (
	bombLimit = "256MiB"  // of the process that is attacked, as Go's own limit
	bombPeak  = 384 << 20 // bytes that it may have at most, with its program, its table's file and its stacks
)

// zeros returns a gzip stream of n zeros between two texts: a thousandth of n.
func zeros(t *testing.T, before string, n int, after string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	piece := bytes.Repeat([]byte("0"), 1<<20)
	_, err := io.WriteString(z, before)
	for left := n; left > 0 && err == nil; left -= len(piece) {
		_, err = z.Write(piece[:min(left, len(piece))])
	}
	if err == nil {
		_, err = io.WriteString(z, after)
	}
	if err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb sends a request many times at once and returns the statuses of the answers.
func bomb(t *testing.T, times int, request func() *http.Request) map[int]int {
	t.Helper()
	var mu sync.Mutex
	got := map[int]int{}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: times, DisableCompression: true}}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	for range times {
		group.Go(func() {
			status := 0
			if w, err := client.Do(request()); err == nil {
				_, _ = io.Copy(io.Discard, w.Body)
				w.Body.Close()
				status = w.StatusCode
			}
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	group.Wait()
	return got
}

// peak returns the most memory that a process has had, in bytes.
func peak(t *testing.T, p *process) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatalf("the process is gone: %v: %s", err, p.logged())
	}
	_, line, _ := strings.Cut(string(text), "VmHWM:")
	kb, err := strconv.ParseInt(strings.Fields(line)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// A server with little memory lives through what strangers, callers and tables do to it, and answers others
// meanwhile.
func TestAServerUnderAMemoryLimitLivesThroughBombs(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the memory of a process cannot be seen here")
	}
	config, err := json.Marshal(ServeConfig{Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", StoreListen: "127.0.0.1:0", Realms: []string{"POLARIS"}, MaxBody: 10 << 20, UniqueLocations: true})
	if err != nil {
		t.Fatal(err)
	}
	p := startSelf(t, childEnv+"="+string(config), "GOMEMLIMIT="+bombLimit)
	c := p.login(t)
	c.setUp(t)
	small := zeros(t, "", 10<<20, "")
	post := func(path, token, media string, body []byte) func() *http.Request {
		return func() *http.Request {
			r, err := http.NewRequest("POST", c.base+path, bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", media)
			r.Header.Set("Authorization", "Bearer "+token)
			if media != "" && body[0] == 0x1f {
				r.Header.Set("Content-Encoding", "gzip")
			}
			return r
		}
	}
	const namespaces = "/api/catalog/v1/lake/namespaces"
	loads := c.largeTables(t)
	registration := c.bombFile(t)
	for _, row := range []struct {
		name    string
		times   int
		request func() *http.Request
		want    []int
	}{
		{"strangers at the token endpoint", 300, post("/api/catalog/v1/oauth/tokens", "none", "application/x-www-form-urlencoded", small), []int{415}},
		{"bad tokens", 300, post(namespaces, "none", "application/json", small), []int{401}},
		{"made-up bearers of shares", 300, post("/api/sharing/shares/s/schemas/s/tables/t/temporary-table-credentials",
			lake.NewBearer(lake.NewID()).Reveal(), "application/json", small), []int{401, 429}},
		{"callers", 100, post(namespaces, c.bearer, "application/json", small), []int{400, 413, 503}},
		{"a metadata file that inflates to 250 MB", 16, post(namespaces+"/n/register", c.bearer, "application/json", registration), []int{413}},
		{"loads of tables of 7 MiB", 16, loads, []int{200, 503}},
	} {
		t.Run(row.name, func(t *testing.T) {
			stop, others := make(chan struct{}), make(chan int)
			go func() {
				answered := 0
				for {
					select {
					case <-stop:
						others <- answered
						return
					default:
					}
					if status, answer, err := c.ask("GET", "/api/catalog/v1/config?warehouse=lake", ""); status != 200 {
						t.Errorf("another caller meanwhile: got %d %s %v, want 200", status, answer, err)
					}
					answered++
				}
			}()
			got := bomb(t, row.times, row.request)
			close(stop)
			if n := <-others; n == 0 {
				t.Error("no other caller was answered meanwhile")
			}
			for status := range got {
				if !slices.Contains(row.want, status) {
					t.Errorf("got %v, want %v alone", got, row.want)
				}
			}
			most := peak(t, p)
			t.Logf("answers %v, at most %d MiB until now", got, most>>20)
			if most > raced*bombPeak {
				t.Errorf("got %d MiB at most, want %d", most>>20, raced*bombPeak>>20)
			}
		})
	}
}

// madeTable makes a table and returns its location, its metadata, and what writes into its folder.
func (c *client) madeTable(t *testing.T, name string) (folder string, metadata json.RawMessage, put func(file string, data []byte)) {
	t.Helper()
	var made struct {
		Metadata json.RawMessage
		Config   map[string]string
	}
	answer := c.must(t, "POST", "/api/catalog/v1/lake/namespaces/n/tables", `{"name":"`+name+`","schema":{"type":"struct","fields":[]}}`, "X-Iceberg-Access-Delegation: vended-credentials")
	if err := json.Unmarshal(answer, &made); err != nil {
		t.Fatal(err)
	}
	var head struct{ Location string }
	if err := json.Unmarshal(made.Metadata, &head); err != nil {
		t.Fatal(err)
	}
	store := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(made.Config["s3.endpoint"]), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(made.Config["s3.access-key-id"], made.Config["s3.secret-access-key"], made.Config["s3.session-token"])})
	bucket, key, _ := strings.Cut(strings.TrimPrefix(head.Location, "s3://"), "/")
	return head.Location, made.Metadata, func(file string, data []byte) {
		t.Helper()
		if _, err := store.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(key + "/" + file), Body: bytes.NewReader(data)}); err != nil {
			t.Fatal(err)
		}
	}
}

// bombFile puts a metadata file of 243 KB that inflates to 250 MB, and returns the body of its registration.
func (c *client) bombFile(t *testing.T) []byte {
	t.Helper()
	folder, _, put := c.madeTable(t, "bomb")
	put("metadata/00009-bomb.gz.metadata.json", zeros(t, `{"x":"`, 250<<20, `"}`))
	c.must(t, "DELETE", "/api/catalog/v1/lake/namespaces/n/tables/bomb", "") // whose folder nothing is registered from
	return fmt.Appendf(nil, `{"name":"registered","metadata-location":"%s/metadata/00009-bomb.gz.metadata.json"}`, folder)
}

// largeTables makes eight tables of 7 MiB of metadata each, and returns what loads one after the other, as
// clients do that take no compression.
func (c *client) largeTables(t *testing.T) func() *http.Request {
	t.Helper()
	const tables, most = 8, 7 << 20
	for i := range tables {
		name := fmt.Sprint("large", i)
		folder, metadata, put := c.madeTable(t, "first-"+name)
		var list strings.Builder
		for n := 1; list.Len() < most; n++ {
			if n > 1 {
				list.WriteByte(',')
			}
			fmt.Fprintf(&list, `{"snapshot-id":%d,"sequence-number":0,"timestamp-ms":1700000000000,"manifest-list":"%s/metadata/snap-%d.avro","summary":{"operation":"append","added-data-files":"4",
				"added-records":"41200","total-records":"91823000","total-files-size":"9922382012"},"schema-id":0}`, n, folder, n)
		}
		file := folder + "/metadata/00009-large.metadata.json"
		put("metadata/00009-large.metadata.json", bytes.Replace(metadata, []byte(`"snapshots":[]`), []byte(`"snapshots":[`+list.String()+`]`), 1))
		c.must(t, "DELETE", "/api/catalog/v1/lake/namespaces/n/tables/first-"+name, "")
		c.must(t, "POST", "/api/catalog/v1/lake/namespaces/n/register", fmt.Sprintf(`{"name":%q,"metadata-location":%q}`, name, file))
	}
	var mu sync.Mutex
	next := 0
	return func() *http.Request {
		mu.Lock()
		defer mu.Unlock()
		next++
		r, err := http.NewRequest("GET", fmt.Sprintf("%s/api/catalog/v1/lake/namespaces/n/tables/large%d", c.base, next%tables), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+c.bearer)
		return r
	}
}
