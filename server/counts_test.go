package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"parley/chat"
	"parley/wire"
)

// countedChat is one chat as a client counts it from events and signals, by docs/protocol.md.
type countedChat struct {
	me                   chat.UserID
	head, readUpTo, from chat.Seq
	lastAt               int64
	messages             map[chat.Seq]chat.Message
}

func (c *countedChat) take(t *testing.T, raw string) {
	t.Helper()
	var v struct {
		chat.Event
		Signal string     `json:"signal"`
		Mine   *chat.Mine `json:"mine"`
	}
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	e := v.Event
	switch {
	case v.Signal == "mine":
		c.from = v.Mine.UnreadFrom
		return
	case v.Signal == "read":
		if e.By == c.me {
			c.read(e.Seq)
		}
		return
	case v.Signal != "" || e.Kind == "":
		return
	}
	c.head = e.Seq
	m := c.messages[e.Target]
	switch e.Kind {
	case chat.Posted:
		c.messages[e.Seq] = chat.Message{Seq: e.Seq, By: e.By, Mentions: e.Mentions, MentionsAll: e.MentionsAll, DeletedAt: e.DeletedAt}
		c.lastAt = e.At
		if e.By == c.me {
			c.read(e.Seq)
		}
		return
	case chat.Edited:
		m.Mentions, m.MentionsAll = e.Mentions, e.MentionsAll
	case chat.Deleted:
		m.DeletedAt = e.At
	default:
		return
	}
	c.messages[e.Target] = m
}

func (c *countedChat) read(seq chat.Seq) {
	c.readUpTo = max(c.readUpTo, seq)
	if c.from <= seq {
		c.from = 0
	}
}

// entry returns what hello says of the chat: head, lastAt, readUpTo, unreadFrom, unread,
// mentions.
func (c *countedChat) entry() string {
	unread, mentions, first := 0, 0, c.readUpTo+1
	if c.from != 0 {
		first = min(first, c.from)
	}
	for seq, m := range c.messages {
		if seq >= first && m.DeletedAt == 0 {
			unread++
			if slices.Contains(m.Mentions, c.me) || m.MentionsAll == chat.MentionAll {
				mentions++
			}
		}
	}
	return fmt.Sprint(c.head, c.lastAt, c.readUpTo, c.from, unread, mentions)
}

// However people post, edit, delete, read on three devices and mark as unread again, what a
// client counts from the events and signals that it received equals a new hello.
func TestCountsOfEventsEqualHello(t *testing.T) {
	for _, seed := range []uint64{1, 2, rand.Uint64()} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			x := start(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.group(bob)
			path := "/api/chats/" + string(id)
			devices := []*socketClient{bob.connectLive(), bob.connectLive(wire.MsgPack), bob.connectLive()}
			watch := bob.connectLive() // all that it receives is counted
			e := watch.hello.Chats[0]
			c := countedChat{me: bob.user.ID, head: e.Head, readUpTo: e.ReadUpTo, messages: map[chat.Seq]chat.Message{}}
			for round := range 8 {
				for range 25 {
					by := []*client{ann, ann, bob}[r.IntN(3)]
					device := devices[r.IntN(3)]
					seqs := slices.Sorted(maps.Keys(c.messages))
					target := chat.Seq(0)
					if len(seqs) > 0 {
						target = seqs[r.IntN(len(seqs))]
					}
					seq := 1 + chat.Seq(r.IntN(int(c.head)))
					text := []string{"hello", "@bob", "@all", "@here @bob", "@all @bob"}[r.IntN(5)]
					switch r.IntN(7) {
					case 0, 1, 2:
						by.post(id, text)
					case 3:
						ann.call("PATCH", fmt.Sprint(path, "/messages/", target), m{"text": text})
					case 4:
						ann.call("DELETE", fmt.Sprint(path, "/messages/", target), nil)
					case 5:
						device.ask(m{"do": "read", "chatId": id, "seq": seq}, nil)
					case 6:
						bob.call("PATCH", path+"/mine", m{"unreadFrom": seq}).want(200)
					}
				}
				last := ann.post(id, "round")
				mark := int64(1_000_000 + round)
				bob.call("PATCH", path+"/mine", m{"mutedUntil": mark}).want(200)
				for signalled := false; !signalled || c.head < last; { // an event and a signal come in any order
					v := watch.take("the last event and signal", func(*value) bool { return true })
					c.take(t, v.raw)
					signalled = signalled || v.Mine != nil && v.Mine.MutedUntil == mark
				}
				e := bob.connectLive().hello.Chats[0]
				if got, want := c.entry(), fmt.Sprint(e.Head, e.LastAt, e.ReadUpTo, e.Mine.UnreadFrom, e.Unread, e.Mentions); got != want {
					t.Fatalf("round %d: counted (head, lastAt, read up to, unread from, unread, mentions) %s, hello has %s", round, got, want)
				}
			}
		})
	}
}
