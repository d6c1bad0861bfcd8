package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/chat"
	"parley/wire"
)

// quick has short intervals, and a lease that outlives a beat on a busy machine.
func quick(c *Config) {
	c.intervals.Announce, c.intervals.Grace, c.intervals.Lease = 5*time.Millisecond, 20*time.Millisecond, 500*time.Millisecond
}

func (p *peer) presence(of *client, online bool) {
	p.t.Helper()
	p.take(fmt.Sprintf("%s online %v", of.user.Handle, online), func(v *value) bool {
		return v.Signal == "presence" && v.By == of.user.ID && *v.Online == online
	})
}

// Direct peers are told who is here, and so are those who look at a chat.
func TestPresence(t *testing.T) {
	x := start(t, quick)
	ann, bob, cid := x.person("ann"), x.person("bob"), x.person("cid")
	ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	dan := x.person("dan")
	dan.chat(chat.NewChat{Kind: chat.Direct}, cid)
	id := ann.group(cid)
	a, d := ann.live(), dan.live()
	a.presence(bob, false)
	b := bob.live(wire.MsgPack)
	a.presence(bob, true)
	b.presence(ann, true)
	a.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
	a.presence(cid, false)
	c := cid.live()
	a.presence(cid, true)
	a.ask(m{"do": "focus", "chatIds": []chat.ChatID{}}, nil)
	c.drop()
	b.drop()
	a.presence(bob, false)
	d.presence(cid, false) // as he is when dan arrives
	d.presence(cid, true)
	d.presence(cid, false)
	a.quiet()
	a.ask(m{"do": "ping"}, nil)
	for _, v := range a.came {
		if v.By == cid.user.ID {
			t.Errorf("not looked at any more: %s", v.raw)
		}
	}
	// A new direct chat brings the other's presence.
	cid.live()
	ann.chat(chat.NewChat{Kind: chat.Direct}, cid)
	a.presence(cid, true)
}

// Who is here but was told to nobody yet is not called away.
func TestPresenceBeforeTheFirstBeat(t *testing.T) {
	x := start(t, func(c *Config) { c.intervals.Announce = time.Hour })
	ann, bob := x.person("ann"), x.person("bob")
	id := ann.group(bob)
	a := ann.live()
	bob.live()
	a.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
	a.presence(bob, true)
}

// Another replica's users are here as long as it says so; when it falls silent
// they go.
func TestPresenceLease(t *testing.T) {
	x := start(t, quick)
	ann, bob := x.person("ann"), x.person("bob")
	ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	a := ann.live()
	a.presence(bob, false)
	if err := x.store.Tell(context.Background(), chat.Signal{Kind: chat.SignalPresence, Replica: "other", Online: []chat.UserID{bob.user.ID}}); err != nil {
		t.Fatal(err)
	}
	a.presence(bob, true)
	a.presence(bob, false)
}

// Typing and others' read pointers go to who looks at a small chat; one's own
// pointer to one's own devices; a changed name to oneself and direct peers.
func TestSignals(t *testing.T) {
	x := start(t)
	ann, bob := x.person("ann"), x.person("bob")
	id := ann.group(bob)
	direct := ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	ann.post(id, "one")
	a, phone, b := ann.live(), ann.live(wire.MsgPack), bob.live()
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
	b.quiet()
	a.quiet()

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
	for _, p := range []*peer{phone, b} {
		if v := p.signal("user"); v.User == nil || v.User.Name != "Anna" {
			t.Errorf("user: %s", v.raw)
		}
	}
}

// Who makes a chat looks at it at once, before the feed has brought it to the
// socket: typing there is told all the same.
func TestFocusBeforeAdmission(t *testing.T) {
	l := &lagging{}
	x := start(t, func(c *Config) { l.Store, c.Store = c.Store, l })
	ann, bob := x.person("ann"), x.person("bob")
	a, b := ann.live(), bob.live()
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

// In a large chat nobody is told who types, looks or reads.
func TestSignalsOfLargeChats(t *testing.T) {
	x := start(t)
	ann, bob := x.person("ann"), x.person("bob")
	others := []*client{bob}
	for i := range chat.TypingChat - 1 {
		others = append(others, x.person(fmt.Sprint("user", i)))
	}
	id := ann.group(others...) // one more than chat.TypingChat
	ann.post(id, "one")
	a, b := ann.live(), bob.live()
	b.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
	a.ask(m{"do": "typing", "chatId": id}, nil)
	a.ask(m{"do": "post", "chatId": id, "clientId": "1", "text": "x"}, nil)
	b.event(id, 4)
	b.ask(m{"do": "read", "chatId": id, "seq": 4}, nil)
	b.signal("read") // his own device
	b.quiet()
	a.event(id, 4)
	a.quiet()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.came {
		t.Errorf("unexpected: %s", v.raw)
	}
}
