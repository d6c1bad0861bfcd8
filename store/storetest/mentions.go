package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/chat"
)

// mentions: a text names members by the longest handle that exists, whatever else looks
// like a handle.
func mentions(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	account(t, s, "bob-x") // no member
	c := group(t, s, "garden", ann, bob)
	unknown := ""
	for i := range 2 * chat.MaxMentions {
		unknown += fmt.Sprintf("@unknown%d ", i)
	}
	for i, text := range []string{"@bob", "@Bob- and @ann_", unknown + "@bob", "@bob-x", "@bob-y", "@nobody", "`@ann`", strings.Repeat("@a.b.c.d.e.f ", 2000) + "@ann"} {
		want := [][]chat.UserID{{bob.ID}, {bob.ID, ann.ID}, {bob.ID}, nil, {bob.ID}, nil, nil, {ann.ID}}[i]
		posted, _, err := do(t, s, chat.Event{Kind: chat.Posted, ChatID: c.ID, By: ann.ID, ClientID: fmt.Sprint("post", i), Text: text}, chat.Post)
		must(t, err)
		sameIDs(t, posted.Mentions, want...)
		edited, _, err := do(t, s, chat.Event{Kind: chat.Edited, ChatID: c.ID, By: ann.ID, Target: posted.Seq, Text: text + " @ann"}, chat.Edit)
		must(t, err)
		if !slices.Contains(want, ann.ID) {
			want = append(want, ann.ID)
		}
		sameIDs(t, edited.Mentions, want...)
	}
}
