package polaristest

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// Deviations are the differences that are allowed, as a file lists them: sections with a reason, entries below.
type Deviations struct {
	file     string
	mu       sync.Mutex
	sections []*section
}

// section is a heading, "meant: why" or "not yet (what brings it): why", and its entries.
type section struct {
	comment []string // lines above the heading
	heading string
	open    bool // of differences that nobody has explained yet: its entries allow nothing
	entries []*entry
}

// entry allows one text, or texts of one pattern, on some lines of one scenario.
type entry struct {
	scenario string
	rest     string          // of the id, after the slash: "*", "003-009,012", or a pattern of package path
	lines    map[string]bool // by id, where rest is a list: whether the line still deviates so
	used     bool            // where rest is a pattern
	text     string
	pattern  *regexp.Regexp // nil: text is exact
}

const unexplained = "unexplained:"

var heading = regexp.MustCompile(`^(meant|not yet \([^)]+\)): .+$`)

// ReadDeviations reads the file. It refuses entries without a section, sections without a reason and empty sections.
func ReadDeviations(file string) (*Deviations, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading deviations: %w", err)
	}
	d := &Deviations{file: file}
	var comment []string
	for i, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
		err := d.readLine(line, &comment)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", filepath.Base(file), i+1, err)
		}
	}
	for _, s := range d.sections {
		if len(s.entries) == 0 {
			return nil, fmt.Errorf("%s: nothing stands under %q", filepath.Base(file), s.heading)
		}
	}
	return d, nil
}

func (d *Deviations) readLine(line string, comment *[]string) error {
	text, indented := strings.CutPrefix(line, "  ")
	switch {
	case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		*comment = append(*comment, line)
		return nil
	case indented && len(d.sections) == 0:
		return fmt.Errorf("an entry needs a section above it")
	case indented:
		e, err := newEntry(text)
		if err != nil {
			return err
		}
		last := d.sections[len(d.sections)-1]
		last.entries = append(last.entries, e)
		return nil
	case line == unexplained || heading.MatchString(line):
		d.sections = append(d.sections, &section{comment: *comment, heading: line, open: line == unexplained})
		*comment = nil
		return nil
	}
	return fmt.Errorf("neither an entry (two spaces first) nor \"meant: why\" nor \"not yet (what brings it): why\"")
}

// newEntry reads "scenario/lines: text".
func newEntry(line string) (*entry, error) {
	id, text, ok := strings.Cut(line, ": ")
	scenario, rest, both := strings.Cut(id, "/")
	if !ok || !both || text == "" {
		return nil, fmt.Errorf("want \"scenario/lines: text\", got %q", line)
	}
	e := &entry{scenario: scenario, rest: rest, text: text}
	if numbers, ok := expand(rest); ok {
		e.lines = map[string]bool{}
		for _, n := range numbers {
			e.lines[scenario+"/"+n] = false
		}
	} else if _, err := path.Match(rest, ""); err != nil {
		return nil, fmt.Errorf("lines %q: %w", rest, err)
	}
	if text == "*" {
		text = "~ .*"
	}
	if expression, ok := strings.CutPrefix(text, "~ "); ok {
		pattern, err := regexp.Compile(`(?s)\A(?:` + expression + `)\z`)
		if err != nil {
			return nil, fmt.Errorf("pattern of %s: %w", id, err)
		}
		e.pattern = pattern
	}
	return e, nil
}

// allows says whether the entry speaks of this deviation, and remembers that it did.
func (e *entry) allows(dev Deviation) bool {
	scenario, rest, _ := strings.Cut(dev.ID, "/")
	if scenario != e.scenario || e.pattern == nil && e.text != dev.Text || e.pattern != nil && !e.pattern.MatchString(dev.Text) {
		return false
	}
	if e.lines != nil {
		_, listed := e.lines[dev.ID]
		if listed {
			e.lines[dev.ID] = true
		}
		return listed
	}
	matched, err := path.Match(e.rest, rest)
	e.used = e.used || err == nil && matched
	return err == nil && matched
}

// Unexplained gives those deviations that no entry allows. It may be called from several tests at once.
func (d *Deviations) Unexplained(found []Deviation) []Deviation {
	d.mu.Lock()
	defer d.mu.Unlock()
	var rest []Deviation
	for _, dev := range found {
		allowed := false
		for _, s := range d.sections {
			for _, e := range s.entries {
				if !s.open && e.allows(dev) { // every entry that speaks of it is in use
					allowed = true
				}
			}
		}
		if !allowed {
			rest = append(rest, dev)
		}
	}
	return rest
}

// Stale says what the file allows for a scenario although it did not happen in what Unexplained was given.
func (d *Deviations) Stale(scenario string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var stale []string
	for _, s := range d.sections {
		for _, e := range s.entries {
			if e.scenario != scenario {
				continue
			}
			if s.open {
				stale = append(stale, fmt.Sprintf("%s/%s: %s (still under %q)", e.scenario, e.rest, e.text, unexplained))
			} else if gone := e.gone(); gone != "" {
				stale = append(stale, fmt.Sprintf("%s/%s: %s", e.scenario, gone, e.text))
			}
		}
	}
	return stale
}

// gone gives the lines of an entry that do not deviate so any more.
func (e *entry) gone() string {
	if e.lines == nil {
		if e.used {
			return ""
		}
		return e.rest
	}
	return compress(e.kept(false))
}
