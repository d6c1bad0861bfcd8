package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"parley/chat"
)

// twist is a command that changes nothing, and another one after which the first would
// change something.
type twist struct {
	name             string
	noop, difference step
}

// twisted makes a group and the twists of every kind of command that can change nothing.
// They are independent of each other.
func twisted(t *testing.T, s chat.Store, title string) (chat.Chat, []twist) {
	t.Helper()
	who := map[string]chat.User{}
	for _, name := range []string{"ann", "bob", "cid", "dan", "eve"} {
		u, err := s.UsersByHandle(context.Background(), []string{name})
		must(t, err)
		if len(u) == 0 {
			u = []chat.User{account(t, s, name)}
		}
		who[name] = u[0]
	}
	ann, bob, cid, dan := who["ann"], who["bob"], who["cid"], who["dan"]
	n := newGroup(title, ann, bob, cid, dan, who["eve"])
	n.Open = true
	c, _, err := s.CreateChat(context.Background(), n)
	must(t, err)
	edited, on, off := post(t, s, ann, c, "edited"), post(t, s, ann, c, "on"), post(t, s, ann, c, "off")
	_, _, err = do(t, s, reacting(bob, c, on, "👍", true), chat.React)
	must(t, err)

	about := func(kind chat.Kind, by, u chat.User, role chat.Role) chat.Event {
		e := draft(kind, by, c, "")
		e.Users, e.Role = []chat.UserID{u.ID}, role
		return e
	}
	naming := func(title, topic *string) chat.Event {
		e := draft(chat.Renamed, ann, c, "")
		e.Title, e.Topic = title, topic
		return e
	}
	other := "another title"
	list := []twist{
		{"edit", step{targeting(chat.Edited, ann, c, edited, "", "edited"), chat.Edit}, step{targeting(chat.Edited, ann, c, edited, "", "edited later"), chat.Edit}},
		{"react", step{reacting(bob, c, on, "👍", true), chat.React}, step{reacting(bob, c, on, "👍", false), chat.React}},
		{"take a reaction away", step{reacting(bob, c, off, "👍", false), chat.React}, step{reacting(bob, c, off, "👍", true), chat.React}},
		{"role", step{about(chat.RoleChanged, ann, bob, chat.RoleMember), chat.SetRole}, step{about(chat.RoleChanged, ann, bob, chat.RoleAdmin), chat.SetRole}},
		{"rename", step{naming(&c.Title, nil), chat.Rename}, step{naming(&other, nil), chat.Rename}},
		{"topic", step{naming(nil, &c.Topic), chat.Rename}, step{naming(nil, &other), chat.Rename}},
		{"add", step{about(chat.Joined, ann, cid, ""), chat.Join}, step{about(chat.Left, ann, cid, ""), chat.Leave}},
		{"join", step{about(chat.Joined, dan, dan, ""), chat.Join}, step{about(chat.Left, dan, dan, ""), chat.Leave}},
		{"put", step{about(chat.Joined, ann, who["eve"], chat.RoleMember), chat.PutMember}, step{about(chat.RoleChanged, ann, who["eve"], chat.RoleAdmin), chat.SetRole}},
	}
	for i := range list {
		list[i].noop.draft.ClientID = list[i].name
		list[i].difference.draft.ClientID = "not " + list[i].name
	}
	return c, list
}

// wantUnchanged fails the test unless a command made no event, and was known or not.
func wantUnchanged(t *testing.T, what string, got outcome, again bool) {
	t.Helper()
	if got.err != nil || got.ev.Seq != 0 || got.again != again {
		t.Fatalf("%s: event %d, again %v, %v; want no event, again %v", what, got.ev.Seq, got.again, got.err, again)
	}
}

func try(t *testing.T, s chat.Store, what step) outcome {
	t.Helper()
	ev, again, err := do(t, s, what.draft, what.rule)
	return outcome{ev, again, err}
}

