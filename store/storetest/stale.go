package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"parley/chat"
)

// stale changes on one replica the state by which the other judged, and lets the other
// judge again: refusals and outcomes without a change are as current as events.
func stale(t *testing.T, open opener) {
	dir := t.TempDir()
	here, there := open(t, dir), open(t, dir)
	ann, bob, cid := account(t, here, "ann"), account(t, here, "bob"), account(t, here, "cid")
	title, other, topic := "the title", "another title", "a topic"
	rounds := 0

	// about, naming and onMessage make drafts for the chat of one case.
	about := func(kind chat.Kind, by, u chat.User, role chat.Role) func(chat.Chat) chat.Event {
		return func(c chat.Chat) chat.Event {
			e := draft(kind, by, c, "")
			e.Users, e.Role = []chat.UserID{u.ID}, role
			return e
		}
	}
	naming := func(by chat.User, title, topic *string) func(chat.Chat) chat.Event {
		return func(c chat.Chat) chat.Event {
			e := draft(chat.Renamed, by, c, "")
			e.Title, e.Topic = title, topic
			return e
		}
	}
	const message = chat.Seq(3) // ann's
	onMessage := func(kind chat.Kind, by chat.User, text string) func(chat.Chat) chat.Event {
		return func(c chat.Chat) chat.Event { return targeting(kind, by, c, message, "", text) }
	}
	reacts := func(by chat.User, on bool) func(chat.Chat) chat.Event {
		return func(c chat.Chat) chat.Event { return reacting(by, c, message, "👍", on) }
	}
	answering := func(by chat.User, to chat.Seq) func(chat.Chat) chat.Event {
		return func(c chat.Chat) chat.Event {
			e := posting(by, c, fmt.Sprint("answer ", to), "an answer")
			e.Reply = &chat.Quote{Seq: to}
			return e
		}
	}
	known := func(draft func(chat.Chat) chat.Event) func(chat.Chat) chat.Event {
		return func(c chat.Chat) chat.Event {
			e := draft(c)
			e.ClientID = "known"
			return e
		}
	}
	type change struct {
		draft func(chat.Chat) chat.Event
		rule  chat.Rule
	}
	promote, demote := change{about(chat.RoleChanged, ann, bob, chat.RoleAdmin), chat.SetRole}, change{about(chat.RoleChanged, ann, bob, chat.RoleMember), chat.SetRole}
	add, remove := change{about(chat.Joined, ann, bob, ""), chat.Join}, change{about(chat.Left, ann, bob, ""), chat.Leave}
	rename := func(by chat.User, title *string) change { return change{naming(by, title, nil), chat.Rename} }
	for _, w := range []struct {
		name   string
		before []change // on there, which caches the state
		change []change // on here
		then   change   // on there again
		want   chat.Code
		field  string
	}{
		{"made an admin, renames", nil, []change{promote}, rename(bob, &other), "", ""},
		{"made an admin, sets the topic", nil, []change{promote}, change{naming(bob, nil, &topic), chat.Rename}, "", ""},
		{"made an admin, deletes another's", nil, []change{promote}, change{onMessage(chat.Deleted, bob, ""), chat.Delete}, "", ""},
		{"made an admin, removes somebody", nil, []change{promote}, change{about(chat.Left, bob, cid, ""), chat.Leave}, "", ""},
		{"made an admin, makes another one", nil, []change{promote}, change{about(chat.RoleChanged, bob, cid, chat.RoleAdmin), chat.SetRole}, "", ""},
		{"an admin no more, names it as it is", []change{promote, rename(bob, &other)}, []change{demote}, rename(bob, &other), chat.Forbidden, ""},
		{"an admin no more, and is made one", []change{promote, rename(bob, &other)}, []change{demote}, promote, "", ""},
		{"an admin, and is made a member", nil, []change{promote}, demote, "", ""},
		{"an admin already", nil, []change{promote}, promote, "", "nothing"},
		{"the only admin was, and leaves", nil, []change{promote}, change{about(chat.Left, ann, ann, ""), chat.Leave}, "", ""},
		{"the last member but one went, and the last leaves", []change{rename(ann, &title), rename(ann, &title)}, []change{remove, {about(chat.Left, ann, cid, ""), chat.Leave}},
			change{about(chat.Left, ann, ann, ""), chat.Leave}, "", ""},
		{"removed, and is added", nil, []change{remove}, add, "", ""},
		{"removed and back, and is added", nil, []change{remove, add}, add, "", "nothing"},
		{"removed, and sends the same text", []change{{func(c chat.Chat) chat.Event { return posting(bob, c, "bob's", "bob's") }, chat.Post}}, []change{remove},
			change{func(c chat.Chat) chat.Event { return targeting(chat.Edited, bob, c, 5, "", "bob's") }, chat.Edit}, chat.NotFound, "chatId"},
		{"removed, and reacts as before", []change{{reacts(bob, true), chat.React}}, []change{remove}, change{reacts(bob, true), chat.React}, chat.NotFound, "chatId"},
		{"removed, and edits another's", nil, []change{remove}, change{onMessage(chat.Edited, bob, "text"), chat.Edit}, chat.NotFound, "chatId"},
		{"removed, and answers what is not there", nil, []change{remove}, change{answering(bob, 99), chat.Post}, chat.NotFound, "chatId"},
		{"removed, and posts again what is known", []change{{func(c chat.Chat) chat.Event { return posting(bob, c, "bob's", "bob's") }, chat.Post}}, []change{remove},
			change{func(c chat.Chat) chat.Event { return posting(bob, c, "bob's", "bob's") }, chat.Post}, "", "bare"},
		{"removed, and reacts again as is known", []change{{known(reacts(bob, true)), chat.React}}, []change{remove}, change{known(reacts(bob, true)), chat.React}, "", "bare"},
		{"answers what is not there", nil, []change{rename(ann, &other)}, change{answering(bob, 99), chat.Post}, chat.NotFound, "replyTo"},
		{"answers what just came", nil, []change{{func(c chat.Chat) chat.Event { return posting(ann, c, "new", "new") }, chat.Post}}, change{answering(bob, 5), chat.Post}, "", ""},
		{"a name set, and set back", []change{rename(ann, &title), rename(ann, &title)}, []change{rename(ann, &other)}, rename(ann, &title), "", ""},
		{"a topic set, and set back", []change{{naming(ann, nil, &topic), chat.Rename}, {naming(ann, nil, &topic), chat.Rename}}, []change{{naming(ann, nil, &other), chat.Rename}}, change{naming(ann, nil, &topic), chat.Rename}, "", ""},
		{"a name set, and set again", []change{rename(ann, &title), rename(ann, &title)}, []change{rename(ann, &other)}, rename(ann, &other), "", "nothing"},
		{"a text edited, and edited back", []change{{onMessage(chat.Edited, ann, "first"), chat.Edit}}, []change{{onMessage(chat.Edited, ann, "second"), chat.Edit}},
			change{onMessage(chat.Edited, ann, "first"), chat.Edit}, "", ""},
		{"a text deleted, and edited", nil, []change{{onMessage(chat.Deleted, ann, ""), chat.Delete}}, change{onMessage(chat.Edited, ann, "text"), chat.Edit}, chat.Conflict, "target"},
		{"a reaction taken away, and put back", []change{{reacts(bob, true), chat.React}}, []change{{reacts(bob, false), chat.React}}, change{reacts(bob, true), chat.React}, "", ""},
		{"a reaction put, and taken away", nil, []change{{reacts(bob, true), chat.React}}, change{reacts(bob, false), chat.React}, "", ""},
	} {
		t.Run(w.name, func(t *testing.T) {
			rounds++
			n := newGroup(fmt.Sprint("chat ", rounds), ann, bob, cid)
			c, _, err := here.CreateChat(context.Background(), n)
			must(t, err)
			post(t, here, ann, c, "a message")
			post(t, there, bob, c, "bob is known there")
			for _, d := range w.before {
				must(t, try(t, there, step{d.draft(c), d.rule}).err)
			}
			for _, d := range w.change {
				must(t, try(t, here, step{d.draft(c), d.rule}).err)
			}
			got := try(t, there, step{w.then.draft(c), w.then.rule})
			switch {
			case w.want != "":
				wantError(t, got.err, w.want, w.field)
			case w.field == "bare" && (got.err != nil || !got.again || got.ev.Seq != 5 || got.ev.Text+got.ev.Emoji != ""):
				t.Fatalf("again %v, %+v, %v", got.again, got.ev, got.err)
			case w.field == "nothing":
				wantUnchanged(t, w.name, got, false)
			case got.err != nil || got.ev.Seq == 0:
				t.Fatalf("event %d, %v", got.ev.Seq, got.err)
			}
		})
	}

	t.Run("a thousand posts later", func(t *testing.T) {
		c := group(t, here, "posts", ann, bob)
		post(t, there, bob, c, "bob is known there")
		posts := make([]step, 1000)
		for i := range posts {
			posts[i] = step{posting(ann, c, fmt.Sprint(i), "text"), chat.Post}
		}
		for _, o := range appendAll(t, here, posts...) {
			must(t, o.err)
		}
		wantError(t, try(t, there, step{naming(bob, &other, nil)(c), chat.Rename}).err, chat.Forbidden)
		for _, o := range appendAll(t, here, step{promote.draft(c), promote.rule}, step{posting(ann, c, "last", "last"), chat.Post}) {
			must(t, o.err)
		}
		must(t, try(t, there, step{naming(bob, &other, nil)(c), chat.Rename}).err)
		checkReplay(t, there, ann.ID, c)
	})

	t.Run("a user deactivated, and activated", func(t *testing.T) {
		c := group(t, here, "users", ann)
		dan := account(t, here, "dan")
		join := draft(chat.Joined, ann, c, "")
		join.Users = []chat.UserID{dan.ID}
		for i, on := range []bool{false, true} {
			post(t, there, ann, c, fmt.Sprint("known there ", i))
			_, err := here.PatchUser(context.Background(), dan.ID, chat.UserPatch{Active: &on})
			must(t, err)
			if got := try(t, there, step{join, chat.Join}); on != (got.err == nil) {
				t.Fatalf("active %v: %v", on, got.err)
			}
		}
	})

	// Drafts are refused also while another replica writes without a pause.
	t.Run("while the other replica is busy", func(t *testing.T) {
		c := group(t, here, "busy", ann, bob)
		post(t, there, bob, c, "bob is known there")
		var writing sync.WaitGroup
		stop := make(chan struct{})
		for author := range 4 {
			writing.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
						if _, _, err := do(t, here, posting(ann, c, fmt.Sprint(author, "-", i), "text"), chat.Post); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		for range 20 {
			wantError(t, try(t, there, step{naming(bob, &other, nil)(c), chat.Rename}).err, chat.Forbidden)
			wantError(t, try(t, there, step{answering(bob, 1)(c), chat.Post}).err, chat.NotFound, "replyTo")
		}
		close(stop)
		writing.Wait()
	})
}
