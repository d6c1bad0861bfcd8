package search

import (
	"testing"

	"parley/chat"
)

// The names and descriptions of files are found, and no phrase goes from one to the next.
func TestMatchFiles(t *testing.T) {
	m := chat.Message{ChatID: "c", Seq: 1, By: "u", Text: "look here", Files: []chat.File{{Name: "garden.png", Alt: "A bed of tulips"}, {Name: "notes.pdf"}, {Name: "b.png", Alt: "roses"}}}
	for q, want := range map[string]bool{
		"garden": true, "tulips": true, `"bed of tulips"`: true, "look tulips roses": true, "tul": true, "notes": true,
		`"here garden"`: false, `"png a"`: false, `"tulips notes"`: false, `"png roses"`: false, "lilies": false,
	} {
		query, _, err := Parse(q, now, false)
		if err != nil {
			t.Fatal(q, err)
		}
		if query.Match(m) != want {
			t.Errorf("%q: %v, tokens %s", q, !want, show(MessageTokens(m)))
		}
		deleted := m
		if deleted.DeletedAt = 1; query.Match(deleted) {
			t.Errorf("%q finds it after its deletion", q)
		}
	}
}
