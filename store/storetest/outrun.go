package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"parley/chat"
)

// outrun changes something on one replica that the other has judged by, and has
// the other judge again: a refusal, or that nothing changes, is as current as an
// event would be.
func outrun(t *testing.T, open opener) {
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
	type deed struct {
		draft func(chat.Chat) chat.Event
		rule  chat.Rule
	}
	promote, demote := deed{about(chat.RoleChanged, ann, bob, chat.RoleAdmin), chat.SetRole}, deed{about(chat.RoleChanged, ann, bob, chat.RoleMember), chat.SetRole}
	add, remove := deed{about(chat.Joined, ann, bob, ""), chat.Join}, deed{about(chat.Left, ann, bob, ""), chat.Leave}
	rename := func(by chat.User, title *string) deed { return deed{naming(by, title, nil), chat.Rename} }
	for _, w := range []struct {
		name   string
		before []deed // there, which then knows how things stand
		change []deed // here
		then   deed   // there again
		want   chat.Code
		field  string
	}{
		{"made an admin, renames", nil, []deed{promote}, rename(bob, &other), "", ""},
		{"made an admin, sets the topic", nil, []deed{promote}, deed{naming(bob, nil, &topic), chat.Rename}, "", ""},
		{"made an admin, deletes another's", nil, []deed{promote}, deed{onMessage(chat.Deleted, bob, ""), chat.Delete}, "", ""},
		{"made an admin, removes somebody", nil, []deed{promote}, deed{about(chat.Left, bob, cid, ""), chat.Leave}, "", ""},
		{"made an admin, makes another one", nil, []deed{promote}, deed{about(chat.RoleChanged, bob, cid, chat.RoleAdmin), chat.SetRole}, "", ""},
		{"an admin no more, names it as it is", []deed{promote, rename(bob, &other)}, []deed{demote}, rename(bob, &other), chat.Forbidden, ""},
		{"an admin no more, and is made one", []deed{promote, rename(bob, &other)}, []deed{demote}, promote, "", ""},
		{"an admin, and is made a member", nil, []deed{promote}, demote, "", ""},
		{"an admin already", nil, []deed{promote}, promote, "", "nothing"},
		{"the only admin was, and leaves", nil, []deed{promote}, deed{about(chat.Left, ann, ann, ""), chat.Leave}, "", ""},
		{"the last member but one went, and the last leaves", []deed{rename(ann, &title), rename(ann, &title)}, []deed{remove, {about(chat.Left, ann, cid, ""), chat.Leave}},
			deed{about(chat.Left, ann, ann, ""), chat.Leave}, "", ""},
		{"removed, and is added", nil, []deed{remove}, add, "", ""},
		{"removed and back, and is added", nil, []deed{remove, add}, add, "", "nothing"},
		{"removed, and sends the same text", []deed{{func(c chat.Chat) chat.Event { return posting(bob, c, "bob's", "bob's") }, chat.Post}}, []deed{remove},
			deed{func(c chat.Chat) chat.Event { return targeting(chat.Edited, bob, c, 5, "", "bob's") }, chat.Edit}, chat.NotFound, "chatId"},
		{"removed, and reacts as before", []deed{{reacts(bob, true), chat.React}}, []deed{remove}, deed{reacts(bob, true), chat.React}, chat.NotFound, "chatId"},
		{"removed, and edits another's", nil, []deed{remove}, deed{onMessage(chat.Edited, bob, "text"), chat.Edit}, chat.NotFound, "chatId"},
		{"removed, and answers what is not there", nil, []deed{remove}, deed{answering(bob, 99), chat.Post}, chat.NotFound, "chatId"},
		{"removed, and posts again what is known", []deed{{func(c chat.Chat) chat.Event { return posting(bob, c, "bob's", "bob's") }, chat.Post}}, []deed{remove},
			deed{func(c chat.Chat) chat.Event { return posting(bob, c, "bob's", "bob's") }, chat.Post}, chat.NotFound, "chatId"},
		{"removed, and reacts again as is known", []deed{{known(reacts(bob, true)), chat.React}}, []deed{remove}, deed{known(reacts(bob, true)), chat.React}, chat.NotFound, "chatId"},
		{"answers what is not there", nil, []deed{rename(ann, &other)}, deed{answering(bob, 99), chat.Post}, chat.NotFound, "replyTo"},
		{"answers what just came", nil, []deed{{func(c chat.Chat) chat.Event { return posting(ann, c, "new", "new") }, chat.Post}}, deed{answering(bob, 5), chat.Post}, "", ""},
		{"a name set, and set back", []deed{rename(ann, &title), rename(ann, &title)}, []deed{rename(ann, &other)}, rename(ann, &title), "", ""},
		{"a topic set, and set back", []deed{{naming(ann, nil, &topic), chat.Rename}, {naming(ann, nil, &topic), chat.Rename}}, []deed{{naming(ann, nil, &other), chat.Rename}}, deed{naming(ann, nil, &topic), chat.Rename}, "", ""},
		{"a name set, and set again", []deed{rename(ann, &title), rename(ann, &title)}, []deed{rename(ann, &other)}, rename(ann, &other), "", "nothing"},
		{"a text edited, and edited back", []deed{{onMessage(chat.Edited, ann, "first"), chat.Edit}}, []deed{{onMessage(chat.Edited, ann, "second"), chat.Edit}},
			deed{onMessage(chat.Edited, ann, "first"), chat.Edit}, "", ""},
		{"a text deleted, and edited", nil, []deed{{onMessage(chat.Deleted, ann, ""), chat.Delete}}, deed{onMessage(chat.Edited, ann, "text"), chat.Edit}, chat.Conflict, "target"},
		{"a reaction taken away, and put back", []deed{{reacts(bob, true), chat.React}}, []deed{{reacts(bob, false), chat.React}}, deed{reacts(bob, true), chat.React}, "", ""},
		{"a reaction put, and taken away", nil, []deed{{reacts(bob, true), chat.React}}, deed{reacts(bob, false), chat.React}, "", ""},
	} {
		t.Run(w.name, func(t *testing.T) {
			rounds++
			n := newGroup(fmt.Sprint("chat ", rounds), ann, bob, cid)
			c, _, err := here.CreateChat(context.Background(), n)
			must(t, err)
			say(t, here, ann, c, "a message")
			say(t, there, bob, c, "bob is known there")
			for _, d := range w.before {
				must(t, try(t, there, step{d.draft(c), d.rule}).err)
			}
			for _, d := range w.change {
				must(t, try(t, here, step{d.draft(c), d.rule}).err)
			}
			got := try(t, there, step{w.then.draft(c), w.then.rule})
			switch {
			case w.want != "":
				refused(t, got.err, w.want, w.field)
			case w.field == "nothing":
				nothing(t, w.name, got, false)
			case got.err != nil || got.ev.Seq == 0:
				t.Fatalf("event %d, %v", got.ev.Seq, got.err)
			}
		})
	}

	t.Run("a thousand posts later", func(t *testing.T) {
		c := group(t, here, "posts", ann, bob)
		say(t, there, bob, c, "bob is known there")
		posts := make([]step, 1000)
		for i := range posts {
			posts[i] = step{posting(ann, c, fmt.Sprint(i), "text"), chat.Post}
		}
		for _, o := range together(t, here, posts...) {
			must(t, o.err)
		}
		refused(t, try(t, there, step{naming(bob, &other, nil)(c), chat.Rename}).err, chat.Forbidden)
		for _, o := range together(t, here, step{promote.draft(c), promote.rule}, step{posting(ann, c, "last", "last"), chat.Post}) {
			must(t, o.err)
		}
		must(t, try(t, there, step{naming(bob, &other, nil)(c), chat.Rename}).err)
		replayed(t, there, ann.ID, c)
	})

	t.Run("a user disabled, and enabled", func(t *testing.T) {
		c := group(t, here, "users", ann)
		dan := account(t, here, "dan")
		join := draft(chat.Joined, ann, c, "")
		join.Users = []chat.UserID{dan.ID}
		for i, on := range []bool{false, true} {
			say(t, there, ann, c, fmt.Sprint("known there ", i))
			_, err := here.PatchUser(context.Background(), dan.ID, chat.UserPatch{Active: &on})
			must(t, err)
			if got := try(t, there, step{join, chat.Join}); on != (got.err == nil) {
				t.Fatalf("active %v: %v", on, got.err)
			}
		}
	})

	// What nobody may is refused also while another replica writes without a pause.
	t.Run("while the other is busy", func(t *testing.T) {
		c := group(t, here, "busy", ann, bob)
		say(t, there, bob, c, "bob is known there")
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
			refused(t, try(t, there, step{naming(bob, &other, nil)(c), chat.Rename}).err, chat.Forbidden)
			refused(t, try(t, there, step{answering(bob, 1)(c), chat.Post}).err, chat.NotFound, "replyTo")
		}
		close(stop)
		writing.Wait()
	})
}
