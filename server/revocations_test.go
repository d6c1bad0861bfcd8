package server

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/chat"
	"parley/server/api"
	"parley/wire"
)

// failingSaves is a store that, while it is down, checks a revocation and then fails to save
// it. saved receives a value for each that was saved or refused.
type failingSaves struct {
	chat.Store
	down  atomic.Bool
	saved chan error
}

func (s *failingSaves) try(f func() error) error {
	if s.down.Load() {
		return chat.Fail(chat.Unavailable, "the disk is gone")
	}
	err := f()
	select {
	case s.saved <- err:
	default:
	}
	return err
}

func (s *failingSaves) EndSession(ctx context.Context, user chat.UserID, id chat.SessionID) error {
	return s.try(func() error { return s.Store.EndSession(ctx, user, id) })
}

func (s *failingSaves) EndOthers(ctx context.Context, user chat.UserID, keep chat.SessionID) error {
	return s.try(func() error { return s.Store.EndOthers(ctx, user, keep) })
}

func (s *failingSaves) PatchUser(ctx context.Context, id chat.UserID, p chat.UserPatch) (u chat.User, err error) {
	err = s.try(func() error {
		u, err = s.Store.PatchUser(ctx, id, p)
		return err
	})
	return u, err
}

func (s *failingSaves) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done func(chat.Event, bool, error)) error {
	if draft.Kind != chat.Left {
		return s.Store.Append(ctx, draft, rule, done)
	}
	return s.Store.Append(ctx, draft, func(v chat.View, e *chat.Event) error {
		if err := rule(v, e); err != nil || !s.down.Load() {
			return err
		}
		return chat.Fail(chat.Unavailable, "the disk is gone")
	}, func(ev chat.Event, again bool, err error) {
		if !chat.Is(err, chat.Unavailable) {
			select {
			case s.saved <- err:
			default:
			}
		}
		done(ev, again, err)
	})
}

// up repairs the store and waits until the unsaved revocations are saved.
func (s *failingSaves) up(t *testing.T, x *testServer) {
	t.Helper()
	for len(s.saved) > 0 {
		<-s.saved
	}
	s.down.Store(false)
	select {
	case <-s.saved:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was saved")
	}
	x.eventually(func() bool { return x.s.service.Unsaved() == 0 })
}

func startFailingSaves(t *testing.T) (*testServer, *failingSaves) {
	s := &failingSaves{saved: make(chan error, 16)}
	x := start(t, func(c *Config) { s.Store, c.Store = c.Store, s })
	return x, s
}

// again signs the user in once more.
func (c *client) again() *client {
	t := c.server.t
	t.Helper()
	other := c.server.anonymous()
	other.user, other.token = c.user, chat.NewSecret()
	var err error
	if other.session, err = c.server.store.CreateSession(context.Background(), c.user.ID, chat.NewSession{TokenHash: chat.SecretHash(other.token)}); err != nil {
		t.Fatal(err)
	}
	other.header.Set("Authorization", "Bearer "+other.token)
	return other
}

func (c *client) is(t *testing.T, known bool) {
	t.Helper()
	want := http.StatusUnauthorized
	if known {
		want = http.StatusOK
	}
	c.call("GET", "/api/me", nil).want(want)
}

// A session ends on this server even if the store cannot save that.
func TestUnsavedSignOut(t *testing.T) {
	for name, path := range map[string]string{"this": "/api/sessions/current", "others": "/api/sessions?except=current"} {
		t.Run(name, func(t *testing.T) {
			x, store := startFailingSaves(t)
			bob := x.addUser("bob")
			phone := bob.again()
			asking, gone := bob, bob
			if name == "others" {
				asking = phone
			}
			socket, kept := gone.connectLive(), phone.connectLive()
			store.down.Store(true)
			asking.call("DELETE", path, m{"password": password}).wantError(chat.Unavailable, "")
			gone.is(t, false)
			phone.is(t, true)
			socket.wantClose(wire.CloseSessionEnded)
			kept.ask(m{"do": "ping"}, nil)
			if _, _, err := x.store.Identify(t.Context(), chat.SecretHash(gone.token)); err != nil {
				t.Fatalf("the store saved it: %v", err)
			}
			for now := chat.Now(); chat.Now() == now; { // a later millisecond than the revocation's
			}
			bob.again().is(t, true) // a new session has access
			store.up(t, x)
			if _, _, err := x.store.Identify(t.Context(), chat.SecretHash(gone.token)); !chat.Is(err, chat.NoIdentity) {
				t.Errorf("it was not saved afterwards: %v", err)
			}
			gone.is(t, false)
			phone.is(t, true)
		})
	}
}

