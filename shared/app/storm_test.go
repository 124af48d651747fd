package app

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// storm is writers that change one server all at once. Each remembers what it was told and holds the server against it.
type storm struct {
	tables  []string // their paths
	writers []writer

	acknowledged atomic.Int64
	target       int64         // acknowledged changes at which enough is closed
	enough       chan struct{} // enough was acknowledged: time to end the server
	over         chan struct{} // all writers have stopped
	mu           sync.Mutex
	wrong        []string // answers that no writer should get
}

// writer changes one thing, again and again.
type writer interface {
	// step makes one change and says whether the server is still there.
	step(s *storm, c *client) bool
	// verify compares what is there with what was acknowledged.
	verify(t *testing.T, c *client)
}

// told is what a writer was told of a change.
type told int

const (
	lost    told = iota // nothing: it may have happened or not
	done                // acknowledged: it has happened
	refused             // it has not happened
)

const tablesPath = "/api/catalog/v1/lake/namespaces/n/tables"

// newStorm makes the catalog and what the writers write to: counters and snapshots of three tables, tables that are made,
// renamed and dropped, and roles with grants.
func newStorm(t *testing.T, c *client) *storm {
	t.Helper()
	c.setUp(t)
	s := &storm{writers: []writer{&lives{states: states{}}, &rights{states: states{}}}}
	for i := range 3 {
		name := fmt.Sprint("t", i)
		c.must(t, "POST", tablesPath, `{"name":"`+name+`","schema":{"type":"struct","fields":[]}}`)
		path := tablesPath + "/" + name
		s.tables = append(s.tables, path)
		location := c.view(t, path).Metadata.Location
		for j := range 2 {
			s.writers = append(s.writers, &counter{table: path, key: fmt.Sprint("w", j)}, &appender{table: path, location: location})
		}
	}
	return s
}

// begin lets the writers go until the server is gone. enough is closed after that many changes were acknowledged.
func (s *storm) begin(c *client, changes int64) {
	s.target = s.acknowledged.Load() + changes
	s.enough, s.over = make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	for _, w := range s.writers {
		group.Go(func() {
			for w.step(s, c) {
			}
		})
	}
	go func() {
		group.Wait()
		close(s.over)
	}()
}

// change sends one and says what became of it. gone: the server cannot be reached.
func (s *storm) change(c *client, method, path, body string) (what told, gone bool) {
	status, answer, err := c.ask(method, path, body)
	switch {
	case err != nil:
		return lost, true
	case status/100 == 2:
		if s.acknowledged.Add(1) == s.target {
			close(s.enough)
		}
		return done, false
	case status == 409:
		return refused, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Sprintf("%s %s: %d %s", method, path, status, answer))
	return lost, false
}

// verify holds what a server shows against what the writers were told.
func (s *storm) verify(t *testing.T, c *client) {
	t.Helper()
	for _, answer := range s.wrong {
		t.Errorf("got %s, want 2xx or 409", answer)
	}
	for _, path := range s.tables {
		c.view(t, path).verifyFiles(t)
	}
	for _, w := range s.writers {
		w.verify(t, c)
	}
}
