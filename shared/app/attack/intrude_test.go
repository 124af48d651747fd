package attack

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// burglar tries a store's doors with one key.
type burglar interface {
	put(o object) error
	list(bucket, prefix string) error
	// at are the attempts on an object, with a folder that the key does open, from and to which to copy. Each burglar has
	// the same in the same order.
	at(v, own object) []attempt
	// around are the attempts on whole buckets, and on all victims in one request.
	around(victims []object, own object) []attempt
}

// The places of attempts in what at gives.
const (
	getting   = 0
	listing   = 3
	listingBy = 4
	putting   = 5
	deleting  = 9
)

// attempt is something that a key is used for. It succeeded if there is no error.
type attempt struct {
	name string
	try  func() error
}

// neighbours are the places around a folder that a key to it must not open: its bare name, what begins with its name, and
// what is beside it.
func (b *bed) neighbours(own object) []object {
	bare := strings.TrimSuffix(own.key, "/")
	parent := bare[:strings.LastIndexByte(bare, '/')+1]
	all := []object{{own.bucket, bare + "2/x"}, {own.bucket, bare + ".x"}, {own.bucket, parent + "x"}}
	if !b.folders {
		all = append(all, object{own.bucket, bare})
	}
	return all
}

// thorough makes each key be used in every way on every victim. Otherwise the ways take turns, one for each key and
// victim and three for whole buckets, and the neighbours are got, put and listed.
var thorough = os.Getenv("FIRN_ATTACKS") == "all"

// turn moves the ways on from key to key.
var turn atomic.Int64

// intrude uses a key on everything but its own folder, and says what of it worked. A key that does not even open its own
// folder would prove nothing: for that there is an error.
func (w *world) intrude(t *testing.T, k key, own object) (leaks []string, err error) {
	t.Helper()
	b := w.pick(t, k)
	if err := b.put(object{own.bucket, own.key + "seed"}); err != nil {
		return nil, fmt.Errorf("put in its own folder: %w", err)
	}
	if err := b.list(own.bucket, own.key); err != nil {
		return nil, fmt.Errorf("list its own folder: %w", err)
	}
	n := int(turn.Add(1))
	all := b.around(w.victims, own)
	if !thorough {
		all = []attempt{all[n%len(all)], all[(n+1)%len(all)], all[(n+2)%len(all)]}
	}
	for _, v := range w.neighbours(own) {
		ways := b.at(v, own)
		if !thorough {
			ways = []attempt{ways[getting], ways[listing], ways[listingBy], ways[putting]}
		}
		all = append(all, ways...)
	}
	for i, v := range w.victims {
		ways := b.at(v, own)
		if !thorough {
			ways = ways[(n+i)%len(ways):][:1]
		}
		all = append(all, ways...)
	}
	return succeeded(all), nil
}

func succeeded(all []attempt) (names []string) {
	for _, a := range all {
		if a.try() == nil {
			names = append(names, a.name)
		}
	}
	return names
}
