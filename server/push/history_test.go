package push

import (
	"slices"
	"testing"
	"time"

	"parley/chat"
)

// A push that closes notifications is sent once for each of them; a later one that shows something
// closes them again, since a device that was offline did not get the first.
func TestHistoryOfClosed(t *testing.T) {
	h := newHistory()
	d := &device{session: "phone", user: "bob", host: "push.example"}
	push := func(read []chat.ChatID, told ...chat.ChatID) {
		p := &preparedPush{read: read}
		for _, id := range told {
			p.told = append(p.told, news{chat: chat.Chat{ID: id}})
		}
		h.add(d, p)
	}
	want := func(all, toClose []chat.ChatID) {
		t.Helper()
		if got := h.chatsOf("phone", false); !slices.Equal(got, all) {
			t.Errorf("shown are %v, want %v", got, all)
		}
		if got := h.chatsOf("phone", true); !slices.Equal(got, toClose) {
			t.Errorf("to be closed are %v, want %v", got, toClose)
		}
		if got := len(h.showing("bob")); (got == 1) != (len(toClose) > 0) {
			t.Errorf("%d sessions show %v", got, toClose)
		}
	}
	want(nil, nil)
	push(nil, "garden", "kitchen")
	want([]chat.ChatID{"garden", "kitchen"}, []chat.ChatID{"garden", "kitchen"})
	h.closed("phone", []chat.ChatID{"garden", "cellar"})
	want([]chat.ChatID{"garden", "kitchen"}, []chat.ChatID{"kitchen"})
	h.closed("phone", []chat.ChatID{"kitchen"})
	want([]chat.ChatID{"garden", "kitchen"}, nil)
	push([]chat.ChatID{"kitchen"}, "garden")
	want([]chat.ChatID{"garden"}, []chat.ChatID{"garden"})
}

// Five pushes within a minute are sent one by one; a summary tells of the others, and further
// summaries follow at an interval. Pushes of a chat have one Topic, and summaries another.
func TestBurst(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		var chats []chat.ChatID
		for range 20 {
			chats = append(chats, x.group(ann, bob))
		}
		for i, id := range chats {
			x.post(ann, id, "hello")
			if i < burst {
				time.Sleep(2 * time.Second)
			}
		}
		time.Sleep(burstTime / 3)
		first := x.of("bob")
		if n := len(first) - burst; n < 1 || n > 2 || x.queued() != 0 { // the maker may find the others at two times
			t.Fatalf("%d pushes of %d chats, %d queued", len(first), len(chats), x.queued())
		}
		topics := map[string]int{}
		for _, p := range first {
			topics[p.header.Get("Topic")]++
			if p.header.Get("TTL") != "86400" {
				t.Errorf("TTL %s", p.header.Get("TTL"))
			}
		}
		summary := first[burst].header.Get("Topic")
		if len(topics) != burst+1 || topics[summary] != len(first)-burst {
			t.Errorf("topics %v", topics)
		}
		for i := range 100 { // 50 seconds
			x.post(ann, chats[i%len(chats)], "again")
			time.Sleep(burstTime / 120)
		}
		more := x.of("bob")
		summaries := slices.DeleteFunc(slices.Clone(more), func(p pushRequest) bool { return p.header.Get("Topic") != summary })
		if len(summaries) < 2 || len(more)-len(summaries) > burst {
			t.Errorf("%d pushes of 100 messages, %d of them summaries", len(more), len(summaries))
		}
		for _, gap := range gaps(summaries) {
			if gap < summaryEvery {
				t.Errorf("a summary came %v after another one", gap)
			}
		}
		time.Sleep(2 * burstTime)
		x.of("bob")
		for range 2 {
			x.post(ann, chats[3], "calm")
			time.Sleep(10 * time.Second)
		}
		calm := x.of("bob")
		if len(calm) != 2 || calm[0].header.Get("Topic") != calm[1].header.Get("Topic") || calm[0].header.Get("Topic") == summary || topics[calm[0].header.Get("Topic")] != 1 {
			t.Errorf("after the burst: %d pushes, topics %v", len(calm), topics)
		}
	})
}

// After a burst of others, direct messages and mentions are told at once, until they are too many
// themselves.
func TestUrgentPushesAfterABurst(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		loud := x.group(ann, bob)
		n := chat.NewChat{Kind: chat.Direct, By: ann.ID, ClientID: "direct", Members: []chat.UserID{bob.ID}}
		direct, _, err := x.store.CreateChat(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		noise := func(seconds int) {
			for range seconds {
				x.post(ann, loud, "noise")
				time.Sleep(time.Second)
			}
		}
		noise(53)
		urgent := func() (n int) {
			for _, p := range x.of("bob") {
				if p.header.Get("Urgency") == "high" && p.header.Get("Topic") != "" {
					n++
				}
			}
			return n
		}
		if n := urgent(); n != 0 {
			t.Fatalf("%d urgent pushes of noise", n)
		}
		for i := range 2 {
			if x.post(ann, direct.ID, "psst"); i == 1 {
				x.post(ann, loud, "@bob")
			}
			noise(2)
			if n := urgent(); n != i+1 {
				t.Errorf("%d pushes of direct messages and mentions in 2 seconds, want %d", n, i+1)
			}
		}
		several := 0
		for range 20 {
			x.post(ann, direct.ID, "psst")
			noise(2)
			several += urgent()
		}
		if several < 2+1 || several > 2+3 { // the rest of five, and summaries
			t.Errorf("%d urgent pushes of 20 direct messages in 40 seconds", several)
		}
		noise(30)
		time.Sleep(time.Minute)
		if n := x.queued(); n != 0 {
			t.Errorf("%d pushes are queued", n)
		}
	})
}
