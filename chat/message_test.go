package chat

import (
	"strings"
	"testing"
)

func TestChecks(t *testing.T) {
	id := strings.Repeat("x", MaxIDLen)
	for _, c := range []struct {
		name string
		err  error
		want Code
	}{
		{"text", CheckText("hi", 2), ""},
		{"empty text", CheckText("", 2), BadInput},
		{"long text", CheckText("abc", 2), TextTooLong},
		{"broken text", CheckText("\xff", 2), BadInput},
		{"text with NUL", CheckText("a\x00", 2), ""},
		{"text of blanks", CheckText(" \n\u00a0\u3000", 99), BadInput},
		{"text of invisible characters", CheckText("\u200b\u202e\u2800\ufeff\u3164", 99), BadInput},
		{"text of an emoji", CheckText(" ❤️ ", 99), ""},
		{"id", CheckID("chatId", ChatID(id)), ""},
		{"no id", CheckID("chatId", ChatID("")), BadInput},
		{"a long id", CheckID("chatId", ChatID(id+"x")), BadInput},
		{"an id with a dollar", CheckID("chatId", ChatID("$ne")), BadInput},
		{"clientId", CheckClientID("6f1c 9~"), ""},
		{"no clientId", CheckClientID(""), BadInput},
		{"a long clientId", CheckClientID(strings.Repeat("x", 65)), BadInput},
		{"a clientId with a tab", CheckClientID("\t"), BadInput},
		{"a clientId that is not ASCII", CheckClientID("é"), BadInput},
		{"role", CheckRole(RoleAdmin), ""},
		{"another role", CheckRole("owner"), BadInput},
	} {
		if (c.want == "") != (c.err == nil) || c.want != "" && !Is(c.err, c.want) {
			t.Errorf("%s: %v, want %q", c.name, c.err, c.want)
		}
	}
}
