package fire

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// act is what a client asks for.
type act string

const (
	create   act = "create"   // a table, directly or by the commit of a staged one
	found    act = "found"    // all tables of the operation, in one transaction
	commit   act = "commit"   // properties, without a requirement
	add      act = "append"   // a snapshot upon the head that the client saw
	transact act = "transact" // append to each table, in one transaction
	drop     act = "drop"
	rename   act = "rename" // the first name to the second
	load     act = "load"
)

// operation is one change as the model takes it. Its tables are slots of the group's state.
type operation struct {
	act   act
	slots []int
	mark  string  // unique to the operation; a property of every version that has it
	upon  []table // of add and transact: the tables as the client saw them, of which identity and head must still be so
	ids   []int64 // of add and transact: the snapshots
	keyed bool    // it was sent with a key
}

// verdict is what a client was told.
type verdict string

const (
	done    verdict = "done"
	missing verdict = "missing"            // 404: no such table
	exists  verdict = "exists"             // 409: the name is taken
	failed  verdict = "requirement failed" // 409
	beaten  verdict = "beaten"             // 409: others were faster too often, and nothing happened
	busy    verdict = "busy"               // 429 or 503: nothing happened
	unknown verdict = "unknown"            // nothing, or that the state is unknown
)

// answer is what came back.
type answer struct {
	verdict verdict
	seen    *table // the table after a change, or as it was loaded; nil: not told
	tries   string // what the server said, for people
}

// table is one table's state: the number of the version and the marks of all changes say which changes there were, the last mark
// and the head say in which order. It is comparable.
type table struct {
	there   bool
	born    string // by what it was made
	version int
	last    string // mark of the latest change
	marks   uint64 // sum of the hashes of all marks
	head    int64  // 0: none
	count   int    // snapshots
}

// maxSlots bounds the tables of a group.
const maxSlots = 2

// state is all tables of a group.
type state [maxSlots]table

func hash(mark string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(mark))
	return h.Sum64()
}

// changed is the table with one more change.
func (t table) changed(mark string) table {
	t.version++
	t.last = mark
	t.marks += hash(mark)
	return t
}

// apply does an operation as a server must, and says what may be told of it: one verdict where it is done, else each that
// is true.
func (s state) apply(op operation) (next state, told []verdict) {
	next = s
	for i, slot := range op.slots {
		t := s[slot]
		switch op.act {
		case create, found:
			if t.there {
				told = append(told, exists)
			}
			next[slot] = table{there: true, born: op.born(slot), last: op.mark, marks: hash(op.mark)}
			continue
		case rename:
			if i == 1 {
				if t.there {
					told = append(told, exists)
				}
				next[slot], next[op.slots[0]] = s[op.slots[0]], table{}
				continue
			}
		}
		if !t.there {
			told = append(told, missing)
			continue
		}
		switch op.act {
		case commit:
			next[slot] = t.changed(op.mark)
		case add, transact:
			if t.born != op.upon[i].born || t.head != op.upon[i].head {
				told = append(told, failed)
				continue
			}
			t = t.changed(op.mark)
			t.head, t.count = op.ids[i], t.count+1
			next[slot] = t
		case drop:
			next[slot] = table{}
		}
	}
	if len(told) > 0 {
		return s, told
	}
	return next, []verdict{done}
}

// step gives the states that an operation with that answer can lead to.
func (s state) step(op operation, a answer) []state {
	next, told := s.apply(op)
	switch {
	case a.verdict == beaten, a.verdict == busy:
		return []state{s}
	case a.verdict == unknown:
		return []state{s, next}
	case op.act == drop && a.verdict == done && !op.keyed && !s[op.slots[0]].there:
		return []state{s} // what was to go is gone: a server in doubt about its own write may say so, whoever did it
	case !slices.Contains(told, a.verdict):
		return nil
	case a.seen != nil && *a.seen != next[op.slots[0]]:
		return nil
	}
	return []state{next}
}

// model is a group of tables that somebody else's checker holds a history to.
var model = (&porcupine.NondeterministicModel{
	Init: func() []any { return []any{state{}} },
	Step: func(s, op, a any) (out []any) {
		for _, next := range s.(state).step(op.(operation), a.(answer)) {
			out = append(out, next)
		}
		return out
	},
	DescribeOperation: func(op, a any) string { return op.(operation).String() + ": " + a.(answer).String() },
	DescribeState:     func(s any) string { return fmt.Sprintf("%+v", s) },
}).ToModel()

// born tells a table that the operation makes from all others.
func (op operation) born(slot int) string { return fmt.Sprint(op.mark, "/", slot) }

func (op operation) String() string {
	text := fmt.Sprint(op.act, op.slots, " ", op.mark)
	for i, id := range op.ids {
		text += fmt.Sprint(" ", id, " upon ", op.upon[i].head)
	}
	return text
}

func (a answer) String() string {
	if a.seen == nil {
		return fmt.Sprintf("%s (%s)", a.verdict, a.tries)
	}
	return fmt.Sprintf("%s (%s) %+v", a.verdict, a.tries, *a.seen)
}

// lines is a history for people, in the order of the calls.
func lines(history []porcupine.Operation) string {
	var b strings.Builder
	for _, o := range slices.SortedFunc(slices.Values(history), func(x, y porcupine.Operation) int { return int(x.Call - y.Call) }) {
		fmt.Fprintf(&b, "%8d-%-8d client %d %s\n", o.Call, o.Return, o.ClientId, model.DescribeOperation(o.Input, o.Output))
	}
	return b.String()
}
