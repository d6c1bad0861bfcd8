package server

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/wire"
)

// Every command, its ok and its event, in both codecs.
func TestCommands(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.group(bob)
			a, b := ann.connectLive(codec), bob.connectLive(codec)
			var posted wire.Posted
			a.ask(m{"do": "post", "chatId": id, "clientId": "1", "text": "hi @bob", "replyTo": nil}, &posted)
			if posted.Seq != 3 || posted.At == 0 || posted.Again {
				t.Errorf("posted: %+v", posted)
			}
			a.ask(m{"do": "post", "chatId": id, "clientId": "1", "text": "other"}, &posted)
			if posted.Seq != 3 || !posted.Again {
				t.Errorf("again: %+v", posted)
			}
			if v := b.event(id, 3); v.Event != chat.Posted || v.Text != "hi @bob" || v.By != ann.user.ID || v.ClientID != "1" || !strings.Contains(v.raw, string(bob.user.ID)) {
				t.Errorf("event: %s", v.raw)
			}
			a.event(id, 3) // an own post is delivered, too

			var changed wire.Changed
			a.ask(m{"do": "edit", "chatId": id, "target": 3, "text": "hi bob"}, &changed)
			if v := b.event(id, 4); changed.Seq != 4 || v.Event != chat.Edited || v.Target != 3 || v.Text != "hi bob" {
				t.Errorf("edited %+v: %s", changed, v.raw)
			}
			if v := a.ask(m{"do": "edit", "chatId": id, "target": 3, "text": "hi bob"}, nil); string(v.OK) != "{}" {
				t.Errorf("an edit that changes nothing: %s", v.raw)
			}
			b.ask(m{"do": "react", "chatId": id, "target": 3, "emoji": "👍", "on": true}, &changed)
			b.ask(m{"do": "react", "chatId": id, "target": 3, "emoji": "👍", "on": false}, &changed)
			if v := a.event(id, 6); v.Event != chat.Reacted || changed.Seq != 6 {
				t.Errorf("reacted %+v: %s", changed, v.raw)
			}
			a.ask(m{"do": "delete", "chatId": id, "target": 3}, &changed)
			if v := b.event(id, 7); v.Event != chat.Deleted || v.Target != 3 || changed.Seq != 7 {
				t.Errorf("deleted %+v: %s", changed, v.raw)
			}
			var h wire.History
			b.ask(m{"do": "history", "chatId": id}, &h)
			if len(h.Messages) != 1 || h.Head != 7 || h.Messages[0].DeletedAt == 0 || h.Messages[0].Text != "" || len(h.Users) != 1 {
				t.Errorf("history: %+v", h)
			}
			var pong wire.Pong
			if a.ask(m{"do": "ping"}, &pong); pong.Now == 0 {
				t.Error("ping without now")
			}
			for _, do := range []m{{"do": "read", "seq": 3}, {"do": "typing"}} {
				do["chatId"] = id
				if v := a.ask(do, nil); string(v.OK) != "{}" {
					t.Errorf("%v: %s", do, v.raw)
				}
			}
			a.ask(m{"do": "focus", "chatIds": []chat.ChatID{}}, nil)
		})
	}
}

func TestCommandErrors(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id, foreign := ann.group(bob), bob.group()
	ann.post(id, "hi")
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			a, b := ann.connectLive(codec), bob.connectLive(codec)
			for _, c := range []struct {
				p     *socketClient
				cmd   m
				code  chat.Code
				field string
			}{
				{a, m{"do": "dance"}, chat.BadInput, "do"},
				{a, m{}, chat.BadInput, "do"},
				{a, m{"do": "post", "chatId": id, "clientId": "1", "text": ""}, chat.BadInput, "text"},
				{a, m{"do": "post", "chatId": id, "clientId": "1", "text": m{"$gt": ""}}, chat.BadInput, "text"},
				{a, m{"do": "post", "chatId": []int{1}, "clientId": "1", "text": "x"}, chat.BadInput, "chatId"},
				{a, m{"do": "post", "chatId": id, "text": "x"}, chat.BadInput, "clientId"},
				{a, m{"do": "post", "chatId": id, "clientId": "é", "text": "x"}, chat.BadInput, "clientId"},
				{a, m{"do": "post", "chatId": id, "clientId": "1", "text": strings.Repeat("x", 16<<10+1)}, chat.TextTooLong, "text"},
				{a, m{"do": "post", "chatId": id, "clientId": "1", "text": "x", "replyTo": 99}, chat.NotFound, "replyTo"},
				{a, m{"do": "post", "chatId": foreign, "clientId": "1", "text": "x"}, chat.NotFound, "chatId"},
				{a, m{"do": "post", "chatId": "../x", "clientId": "1", "text": "x"}, chat.BadInput, "chatId"},
				{b, m{"do": "edit", "chatId": id, "target": 3, "text": "x"}, chat.NotAuthor, ""},
				{a, m{"do": "edit", "chatId": id, "target": 1, "text": "x"}, chat.NotFound, "target"},
				{a, m{"do": "edit", "chatId": id, "target": -1, "text": "x"}, chat.BadInput, "target"},
				{b, m{"do": "delete", "chatId": id, "target": 3}, chat.NotAuthor, ""},
				{a, m{"do": "react", "chatId": id, "target": 3, "emoji": "a b", "on": true}, chat.BadInput, "emoji"},
				{a, m{"do": "react", "chatId": id, "target": 3, "emoji": "a"}, chat.BadInput, "on"},
				{a, m{"do": "read", "chatId": id}, chat.BadInput, "seq"},
				{a, m{"do": "read", "chatId": id, "seq": uint64(1 << 63)}, chat.BadInput, "seq"},
				{a, m{"do": "read", "chatId": foreign, "seq": 1}, chat.NotFound, "chatId"},
				{a, m{"do": "typing", "chatId": foreign}, chat.NotFound, "chatId"},
				{a, m{"do": "typing"}, chat.BadInput, "chatId"},
				{a, m{"do": "focus", "chatIds": []chat.ChatID{foreign}}, chat.NotFound, "chatIds"},
				{a, m{"do": "focus", "chatIds": []string{"no id!"}}, chat.BadInput, "chatIds"},
				{a, m{"do": "focus", "chatIds": make([]chat.ChatID, 21)}, chat.BadInput, "chatIds"},
				{a, m{"do": "history", "chatId": foreign}, chat.NotFound, "chatId"},
				{a, m{"do": "history", "chatId": id, "limit": 0}, chat.BadInput, "limit"},
				{a, m{"do": "history", "chatId": id, "limit": 201}, chat.BadInput, "limit"},
				{a, m{"do": "history", "chatId": id, "before": 2, "after": 1}, chat.BadInput, "after"},
			} {
				c.p.wantError(c.cmd, c.code, c.field)
			}
			a.wantQuiet()
		})
	}
}

