package polaristest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var (
	variable = regexp.MustCompile(`\$\{#?([^}]+)\}`)
	number   = regexp.MustCompile(`"\$\{#([^}]+)\}"`) // a whole JSON string that stands for a number
)

// lookup gives a variable's value: captured ones, ${pad:N} (N times x) and ${now±ms} (milliseconds since 1970).
func (s *Session) lookup(name string) (string, bool) {
	if n, ok := strings.CutPrefix(name, "pad:"); ok {
		count, err := strconv.Atoi(n)
		return strings.Repeat("x", max(count, 0)), err == nil
	}
	if shift, ok := strings.CutPrefix(name, "now"); ok {
		by, err := strconv.ParseInt(orElse(shift, "0"), 10, 64)
		return strconv.FormatInt(s.config.Now().UnixMilli()+by, 10), err == nil
	}
	value, ok := s.vars[name]
	return value, ok
}

// fill puts values in place of variables. A variable without a value is an error, and stays as it is.
func (s *Session) fill(text string, escape func(string) string) (string, error) {
	var missing error
	filled := variable.ReplaceAllStringFunc(text, func(found string) string {
		name := variable.FindStringSubmatch(found)[1]
		value, ok := s.lookup(name)
		if !ok {
			missing = fmt.Errorf("variable %s has no value", name)
			return found
		}
		return escape(value)
	})
	return filled, missing
}

func (s *Session) fillText(text string) (string, error) {
	return s.fill(text, func(value string) string { return value })
}

// fillJSON fills a JSON text; "${#name}" becomes a number.
func (s *Session) fillJSON(text json.RawMessage) (json.RawMessage, error) {
	numbers := number.ReplaceAllString(string(text), "$${$1}")
	filled, err := s.fill(numbers, func(value string) string {
		quoted, _ := json.Marshal(value) // a string always can
		return string(quoted[1 : len(quoted)-1])
	})
	return json.RawMessage(filled), err
}

// What changes from run to run, in the order in which stable looks for it.
var volatile = []struct {
	pattern *regexp.Regexp
	name    string
}{
	{regexp.MustCompile(`[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`), "<uuid>"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`), "<time>"},
	{regexp.MustCompile(`\b\d{13}\b`), "<ms>"},
}

// stable takes out of a text what changes from run to run.
func (s *Session) stable(text string) string {
	text = strings.ReplaceAll(text, s.vars["warehouse"], "${warehouse}")
	text = strings.ReplaceAll(text, s.vars["warehousePath"], "${warehousePath}")
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.name)
	}
	return text
}

// short writes a value for a deviation: as JSON, stable, and cut to a length for reading.
func (s *Session) short(value any) string {
	return cut([]rune(s.long(value)))
}

// pair writes two values that differ. Where they are long and begin alike, only what follows is written.
func (s *Session) pair(want, got any) (string, string) {
	const before = 40 // of what is alike, for the eye
	w, g := []rune(s.long(want)), []rune(s.long(got))
	alike := 0
	for alike < min(len(w), len(g)) && w[alike] == g[alike] {
		alike++
	}
	if from := alike - before; from > 0 && max(len(w), len(g)) > longest {
		return "..." + cut(w[from:]), "..." + cut(g[from:])
	}
	return cut(w), cut(g)
}

func (s *Session) long(value any) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return err.Error()
	}
	return s.stable(strings.TrimSuffix(text.String(), "\n"))
}

const longest = 160 // runes of a value in a deviation

func cut(text []rune) string {
	if len(text) > longest {
		return string(text[:longest-3]) + "..."
	}
	return string(text)
}
