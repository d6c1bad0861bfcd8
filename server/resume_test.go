package server

import (
	"fmt"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/session"
	"parley/wire"
)

// resume sends a resume of one chat.
func (p *socketClient) resume(id chat.ChatID, seen chat.Seq) {
	p.t.Helper()
	p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{string(id): seen}}, nil)
}

// Ann posts "hi", bob disconnects, ann posts "two": bob's resume delivers only that.
func TestResumeDeliversMissedEvents(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.group(bob)
			p := bob.connectLive(codec)
			seen := ann.post(id, "hi")
			p.event(id, seen)
			p.disconnect()
			ann.post(id, "two")
			ann.call("DELETE", fmt.Sprintf("/api/chats/%s/messages/%d", id, seen), nil).want(204)

			p = bob.connect(codec)
			p.resume(id, seen)
			two, gone := p.event(id, seen+1), p.event(id, seen+2)
			up := p.signal(wire.SignalCaughtUp)
			if two.Text != "two" || gone.Event != chat.Deleted || !(two.order < gone.order && gone.order < up.order) {
				t.Errorf("two %+v, deleted %+v, caught up at %d", two, gone, up.order)
			}
			p.wantQuiet()

			// Again, for a chat that is live: it delivers from seen+1 on.
			p.resume(id, seen)
			p.event(id, seen+1)
			p.event(id, seen+2)
			p.signal(wire.SignalCaughtUp)
			three := ann.post(id, "three")
			p.event(id, three)
			p.wantQuiet()
		})
	}
}

func TestResumeReset(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	var head chat.Seq
	for range 5 {
		head = ann.post(id, "x")
	}
	for name, of := range map[string]func() m{
		"other epoch":     func() m { return m{"epoch": "another", "seen": m{string(id): head}} },
		"no epoch":        func() m { return m{"seen": m{string(id): head}} },
		"beyond the head": func() m { return m{"epoch": x.store.Epoch(), "seen": m{string(id): head + 1}} },
		"far beyond":      func() m { return m{"epoch": x.store.Epoch(), "seen": m{string(id): uint64(1<<64 - 1)}} },
	} {
		t.Run(name, func(t *testing.T) {
			cmd := of()
			cmd["do"] = "resume"
			p := ann.connect()
			for range 2 { // fresh from hello, and live already
				p.ask(cmd, nil)
				v := p.signal(wire.SignalReset)
				if v.ChatID != id || v.Head != head || v.Epoch != x.store.Epoch() {
					t.Errorf("reset: %s", v.raw)
				}
				p.signal(wire.SignalCaughtUp)
				p.wantQuiet()
			}
			head = ann.post(id, "on")
			p.event(id, head)
		})
	}
}

// A client that is too far behind, in one chat or in all, must load a page.
func TestResumeTooFarBehind(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	fill := func(n int) chat.ChatID {
		id := ann.group()
		for i := 1; i < n; i += 500 {
			done := make(chan error, 500)
			for j := i; j < min(n, i+500); j++ {
				draft := chat.Event{Kind: chat.Posted, ChatID: id, By: ann.user.ID, ClientID: fmt.Sprint(j), Text: "x"}
				if err := x.store.Append(t.Context(), draft, chat.Post, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
					t.Fatal(err)
				}
			}
			for j := i; j < min(n, i+500); j++ {
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
		}
		return id
	}
	far := fill(session.MaxMissed + 2)
	p := ann.connect()
	p.resume(far, 1)
	if v := p.signal(wire.SignalReset); v.Head != session.MaxMissed+2 {
		t.Errorf("reset: %s", v.raw)
	}
	p.signal(wire.SignalCaughtUp)
	p.wantQuiet()
	p.resume(far, 2)
	for seq := chat.Seq(3); seq <= session.MaxMissed+2; seq++ {
		p.event(far, seq)
	}
	p.signal(wire.SignalCaughtUp)
	p.wantQuiet()

	seen := m{}
	var last []chat.ChatID
	for range session.MaxMissedInAll/session.MaxMissed + 1 {
		id := fill(session.MaxMissed)
		last = append(last, id)
		seen[string(id)] = 0
	}
	p = ann.connect()
	p.ask(m{"do": "resume", "epoch": x.store.Epoch(), "seen": seen}, nil)
	reset := p.signal(wire.SignalReset)
	p.signal(wire.SignalCaughtUp)
	for _, id := range last {
		if id != reset.ChatID {
			p.event(id, 1)
			p.event(id, session.MaxMissed)
		}
	}
}

func TestResumeInParts(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	one, two, three := ann.group(), ann.group(), ann.group()
	p := ann.connect()
	p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{string(one): 0}, "more": true}, nil)
	p.event(one, 1)
	p.signal(wire.SignalCaughtUp)
	p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{string(two): 0}}, nil)
	p.event(two, 1)
	p.signal(wire.SignalCaughtUp)
	seq := ann.post(three, "x")
	p.event(three, seq)
	p.wantQuiet()
}

// Chats of which the user is not a member, and chats that do not exist, are signaled as
// gone. An invalid id is refused, and too many make the message too long.
func TestResumeOfUnknownChats(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	hidden := bob.chat(chat.NewChat{Kind: chat.Group, Open: true, Title: "Open"})
	p := ann.connect(wire.MsgPack)
	p.resume(hidden, 0)
	if v := p.signal(wire.SignalChat); !v.Gone || v.ChatID != hidden {
		t.Errorf("got %s", v.raw)
	}
	p.signal(wire.SignalCaughtUp)
	p.wantError(m{"do": "resume", "seen": m{"no id!": 1}}, chat.BadInput, "seen")

	seen := m{}
	for i := range 9_999 {
		seen[fmt.Sprint("u", i)] = 1
	}
	seen[string(hidden)] = 0
	p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": seen}, nil)
	for range 10_000 {
		if v := p.signal(wire.SignalChat); !v.Gone {
			t.Fatalf("got %s", v.raw)
		}
	}
	p.signal(wire.SignalCaughtUp)
	seen["one more"] = 1
	p.wantError(m{"do": "resume", "epoch": p.hello.Epoch, "seen": seen}, chat.BadInput, "seen")
	p.wantQuiet()

	p.write([]byte(`{"id":1,"do":"resume","seen":{` + strings.Repeat(`"x":1,`, 1_000_000) + `}}`))
	p.wantClose(1009)
}

// Pages with long texts wait for room in the queue and do not close the socket.
func TestResumeLongTexts(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	text := "a" + strings.Repeat("\x01", 16<<10-1) // six times as long in JSON
	for range 60 {
		ann.post(id, text)
	}
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			p := ann.connect(codec)
			p.resume(id, 0)
			for seq := chat.Seq(1); seq <= 61; seq++ {
				p.event(id, seq)
			}
			p.signal(wire.SignalCaughtUp)
			var h wire.History
			p.ask(m{"do": "history", "chatId": id, "limit": 200}, &h)
			if n := len(h.Messages); n == 0 || n >= 60 || !h.MoreBefore || h.Messages[n-1].Seq != 61 {
				t.Errorf("%d messages, more before: %v", n, h.MoreBefore)
			}
			p.wantQuiet()
		})
	}
}
