// Package secret seals small values at rest with AES-256-GCM, bound to the row
// and field that they belong to, under a ring of master keys.
//
// It must not know where keys come from, what a value is for, or any database.
package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/bellwire/bellwire/internal/webhook"
)

// ErrUnknownKey says that a blob was sealed under a master key that is not in
// the ring.
var ErrUnknownKey = errors.New("sealed under a master key that is not configured")

// ErrDamaged says that a blob is not what Seal made for this row and field.
var ErrDamaged = errors.New("sealed value is damaged or belongs to another row")

// KeySize is the length of a master key in bytes: AES-256.
const KeySize = 32

// A blob is one byte of version, eight of key id (the first of the key's
// SHA-256), then nonce, ciphertext and tag as AES-GCM with a random nonce lays
// them out.
const (
	version  = 1
	idSize   = 8
	headSize = 1 + idSize
)

// checkName is both what a check value holds and the field it is bound to.
const checkName = "master key check"

type key struct {
	id   [idSize]byte
	aead cipher.AEAD
}

// Keyring holds the master keys, the newest first: it seals with that one and
// opens with any. It is safe for concurrent use.
type Keyring struct{ keys []key }

// NewKeyring makes a ring of keys of KeySize bytes, newest first.
func NewKeyring(keys [][]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("no master key")
	}
	ring := &Keyring{keys: make([]key, 0, len(keys))}
	for i, raw := range keys {
		k, err := newKey(raw)
		if err != nil {
			return nil, fmt.Errorf("master key %d: %w", i+1, err)
		}
		if ring.find(k.id) != nil {
			return nil, fmt.Errorf("master key %d is listed twice", i+1)
		}
		ring.keys = append(ring.keys, k)
	}
	return ring, nil
}

func newKey(raw []byte) (key, error) {
	if len(raw) != KeySize {
		return key{}, fmt.Errorf("has %d bytes, %d are needed", len(raw), KeySize)
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, err
	}
	sum := sha256.Sum256(raw)
	return key{id: [idSize]byte(sum[:idSize]), aead: aead}, nil
}

// ParseKeys reads a comma-separated list of master keys in base64, newest
// first. Its errors never quote a key.
func ParseKeys(s string) ([][]byte, error) {
	var keys [][]byte
	for i, text := range strings.Split(s, ",") {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("master key %d is not base64", i+1)
		}
		if len(raw) != KeySize {
			return nil, fmt.Errorf("master key %d has %d bytes, %d are needed", i+1, len(raw), KeySize)
		}
		keys = append(keys, raw)
	}
	return keys, nil
}

// Seal encrypts a value for one field of one row under the newest key.
func (k *Keyring) Seal(plain []byte, row webhook.UUID, field string) []byte {
	newest := k.keys[0]
	blob := make([]byte, headSize, headSize+len(plain)+newest.aead.Overhead())
	blob[0] = version
	copy(blob[1:], newest.id[:])
	return newest.aead.Seal(blob, nil, plain, binding(row, field))
}

// Open decrypts what Seal made for the same row and field. The error is
// ErrUnknownKey or ErrDamaged.
func (k *Keyring) Open(blob []byte, row webhook.UUID, field string) ([]byte, error) {
	id, ok := keyID(blob)
	if !ok {
		return nil, ErrDamaged
	}
	with := k.find(id)
	if with == nil {
		return nil, ErrUnknownKey
	}
	plain, err := with.aead.Open(nil, nil, blob[headSize:], binding(row, field))
	if err != nil {
		return nil, ErrDamaged
	}
	return plain, nil
}

// Reseal seals what Open opens under the newest key; the same bytes if it is
// that already.
func (k *Keyring) Reseal(blob []byte, row webhook.UUID, field string) ([]byte, error) {
	plain, err := k.Open(blob, row, field)
	if err != nil || k.Newest(blob) {
		return blob, err
	}
	return k.Seal(plain, row, field), nil
}

// Newest reports whether a blob is sealed under the newest key.
func (k *Keyring) Newest(blob []byte) bool {
	id, ok := keyID(blob)
	return ok && id == k.keys[0].id
}

// CheckValue makes a blob to keep beside the data, by which a later start sees
// whether it has the right master key.
func (k *Keyring) CheckValue() []byte {
	return k.Seal([]byte(checkName), webhook.UUID{}, checkName)
}

// Knows reports whether a CheckValue was made under one of the ring's keys.
func (k *Keyring) Knows(check []byte) bool {
	plain, err := k.Open(check, webhook.UUID{}, checkName)
	return err == nil && bytes.Equal(plain, []byte(checkName))
}

func (k *Keyring) find(id [idSize]byte) *key {
	for i := range k.keys {
		if k.keys[i].id == id {
			return &k.keys[i]
		}
	}
	return nil
}

func keyID(blob []byte) ([idSize]byte, bool) {
	if len(blob) < headSize || blob[0] != version {
		return [idSize]byte{}, false
	}
	return [idSize]byte(blob[1:headSize]), true
}

// binding is the associated data: the row's 16 bytes and the field's name.
func binding(row webhook.UUID, field string) []byte {
	return append(row[:], field...)
}
