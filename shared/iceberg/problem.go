package iceberg

import (
	"errors"
	"fmt"
	"regexp"

	"firn/shared/fault"
)

// problem is a complaint about a document. Its text may quote values of the document; safe has none: it names
// the rule and the field alone.
type problem struct {
	kind       fault.Kind // 0: that of whoever asked for the decoding
	text, safe string
}

func (p *problem) Error() string { return p.text }

var verb = regexp.MustCompile(`%[a-z]`)

// complain makes a problem. Every argument counts as a value of the document.
func complain(format string, args ...any) error {
	return &problem{text: fmt.Sprintf(format, args...), safe: verb.ReplaceAllLiteralString(format, "…")}
}

// orFault returns err as a fault: of the kind that it has, else of this one.
func orFault(kind fault.Kind, err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	if p, ok := errors.AsType[*problem](err); ok && p.kind != 0 {
		kind = p.kind
	}
	return fault.New(kind, "%s", err)
}

// withoutValues returns orFault's fault with a message, and no cause, that quotes nothing of the document.
func withoutValues(what string, err error) error {
	f := fault.From(orFault(fault.Argument, err))
	rule := "Cannot parse " + what + " metadata: it breaks a rule of the format"
	if p, ok := errors.AsType[*problem](err); ok {
		rule = p.safe
	}
	return fault.New(f.Kind, "%s", rule)
}

// notJSON complains of a document that is not strict JSON.
func notJSON(what string, err error) error {
	return &problem{kind: fault.Malformed, text: "Cannot parse " + what + " metadata: " + err.Error(), safe: "Cannot parse " + what + " metadata: it is not strict JSON"}
}
