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
		{"zo", "  Zoë \t O'Hara", []string{"zo", "zoe o'hara", "o'hara", "hara"}},
		{"y.k", "Yılmaz ΚΩΣΤΑΣ", []string{"y.k", "k", "yilmaz κωστασ", "κωστασ"}},
		{"bot", "🙂 Bot", []string{"bot", "🙂 bot"}},
		{"mark", "e\u0301a", []string{"mark", "ea"}}, // an accent is no border
	} {
		if got := SearchWords(User{Handle: c.handle, Name: c.name}); !slices.Equal(got, c.want) {
			t.Errorf("%s, %q: %q, want %q", c.handle, c.name, got, c.want)
		}
	}
	for q, want := range map[string]string{"  @Ann   LEE ": "ann lee", "＠ＡＮＮ": "ann", "YILMAZ": "yilmaz", "jose\u0301": "jose", "\u200b": ""} {
		if got := SearchKey(q); got != want {
			t.Errorf("SearchKey(%q) = %q", q, got)
		}
	}
}

// A walk over the words of a store gives each user once, and never by a word that is no
// longer theirs.
func TestFirstWord(t *testing.T) {
	ann := User{Handle: "ann", Name: "Anna Lee"}
	for _, c := range []struct {
		q, word string
		want    bool
	}{{"an", "ann", true}, {"an", "anna lee", false}, {"anna", "anna lee", true}, {"l", "lee", true}, {"", "ann", true}, {"", "lee", false}, {"zo", "zoe", false}} {
		if FirstWord(ann, c.q, c.word) != c.want {
			t.Errorf("%q at %q: %v", c.q, c.word, !c.want)
		}
	}
}

func TestCheckQuery(t *testing.T) {
	outcome(t, "a word", CheckQuery("josé"), "", "")
	outcome(t, "the longest", CheckQuery(strings.Repeat("e\u0301", MaxName)), "", "")
	outcome(t, "too long", CheckQuery(strings.Repeat("x", MaxName+1)), BadInput, "q")
	outcome(t, "not UTF-8", CheckQuery("\xff"), BadInput, "q")
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
