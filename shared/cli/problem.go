package cli

import (
	"context"
	"encoding/json"
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

// report writes an error for the person at the terminal, or as JSON, and gives the exit code. command is what they called.
func report(w io.Writer, asJSON bool, command string, err error) int {
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
	if asJSON {
		reportJSON(w, err.Error(), next)
	} else {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(w, "firn: %s\n", plain(strings.TrimRight(line, "\n")))
		}
		if next != "" {
			fmt.Fprintf(w, "next: %s\n", next)
		}
	}
	if p.usage {
		return 2
	}
	return 1
}

func reportJSON(w io.Writer, message, next string) {
	var document struct {
		Error struct {
			Message string `json:"message"`
			Next    string `json:"next,omitempty"`
		} `json:"error"`
	}
	document.Error.Message, document.Error.Next = message, next
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(document) // a stderr that cannot be written leaves the exit code
}
