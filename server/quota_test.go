package server

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/wire"
)

func chatsLimit(n int) func(*Config) { return func(c *Config) { c.Limits.Chats = n } }

// A small attack: large groups as fast as possible. Other users get into few of them, and a
// refused call creates no chat.
func TestGroupsAreLimited(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t, chatsLimit(20))
			ann := x.addUser("ann")
			ann.msgpack = codec == wire.MsgPack
			var members []string
			for i := range 5 {
				members = append(members, string(x.addUser(fmt.Sprint("p", i)).user.ID))
			}
			body := func(i int) m {
				return m{"clientId": fmt.Sprint(i), "kind": "group", "title": "Spam", "members": members}
			}
			for i := range 4 {
				// A mistake, a retry, and a user who is named twice cost nothing.
				members = append(members, "@ann", members[0])
				ann.call("POST", "/api/chats", m{"clientId": "bad", "kind": "group", "members": []string{"ghost"}}).wantError(chat.NotFound, "members")
				ann.call("POST", "/api/chats", body(i)).want(201)
				ann.call("POST", "/api/chats", body(i)).want(200)
			}
			members = members[:5]
			for i := 4; i < 30; i++ {
				e := ann.call("POST", "/api/chats", body(i)).wantError(chat.RateLimited, "").failure()
				// Five of 20 an hour are refilled after a quarter of an hour.
				if e.RetryAfterMs <= 0 || e.RetryAfterMs > 15*time.Minute.Milliseconds() {
					t.Fatalf("retryAfterMs %d", e.RetryAfterMs)
				}
			}
			ann.call("POST", "/api/chats", m{"clientId": "alone", "kind": "group"}).wantError(chat.RateLimited, "")
			ann.call("POST", "/api/chats", body(2)).want(200) // a retry without a token
			if n, err := x.store.CountChats(context.Background(), chat.UserID(members[0])); err != nil || n != 4 {
				t.Errorf("in %d chats, %v", n, err)
			}
		})
	}
}

// Adding users to a group costs the same as creating one with them.
func TestAddedMembersAreLimited(t *testing.T) {
	x := start(t, chatsLimit(3))
	ann, eve := x.addUser("ann"), x.addUser("eve")
	var people []*client
	for i := range 5 {
		people = append(people, x.addUser(fmt.Sprint("p", i)))
	}
	id := ann.group()
	member := func(c *client) string { return "/api/chats/" + string(id) + "/members/" + string(c.user.ID) }
	for i := range 3 {
		ann.call("PUT", member(people[i]), m{"clientId": fmt.Sprint(i)}).want(204)
		ann.call("PUT", member(people[i]), m{"clientId": fmt.Sprint(i)}).want(204)
		ann.call("PUT", member(people[i]), nil).want(204) // in already
	}
	for _, body := range []any{nil, m{"clientId": "3"}, m{"role": "member"}} {
		if e := ann.call("PUT", member(people[3]), body).wantError(chat.RateLimited, "").failure(); e.RetryAfterMs <= 0 {
			t.Errorf("no hint: %+v", e)
		}
	}
	ann.call("PUT", member(people[0]), m{"clientId": "0"}).want(204) // a retry
	ann.call("PUT", member(people[0]), m{"role": "admin"}).want(204) // adds no user
	ann.call("POST", "/api/chats", m{"clientId": "d", "kind": "direct", "members": []string{"@eve"}}).wantError(chat.RateLimited, "")
	// Each user has a budget, and joining by oneself costs nothing.
	eve.call("POST", "/api/chats", m{"clientId": "d", "kind": "direct", "members": []string{"@ann"}}).want(201)
	ann.call("POST", "/api/chats", m{"clientId": "d", "kind": "direct", "members": []string{"@eve"}}).want(200) // there already
	open := eve.chat(chat.NewChat{Kind: chat.Group, Open: true})
	ann.call("PUT", "/api/chats/"+string(open)+"/members/me", nil).want(204)
	eve.call("PUT", member(people[4]), nil).wantError(chat.NotFound, "chatId")
}

