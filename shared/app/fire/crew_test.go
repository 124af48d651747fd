package fire

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
)

// group is tables of which one history is kept: operations on one group never touch another's.
type group struct {
	names   []string
	writers int
	acts    []act // what its writers do, evenly
	fixed   bool  // its tables are there from the start
}

// groups are many writers at one table, writers of a table each, transactions, and names that come and go.
var groups = []group{
	{[]string{"hot"}, 4, []act{commit, commit, add, load}, true},
	{[]string{"own0"}, 1, []act{commit, add}, true},
	{[]string{"own1"}, 1, []act{commit, add}, true},
	{[]string{"left", "right"}, 3, []act{transact, transact, commit, add, load}, true},
	{[]string{"here", "there"}, 4, []act{create, create, found, drop, rename, commit, add, load}, false},
}

// crew is clients that write to servers and remember what they were told.
type crew struct {
	*client
	bases   func() []string // of the servers; a client takes any
	seed    uint64
	clock   atomic.Int64
	serial  atomic.Int64
	acked   atomic.Int64 // changes that were acknowledged
	target  int64        // of acked, at which reached is called, once; 0: never
	reached func()

	mu      sync.Mutex
	history [][]porcupine.Operation // by group
	open    []opened                // operations of which it is not known what became of them
	wrong   []string                // answers that no client should get
	calms   []int64                 // by the clock
}

// opened is an operation that may still happen: its place in the history.
type opened struct{ group, index int }

func newCrew(c *client, seed uint64, bases func() []string) *crew {
	return &crew{client: c, seed: seed, bases: bases, history: make([][]porcupine.Operation, len(groups))}
}

// populate makes the tables that are there from the start. Nothing fails meanwhile.
func (c *crew) populate(t *testing.T) {
	t.Helper()
	for g, group := range groups {
		for slot := range group.names {
			if group.fixed {
				w := c.writer(g, 0, 0)
				w.create(slot, false)
			}
		}
	}
	if len(c.open) > 0 || len(c.wrong) > 0 {
		t.Fatalf("populate: %d operations are open, %q", len(c.open), c.wrong)
	}
}

// work lets all writers do some operations each, and stops early once over says so.
func (c *crew) work(round, operations int, over func() bool) {
	var all sync.WaitGroup
	for g, group := range groups {
		for n := range group.writers {
			w := c.writer(g, n, round)
			all.Go(func() {
				for i := 0; i < operations && !over(); i++ {
					w.step()
				}
			})
		}
	}
	all.Wait()
}

// writer is one client of the crew, which sends one request after another.
type writer struct {
	*crew
	group, id int
	random    *rand.Rand

	said    sync.Mutex
	answers []string // to the tries of the present operation, for people
}

func (c *crew) writer(group, id, round int) *writer {
	return &writer{crew: c, group: group, id: id, random: rand.New(rand.NewPCG(c.seed, uint64(group<<32|id<<16|round)))}
}

func (w *writer) mark() string { return fmt.Sprint(w.serial.Add(1)) }

func (w *writer) base() string {
	all := w.bases()
	return all[w.random.IntN(len(all))]
}

// do does an operation by a request, half of the time with a key: then until it is told what became of it.
func (w *writer) do(op operation, r request) (document, verdict) {
	call := w.clock.Add(1)
	if w.random.IntN(2) == 0 {
		op.keyed = true
		v := w.repeat(r)
		w.record(op, call, answer{verdict: v})
		return document{}, v
	}
	d, v := w.try(w.base(), r)
	a := answer{verdict: v}
	if v == done && d.File != "" {
		a.seen = d.table()
	}
	w.record(op, call, a)
	return d, v
}

// tries is how often a request with a key is sent.
const tries = 4

// repeat sends a request with a key, sometimes twice at once, until it is told what became of it. Whoever is told is told
// the same.
func (w *writer) repeat(r request) verdict {
	r.key = uuid.NewString()
	last := busy
	if r.body == "" {
		last = unknown // the transport repeats by itself what has a key and no body
	}
	for range tries {
		at := []string{w.base(), w.base()}[:1+w.random.IntN(4)/3]
		told := make([]verdict, len(at))
		var all sync.WaitGroup
		for i := range at {
			all.Go(func() { _, told[i] = w.try(at[i], r) })
		}
		all.Wait()
		var final []verdict
		for _, v := range told {
			switch v {
			case unknown:
				last = unknown
			case busy:
			default:
				final = append(final, v)
			}
		}
		if len(final) == 2 && final[0] != final[1] {
			w.blame("%s %s with the key %s: got %q", r.method, r.path, r.key, final)
		}
		if len(final) > 0 {
			return final[0]
		}
	}
	return last
}

// blame notes an answer that no client should get.
func (c *crew) blame(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// try sends a request once.
func (w *writer) try(at string, r request) (d document, v verdict) {
	status, body, err := w.send(at, r)
	w.note(status, body, err)
	if err != nil {
		return d, unknown
	}
	v, ok := judge(status, body)
	if ok && v == done && status == 200 {
		ok = json.Unmarshal(body, &d) == nil
	}
	if !ok {
		w.blame("%s %s %s: got %d %s", r.method, r.path, r.body, status, body)
	}
	return d, v
}

// note keeps what came back, for people.
func (w *writer) note(status int, body []byte, err error) {
	w.said.Lock()
	defer w.said.Unlock()
	switch {
	case err != nil:
		w.answers = append(w.answers, "no answer")
	case status/100 == 2:
		w.answers = append(w.answers, fmt.Sprint(status))
	default:
		w.answers = append(w.answers, fmt.Sprint(status, " ", string(body)))
	}
}

// record notes an operation that ends now.
func (w *writer) record(op operation, call int64, a answer) {
	a.tries, w.answers = strings.Join(w.answers, ", "), nil
	if a.verdict == done && op.act != load && w.acked.Add(1) == w.target {
		defer w.reached()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.verdict == unknown {
		w.open = append(w.open, opened{w.group, len(w.history[w.group])})
	}
	w.history[w.group] = append(w.history[w.group], porcupine.Operation{ClientId: w.id, Input: op, Call: call, Output: a, Return: w.clock.Add(1)})
}

// pick gives a slot of the group.
func (w *writer) pick() int { return w.random.IntN(len(groups[w.group].names)) }

// slots gives all slots of the group, in any order.
func (w *writer) slots() []int { return w.random.Perm(len(groups[w.group].names)) }

func (w *writer) step() {
	acts := groups[w.group].acts
	switch a := acts[w.random.IntN(len(acts))]; a {
	case create:
		w.create(w.pick(), w.random.IntN(2) == 0)
	case found:
		w.found(w.slots())
	case commit:
		w.commit(w.pick())
	case add:
		w.append([]int{w.pick()})
	case transact:
		w.append(w.slots())
	case drop:
		w.drop(w.pick())
	case rename:
		w.rename(w.slots())
	case load:
		w.load(w.pick())
	}
}
