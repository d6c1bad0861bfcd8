package storetest

import (
	"context"
	"fmt"
	"testing"

	"parley/chat"
)

// forget asserts that the log holds no reaction that was taken back or whose message was
// deleted, and no title or topic that was replaced: changed has more of those. The feed yields
// each event whole.
func forget(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	c := group(t, s, "garden", ann, bob)
	received := listen(t, s)
	post(t, s, ann, c, "one") // 3
	post(t, s, ann, c, "two") // 4
	rename := func(title, topic string) step {
		e := draft(chat.Renamed, ann, c, "")
		if e.Title = &title; topic != "" {
			e.Topic = &topic
		}
		return step{e, chat.Rename}
	}
	steps := []step{
		{reacting(ann, c, 3, "👍", true), chat.React},  // 5, taken back by 9
		{reacting(bob, c, 3, "👍", true), chat.React},  // 6, stays
		{reacting(ann, c, 3, "🎉", true), chat.React},  // 7, stays
		{reacting(ann, c, 4, "👍", true), chat.React},  // 8, its message is deleted
		{reacting(ann, c, 3, "👍", false), chat.React}, // 9
		rename("orchard", "apples"),                   // 10, replaced
		rename("field", ""),                           // 11, replaced
		{reacting(bob, c, 3, "🎉", true), chat.React},  // 12, taken back by 13
		{reacting(bob, c, 3, "🎉", false), chat.React}, // 13
		{reacting(bob, c, 3, "🎉", true), chat.React},  // 14, stays
		{targeting(chat.Deleted, ann, c, 4, "", ""), chat.Delete},
		rename("meadow", ""), // 16
	}
	for _, o := range appendAll(t, s, steps...) {
		must(t, o.err)
	}
	show := func(events []chat.Event) (lines string) {
		for _, e := range events {
			if e.Kind == chat.Reacted {
				lines += fmt.Sprintf("%d %q %v\n", e.Seq, e.Emoji, *e.On)
			}
			if e.Kind == chat.Renamed {
				lines += fmt.Sprintln(e.Seq, names(&e))
			}
		}
		return lines
	}
	events, _, err := s.After(context.Background(), bob.ID, c.ID, 0, 100, 1<<20)
	must(t, err)
	equal(t, "the log", show(events), `5 "" true
6 "👍" true
7 "🎉" true
8 "" true
9 "" false
10 - apples
11 - -
12 "" true
13 "" false
14 "🎉" true
16 meadow apples
`)
	var told []chat.Event
	for _, n := range received() {
		if n.Event != nil {
			told = append(told, *n.Event)
		}
	}
	equal(t, "the feed", show(told), `5 "👍" true
6 "👍" true
7 "🎉" true
8 "👍" true
9 "👍" false
10 orchard apples
11 field apples
12 "🎉" true
13 "🎉" false
14 "🎉" true
16 meadow apples
`)
	checkReplay(t, s, ann.ID, c)
}
