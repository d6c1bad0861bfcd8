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

// Four clients post through the balancer: Ann and Bob over sockets (JSON and
// MessagePack), Cleo and Dan over HTTP. Meanwhile Ann edits, deletes and reacts,
// replicas are killed, stopped and started, MongoDB is killed and started and
// returns the errors of a primary that steps down. A client without an answer
// tries again. In the end all four have the same log: each text once, and no
// number is missing; and the messages in it are those of the history.
func TestReplicasWithFaults(t *testing.T) {
	c := newCluster(t, "haproxy.cfg")
	c.runBurst(t, 120,
		func() { c.replicas[0].kill(); c.replicas[0].start("--trusted-proxies", "127.0.0.1") },
		func() { c.db.Fail(t, mongotest.Fault{Commands: []string{"insert"}, Times: 6, Close: true}) },
		func() { c.pause(1) },
		func() { c.db.Fail(t, mongotest.Fault{Commands: []string{"commitTransaction"}, Times: 2, Code: 112}) },
		func() {
			c.db.Fail(t, mongotest.Fault{Commands: []string{"getMore"}, Times: 2, Code: 286, AppName: "parley feed"})
		},
		func() {
			c.db.Kill()
			if err := c.db.Restart(); err != nil {
				t.Error(err)
			}
		},
		func() { c.db.Fail(t, mongotest.Fault{Commands: []string{"insert"}, Times: 3, Code: 91}) },
		func() {
			c.db.Fail(t, mongotest.Fault{Commands: []string{"aggregate", "getMore"}, Times: 4, Code: 189, AppName: "parley feed"})
		},
		func() { c.replicas[2].stop(); c.replicas[2].start("--trusted-proxies", "127.0.0.1") },
		func() { c.db.Fail(t, mongotest.Fault{Commands: []string{"aggregate", "find"}, Times: 6, Close: true}) },
	)
}

// The same behind a sticky balancer, while each replica is killed once.
func TestReplicasBehindStickyBalancer(t *testing.T) {
	c := newCluster(t, "haproxy-sticky.cfg")
	c.runBurst(t, 40, func() { // all clients have one address, so one of these is the replica of all
		for _, s := range c.replicas {
			s.kill()
			s.start("--trusted-proxies", "127.0.0.1")
		}
	})
}

// runBurst runs four clients that post each texts, with the faults at intervals, and
// checks the logs of all in the end.
func (c *cluster) runBurst(t *testing.T, each int, faults ...func()) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	ann := c.createOwner("ann")
	general := c.listChats(ann)[0].ID
	accounts := []*account{ann, c.createUser(ann, general, "bob"), c.createUser(ann, general, "cleo"), c.createUser(ann, general, "dan")}
	path := "/api/chats/" + string(general)
	var first struct{ Message chat.Message }
	c.mustCall(201, ann.Token, "POST", path+"/messages", map[string]any{"clientId": "first", "text": "first"}, &first)
	var log struct{ Epoch string }
	c.mustCall(200, ann.Token, "GET", path+"/events?after=0", nil, &log)

	// During each fault, Ann makes four other events: an edit, a reaction, a message
	// and its deletion.
	const others = 4
	begin := int(first.Message.Seq)
	total := begin + len(accounts)*each + others*len(faults)
	clients, wait := c.startClients(ctx, accounts, general, log.Epoch, each, total)
	for i, fault := range faults {
		c.waitHead(ctx, ann, general, chat.Seq(begin+i*(total-begin)/(len(faults)+1)), 20*time.Second)
		var during sync.WaitGroup
		during.Go(fault)
		id := fmt.Sprint("during ", i)
		var posted struct{ Message chat.Message }
		act := func(method string, seq chat.Seq, suffix string, out any) {
			at := path + "/messages"
			if seq > 0 {
				at = fmt.Sprint(at, "/", seq, suffix)
			}
			in := map[string]any{"text": id, "clientId": id + " " + method}
			if method == "PUT" || method == "DELETE" {
				delete(in, "text")
			}
			if status := c.callUntilFinal(ctx, ann.Token, method, at, in, out); status/100 != 2 {
				t.Errorf("%s %s: %d", method, at, status)
			}
		}
		act("PATCH", first.Message.Seq, "", nil)
		act("PUT", first.Message.Seq, "/reactions/"+string(rune(0x1F600+i)), nil)
		act("POST", 0, "", &posted)
		act("DELETE", posted.Message.Seq, "", nil)
		during.Wait()
	}
	c.db.Heal(t)
	if err := wait(); err != nil {
		for _, s := range c.replicas {
			t.Log(s.logText())
		}
		t.Fatal(err)
	}
	c.checkLogs(t, ann, clients)
}

// checkLogs checks that all clients have the same log with each clientId once, and
// that the messages in it are those of the history.
func (c *cluster) checkLogs(t *testing.T, a *account, clients []*client) {
	t.Helper()
	withoutTexts := func(log []chat.Event) []byte { // a replay has the texts of now, not of then
		log = slices.Clone(log)
		for i := range log {
			log[i].Text, log[i].Mentions, log[i].EditedAt, log[i].DeletedAt = "", nil, 0, 0
		}
		b, _ := json.Marshal(log)
		return b
	}
	ids := map[string]bool{}
	for _, e := range clients[0].log {
		if id := string(e.By) + " " + e.ClientID; e.ClientID != "" && ids[id] {
			t.Errorf("%s is in the log twice", id)
		} else {
			ids[id] = true
		}
	}
	texts := map[chat.Seq]string{} // of the history
	for before, more := "", true; more; {
		var page struct {
			Messages   []chat.Message
			MoreBefore bool
		}
		c.mustCall(200, a.Token, "GET", "/api/chats/"+string(clients[0].chatID)+"/messages?limit=200"+before, nil, &page)
		for _, m := range page.Messages {
			texts[m.Seq] = m.Text
		}
		more = page.MoreBefore
		before = "&before=" + url.QueryEscape(fmt.Sprint(page.Messages[0].Seq))
	}
	for _, reader := range clients {
		if !bytes.Equal(withoutTexts(reader.log), withoutTexts(clients[0].log)) {
			t.Errorf("the log of %s differs from that of ann", reader.account.User.Handle)
		}
		own := map[chat.Seq]string{}
		for _, e := range reader.log {
			switch {
			case e.Kind == chat.Posted:
				own[e.Seq] = e.Text
			case e.Kind == chat.Edited && e.Text != "":
				own[e.Target] = e.Text
			case e.Kind == chat.Deleted:
				own[e.Target] = ""
			}
		}
		for seq, text := range texts {
			if own[seq] != text {
				t.Errorf("%s has %q at %d, the history has %q", reader.account.User.Handle, own[seq], seq, text)
			}
		}
		if len(own) != len(texts) {
			t.Errorf("%s has %d messages, the history has %d", reader.account.User.Handle, len(own), len(texts))
		}
	}
}
