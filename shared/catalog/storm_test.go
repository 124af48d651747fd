package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/location"
	"firn/shared/vend"
)

// storm is several writers who commit to a few tables, one within the other at any call to the drivers, while calls fail,
// get lost and tear. One goroutine and one seed: what happens is the same each time.
type storm struct {
	*world
	rng    *rand.Rand
	tables []string
	two    []*catalog.Service // instances, each with a memory of its own
	sent   int
	depth  int
	acked  map[string][]string // by table: keys of commits that were acknowledged
	denied map[string][]string // of commits that were refused
	faults int
}

// answers that say that nothing happened.
var refusals = []fault.Kind{fault.CommitFailed, fault.Conflict, fault.NotFound, fault.Forbidden, fault.Throttled, fault.Unavailable, fault.Timeout}

// step is one commit. Each sets a property of its own, so that it can be looked for in the end.
func (s *storm) step() {
	s.depth++
	defer func() { s.depth-- }()
	s.sent++
	name, key := s.tables[s.rng.IntN(len(s.tables))], fmt.Sprintf("k%d", s.sent)
	_, err := s.two[s.rng.IntN(len(s.two))].CommitTable(s.t.Context(), s.admin, "c", table(name), put(key, "1"))
	switch {
	case err == nil:
		s.acked[name] = append(s.acked[name], key)
	case fault.Is(err, refusals...):
		s.denied[name] = append(s.denied[name], key)
	case !fault.Is(err, fault.StateUnknown):
		s.t.Errorf("commit %s to %s: got %v, want success, a refusal, or an unknown state", key, name, err)
	}
}

// others commit within a call, but not without end.
func (s *storm) others() {
	for s.depth < 4 && s.rng.IntN(3) == 0 {
		s.step()
	}
}

func (s *storm) kv(c faulty.Call) (f faulty.Fault) {
	s.faults++
	switch s.rng.IntN(24) {
	case 0:
		f.Lose = faulty.Request
	case 1, 2:
		f.Lose = faulty.Answer
	case 3:
		f.Refuse = fault.Throttled
	case 4:
		f.Between = s.others
	case 5, 6:
		f.Before = s.others
	case 7:
		f.After = s.others
	case 8:
		f.Before, f.After, f.Lose = s.others, s.others, faulty.Answer
	default:
		s.faults--
	}
	return f
}

func (s *storm) file(string, location.URI) (f fileFault) {
	switch s.rng.IntN(20) {
	case 0:
		f.refuse = fault.Unavailable
	case 1:
		f.lose = true
	case 2:
		f.before = s.others
	}
	return f
}

func (s *storm) key(vend.Grant) error {
	if s.rng.IntN(10) == 0 {
		return fault.New(fault.Unavailable, "No keys now.")
	}
	return nil
}

func TestStormOfCommits(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := &storm{world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 7)), acked: map[string][]string{}, denied: map[string][]string{}}
			for i := range 1 + seed%3 {
				name := fmt.Sprint("t", i)
				_, err := s.create(name, []string{`"properties":{}`,
					`"properties":{"write.metadata.previous-versions-max":"3","write.metadata.delete-after-commit.enabled":"true"}`}[(seed+i)%2])
				s.must(err)
				s.tables = append(s.tables, name)
			}
			s.two = []*catalog.Service{s.instance(), s.instance()}
			s.db.Plan(s.kv)
			s.files.plan, s.vendor.plan = s.file, s.key
			for range 60 {
				s.step()
			}
			s.db.Plan(nil)
			s.files.plan, s.vendor.plan = nil, nil
			acked, denied := 0, 0
			for _, name := range s.tables {
				s.whole(name)
				is, _, err := s.load(name)
				s.must(err)
				for _, key := range s.acked[name] {
					if _, there := is.Property(key); !there {
						t.Errorf("%s: %s was acknowledged and is not there", name, key)
					}
				}
				for _, key := range s.denied[name] {
					if _, there := is.Property(key); there {
						t.Errorf("%s: %s was refused and is there", name, key)
					}
				}
				acked, denied = acked+len(s.acked[name]), denied+len(s.denied[name])
			}
			if acked < 10 || denied < 3 || s.faults < 50 {
				t.Errorf("got %d commits acknowledged, %d refused, %d faults: no storm", acked, denied, s.faults)
			}
			t.Logf("%d sent, %d acknowledged, %d refused, %d faults", s.sent, acked, denied, s.faults)
		})
	}
}
