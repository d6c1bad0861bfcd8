package chat

import (
	"unicode/utf8"

	"parley/textrule"
)

// Line is the rule of a field that holds one line of what people write. Stores keep what
// Clean returned.
type Line struct {
	Field    string
	Max      int  // bytes
	Required bool // it must not be empty
}

// The fields that hold a line, in each call that has them. A handle, a password, an emoji
// and the text of a message have rules of their own: ParseHandle, NewPassword, ParseEmoji
// and CheckText.
var (
	UserName        = Line{"name", MaxName, true}
	UserStatus      = Line{"status", MaxStatus, false}
	ServerTitle     = Line{"name", MaxServerName, true}
	FirstServerName = Line{"serverName", MaxServerName, false}
	ChatTitle       = Line{"title", MaxTitle, false}
	ChatTopic       = Line{"topic", MaxTopic, false}
	SessionLabel    = Line{"label", MaxLabel, false}
	FileAlt         = Line{"alts", MaxAlt * utf8.UTFMax, false} // DraftFiles also counts characters
)

// Clean returns s in the form in which it is stored, by textrule.Line. It refuses what is
// too long or not UTF-8, what only looks empty, and characters that a reader cannot see or
// that turn the direction of writing.
func (l Line) Clean(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", notUTF8(l.Field)
	}
	line, bad, ok := textrule.Line(s)
	switch {
	case textrule.Stacked(s):
		return "", stacked(l.Field)
	case !ok:
		return "", FailField(BadInput, l.Field, "%s must not hold control characters or invisible ones, such as %U", l.Field, bad)
	case s == "" && l.Required:
		return "", FailField(BadInput, l.Field, "%s must not be empty", l.Field)
	case s != "" && !textrule.HasBase(line):
		return "", FailField(BadInput, l.Field, "%s must hold something visible", l.Field)
	case len(line) > l.Max:
		over := utf8.RuneCountInString(line[len(textrule.Cut(line, l.Max)):])
		return "", FailField(BadInput, l.Field, "%s must have at most %d bytes, it is %d characters too long", l.Field, l.Max, over)
	}
	return line, nil
}

func stacked(field string) error {
	return FailField(BadInput, field, "%s must have at most %d accents on one letter", field, textrule.MaxMarks)
}

// CleanIn replaces *s by what Clean returns; nil stays.
func (l Line) CleanIn(s *string) (err error) {
	if s != nil {
		*s, err = l.Clean(*s)
	}
	return err
}