// unchanged tests that a clientId whose command changed nothing is known forever, without
// an event: a late retry does not undo later changes.
func unchanged(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	c, list := twisted(t, s, "one by one")
	head := func() chat.Seq {
		t.Helper()
		_, head, err := s.After(ctx, "", c.ID, 1<<40, 1, 1)
		must(t, err)
		return head
	}
	retry := func(again bool) {
		t.Helper()
		before := head()
		for _, w := range list {
			wantUnchanged(t, w.name, try(t, s, w.noop), again)
		}
		equal(t, "the head", head(), before)
	}
	received := listen(t, s)
	retry(false)
	retry(true)
	equal(t, "events of commands that change nothing", len(received()), 0)
	for _, w := range list {
		got := try(t, s, w.difference)
		must(t, got.err)
		equal(t, w.name+": the head", head(), got.ev.Seq)
	}
	retry(true)

	t.Run("another command with that clientId", func(t *testing.T) {
		stray := list[1].difference
		stray.draft.ClientID = list[0].noop.draft.ClientID
		stray.draft.By = list[0].noop.draft.By
		wantUnchanged(t, "react", try(t, s, stray), true)
	})
	t.Run("another author, another chat, a post", func(t *testing.T) {
		ann, bob := list[0].noop.draft.By, list[1].noop.draft.By
		other, _ := twisted(t, s, "another chat")
		for _, e := range []chat.Event{
			reacting(chat.User{ID: bob}, c, c.Head+1, "👍", true),
			reacting(chat.User{ID: ann}, other, c.Head+1, "👍", true),
			posting(chat.User{ID: ann}, c, "", "a post"),
		} {
			e.ClientID = list[0].noop.draft.ClientID
			rule := chat.React
			if e.Kind == chat.Posted {
				rule = chat.Post
			}
			got := try(t, s, step{e, rule})
			if got.err != nil || got.again || got.ev.Seq == 0 {
				t.Fatalf("%s: event %d, again %v, %v", e.Kind, got.ev.Seq, got.again, got.err)
			}
		}
	})
	t.Run("in one batch", func(t *testing.T) {
		c, list := twisted(t, s, "in one batch")
		for _, w := range list {
			got := appendAll(t, s, w.noop, w.noop, w.difference, w.noop)
			wantUnchanged(t, w.name, got[0], false)
			wantUnchanged(t, w.name+" at once again", got[1], true)
			must(t, got[2].err)
			wantUnchanged(t, w.name+" again", got[3], true)
		}
		checkReplay(t, s, list[0].noop.draft.By, c)
	})
	t.Run("a refused clientId stays unknown", func(t *testing.T) {
		ann, bob := chat.User{ID: list[0].noop.draft.By}, chat.User{ID: list[1].noop.draft.By}
		c := group(t, s, "refused", ann, bob)
		title := "by bob"
		e := draft(chat.Renamed, bob, c, "refused")
		e.Title = &title
		wantError(t, try(t, s, step{e, chat.Rename}).err, chat.Forbidden)
		up := draft(chat.RoleChanged, ann, c, "")
		up.Users, up.Role = []chat.UserID{bob.ID}, chat.RoleAdmin
		must(t, try(t, s, step{up, chat.SetRole}).err)
		got := try(t, s, step{e, chat.Rename})
		must(t, got.err)
		equal(t, "again", got.again, false)
	})
	t.Run("without a clientId", func(t *testing.T) {
		w := list[1] // their reaction is off
		w.noop.draft.ClientID, w.difference.draft.ClientID = "", ""
		wantUnchanged(t, "off", try(t, s, w.difference), false)
		wantUnchanged(t, "off", try(t, s, w.difference), false)
		got := try(t, s, w.noop)
		must(t, got.err)
		equal(t, "the head", head(), got.ev.Seq)
		must(t, try(t, s, w.difference).err)
	})

	must(t, s.Close())
	s = open(t, dir)
	t.Run("after a restart", func(t *testing.T) {
		retry(true)
		checkReplay(t, s, list[0].noop.draft.By, c)
	})
}

