package chat

import (
	"strings"
	"testing"
)

// All fields that hold a line: what they take, and what they refuse.
func TestLines(t *testing.T) {
	for _, l := range []Line{UserName, UserStatus, ServerTitle, FirstServerName, ChatTitle, ChatTopic, SessionLabel, FileAlt} {
		for in, want := range map[string]string{
			"Ann Ö": "Ann Ö", "  Ann\u00a0 Lee ": "Ann Lee", "\u200bAnn\u202e": "Ann", "e\u0301": "é", "🏳️‍🌈": "🏳️‍🌈",
			strings.Repeat("x", l.Max) + " ": strings.Repeat("x", l.Max),
		} {
			if got, err := l.Clean(in); got != want || err != nil {
				t.Errorf("%s: Clean(%q) = %q, %v, want %q", l.Field, in, got, err, want)
			}
		}
		for _, in := range []string{"a\nb", "a\x00", "a\u202eb", "a\u2067b\u2069", "a\u200bb", "a\u2028b", "\xff", strings.Repeat("x", l.Max+1)} {
			got, err := l.Clean(in)
			if got != "" {
				t.Errorf("%s: Clean(%q) = %q", l.Field, in, got)
			}
			outcome(t, in, err, BadInput, l.Field)
		}
		for _, in := range []string{"  ", "\u200b", "\u3164\u2800", "\u202e\u202c", "\u00ad", "\u0301", " \u0301\u200b"} {
			_, err := l.Clean(in)
			outcome(t, in, err, BadInput, l.Field)
		}
		most := "e" + strings.Repeat("\u0301\u0323", 15)
		if l.Max > len(most) {
			if _, err := l.Clean(most); err != nil {
				t.Errorf("%s: 30 marks: %v", l.Field, err)
			}
		}
		for _, in := range []string{most + "\u0301", most + "\u0301 \u200bx", "x" + strings.Repeat("\u0301", 200)} {
			_, err := l.Clean(in)
			outcome(t, in, err, BadInput, l.Field)
			if err == nil || !strings.HasSuffix(err.Error(), l.Field+" must have at most 30 accents on one letter") {
				t.Errorf("%s: Clean(%q): %v", l.Field, in, err)
			}
		}
		if got, err := l.Clean(""); (err != nil) != l.Required || got != "" {
			t.Errorf("%s: Clean of nothing: %q, %v", l.Field, got, err)
		}
	}
	outcome(t, "nil stays", UserName.CleanIn(nil), "", "")
}

func TestHandleRules(t *testing.T) {
	for in, want := range map[string]string{"ann": "ann", " @Ann ": "ann", "ＡＮＮ": "ann", "administrator": "administrator", "all-hands": "all-hands"} {
		if h, err := NewHandle(in); h != want || err != nil {
			t.Errorf("NewHandle(%q) = %q, %v", in, h, err)
		}
	}
	for _, in := range []string{"", "a", "-ann", "ann.", "a nn", "änn", strings.Repeat("x", MaxHandle+1)} {
		_, err := NewHandle(in)
		outcome(t, in, err, BadInput, "handle")
	}
	for _, in := range []string{"all", "here", "everyone", "channel", "admin", "me", "system", "ALL", " @Admin", "ｍｅ"} {
		_, err := NewHandle(in)
		outcome(t, in, err, BadInput, "handle")
		if _, err := ParseHandle(in); err != nil {
			t.Errorf("who has the handle %q already cannot sign in: %v", in, err)
		}
	}
}

func TestNewPassword(t *testing.T) {
	nfc, nfd := "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", strings.Repeat("e\u0301", 8)
	for in, want := range map[string]string{"12345678": "12345678", nfc: nfc, nfd: nfc, "1234\u00a0678": "1234 678", " blanks  ": " blanks  "} {
		if form, err := NewPassword(in); form != want || err != nil {
			t.Errorf("NewPassword(%q) = %q, %v", in, form, err)
		}
	}
	for _, in := range []string{"", "1234567", "ééééééé", strings.Repeat("e\u0301", 7), strings.Repeat("x", MaxPassword+1), strings.Repeat("x", MaxPasswordTyped+1),
		"1234\x005678", "1234\u200b5678", "1234\t5678", "12345678\xff"} {
		_, err := NewPassword(in)
		outcome(t, in, err, BadInput, "password")
	}
	if _, err := NewPassword("correct horse" + strings.Repeat("\u0301", 31)); err == nil || !strings.HasSuffix(err.Error(), "password must have at most 30 accents on one letter") {
		t.Errorf("31 marks: %v", err)
	}
	for _, form := range []string{nfc, nfd} {
		for _, typed := range []string{nfc, nfd} {
			if !contains(PasswordForms(typed), form) {
				t.Errorf("%q does not open a hash of %q", typed, form)
			}
		}
	}
}

func TestParseEmoji(t *testing.T) {
	for in, want := range map[string]string{"👍": "👍", "👍\ufe0f": "👍", "❤": "❤️", "👩‍👩‍👧‍👦": "👩‍👩‍👧‍👦", "👍🏽": "👍🏽"} {
		if e, err := ParseEmoji(in, true); e != want || err != nil {
			t.Errorf("ParseEmoji(%q) = %q, %v", in, e, err)
		}
	}
	for _, in := range []string{"", "a b", "lol", "\u200b", "\u202e", "🇩", "👍👍", "\xff", strings.Repeat("x", MaxEmoji+1)} {
		_, err := ParseEmoji(in, true)
		outcome(t, in, err, BadInput, "emoji")
	}
	if e, err := ParseEmoji("lol", false); e != "lol" || err != nil {
		t.Errorf("a text of an earlier version cannot be taken back: %q, %v", e, err)
	}
	for _, in := range []string{"", "\xff", strings.Repeat("x", MaxEmoji+1)} {
		_, err := ParseEmoji(in, false)
		outcome(t, in, err, BadInput, "emoji")
	}
}
