package session

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"parley/chat"
	"parley/hub"
	"parley/server/service"
)

// A transport needs three methods. Hub, session and service use no other.
func TestSessionOverAnotherTransport(t *testing.T) {
	f := start(t, nil, nil)
	ann, annToken := f.account("ann")
	bob, bobToken := f.account("bob")
	id := f.chat(chat.Group, ann, bob.ID)
	a, b := f.connect(annToken), f.connect(bobToken)
	v := a.ask(map[string]any{"do": "post", "chatId": id, "clientId": "1", "text": "Hello"})
	if v.Error != nil || !strings.Contains(string(v.OK), `"seq":3`) {
		t.Fatalf("post: %s, %v", v.OK, v.Error)
	}
	if v := b.await("the event", func(v *value) bool { return v.Event == chat.Posted }); v.Text != "Hello" || v.Seq != 3 {
		t.Errorf("%+v", v)
	}
	if err := f.store.EndSession(context.Background(), bob.ID, b.SessionID()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "bob's connection is closed", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.code == 4501 })
}

// A hello waits until a lost feed is open again.
func TestHelloWaitsUntilReady(t *testing.T) {
	asked, ready := make(chan struct{}), make(chan struct{})
	f := start(t, nil, func(c *Config) {
		c.Ready = func(context.Context) error { close(asked); <-ready; return nil }
	})
	_, token := f.account("ann")
	p := f.open()
	go p.send(map[string]any{"do": "hello", "token": token}) // the read loop waits until hello is answered
	<-asked
	const id = 1
	p.mu.Lock()
	if len(p.values) > 0 {
		t.Errorf("answered before the server is ready: %+v", p.values)
	}
	p.mu.Unlock()
	close(ready)
	if v := p.reply(id); v.Error != nil {
		t.Error(v.Error)
	}
}

// A resume waits for one of the readers of the log; meanwhile its session processes other
// commands.
func TestResumeWaitsForReaders(t *testing.T) {
	f := start(t, nil, nil)
	ann, token := f.account("ann")
	id := f.chat(chat.Group, ann)
	p := f.connect(token)
	for n := range ringEvents + 1 {
		if v := p.ask(map[string]any{"do": "post", "chatId": id, "clientId": fmt.Sprint("c-", n), "text": "x"}); v.Error != nil {
			t.Fatal(v.Error)
		}
	}
	for range cap(f.sessions.readers) {
		f.sessions.readers <- struct{}{}
	}
	q := f.open()
	q.ask(map[string]any{"do": "hello", "token": token})
	q.ask(map[string]any{"do": "resume", "epoch": f.store.Epoch(), "seen": map[string]any{string(id): 0}})
	q.ask(map[string]any{"do": "ping"})
	q.mu.Lock()
	for _, v := range q.values {
		if v.Event != "" || v.Signal == "caughtUp" {
			t.Errorf("received without a reader: %+v", v)
		}
	}
	q.mu.Unlock()
	<-f.sessions.readers
	q.await("caughtUp", func(v *value) bool { return v.Signal == "caughtUp" })
	if len(f.sessions.readers) != cap(f.sessions.readers)-1 {
		t.Error("the reader was not released")
	}
}

// pausedPages is a store whose Page waits until resume is closed.
type pausedPages struct {
	chat.Store
	resume chan struct{}
}

func (p *pausedPages) Page(ctx context.Context, u chat.UserID, id chat.ChatID, w chat.Window) (chat.Page, error) {
	<-p.resume
	return p.Store.Page(ctx, u, id, w)
}

// Queued commands are bounded in bytes: a hundred commands of 100 KiB, most of it in unused
// fields, would need 12 MiB for one connection.
func TestQueuedCommandsAreBoundedInBytes(t *testing.T) {
	store := &pausedPages{resume: make(chan struct{})}
	f := start(t, func(s chat.Store) chat.Store { store.Store = s; return store }, nil)
	ann, token := f.account("ann")
	id := f.chat(chat.Group, ann)
	p := f.connect(token)
	const n = maxPlaces + 10
	first := p.id + 1
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range n {
			p.send(map[string]any{"do": "history", "chatId": id, "text": strings.Repeat("x", 100<<10)})
		}
	}()
	held := 0
	eventually(t, "the read loop waits", func() bool {
		p.queues.mu.Lock()
		defer p.queues.mu.Unlock()
		held = 0
		for _, q := range p.queues.byChat {
			for _, t := range q.waiting {
				held += len(t.Text)
			}
		}
		p.places.mu.Lock()
		defer p.places.mu.Unlock()
		return p.places.freed != nil
	})
	if held > 1<<20 {
		t.Errorf("%d bytes wait", held)
	}
	close(store.resume)
	<-sent
	for i := range n {
		if v := p.reply(first + i); v.Error != nil {
			t.Fatal(v.Error)
		}
	}
}

// pausedPresence is a Presence whose Watch of one user waits while a test holds mu.
type pausedPresence struct {
	Presence

	mu sync.Mutex // held while Watch must wait
}

func (p *pausedPresence) Watch(conn *hub.Conn, u chat.UserID, tell func(bool)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Presence.Watch(conn, u, tell)
}

// A direct chat is added while the groups of its other member lose the focus: the presence
// of that member stays subscribed.
func TestFocusRacesDirectChat(t *testing.T) {
	presence := &pausedPresence{}
	f := start(t, nil, func(c *Config) { presence.Presence = c.Presence; c.Presence = presence })
	ann, token := f.account("ann")
	bob, _ := f.account("bob")
	cid, _ := f.account("cid")
	with, all := f.chat(chat.Group, ann, bob.ID), f.chat(chat.Group, ann, bob.ID, cid.ID)
	a := f.connect(token)
	a.ask(map[string]any{"do": "focus", "chatIds": []chat.ChatID{with}})
	isBob := func(online bool) func(*value) bool {
		return func(v *value) bool { return v.Signal == "presence" && v.By == bob.ID && v.Online == online }
	}
	a.await("bob is offline", isBob(false))
	presence.mu.Lock() // stops focus where it begins to watch cid
	release := sync.OnceFunc(presence.mu.Unlock)
	defer release()
	looked := a.send(map[string]any{"do": "focus", "chatIds": []chat.ChatID{all}})
	eventually(t, "the old focus is gone", func() bool { return !a.conn.In(service.FocusTopic(with)) })
	f.chat(chat.Direct, ann, bob.ID)
	stacks := make([]byte, 1<<20)
	eventually(t, "the subscriber is where it would cross the focus", func() bool {
		return bytes.Contains(stacks[:runtime.Stack(stacks, true)], []byte("(*focus).watchPeer("))
	})
	release()
	a.reply(looked)
	a.await("the chat", func(v *value) bool { return v.Signal == "chat" })
	a.ask(map[string]any{"do": "focus", "chatIds": []chat.ChatID{}})
	if err := f.store.Tell(context.Background(), chat.Signal{Kind: chat.SignalPresence, Replica: "another", Online: []chat.UserID{bob.ID}}); err != nil {
		t.Fatal(err)
	}
	a.await("bob is online", isBob(true))
}
