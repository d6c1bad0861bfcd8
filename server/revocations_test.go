package server

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"parley/chat"
	"parley/wire"
)

// stuck is a store that judges what ends access and then fails to save it, while
// it is down. saved tells of each that it saved, or refused, when it is up.
type stuck struct {
	chat.Store
	down  atomic.Bool
	saved chan error
}

func (s *stuck) try(f func() error) error {
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

func (s *stuck) EndSession(ctx context.Context, user chat.UserID, id chat.SessionID) error {
	return s.try(func() error { return s.Store.EndSession(ctx, user, id) })
}

func (s *stuck) EndOthers(ctx context.Context, user chat.UserID, keep chat.SessionID) error {
	return s.try(func() error { return s.Store.EndOthers(ctx, user, keep) })
}

func (s *stuck) PatchUser(ctx context.Context, id chat.UserID, p chat.UserPatch) (u chat.User, err error) {
	err = s.try(func() error {
		u, err = s.Store.PatchUser(ctx, id, p)
		return err
	})
	return u, err
}

func (s *stuck) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done func(chat.Event, bool, error)) error {
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

// up ends the trouble and waits until what was held back is saved.
func (s *stuck) up(t *testing.T, x *site) {
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
	x.await(func() bool { return x.s.service.Unsaved() == 0 })
}

func stuckSite(t *testing.T) (*site, *stuck) {
	s := &stuck{saved: make(chan error, 16)}
	x := start(t, func(c *Config) { s.Store, c.Store = c.Store, s })
	return x, s
}

// again signs the person in once more.
func (c *client) again() *client {
	t := c.site.t
	t.Helper()
	other := c.site.nobody()
	other.user, other.token = c.user, chat.NewSecret()
	var err error
	if other.session, err = c.site.store.CreateSession(context.Background(), c.user.ID, chat.NewSession{TokenHash: chat.SecretHash(other.token)}); err != nil {
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

// A session that cannot be ended in the store has ended here.
func TestSignOutThatIsNotSaved(t *testing.T) {
	for name, path := range map[string]string{"this": "/api/sessions/current", "others": "/api/sessions?except=current"} {
		t.Run(name, func(t *testing.T) {
			x, store := stuckSite(t)
			bob := x.person("bob")
			phone := bob.again()
			asking, gone := bob, bob
			if name == "others" {
				asking = phone
			}
			socket, kept := gone.live(), phone.live()
			store.down.Store(true)
			asking.call("DELETE", path, nil).fails(chat.Unavailable, "")
			gone.is(t, false)
			phone.is(t, true)
			socket.closes(wire.CloseSessionEnded)
			kept.ask(m{"do": "ping"}, nil)
			if _, _, err := x.store.Identify(t.Context(), chat.SecretHash(gone.token)); err != nil {
				t.Fatalf("the store saved it: %v", err)
			}
			for now := chat.Now(); chat.Now() == now; { // a later millisecond than the revocation's
			}
			bob.again().is(t, true) // whoever signs in anew is let in
			store.up(t, x)
			if _, _, err := x.store.Identify(t.Context(), chat.SecretHash(gone.token)); !chat.Is(err, chat.NoIdentity) {
				t.Errorf("it was not saved afterwards: %v", err)
			}
			gone.is(t, false)
			phone.is(t, true)
		})
	}
}

// Somebody who is disabled is out, whatever the store does, until somebody lets
// them in again.
func TestDisableThatIsNotSaved(t *testing.T) {
	x, store := stuckSite(t)
	ann, bob := x.owner(), x.person("bob")
	socket := bob.live()
	store.down.Store(true)
	off := func(on bool) *answer {
		return ann.call("PATCH", "/api/users/"+string(bob.user.ID), m{"active": on})
	}
	off(false).fails(chat.Unavailable, "")
	bob.is(t, false)
	socket.closes(wire.CloseSessionEnded)
	signIn := m{"handle": "bob", "password": password}
	x.nobody().call("POST", "/api/sessions", signIn).fails(chat.BadCredentials, "")
	off(true).fails(chat.Unavailable, "")
	bob.is(t, false)
	store.up(t, x)
	bob.is(t, false)
	off(true).want(200)
	x.nobody().call("POST", "/api/sessions", signIn).want(201)

	// Let in again before it was saved.
	store.down.Store(true)
	off(false).fails(chat.Unavailable, "")
	store.down.Store(false)
	off(true).want(200)
	x.nobody().call("POST", "/api/sessions", signIn).want(201)
}

// An admin who lost that role has lost it here; what the store then refuses is
// taken back.
func TestRoleThatIsNotSaved(t *testing.T) {
	x, store := stuckSite(t)
	ann, bob := x.owner(), x.person("bob")
	role := func(of *client, role string) *answer {
		return ann.call("PATCH", "/api/users/"+string(of.user.ID), m{"role": role})
	}
	role(bob, "admin").want(200)
	store.down.Store(true)
	role(bob, "member").fails(chat.Unavailable, "")
	bob.call("PATCH", "/api/server", m{"name": "Bob's"}).fails(chat.Forbidden, "")
	store.up(t, x)
	bob.call("PATCH", "/api/server", m{"name": "Bob's"}).fails(chat.Forbidden, "")

	store.down.Store(true)
	role(ann, "member").fails(chat.Unavailable, "")
	store.up(t, x) // ann is the last one: refused
	ann.call("PATCH", "/api/server", m{"name": "Ann's"}).want(200)
}

// Somebody who is removed from a chat reads and hears nothing of it any more,
// and who may not remove anybody does not.
func TestRemovalThatIsNotSaved(t *testing.T) {
	x, store := stuckSite(t)
	ann, bob, eve := x.person("ann"), x.person("bob"), x.person("eve")
	id := ann.group(bob, eve)
	path := "/api/chats/" + string(id)
	seq := ann.post(id, "hello")
	socket := bob.live()
	store.down.Store(true)
	eve.call("DELETE", path+"/members/"+string(bob.user.ID), nil).fails(chat.Forbidden, "")
	bob.call("GET", path, nil).want(200)
	ann.call("DELETE", path+"/members/"+string(bob.user.ID), nil).fails(chat.Unavailable, "")
	if v := socket.signal(wire.SignalChat); !v.Gone || v.ChatID != id {
		t.Errorf("told %s", v.raw)
	}
	for _, what := range []string{"", "/messages", "/members", "/events?after=0"} {
		bob.call("GET", path+what, nil).fails(chat.NotFound, "chatId")
	}
	bob.call("POST", path+"/messages", m{"clientId": "client-0001", "text": "still here"}).fails(chat.NotFound, "chatId")
	bob.call("PUT", path+"/read", m{"seq": seq}).fails(chat.NotFound, "chatId")
	if chats := bob.connect().hello.Chats; len(chats) != 0 {
		t.Errorf("hello lists %v", chats)
	}
	ann.post(id, "behind bob's back")
	eve.call("GET", path+"/messages", nil).want(200)
	store.up(t, x)
	bob.call("GET", path, nil).fails(chat.NotFound, "chatId")
	if _, err := x.store.Chat(t.Context(), bob.user.ID, id); !chat.Is(err, chat.NotFound) {
		t.Errorf("the removal was not saved: %v", err)
	}

	// Taken in again before it was saved: as if it had not been.
	store.down.Store(true)
	ann.call("DELETE", path+"/members/"+string(eve.user.ID), nil).fails(chat.Unavailable, "")
	eve.call("GET", path, nil).fails(chat.NotFound, "chatId")
	store.down.Store(false)
	ann.call("PUT", path+"/members/"+string(eve.user.ID), m{}).want(204)
	eve.call("GET", path+"/messages", nil).want(200)
}
