package attack

import (
	"slices"
	"strings"
	"testing"
)

// TestEachDoorByEachRank sends a request that would work to each operation, as each rank. Who may, gets it
// done. To who may not it is refused, without any effect and without a request to a store: with 401 to those
// whom the realm does not know, and with 403 to the others, in the words of the dialect.
func TestEachDoorByEachRank(t *testing.T) {
	t.Parallel()
	w := open(t, newMachine)
	w.under(nil)
	b := w.bench(w.machine.kinds()[0])
	for _, d := range rankDoors() {
		for _, r := range ranks {
			who := b.people[r.letter]
			if strings.Contains(d.may, string(r.letter)) {
				t.Run(d.name()+" by a "+r.name, func(t *testing.T) {
					in := b.within(t)
					if a := in.world.send(who, in.knock(d, who, r)); a.code/100 != 2 &&
						!strings.HasSuffix(d.may, "!") || a.code == 401 || a.code == 403 {
						t.Errorf("got %d %s, want it done", a.code, a.body)
					}
				})
				continue
			}
			w.attack(t, d.name()+" by a "+r.name, func(x *attack) {
				in := b.within(x.t)
				c := in.knock(d, who, r)
				x.tap.take()
				x.machine.take()
				a := x.send(who, c)
				x.refused(a)
				x.silent(a)
				if want := refusals(d, r); !slices.Contains(want, a.code) {
					x.t.Errorf("%s: got %d %s, want one of %v", a.op, a.code, a.body, want)
				}
			})
		}
	}
}

// knock returns the call of a door as a rank sends it.
func (b *bench) knock(d rankDoor, who person, r rank) call {
	b.t.Helper()
	c := d.call(b, who)
	if r.letter == 'p' {
		c.header = elsewhereRealm
	}
	return c
}

// within is the bench in a subtest.
func (b *bench) within(t *testing.T) *bench {
	in := *b
	in.world = b.world.within(t)
	return &in
}

// refusals are the statuses with which a door is shut to a rank.
func refusals(d rankDoor, r rank) []int {
	switch {
	case d.op == "oauth.getToken":
		return []int{400, 401, 429} // who fails too often is slowed down
	case strings.ContainsRune("nbopt", rune(r.letter)): // the realm knows none of them
		return []int{401}
	case d.op == "sharing.generateTemporaryTableCredential": // what is not shared is not there
		return []int{404}
	case d.op == "iceberg.loadFunction":
		return []int{403, 404}
	case strings.HasPrefix(d.what, "of root"), strings.HasPrefix(d.what, "of service"):
		return []int{403, 404}
	}
	return []int{403}
}

// silent fails the attack if firn sent a request to anybody on its account, or said what a foreign host says.
func (x *attack) silent(a answer) {
	x.t.Helper()
	for _, s := range x.machine.take() {
		x.t.Errorf("%s: firn sent %s to %s as %s", a.op, s.what, s.to, s.by)
	}
	for _, text := range []string{foreignText, ownKey, "own-s", namedKey} {
		if strings.Contains(string(a.body), text) {
			x.t.Errorf("%s: got %s, want nothing of %q", a.op, a.body, text)
		}
	}
}

func TestEveryRouteIsADoorForEachRank(t *testing.T) {
	w := open(t, embedded)
	doors := map[string]bool{}
	for _, d := range rankDoors() {
		doors[d.op] = true
		if _, there := w.routes[d.op]; !there {
			t.Errorf("ranks knock at %s, which is no route", d.op)
		}
	}
	for op := range w.routes {
		if !doors[op] {
			t.Errorf("%s is a route that no rank knocks at: say in rankDoors who may, and whether it uses storage", op)
		}
	}
}
