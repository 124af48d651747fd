package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

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

// ParseJWKS reads what JWKS wrote: keys that verify and do not sign.
func ParseJWKS(text []byte) (*Keys, error) {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, fmt.Errorf("reading a key set: %w", err)
	}
	k := &Keys{}
	for _, j := range set.Keys {
		x, errX := base64.RawURLEncoding.DecodeString(j.X)
		y, errY := base64.RawURLEncoding.DecodeString(j.Y)
		if err := errors.Join(errX, errY); err != nil || j.KeyType != "EC" || j.Curve != "P-256" || len(x) != 32 || len(y) != 32 {
			return nil, errors.New("a key of the set is not one on P-256")
		}
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, fmt.Errorf("reading a key of the set: %w", err)
		}
		if err := k.add(key); err != nil {
			return nil, err
		}
	}
	if len(k.public) == 0 {
		return nil, errors.New("the key set is empty")
	}
	return k, nil
}
