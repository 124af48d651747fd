package polaristest

import "path/filepath"

// Replay sends a scenario's lines in order and gives what deviates. A line that cannot be sent, or gets no answer,
// deviates too. The server must not know the scenario's names yet.
func Replay(c Config, folder, scenario string) ([]Deviation, error) {
	lines, err := readLines[Line](filepath.Join(folder, scenario+".jsonl"))
	if err != nil {
		return nil, err
	}
	s := NewSession(c)
	var all []Deviation
	for _, l := range lines {
		a, err := s.Send(l)
		if err != nil {
			all = append(all, Deviation{l.ID, "no answer: " + cut([]rune(s.stable(err.Error())))})
			continue
		}
		for _, text := range s.Compare(l, a) {
			all = append(all, Deviation{l.ID, text})
		}
		s.Capture(l, a) // only now: the recorded answer may speak of a value that it replaces
	}
	return all, nil
}
