package chat

import (
	"slices"
	"testing"
)

func TestSearchWords(t *testing.T) {
	for _, c := range []struct {
		handle, name string
		want         []string
	}{
		{"ann", "Ann Lee", []string{"ann", "ann lee", "lee"}},
		{"ann.lee", "", []string{"ann.lee", "lee"}},
		{"zo", "  Zoë \t O'Hara", []string{"zo", "zoë o'hara", "o'hara", "hara"}},
		{"bot", "🙂 Bot", []string{"bot", "🙂 bot"}},
		{"mark", "e\u0301a", []string{"mark", "e\u0301a"}}, // an accent is no border
	} {
		if got := SearchWords(User{Handle: c.handle, Name: c.name}); !slices.Equal(got, c.want) {
			t.Errorf("%s, %q: %q, want %q", c.handle, c.name, got, c.want)
		}
	}
	if got := SearchKey("  @Ann   LEE "); got != "ann lee" {
		t.Errorf("key %q", got)
	}
}