// The chats of one user are limited forevery way to join. Leaving one makes room.
func TestChatsOfAUserAreLimited(t *testing.T) {
	x := start(t, chatsLimit(4))
	ann, bob := x.addUser("ann"), x.addUser("bob")
	var first chat.ChatID
	for range 4 {
		first = ann.group()
	}
	open := bob.chat(chat.NewChat{Kind: chat.Group, Open: true})
	path := "/api/chats/" + string(open) + "/members/"
	_, code := bob.invite(m{"chatId": open})
	for range 2 {
		ann.call("POST", "/api/chats", m{"clientId": "5", "kind": "group"}).wantError(chat.Conflict, "members")
		bob.call("POST", "/api/chats", m{"clientId": "5", "kind": "direct", "members": []string{"@ann"}}).wantError(chat.Conflict, "members")
		ann.call("PUT", path+"me", nil).wantError(chat.Conflict, "userId")
		bob.call("PUT", path+string(ann.user.ID), nil).wantError(chat.Conflict, "userId")
		ann.call("POST", "/api/invites/accept", m{"code": code}).wantError(chat.Conflict, "code")
	}
	ann.call("DELETE", "/api/chats/"+string(first)+"/members/me", nil).want(204)
	ann.call("POST", "/api/invites/accept", m{"code": code}).want(200)
	ann.call("POST", "/api/invites/accept", m{"code": code}).want(200)
	ann.call("PUT", path+"me", nil).want(204)
	// Without a limit there is no budget either.
	x = start(t, chatsLimit(0))
	ann = x.addUser("ann")
	for i := range 10 {
		ann.call("POST", "/api/chats", m{"clientId": fmt.Sprint(i), "kind": "group"}).want(201)
	}
}

// manyChatsStore is a store in which every user seems to have many chats.
type manyChatsStore struct {
	chat.Store
	ids []chat.ChatID
}

func (c *manyChatsStore) CountChats(context.Context, chat.UserID) (int, error) {
	return len(c.ids), nil
}
func (c *manyChatsStore) ChatIDs(context.Context, chat.UserID) ([]chat.ChatID, error) {
	return c.ids, nil
}

func manyChats(chats, tokens int) func(*Config) {
	return func(c *Config) {
		store := &manyChatsStore{Store: c.Store}
		for i := range chats {
			store.ids = append(store.ids, chat.ChatID(fmt.Sprintf("chat%04d", i)))
		}
		c.Store, c.Limits.User = store, middleware.Rate{N: tokens, Per: time.Duration(tokens) * 20 * time.Hour}
	}
}

