package polaristest

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Update rewrites the file: entries of these scenarios that allow what no longer happens are taken out, and the new
// deviations are added under "unexplained:", from where somebody moves each to a section with its reason. Nothing counts
// as having happened afterwards.
func (d *Deviations) Update(scenarios []string, added []Deviation) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out strings.Builder
	for _, s := range d.sections {
		var kept []string
		for _, e := range s.entries {
			rest := e.rest
			if slices.Contains(scenarios, e.scenario) {
				rest = e.still()
			}
			if rest != "" && !(s.open && slices.Contains(scenarios, e.scenario)) {
				kept = append(kept, fmt.Sprintf("  %s/%s: %s\n", e.scenario, rest, e.text))
			}
		}
		if len(kept) > 0 {
			out.WriteString(strings.Join(append(s.comment, s.heading), "\n") + "\n" + strings.Join(kept, ""))
		}
	}
	if len(added) > 0 {
		fmt.Fprintf(&out, "\n%s\n%s", unexplained, candidates(added))
	}
	if err := os.WriteFile(d.file, []byte(out.String()), 0o644); err != nil {
		return fmt.Errorf("rewriting deviations: %w", err)
	}
	written, err := ReadDeviations(d.file)
	if err != nil {
		return err
	}
	d.sections = written.sections
	return nil
}

// still gives the lines of an entry that deviate.
func (e *entry) still() string {
	if e.lines != nil {
		return compress(e.kept(true))
	}
	if !e.used {
		return ""
	}
	return e.rest
}

// kept gives the numbers of the lines that deviate, or of those that do not.
func (e *entry) kept(deviates bool) []string {
	var numbers []string
	for _, id := range sortedKeys(e.lines) {
		if e.lines[id] == deviates {
			numbers = append(numbers, strings.TrimPrefix(id, e.scenario+"/"))
		}
	}
	return numbers
}

// candidates writes deviations as entries; lines of a scenario that deviate alike share one.
func candidates(all []Deviation) string {
	type group struct{ scenario, text string }
	lines := map[group][]string{}
	var order []group
	for _, dev := range all {
		scenario, rest, _ := strings.Cut(dev.ID, "/")
		g := group{scenario, dev.Text}
		if _, listed := expand(rest); !listed {
			g.text = rest + ": " + dev.Text // lines with names are not gathered
		}
		if lines[g] == nil {
			order = append(order, g)
		}
		if !slices.Contains(lines[g], rest) {
			lines[g] = append(lines[g], rest)
		}
	}
	var out strings.Builder
	for _, g := range order {
		if list := compress(lines[g]); list != "" {
			fmt.Fprintf(&out, "  %s/%s: %s\n", g.scenario, list, g.text)
		} else {
			fmt.Fprintf(&out, "  %s/%s\n", g.scenario, g.text)
		}
	}
	return out.String()
}

var numberList = regexp.MustCompile(`^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$`)

// expand reads "003-005,012" as its numbers; false if it is no list of numbers.
func expand(list string) ([]string, bool) {
	if !numberList.MatchString(list) {
		return nil, false
	}
	var all []string
	for part := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, _ := strconv.Atoi(from)
		last, _ := strconv.Atoi(to)
		for n := first; n <= last; n++ {
			all = append(all, fmt.Sprintf("%03d", n))
		}
	}
	return all, true
}

// compress is the reverse of expand, for sorted numbers. It gives "" for anything else, and for none.
func compress(numbers []string) string {
	var parts []string
	for i := 0; i < len(numbers); {
		first, err := strconv.Atoi(numbers[i])
		if err != nil {
			return ""
		}
		length := 1
		for i+length < len(numbers) && numbers[i+length] == fmt.Sprintf("%03d", first+length) {
			length++
		}
		part := numbers[i]
		if length > 1 {
			part += "-" + numbers[i+length-1]
		}
		parts = append(parts, part)
		i += length
	}
	return strings.Join(parts, ",")
}
