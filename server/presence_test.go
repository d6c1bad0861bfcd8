package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/chat"
	"parley/wire"
)

// shortIntervals sets short intervals, and a lease that does not expire between two
// renewals on a busy machine.
func shortIntervals(c *Config) {
	c.intervals.Announce, c.intervals.Grace, c.intervals.Lease = 5*time.Millisecond, 20*time.Millisecond, 500*time.Millisecond
}

func (p *socketClient) presence(of *client, online bool) {
	p.t.Helper()
	p.take(fmt.Sprintf("%s online %v", of.user.Handle, online), func(v *value) bool {
		return v.Signal == "presence" && v.By == of.user.ID && *v.Online == online
	})
}

// Presence is signaled to users who share a direct chat and to viewers of a chat.
func TestPresence(t *testing.T) {
	x := start(t, shortIntervals)
	ann, bob, cid := x.addUser("ann"), x.addUser("bob"), x.addUser("cid")
	ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	dan := x.addUser("dan")
	dan.chat(chat.NewChat{Kind: chat.Direct}, cid)
	id := ann.group(cid)
	a, d := ann.connectLive(), dan.connectLive()
	a.presence(bob, false)
	b := bob.connectLive(wire.MsgPack)
	a.presence(bob, true)
	b.presence(ann, true)
	a.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
	a.presence(cid, false)
	c := cid.connectLive()
	a.presence(cid, true)
	a.ask(m{"do": "focus", "chatIds": []chat.ChatID{}}, nil)
	c.disconnect()
	b.disconnect()
	a.presence(bob, false)
	d.presence(cid, false) // as he is when dan arrives
	d.presence(cid, true)
	d.presence(cid, false)
	a.wantQuiet()
	a.ask(m{"do": "ping"}, nil)
	for _, v := range a.received {
		if v.By == cid.user.ID {
			t.Errorf("not looked at any more: %s", v.raw)
		}
	}
	// A new direct chat signals the other's presence.
	cid.connectLive()
	ann.chat(chat.NewChat{Kind: chat.Direct}, cid)
	a.presence(cid, true)
}

// A removed member hears nothing more of the members: neither their presence nor their
// name and status. Who is back hears it again.
func TestRemovedMemberHearsNoPresence(t *testing.T) {
	x := start(t, shortIntervals)
	ann, bob, cid, dan := x.addUser("ann"), x.addUser("bob"), x.addUser("cid"), x.addUser("dan")
	secret, open := ann.group(bob, cid), ann.group(bob, dan)
	direct := ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	b := bob.connectLive()
	b.presence(ann, false)
	b.ask(m{"do": "focus", "chatIds": []chat.ChatID{secret, open, direct}}, nil)
	b.presence(cid, false)
	b.presence(dan, false)
	ann.call("DELETE", "/api/chats/"+string(secret)+"/members/"+string(bob.user.ID), nil).want(204)
	b.take("gone", func(v *value) bool { return v.Signal == wire.SignalChat && v.Gone })
	c := cid.connectLive()
	cid.call("PATCH", "/api/me", m{"name": "Cid the Second", "status": "secret"}).want(200)
	dan.call("PATCH", "/api/me", m{"status": "seen"}).want(200) // delivered behind the other
	d := dan.connectLive()
	b.presence(dan, true) // in a chat with bob
	ann.connectLive()
	b.presence(ann, true) // a direct peer
	for _, v := range b.received {
		if v.By == cid.user.ID || v.User != nil && v.User.ID == cid.user.ID {
			t.Errorf("a removed member hears %s", v.raw)
		}
	}
	ann.call("PUT", "/api/chats/"+string(secret)+"/members/"+string(bob.user.ID), nil).want(204)
	b.signal(wire.SignalChat)
	b.ask(m{"do": "focus", "chatIds": []chat.ChatID{secret}}, nil)
	b.presence(cid, true)
	c.disconnect()
	b.presence(cid, false)
	d.disconnect()
}

