package lake

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
)

// Secret is a text that must not be shown: every way of printing it, and every encoder, gives [redacted]. Reveal is the
// only way in.
type Secret string

const redacted = "[redacted]"

// Reveal gives the text, for the one place that must hand it out.
func (s Secret) Reveal() string { return string(s) }

// String, GoString, LogValue, MarshalText and MarshalJSON hide the text.
func (s Secret) String() string { return redacted }

// GoString hides the text from %#v.
func (s Secret) GoString() string { return redacted }

// Format hides the text from every other verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue hides the text from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the text from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// NewSecret makes a client secret of 256 random bits: 43 characters of URL-safe base64.
func NewSecret() Secret {
	var b [32]byte
	rand.Read(b[:])
	return Secret(base64.RawURLEncoding.EncodeToString(b[:]))
}

// NewClientID makes a client id: 16 hexadecimal characters, as Polaris's.
func NewClientID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// SecretHash is a client secret as it is stored: SHA-256 over salt and secret. A slow hash would protect a guessable
// secret; these are 256 random bits, and the token function must not pay for a fear that does not apply. A secret that an
// administrator chose on reset is stored the same way, and is as good as it was chosen.
type SecretHash struct {
	Salt       []byte `json:"salt"`
	Sum        []byte `json:"sum"`
	Generation int    `json:"gen"` // counts the principal's secrets; tokens carry it
}

// Secrets are the secrets of a principal: two live at a time, so that engines can change over.
type Secrets struct {
	Current  SecretHash  `json:"current"`
	Previous *SecretHash `json:"previous,omitempty"`
}

// HashSecret stores a secret as the given generation.
func HashSecret(s Secret, generation int) SecretHash {
	salt := make([]byte, 16)
	rand.Read(salt)
	return SecretHash{Salt: salt, Sum: sum(salt, s), Generation: generation}
}

// Match says whether the secret is this one, in constant time.
func (h *SecretHash) Match(s Secret) bool {
	return h != nil && len(h.Sum) == sha256.Size && subtle.ConstantTimeCompare(h.Sum, sum(h.Salt, s)) == 1
}

func sum(salt []byte, s Secret) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write([]byte(s))
	return h.Sum(nil)
}

// Match gives the generation of the secret that s is, current or previous; ok is false if it is neither. Both are always
// compared.
func (s *Secrets) Match(secret Secret) (generation int, ok bool) {
	current, previous := s.Current.Match(secret), s.Previous.Match(secret)
	switch {
	case current:
		return s.Current.Generation, true
	case previous:
		return s.Previous.Generation, true
	}
	return 0, false
}

// Rotate makes fresh the current secret and keeps the one before it, unless dropOld says that it must die at once.
func (s Secrets) Rotate(fresh Secret, dropOld bool) Secrets {
	next := Secrets{Current: HashSecret(fresh, s.Current.Generation+1)}
	if !dropOld && s.Current.Generation > 0 {
		old := s.Current
		next.Previous = &old
	}
	return next
}

// Credentials are what a client proves itself with.
type Credentials struct {
	ClientID     string
	ClientSecret Secret
}
