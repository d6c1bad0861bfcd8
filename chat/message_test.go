package chat

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHandles(t *testing.T) {
	many := ""
	for i := range MaxMentions + 10 {
		many += fmt.Sprintf("@user%d ", i)
	}
	for text, want := range map[string]string{
		"":                             "[]",
		"@ann":                         "[ann]",
		"hi @ann, @bob.":               "[ann bob]",
		"(@ann)":                       "[ann]",
		"@Ann @ANN":                    "[ann]",
		"ann@example.org":              "[]",
		"ä@ann":                        "[]",
		"@ @@ann":                      "[ann]",
		"@a":                           "[]", // too short for a handle
		"@_x @-x":                      "[]",
		"@anna.b. end":                 "[anna.b]",
		"@" + strings.Repeat("x", 32):  "[" + strings.Repeat("x", 32) + "]",
		"@" + strings.Repeat("x", 33):  "[]",
		"\xff@ann":                     "[ann]",
		"@ann\x00@bob":                 "[ann bob]",
		"no handle at the very end: @": "[]",
	} {
		if got := fmt.Sprint(Handles(text)); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if n := len(Handles(many)); n != MaxMentions {
		t.Errorf("%d handles, at most %d are read", n, MaxMentions)
	}
}

func FuzzHandles(f *testing.F) {
	f.Add("hi @ann, mail@x.y and @bob.")
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[string]bool{}
		for _, h := range Handles(text) {
			if CheckHandle(h) != nil || seen[h] || !strings.Contains(strings.ToLower(text), "@"+h) {
				t.Errorf("%q names %q", text, h)
			}
			seen[h] = true
		}
		if len(seen) > MaxMentions {
			t.Errorf("%d handles", len(seen))
		}
	})
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aé", 2, "a"}, {"aé", 3, "aé"}, {"😀", 3, ""}, {"", 0, ""}} {
		if got := Cut(c.text, c.limit); got != c.want || !utf8.ValidString(got) {
			t.Errorf("Cut(%q, %d) = %q", c.text, c.limit, got)
		}
	}
}

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
		{"text with NUL", CheckText("\x00", 2), ""},
		{"emoji", CheckEmoji("👩‍👩‍👧‍👦"), ""},
		{"no emoji", CheckEmoji(""), BadInput},
		{"a space", CheckEmoji("a b"), BadInput},
		{"a control character", CheckEmoji("a\x7f"), BadInput},
		{"a long emoji", CheckEmoji(strings.Repeat("x", MaxEmoji+1)), BadInput},
		{"a broken emoji", CheckEmoji("\xff"), BadInput},
		{"id", CheckID("chatId", ChatID(id)), ""},
		{"no id", CheckID("chatId", ChatID("")), BadInput},
		{"a long id", CheckID("chatId", ChatID(id+"x")), BadInput},
		{"an id with a dollar", CheckID("chatId", ChatID("$ne")), BadInput},
		{"clientId", CheckClientID("6f1c 9~"), ""},
		{"no clientId", CheckClientID(""), BadInput},
		{"a long clientId", CheckClientID(strings.Repeat("x", 65)), BadInput},
		{"a clientId with a tab", CheckClientID("\t"), BadInput},
		{"a clientId that is not ASCII", CheckClientID("é"), BadInput},
		{"handle", CheckHandle("a.b-c_9"), ""},
		{"a short handle", CheckHandle("a"), BadInput},
		{"a handle in capitals", CheckHandle("Ann"), BadInput},
		{"a handle ending with a dot", CheckHandle("ann."), BadInput},
		{"a handle beginning with a dash", CheckHandle("-ann"), BadInput},
		{"name", CheckName("name", "Ann Ö", MaxName), ""},
		{"a name of spaces", CheckName("name", "  ", MaxName), BadInput},
		{"a name with a line break", CheckName("name", "a\nb", MaxName), BadInput},
		{"a long name", CheckName("name", strings.Repeat("x", MaxName+1), MaxName), BadInput},
		{"password", CheckPassword("12345678"), ""},
		{"a short password", CheckPassword("1234567"), BadInput},
		{"a short password of long characters", CheckPassword("ééééééé"), BadInput},
		{"a long password", CheckPassword(strings.Repeat("x", MaxPassword+1)), BadInput},
		{"role", CheckRole(RoleAdmin), ""},
		{"another role", CheckRole("owner"), BadInput},
	} {
		if (c.want == "") != (c.err == nil) || c.want != "" && !Is(c.err, c.want) {
			t.Errorf("%s: %v, want %q", c.name, c.err, c.want)
		}
	}
}
