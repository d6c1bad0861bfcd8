package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/wire"
)

// One replica dies after it wrote a message and before Ann heard so. She asks
// another one again, with the same clientId: it is the message that she sent.
// Bob is at a third replica and sees it once.
func TestAnAnswerIsLostWithItsReplica(t *testing.T) {
	f := openFleet(t, "")
	one, two, three := f.replicas[0], f.replicas[1], f.replicas[2]
	ann := one.owner("ann")
	general := one.chats(ann)[0].ID
	bob := three.line(one.guest(ann, general, "bob"))
	posts := "/api/chats/" + string(general) + "/messages"

	sent := make(chan struct{})
	go func() {
		defer close(sent)
		one.call(ann.Token, "POST", posts, map[string]any{"clientId": "once", "text": "hello"}, nil) // nobody reads the answer
	}()
	var there received
	bob.until(func(v received) bool { there = v; return v.ClientID == "once" })
	one.kill()
	<-sent

	var again struct{ Message chat.Message }
	two.must(200, ann.Token, "POST", posts, map[string]any{"clientId": "once", "text": "hello"}, &again)
	if again.Message.Seq != there.Seq {
		t.Errorf("the second try is message %d, the first was %d", again.Message.Seq, there.Seq)
	}
	two.must(201, ann.Token, "POST", posts, map[string]any{"clientId": "next", "text": "how are you"}, &again)
	for _, v := range bob.until(func(v received) bool { return v.ClientID == "next" }) {
		if v.Kind != "" {
			t.Errorf("bob saw a %s %d between", v.Kind, v.Seq)
		}
	}
}

// Bob reads at one replica. At another one Ann takes him out of the chat, and
// goes on: his own left is the last that he sees of it. Then Cleo, who reads
// there too, signs out at the third: her socket closes.
func TestSomebodyIsPutOutOnAnotherReplica(t *testing.T) {
	f := openFleet(t, "")
	one, two, three := f.replicas[0], f.replicas[1], f.replicas[2]
	ann := one.owner("ann")
	general := one.chats(ann)[0].ID
	path := "/api/chats/" + string(general)
	bobs, cleos := one.guest(ann, general, "bob"), one.guest(ann, general, "cleo")
	bob, cleo := two.line(bobs), two.line(cleos)

	one.must(201, ann.Token, "POST", path+"/messages", map[string]any{"clientId": "before", "text": "before"}, nil)
	bob.until(func(v received) bool { return v.ClientID == "before" })
	one.must(204, ann.Token, "DELETE", path+"/members/"+string(bobs.User.ID), map[string]any{}, nil)
	for i := range 20 {
		one.must(201, ann.Token, "POST", path+"/messages", map[string]any{"clientId": fmt.Sprint("after ", i), "text": "of bob"}, nil)
	}
	cleo.until(func(v received) bool { return v.ClientID == "after 19" }) // it passed his replica
	bob.say(wire.Command{ID: 9, Do: "ping"})
	left := false
	for _, v := range bob.until(func(v received) bool { return v.Re == 9 }) {
		if left && v.Kind != "" {
			t.Errorf("bob still hears %s %d", v.Kind, v.Seq)
		}
		left = left || v.Kind == chat.Left
	}
	if !left {
		t.Error("bob was not told that he is out")
	}
	three.must(404, bobs.Token, "GET", path+"/messages", nil, nil)

	began := time.Now()
	three.must(204, cleos.Token, "DELETE", "/api/sessions/current", nil, nil)
	cleo.closes(4501)
	t.Logf("the socket at another replica closed after %v", time.Since(began))
	if time.Since(began) > 5*time.Second { // a second is the promise, and this machine may be busy
		t.Error("that is too late")
	}
}

// A replica does not run for a while: whoever reads there gets what they missed.
// Then the oplog no longer knows where the replicas' streams were: all sockets
// close with "come back", and whoever comes back misses nothing either.
func TestAStreamStallsAndIsLost(t *testing.T) {
	f := openFleet(t, "")
	one, two := f.replicas[0], f.replicas[1]
	ann := one.owner("ann")
	general := one.chats(ann)[0].ID
	bob := one.guest(ann, general, "bob")
	var page struct {
		Epoch  string
		Events []chat.Event
	}
	one.must(200, bob.Token, "GET", "/api/chats/"+string(general)+"/events?after=0", nil, &page)
	k := &talker{h: two, p: bob, chatID: general, epoch: page.Epoch}
	reading := two.line(bob)
	say := func(n int) {
		for i := range n {
			one.must(201, ann.Token, "POST", "/api/chats/"+string(general)+"/messages",
				map[string]any{"clientId": fmt.Sprint(len(page.Events), "-", i), "text": "hello"}, nil)
			page.Events = append(page.Events, chat.Event{})
		}
	}
	hears := func() {
		t.Helper()
		if err := k.finish(reading.ctx, wire.MsgPack, len(page.Events)); err != nil {
			t.Fatal(err)
		}
	}
	say(3)
	hears()
	stopped := make(chan struct{})
	go func() { defer close(stopped); f.freeze(1) }()
	say(40)
	<-stopped
	missed := 0
	reading.until(func(v received) bool {
		if v.Kind == chat.Posted {
			missed++
		}
		return missed == 43
	})
	hears()

	f.db.Fail(t, mongotest.Fault{Commands: []string{"getMore"}, Times: 3, Code: 286, AppName: "parley feed"})
	say(1) // what waits in the streams is answered; then they ask again
	reading.closes(4003)
	say(5)
	for end := time.Now().Add(20 * time.Second); ; {
		if status, _ := two.get("/readyz"); status == 200 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the replica is not ready again\n%s", two.said())
		}
	}
	if !strings.Contains(two.said(), "feed") {
		t.Error("the log says nothing of the feed")
	}
	hears()
}

// Bob looks at a chat at one replica while Ann types at another, and comes and
// goes: signals cross, too.
func TestSignalsCrossReplicas(t *testing.T) {
	f := openFleet(t, "")
	one, two := f.replicas[0], f.replicas[1]
	ann := one.owner("ann")
	general := one.chats(ann)[0].ID
	bob := one.guest(ann, general, "bob")
	looking := two.line(bob)
	looking.say(wire.Command{ID: 3, Do: "focus", ChatIDs: []chat.ChatID{general}})
	looking.until(func(v received) bool { return v.Re == 3 })
	typing := one.line(ann)
	typing.say(wire.Command{ID: 3, Do: "typing", ChatID: general})
	seen := map[string]bool{}
	looking.until(func(v received) bool {
		if v.By == ann.User.ID {
			seen[v.Signal] = true
		}
		return seen["typing"] && seen["presence"]
	})
}