// Each command has exactly one reply, and those of one chat are processed in order: an
// earlier post has a lower number, and history contains what was sent before it.
func TestCommandsOfChatKeepOrder(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	one, two := ann.group(), ann.group()
	p := ann.connectLive(wire.MsgPack)
	const n = 300
	var ids []uint64
	var all []byte
	for i := range n {
		for _, chatID := range []chat.ChatID{one, two} {
			p.id++
			ids = append(ids, p.id)
			cmd := m{"id": p.id, "do": "post", "chatId": chatID, "clientId": fmt.Sprint(i), "text": "x"}
			if i%50 == 49 && chatID == one {
				cmd = m{"id": p.id, "do": "history", "chatId": chatID, "limit": 1}
			}
			all = append(all, p.codec.Encode(cmd)...)
		}
	}
	for len(all) > 0 { // whole values may be cut anywhere but within a message
		_, rest, err := p.codec.Next(all)
		for err == nil && len(rest) > 0 && len(all)-len(rest) < 8<<10 {
			_, rest, err = p.codec.Next(rest)
		}
		if err != nil {
			t.Fatal(err)
		}
		p.write(all[:len(all)-len(rest)])
		all = rest
	}
	last := map[int]float64{}
	for i, id := range ids {
		v := p.reply(id)
		if v.Error != nil {
			t.Fatalf("%d: %s", i, v.raw)
		}
		var ok struct {
			Seq  float64
			Head float64
		}
		if err := json.Unmarshal(v.OK, &ok); err != nil {
			t.Fatal(err)
		}
		if ok.Head != 0 {
			if ok.Head < last[i%2] {
				t.Errorf("history at %d has head %v, %v was posted before", i, ok.Head, last[i%2])
			}
			continue
		}
		if ok.Seq != last[i%2]+1 && last[i%2] != 0 {
			t.Errorf("post %d has number %v after %v", i, ok.Seq, last[i%2])
		}
		last[i%2] = ok.Seq
	}
	p.ask(m{"do": "ping"}, nil)
	for _, v := range p.received {
		if v.Re != nil {
			t.Errorf("a second reply: %s", v.raw)
		}
	}
}

func TestPostsOverSocketAreLimited(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.Posts = middleware.Rate{N: 2, Per: time.Hour} })
	ann := x.addUser("ann")
	id := ann.group()
	p := ann.connectLive()
	for i := range 2 {
		p.ask(m{"do": "post", "chatId": id, "clientId": fmt.Sprint(i), "text": "x"}, nil)
	}
	if v := p.wantError(m{"do": "post", "chatId": id, "clientId": "2", "text": "x"}, chat.RateLimited, ""); v.Error.RetryAfterMs == 0 {
		t.Errorf("no hint: %s", v.raw)
	}
	var again wire.Posted // a known clientId costs nothing
	if p.ask(m{"do": "post", "chatId": id, "clientId": "1", "text": "x"}, &again); !again.Again || again.Seq != 3 {
		t.Errorf("again: %+v", again)
	}
}

// A flood of commands is refused, and then the socket is closed.
func TestCommandsAreLimited(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.User = middleware.Rate{N: 5, Per: time.Hour} })
	ann := x.addUser("ann")
	p := ann.connect()
	for range 5 {
		p.ask(m{"do": "ping"}, nil)
	}
	if v := p.wantError(m{"do": "ping"}, chat.RateLimited, ""); v.Error.RetryAfterMs == 0 {
		t.Errorf("no hint: %s", v.raw)
	}
	for range 1000 {
		p.send(m{"do": "ping"})
	}
	if reason := p.wantClose(wire.CloseOverLimit); !strings.Contains(reason, "retryAfterMs=") {
		t.Errorf("reason %q", reason)
	}
}
