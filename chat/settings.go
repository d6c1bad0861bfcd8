package chat

import (
	"regexp"
	"time"
	_ "time/tzdata" // a container may have no time zones
)

// Level is for which messages a user is notified.
type Level string

const (
	LevelDefault  Level = "default" // of a chat: the level of the user's settings
	LevelAll      Level = "all"
	LevelMentions Level = "mentions" // those that mention the user, and all of a direct chat
	LevelNone     Level = "none"
)

// MutedForEver is the MutedUntil of a chat that stays muted.
const MutedForEver = -1

// Mine are a member's own settings of a chat. They end with the membership.
type Mine struct {
	Level      Level `json:"level" msgpack:"level"`
	MutedUntil int64 `json:"mutedUntil" msgpack:"mutedUntil"` // ms; 0: not muted; MutedForEver
	Hidden     bool  `json:"hidden" msgpack:"hidden"`         // until the next post
	Starred    bool  `json:"starred" msgpack:"starred"`
	UnreadFrom Seq   `json:"unreadFrom" msgpack:"unreadFrom"` // messages from here on are unread again; 0: none
}

// defaults are shared by all members who changed nothing.
var defaults = &Mine{Level: LevelDefault}

// OrDefaults returns m, or the shared defaults if it equals them. The result must not be
// changed.
func (m Mine) OrDefaults() *Mine {
	if m.Level == "" {
		m.Level = LevelDefault
	}
	if m == *defaults {
		return defaults
	}
	own := m // so that the defaults need no memory
	return &own
}

// MinePatch is a change of Mine; nil fields stay.
type MinePatch struct {
	Level      *Level
	MutedUntil *int64
	Hidden     *bool
	Starred    *bool
	UnreadFrom *Seq
}

// Check refuses values that no chat can have.
func (p MinePatch) Check() error {
	if p.Level != nil {
		switch *p.Level {
		case LevelDefault, LevelAll, LevelMentions, LevelNone:
		default:
			return FailField(BadInput, "level", "level must be default, all, mentions or none")
		}
	}
	if p.MutedUntil != nil && (*p.MutedUntil < MutedForEver || *p.MutedUntil > maxTime) {
		return FailField(BadInput, "mutedUntil", "mutedUntil must be 0 (not muted), -1 (until changed) or a time in milliseconds")
	}
	return nil
}

// maxTime is the last millisecond of the year 9999.
const maxTime = 253_402_300_799_999

// CheckUnreadFrom refuses numbers above the head.
func (p MinePatch) CheckUnreadFrom(head Seq) error {
	if p.UnreadFrom != nil && *p.UnreadFrom > head {
		return FailField(BadInput, "unreadFrom", "unreadFrom must be a number in the chat, or 0")
	}
	return nil
}

// Settings are a user's own settings for all chats.
type Settings struct {
	Level     Level  `json:"level" msgpack:"level"` // of chats whose level is LevelDefault
	QuietFrom string `json:"quietFrom" msgpack:"quietFrom"`
	QuietTo   string `json:"quietTo" msgpack:"quietTo"`   // quiet hours in TimeZone, "22:00"; both empty: none
	TimeZone  string `json:"timeZone" msgpack:"timeZone"` // of the IANA database; may be empty without quiet hours
	PushText  bool   `json:"pushText" msgpack:"pushText"` // pushes show the text of a message
}

// DefaultSettings returns the settings of a user who changed nothing.
func DefaultSettings() Settings { return Settings{Level: LevelAll, PushText: true} }

// SettingsPatch is a change of Settings; nil fields stay.
type SettingsPatch struct {
	Level     *Level  `json:"level"`
	QuietFrom *string `json:"quietFrom"`
	QuietTo   *string `json:"quietTo"`
	TimeZone  *string `json:"timeZone"`
	PushText  *bool   `json:"pushText"`
}

// Of returns the changed settings. It refuses values that no user can have.
func (p SettingsPatch) Of(s Settings) (Settings, error) {
	set(&s.Level, p.Level)
	set(&s.QuietFrom, p.QuietFrom)
	set(&s.QuietTo, p.QuietTo)
	set(&s.TimeZone, p.TimeZone)
	set(&s.PushText, p.PushText)
	switch s.Level {
	case LevelAll, LevelMentions, LevelNone:
	default:
		return s, FailField(BadInput, "settings.level", "level must be all, mentions or none")
	}
	for _, t := range []struct{ field, value string }{{"settings.quietFrom", s.QuietFrom}, {"settings.quietTo", s.QuietTo}} {
		if t.value != "" && !clock.MatchString(t.value) {
			return s, FailField(BadInput, t.field, "%s must be a time of day such as 22:00, or empty", t.field)
		}
	}
	if s.TimeZone != "" && !isTimeZone(s.TimeZone) {
		return s, FailField(BadInput, "settings.timeZone", "timeZone must be the name of a time zone such as Europe/Berlin")
	}
	switch {
	case s.QuietFrom == "" && s.QuietTo == "":
	case s.QuietFrom == "":
		return s, FailField(BadInput, "settings.quietFrom", "quiet hours need both quietFrom and quietTo, or neither")
	case s.QuietTo == "":
		return s, FailField(BadInput, "settings.quietTo", "quiet hours need both quietFrom and quietTo, or neither")
	case s.QuietFrom == s.QuietTo:
		return s, FailField(BadInput, "settings.quietTo", "quiet hours must not end when they begin")
	case s.TimeZone == "":
		return s, FailField(BadInput, "settings.timeZone", "quiet hours need a timeZone")
	}
	return s, nil
}

var clock = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// maxTimeZone bounds the name of a time zone, in bytes.
const maxTimeZone = 64

// isTimeZone reports whether name is of the IANA database. "Local" would be the server's.
func isTimeZone(name string) bool {
	if len(name) > maxTimeZone || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
