package chat

import (
	"slices"
	"strings"
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

// A next comes from outside. Whatever is taken must be inside the range of
// its search, and small.
func FuzzSearchNext(f *testing.F) {
	f.Add("an", SearchNext("ann", "-P7861YoGjSlwCEQ"))
	f.Add("", SearchNext("", "x"))
	f.Add("a", "")
	f.Add("zoë", SearchNext("zoë\x00", "a\x00b"))
	f.Add("x", strings.Repeat("A", 1000))
	f.Fuzz(func(t *testing.T, q, after string) {
		word, user, err := ParseSearchNext(q, after)
		switch {
		case err != nil:
			if e := AsError(err); e.Code != BadInput || e.Field != "after" {
				t.Fatal(err)
			}
		case after == "":
			if word != q || user != "" {
				t.Fatalf("the start is %q %q", word, user)
			}
		case !strings.HasPrefix(word, q) || len(word) > maxNext || CheckID("id", user) != nil:
			t.Fatalf("took %q %q", word, user)
		default:
			if w, u, err := ParseSearchNext(q, SearchNext(word, user)); w != word || u != user || err != nil {
				t.Fatalf("%q %q came back as %q %q, %v", word, user, w, u, err)
			}
		}
	})
}
