package textrule

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
)

// MaxHandle is the length of the longest handle.
const MaxHandle = 32

// Handle returns what a person typed as a handle in the form in which it is stored, by
// the profile UsernameCaseMapped of RFC 8265: lower case, full width as ASCII. Blanks
// around it and an @ before it are left out. ok reports whether that is a handle.
func Handle(s string) (h string, ok bool) {
	if len(s) > 8*MaxHandle {
		return "", false
	}
	h, err := precis.UsernameCaseMapped.String(strings.TrimPrefix(strings.TrimFunc(s, blank), "@"))
	return h, err == nil && isHandle(h)
}

func blank(r rune) bool { return !Visible(string(r)) }

// isHandle reports whether s is a handle: 2 to MaxHandle characters of a to z, 0 to 9, _,
// - and ., beginning with a letter or digit and not ending with a dot.
func isHandle(s string) bool {
	if len(s) < 2 || len(s) > MaxHandle || strings.Trim(s[:1], "_-.") == "" || s[len(s)-1] == '.' {
		return false
	}
	for i := range len(s) {
		if !handleByte(s[i]) || s[i] >= 'A' && s[i] <= 'Z' {
			return false
		}
	}
	return true
}

// handleByte reports whether c may stand in a handle, in either case.
func handleByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || separator(c)
}

// separator reports whether a handle may end before c, which handles may also hold.
func separator(c byte) bool { return c == '_' || c == '-' || c == '.' }

// Password returns a password in the form that is hashed, by the profile OpaqueString of
// RFC 8265: the same on every keyboard. ok is false if it holds characters that the
// profile does not allow, such as control characters and invisible ones.
func Password(p string) (form string, ok bool) {
	form, err := precis.OpaqueString.String(p)
	if err != nil || !utf8.ValidString(p) {
		return "", false
	}
	return form, true
}

// Passwords returns the forms of p that a stored hash may be of, the likeliest first.
// Hashes that were made before there was Password are of p as it was typed.
func Passwords(p string) []string {
	var forms []string
	if form, ok := Password(p); ok {
		forms = append(forms, form)
	}
	for _, form := range []string{p, norm.NFC.String(p), norm.NFD.String(p)} {
		if !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return forms
}
