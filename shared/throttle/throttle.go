// Package throttle slows down whoever guesses secrets: after some failed attempts at one client from one address, the next are
// refused until a wait is over, which doubles with each failure up to a bound.
//
// It refuses to lock a client out: the memory is per client and address, so that the right secret from another address is
// compared at once. It keeps nothing that a caller sends, but hashes of it, and no more than a fixed number of them.
//
// # Why
//
// A secret that firn makes has 256 random bits and needs no such help; one that an administrator chooses may be weak. An
// attempt is refused before anything is read or compared, so that it costs nothing and shows nothing.
//
// The least recently used entry goes when the memory is full. Whoever fills it to be forgotten pays for it with as many failed
// attempts as it has entries.
//
// The memory is that of one process. Lambda functions share none and use none: there the firewall limits addresses.
package throttle

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"firn/shared/fault"
	"firn/shared/lake"
)

// The bounds. A failure counts until Memory has passed since the last one.
const (
	Free    = 5                // failed attempts without a wait
	First   = time.Second      // the wait after the next one
	Longest = time.Minute      // the longest wait
	Memory  = 15 * time.Minute // without a failure, until the failures are forgotten
	entries = 8192             // clients and addresses that are remembered: about 1 MB
)

// Login is the noun of a refusal.
const Login fault.Noun = "login"

// Key names whose secret is tried, and from where.
type Key struct {
	Realm   lake.Realm
	Client  string // id of a client, or of the principal that a bearer token names; of any length
	Address string // IP address; of IPv6 the network of 64 bits counts, which one host has to itself
}

type sum [sha256.Size]byte

func (k Key) sum() sum {
	address := k.Address
	if ip, err := netip.ParseAddr(address); err == nil {
		ip = ip.Unmap().WithZone("")
		if ip.Is6() {
			network, _ := ip.Prefix(64) // an IPv6 address has 64 bits
			ip = network.Addr()
		}
		address = ip.String()
	}
	return sha256.Sum256(fmt.Appendf(nil, "%q %q %q", k.Realm, k.Client, address))
}

// Failures remembers failed attempts. It is safe for concurrent use. A nil *Failures remembers nothing and refuses nobody.
type Failures struct {
	mu   sync.Mutex
	seen *simplelru.LRU[sum, failures]
}

type failures struct {
	count int
	last  time.Time
}

// New makes an empty memory.
func New() *Failures {
	seen, err := simplelru.NewLRU[sum, failures](entries, nil)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &Failures{seen: seen}
}

// Check returns an error of kind Throttled, which says when to come again, while the wait of earlier failures is not over.
func (f *Failures) Check(k Key, now time.Time) error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.seen.Get(k.sum())
	if !ok {
		return nil
	}
	if left := known.last.Add(wait(known.count)).Sub(now); left > 0 && !known.forgotten(now) {
		return fault.Of(fault.Throttled, Login, "", "Too many failed logins of this client from this address").After(left)
	}
	return nil
}

// Failed notes a failed attempt.
func (f *Failures) Failed(k Key, now time.Time) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.seen.Get(k.sum())
	if !ok || known.forgotten(now) {
		known = failures{}
	}
	f.seen.Add(k.sum(), failures{count: known.count + 1, last: now})
}

// Succeeded forgets the failures.
func (f *Failures) Succeeded(k Key) {
	if f == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen.Remove(k.sum())
}

func (f failures) forgotten(now time.Time) bool { return now.Sub(f.last) >= Memory }

// wait returns how long the next attempt must wait after that many failures.
func wait(count int) time.Duration {
	w := First
	switch {
	case count <= Free:
		return 0
	case count-Free > 16: // more doublings than the bound has
		return Longest
	}
	for range count - Free - 1 {
		w *= 2
	}
	return min(w, Longest)
}