// unchangedAcross tests that the clientId of a command that changed nothing on one replica
// is known on every other.
func unchangedAcross(t *testing.T, open opener) {
	dir := t.TempDir()
	here, there := open(t, dir), open(t, dir)
	c, list := twisted(t, here, "across")
	for _, w := range list {
		wantUnchanged(t, w.name, try(t, here, w.noop), false)
		wantUnchanged(t, w.name+" there", try(t, there, w.noop), true)
		got := try(t, there, w.difference)
		must(t, got.err)
		wantUnchanged(t, w.name+" again", try(t, here, w.noop), true)
		wantUnchanged(t, w.name+" again there", try(t, there, w.noop), true)
		_, head, err := here.After(context.Background(), "", c.ID, 1<<40, 1, 1)
		must(t, err)
		equal(t, w.name+": the head", head, got.ev.Seq)
	}
	checkReplay(t, there, list[0].noop.draft.By, c)
}

// callerGone tests a command that waits on one replica after its caller gave up, while
// another replica answers its retry: it makes no event.
func callerGone(t *testing.T, open opener) {
	dir := t.TempDir()
	here, there := open(t, dir), open(t, dir)
	c, list := twisted(t, here, "given up")
	ann := chat.User{ID: list[0].noop.draft.By}
	for _, w := range list {
		held, hold := make(chan struct{}, 1), make(chan struct{})
		busy := func(v chat.View, e *chat.Event) error { // keeps what is behind it waiting
			select {
			case held <- struct{}{}:
			default:
			}
			<-hold
			return chat.Post(v, e)
		}
		first, second := make(chan outcome, 1), make(chan outcome, 1)
		put := func(what step, to chan outcome) {
			t.Helper()
			must(t, here.Append(context.Background(), what.draft, what.rule, func(ev chat.Event, again bool, err error) { to <- outcome{ev, again, err} }))
		}
		put(step{posting(ann, c, "before "+w.name, "text"), busy}, first)
		<-held
		put(w.noop, second)
		wantUnchanged(t, w.name, try(t, there, w.noop), false)
		must(t, try(t, there, w.difference).err)
		close(hold)
		must(t, (<-first).err)
		wantUnchanged(t, w.name+" at last", <-second, true)
	}
	checkReplay(t, there, ann.ID, c)
}

// oneOutcome tests a command that is tried on two replicas at once while others change its
// target: both tries have one outcome, and only one of them made it.
func oneOutcome(t *testing.T, open opener) {
	const rounds = 12
	dir := t.TempDir()
	s := [2]chat.Store{open(t, dir), open(t, dir)}
	c, list := twisted(t, s[0], "one outcome")
	react, takeAway := list[1].noop, list[1].difference
	events := 0
	for i := range rounds {
		react.draft.ClientID, takeAway.draft.ClientID = fmt.Sprint("on ", i), fmt.Sprint("off ", i)
		if i%3 == 2 { // else the one of the round before stands, unless it was taken away in time
			must(t, try(t, s[i%2], step{reacting(chat.User{ID: react.draft.By}, c, react.draft.Target, react.draft.Emoji, true), chat.React}).err)
		}
		var got [2]outcome
		var wait sync.WaitGroup
		for at := range s {
			wait.Go(func() { got[at] = try(t, s[at], react) })
		}
		wait.Go(func() {
			if err := try(t, s[i%2], takeAway).err; err != nil {
				t.Error(err)
			}
		})
		wait.Wait()
		must(t, errors.Join(got[0].err, got[1].err))
		equal(t, "the second try's number", got[1].ev.Seq, got[0].ev.Seq)
		if got[0].again == got[1].again {
			t.Fatalf("round %d: both tries were told again %v", i, got[0].again)
		}
		if got[0].ev.Seq != 0 {
			events++
		}
	}
	checkReplay(t, s[1], react.draft.By, c)
	t.Logf("%d of %d made an event", events, rounds)
}
