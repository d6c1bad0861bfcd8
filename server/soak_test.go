package server

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"parley/chat"
	"parley/wire"
)

// soakDevice is a device that disconnects, reconnects and resumes at random. It stores the
// received events of one chat, as a client would.
type soakDevice struct {
	who  *client
	rnd  *rand.Rand
	p    *socketClient
	seen chat.Seq // owned by the test's goroutine
	log  map[chat.Seq]string
	in   bool

	resume uint64   // id of the resume whose reply did not come; 0: none
	from   chat.Seq // what it said
}

// note processes the received values. Numbers increase by one, except after a reset or a
// signal of the chat, which state where to continue.
func (k *soakDevice) note(t *testing.T, id chat.ChatID) {
	k.p.mu.Lock()
	received := k.p.received
	k.p.received = nil
	k.p.mu.Unlock()
	for _, v := range received {
		switch {
		case v.Re != nil && *v.Re == k.resume:
			k.resume, k.in, k.seen = 0, true, k.from
		case v.ChatID != id:
		case v.Event != "" && k.resume != 0:
			// The server did not wait for a slow resume: events before its reply are repeated.
		case v.Event != "":
			if !k.in {
				t.Errorf("%s reads event %d of a chat that went", k.who.user.Handle, v.Seq)
			}
			if v.Seq != k.seen+1 {
				t.Errorf("%s got %d after %d: %s", k.who.user.Handle, v.Seq, k.seen, v.raw)
			}
			k.seen = v.Seq
			k.log[v.Seq] = fmt.Sprint(v.Event, v.By, v.ClientID)
		case v.Signal == wire.SignalChat && v.Gone:
			k.in = false
		case v.Signal == wire.SignalChat, v.Signal == wire.SignalReset:
			k.in, k.seen = true, v.Head
		}
	}
}

// connect sends hello and resumes from the last event that the device has.
func (k *soakDevice) connect(t *testing.T, id chat.ChatID) {
	k.p = k.who.connect([]*wire.Codec{wire.JSON, wire.MsgPack}[k.rnd.IntN(2)])
	k.in = false
	cmd := m{"do": "resume", "epoch": k.p.hello.Epoch}
	for _, c := range k.p.hello.Chats {
		if c.ID == id {
			k.in = true
			if k.seen == 0 {
				k.seen = c.Head
			}
		}
	}
	if k.resume = 0; k.in {
		cmd["seen"], k.from = m{string(id): k.seen}, k.seen
		k.resume = k.p.id + 1
	}
	k.p.send(cmd)
}

// Several devices post, disconnect, resume, are removed and join again at the same time.
// None sees a gap, a repeated event, a wrong order, or an event after its removal, and at
// the end all have the same log.
func TestSoak(t *testing.T) {
	t.Run("held", func(t *testing.T) { soak(t, 0) })
	t.Run("live before the resume", func(t *testing.T) { soak(t, time.Nanosecond) })
}

func soak(t *testing.T, hold time.Duration) {
	const rounds = 100
	x := start(t, func(c *Config) { c.Limits.Sockets, c.hold = 0, hold })
	ann := x.addUser("ann")
	people := []*client{ann}
	for i := range 5 {
		people = append(people, x.addUser(fmt.Sprint("user", i)))
	}
	id := ann.group(people[1:]...)
	var all sync.WaitGroup
	soakers := make([]*soakDevice, 0, 2*len(people))
	for i := range cap(soakers) {
		soakers = append(soakers, &soakDevice{who: people[i%len(people)], rnd: rand.New(rand.NewPCG(uint64(i), 7)), log: map[chat.Seq]string{}})
	}
	for i, k := range soakers {
		all.Go(func() {
			for n := range rounds {
				if k.p == nil {
					k.connect(t, id)
				}
				switch what := k.rnd.IntN(10); {
				case what < 4:
					k.p.send(m{"do": "post", "chatId": id, "clientId": fmt.Sprint(i, "-", n), "text": "x"})
				case what < 6:
					k.note(t, id)
				case what < 7:
					k.p.disconnect()
					k.note(t, id)
					k.p = nil
				case what < 8 && i == 0:
					who := people[1+k.rnd.IntN(len(people)-1)]
					path := "/api/chats/" + string(id) + "/members/" + string(who.user.ID)
					ann.call([]string{"PUT", "DELETE"}[k.rnd.IntN(2)], path, nil) // not found is fine
				default:
					k.p.ask(m{"do": "ping"}, nil)
				}
			}
		})
	}
	all.Wait()
	for _, who := range people[1:] {
		ann.call("PUT", "/api/chats/"+string(id)+"/members/"+string(who.user.ID), nil).want(204)
	}
	for _, k := range soakers {
		if k.p == nil {
			k.connect(t, id)
		}
	}
	last := ann.post(id, "the end")
	truth, _, err := x.store.After(t.Context(), "", id, 0, 1<<20, 1<<30)
	if err != nil || len(truth) != int(last) {
		t.Fatalf("%d events of %d: %v", len(truth), last, err)
	}
	for _, k := range soakers {
		for late := time.Now().Add(patience); k.seen < last; k.note(t, id) {
			if time.Now().After(late) {
				t.Fatalf("%s is at %d of %d: %s", k.who.user.Handle, k.seen, last, k.p.tail())
			}
			k.p.ask(m{"do": "ping"}, nil)
		}
		for _, ev := range truth {
			if got, ok := k.log[ev.Seq]; ok && got != fmt.Sprint(ev.Kind, ev.By, ev.ClientID) {
				t.Errorf("%s has %s as event %d", k.who.user.Handle, got, ev.Seq)
			}
		}
	}
}
