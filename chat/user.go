package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Role is the role of a User on the server, or of a Member in a chat.
type Role string

const (
	RoleMember Role = "member"
	RoleAdmin  Role = "admin"
)

// CheckRole refuses anything but the two roles.
func CheckRole(r Role) error {
	if r != RoleMember && r != RoleAdmin {
		return FailField(BadInput, "role", "role must be admin or member")
	}
	return nil
}

// User is a person or a program with an account.
type User struct {
	ID     UserID `json:"id" msgpack:"id"`
	Handle string `json:"handle" msgpack:"handle"`
	Name   string `json:"name" msgpack:"name"`
	Status string `json:"status" msgpack:"status"`
	Role   Role   `json:"role" msgpack:"role"`
	Active bool   `json:"active" msgpack:"active"`
}

// ActiveAdmin reports whether the user is an active admin of the server, which must
// keep one.
func (u User) ActiveAdmin() bool { return u.Role == RoleAdmin && u.Active }

// Bounds of accounts; lengths are in bytes.
const (
	MaxHandle      = 32
	MaxName        = 64
	MaxStatus      = 128
	MinPassword    = 8 // characters
	MaxPassword    = 256
	MaxLabel       = 64
	SessionTTL     = 90 * 24 * 60 * 60 * 1000 // ms a session lives unseen
	MaxServerName  = 64
	DefaultServer  = "Parley"
	FirstChatTitle = "General"
)

// CheckHandle refuses what is no handle: 2 to 32 characters, a to z,
// 0 to 9, _, - and ., beginning with a letter or digit and not ending with a
// dot, so that "@ann." at the end of a sentence names ann.
func CheckHandle(h string) error {
	ok := len(h) >= 2 && len(h) <= MaxHandle && h == strings.ToLower(h) && printable(h, ".") &&
		h[0] != '_' && h[0] != '-' && h[0] != '.' && h[len(h)-1] != '.'
	if !ok {
		return FailField(BadInput, "handle", "handle must have 2 to %d characters from a-z, 0-9, _ - and ., begin with a letter or digit and not end with a dot", MaxHandle)
	}
	return nil
}

// CheckName refuses a display name that is empty, too long or not printable.
func CheckName(field, name string, limit int) error {
	if strings.TrimSpace(name) == "" {
		return FailField(BadInput, field, "%s must not be empty", field)
	}
	return CheckLine(field, name, limit)
}

// CheckLine refuses more than limit bytes, bad UTF-8 and control characters.
func CheckLine(field, s string, limit int) error {
	if len(s) > limit {
		return FailField(BadInput, field, "%s must have at most %d bytes", field, limit)
	}
	if !utf8.ValidString(s) {
		return notUTF8(field)
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return FailField(BadInput, field, "%s must not hold control characters", field)
	}
	return nil
}

// CheckPassword judges the length of a new password, and nothing else. A code point
// counts as a character (NIST SP 800-63B, section 5.1.1.2).
func CheckPassword(p string) error {
	if utf8.RuneCountInString(p) < MinPassword {
		return FailField(BadInput, "password", "password must have at least %d characters", MinPassword)
	}
	if len(p) > MaxPassword {
		return FailField(BadInput, "password", "password must have at most %d bytes", MaxPassword)
	}
	return nil
}
