package app

import (
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
)

// rounds is how often the server is killed on the same folder.
const rounds = 4

// TestAKilledServerKeepsWhatItAcknowledged kills the server in the middle of commits, creates, renames, drops and grants,
// starts it again on the same folder, and holds what it then shows against what its clients were told.
func TestAKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, dir)
	s := newStorm(t, p.login(t))
	for range rounds {
		rage(t, p, s, syscall.SIGKILL)
		p = startProcess(t, dir)
		s.verify(t, p.login(t))
	}
	if s.acknowledged.Load() < rounds*leastAnswers {
		t.Errorf("got %d changes acknowledged, want %d at least", s.acknowledged.Load(), rounds*leastAnswers)
	}
}

// TestAServerThatIsToldToStopAnswersWhatItHasLetIn stops the server in the middle of the same.
func TestAServerThatIsToldToStopAnswersWhatItHasLetIn(t *testing.T) {
	dir := t.TempDir()
	p := startProcess(t, dir)
	s := newStorm(t, p.login(t))
	if err := rage(t, p, s, syscall.SIGTERM); err != nil {
		t.Errorf("exit: got %v, want status 0", err)
	}
	p = startProcess(t, dir)
	s.verify(t, p.login(t))
}

// leastAnswers is how many changes are acknowledged before the server is ended.
const leastAnswers = 60

// rage lets all writers write until the server is ended, at the moment when it acknowledges some change. It gives what the
// process ended with.
func rage(t *testing.T, p *process, s *storm, how syscall.Signal) error {
	t.Helper()
	s.begin(p.login(t), leastAnswers+rand.Int64N(leastAnswers))
	select {
	case <-s.enough:
	case <-s.over:
		t.Fatalf("the writers stopped before the server did: %q: %s", s.wrong, p.logged())
	}
	ended := p.signal(how)
	<-s.over
	for line := range strings.Lines(p.logged()) {
		if !strings.Contains(line, "level=INFO") {
			t.Errorf("log: got %s, want nothing but level INFO", line)
		}
	}
	return ended
}
