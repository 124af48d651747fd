package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// problem is an error as the person at the terminal reads it.
type problem struct {
	what  string // what happened
	next  string // what to do next; may be empty
	usage bool   // the command was written wrongly and nothing was sent
}

// Error gives what happened.
func (p *problem) Error() string { return p.what }

// misused says that the command was written wrongly.
func misused(format string, args ...any) *problem {
	return &problem{what: fmt.Sprintf(format, args...), usage: true}
}

// failed says what happened and what to do next.
func failed(what, next string) *problem { return &problem{what: what, next: next} }

// report writes an error for the person at the terminal and gives the exit code. command is what they called.
func report(w io.Writer, command string, err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		err = failed("interrupted", "A request that was under way may have taken effect.")
	}
	p, ok := errors.AsType[*problem](err)
	if !ok {
		p = &problem{}
	}
	next := p.next
	if p.usage && next == "" {
		next = fmt.Sprintf("`%s --help` shows how it is used.", command)
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(w, "firn: %s\n", plain(strings.TrimRight(line, "\n")))
	}
	if next != "" {
		fmt.Fprintf(w, "next: %s\n", next)
	}
	if p.usage {
		return 2
	}
	return 1
}
