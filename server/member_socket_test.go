package server

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"
	"testing"

	"parley/chat"
	"parley/wire"
)

func (c *client) remove(id chat.ChatID, who *client) {
	c.site.t.Helper()
	c.call("DELETE", "/api/chats/"+string(id)+"/members/"+string(who.user.ID), nil).want(204)
}

func (c *client) add(id chat.ChatID, who *client) {
	c.site.t.Helper()
	c.call("PUT", "/api/chats/"+string(id)+"/members/"+string(who.user.ID), nil).want(204)
}

// ann removes bob; ann posts; bob sees his left, that the chat went, no more.
func TestRemovedReadsNoMore(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.person("ann"), x.person("bob")
			id := ann.group(bob)
			a, b := ann.live(codec), bob.live(codec)
			a.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
			b.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
			ann.remove(id, bob)
			left := b.event(id, 3)
			gone := b.signal(wire.SignalChat)
			if left.Event != chat.Left || !gone.Gone || gone.ChatID != id || gone.place < left.place {
				t.Errorf("left %s, gone %s", left.raw, gone.raw)
			}
			a.ask(m{"do": "typing", "chatId": id}, nil)
			a.signal("typing")
			a.event(id, ann.post(id, "secret"))
			b.refused(m{"do": "post", "chatId": id, "clientId": "1", "text": "x"}, chat.NotFound, "chatId")
			b.refused(m{"do": "typing", "chatId": id}, chat.NotFound, "chatId")
			b.refused(m{"do": "focus", "chatIds": []chat.ChatID{id}}, chat.NotFound, "chatIds")
			b.resume(id, 2)
			b.signal(wire.SignalChat)
			b.signal(wire.SignalCaughtUp)
			b.quiet()

			// He comes back, and reads on from there.
			ann.add(id, bob)
			back := b.signal(wire.SignalChat)
			if back.Gone || back.Head != 5 || back.Chat == nil || back.Chat.Role != chat.RoleMember {
				t.Errorf("back: %s", back.raw)
			}
			b.event(id, ann.post(id, "welcome"))
			b.quiet()
		})
	}
}

func TestNewChatsAppear(t *testing.T) {
	x := start(t)
	ann, bob := x.person("ann"), x.person("bob")
	a, b := ann.live(), bob.live(wire.MsgPack)
	id := ann.group(bob)
	for _, p := range []*peer{a, b} {
		if v := p.signal(wire.SignalChat); v.ChatID != id || v.Head == 0 || v.Chat == nil {
			t.Errorf("chat: %s", v.raw)
		}
	}
	seq := ann.post(id, "hi")
	a.event(id, seq)
	b.event(id, seq)
}

// between is a store that lets a test act between two steps of the server.
type between struct {
	chat.Store
	identify, credentials, chatIDs, chatsOf, chat, ended atomic.Pointer[func()]
}

func (b *between) then(hook *atomic.Pointer[func()]) {
	if f := hook.Swap(nil); f != nil {
		(*f)()
	}
}

func (b *between) Identify(ctx context.Context, hash [32]byte) (chat.User, chat.Session, error) {
	u, s, err := b.Store.Identify(ctx, hash)
	b.then(&b.identify)
	return u, s, err
}

func (b *between) Credentials(ctx context.Context, handle string) (chat.User, string, error) {
	u, hash, err := b.Store.Credentials(ctx, handle)
	b.then(&b.credentials)
	return u, hash, err
}

func (b *between) ChatIDs(ctx context.Context, u chat.UserID) ([]chat.ChatID, error) {
	ids, err := b.Store.ChatIDs(ctx, u)
	b.then(&b.chatIDs)
	return ids, err
}

func (b *between) ChatsOf(ctx context.Context, u chat.UserID, l chat.ChatList) ([]chat.Chat, error) {
	chats, err := b.Store.ChatsOf(ctx, u, l)
	b.then(&b.chatsOf)
	return chats, err
}

func (b *between) Chat(ctx context.Context, u chat.UserID, id chat.ChatID) (chat.Chat, error) {
	c, err := b.Store.Chat(ctx, u, id)
	b.then(&b.chat)
	return c, err
}

func (b *between) Ended(ctx context.Context, ids []chat.SessionID) ([]chat.SessionID, error) {
	b.then(&b.ended)
	return b.Store.Ended(ctx, ids)
}

func startBetween(t *testing.T) (*site, *between) {
	b := &between{}
	x := start(t, func(c *Config) { b.Store, c.Store = c.Store, b })
	return x, b
}

// after sets a hook that runs f on the server's goroutine, and waits until the
// pump has carried what f wrote.
func (x *site) after(hook *atomic.Pointer[func()], witness *peer, id chat.ChatID, f func(), last chat.Seq) {
	g := func() {
		f()
		witness.event(id, last)
	}
	hook.Store(&g)
}

// append writes one event past HTTP, on whatever goroutine.
func (x *site) append(draft chat.Event, rule chat.Rule) {
	done := make(chan error, 1)
	if err := x.store.Append(context.Background(), draft, rule, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
		x.t.Error(err)
		return
	}
	if err := <-done; err != nil {
		x.t.Error(err)
	}
}

func (x *site) takeOut(id chat.ChatID, by, who *client) {
	x.append(chat.Event{Kind: chat.Left, ChatID: id, By: by.user.ID, Users: []chat.UserID{who.user.ID}}, chat.Leave)
}

func (x *site) takeIn(id chat.ChatID, by, who *client) {
	x.append(chat.Event{Kind: chat.Joined, ChatID: id, By: by.user.ID, Users: []chat.UserID{who.user.ID}}, chat.Join)
}

func (x *site) say(id chat.ChatID, by *client, text string) {
	x.append(chat.Event{Kind: chat.Posted, ChatID: id, By: by.user.ID, ClientID: chat.NewID[string](), Text: text}, chat.Post)
}

// open makes an open group: somebody who is not in it can see it all the same,
// but must not follow it.
func (c *client) open(others ...*client) chat.ChatID {
	c.site.t.Helper()
	return c.chat(chat.NewChat{Kind: chat.Group, Open: true, Title: "Open"}, others...)
}

// What happens between two steps of hello: removed, added, both, at each of them.
func TestHelloRaces(t *testing.T) {
	for _, step := range []string{"ChatIDs", "ChatsOf"} {
		hook := func(b *between) *atomic.Pointer[func()] {
			if step == "ChatIDs" {
				return &b.chatIDs
			}
			return &b.chatsOf
		}
		t.Run("removed after "+step, func(t *testing.T) {
			x, b := startBetween(t)
			ann, bob := x.person("ann"), x.person("bob")
			id := ann.open(bob)
			a := ann.live()
			x.after(hook(b), a, id, func() { x.takeOut(id, ann, bob) }, 3)
			p := bob.connect()
			p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{}}, nil)
			p.signal(wire.SignalCaughtUp)
			if v := p.signal(wire.SignalChat); !v.Gone {
				t.Errorf("got %s", v.raw)
			}
			a.event(id, ann.post(id, "secret"))
			p.ask(m{"do": "ping"}, nil)
			for _, v := range p.came {
				// His own left may come: the witness has it before the pump evicts him.
				if v.Event != "" && v.Seq > 3 {
					t.Errorf("reads on: %s", v.raw)
				}
			}
		})
		t.Run("added after "+step, func(t *testing.T) {
			x, b := startBetween(t)
			ann, bob := x.person("ann"), x.person("bob")
			id := ann.open()
			a := ann.live()
			x.after(hook(b), a, id, func() { x.takeIn(id, ann, bob) }, 2)
			p := bob.live()
			head := chat.Seq(0)
			for _, c := range p.hello.Chats {
				head = c.Head
			}
			if head == 0 {
				head = p.signal(wire.SignalChat).Head
			}
			if head != 2 {
				t.Errorf("head %d", head)
			}
			p.event(id, ann.post(id, "hi"))
		})
		t.Run("removed and added after "+step, func(t *testing.T) {
			x, b := startBetween(t)
			ann, bob := x.person("ann"), x.person("bob")
			id := ann.open(bob)
			a := ann.live()
			x.after(hook(b), a, id, func() { x.takeOut(id, ann, bob); x.say(id, ann, "meanwhile"); x.takeIn(id, ann, bob) }, 5)
			p := bob.live()
			seq := ann.post(id, "hi")
			p.event(id, seq)
			p.quiet(wire.SignalChat)
		})
		t.Run("posted after "+step, func(t *testing.T) {
			x, b := startBetween(t)
			ann, bob := x.person("ann"), x.person("bob")
			id := ann.open(bob)
			a := ann.live()
			x.after(hook(b), a, id, func() { x.say(id, ann, "one"); x.say(id, ann, "two") }, 4)
			p := bob.connect()
			p.resume(id, 2)
			one, two := p.event(id, 3), p.event(id, 4)
			if up := p.signal(wire.SignalCaughtUp); !(one.place < two.place && two.place < up.place) {
				t.Errorf("places %d %d %d", one.place, two.place, up.place)
			}
			p.quiet()
		})
	}
}

// A resume of a chat that is live checks the membership behind its Join.
func TestResumeRacesRemoval(t *testing.T) {
	x, b := startBetween(t)
	ann, bob := x.person("ann"), x.person("bob")
	id := ann.open(bob)
	a, p := ann.live(), bob.live()
	x.after(&b.chat, a, id, func() { x.takeOut(id, ann, bob); x.say(id, ann, "secret") }, 4)
	p.resume(id, 2)
	p.signal(wire.SignalCaughtUp)
	p.signal(wire.SignalChat)
	a.event(id, ann.post(id, "secret"))
	p.quiet(wire.SignalChat)
}

// The removal is in the log, but the feed lags: the check behind the Join says
// that the chat went, and nothing of it is told.
func TestResumeAheadOfFeed(t *testing.T) {
	l := &lagging{}
	x := start(t, func(c *Config) { l.Store, c.Store = c.Store, l })
	ann, bob := x.person("ann"), x.person("bob")
	id := ann.open(bob)
	p := bob.live()
	l.mu.Lock()
	x.takeOut(id, ann, bob)
	x.say(id, ann, "secret")
	p.resume(id, 2)
	gone := p.take("a word on the chat", func(v *value) bool { return v.ChatID == id })
	l.mu.Unlock()
	if !gone.Gone {
		t.Errorf("told: %s", gone.raw)
	}
	p.signal(wire.SignalCaughtUp)
	p.quiet(wire.SignalChat)
}

// lagging is a store whose feed waits while a test holds mu.
type lagging struct {
	chat.Store
	mu sync.Mutex
}

func (l *lagging) wait() {
	l.mu.Lock()
	defer l.mu.Unlock()
}

func (l *lagging) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	feed, err := l.Store.OpenFeed(ctx)
	return func(yield func(chat.Notice, error) bool) {
		for n, err := range feed {
			l.wait()
			if !yield(n, err) {
				return
			}
		}
	}, err
}

// Removed while being let in.
func TestAdmitRacesRemoval(t *testing.T) {
	x, b := startBetween(t)
	ann, bob := x.person("ann"), x.person("bob")
	id := ann.open()
	a, p := ann.live(), bob.live()
	x.after(&b.chat, a, id, func() { x.takeOut(id, ann, bob) }, 3)
	x.takeIn(id, ann, bob)
	for !p.signal(wire.SignalChat).Gone {
	}
	a.event(id, ann.post(id, "secret"))
	p.quiet(wire.SignalChat)
}

// A session that ends while its hello is under way gets no further: before Bind
// the check behind it says so, after it the revocation finds the socket.
func TestHelloRacesRevocation(t *testing.T) {
	for step, hook := range map[string]func(*between) *atomic.Pointer[func()]{
		"before Bind": func(b *between) *atomic.Pointer[func()] { return &b.identify },
		"after Bind":  func(b *between) *atomic.Pointer[func()] { return &b.ended },
	} {
		t.Run(step, func(t *testing.T) {
			x, b := startBetween(t)
			ann := x.person("ann")
			witness := ann.connect()
			end := func() {
				if err := x.store.EndSession(context.Background(), ann.user.ID, ann.session.ID); err != nil {
					t.Error(err)
				}
				<-witness.ended // the revocation has passed
			}
			hook(b).Store(&end)
			p := x.stranger(wire.JSON)
			p.send(m{"do": "hello", "token": ann.token})
			<-p.ended
			for _, v := range p.came {
				if v.OK != nil {
					t.Errorf("let in: %s", v.raw)
				}
			}
		})
	}
}
