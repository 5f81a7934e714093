package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bellwire/bellwire/internal/config"
	"github.com/bellwire/bellwire/internal/secret"
	"github.com/bellwire/bellwire/internal/store"
	"github.com/bellwire/bellwire/internal/webhook"
)

// keyCheck names the value that a database recognises its master key by.
const keyCheck = "master_key_check"

// openKeyring takes the master keys from the configuration or, with SQLite
// alone, from the key file beside the database, and refuses keys that did not
// seal what is stored there.
func openKeyring(ctx context.Context, c config.Config, s *store.Store) (*secret.Keyring, error) {
	keys, made := c.MasterKeys, ""
	if len(keys) == 0 {
		var err error
		if keys, made, err = fileKeys(keyFileOf(c)); err != nil {
			return nil, err
		}
	}
	ring, err := secret.NewKeyring(keys)
	if err != nil {
		return nil, fmt.Errorf("BELLWIRE_MASTER_KEY: %w", err)
	}
	kept, err := s.KeepValue(ctx, keyCheck, ring.CheckValue())
	if err != nil {
		return nil, err
	}
	if ring.Knows(kept) {
		return ring, nil
	}
	if made != "" {
		return nil, errors.Join(
			webhook.Conflict("the key file %s is missing and this database was sealed with it: put it back, or set BELLWIRE_MASTER_KEY", made),
			os.Remove(made))
	}
	return nil, webhook.Conflict("the master key is not the one that this database was sealed with: set BELLWIRE_MASTER_KEY to the right one, or list it after the new one")
}

// keyFileOf is where the key stands that nobody configured.
func keyFileOf(c config.Config) string { return c.SQLitePath() + ".key" }

// fileKeys reads the key file, or makes one; made is its path in that case.
func fileKeys(path string) (keys [][]byte, made string, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKeyFile(path); err != nil {
			return nil, "", err
		}
		made = path
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the key file: %w", err)
	}
	keys, err = secret.ParseKeys(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, "", fmt.Errorf("the key file %s: %w", path, err)
	}
	return keys, made, nil
}

// makeKeyFile writes a new key under a name of its own and links it into
// place, so that of two processes that start at once both read the same key.
func makeKeyFile(path string) error {
	var key [32]byte
	rand.Read(key[:])
	temp, err := os.CreateTemp(filepath.Dir(path), ".bellwire-key-*") // mode 0600
	if err != nil {
		return fmt.Errorf("make the key file: %w", err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.WriteString(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	if err := os.Link(temp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("place the key file: %w", err)
	}
	return nil
}
