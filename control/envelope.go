package control

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// Why a snapshot is refused. Test with [errors.Is].
var (
	// ErrSignature means that nobody we trust signed the envelope.
	ErrSignature = errors.New("control: the snapshot is not signed by the control server")
	// ErrOlder means that a newer snapshot is in force.
	ErrOlder = errors.New("control: the snapshot is older than the one in force")
	// ErrService means that the snapshot is for another service.
	ErrService = errors.New("control: the snapshot is for another service")
)

// signed goes before the payload when it is signed, so that a signature made for
// something else by the same key is worth nothing here.
const signed = "backstay control snapshot v1\n"

// Envelope is a signed [Snapshot] as it travels and as it is kept on disk.
type Envelope struct {
	// Payload is the snapshot in JSON.
	Payload []byte `json:"payload"`
	// KeyID names the key that signed; see [KeyID].
	KeyID string `json:"keyId"`
	// Signature is by Ed25519.
	Signature []byte `json:"signature"`
}

// KeyID names a public key: the first 16 hexadecimal digits of its SHA-256.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// Sign puts a snapshot into an envelope.
func Sign(s Snapshot, key ed25519.PrivateKey) (Envelope, error) {
	if len(key) != ed25519.PrivateKeySize {
		return Envelope{}, errors.New("control: sign: no private key")
	}
	payload, err := json.Marshal(s)
	if err != nil {
		return Envelope{}, fmt.Errorf("control: sign: %w", err)
	}
	public, _ := key.Public().(ed25519.PublicKey)
	return Envelope{
		Payload:   payload,
		KeyID:     KeyID(public),
		Signature: ed25519.Sign(key, append([]byte(signed), payload...)),
	}, nil
}

// Verify opens the envelope if one of the keys signed it; otherwise the error is
// [ErrSignature].
func (e Envelope) Verify(keys ...ed25519.PublicKey) (Snapshot, error) {
	for _, key := range keys {
		if len(key) != ed25519.PublicKeySize || e.KeyID != KeyID(key) ||
			!ed25519.Verify(key, append([]byte(signed), e.Payload...), e.Signature) {
			continue
		}
		var s Snapshot
		if err := json.Unmarshal(e.Payload, &s); err != nil {
			return Snapshot{}, fmt.Errorf("control: signed, but no snapshot: %w", err)
		}
		return s, nil
	}
	return Snapshot{}, ErrSignature
}
