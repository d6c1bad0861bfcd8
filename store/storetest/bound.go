package storetest

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"parley/chat"
)

// chatLimit tests that the rule of a draft that makes, joins or fills a chat is judged in
// the transaction that commits it, with the number of chats of each user.
func chatLimit(t *testing.T, open opener) {
	t.Run("the counts of the view", func(t *testing.T) { counts(t, open) })
	t.Run("over the limit", func(t *testing.T) { overLimit(t, open) })
	t.Run("many chats by one maker", func(t *testing.T) { filler(t, open) })
}

func counts(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
	group(t, s, "both", ann, bob)
	c := group(t, s, "mine", ann)
	group(t, s, "bobs", bob, ann)
	remove(t, s, ann, group(t, s, "gone", ann, bob), bob)
	saw := 0
	look := func(v chat.View, e *chat.Event) error {
		saw++
		equal(t, "kind", e.Kind, chat.Joined)
		users := []chat.UserID{ann.ID, bob.ID, cid.ID, "nobody"}
		for what, counted := range map[string]struct{ got, want map[chat.UserID]int }{
			"chats":       {v.ChatsOf(users), map[chat.UserID]int{ann.ID: 4, bob.ID: 2}},
			"made by ann": {v.ChatsMadeBy(ann.ID, users), map[chat.UserID]int{ann.ID: 3, bob.ID: 1}},
			"made by bob": {v.ChatsMadeBy(bob.ID, users), map[chat.UserID]int{ann.ID: 1, bob.ID: 1}},
			"made by cid": {v.ChatsMadeBy(cid.ID, users), nil},
			"of one":      {v.ChatsOf(users[:1]), map[chat.UserID]int{ann.ID: 4}},
			"of nobody":   {v.ChatsOf(nil), nil},
		} {
			maps.DeleteFunc(counted.got, func(_ chat.UserID, n int) bool { return n == 0 })
			if !maps.Equal(counted.got, counted.want) {
				t.Errorf("%s: %v, want %v", what, counted.got, counted.want)
			}
		}
		return chat.Fail(chat.Conflict, "looked")
	}
	n := newGroup("new", ann, cid, bob)
	n.Rule = func(v chat.View, e *chat.Event) error {
		got := v.Chat()
		equal(t, "the chat to be", got.Kind, chat.Group)
		equal(t, "its title", got.Title, "new")
		sameIDs(t, e.Users, ann.ID, bob.ID, cid.ID)
		equal(t, "maker", e.By, ann.ID)
		return look(v, e)
	}
	_, _, err := s.CreateChat(ctx, n)
	wantError(t, err, chat.Conflict)
	_, _, err = do(t, s, chat.Event{Kind: chat.Joined, ChatID: c.ID, By: ann.ID, Users: []chat.UserID{cid.ID}}, look)
	wantError(t, err, chat.Conflict)
	invite(t, s, ann, c, "code", 1)
	_, err = s.AcceptInvite(ctx, chat.SecretHash("code"), cid.ID, look)
	wantError(t, err, chat.Conflict)
	if saw < 3 {
		t.Fatalf("the rule was asked %d times", saw)
	}
	i, err := s.PeekInvite(ctx, chat.SecretHash("code"))
	must(t, err)
	equal(t, "uses left", i.Uses, 1)
}

func overLimit(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, cid, dan := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid"), account(t, s, "dan")
	rule := chat.ChatLimit(3, "members")
	create := func(n chat.NewChat) (chat.Chat, bool, error) {
		n.Rule = rule
		return s.CreateChat(ctx, n)
	}
	var first chat.Chat
	for i := range 3 {
		c, _, err := create(newGroup(fmt.Sprint(i), ann))
		must(t, err)
		if i == 0 {
			first = c
		}
	}
	_, _, err := create(newGroup("3", ann))
	wantError(t, err, chat.Conflict, "members")
	_, _, err = create(newGroup("theirs", bob, cid, ann)) // names her, makes nothing
	wantError(t, err, chat.Conflict, "members")
	n, err := s.CountChats(ctx, bob.ID)
	must(t, err)
	equal(t, "chats of who was refused", n, 0)
	_, _, err = create(chat.NewChat{Kind: chat.Direct, By: bob.ID, ClientID: "d", Members: []chat.UserID{ann.ID}})
	wantError(t, err, chat.Conflict, "members")
	c, again, err := create(newGroup("0", ann)) // a retry
	must(t, err)
	equal(t, "again", again, true)
	equal(t, "chat", c.ID, first.ID)

	// An open group, an invite, another's hand: the same bound.
	theirs := group(t, s, "open", bob)
	join := chat.Event{Kind: chat.Joined, ChatID: theirs.ID, By: bob.ID, Users: []chat.UserID{ann.ID}}
	bound := chat.All(chat.Join, chat.ChatLimit(3, "userId"))
	_, _, err = do(t, s, join, bound)
	wantError(t, err, chat.Conflict, "userId")
	invite(t, s, bob, theirs, "code", 1)
	_, err = s.AcceptInvite(ctx, chat.SecretHash("code"), ann.ID, chat.ChatLimit(3, "code"))
	wantError(t, err, chat.Conflict, "code")
	_, _, err = do(t, s, chat.Event{Kind: chat.Joined, ChatID: theirs.ID, By: bob.ID, Users: []chat.UserID{dan.ID}}, bound)
	must(t, err)

	// Whoever leaves one has room, and who is in already needs none.
	_, _, err = do(t, s, chat.Event{Kind: chat.Left, ChatID: first.ID, By: ann.ID, Users: []chat.UserID{ann.ID}}, chat.Leave)
	must(t, err)
	_, err = s.AcceptInvite(ctx, chat.SecretHash("code"), ann.ID, chat.ChatLimit(3, "code"))
	must(t, err)
	_, err = s.AcceptInvite(ctx, chat.SecretHash("code"), ann.ID, chat.ChatLimit(3, "code"))
	must(t, err)
	ev, _, err := do(t, s, join, bound)
	must(t, err)
	equal(t, "number of what changes nothing", ev.Seq, 0)
	_, _, err = do(t, s, chat.Event{Kind: chat.Joined, ChatID: theirs.ID, By: bob.ID, Users: []chat.UserID{cid.ID}, ClientID: "k"}, bound)
	must(t, err)
	// A refusal for another reason does not refuse a retry either.
	noToken := chat.All(bound, chat.Refuse(chat.Fail(chat.RateLimited, "no token")))
	_, again, err = do(t, s, chat.Event{Kind: chat.Joined, ChatID: theirs.ID, By: bob.ID, Users: []chat.UserID{cid.ID}, ClientID: "k"}, noToken)
	must(t, err)
	equal(t, "again", again, true)
	eve := account(t, s, "eve")
	_, _, err = do(t, s, chat.Event{Kind: chat.Joined, ChatID: theirs.ID, By: bob.ID, Users: []chat.UserID{eve.ID}, ClientID: "new"}, noToken)
	wantError(t, err, chat.RateLimited)
}

// filler tests that one person cannot keep another out of chats that others make.
func filler(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	eve, bob, ann := account(t, s, "eve"), account(t, s, "bob"), account(t, s, "ann")
	rule := chat.ChatLimit(150, "members")
	create := func(by chat.User, title string) error {
		n := newGroup(title, by, bob)
		n.Rule = rule
		_, _, err := s.CreateChat(ctx, n)
		return err
	}
	for i := range 100 {
		must(t, create(eve, fmt.Sprint(i)))
	}
	wantError(t, create(eve, "one more"), chat.Conflict, "members")
	must(t, create(ann, "work"))
}