// A deactivated user has no access even if the store cannot save that, until they are
// activated again.
func TestUnsavedDeactivation(t *testing.T) {
	x, store := startFailingSaves(t)
	ann, bob := x.addOwner(), x.addUser("bob")
	socket := bob.connectLive()
	var link api.Link
	ann.call("POST", "/api/recoveries", m{"userId": bob.user.ID}).want(201).into(&link)
	_, code, _ := strings.Cut(link.URL, "=")
	recovery := m{"code": code, "password": "new password"}
	store.down.Store(true)
	off := func(on bool) *answer {
		return ann.call("PATCH", "/api/users/"+string(bob.user.ID), m{"active": on})
	}
	off(false).wantError(chat.Unavailable, "")
	bob.is(t, false)
	socket.wantClose(wire.CloseSessionEnded)
	signIn := m{"handle": "bob", "password": password}
	x.anonymous().call("POST", "/api/sessions", signIn).wantError(chat.BadCredentials, "")
	x.anonymous().call("POST", "/api/recoveries/use", recovery).wantError(chat.InviteSpent, "")
	off(true).wantError(chat.Unavailable, "")
	bob.is(t, false)
	store.up(t, x)
	bob.is(t, false)
	off(true).want(200)
	x.anonymous().call("POST", "/api/sessions", signIn).want(201)
	x.anonymous().call("POST", "/api/recoveries/use", recovery).wantError(chat.InviteSpent, "")

	// Activated again before it was saved.
	store.down.Store(true)
	off(false).wantError(chat.Unavailable, "")
	store.down.Store(false)
	off(true).want(200)
	x.anonymous().call("POST", "/api/sessions", signIn).want(201)
}

// An admin's role ends on this server even if the store cannot save that. If the store
// then refuses it, the role is restored.
func TestUnsavedRoleChange(t *testing.T) {
	x, store := startFailingSaves(t)
	ann, bob := x.addOwner(), x.addUser("bob")
	role := func(of *client, role string) *answer {
		return ann.call("PATCH", "/api/users/"+string(of.user.ID), m{"role": role})
	}
	role(bob, "admin").want(200)
	store.down.Store(true)
	role(bob, "member").wantError(chat.Unavailable, "")
	bob.call("PATCH", "/api/server", m{"name": "Bob's"}).wantError(chat.Forbidden, "")
	store.up(t, x)
	bob.call("PATCH", "/api/server", m{"name": "Bob's"}).wantError(chat.Forbidden, "")

	store.down.Store(true)
	role(ann, "member").wantError(chat.Unavailable, "")
	store.up(t, x) // ann is the last one: refused
	ann.call("PATCH", "/api/server", m{"name": "Ann's"}).want(200)
}

// A removed member has no access to the chat even if the store cannot save that. A removal
// that the rule refuses has no effect.
func TestUnsavedRemoval(t *testing.T) {
	x, store := startFailingSaves(t)
	ann, bob, eve := x.addUser("ann"), x.addUser("bob"), x.addUser("eve")
	id := ann.group(bob, eve)
	path := "/api/chats/" + string(id)
	seq := ann.post(id, "hello")
	socket := bob.connectLive()
	store.down.Store(true)
	eve.call("DELETE", path+"/members/"+string(bob.user.ID), nil).wantError(chat.Forbidden, "")
	bob.call("GET", path, nil).want(200)
	ann.call("DELETE", path+"/members/"+string(bob.user.ID), nil).wantError(chat.Unavailable, "")
	if v := socket.signal(wire.SignalChat); !v.Gone || v.ChatID != id {
		t.Errorf("received %s", v.raw)
	}
	for _, what := range []string{"", "/messages", "/members", "/events?after=0"} {
		bob.call("GET", path+what, nil).wantError(chat.NotFound, "chatId")
	}
	place := []chat.MessagePlace{{Chat: id, Seq: seq}}
	for user, want := range map[chat.UserID]int{bob.user.ID: 0, eve.user.ID: 1} {
		if got, err := x.s.service.Store.Messages(t.Context(), user, place); err != nil || len(got) != want {
			t.Errorf("%d messages by their places, %v; want %d", len(got), err, want)
		}
	}
	bob.call("POST", path+"/messages", m{"clientId": "client-0001", "text": "still here"}).wantError(chat.NotFound, "chatId")
	bob.call("PUT", path+"/read", m{"seq": seq}).wantError(chat.NotFound, "chatId")
	if chats := bob.connect().hello.Chats; len(chats) != 0 {
		t.Errorf("hello lists %v", chats)
	}
	ann.post(id, "behind bob's back")
	eve.call("GET", path+"/messages", nil).want(200)
	store.up(t, x)
	bob.call("GET", path, nil).wantError(chat.NotFound, "chatId")
	if _, err := x.store.Chat(t.Context(), bob.user.ID, id); !chat.Is(err, chat.NotFound) {
		t.Errorf("the removal was not saved: %v", err)
	}

	// Added again before it was saved: the removal has no effect.
	store.down.Store(true)
	ann.call("DELETE", path+"/members/"+string(eve.user.ID), nil).wantError(chat.Unavailable, "")
	eve.call("GET", path, nil).wantError(chat.NotFound, "chatId")
	store.down.Store(false)
	ann.call("PUT", path+"/members/"+string(eve.user.ID), m{}).want(204)
	eve.call("GET", path+"/messages", nil).want(200)
}
