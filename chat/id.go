package chat

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// Ids are opaque to clients: 16 characters from [0-9A-Za-z_-] that sort by the time at
// which they were made, so that an index that begins with one grows at its end.
type (
	UserID    string
	ChatID    string
	SessionID string
	InviteID  string
)

// Seq numbers the events of one chat: 1, 2, 3, … without holes; 0 is before all.
type Seq uint64

// MaxIDLen bounds every id on its way in, in bytes.
const MaxIDLen = 32

// base64 in ASCII order, so that encoded ids sort as their bytes do.
var sortable = base64.NewEncoding("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz").WithPadding(base64.NoPadding)

// NewID returns a new id: a set bit, so that none begins with a dash, 47 bits of
// milliseconds, 48 random bits.
func NewID[T ~string]() T {
	var b [14]byte
	binary.BigEndian.PutUint64(b[:8], 1<<63|uint64(time.Now().UnixMilli())<<16)
	_, _ = rand.Read(b[6:12]) // never fails, crypto/rand
	return T(sortable.EncodeToString(b[:12]))
}

// NewSecret returns a token or code of 256 random bits in 43 characters.
func NewSecret() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// SecretHash returns the hash by which a store keeps a secret. It needs no salt, since
// the secret has 256 random bits.
func SecretHash(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// CheckID refuses what cannot be an id that NewID returned.
func CheckID[T ~string](field string, id T) error {
	if len(id) == 0 || len(id) > MaxIDLen || !printable(string(id), "") {
		return FailField(BadInput, field, "%s must be an id of 1 to %d characters from 0-9, A-Z, a-z, _ and -", field, MaxIDLen)
	}
	return nil
}

// CheckClientID refuses a clientId that is not 1 to 64 printable ASCII characters.
func CheckClientID(id string) error {
	if len(id) == 0 || len(id) > 64 {
		return FailField(BadInput, "clientId", "clientId must have 1 to 64 characters")
	}
	for i := range len(id) {
		if id[i] < 0x20 || id[i] > 0x7e {
			return FailField(BadInput, "clientId", "clientId must be printable ASCII")
		}
	}
	return nil
}

// printable reports whether s holds only letters, digits, _ , - and extra.
func printable(s, extra string) bool {
next:
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c == '_', c == '-':
		default:
			for j := range len(extra) {
				if extra[j] == c {
					continue next
				}
			}
			return false
		}
	}
	return true
}

// Now returns the time in milliseconds since 1970 UTC.
func Now() int64 { return time.Now().UnixMilli() }

// MaxClockLead is how many milliseconds the newest time in a chat may lie ahead
// of the clock and still bound the next one. Clocks that are kept by NTP differ
// by less.
const MaxClockLead = 5_000

// EventTime returns the time of an event that is appended now, after one of the time
// last; all in ms. Times in a chat do not go back for a clock that is set back by at
// most MaxClockLead, nor for replicas whose clocks differ by that. A time that is
// further ahead came from a wrong clock and does not bound the next one.
func EventTime(now, last int64) int64 {
	if last-now > MaxClockLead {
		return now
	}
	return max(now, last)
}
