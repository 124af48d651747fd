package vend

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
)

var start = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// mint is a Vendor that numbers what it makes.
type mint struct {
	mu     sync.Mutex
	now    time.Time
	life   time.Duration
	err    error
	minted int
	size   int                              // bytes of the session token
	hold   func(ctx context.Context, n int) // called before the answer
}

func (m *mint) Vend(ctx context.Context, _ *lake.Storage, g Grant) (Credential, error) {
	m.mu.Lock()
	m.minted++
	n, hold, err := m.minted, m.hold, m.err
	cred := Credential{ID: fmt.Sprintf("key-%d", n), S3: &S3Credential{AccessKeyID: fmt.Sprintf("%s-%d", g.PrincipalID, n),
		SessionToken: lake.Secret(strings.Repeat("x", m.size))}, Expires: m.now.Add(m.life)}
	m.mu.Unlock()
	if hold != nil {
		hold(ctx, n)
	}
	if ctx.Err() != nil {
		return Credential{}, fault.New(fault.Timeout, "late").Because(ctx.Err())
	}
	return cred, err // also a credential with an error, which must not be kept
}

func (m *mint) clock() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *mint) set(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now
}

func newMint(life time.Duration) (*mint, *Cache) {
	m := &mint{now: start, life: life}
	return m, NewCache(CacheConfig{Vendor: m, Now: m.clock, Entries: 4})
}

func prefix(t *testing.T, text string) location.Prefix {
	t.Helper()
	p, err := location.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func testGrant(t *testing.T) (*lake.Storage, Grant) {
	t.Helper()
	return &lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake"}, Grant{
		Realm: "r", CatalogID: "c1", TableID: "t1", Table: "ns.t", Principal: "ann", PrincipalID: "p1",
		Prefixes: []location.Prefix{prefix(t, "s3://lake/ns/t/")}, Actions: Read,
	}
}

func vended(t *testing.T, c *Cache, storage *lake.Storage, g Grant) string {
	t.Helper()
	cred, err := c.Vend(t.Context(), storage, g)
	if err != nil {
		t.Fatal(err)
	}
	return cred.S3.AccessKeyID
}

func TestHowLongACredentialIsServed(t *testing.T) {
	rows := []struct {
		name   string
		life   time.Duration
		after  time.Duration
		served bool
	}{
		{"at once", time.Hour, 0, true},
		{"before half of its life", time.Hour, 26 * time.Minute, true},
		{"at half of its life", time.Hour, 30 * time.Minute, false},
		{"long after half of its life", time.Hour, 59 * time.Minute, false},
		{"a long one before half", 10 * time.Hour, 4 * time.Hour, true},
		{"with just over 15 minutes left", 28 * time.Minute, 12*time.Minute + 30*time.Second, true},
		{"with 15 minutes left", 28 * time.Minute, 13 * time.Minute, false},
		{"a short one never", 15 * time.Minute, 0, false},
		{"an expired one never", -time.Minute, 0, false},
		{"when the clock went back", time.Hour, -time.Second, false},
		{"when the clock went back far", time.Hour, -24 * time.Hour, false},
		{"when the clock leapt", time.Hour, 24 * time.Hour, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			m, c := newMint(row.life)
			storage, g := testGrant(t)
			first := vended(t, c, storage, g)
			m.set(start.Add(row.after))
			if again := vended(t, c, storage, g); (again == first) != row.served {
				t.Errorf("got %s after %s, want the same: %v", again, first, row.served)
			}
		})
	}
}

func TestJitterEndsCredentialsAtDifferentTimes(t *testing.T) {
	ends := map[time.Duration]bool{}
	for i := range 20 {
		d := jitter(cacheKey{byte(i * 11), 1, 2, 3, 4, 5, 6, byte(i)}, 3*time.Minute)
		if d < 0 || d >= 3*time.Minute {
			t.Errorf("got %v, want 0 to 3 min", d)
		}
		ends[d] = true
	}
	if len(ends) < 15 {
		t.Errorf("got %d different jitters of 20 keys, want at least 15", len(ends))
	}
	if got := jitter(cacheKey{1}, 0); got != 0 {
		t.Errorf("got %v of nothing, want 0", got)
	}
}

