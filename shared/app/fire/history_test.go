package fire

import (
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// settle is for when nothing is under way any more: what has not happened by now never will. All tables are then looked at.
func (c *crew) settle(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	now := c.clock.Add(1)
	for _, o := range c.open {
		c.history[o.group][o.index].Return = now
	}
	c.open = nil
	c.mu.Unlock()
	for g, group := range groups {
		w := c.writer(g, group.writers, 0)
		for slot, name := range group.names {
			if _, v := w.load(slot); v != done && v != missing {
				t.Errorf("%s: got %q, want it loaded or missing", name, v)
			}
		}
	}
	c.calms = append(c.calms, c.clock.Load())
}

// check holds the histories to the model.
func (c *crew) check(t *testing.T) {
	t.Helper()
	for _, text := range c.wrong {
		t.Errorf("seed %d: %s", c.seed, text)
	}
	for g, history := range c.history {
		switch porcupine.CheckOperationsTimeout(model, history, time.Minute) {
		case porcupine.Illegal:
			t.Errorf("seed %d: no order explains what the clients of %q were told:\n%s", c.seed, groups[g].names, lines(c.culprit(history)))
		case porcupine.Unknown:
			t.Errorf("seed %d: the history of %q was not judged in time", c.seed, groups[g].names)
		}
	}
}

// culprit gives the first part of a history, from calm to calm, that no order explains after those before it.
func (c *crew) culprit(history []porcupine.Operation) []porcupine.Operation {
	var before int64
	for _, calm := range c.calms {
		until := slices.DeleteFunc(slices.Clone(history), func(o porcupine.Operation) bool { return o.Return > calm })
		if porcupine.CheckOperationsTimeout(model, until, time.Minute) == porcupine.Illegal {
			return slices.DeleteFunc(until, func(o porcupine.Operation) bool { return o.Return <= before })
		}
		before = calm
	}
	return history
}

// counts says how often each verdict was given.
func (c *crew) counts() map[verdict]int {
	all := map[verdict]int{}
	for _, history := range c.history {
		for _, o := range history {
			all[o.Output.(answer).verdict]++
		}
	}
	return all
}
