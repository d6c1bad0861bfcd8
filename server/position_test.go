package server

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"parley/chat"
	"parley/server/api"
	"parley/server/service"
	"parley/server/session"
	"parley/wire"
)

// say is post that returns the message.
func (c *client) say(id chat.ChatID, text string) chat.Message {
	c.server.t.Helper()
	var out api.MessageAnswer
	c.call("POST", "/api/chats/"+string(id)+"/messages", m{"clientId": chat.NewID[string](), "text": text}).want(201).into(&out)
	return out.Message
}

// resumeAt is resume from an event with its time.
func (p *socketClient) resumeAt(id chat.ChatID, seen chat.Seq, at int64) {
	p.t.Helper()
	p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{string(id): seen}, "at": m{string(id): at}}, nil)
}

func (p *socketClient) resetTo(id chat.ChatID, head chat.Seq) {
	p.t.Helper()
	if v := p.signal(wire.SignalReset); v.ChatID != id || v.Head != head || v.Epoch != p.hello.Epoch {
		p.t.Errorf("reset: %s", v.raw)
	}
	p.signal(wire.SignalCaughtUp)
	p.wantQuiet()
}

// The database is copied, ann posts message 4, the copy is restored, and ann posts another
// 4 and a 5. A client that has the first 4 receives a reset.
func TestRestoredCopy(t *testing.T) {
	path, kept := filepath.Join(t.TempDir(), "parley.db"), filepath.Join(t.TempDir(), "kept.db")
	x := startOn(t, path)
	ann := x.addUser("ann")
	id := ann.group()
	ann.post(id, "two")
	three := ann.say(id, "three")
	x.stop()
	copyFile(t, path, kept)

	x = startOn(t, path)
	ann.server = x
	lost := ann.say(id, "the lost four")
	x.stop()
	copyFile(t, kept, path)

	x = startOn(t, path)
	ann.server = x
	four := ann.say(id, "another four")
	if four.Seq != lost.Seq || four.At == lost.At {
		t.Fatalf("the lost one is %d at %d, the other %d at %d", lost.Seq, lost.At, four.Seq, four.At)
	}
	events := func(m chat.Message) string {
		return fmt.Sprintf("after=%d&at=%d&epoch=%s", m.Seq, m.At, x.store.Epoch())
	}
	stories := func(head chat.Seq) {
		for name, codec := range bothCodecs {
			t.Run(fmt.Sprintf("%s, head %d", name, head), func(t *testing.T) {
				p := ann.connect(codec)
				for range 2 { // fresh from hello, and live already
					p.resumeAt(id, lost.Seq, lost.At)
					p.resetTo(id, head)
				}
				for range 2 {
					p.resumeAt(id, four.Seq, four.At)
					for seq := four.Seq + 1; seq <= head; seq++ {
						p.event(id, seq)
					}
					p.signal(wire.SignalCaughtUp)
					p.wantQuiet()
				}
				p.resumeAt(id, three.Seq, three.At) // before the copy was made
				for seq := three.Seq + 1; seq <= head; seq++ {
					p.event(id, seq)
				}
				p.signal(wire.SignalCaughtUp)
				p.resume(id, lost.Seq) // a client that sends no times
				for seq := lost.Seq + 1; seq <= head; seq++ {
					p.event(id, seq)
				}
				p.signal(wire.SignalCaughtUp)
				p.wantQuiet()

				web := *ann
				web.msgpack = codec == wire.MsgPack
				web.events(id, events(lost)).wantError(chat.Reset, "at")
				web.events(id, events(lost)+"&wait=30").wantError(chat.Reset, "at")
				var page service.EventPage
				web.events(id, events(four)).want(200).into(&page)
				if len(page.Events) != int(head-four.Seq) || page.Head != head || page.More {
					t.Errorf("after the new four: %+v", page)
				}
				web.events(id, events(three)+"&limit=1").want(200).into(&page)
				if len(page.Events) != 1 || page.Events[0].Seq != 4 || page.More != (head > 4) {
					t.Errorf("after three: %+v", page)
				}
				web.events(id, fmt.Sprintf("after=%d", lost.Seq)).want(200)
			})
		}
	}
	stories(4)
	ann.post(id, "five")
	stories(5)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// readCounter is a store that counts how often pages of logs are read for a user.
type readCounter struct {
	chat.Store
	pages, chats atomic.Int64
}

func (s *readCounter) After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) ([]chat.Event, chat.Seq, error) {
	if viewer != "" {
		s.pages.Add(1)
	}
	return s.Store.After(ctx, viewer, id, seen, limit, maxBytes)
}

func (s *readCounter) Chat(ctx context.Context, viewer chat.UserID, id chat.ChatID) (chat.Chat, error) {
	s.chats.Add(1)
	return s.Store.Chat(ctx, viewer, id)
}

