// Package kmstest is AWS KMS for tests, as far as envelope encryption needs it: it makes data keys, and unwraps those that
// it made for the same key and the same encryption context.
package kmstest

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
)

// Keys is a service with whatever key one names. It is an http.Handler for requests whose X-Amz-Target begins with
// "TrentService.".
type Keys struct {
	mu    sync.Mutex
	made  map[string]dataKey // by the wrapped key
	calls map[string]int
}

type dataKey struct {
	plain   []byte
	key     string
	context map[string]string
}

var _ http.Handler = (*Keys)(nil)

// New makes a service.
func New() *Keys { return &Keys{made: map[string]dataKey{}, calls: map[string]int{}} }

// Calls says how often an action was called.
func (k *Keys) Calls(action string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.calls[action]
}

// ServeHTTP answers GenerateDataKey and Decrypt.
func (k *Keys) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var in struct {
		KeyID             string `json:"KeyId"`
		CiphertextBlob    []byte
		EncryptionContext map[string]string
	}
	action := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "TrentService.")
	k.calls[action]++
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	refusal := "ValidationException"
	if json.NewDecoder(r.Body).Decode(&in) == nil {
		switch action {
		case "GenerateDataKey":
			plain, wrapped := make([]byte, 32), make([]byte, 180)
			rand.Read(plain)
			rand.Read(wrapped)
			k.made[string(wrapped)] = dataKey{plain, in.KeyID, in.EncryptionContext}
			_ = json.NewEncoder(w).Encode(map[string]any{"KeyId": in.KeyID, "Plaintext": plain, "CiphertextBlob": wrapped})
			return
		case "Decrypt":
			found, ok := k.made[string(in.CiphertextBlob)]
			if ok && found.key == in.KeyID && maps.Equal(found.context, in.EncryptionContext) {
				_ = json.NewEncoder(w).Encode(map[string]any{"KeyId": in.KeyID, "Plaintext": found.plain})
				return
			}
			refusal = "InvalidCiphertextException"
		}
	}
	w.Header().Set("X-Amzn-ErrorType", refusal)
	w.WriteHeader(http.StatusBadRequest)
}
