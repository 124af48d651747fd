package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"firn/shared/lake"
	"firn/shared/token"
)

func newKeys(t *testing.T) *token.Keys {
	t.Helper()
	k, err := token.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rotated(t *testing.T, k *token.Keys) *token.Keys {
	t.Helper()
	k, err := k.Rotate()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func pemOf(t *testing.T, k *token.Keys) string {
	t.Helper()
	text, err := k.PEM()
	if err != nil {
		t.Fatal(err)
	}
	return text.Reveal()
}

// set is a JWK set as a reader sees it.
type set struct {
	Keys []map[string]string `json:"keys"`
}

func jwks(t *testing.T, k *token.Keys) set {
	t.Helper()
	raw, err := k.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	var s set
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKeysSurviveBeingStored(t *testing.T) {
	before := rotated(t, rotated(t, newKeys(t)))
	after, err := token.ParseKeys(lake.Secret(pemOf(t, before)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(jwks(t, after)), fmt.Sprint(jwks(t, before)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := len(jwks(t, after).Keys); got != 3 {
		t.Errorf("got %d keys, want 3", got)
	}
}

// A key is published one step before it signs, verifies one step longer, and is gone with the next: a leaked one too.
func TestRotationForgetsTheOldestKeys(t *testing.T) {
	k := newKeys(t)
	leaked := jwks(t, k).Keys[0]["kid"]
	for step, want := range []struct{ keys, at int }{{2, 0}, {3, 2}, {3, -1}, {3, -1}} {
		k = rotated(t, k)
		got := jwks(t, k).Keys
		at := slices.IndexFunc(got, func(key map[string]string) bool { return key["kid"] == leaked })
		if len(got) != want.keys || at != want.at {
			t.Errorf("after %d steps: got %d keys with the first at %d, want %d and %d", step+1, len(got), at, want.keys, want.at)
		}
	}
}

func TestJWKS(t *testing.T) {
	k := rotated(t, newKeys(t))
	seen := map[string]bool{}
	for _, key := range jwks(t, k).Keys {
		for name, want := range map[string]string{"kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256"} {
			if key[name] != want {
				t.Errorf("%s: got %q, want %q", name, key[name], want)
			}
		}
		point := []byte{4}
		for _, name := range []string{"x", "y"} {
			b, err := base64.RawURLEncoding.DecodeString(key[name])
			if err != nil || len(b) != 32 {
				t.Errorf("%s: got %d bytes (%v), want 32", name, len(b), err)
			}
			point = append(point, b...)
		}
		if _, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err != nil {
			t.Errorf("not a point: %v", err)
		}
		if len(key) != 7 || seen[key["kid"]] || key["kid"] == "" {
			t.Errorf("got %d members and kid %q, want 7 and a kid of its own", len(key), key["kid"])
		}
		seen[key["kid"]] = true
	}
}

func block(t *testing.T, kind string, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if kind == "PUBLIC KEY" {
		der, err = x509.MarshalPKIXPublicKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func TestKeysThatAreRefused(t *testing.T) {
	good := pemOf(t, newKeys(t))
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	many := good
	for range 8 {
		many += pemOf(t, newKeys(t))
	}
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "no PRIVATE KEY"},
		{"no PEM", "hello", "no PRIVATE KEY"},
		{"a public key alone", block(t, "PUBLIC KEY", &other.PublicKey), "no PRIVATE KEY"},
		{"a public key first", block(t, "PUBLIC KEY", &other.PublicKey) + good, "first"},
		{"another curve", block(t, "PRIVATE KEY", p384), "P-256"},
		{"another curve to verify with", good + block(t, "PUBLIC KEY", &p384.PublicKey), "P-256"},
		{"RSA", block(t, "PRIVATE KEY", rsaKey), "elliptic curve"},
		{"RSA to verify with", good + block(t, "PUBLIC KEY", &rsaKey.PublicKey), "elliptic curve"},
		{"another block", strings.ReplaceAll(good, "PRIVATE KEY", "EC PRIVATE KEY"), `"EC PRIVATE KEY"`},
		{"no key in a block", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "PKCS #8"},
		{"a key twice", good + good, "twice"},
		{"too many", many, "more than 8"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := token.ParseKeys(lake.Secret(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestKeysAreNotPrinted(t *testing.T) {
	k := newKeys(t)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "keys", k)
	for _, got := range []string{fmt.Sprint(k), fmt.Sprintf("%+v", k), fmt.Sprintf("%#v", k)} {
		if got != "[redacted]" {
			t.Errorf("got %q, want [redacted]", got)
		}
	}
	if !strings.Contains(log.String(), "keys=[redacted]") {
		t.Errorf("got %q, want [redacted]", log.String())
	}
}
