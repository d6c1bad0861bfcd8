package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/server/api"
	"parley/wire"
)

// noRefill returns a rate that refills nothing while a test runs.
func noRefill(n int) middleware.Rate {
	return middleware.Rate{N: n, Per: time.Duration(n) * 20 * time.Hour}
}

// untilLimited repeats a command until it is rate_limited, and returns how often it
// succeeded.
func untilLimited(t *testing.T, most int, do func(i int) *chat.Error) int {
	t.Helper()
	for i := range most {
		e := do(i)
		if e == nil {
			continue
		}
		if e.Code != chat.RateLimited || e.RetryAfterMs <= 0 {
			t.Fatalf("after %d: %v, retryAfterMs %d", i, e, e.RetryAfterMs)
		}
		return i
	}
	return most
}

// Commands that are delivered to other users are limited, over HTTP and sockets, in both
// codecs.
func TestDeliveredCommandsAreLimited(t *testing.T) {
	long := strings.Repeat("x", 16<<10)
	type shared struct {
		ann, bob *client
		id       chat.ChatID
		path     string
	}
	seq := func(i int) string { return strconv.Itoa(3 + i) } // of the messages by ann
	for name, c := range map[string]struct {
		want int
		http func(x *shared, i int) *answer
		sock func(x *shared, i int) m
	}{
		"short edits": {want: 4,
			http: func(x *shared, i int) *answer {
				return x.ann.call("PATCH", x.path+"/messages/3", m{"text": fmt.Sprint(i)})
			},
			sock: func(x *shared, i int) m {
				return m{"do": "edit", "chatId": x.id, "target": 3, "text": fmt.Sprint(i)}
			}},
		"long edits": {want: 1, // and cannot be had at a cost of 5 of 4 but from a full bucket
			http: func(x *shared, i int) *answer {
				return x.ann.call("PATCH", x.path+"/messages/3", m{"text": fmt.Sprint(i) + long[10:]})
			},
			sock: func(x *shared, i int) m {
				return m{"do": "edit", "chatId": x.id, "target": 3, "text": fmt.Sprint(i) + long[10:]}
			}},
		"deletions": {want: 16,
			http: func(x *shared, i int) *answer { return x.ann.call("DELETE", x.path+"/messages/"+seq(i), nil) },
			sock: func(x *shared, i int) m { return m{"do": "delete", "chatId": x.id, "target": 3 + i} }},
		"reactions": {want: 16,
			http: func(x *shared, i int) *answer {
				return x.ann.call([]string{"PUT", "DELETE"}[i%2], x.path+"/messages/3/reactions/"+url.PathEscape("👍"), nil)
			},
			sock: func(x *shared, i int) m {
				return m{"do": "react", "chatId": x.id, "target": 3, "emoji": "👍", "on": i%2 == 0}
			}},
		"typing": {want: 80, sock: func(x *shared, i int) m { return m{"do": "typing", "chatId": x.id} }},
		"titles": {want: 4, http: func(x *shared, i int) *answer { return x.ann.call("PATCH", x.path, m{"title": fmt.Sprint(i)}) }},
		"topics": {want: 4, http: func(x *shared, i int) *answer { return x.ann.call("PATCH", x.path, m{"topic": fmt.Sprint(i)}) }},
		"names":  {want: 4, http: func(x *shared, i int) *answer { return x.ann.call("PATCH", "/api/me", m{"name": fmt.Sprint("Ann", i)}) }},
		"states": {want: 4, http: func(x *shared, i int) *answer {
			return x.ann.call("PATCH", "/api/me", m{"status": fmt.Sprint(i)})
		}},
		"roles": {want: 16, http: func(x *shared, i int) *answer {
			return x.ann.call("PUT", x.path+"/members/"+string(x.bob.user.ID), m{"role": []chat.Role{chat.RoleAdmin, chat.RoleMember}[i%2]})
		}},
		"coming and going": {want: 16, http: func(x *shared, i int) *answer {
			return x.ann.call([]string{"DELETE", "PUT"}[i%2], x.path+"/members/me", nil)
		}},
	} {
		for codecName, codec := range bothCodecs {
			begin := func(t *testing.T) *shared {
				x := start(t, func(c *Config) { c.Limits.Posts, c.Limits.Chats = noRefill(4), 1000 })
				s := &shared{ann: x.addUser("ann"), bob: x.addUser("bob")}
				s.ann.msgpack = codec == wire.MsgPack
				if name == "coming and going" {
					s.id = s.bob.chat(chat.NewChat{Kind: chat.Group, Open: true}, s.ann)
				} else {
					s.id = s.ann.group(s.bob)
				}
				s.path = "/api/chats/" + string(s.id)
				fill(t, x, s.ann, s.id, 20)
				return s
			}
			if c.http != nil {
				t.Run(name+"/http/"+codecName, func(t *testing.T) {
					s := begin(t)
					got := untilLimited(t, 200, func(i int) *chat.Error {
						a := c.http(s, i)
						if a.status < 300 {
							return nil
						}
						if a.header.Get("Retry-After") == "" {
							t.Errorf("no Retry-After: %s", a.body)
						}
						e := a.failure()
						return &e
					})
					if got != c.want {
						t.Errorf("%d went through, want %d", got, c.want)
					}
				})
			}
			if c.sock != nil {
				t.Run(name+"/socket/"+codecName, func(t *testing.T) {
					s := begin(t)
					p := s.ann.connectLive(codec)
					if got := untilLimited(t, 200, func(i int) *chat.Error { return p.reply(p.send(c.sock(s, i))).Error }); got != c.want {
						t.Errorf("%d went through, want %d", got, c.want)
					}
				})
			}
		}
	}
}

