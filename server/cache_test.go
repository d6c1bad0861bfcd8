package server

import (
	"context"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"

	"parley/chat"
	"parley/wire"
)

// readCounts is a store that counts the reads that pass the cache.
type readCounts struct {
	chat.Store
	holders, users atomic.Int64
	between        atomic.Pointer[func()] // after Identify has read, once
}

func (r *readCounts) Identify(ctx context.Context, hash [32]byte) (chat.User, chat.Session, error) {
	r.holders.Add(1)
	u, s, err := r.Store.Identify(ctx, hash)
	if f := r.between.Swap(nil); f != nil {
		(*f)()
	}
	return u, s, err
}

func (r *readCounts) Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error) {
	r.users.Add(int64(len(ids)))
	return r.Store.Users(ctx, ids)
}

func counted(r *readCounts) func(*Config) {
	return func(c *Config) { r.Store, c.Store = c.Store, r }
}

// The newest page is always the store's current one, whichever users requested it before.
func TestCachedPageIsCurrent(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	path := "/api/chats/" + string(id) + "/messages"
	// Each user requests it twice in both codecs: the second answer is cached.
	look := func(what string, judge func(c *client, h wire.History) bool) {
		t.Helper()
		for _, c := range []*client{ann, bob, ann, bob} {
			for _, c.msgpack = range []bool{false, true} {
				var h wire.History
				c.call("GET", path, nil).want(200).into(&h)
				if !judge(c, h) {
					t.Errorf("%s: %s sees %+v", what, c.user.Handle, h)
				}
			}
			c.msgpack = false
		}
	}
	last := func(h wire.History) chat.Message { return h.Messages[len(h.Messages)-1] }
	first, second := ann.post(id, "one"), bob.post(id, "two")
	look("posted", func(_ *client, h wire.History) bool {
		return len(h.Messages) == 2 && last(h).Seq == second && h.Messages[0].Seq == first && len(h.Users) == 2
	})
	seq := path + "/" + fmt.Sprint(second)
	ann.call("PUT", seq+"/reactions/"+url.PathEscape("👍"), nil).want(204)
	look("reacted", func(c *client, h wire.History) bool {
		return len(last(h).Reactions) == 1 && last(h).Reactions[0].Mine == (c == ann)
	})
	bob.call("PATCH", seq, m{"text": "2"}).want(200)
	look("edited", func(c *client, h wire.History) bool {
		return last(h).Text == "2" && last(h).Reactions[0].Mine == (c == ann)
	})
	bob.call("DELETE", seq, nil).want(204)
	look("deleted", func(_ *client, h wire.History) bool { return last(h).Text == "" && last(h).DeletedAt != 0 })
	bob.call("PATCH", "/api/me", m{"name": "Robert"}).want(200)
	look("renamed", func(_ *client, h wire.History) bool {
		return h.Users[0].Name == "Robert" || h.Users[1].Name == "Robert"
	})
	var h wire.History
	ann.call("GET", path+"?limit=1", nil).want(200).into(&h)
	if len(h.Messages) != 1 || !h.MoreBefore {
		t.Errorf("another limit: %+v", h)
	}
	ann.call("DELETE", "/api/chats/"+string(id)+"/members/"+string(bob.user.ID), nil).want(204)
	ann.call("GET", path, nil).want(200)
	bob.call("GET", path, nil).wantError(chat.NotFound, "chatId")
}

// A session that was ended on this server is refused once that call is answered, also if
// another call read it meanwhile; one that was ended on another replica, within a second.
func TestEndedSessionIsNotCached(t *testing.T) {
	r := &readCounts{}
	x := start(t, counted(r))
	ann := x.addUser("ann")
	ann.call("GET", "/api/me", nil).want(200)
	ann.call("GET", "/api/me", nil).want(200)
	if n := r.holders.Load(); n != 1 {
		t.Errorf("%d reads for two calls", n)
	}
	ann.call("DELETE", "/api/sessions/current", nil).want(204)
	ann.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")

	bob := x.addUser("bob")
	end := func() {
		if err := x.s.Store.EndSession(context.Background(), bob.user.ID, bob.session.ID); err != nil {
			t.Error(err)
		}
	}
	r.between.Store(&end)
	bob.call("GET", "/api/me", nil).want(200) // was read before the end
	bob.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
}