// A call costs as much as it may read, over HTTP and sockets.
func TestReadsCostBySize(t *testing.T) {
	x := start(t, manyChats(1234, 1000))
	ann := x.addUser("ann")
	id := string(ann.group())
	left := 1000
	cost := func(what string, want int, a *answer) {
		t.Helper()
		if got := a.want(200).header.Get("RateLimit-Remaining"); got != fmt.Sprint(left-want) {
			t.Errorf("%s: %s remain of %d, want a cost of %d", what, got, left, want)
		}
		left -= want
	}
	for path, want := range map[string]int{
		"/api/me":                                1,
		"/api/chats":                             3, // 1,234 chats, of which the page is chosen
		"/api/chats?limit=200":                   6,
		"/api/chats?open=true":                   1,
		"/api/users?limit=51":                    2,
		"/api/users?ids=a,b":                     1,
		"/api/chats/" + id:                       1,
		"/api/chats/ID/messages":                 1,
		"/api/chats/ID/members":                  1,
		"/api/chats/ID/messages?limit=200":       4,
		"/api/chats/ID/messages?limit=50":        1,
		"/api/chats/ID/members?limit=200":        4,
		"/api/chats/ID/events?after=0":           1,
		"/api/chats/ID/events?after=0&limit=200": 1,
		"/api/chats/ID/events?after=0&limit=999": 5,
	} {
		path = strings.Replace(path, "/ID/", "/"+id+"/", 1)
		cost(path, want, ann.call("GET", path, nil))
	}
	for _, limit := range []string{"-5", "0", "9999999999", "99999999999999999999", "x"} { // refused, at the price of one
		a := ann.call("GET", "/api/chats/"+id+"/messages?limit="+limit, nil).want(400)
		if left--; a.header.Get("RateLimit-Remaining") != fmt.Sprint(left) {
			t.Errorf("limit %s: %s remain, want %d", limit, a.header.Get("RateLimit-Remaining"), left)
		}
	}
	for name, codec := range bothCodecs {
		p := ann.connect(codec)
		seen, focus := m{}, []string{}
		for i := range 600 {
			seen[fmt.Sprint("chat", i)] = 0
		}
		for range 20 {
			focus = append(focus, id)
		}
		left -= 13
		for _, c := range []struct {
			cmd  m
			want int
		}{
			{m{"do": "ping"}, 1},
			{m{"do": "history", "chatId": id}, 1},
			{m{"do": "history", "chatId": id, "limit": 200}, 4},
			{m{"do": "focus", "chatIds": focus}, 5},
			{m{"do": "resume", "epoch": p.hello.Epoch, "seen": seen}, 3},
		} {
			p.ask(c.cmd, nil)
			left -= c.want
			_, remaining, _ := x.s.service.PerUser.TakeN(string(ann.user.ID), 0)
			if remaining != left {
				t.Errorf("%s: after %v %d remain, want %d", name, c.cmd["do"], remaining, left)
				left = remaining
			}
		}
	}
}

// Hello without budget is refused with a delay, and nothing is read.
func TestHelloIsLimited(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t, manyChats(1000, 25))
			ann := x.addUser("ann")
			ann.connect(codec)
			ann.connect(codec)
			for range 3 { // 5 are left, it costs 10
				p := x.anonymousSocket(codec)
				if v := p.wantError(m{"do": "hello", "token": ann.token}, chat.RateLimited, ""); v.Error.RetryAfterMs <= 0 {
					t.Errorf("no hint: %s", v.raw)
				}
				p.wantClose(wire.CloseOverLimit)
			}
			ann.call("GET", "/api/me", nil).want(200)
		})
	}
}

// After a restart many devices of a user reconnect, some of them twice.
func TestReconnectsAreNotLimited(t *testing.T) {
	x := start(t, manyChats(1000, 1200))
	ann := x.addUser("ann")
	seen := m{}
	for _, id := range x.s.service.Store.Store.(*manyChatsStore).ids {
		seen[string(id)] = 7
	}
	for range 3 {
		for range 20 {
			p := ann.connect()
			p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": seen}, nil)
			p.disconnect()
		}
	}
}

// A resume costs as much as reading its events. Without budget it tells the client to load
// a page instead, and no event is missing.
func TestResumeCostsBySize(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t, func(c *Config) { c.Limits.User = noRefill(5) })
			ann := x.addUser("ann")
			id := ann.group()
			fill(t, x, ann, id, 250)
			for i, want := range []struct {
				signal string
				left   int
			}{{"", 2}, {wire.SignalReset, 0}} {
				p := ann.connect(codec)                                                         // costs 1
				p.ask(m{"do": "resume", "epoch": p.hello.Epoch, "seen": m{string(id): 1}}, nil) // 1, and 1 for 250 events
				if want.signal == "" {
					p.event(id, 251)
				} else {
					p.signal(want.signal)
				}
				p.signal(wire.SignalCaughtUp)
				if _, left, _ := x.s.service.PerUser.TakeN(string(ann.user.ID), 0); left != want.left {
					t.Errorf("resume %d: %d remain, want %d", i, left, want.left)
				}
			}
		})
	}
}