// fill posts messages to the store directly, without limits.
func fill(t *testing.T, x *testServer, by *client, id chat.ChatID, n int) {
	t.Helper()
	for i := range n {
		did := make(chan error, 1)
		draft := chat.Event{Kind: chat.Posted, ChatID: id, By: by.user.ID, ClientID: chat.NewID[string](), Text: fmt.Sprint("message ", i)}
		if err := x.store.Append(context.Background(), draft, chat.Post, func(_ chat.Event, _ bool, err error) { did <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-did; err != nil {
			t.Fatal(err)
		}
	}
}

// Commands that change nothing, and retries, cost nothing.
func TestNoOpsAndRetriesAreFree(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.Posts = noRefill(4) })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	path := "/api/chats/" + string(id)
	fill(t, x, ann, id, 1)
	for range 20 {
		bob.call("PATCH", path+"/messages/3", m{"text": "not mine"}).wantError(chat.NotAuthor, "")
		ann.call("PATCH", path+"/messages/3", m{"text": "message 0"}).want(200) // as it is
		ann.call("DELETE", path+"/messages/99", nil).wantError(chat.NotFound, "seq")
		ann.call("PATCH", path, m{"title": "Group"}).want(200)
		bob.call("PATCH", path, m{"title": "Bob's"}).wantError(chat.Forbidden, "")
	}
	for range 20 {
		ann.call("PATCH", path+"/messages/3", m{"text": "edited", "clientId": "once"}).want(200)
	}
	for i := range 3 {
		ann.call("PATCH", path+"/messages/3", m{"text": fmt.Sprint(i)}).want(200)
	}
	ann.call("PATCH", path+"/messages/3", m{"text": "more", "clientId": "more"}).wantError(chat.RateLimited, "")
	// Without a token a retry still succeeds.
	ann.call("PATCH", path+"/messages/3", m{"text": "edited", "clientId": "once"}).want(200)
	p := ann.connectLive()
	p.ask(m{"do": "edit", "chatId": id, "target": 3, "text": "edited", "clientId": "once"}, nil)
	p.wantError(m{"do": "edit", "chatId": id, "target": 3, "text": "more", "clientId": "more"}, chat.RateLimited, "")
	bob.call("PUT", path+"/messages/3/reactions/👍", nil).want(204)
}

// A user who writes, reacts and types at a normal pace meets no limit.
func TestNormalUseIsNotLimited(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits = usualLimits() })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	p := ann.connectLive()
	for i := range 10 {
		for range 3 {
			p.ask(m{"do": "typing", "chatId": id}, nil)
		}
		var posted wire.Posted
		p.ask(m{"do": "post", "chatId": id, "clientId": fmt.Sprint(i), "text": "hello"}, &posted)
		for _, on := range []bool{true, false, true} {
			p.ask(m{"do": "react", "chatId": id, "target": posted.Seq, "emoji": "👍", "on": on}, nil)
		}
		p.ask(m{"do": "read", "chatId": id, "seq": posted.Seq}, nil)
	}
}

// Others receive read signals as often as the budget allows; the pointer itself always
// moves.
func TestReadSignalsAreLimited(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.Posts = noRefill(1) })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	fill(t, x, bob, id, 40)
	p, q := ann.connectLive(), bob.connectLive()
	q.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil)
	for i := range 40 {
		p.ask(m{"do": "read", "chatId": id, "seq": 3 + i}, nil)
		p.signal(string(chat.SignalRead)) // sent to the user's own devices
	}
	var got api.ChatAnswer
	if ann.call("GET", "/api/chats/"+string(id), nil).want(200).into(&got); got.Chat.ReadUpTo != 42 {
		t.Errorf("read up to %d", got.Chat.ReadUpTo)
	}
	bob.call("PUT", "/api/chats/"+string(id)+"/messages/3/reactions/👍", nil).want(204)
	q.take("the reaction", func(v *value) bool { return v.Event == chat.Reacted })
	received := 0
	q.mu.Lock()
	for _, v := range q.received {
		if v.Signal == string(chat.SignalRead) && v.By == ann.user.ID {
			received++
		}
	}
	q.mu.Unlock()
	if received != 20 {
		t.Errorf("%d of 40 were received, want 20", received)
	}
}

// A small attack: edits of 16 KiB as fast as possible, while a member does not read.
func TestFloodOfEditsDoesNotCloseSlowReaders(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t, func(c *Config) { c.Limits.Posts = usualLimits().Posts; c.sockets.QueueBytes = 512 << 10 })
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.group(bob)
			fill(t, x, ann, id, 1)
			slow, fast := bob.connectLive(codec), ann.connectLive(codec)
			resume := slow.stopReading()
			var last chat.Seq
			limited := 0
			for i := range 1000 {
				v := fast.reply(fast.send(m{"do": "edit", "chatId": id, "target": 3, "text": fmt.Sprint(i) + strings.Repeat("x", 16000)}))
				var changed wire.Changed
				switch {
				case v.Error == nil:
					if err := json.Unmarshal(v.OK, &changed); err != nil {
						t.Fatal(err)
					}
					last = changed.Seq
				case v.Error.Code == chat.RateLimited && v.Error.RetryAfterMs > 0:
					limited++
				default:
					t.Fatal(v.raw)
				}
			}
			if limited == 0 {
				t.Error("no edit was refused")
			}
			resume()
			slow.event(id, last)
			slow.ask(m{"do": "ping"}, nil)
		})
	}
}