func TestGrantsThatDifferShareNoCredential(t *testing.T) {
	rows := map[string]func(*Grant){
		"realm":           func(g *Grant) { g.Realm = "r2" },
		"catalog":         func(g *Grant) { g.CatalogID = "c2" },
		"table":           func(g *Grant) { g.TableID = "t2" },
		"table name":      func(g *Grant) { g.Table = "ns.t2" },
		"principal":       func(g *Grant) { g.PrincipalID = "p2" },
		"principal name":  func(g *Grant) { g.Principal = "bob" },
		"more actions":    func(g *Grant) { g.Actions = Read | Write },
		"another action":  func(g *Grant) { g.Actions = Write },
		"another prefix":  func(g *Grant) { g.Prefixes = []location.Prefix{prefix(t, "s3://lake/ns/t2/")} },
		"one more prefix": func(g *Grant) { g.Prefixes = append(g.Prefixes, prefix(t, "s3://lake/data/")) },
		"another scheme":  func(g *Grant) { g.Prefixes = []location.Prefix{prefix(t, "s3a://lake/ns/t/")} },
		"epoch":           func(g *Grant) { g.Epoch = "1" },
		"probe":           func(g *Grant) { g.Probe = true },
		"shifted fields":  func(g *Grant) { g.Table, g.Principal = "ns.ta", "nn" },
	}
	for name, change := range rows {
		t.Run(name, func(t *testing.T) {
			_, c := newMint(time.Hour)
			storage, g := testGrant(t)
			first := vended(t, c, storage, g)
			other := g
			change(&other)
			if got := vended(t, c, storage, other); got == first {
				t.Errorf("got %s for both", got)
			}
		})
	}
}

// Every field of the storage configuration is part of the key, also one that is added tomorrow.
func TestEachFieldOfTheStorageIsInTheKey(t *testing.T) {
	_, g := testGrant(t)
	before, err := keyOf(&lake.Storage{}, g)
	if err != nil {
		t.Fatal(err)
	}
	kind := reflect.TypeFor[lake.Storage]()
	for i := range kind.NumField() {
		var storage lake.Storage
		field := reflect.ValueOf(&storage).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("x")
		case reflect.Bool:
			field.SetBool(true)
		case reflect.Slice:
			field.Set(reflect.ValueOf([]string{"x"}))
		case reflect.Pointer:
			field.Set(reflect.ValueOf(new(bool))) // false, which is not the same as unset
		default:
			t.Fatalf("%s: teach this test the kind %s", kind.Field(i).Name, field.Kind())
		}
		after, err := keyOf(&storage, g)
		if err != nil {
			t.Fatal(err)
		}
		if after == before {
			t.Errorf("%s does not change the key", kind.Field(i).Name)
		}
	}
}

func TestErrorsAreNotKept(t *testing.T) {
	m, c := newMint(time.Hour)
	storage, g := testGrant(t)
	m.err = fault.New(fault.Unavailable, "busy")
	for range 2 {
		if _, err := c.Vend(t.Context(), storage, g); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v, want unavailable", err)
		}
	}
	m.err = nil
	vended(t, c, storage, g)
	if m.minted != 3 {
		t.Errorf("got %d mintings, want 3", m.minted)
	}
}

// A throttling issuer is left alone for a second by those who want the same; any other refusal is asked for anew.
func TestAThrottleIsKeptForAMoment(t *testing.T) {
	m, c := newMint(time.Hour)
	storage, g := testGrant(t)
	m.err = fault.New(fault.Unavailable, "busy").After(2 * time.Second)
	for _, step := range []struct {
		after  time.Duration
		minted int
	}{{0, 1}, {999 * time.Millisecond, 1}, {time.Second, 2}, {time.Second, 2}} {
		m.set(start.Add(step.after))
		if _, err := c.Vend(t.Context(), storage, g); !fault.Is(err, fault.Unavailable) || fault.From(err).RetryAfter == 0 {
			t.Errorf("got %v, want unavailable, to come again", err)
		}
		if m.minted != step.minted {
			t.Errorf("after %v: got %d mintings, want %d", step.after, m.minted, step.minted)
		}
	}
	m.err = nil
	m.set(start.Add(3 * time.Second))
	vended(t, c, storage, g)
}

