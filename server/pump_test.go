package server

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"
	"testing"

	"parley/chat"
	"parley/wire"
)

// gappyStore is a store whose feed omits events with an even number and yields all others
// twice.
type gappyStore struct{ chat.Store }

func (g gappyStore) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	feed, err := g.Store.OpenFeed(ctx)
	return func(yield func(chat.Notice, error) bool) {
		for n, err := range feed {
			if n.Event != nil && n.Event.Seq%2 == 0 {
				continue
			}
			for range 2 {
				if !yield(n, err) {
					return
				}
			}
		}
	}, err
}

// Events that the feed omits are read from the log, a removal too; repeated ones are
// delivered once.
func TestFeedGaps(t *testing.T) {
	x := start(t, func(c *Config) { c.Store = gappyStore{c.Store} })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	a, b := ann.connectLive(), bob.connectLive(wire.MsgPack)
	for seq := chat.Seq(3); seq <= 9; seq++ {
		ann.post(id, fmt.Sprint(seq))
	}
	last := -1
	for seq := chat.Seq(3); seq <= 9; seq++ {
		if v := a.event(id, seq); v.order < last || v.Text != fmt.Sprint(seq) {
			t.Errorf("%s at %d, after %d", v.raw, v.order, last)
		} else {
			last = v.order
		}
		b.event(id, seq)
	}
	ann.remove(id, bob) // 10: left out
	ann.post(id, "secret")
	a.event(id, 10)
	a.event(id, 11)
	b.event(id, 10)
	b.wantQuiet(wire.SignalChat)
	a.wantQuiet()

	cid := x.addUser("cid")
	c := cid.connectLive()
	ann.post(id, "12")
	ann.add(id, cid) // 13: repeated by the feed, joins once
	if v := c.signal(wire.SignalChat); v.Head != 13 {
		t.Errorf("let in at %s", v.raw)
	}
	ann.post(id, "14")
	ann.post(id, "15")
	c.event(id, 14)
	c.event(id, 15)
	c.wantQuiet()
}

// A deleted text is in no ring: a client that resumes receives the message without it.
func TestDeletedTextIsNotResumed(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	a := ann.connectLive() // keeps the topic, and so its ring
	seq := ann.post(id, "secret")
	a.event(id, seq)
	ann.call("DELETE", fmt.Sprintf("/api/chats/%s/messages/%d", id, seq), nil).want(204)
	a.event(id, seq+1)
	b := bob.connect()
	b.resume(id, seq-1)
	if v := b.event(id, seq); v.Text != "" {
		t.Errorf("still received: %s", v.raw)
	}
	b.event(id, seq+1)
}

// What left the log is in no ring either: a client that resumes gets the events without it.
func TestForgottenTextsAreNotReplayed(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	path := "/api/chats/" + string(id)
	seen := ann.post(id, "one")
	a := ann.connectLive()
	reaction := path + "/messages/" + fmt.Sprint(seen) + "/reactions/" + url.PathEscape("👍")
	bob.call("PUT", reaction, nil).want(204)
	ann.call("PATCH", path, m{"title": "SECRET"}).want(200)
	bob.call("DELETE", reaction, nil).want(204)
	ann.call("PATCH", path, m{"title": "Present"}).want(200)
	if v := a.event(id, seen+3); !strings.Contains(v.raw, "👍") {
		t.Errorf("the live event has no emoji: %s", v.raw)
	}
	a.event(id, seen+4)
	b := bob.connect()
	b.resume(id, seen)
	for i := range chat.Seq(4) {
		if v := b.event(id, seen+1+i); strings.Contains(v.raw, "👍") || strings.Contains(v.raw, "SECRET") {
			t.Errorf("replayed: %s", v.raw)
		}
	}
}
