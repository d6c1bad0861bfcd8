package textrule

import (
	"encoding/json"
	"os"
	"testing"
)

// The tests of the page read the same cases.
func TestGroupMention(t *testing.T) {
	b, err := os.ReadFile("testdata/groupMentions.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Text, Names string }
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if got := GroupMention(c.Text); got != c.Names {
			t.Errorf("%q names %q, want %q", c.Text, got, c.Names)
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