func TestTheCacheIsBoundedByBytes(t *testing.T) {
	m := &mint{now: start, life: time.Hour, size: 1000}
	c := NewCache(CacheConfig{Vendor: m, Now: m.clock, Bytes: 10_000})
	storage, g := testGrant(t)
	for i := range 100 {
		g.TableID = lake.ID(fmt.Sprint("t", i))
		vended(t, c, storage, g)
	}
	if got := c.entries.Len(); got != 5 || c.bytes > 10_000 {
		t.Errorf("got %d entries of %d bytes, want 5 of at most 10,000", got, c.bytes)
	}
	c.Forget("p1")
	if c.bytes != 0 {
		t.Errorf("got %d bytes of nothing, want 0", c.bytes)
	}
	m.size = 20_000
	vended(t, c, storage, g)
	if got := c.entries.Len(); got != 0 || c.bytes != 0 {
		t.Errorf("got %d entries of %d bytes for one that is too large, want none", got, c.bytes)
	}
}

// 10,000 scopes, with the session tokens that STS gives today, stay under 64 MiB.
func TestTenThousandScopesFitInMemory(t *testing.T) {
	var before, after runtime.MemStats
	m := &mint{now: start, life: time.Hour, size: 1500}
	c := NewCache(CacheConfig{Vendor: m, Now: m.clock})
	storage, g := testGrant(t)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 10_000 {
		g.TableID = lake.ID(fmt.Sprint("t", i))
		vended(t, c, storage, g)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 64<<20 || c.entries.Len() != 10_000 {
		t.Errorf("got %d scopes in %d MiB, want 10,000 in less than 64", c.entries.Len(), used>>20)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	m, c := newMint(time.Hour)
	storage, g := testGrant(t)
	for i := range 100 {
		g.TableID = lake.ID(fmt.Sprint("t", i))
		vended(t, c, storage, g)
	}
	if got := c.entries.Len(); got != 4 {
		t.Errorf("got %d entries, want 4", got)
	}
	g.TableID = "t99"
	vended(t, c, storage, g)
	g.TableID = "t0"
	vended(t, c, storage, g)
	if m.minted != 101 {
		t.Errorf("got %d mintings, want 101: the newest is kept, the oldest is not", m.minted)
	}
}

func TestAHerdMintsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMint(time.Hour)
		storage, g := testGrant(t)
		release := make(chan struct{})
		m.hold = func(context.Context, int) { <-release }
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if cred, err := c.Vend(t.Context(), storage, g); err != nil || cred.S3.AccessKeyID != "p1-1" {
					t.Errorf("got %v, %v, want p1-1", cred, err)
				}
			})
		}
		synctest.Wait()
		close(release)
		all.Wait()
		if m.minted != 1 {
			t.Errorf("got %d mintings, want 1", m.minted)
		}
	})
}

func TestAnErrorIsToldToThoseWhoWaitForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMint(time.Hour)
		storage, g := testGrant(t)
		release := make(chan struct{})
		m.err, m.hold = fault.New(fault.Unavailable, "busy"), func(context.Context, int) { <-release }
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if _, err := c.Vend(t.Context(), storage, g); !fault.Is(err, fault.Unavailable) {
					t.Errorf("got %v, want unavailable", err)
				}
			})
		}
		synctest.Wait()
		close(release)
		all.Wait()
		if m.minted != 1 {
			t.Errorf("got %d mintings, want 1", m.minted)
		}
	})
}

// The first caller leaves; the others get a credential all the same, from one of them.
func TestACallerThatLeavesFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMint(time.Hour)
		storage, g := testGrant(t)
		m.hold = func(ctx context.Context, n int) {
			if n == 1 {
				<-ctx.Done()
			}
		}
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := c.Vend(first, storage, g); !errors.Is(err, context.Canceled) {
				t.Errorf("first: got %v, want its own cancellation", err)
			}
		})
		synctest.Wait()
		for range 5 {
			all.Go(func() {
				if cred, err := c.Vend(t.Context(), storage, g); err != nil || cred.S3.AccessKeyID != "p1-2" {
					t.Errorf("other: got %v, %v, want p1-2", cred, err)
				}
			})
		}
		synctest.Wait()
		leave()
		all.Wait()
		if m.minted != 2 {
			t.Errorf("got %d mintings, want 2", m.minted)
		}
	})
}

func TestACallerThatWaitsLeavesByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMint(time.Hour)
		storage, g := testGrant(t)
		release := make(chan struct{})
		m.hold = func(context.Context, int) { <-release }
		var all sync.WaitGroup
		all.Go(func() { vended(t, c, storage, g) })
		synctest.Wait()
		waiting, leave := context.WithCancel(t.Context())
		all.Go(func() {
			if _, err := c.Vend(waiting, storage, g); !fault.Is(err, fault.Timeout) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want timeout because of its cancellation", err)
			}
			close(release) // not before: it left while the first was still minting
		})
		synctest.Wait()
		leave()
		all.Wait()
	})
}

func TestAPanicOfTheVendorLeavesNobodyWaiting(t *testing.T) {
	m, c := newMint(time.Hour)
	storage, g := testGrant(t)
	m.hold = func(context.Context, int) { panic("driver bug") }
	func() {
		defer func() { _ = recover() }()
		vended(t, c, storage, g)
	}()
	m.hold = nil
	if got, want := vended(t, c, storage, g), "p1-2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestForget(t *testing.T) {
	rows := map[string]struct {
		ids  []lake.ID
		want int // mintings after forgetting, for p1 on t1 and p2 on t2
	}{
		"a principal":          {[]lake.ID{"p1"}, 1},
		"a table":              {[]lake.ID{"t2"}, 1},
		"a principal, a table": {[]lake.ID{"p1", "t2"}, 2},
		"somebody else":        {[]lake.ID{"p3", "c1"}, 0},
		"nobody":               {nil, 0},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			m, c := newMint(time.Hour)
			storage, g := testGrant(t)
			other := g
			other.PrincipalID, other.TableID = "p2", "t2"
			vended(t, c, storage, g)
			vended(t, c, storage, other)
			c.Forget(row.ids...)
			vended(t, c, storage, g)
			vended(t, c, storage, other)
			if got := m.minted - 2; got != row.want {
				t.Errorf("got %d mintings after forgetting, want %d", got, row.want)
			}
		})
	}
}

// What is being minted while Forget is called is not served to anyone who asks afterwards.
func TestForgetWhileMinting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, c := newMint(time.Hour)
		storage, g := testGrant(t)
		release := make(chan struct{})
		m.hold = func(_ context.Context, n int) {
			if n == 1 {
				<-release
			}
		}
		var all sync.WaitGroup
		all.Go(func() { vended(t, c, storage, g) })
		synctest.Wait()
		c.Forget("p1")
		if got, want := vended(t, c, storage, g), "p1-2"; got != want {
			t.Errorf("while it is minted: got %s, want %s", got, want)
		}
		close(release)
		all.Wait()
		if got, want := vended(t, c, storage, g), "p1-2"; got != want {
			t.Errorf("after it was minted: got %s, want %s", got, want)
		}
	})
}

// A warm vend: what it adds to a load, in processor time.
func BenchmarkVendWarm(b *testing.B) {
	m, c := newMint(time.Hour)
	p, err := location.ParsePrefix("s3://lake/ns/t/")
	if err != nil {
		b.Fatal(err)
	}
	storage := &lake.Storage{Type: lake.S3, RoleARN: "arn:aws:iam::111122223333:role/lake", AllowedLocations: []string{"s3://lake/"}, Region: "eu-central-1"}
	g := Grant{Realm: "r", CatalogID: lake.NewID(), TableID: lake.NewID(), Table: "ns.t", Principal: "ann", PrincipalID: lake.NewID(),
		Prefixes: []location.Prefix{p}, Actions: Read | List, Epoch: "0.0"}
	for b.Loop() {
		if _, err := c.Vend(b.Context(), storage, g); err != nil {
			b.Fatal(err)
		}
	}
	if m.minted != 1 {
		b.Fatalf("got %d mintings", m.minted)
	}
}
