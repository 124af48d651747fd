package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// printer remembers that something could not be printed, so that only Main asks.
type printer struct {
	to  io.Writer
	err error
}

// Write passes on what it is given until that fails once.
func (p *printer) Write(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.to.Write(b)
	p.err = err
	return n, err
}

// table prints rows under headings.
func table(w io.Writer, headings []string, rows [][]string) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line(tw, headings)
	for _, row := range rows {
		line(tw, row)
	}
	tw.Flush()
}

func line(w io.Writer, cells []string) {
	shown := make([]string, len(cells))
	for i, cell := range cells {
		shown[i] = orElse(plain(cell), "-")
	}
	fmt.Fprintln(w, strings.Join(shown, "\t"))
}

// record prints an object of the API field by field, in the API's order and with the fields that firn does not know. An
// object within it becomes fields with a dotted name; times become RFC 3339.
func record(w io.Writer, object json.RawMessage) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fields(tw, "", object)
	tw.Flush()
}

func fields(w io.Writer, prefix string, object json.RawMessage) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return
	}
	for dec.More() {
		key, err := dec.Token()
		var value json.RawMessage
		if err != nil || dec.Decode(&value) != nil {
			return
		}
		name := prefix + key.(string)
		if value[0] == '{' {
			fields(w, name+".", value)
			continue
		}
		line(w, []string{name, scalar(name, value)})
	}
}

// scalar shows a value that is not an object.
func scalar(name string, value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text // null is empty
	}
	var list []string
	if json.Unmarshal(value, &list) == nil {
		return strings.Join(list, ", ")
	}
	if ms, err := strconv.ParseInt(string(value), 10, 64); err == nil && strings.HasSuffix(name, "Timestamp") {
		return moment(ms)
	}
	return string(value)
}

// moment shows milliseconds since 1970; 0 is no time.
func moment(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(time.RFC3339)
}

// plain shows text that somebody else chose: what could steer a terminal is escaped.
func plain(text string) string {
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return text
}
