package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/chat"
	"parley/internal/mongotest"
)

// Ann and Bob talk over sockets (JSON and MessagePack), Cleo and Dan with curl,
// all through the balancer. Meanwhile Ann edits, deletes and reacts, replicas
// are killed, stopped and started, MongoDB is killed and started, and answers
// with all that a primary says when it goes. Whoever got no answer asks again.
// At the end all four hold the same log: every text once, no number missing;
// and what they made of it is what a page of history says.
func TestReplicasThroughBadDays(t *testing.T) {
	f := openFleet(t, "haproxy.cfg")
	f.burst(t, 120,
		func() { f.replicas[0].kill(); f.replicas[0].start("--trusted-proxies", "127.0.0.1") },
		func() { f.db.Fail(t, mongotest.Fault{Commands: []string{"insert"}, Times: 6, Close: true}) },
		func() { f.freeze(1) },
		func() { f.db.Fail(t, mongotest.Fault{Commands: []string{"commitTransaction"}, Times: 2, Code: 112}) },
		func() {
			f.db.Fail(t, mongotest.Fault{Commands: []string{"getMore"}, Times: 2, Code: 286, AppName: "parley feed"})
		},
		func() {
			f.db.Kill()
			if err := f.db.Restart(); err != nil {
				t.Error(err)
			}
		},
		func() { f.db.Fail(t, mongotest.Fault{Commands: []string{"insert"}, Times: 3, Code: 91}) },
		func() {
			f.db.Fail(t, mongotest.Fault{Commands: []string{"aggregate", "getMore"}, Times: 4, Code: 189, AppName: "parley feed"})
		},
		func() { f.replicas[2].stop(); f.replicas[2].start("--trusted-proxies", "127.0.0.1") },
		func() { f.db.Fail(t, mongotest.Fault{Commands: []string{"aggregate", "find"}, Times: 6, Close: true}) },
	)
}

// The same with stickiness, on an ordinary day with one death.
func TestReplicasBehindAStickyBalancer(t *testing.T) {
	f := openFleet(t, "haproxy-sticky.cfg")
	f.burst(t, 40, func() { // all come from one address: it is theirs that dies, in its turn
		for _, h := range f.replicas {
			h.kill()
			h.start("--trusted-proxies", "127.0.0.1")
		}
	})
}

func (f *fleet) burst(t *testing.T, each int, troubles ...func()) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	ann := f.owner("ann")
	general := f.chats(ann)[0].ID
	people := []*person{ann, f.guest(ann, general, "bob"), f.guest(ann, general, "cleo"), f.guest(ann, general, "dan")}
	path := "/api/chats/" + string(general)
	var first struct{ Message chat.Message }
	f.must(201, ann.Token, "POST", path+"/messages", map[string]any{"clientId": "first", "text": "first"}, &first)
	var log struct{ Epoch string }
	f.must(200, ann.Token, "GET", path+"/events?after=0", nil, &log)

	// Beside each trouble, Ann makes one event of each other kind.
	const others = 4
	begin := int(first.Message.Seq)
	total := begin + len(people)*each + others*len(troubles)
	talkers, wait := f.talk(ctx, people, general, log.Epoch, each, total)
	for i, trouble := range troubles {
		f.head(ctx, ann, general, chat.Seq(begin+i*(total-begin)/(len(troubles)+1)), 20*time.Second)
		var during sync.WaitGroup
		during.Go(trouble)
		id := fmt.Sprint("beside ", i)
		var made struct{ Message chat.Message }
		ask := func(method string, seq chat.Seq, below string, out any) {
			at := path + "/messages"
			if seq > 0 {
				at = fmt.Sprint(at, "/", seq, below)
			}
			in := map[string]any{"text": id, "clientId": id + " " + method}
			if method == "PUT" || method == "DELETE" {
				delete(in, "text")
			}
			if status := f.again(ctx, ann.Token, method, at, in, out); status/100 != 2 {
				t.Errorf("%s %s: %d", method, at, status)
			}
		}
		ask("PATCH", first.Message.Seq, "", nil)
		ask("PUT", first.Message.Seq, fmt.Sprint("/reactions/x", i), nil)
		ask("POST", 0, "", &made)
		ask("DELETE", made.Message.Seq, "", nil)
		during.Wait()
	}
	f.db.Heal(t)
	if err := wait(); err != nil {
		for _, h := range f.replicas {
			t.Log(h.said())
		}
		t.Fatal(err)
	}
	f.agree(t, ann, talkers)
}

// agree asks that all hold the same log, every clientId once, and make of it
// what the history says.
func (f *fleet) agree(t *testing.T, p *person, talkers []*talker) {
	t.Helper()
	plain := func(log []chat.Event) []byte { // texts of a replay are those of now
		log = slices.Clone(log)
		for i := range log {
			log[i].Text, log[i].Mentions, log[i].EditedAt, log[i].DeletedAt = "", nil, 0, 0
		}
		b, _ := json.Marshal(log)
		return b
	}
	ids := map[string]bool{}
	for _, e := range talkers[0].log {
		if id := string(e.By) + " " + e.ClientID; e.ClientID != "" && ids[id] {
			t.Errorf("%s is there twice", id)
		} else {
			ids[id] = true
		}
	}
	texts := map[chat.Seq]string{} // as the pages have them
	for before, more := "", true; more; {
		var page struct {
			Messages   []chat.Message
			MoreBefore bool
		}
		f.must(200, p.Token, "GET", "/api/chats/"+string(talkers[0].chatID)+"/messages?limit=200"+before, nil, &page)
		for _, m := range page.Messages {
			texts[m.Seq] = m.Text
		}
		more = page.MoreBefore
		before = "&before=" + url.QueryEscape(fmt.Sprint(page.Messages[0].Seq))
	}
	for _, k := range talkers {
		if !bytes.Equal(plain(k.log), plain(talkers[0].log)) {
			t.Errorf("%s holds another log than ann", k.p.User.Handle)
		}
		mine := map[chat.Seq]string{}
		for _, e := range k.log {
			switch {
			case e.Kind == chat.Posted:
				mine[e.Seq] = e.Text
			case e.Kind == chat.Edited && e.Text != "":
				mine[e.Target] = e.Text
			case e.Kind == chat.Deleted:
				mine[e.Target] = ""
			}
		}
		for seq, text := range texts {
			if mine[seq] != text {
				t.Errorf("%s reads %q at %d, the history says %q", k.p.User.Handle, mine[seq], seq, text)
			}
		}
		if len(mine) != len(texts) {
			t.Errorf("%s holds %d messages, the history %d", k.p.User.Handle, len(mine), len(texts))
		}
	}
}
