package fire

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firn/shared/app"
	"firn/shared/app/base"
	"firn/shared/blob"
	bloblocal "firn/shared/blob/local"
	"firn/shared/fault"
	"firn/shared/kv"
	"firn/shared/kv/bolt"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	"firn/shared/s3local"
	"firn/shared/token"
	"firn/shared/vend"
	vendlocal "firn/shared/vend/local"
)

// world is a few instances of a server over one table and one object store, of which everything fails now and then.
type world struct {
	instances []*instance
	objects   string // the folder of the object store
	wire      *wire  // before the table; nil: the table is in this process
	raging    atomic.Bool

	mu       sync.Mutex
	random   *rand.Rand
	hangUps  map[string]func() // by the request's mark: its client goes away
	happened map[string]int    // faults
}

// instance is a server in this process.
type instance struct {
	url     string
	config  app.Config
	handler atomic.Pointer[http.Handler]
	active  sync.RWMutex // held for reading by requests that are under way
}

// tables are the back ends, by name: what opens one gives each instance its own driver.
var tables = []struct {
	name string
	open func(t *testing.T, w *world) func() kv.Driver
}{
	{"bolt", func(t *testing.T, w *world) func() kv.Driver {
		db, err := bolt.Open(bolt.Config{Path: filepath.Join(t.TempDir(), "firn.db"), NoSync: true})
		must(t, err)
		t.Cleanup(func() { _ = db.Close() })
		return func() kv.Driver { return w.faulty(db, w.storeFault) }
	}},
	{"dynamodb", func(t *testing.T, w *world) func() kv.Driver {
		to, name := endpoint(t)
		var url string
		w.wire, url = newWire(t, to, w.wireFault)
		return func() kv.Driver { return w.faulty(dynamoTable(url, name), w.instanceFault) }
	}},
}

// newFaults is a world without servers.
func newFaults(seed uint64) *world {
	return &world{random: rand.New(rand.NewPCG(seed, 1)), hangUps: map[string]func(){}, happened: map[string]int{}}
}

func newWorld(t *testing.T, seed uint64, open func(*testing.T, *world) func() kv.Driver) *world {
	t.Helper()
	w := newFaults(seed)
	w.objects = t.TempDir()
	driver := open(t, w)
	keys, err := token.NewKeys()
	must(t, err)
	vendor, opener := w.openObjects(t)
	for range 2 {
		i := &instance{config: app.Config{Table: driver(), Keys: keys, Vendor: vendor, Files: opener, Log: slog.New(slog.DiscardHandler), Now: time.Now,
			Settings: base.Settings{Realms: []lake.Realm{"POLARIS"}, UniqueLocations: true}}}
		a, err := i.restart()
		must(t, err)
		_, _, err = a.Admin.Bootstrap(t.Context(), "POLARIS", lake.Credentials{ClientID: "root", ClientSecret: "s3cr3t"})
		must(t, err)
		server := httptest.NewServer(w.door(i))
		t.Cleanup(server.Close)
		i.url = server.URL
		w.instances = append(w.instances, i)
		t.Cleanup(func() { must(t, a.Catalog.Store.Verify(context.Background())) })
	}
	return w
}

func (w *world) openObjects(t *testing.T) (vend.Vendor, blob.Opener) {
	t.Helper()
	store, err := s3local.Open(s3local.Config{Dir: w.objects, Now: time.Now})
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	issuer, err := s3local.NewIssuer([]byte(strings.Repeat("k", 32)), time.Now)
	must(t, err)
	vendor, err := vendlocal.New(vendlocal.Config{Issuer: issuer, Endpoint: func() string { return "http://127.0.0.1:1" }, Region: "us-east-1"})
	must(t, err)
	opener, err := bloblocal.New(bloblocal.Config{Store: store, Issuer: issuer})
	must(t, err)
	return vend.ByStorage{Embedded: vendor}, files{blob.ByStorage{Embedded: opener}, w.fileFault}
}

// restart makes the instance anew: what it remembered is forgotten.
func (i *instance) restart() (*app.App, error) {
	a, err := app.New(i.config)
	if err == nil {
		i.handler.Store(&a.Handler)
	}
	return a, err
}

// door is where an instance's requests come in. Some clients do not wait.
func (w *world) door(i *instance) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		i.active.RLock()
		defer i.active.RUnlock()
		if w.roll("hang up", 0.03) {
			w.mu.Lock()
			hangUp := w.hangUps[r.Header.Get(markHeader)]
			w.mu.Unlock()
			if hangUp != nil {
				hangUp()
			}
		}
		if w.roll("restart", 0.02) {
			_, _ = i.restart()
		}
		(*i.handler.Load()).ServeHTTP(out, r)
	})
}

// calm ends the faults and waits until nothing is under way any more.
func (w *world) calm() {
	w.raging.Store(false)
	for _, i := range w.instances {
		i.active.Lock()
		defer i.active.Unlock()
	}
	if w.wire != nil {
		w.wire.settle()
	}
}

// roll says whether something of that chance happens, and counts it.
func (w *world) roll(what string, chance float64) bool {
	if !w.raging.Load() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.random.Float64() >= chance {
		return false
	}
	w.happened[what]++
	return true
}

// crash ends the request that is under way, as the end of its process would: nothing after it runs, nothing is answered.
// Others on the instance go on, as they would in their own processes.
func (w *world) crash() { runtime.Goexit() }

func (w *world) faulty(db kv.Driver, plan func(faulty.Call) faulty.Fault) kv.Driver {
	d := faulty.New(db)
	d.Plan(plan)
	return d
}

// storeFault is what befalls calls to a table.
func (w *world) storeFault(c faulty.Call) faulty.Fault {
	switch {
	case w.roll("lost request", 0.03):
		return faulty.Fault{Lose: faulty.Request}
	case w.roll("lost answer", 0.06):
		return faulty.Fault{Lose: faulty.Answer}
	case w.roll("throttled", 0.03):
		return faulty.Fault{Refuse: fault.Throttled}
	case w.roll("unavailable", 0.02):
		return faulty.Fault{Refuse: fault.Unavailable}
	}
	return w.instanceFault(c)
}

// instanceFault is what befalls an instance when it calls a table.
func (w *world) instanceFault(c faulty.Call) faulty.Fault {
	switch {
	case c.Verb == faulty.Get && w.roll("torn read", 0.2):
		return faulty.Fault{Between: runtime.Gosched}
	case c.Verb == faulty.Write && w.roll("crash before the write", 0.02):
		return faulty.Fault{Before: w.crash}
	case c.Verb == faulty.Write && w.roll("crash behind the write", 0.03):
		return faulty.Fault{After: w.crash}
	}
	return faulty.Fault{}
}

// wireFault is what befalls requests on their way to a table.
func (w *world) wireFault(string) wireFault {
	for _, f := range []struct {
		fault  wireFault
		name   string
		chance float64
	}{
		{throttle, "throttled", 0.04}, {conflict, "conflict", 0.03}, {dropFirst, "lost request", 0.03}, {dropLast, "lost answer", 0.06},
		{garble, "500 for an answer", 0.03}, {delay, "late request", 0.04},
	} {
		if w.roll(f.name, f.chance) {
			return f.fault
		}
	}
	if w.wire != nil && w.roll("late arrival", 0.3) {
		w.wire.deliver()
	}
	return pass
}

// fileFault is what befalls calls to the object store.
func (w *world) fileFault() fileFault {
	switch {
	case w.roll("file store busy", 0.03):
		return noEntry
	case w.roll("lost put", 0.01):
		return loseCall
	case w.roll("lost answer of a put", 0.02):
		return loseWord
	}
	return fine
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
