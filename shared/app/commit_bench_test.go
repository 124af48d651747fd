package app

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"firn/shared/kv"
	"firn/shared/kv/bolt"
)

// commitsOfARound is how many commits one side makes before it is the other's turn.
const commitsOfARound = 10 * concurrency

// BenchmarkCommit sets commits to `firn serve`, with everything written to disk, by writers of a table each, against what else
// this machine does in the same run: the two durable writes that a commit is made of, one after the other, and commits to
// Iceberg's reference server where FIRN_TEST_REFERENCE names one.
func BenchmarkCommit(b *testing.B) {
	c := startProcess(b, b.TempDir()).login(b)
	c.setUp(b)
	firn := makeWriters(b, c, tablesPath)
	sides := []side{{"firn", func(b *testing.B, writers int) { firn.commit(b, writers) }}}
	if at := os.Getenv("FIRN_TEST_REFERENCE"); at != "" {
		other := &client{base: at, http: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}}
		namespace := fmt.Sprint("n", time.Now().UnixNano())
		other.must(b, "POST", "/v1/namespaces", `{"namespace":["`+namespace+`"]}`)
		reference := makeWriters(b, other, "/v1/namespaces/"+namespace+"/tables")
		sides = append(sides, side{"reference", func(b *testing.B, writers int) { reference.commit(b, writers) }})
	}
	size := len(c.must(b, "GET", tablesPath+"/t0", ""))
	sides = append(sides, side{"two-writes", durableWrites(b, size)})
	for _, writers := range []int{1, concurrency} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			took := map[string]time.Duration{}
			for b.Loop() {
				for _, s := range sides {
					if s.name == "two-writes" && writers > 1 {
						continue // they are one writer's
					}
					start := time.Now()
					s.round(b, writers)
					took[s.name] += time.Since(start)
				}
			}
			b.ReportMetric(0, "ns/op")
			for name, d := range took {
				b.ReportMetric(float64(b.N*commitsOfARound)/d.Seconds(), name+"/s")
				b.ReportMetric(float64(d)/float64(took["firn"]), name+"/firn")
			}
		})
	}
}

// side is one of those who are compared.
type side struct {
	name  string
	round func(b *testing.B, writers int)
}

// writers commit to tables of their own, a new value of a property each time.
type committers struct {
	*client
	tables string
	sent   int
}

func makeWriters(b *testing.B, c *client, tables string) *committers {
	b.Helper()
	for i := range concurrency {
		c.must(b, "POST", tables, fmt.Sprintf(`{"name":"t%d","schema":{"type":"struct","schema-id":0,"fields":[]}}`, i))
	}
	return &committers{client: c, tables: tables}
}

func (c *committers) commit(b *testing.B, writers int) {
	c.sent++
	var group sync.WaitGroup
	for i := range writers {
		group.Go(func() {
			for n := range commitsOfARound / writers {
				status, answer, err := c.ask("POST", fmt.Sprintf("%s/t%d", c.tables, i), fmt.Sprintf(`{"requirements":[],"updates":[{"action":"set-properties","updates":{"x":"%d-%d"}}]}`, c.sent, n))
				if err != nil || status != 200 {
					b.Errorf("got %d %s %v, want 200", status, answer, err)
					return
				}
			}
		})
	}
	group.Wait()
}

// durableWrites are what nobody can save a commit: a new file, synced, with its name, and one transaction of the table's file.
func durableWrites(b *testing.B, size int) func(*testing.B, int) {
	b.Helper()
	dir := b.TempDir()
	db, err := bolt.Open(bolt.Config{Path: filepath.Join(dir, "firn.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	file, item, n := []byte(strings.Repeat("x", size)), []byte(strings.Repeat("x", 1000)), 0
	return func(b *testing.B, _ int) {
		for range commitsOfARound {
			n++
			if err := putFile(dir, fmt.Sprint(n), file); err != nil {
				b.Fatal(err)
			}
			op := kv.Op{Verb: kv.Put, Item: kv.Item{Key: kv.Key{Partition: "p", Sort: fmt.Sprint(n % concurrency)}, Tag: fmt.Sprint(n), Data: item}}
			if err := db.Write(b.Context(), []kv.Op{op}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// putFile writes a file under a working name, syncs it, gives it its name and syncs that.
func putFile(dir, name string, data []byte) error {
	work := filepath.Join(dir, ".work")
	f, err := os.Create(work)
	if err != nil {
		return err
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(work, filepath.Join(dir, name))
	}
	if err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