// A user who is online but was not announced yet is not signaled as offline.
func TestPresenceBeforeFirstRenewal(t *testing.T) {
	x := start(t, func(c *Config) { c.intervals.Announce = time.Hour })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	a := ann.connectLive()
	bob.connectLive()
	a.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
	a.presence(bob, true)
}

// Users of another replica are online until its lease expires.
func TestPresenceLease(t *testing.T) {
	x := start(t, shortIntervals)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	a := ann.connectLive()
	a.presence(bob, false)
	if err := x.store.Tell(context.Background(), chat.Signal{Kind: chat.SignalPresence, Replica: "other", Online: []chat.UserID{bob.user.ID}}); err != nil {
		t.Fatal(err)
	}
	a.presence(bob, true)
	a.presence(bob, false)
}

// Typing and others' read pointers are signaled to viewers of a small chat, a user's own
// pointer to their devices, and a changed name to the user and to users with a direct chat.
func TestSignals(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	direct := ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	ann.post(id, "one")
	a, phone, b := ann.connectLive(), ann.connectLive(wire.MsgPack), bob.connectLive()
	b.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)

	a.ask(m{"do": "typing", "chatId": id}, nil)
	if v := b.signal("typing"); v.ChatID != id || v.By != ann.user.ID {
		t.Errorf("typing: %s", v.raw)
	}
	a.ask(m{"do": "typing", "chatId": direct}, nil) // bob does not look there
	b.ask(m{"do": "read", "chatId": id, "seq": 3}, nil)
	b.signal("read")
	b.signal("read") // as a device of his and as one who looks
	b.ask(m{"do": "read", "chatId": id, "seq": 2}, nil)
	b.wantQuiet()
	a.wantQuiet()

	bob.post(id, "two")
	a.event(id, 4)
	phone.event(id, 4)
	b.event(id, 4)
	a.ask(m{"do": "read", "chatId": id, "seq": 99}, nil)
	if v := phone.signal("read"); v.ChatID != id || v.By != ann.user.ID || v.Seq != 4 {
		t.Errorf("read: %s", v.raw)
	}
	if v := b.signal("read"); v.Seq != 4 {
		t.Errorf("read: %s", v.raw)
	}
	ann.call("PATCH", "/api/me", m{"name": "Anna"}).want(200)
	for _, p := range []*socketClient{phone, b} {
		if v := p.signal("user"); v.User == nil || v.User.Name != "Anna" {
			t.Errorf("user: %s", v.raw)
		}
	}
}

// A client that creates a chat focuses it before the feed has delivered it to the socket:
// typing there is signaled.
func TestFocusBeforeAdmission(t *testing.T) {
	l := &laggingStore{}
	x := start(t, func(c *Config) { l.Store, c.Store = c.Store, l })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	a, b := ann.connectLive(), bob.connectLive()
	l.mu.Lock()
	id := ann.group(bob)
	a.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
	l.mu.Unlock()
	a.signal(wire.SignalChat)
	b.signal(wire.SignalChat)
	b.ask(m{"do": "typing", "chatId": id}, nil)
	if v := a.signal("typing"); v.ChatID != id {
		t.Errorf("typing: %s", v.raw)
	}
}

// In a large chat typing, presence and read pointers are not signaled.
func TestLargeChatsHaveNoSignals(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	others := []*client{bob}
	for i := range chat.TypingChat - 1 {
		others = append(others, x.addUser(fmt.Sprint("user", i)))
	}
	id := ann.group(others...) // one more than chat.TypingChat
	ann.post(id, "one")
	a, b := ann.connectLive(), bob.connectLive()
	b.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
	a.ask(m{"do": "typing", "chatId": id}, nil)
	a.ask(m{"do": "post", "chatId": id, "clientId": "1", "text": "x"}, nil)
	b.event(id, 4)
	b.ask(m{"do": "read", "chatId": id, "seq": 4}, nil)
	b.signal("read") // his own device
	b.wantQuiet()
	a.event(id, 4)
	a.wantQuiet()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.received {
		t.Errorf("unexpected: %s", v.raw)
	}
}
