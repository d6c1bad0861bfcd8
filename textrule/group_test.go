package textrule

import "testing"

func TestGroupMention(t *testing.T) {
	for text, want := range map[string]string{
		"@all": All, "@here": Here, "hi @All!": All, "@HERE.": Here, "@here and @all": All, "@all @here": All, "(@all)": All, "_@all_": All, "**@here**": Here,
		"@all: lunch": All, "@all- lunch": All, "@all's lunch": All, "- @all in a list": All, "# @all": All, "你@all": All, "@here...": Here,
		"": "", "all": "", "@al": "", "@ally": "", "@all-hands": "", "@all.hands": "", "@allé": "", "@heresy": "", "a@all": "", "@@all": "", "/@all": "", "me@all.example": "",
		"`@all`": "", "```\n@all\n```": "", "~~~\n@here": "", "\\@all": "", "[@all](https://a.example)": "", "https://a.example/@all": "",
		"> @all": "", "> hi\n@all": "", ">> @here": "", "> a\n\n@all": All, "@all\n> @here": All, "> @all\n\n@here": Here, "- > @all": "",
	} {
		if got := GroupMention(text); got != want {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}

// No text is read forever, and what names nobody names no group.
func FuzzGroupMention(f *testing.F) {
	for _, s := range []string{"@all", "> @here", "`@all`", "@all-hands", "- > @ALL"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := GroupMention(s); got != "" && len(Mentions(s)) == 0 {
			t.Errorf("%q names %q and has no place", s, got)
		}
	})
}