// At the head, the time is compared without a read; below it, with the page that is read
// anyway.
func TestPositionReads(t *testing.T) {
	var store readCounter
	// After the hold the chats are live, and a resume reads them again.
	x := start(t, func(c *Config) { store.Store, c.Store, c.hold = c.Store, &store, time.Minute })
	ann := x.addUser("ann")
	id := ann.group()
	var at []int64
	for i := range 32 + 5 {
		at = append(at, ann.say(id, fmt.Sprint(i)).At)
	}
	head := chat.Seq(len(at) + 1)
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				seen  chat.Seq
				wrong int64
				reads int64
			}{{head, 0, 0}, {head, 1, 0}, {head - 1, 0, 1}, {head - 1, -1, 1}, {2, 0, 1}, {2, 1, 1}} {
				p := ann.connect(codec)
				pages, chats := store.pages.Load(), store.chats.Load()
				p.resumeAt(id, c.seen, at[c.seen-2]+c.wrong)
				if c.wrong != 0 {
					p.resetTo(id, head)
				} else {
					for seq := c.seen + 1; seq <= head; seq++ {
						p.event(id, seq)
					}
					p.signal(wire.SignalCaughtUp)
					p.wantQuiet()
				}
				if got := store.pages.Load() - pages; got != c.reads || store.chats.Load() != chats {
					t.Errorf("seen %d, wrong by %d: %d pages and %d chats were read, want %d and 0", c.seen, c.wrong, got, store.chats.Load()-chats, c.reads)
				}
				p.disconnect()
			}
		})
	}
}

// A time counts for its own chat only, not without a seen number, and however far behind
// the client is.
func TestPositionEdges(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	one, two := ann.group(), ann.group(bob)
	hidden := bob.group()
	first := ann.say(one, "x")
	for i := range session.MaxMissed + 1 {
		draft := chat.Event{Kind: chat.Posted, ChatID: two, By: ann.user.ID, ClientID: fmt.Sprint(i), Text: "x"}
		done := make(chan error, 1)
		if err := x.store.Append(t.Context(), draft, chat.Post, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	head := chat.Seq(session.MaxMissed + 3)
	events, _, err := x.store.After(t.Context(), "", two, 0, 10, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	p := ann.connect()
	resume := func(seen, at m) { p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": seen, "at": at}, nil) }

	resume(m{string(one): 0}, m{string(one): 5, string(two): 7, string(hidden): 9})
	p.event(one, 1)
	p.event(one, 2)
	p.signal(wire.SignalCaughtUp)
	p.wantQuiet()
	resume(m{string(one): first.Seq}, m{})
	p.signal(wire.SignalCaughtUp)
	p.wantQuiet()
	resume(m{string(one): first.Seq}, m{string(one): 0}) // no event is of that time
	p.resetTo(one, 2)
	resume(m{string(one): 1}, m{string(one): 0})
	p.resetTo(one, 2)

	// Further behind than is replayed: a reset, whether the time is right or wrong.
	for _, wrong := range []int64{0, 1} {
		resume(m{string(two): 2}, m{string(two): events[1].At + wrong})
		p.resetTo(two, head)
	}
	resume(m{string(two): 3}, m{string(two): events[2].At + 1})
	p.resetTo(two, head)
	resume(m{string(two): 3}, m{string(two): events[2].At})
	for seq := chat.Seq(4); seq <= head; seq++ {
		p.event(two, seq)
	}
	p.signal(wire.SignalCaughtUp)
	p.wantQuiet()

	resume(m{string(hidden): 1}, m{string(hidden): 1}) // reveals nothing to a user who is not a member
	if v := p.signal(wire.SignalChat); !v.Gone || v.ChatID != hidden {
		t.Errorf("got %s", v.raw)
	}
	p.signal(wire.SignalCaughtUp)

	last := ann.say(one, "still live")
	p.event(one, last.Seq)
	ann.events(one, "after=0&at=5").want(200)
	ann.events(one, fmt.Sprintf("after=%d&at=%d", first.Seq, 0)).wantError(chat.Reset, "at")
	bob.events(one, fmt.Sprintf("after=%d&at=%d", first.Seq, first.At)).wantError(chat.NotFound, "chatId")
	ann.events(one, "after=99&at=5").wantError(chat.Reset, "after")
	for _, at := range []string{"-1", "x", "1.5", ""} {
		ann.events(one, "after=1&at="+at).wantError(chat.BadInput, "at")
	}
}

// A value that is not a map of times is refused, and the size of the map is limited.
func TestPositionRefused(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			p := ann.connectLive(codec)
			for _, at := range []any{5, "x", []any{}, m{string(id): -1}, m{string(id): "1"}, m{string(id): nil}, m{"no id!": 1}} {
				p.wantError(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{string(id): 1}, "at": at}, chat.BadInput, "at")
			}
			many := m{}
			for i := range wire.MaxSeen + 1 {
				many[fmt.Sprint(i)] = 1
			}
			p.wantError(m{"do": "resume", "epoch": p.hello.Epoch, "at": many}, chat.BadInput, "at")
			delete(many, "0")
			for range 5 { // more than may be under way at once
				p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "at": many}, nil)
				p.signal(wire.SignalCaughtUp)
			}
			p.wantQuiet()
		})
	}
}
