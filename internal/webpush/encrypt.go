package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

const (
	// MaxText is the most bytes that a push carries: a push service must accept 4096 bytes
	// of body (RFC 8030, section 7.2), less header, padding delimiter and tag (RFC 8291,
	// section 4).
	MaxText = recordSize - headerSize - 1 - tagSize

	recordSize = 4096
	headerSize = saltSize + 4 + 1 + keySize
	saltSize   = 16
	tagSize    = 16
)

// Encrypt returns the body of a push with the text, which the subscriber alone can read
// (RFC 8291, with the coding aes128gcm of RFC 8188). Each call uses a new key and salt.
func Encrypt(s Subscription, text []byte) ([]byte, error) {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	var salt [saltSize]byte
	_, _ = rand.Read(salt[:]) // never fails
	return encrypt(s, text, key, salt[:])
}

func encrypt(s Subscription, text []byte, key *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	if len(text) > MaxText {
		return nil, fmt.Errorf("a push has at most %d bytes", MaxText)
	}
	peer, err := ecdh.P256().NewPublicKey(s.Key)
	if err != nil {
		return nil, err
	}
	shared, err := key.ECDH(peer)
	if err != nil {
		return nil, err
	}
	public := key.PublicKey().Bytes()
	// RFC 8291, section 3.3: the shared secret is bound to the auth secret and both keys.
	ikm, err := hkdf.Key(sha256.New, shared, s.Auth, "WebPush: info\x00"+string(s.Key)+string(public), sha256.Size)
	if err != nil {
		return nil, err
	}
	// RFC 8188, section 2.2 and 2.3.
	contentKey, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(contentKey)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	body := make([]byte, 0, headerSize+len(text)+1+tagSize)
	body = append(body, salt...)
	body = binary.BigEndian.AppendUint32(body, recordSize)
	body = append(body, byte(len(public)))
	body = append(body, public...)
	last := append(append(make([]byte, 0, len(text)+1), text...), 2) // the delimiter of the last record
	return gcm.Seal(body, nonce, last, nil), nil
}
