package chat

import (
	"slices"
	"unicode/utf8"

	"parley/textrule"
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
	// Picture is a picture of its own (picture.go); empty: none.
	Picture FileID `json:"picture,omitempty" msgpack:"picture,omitempty"`
}

// ActiveAdmin reports whether the user is an active admin of the server, which must
// keep one.
func (u User) ActiveAdmin() bool { return u.Role == RoleAdmin && u.Active }

// Bounds of accounts; lengths are in bytes.
const (
	MaxHandle        = textrule.MaxHandle
	MaxName          = 64
	MaxStatus        = 128
	MinPassword      = 8 // characters
	MaxPassword      = 256
	MaxPasswordTyped = 4 * MaxPassword // another keyboard may type marks apart
	MaxLabel         = 64
	SessionTTL       = 90 * 24 * 60 * 60 * 1000 // ms a session lives unseen
	MaxServerName    = 64
	DefaultServer    = "Parley"
	FirstChatTitle   = "General"
)

// reserved are the handles that no new account gets: they mean a group of people, or would
// pass for the service itself.
var reserved = []string{"all", "here", "everyone", "channel", "admin", "me", "system"}

// ParseHandle returns what a person typed as a handle in the form in which it is stored. It
// refuses what is not a handle: 2 to 32 characters, a to z, 0 to 9, _, - and ., beginning
// with a letter or digit and not ending with a dot, so that "@ann." at the end of a
// sentence names ann.
func ParseHandle(s string) (string, error) {
	h, ok := textrule.Handle(s)
	if !ok {
		return "", FailField(BadInput, "handle", "handle must have 2 to %d characters from a-z, 0-9, _ - and ., begin with a letter or digit and not end with a dot", MaxHandle)
	}
	return h, nil
}

// NewHandle is ParseHandle for a new account, which gets no reserved handle.
func NewHandle(s string) (string, error) {
	h, err := ParseHandle(s)
	if err == nil && slices.Contains(reserved, h) {
		return "", FailField(BadInput, "handle", "the handle %s is reserved, choose another", h)
	}
	return h, err
}

// NewPassword returns a new password in the form that is hashed. It judges the length and
// refuses characters that not every keyboard types the same; nothing else. A code point
// counts as a character (NIST SP 800-63B, section 5.1.1.2).
func NewPassword(p string) (form string, err error) {
	if len(p) > MaxPasswordTyped {
		return "", longPassword()
	}
	if !utf8.ValidString(p) {
		return "", notUTF8("password")
	}
	form, ok := textrule.Password(p)
	switch {
	case utf8.RuneCountInString(p) < MinPassword || utf8.RuneCountInString(form) < MinPassword && ok:
		return "", FailField(BadInput, "password", "password must have at least %d characters", MinPassword)
	case textrule.Stacked(p):
		return "", stacked("password")
	case !ok:
		return "", FailField(BadInput, "password", "password must not have control or invisible characters")
	case len(form) > MaxPassword:
		return "", longPassword()
	}
	return form, nil
}

func longPassword() error {
	return FailField(BadInput, "password", "password must have at most %d bytes", MaxPassword)
}

// PasswordForms returns the forms of a password that a person typed of which a stored hash
// may be, the likeliest first.
func PasswordForms(p string) []string { return textrule.Passwords(p) }
