package gcs

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/encoding/protowire"

	"firn/shared/fault"
	"firn/shared/lake"
)

// sessionKey seals boundaries as Tink's AEAD does with the primary key of a keyset (Tink wire format, "AEAD"): a prefix
// that names the key, a random nonce, the ciphertext with its tag, and no associated data.
//
// It is not Tink itself, which would make every function's binary bigger by all of its kinds of keys. A key of another
// kind than AES-GCM is refused.
type sessionKey struct {
	prefix []byte
	aead   cipher.AEAD
}

func (k sessionKey) seal(plain []byte) []byte {
	return k.aead.Seal(append([]byte(nil), k.prefix...), nil, plain, nil)
}

// Field numbers and values of tink.proto and aes_gcm.proto.
const (
	keysetPrimary = 1
	keysetKey     = 2

	keyData   = 1
	keyStatus = 2
	keyID     = 3
	keyPrefix = 4

	dataType  = 1
	dataValue = 2

	aesGCMVersion = 1
	aesGCMValue   = 3

	statusEnabled = 1
	prefixTink    = 1
	prefixRaw     = 3

	aesGCMType = "type.googleapis.com/google.crypto.tink.AesGcmKey"
)

// parseSessionKey reads a keyset in base64. Its contents appear in no error.
func parseSessionKey(s lake.Secret) (sessionKey, error) {
	raw, err := base64.StdEncoding.DecodeString(s.Reveal())
	if err != nil {
		return sessionKey{}, badKey("it is not base64")
	}
	keyset, err := fieldsOf(raw)
	if err != nil {
		return sessionKey{}, badKey("it is not a keyset")
	}
	for _, encoded := range keyset.bytes[keysetKey] {
		key, err := fieldsOf(encoded)
		if err != nil {
			return sessionKey{}, badKey("it holds something that is no key")
		}
		if key.number[keyID] == keyset.number[keysetPrimary] {
			return parseKey(key)
		}
	}
	return sessionKey{}, badKey("it has no primary key")
}

func parseKey(key fields) (sessionKey, error) {
	var out sessionKey
	switch key.number[keyPrefix] {
	case prefixTink:
		out.prefix = binary.BigEndian.AppendUint32([]byte{1}, uint32(key.number[keyID]))
	case prefixRaw:
	default:
		return sessionKey{}, badKey("its prefix is of an unknown kind")
	}
	data, err := fieldsOf(key.last(keyData))
	if err != nil || key.number[keyStatus] != statusEnabled || string(data.last(dataType)) != aesGCMType {
		return sessionKey{}, badKey("its primary key is not an enabled key for AES-GCM")
	}
	value, err := fieldsOf(data.last(dataValue))
	if err != nil || value.number[aesGCMVersion] != 0 {
		return sessionKey{}, badKey("its primary key is of an unknown version")
	}
	block, err := aes.NewCipher(value.last(aesGCMValue))
	if err != nil {
		return sessionKey{}, badKey("its primary key has a wrong length")
	}
	out.aead, err = cipher.NewGCMWithRandomNonce(block)
	return out, err
}

func badKey(reason string) error {
	return fault.Of(fault.Unsupported, fault.Credential, "", "This server cannot use the key that Google's token service gave. An administrator must turn the client-side boundary off.").
		Because(errors.New("session key of the intermediary token: " + reason))
}

// fields are those of one message: the last of each number of type varint, and all of each of type bytes.
type fields struct {
	number map[protowire.Number]uint64
	bytes  map[protowire.Number][][]byte
}

func (f fields) last(n protowire.Number) []byte {
	if all := f.bytes[n]; len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

func fieldsOf(raw []byte) (fields, error) {
	out := fields{number: map[protowire.Number]uint64{}, bytes: map[protowire.Number][][]byte{}}
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return out, protowire.ParseError(n)
		}
		raw = raw[n:]
		switch kind {
		case protowire.VarintType:
			v, n := protowire.ConsumeVarint(raw)
			if n < 0 {
				return out, protowire.ParseError(n)
			}
			out.number[number], raw = v, raw[n:]
		case protowire.BytesType:
			v, n := protowire.ConsumeBytes(raw)
			if n < 0 {
				return out, protowire.ParseError(n)
			}
			out.bytes[number], raw = append(out.bytes[number], v), raw[n:]
		default:
			return out, errors.New("a field of an unexpected type")
		}
	}
	return out, nil
}
