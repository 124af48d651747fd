package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"

	"firn/shared/lake"
)

// maxKeys bounds the keys that tokens are verified with: rotation needs two or three.
const maxKeys = 8

// Keys are the signing key and the older (or coming) keys that tokens are verified with as well.
type Keys struct {
	private *ecdsa.PrivateKey
	public  []publicKey // the signing key's own first
}

type publicKey struct {
	id  string // RFC 7638 thumbprint: the same key has the same id wherever it is read
	key *ecdsa.PublicKey
}

// NewKeys makes a signing key.
func NewKeys() (*Keys, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	k := &Keys{private: private}
	return k, k.add(&private.PublicKey)
}

// Rotate makes a new signing key and keeps the others for verifying: tokens of the last hour stay good. Where several
// instances hold the keys, a new one must be known to all before any signs with it: put its PRIVATE KEY block second
// first, and in front once every instance has read it.
func (k *Keys) Rotate() (*Keys, error) {
	next, err := NewKeys()
	if err != nil {
		return nil, err
	}
	next.public = append(next.public, k.public[:min(len(k.public), maxKeys-1)]...)
	return next, nil
}

// ParseKeys reads PEM: the first block is the signing key (PKCS #8, "PRIVATE KEY"), and any further ones, private or
// "PUBLIC KEY", only verify. All are on P-256.
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
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return "", fmt.Errorf("writing the signing key: %w", err)
	}
	out := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, p := range k.public[1:] {
		if der, err = x509.MarshalPKIXPublicKey(p.key); err != nil {
			return "", fmt.Errorf("writing a verification key: %w", err)
		}
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})...)
	}
	return lake.Secret(out), nil
}

// coordinates gives x and y as RFC 7518, section 6.2.1 wants them: base64url of exactly 32 bytes each.
func coordinates(key *ecdsa.PublicKey) (x, y string, err error) {
	point, err := key.Bytes() // 4, x, y (SEC 1, section 2.3.3)
	if err != nil {
		return "", "", fmt.Errorf("encoding a public key: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:]), nil
}

// jwk is a public key (RFC 7517, section 4).
type jwk struct {
	KeyType   string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
}

// JWKS is the JWK Set document (RFC 7517, section 5) of all keys that tokens are verified with.
func (k *Keys) JWKS() ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, p := range k.public {
		x, y, err := coordinates(p.key)
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, jwk{KeyType: "EC", Use: "sig", Algorithm: "ES256", ID: p.id, Curve: "P-256", X: x, Y: y})
	}
	return json.Marshal(set)
}

// String, GoString and LogValue hide the signing key.
func (k *Keys) String() string { return "[redacted]" }

// GoString hides the signing key from %#v.
func (k *Keys) GoString() string { return k.String() }

// LogValue hides the signing key from slog.
func (k *Keys) LogValue() slog.Value { return slog.StringValue(k.String()) }
