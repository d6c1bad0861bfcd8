package sqlite

import (
	"strings"
	"testing"

	"parley/chat"
)

// A cursor comes from outside. Whatever is taken must be inside the range of
// its search, and small.
func FuzzCursor(f *testing.F) {
	f.Add("an", cursor("ann", "-P7861YoGjSlwCEQ"))
	f.Add("", cursor("", "x"))
	f.Add("a", "")
	f.Add("zoë", cursor("zoë\x00", "a\x00b"))
	f.Add("x", strings.Repeat("A", 1000))
	f.Fuzz(func(t *testing.T, q, after string) {
		word, user, err := parseCursor(q, after)
		switch {
		case err != nil:
			if e := chat.AsError(err); e.Code != chat.BadInput || e.Field != "after" {
				t.Fatal(err)
			}
		case after == "":
			if word != q || user != "" {
				t.Fatalf("the start is %q %q", word, user)
			}
		case !strings.HasPrefix(word, q) || len(word) > maxCursor || chat.CheckID("id", user) != nil:
			t.Fatalf("took %q %q", word, user)
		default:
			if w, u, err := parseCursor(q, cursor(word, user)); w != word || u != user || err != nil {
				t.Fatalf("%q %q came back as %q %q, %v", word, user, w, u, err)
			}
		}
	})
}
