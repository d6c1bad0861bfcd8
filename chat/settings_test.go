package chat

import "testing"

func TestSettings(t *testing.T) {
	text := func(s string) *string { return &s }
	level := func(l Level) *Level { return &l }
	quiet := Settings{Level: LevelAll, QuietFrom: "22:00", QuietTo: "07:00", TimeZone: "Europe/Berlin", PushText: true}
	off := false
	for _, c := range []struct {
		name  string
		from  Settings
		patch SettingsPatch
		want  Settings
		field string // of the error
	}{
		{"nothing", quiet, SettingsPatch{}, quiet, ""},
		{"level", DefaultSettings(), SettingsPatch{Level: level(LevelMentions)}, Settings{Level: LevelMentions, PushText: true}, ""},
		{"text", DefaultSettings(), SettingsPatch{PushText: &off}, Settings{Level: LevelAll}, ""},
		{"quiet hours", DefaultSettings(), SettingsPatch{QuietFrom: text("22:00"), QuietTo: text("07:00"), TimeZone: text("Europe/Berlin")}, quiet, ""},
		{"other hours", quiet, SettingsPatch{QuietFrom: text("23:59")}, Settings{Level: LevelAll, QuietFrom: "23:59", QuietTo: "07:00", TimeZone: "Europe/Berlin", PushText: true}, ""},
		{"no hours", quiet, SettingsPatch{QuietFrom: text(""), QuietTo: text("")}, Settings{Level: LevelAll, TimeZone: "Europe/Berlin", PushText: true}, ""},
		{"zone alone", DefaultSettings(), SettingsPatch{TimeZone: text("Asia/Kathmandu")}, Settings{Level: LevelAll, TimeZone: "Asia/Kathmandu", PushText: true}, ""},
		{"UTC", DefaultSettings(), SettingsPatch{TimeZone: text("UTC")}, Settings{Level: LevelAll, TimeZone: "UTC", PushText: true}, ""},

		{"no level", quiet, SettingsPatch{Level: level("")}, Settings{}, "settings.level"},
		{"the level of a chat", quiet, SettingsPatch{Level: level(LevelDefault)}, Settings{}, "settings.level"},
		{"24 hours", quiet, SettingsPatch{QuietFrom: text("24:00")}, Settings{}, "settings.quietFrom"},
		{"one digit", quiet, SettingsPatch{QuietTo: text("7:00")}, Settings{}, "settings.quietTo"},
		{"seconds", quiet, SettingsPatch{QuietTo: text("07:00:00")}, Settings{}, "settings.quietTo"},
		{"a line break", quiet, SettingsPatch{QuietTo: text("07:00\n")}, Settings{}, "settings.quietTo"},
		{"no beginning", quiet, SettingsPatch{QuietFrom: text("")}, Settings{}, "settings.quietFrom"},
		{"no end", quiet, SettingsPatch{QuietTo: text("")}, Settings{}, "settings.quietTo"},
		{"all day", quiet, SettingsPatch{QuietTo: text("22:00")}, Settings{}, "settings.quietTo"},
		{"no zone", quiet, SettingsPatch{TimeZone: text("")}, Settings{}, "settings.timeZone"},
		{"unknown zone", quiet, SettingsPatch{TimeZone: text("Europe/Atlantis")}, Settings{}, "settings.timeZone"},
		{"the server's zone", quiet, SettingsPatch{TimeZone: text("Local")}, Settings{}, "settings.timeZone"},
		{"a path", quiet, SettingsPatch{TimeZone: text("../../etc/passwd")}, Settings{}, "settings.timeZone"},
	} {
		got, err := c.patch.Of(c.from)
		if c.field == "" && (err != nil || got != c.want) {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
		if c.field != "" && (!Is(err, BadInput) || AsError(err).Field != c.field) {
			t.Errorf("%s: %v, want bad_input for %s", c.name, err, c.field)
		}
	}
}

func TestMinePatch(t *testing.T) {
	level := func(l Level) *Level { return &l }
	until := func(at int64) *int64 { return &at }
	seq := func(n Seq) *Seq { return &n }
	for name, c := range map[string]struct {
		patch MinePatch
		field string
	}{
		"nothing": {MinePatch{}, ""}, "all": {MinePatch{Level: level(LevelAll)}, ""}, "default": {MinePatch{Level: level(LevelDefault)}, ""},
		"for ever": {MinePatch{MutedUntil: until(-1)}, ""}, "not muted": {MinePatch{MutedUntil: until(0)}, ""}, "the head": {MinePatch{UnreadFrom: seq(9)}, ""},
		"no level": {MinePatch{Level: level("")}, "level"}, "another level": {MinePatch{Level: level("loud")}, "level"},
		"before for ever": {MinePatch{MutedUntil: until(-2)}, "mutedUntil"}, "after all": {MinePatch{MutedUntil: until(1 << 62)}, "mutedUntil"},
		"behind the head": {MinePatch{UnreadFrom: seq(10)}, "unreadFrom"},
	} {
		err := c.patch.Check()
		if err == nil {
			err = c.patch.CheckUnreadFrom(9)
		}
		if c.field == "" && err != nil || c.field != "" && (!Is(err, BadInput) || AsError(err).Field != c.field) {
			t.Errorf("%s: %v, want an error for %q", name, err, c.field)
		}
	}
}
