package server

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
	"parley/wire"
)

// purge does what the server does in the background, to its end, and checks that one event
// of the chat is left.
func (x *testServer) purge(id chat.ChatID) {
	x.t.Helper()
	for more := true; more; {
		var err error
		if more, err = x.store.Purge(context.Background()); err != nil {
			x.t.Fatal(err)
		}
	}
	events, _, err := x.store.After(context.Background(), "", id, 0, 10, 1<<20)
	if err != nil || len(events) != 1 || !events[0].DeletesChat() {
		x.t.Fatalf("the log still has %d events, %v", len(events), err)
	}
}

// A deleted chat is gone for its members, who are told, and its log is purged.
func TestDeleteChat(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			owner, ann, bob := x.addOwner(), x.addUser("ann"), x.addUser("bob")
			made := m{"kind": "group", "open": true, "title": "Garden", "topic": "secret plans", "members": []chat.UserID{bob.user.ID}, "clientId": "made"}
			var garden api.ChatAnswer
			ann.call("POST", "/api/chats", made).want(201).into(&garden)
			id := garden.Chat.ID
			c := "/api/chats/" + string(id)
			seq := ann.post(id, "a secret")
			a, b := ann.connectLive(codec), bob.connectLive(codec)

			bob.call("DELETE", c, nil).wantError(chat.Forbidden, "")
			x.addUser("eve").call("DELETE", c, nil).wantError(chat.NotFound, "chatId")
			ann.call("DELETE", c, m{"clientId": 1}).wantError(chat.BadInput, "clientId")
			ann.call("DELETE", "/api/chats/a.b", nil).wantError(chat.BadInput, "chatId")
			ann.call("DELETE", c, m{"clientId": "deleted"}).want(204)
			for _, p := range []*socketClient{a, b} {
				if e := p.event(id, seq+1); e.Event != chat.Left || e.Reason != chat.ReasonDeleted || e.By != ann.user.ID {
					t.Errorf("the deletion: %s", e.raw)
				}
				if g := p.signal(wire.SignalChat); !g.Gone || g.ChatID != id {
					t.Errorf("gone: %s", g.raw)
				}
				p.wantError(m{"do": "post", "chatId": id, "clientId": "late", "text": "x"}, chat.NotFound, "chatId")
				p.resume(id, seq)
				if g := p.signal(wire.SignalChat); !g.Gone {
					t.Errorf("resumed: %s", g.raw)
				}
				p.signal(wire.SignalCaughtUp)
				p.wantQuiet()
			}
			x.purge(id)
			ann.call("DELETE", c, m{"clientId": "deleted"}).want(204)
			ann.call("DELETE", c, nil).wantError(chat.NotFound, "chatId")
			for _, u := range []*client{owner, ann, bob} {
				for _, path := range []string{c, c + "/members", c + "/messages", fmt.Sprint(c, "/messages/", seq), c + "/events?after=0"} {
					u.call("GET", path, nil).wantError(chat.NotFound, "chatId")
				}
				u.call("PUT", c+"/members/me", nil).wantError(chat.NotFound, "chatId")
				u.call("PUT", c+"/members/me", m{"role": "admin"}).wantError(chat.NotFound, "chatId")
			}
			if got := ann.call("POST", "/api/chats", made).want(200); strings.Contains(string(got.body), "secret") || strings.Contains(string(got.body), "Garden") {
				t.Errorf("made again: %s", got.body)
			}
			if got := bob.call("GET", "/api/chats?open=true", nil).want(200); strings.Contains(string(got.body), string(id)) {
				t.Errorf("still listed: %s", got.body)
			}
		})
	}
}

func TestDeleteChatByServerAdmin(t *testing.T) {
	x := start(t)
	owner, ann, bob := x.addOwner(), x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	owner.call("DELETE", "/api/chats/"+string(id), nil).want(204)
	bob.call("GET", "/api/chats/"+string(id), nil).wantError(chat.NotFound, "chatId")
	var direct api.ChatAnswer
	ann.call("POST", "/api/chats", m{"kind": "direct", "members": []chat.UserID{bob.user.ID}, "clientId": "1"}).want(201).into(&direct)
	owner.call("DELETE", "/api/chats/"+string(direct.Chat.ID), nil).wantError(chat.NotFound, "chatId")
	ann.call("DELETE", "/api/chats/"+string(direct.Chat.ID), nil).wantError(chat.Forbidden, "")
}

// purgingStore is a store that says when nothing is left to purge.
type purgingStore struct {
	chat.Store
	purged chan struct{}
}

func (p purgingStore) Purge(ctx context.Context) (bool, error) {
	more, err := p.Store.Purge(ctx)
	if !more {
		p.purged <- struct{}{}
	}
	return more, err
}

// The server purges at its start and after a deletion.
func TestServerPurges(t *testing.T) {
	purged := make(chan struct{}, 100)
	x := start(t, func(c *Config) { c.Store = purgingStore{c.Store, purged} })
	ann := x.addUser("ann")
	id := ann.group()
	ann.post(id, "a secret")
	<-purged
	ann.call("DELETE", "/api/chats/"+string(id), nil).want(204)
	<-purged
	if events, _, err := x.store.After(t.Context(), "", id, 0, 10, 1<<20); err != nil || len(events) != 1 {
		t.Fatalf("the log still has %d events, %v", len(events), err)
	}
}

// lateStore is a store whose feed withholds the events of a chat until its log was purged,
// and omits all but the last one.
type lateStore struct {
	chat.Store
	purged chan struct{}
}

func (l lateStore) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	feed, err := l.Store.OpenFeed(ctx)
	return func(yield func(chat.Notice, error) bool) {
		for n, err := range feed {
			if n.Event != nil && n.Event.Kind == chat.Posted && n.Event.Text == "withheld" {
				continue
			}
			if n.Event != nil && n.Event.DeletesChat() {
				<-l.purged
			}
			if !yield(n, err) {
				return
			}
		}
	}, err
}

// A gap in the feed whose events were purged is skipped.
func TestGapOverPurgedChat(t *testing.T) {
	purged := make(chan struct{})
	x := start(t, func(c *Config) { c.Store = lateStore{c.Store, purged} })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id, other := ann.group(bob), ann.group(bob)
	b := bob.connectLive()
	b.event(id, ann.post(id, "first"))
	ann.post(id, "withheld")
	ann.call("DELETE", "/api/chats/"+string(id), nil).want(204)
	x.purge(id)
	close(purged)
	if g := b.signal(wire.SignalChat); !g.Gone || g.ChatID != id {
		t.Errorf("gone: %s", g.raw)
	}
	b.event(other, ann.post(other, "goes on"))
	b.wantQuiet(wire.SignalChat)
	if slices.Contains(strings.Fields(x.logs.String()), "lost") {
		t.Error("the feed was lost")
	}
}
