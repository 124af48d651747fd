package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"firn/shared/lake"
)

// maxKeys bounds the keys that tokens are verified with: rotation needs two or three.
const maxKeys = 8

// Keys are the signing key and the coming and older keys that tokens are verified with as well. They never change.
type Keys struct {
	private *ecdsa.PrivateKey // nil: these verify alone
	next    *ecdsa.PrivateKey // signs after the next rotation; nil: none is coming
	public  []publicKey       // the signing key's own first, then the next one's
}

// Source gives the keys as they are now.
type Source interface{ Keys() *Keys }

var _ Source = (*Keys)(nil)

// Keys makes keys that never change a Source.
func (k *Keys) Keys() *Keys { return k }

type publicKey struct {
	id  string // RFC 7638 thumbprint: the same key has the same id wherever it is read
	key *ecdsa.PublicKey
}

var errVerifyOnly = errors.New("these keys only verify")

// NewKeys makes a signing key.
func NewKeys() (*Keys, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	k := &Keys{private: private}
	return k, k.add(&private.PublicKey)
}

// Rotate is one step of a rotation: the key that was coming signs, a new one is coming, and the one that signed verifies,
// so tokens of the last hour stay good. Older keys go: after three steps nothing that a leaked key signs is taken. Between
// two steps every instance must have read the keys again: then each knows a key before any signs with it.
func (k *Keys) Rotate() (*Keys, error) {
	if k.private == nil {
		return nil, errVerifyOnly
	}
	fresh, err := NewKeys()
	if err != nil {
		return nil, err
	}
	if k.next == nil {
		return &Keys{private: k.private, next: fresh.private,
			public: slices.Concat(k.public[:1], fresh.public, k.public[1:min(len(k.public), 2)])}, nil
	}
	return &Keys{private: k.next, next: fresh.private, public: slices.Concat(k.public[1:2], fresh.public, k.public[:1])}, nil
}

// ParseKeys reads PEM: the first block is the signing key (PKCS #8, "PRIVATE KEY"), a second private one signs after the
// next rotation, and any further ones, private or "PUBLIC KEY", only verify. All are on P-256.
func ParseKeys(text lake.Secret) (*Keys, error) {
	k := &Keys{}
	for rest := []byte(text.Reveal()); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		public, err := k.parse(block)
		if err != nil {
			return nil, err
		}
		if err := k.add(public); err != nil {
			return nil, err
		}
	}
	if k.private == nil {
		return nil, errors.New("the keys hold no PRIVATE KEY block")
	}
	return k, nil
}

// parse reads one block. Errors do not quote it.
func (k *Keys) parse(block *pem.Block) (*ecdsa.PublicKey, error) {
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		private, ok := parsed.(*ecdsa.PrivateKey)
		if err != nil || !ok {
			return nil, errors.New("a PRIVATE KEY block is not an elliptic curve key in PKCS #8")
		}
		if k.private == nil {
			if len(k.public) > 0 {
				return nil, errors.New("the first key block must be the PRIVATE KEY that signs")
			}
			k.private = private
		} else if len(k.public) == 1 {
			k.next = private
		}
		return &private.PublicKey, nil
	case "PUBLIC KEY":
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		public, ok := parsed.(*ecdsa.PublicKey)
		if err != nil || !ok {
			return nil, errors.New("a PUBLIC KEY block is not an elliptic curve key")
		}
		return public, nil
	}
	return nil, fmt.Errorf("the keys hold a %q block", block.Type)
}

func (k *Keys) add(key *ecdsa.PublicKey) error {
	if key.Curve != elliptic.P256() {
		return errors.New("ES256 needs keys on P-256")
	}
	x, y, err := coordinates(key)
	if err != nil {
		return err
	}
	// RFC 7638, section 3: the required members in lexical order, without space.
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, x, y))
	id := base64.RawURLEncoding.EncodeToString(sum[:])
	if k.find(id) != nil {
		return errors.New("the keys hold a key twice")
	}
	if len(k.public) == maxKeys {
		return fmt.Errorf("the keys are more than %d", maxKeys)
	}
	k.public = append(k.public, publicKey{id: id, key: key})
	return nil
}

func (k *Keys) find(id string) *ecdsa.PublicKey {
	for _, p := range k.public {
		if p.id == id {
			return p.key
		}
	}
	return nil
}

// PEM writes the keys as ParseKeys reads them.
func (k *Keys) PEM() (lake.Secret, error) {
	if k.private == nil {
		return "", errVerifyOnly
	}
	var out []byte
	signing := []*ecdsa.PrivateKey{k.private, k.next}
	if k.next == nil {
		signing = signing[:1]
	}
	for _, private := range signing {
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			return "", fmt.Errorf("writing a signing key: %w", err)
		}
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	}
	for _, p := range k.public[len(signing):] {
		der, err := x509.MarshalPKIXPublicKey(p.key)
		if err != nil {
			return "", fmt.Errorf("writing a verification key: %w", err)
		}
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})...)
	}
	return lake.Secret(out), nil
}

// String, GoString and LogValue hide the signing key.
func (k *Keys) String() string { return "[redacted]" }

// GoString hides the signing key from %#v.
func (k *Keys) GoString() string { return k.String() }

// LogValue hides the signing key from slog.
func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }
