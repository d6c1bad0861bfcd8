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
	c.server.t.Helper()
	c.call("DELETE", "/api/chats/"+string(id)+"/members/"+string(who.user.ID), nil).want(204)
}

func (c *client) add(id chat.ChatID, who *client) {
	c.server.t.Helper()
	c.call("PUT", "/api/chats/"+string(id)+"/members/"+string(who.user.ID), nil).want(204)
}

// Ann removes bob and posts. Bob receives his left event and the signal that the chat is
// gone, and nothing else.
func TestRemovedMemberReceivesNothing(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.group(bob)
			a, b := ann.connectLive(codec), bob.connectLive(codec)
			a.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
			b.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
			ann.remove(id, bob)
			left := b.event(id, 3)
			gone := b.signal(wire.SignalChat)
			if left.Event != chat.Left || !gone.Gone || gone.ChatID != id || gone.order < left.order {
				t.Errorf("left %s, gone %s", left.raw, gone.raw)
			}
			a.ask(m{"do": "typing", "chatId": id}, nil)
			a.signal("typing")
			a.event(id, ann.post(id, "secret"))
			b.wantError(m{"do": "post", "chatId": id, "clientId": "1", "text": "x"}, chat.NotFound, "chatId")
			b.wantError(m{"do": "typing", "chatId": id}, chat.NotFound, "chatId")
			b.wantError(m{"do": "focus", "chatIds": []chat.ChatID{id}}, chat.NotFound, "chatIds")
			b.resume(id, 2)
			b.signal(wire.SignalChat)
			b.signal(wire.SignalCaughtUp)
			b.wantQuiet()

			// He joins again and receives events from there on.
			ann.add(id, bob)
			back := b.signal(wire.SignalChat)
			if back.Gone || back.Head != 5 || back.Chat == nil || back.Chat.Role != chat.RoleMember {
				t.Errorf("back: %s", back.raw)
			}
			b.event(id, ann.post(id, "welcome"))
			b.wantQuiet()
		})
	}
}

func TestNewChatsAreSignaled(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	a, b := ann.connectLive(), bob.connectLive(wire.MsgPack)
	id := ann.group(bob)
	for _, p := range []*socketClient{a, b} {
		if v := p.signal(wire.SignalChat); v.ChatID != id || v.Head == 0 || v.Chat == nil {
			t.Errorf("chat: %s", v.raw)
		}
	}
	seq := ann.post(id, "hi")
	a.event(id, seq)
	b.event(id, seq)
}

// hookStore is a store that calls hooks of a test between two steps of the server.
type hookStore struct {
	chat.Store
	identify, credentials, chatIDs, chatsOf, chat, ended atomic.Pointer[func()]
}

func (b *hookStore) then(hook *atomic.Pointer[func()]) {
	if f := hook.Swap(nil); f != nil {
		(*f)()
	}
}

func (b *hookStore) Identify(ctx context.Context, hash [32]byte) (chat.User, chat.Session, error) {
	u, s, err := b.Store.Identify(ctx, hash)
	b.then(&b.identify)
	return u, s, err
}

func (b *hookStore) Credentials(ctx context.Context, handle string) (chat.User, string, error) {
	u, hash, err := b.Store.Credentials(ctx, handle)
	b.then(&b.credentials)
	return u, hash, err
}

func (b *hookStore) ChatIDs(ctx context.Context, u chat.UserID) ([]chat.ChatID, error) {
	ids, err := b.Store.ChatIDs(ctx, u)
	b.then(&b.chatIDs)
	return ids, err
}

func (b *hookStore) ChatsOf(ctx context.Context, u chat.UserID, l chat.ChatList) ([]chat.Chat, error) {
	chats, err := b.Store.ChatsOf(ctx, u, l)
	b.then(&b.chatsOf)
	return chats, err
}

func (b *hookStore) Chat(ctx context.Context, u chat.UserID, id chat.ChatID) (chat.Chat, error) {
	c, err := b.Store.Chat(ctx, u, id)
	b.then(&b.chat)
	return c, err
}

func (b *hookStore) Ended(ctx context.Context, ids []chat.SessionID) ([]chat.SessionID, error) {
	b.then(&b.ended)
	return b.Store.Ended(ctx, ids)
}

func startHooked(t *testing.T) (*testServer, *hookStore) {
	b := &hookStore{}
	x := start(t, func(c *Config) { b.Store, c.Store = c.Store, b })
	return x, b
}

// after sets a hook that runs f on the server's goroutine and waits until the pump has
// delivered the events that f wrote; done is closed after that.
func (x *testServer) after(hook *atomic.Pointer[func()], witness *socketClient, id chat.ChatID, f func(), last chat.Seq) (done <-chan struct{}) {
	ran := make(chan struct{})
	g := func() {
		f()
		witness.event(id, last)
		close(ran)
	}
	hook.Store(&g)
	return ran
}

// append writes one event to the store directly, on any goroutine.
func (x *testServer) append(draft chat.Event, rule chat.Rule) {
	done := make(chan error, 1)
	if err := x.store.Append(context.Background(), draft, rule, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
		x.t.Error(err)
		return
	}
	if err := <-done; err != nil {
		x.t.Error(err)
	}
}

func (x *testServer) appendLeft(id chat.ChatID, by, who *client) {
	x.append(chat.Event{Kind: chat.Left, ChatID: id, By: by.user.ID, Users: []chat.UserID{who.user.ID}}, chat.Leave)
}

func (x *testServer) appendJoined(id chat.ChatID, by, who *client) {
	x.append(chat.Event{Kind: chat.Joined, ChatID: id, By: by.user.ID, Users: []chat.UserID{who.user.ID}}, chat.Join)
}

func (x *testServer) say(id chat.ChatID, by *client, text string) {
	x.append(chat.Event{Kind: chat.Posted, ChatID: id, By: by.user.ID, ClientID: chat.NewID[string](), Text: text}, chat.Post)
}

// open creates an open group: a user who is not a member can see it, but not follow it.
func (c *client) open(others ...*client) chat.ChatID {
	c.server.t.Helper()
	return c.chat(chat.NewChat{Kind: chat.Group, Open: true, Title: "Open"}, others...)
}

// A user is removed, added or both between two steps of hello, at each of them.
func TestHelloRaces(t *testing.T) {
	for _, step := range []string{"ChatIDs", "ChatsOf"} {
		hook := func(b *hookStore) *atomic.Pointer[func()] {
			if step == "ChatIDs" {
				return &b.chatIDs
			}
			return &b.chatsOf
		}
		t.Run("removed after "+step, func(t *testing.T) {
			x, b := startHooked(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.open(bob)
			a := ann.connectLive()
			x.after(hook(b), a, id, func() { x.appendLeft(id, ann, bob) }, 3)
			p := bob.connect()
			p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{}}, nil)
			p.signal(wire.SignalCaughtUp)
			if v := p.signal(wire.SignalChat); !v.Gone {
				t.Errorf("got %s", v.raw)
			}
			a.event(id, ann.post(id, "secret"))
			p.ask(m{"do": "ping"}, nil)
			for _, v := range p.received {
				// His own left event may arrive: the witness has it before the pump evicts him.
				if v.Event != "" && v.Seq > 3 {
					t.Errorf("receives more: %s", v.raw)
				}
			}
		})
		t.Run("added after "+step, func(t *testing.T) {
			x, b := startHooked(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.open()
			a := ann.connectLive()
			x.after(hook(b), a, id, func() { x.appendJoined(id, ann, bob) }, 2)
			p := bob.connectLive()
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
			x, b := startHooked(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.open(bob)
			a := ann.connectLive()
			x.after(hook(b), a, id, func() { x.appendLeft(id, ann, bob); x.say(id, ann, "meanwhile"); x.appendJoined(id, ann, bob) }, 5)
			p := bob.connectLive()
			seq := ann.post(id, "hi")
			p.event(id, seq)
			p.wantQuiet(wire.SignalChat)
		})
		t.Run("posted after "+step, func(t *testing.T) {
			x, b := startHooked(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.open(bob)
			a := ann.connectLive()
			x.after(hook(b), a, id, func() { x.say(id, ann, "one"); x.say(id, ann, "two") }, 4)
			p := bob.connect()
			p.resume(id, 2)
			one, two := p.event(id, 3), p.event(id, 4)
			if up := p.signal(wire.SignalCaughtUp); !(one.order < two.order && two.order < up.order) {
				t.Errorf("places %d %d %d", one.order, two.order, up.order)
			}
			p.wantQuiet()
		})
	}
}

// A resume of a live chat checks the membership after its Join.
func TestResumeRacesRemoval(t *testing.T) {
	x, b := startHooked(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.open(bob)
	a, p := ann.connectLive(), bob.connectLive()
	x.after(&b.chat, a, id, func() { x.appendLeft(id, ann, bob); x.say(id, ann, "secret") }, 4)
	p.resume(id, 2)
	p.signal(wire.SignalCaughtUp)
	p.signal(wire.SignalChat)
	a.event(id, ann.post(id, "secret"))
	p.wantQuiet(wire.SignalChat)
}

// The removal is in the log, but the feed lags: the check after the Join finds it, and the
// client receives nothing of the chat.
func TestResumeAheadOfFeed(t *testing.T) {
	l := &laggingStore{}
	x := start(t, func(c *Config) { l.Store, c.Store = c.Store, l })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.open(bob)
	p := bob.connectLive()
	l.mu.Lock()
	x.appendLeft(id, ann, bob)
	x.say(id, ann, "secret")
	p.resume(id, 2)
	gone := p.take("a word on the chat", func(v *value) bool { return v.ChatID == id })
	l.mu.Unlock()
	if !gone.Gone {
		t.Errorf("received: %s", gone.raw)
	}
	p.signal(wire.SignalCaughtUp)
	p.wantQuiet(wire.SignalChat)
}

// laggingStore is a store whose feed waits while a test holds mu.
type laggingStore struct {
	chat.Store
	mu sync.Mutex
}

func (l *laggingStore) wait() {
	l.mu.Lock()
	defer l.mu.Unlock()
}

func (l *laggingStore) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
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

// A user is removed while their session joins the chat.
func TestAdmitRacesRemoval(t *testing.T) {
	x, b := startHooked(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.open()
	a, p := ann.connectLive(), bob.connectLive()
	hooked := x.after(&b.chat, a, id, func() { x.appendLeft(id, ann, bob) }, 3)
	x.appendJoined(id, ann, bob)
	for !p.signal(wire.SignalChat).Gone {
	}
	<-hooked // the hook reads of the same socket
	a.event(id, ann.post(id, "secret"))
	p.wantQuiet(wire.SignalChat)
}

// A session that ends during its hello is closed: before Bind, the check after Bind finds
// it; after Bind, the revocation finds the socket.
func TestHelloRacesRevocation(t *testing.T) {
	for step, hook := range map[string]func(*hookStore) *atomic.Pointer[func()]{
		"before Bind": func(b *hookStore) *atomic.Pointer[func()] { return &b.identify },
		"after Bind":  func(b *hookStore) *atomic.Pointer[func()] { return &b.ended },
	} {
		t.Run(step, func(t *testing.T) {
			x, b := startHooked(t)
			ann := x.addUser("ann")
			witness := ann.connect()
			end := func() {
				if err := x.store.EndSession(context.Background(), ann.user.ID, ann.session.ID); err != nil {
					t.Error(err)
				}
				<-witness.ended // the revocation was delivered
			}
			hook(b).Store(&end)
			p := x.anonymousSocket(wire.JSON)
			p.send(m{"do": "hello", "token": ann.token})
			<-p.ended
			for _, v := range p.received {
				if v.OK != nil {
					t.Errorf("let in: %s", v.raw)
				}
			}
		})
	}
}
