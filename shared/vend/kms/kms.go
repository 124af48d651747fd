// Package kms seals what instances share in the table (vend.Shared) by envelope encryption: AES-256-GCM under a data key
// that AWS KMS made and wrapped, which lies beside the text.
//
// It refuses a text that was sealed for another place, or under another key of KMS.
//
// # Why
//
// Whoever reads the table reads nothing: the right to use the key is another one, which the functions that vend have.
// KMS is asked once an hour for a data key of this instance's own, and once for each data key of another instance: a call
// for each credential would cost more than it saves.
package kms

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	lru "github.com/hashicorp/golang-lru/v2"

	"firn/shared/vend"
)

// Config says which key of KMS is used.
type Config struct {
	AWS aws.Config
	Key string           // ARN of a symmetric key
	Now func() time.Time // wall-clock time
}

const (
	keyLife   = time.Hour // how long an instance seals under one data key
	knownKeys = 256       // data keys of other instances that are remembered
	maxKey    = 6144      // bytes of a wrapped data key (KMS API reference, CiphertextBlob)
	format    = 1
)

// purpose binds the data keys to what they are for (KMS developer guide, "Encryption context"): KMS unwraps them for
// nothing else, and CloudTrail shows it.
var purpose = map[string]string{"firn": "shared-credentials"}

// Sealer seals and opens. Safe for concurrent use.
type Sealer struct {
	config Config
	client *kms.Client
	known  *lru.Cache[string, cipher.AEAD] // by the wrapped key

	mu    sync.Mutex
	own   dataKey
	since time.Time
}

type dataKey struct {
	wrapped []byte
	aead    cipher.AEAD
}

var _ vend.Sealer = (*Sealer)(nil)

// New makes a sealer. It sends nothing.
func New(c Config) (*Sealer, error) {
	known, err := lru.New[string, cipher.AEAD](knownKeys)
	if err != nil {
		return nil, fmt.Errorf("make key cache: %w", err)
	}
	return &Sealer{config: c, client: kms.NewFromConfig(c.AWS), known: known}, nil
}

// Seal gives the format, the wrapped key behind its length (2 bytes, big-endian), and the nonce with the ciphertext.
func (s *Sealer) Seal(ctx context.Context, text []byte, belongs string) ([]byte, error) {
	key, err := s.ownKey(ctx)
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint16([]byte{format}, uint16(len(key.wrapped)))
	out = append(out, key.wrapped...)
	return key.aead.Seal(out, nil, text, []byte(belongs)), nil
}

// Open gives the text of what was sealed for the same place.
func (s *Sealer) Open(ctx context.Context, sealed []byte, belongs string) ([]byte, error) {
	if len(sealed) < 3 || sealed[0] != format {
		return nil, errors.New("the sealed text has an unknown format")
	}
	size := int(binary.BigEndian.Uint16(sealed[1:3]))
	if len(sealed) < 3+size || size > maxKey {
		return nil, errors.New("the sealed text is cut off")
	}
	aead, err := s.keyOf(ctx, sealed[3:3+size])
	if err != nil {
		return nil, err
	}
	text, err := aead.Open(nil, nil, sealed[3+size:], []byte(belongs))
	if err != nil {
		return nil, fmt.Errorf("open a sealed text: %w", err)
	}
	return text, nil
}

// ownKey gives the data key that this instance seals under.
func (s *Sealer) ownKey(ctx context.Context) (dataKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.config.Now().Round(0)
	if s.own.aead != nil && !now.Before(s.since) && now.Before(s.since.Add(keyLife)) {
		return s.own, nil
	}
	made, err := s.client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: &s.config.Key, KeySpec: types.DataKeySpecAes256, EncryptionContext: purpose})
	if err != nil {
		return dataKey{}, fmt.Errorf("get a data key: %w", err)
	}
	aead, err := newAEAD(made.Plaintext)
	if err != nil || len(made.CiphertextBlob) == 0 || len(made.CiphertextBlob) > maxKey {
		return dataKey{}, errors.Join(errors.New("KMS gave no usable data key"), err)
	}
	s.own, s.since = dataKey{bytes.Clone(made.CiphertextBlob), aead}, now
	s.known.Add(string(s.own.wrapped), aead)
	return s.own, nil
}

// keyOf unwraps a data key.
func (s *Sealer) keyOf(ctx context.Context, wrapped []byte) (cipher.AEAD, error) {
	if aead, ok := s.known.Get(string(wrapped)); ok {
		return aead, nil
	}
	// The key is named: one that wraps under a key of another account is refused by KMS.
	plain, err := s.client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: wrapped, KeyId: &s.config.Key, EncryptionContext: purpose})
	if err != nil {
		return nil, fmt.Errorf("unwrap a data key: %w", err)
	}
	aead, err := newAEAD(plain.Plaintext)
	if err != nil {
		return nil, err
	}
	s.known.Add(string(wrapped), aead)
	return aead, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("a data key has 32 bytes, not %d", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
