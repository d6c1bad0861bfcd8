package server

import (
	"fmt"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/session"
	"parley/wire"
)

// resume asks for what was missed of one chat.
func (p *peer) resume(id chat.ChatID, seen chat.Seq) {
	p.t.Helper()
	p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{string(id): seen}}, nil)
}

// ann posts "hi"; bob drops; ann posts "two"; bob resumes and sees only that.
func TestResumeExact(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.person("ann"), x.person("bob")
			id := ann.group(bob)
			p := bob.live(codec)
			seen := ann.post(id, "hi")
			p.event(id, seen)
			p.drop()
			ann.post(id, "two")
			ann.call("DELETE", fmt.Sprintf("/api/chats/%s/messages/%d", id, seen), nil).want(204)

			p = bob.connect(codec)
			p.resume(id, seen)
			two, gone := p.event(id, seen+1), p.event(id, seen+2)
			up := p.signal(wire.SignalCaughtUp)
			if two.Text != "two" || gone.Event != chat.Deleted || !(two.place < gone.place && gone.place < up.place) {
				t.Errorf("two %+v, deleted %+v, caught up at %d", two, gone, up.place)
			}
			p.quiet()

			// Again, for a chat that is live: from seen+1, and then on.
			p.resume(id, seen)
			p.event(id, seen+1)
			p.event(id, seen+2)
			p.signal(wire.SignalCaughtUp)
			three := ann.post(id, "three")
			p.event(id, three)
			p.quiet()
		})
	}
}

func TestResumeReset(t *testing.T) {
	x := start(t)
	ann := x.person("ann")
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
				p.quiet()
			}
			head = ann.post(id, "on")
			p.event(id, head)
		})
	}
}

// One further behind than is sent, in one chat and in all, loads a page.
func TestResumeTooFarBehind(t *testing.T) {
	x := start(t)
	ann := x.person("ann")
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
	p.quiet()
	p.resume(far, 2)
	for seq := chat.Seq(3); seq <= session.MaxMissed+2; seq++ {
		p.event(far, seq)
	}
	p.signal(wire.SignalCaughtUp)
	p.quiet()

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
	ann := x.person("ann")
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
	p.quiet()
}

// Chats that one is not in, or that are no chats, are told to be gone; what is
// no id is refused; too many are a message that is too long.
func TestResumeUnknown(t *testing.T) {
	x := start(t)
	ann, bob := x.person("ann"), x.person("bob")
	hidden := bob.chat(chat.NewChat{Kind: chat.Group, Open: true, Title: "Open"})
	p := ann.connect(wire.MsgPack)
	p.resume(hidden, 0)
	if v := p.signal(wire.SignalChat); !v.Gone || v.ChatID != hidden {
		t.Errorf("got %s", v.raw)
	}
	p.signal(wire.SignalCaughtUp)
	p.refused(m{"do": "resume", "seen": m{"no id!": 1}}, chat.BadInput, "seen")

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
	p.refused(m{"do": "resume", "epoch": p.hello.Epoch, "seen": seen}, chat.BadInput, "seen")
	p.quiet()

	p.write([]byte(`{"id":1,"do":"resume","seen":{` + strings.Repeat(`"x":1,`, 1_000_000) + `}}`))
	p.closes(1009)
}

// Long texts make large pages: they wait for room and do not close the socket.
func TestResumeLongTexts(t *testing.T) {
	x := start(t)
	ann := x.person("ann")
	id := ann.group()
	text := strings.Repeat("\x01", 16<<10) // six times as long in JSON
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
			p.quiet()
		})
	}
}
