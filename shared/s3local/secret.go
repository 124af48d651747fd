package s3local

import (
	"encoding"
	"fmt"
	"io"
)

// Secret is text that prints as [redacted] everywhere; string(s) gives it away, and can be searched for.
type Secret string

const redacted = "[redacted]"

var (
	_ fmt.Formatter          = Secret("")
	_ encoding.TextMarshaler = Secret("")
)

// Format hides the secret from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String hides the secret from what prints a Stringer without fmt.
func (Secret) String() string { return redacted }

// MarshalText hides the secret from JSON, XML and slog.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
