package push

import (
	"fmt"
	"testing"
	"time"

	"parley/chat"
)

// BenchmarkPush prepares and sends the push of one message to a member of ten chats.
func BenchmarkPush(b *testing.B) {
	x := newTestPushes(b)
	ann, _ := x.user("ann")
	bob, session := x.user("bob")
	var due []chat.QueuedPush
	for i := range 10 {
		id := x.group(ann, bob)
		x.post(ann, id, fmt.Sprint("message ", i))
		due = []chat.QueuedPush{{Session: session, User: bob.ID, ChatID: id, Seq: 3, Count: 1, At: time.Now().UnixMilli(), Due: 1}}
	}
	client, _, err := x.open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	s := newSender(x.Pushes, client)
	d := &device{session: session, user: bob.ID}
	b.ReportAllocs()
	for b.Loop() {
		s.history = newHistory()
		if o := s.send(b.Context(), d, due); len(o.ended) != 1 || o.last.Result != "accepted" {
			b.Fatalf("%+v", o)
		}
	}
}

// BenchmarkStart measures start with so many devices with pushes that are due, while their push
// service has no free place.
func BenchmarkStart(b *testing.B) {
	for _, n := range []int{3_000, maxRead} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := newTestPushes(b)
			s := newSender(x.Pushes, nil)
			for i := range n {
				s.queue.add(chat.QueuedPush{Session: chat.NewID[chat.SessionID](), User: chat.NewID[chat.UserID](), ChatID: chat.NewID[chat.ChatID](), Seq: chat.Seq(i), Due: 1, Endpoint: "https://push.example.com/1"})
			}
			s.others.ofHost["push.example.com"] = perHost
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				s.start(b.Context(), now)
			}
		})
	}
}
