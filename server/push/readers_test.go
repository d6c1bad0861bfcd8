package push

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"parley/chat"
)

// What a user reads anywhere closes the notifications of their devices, with one push for all
// that is read within a second, and none for devices that show nothing. Apple's must show
// each push: they get none.
func TestReadElsewhere(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		var code atomic.Int64 // of the push service
		code.Store(201)
		x.answer = func(*http.Request, string) (*http.Response, error) { return status(int(code.Load())), nil }
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		cleo, _ := x.user("cleo")
		x.host = "web.push.apple.com"
		dan, _ := x.user("dan")
		chats := []chat.ChatID{x.group(ann, bob, cleo, dan), x.group(ann, bob, cleo, dan), x.group(ann, bob, cleo, dan)}
		read := func(u chat.User, id chat.ChatID) {
			if _, _, err := x.store.MarkRead(t.Context(), id, u.ID, 1000); err != nil {
				t.Fatal(err)
			}
			x.Read(u.ID)
		}
		closes := func(device string) (n int) {
			for _, p := range x.of(device) {
				if p.header.Get("TTL") == "0" && p.header.Get("Topic") == "" {
					n++
				}
			}
			return n
		}
		for _, id := range chats {
			x.post(ann, id, "hello")
			time.Sleep(2 * time.Second)
		}
		if n := closes("bob") + closes("cleo") + closes("dan"); n != 0 {
			t.Fatalf("%d closing pushes were sent before a chat was read", n)
		}
		read(bob, chats[0])
		read(bob, chats[1])
		read(dan, chats[0])
		time.Sleep(2 * time.Second)
		if n := closes("bob"); n != 1 {
			t.Errorf("%d pushes close what bob has read", n)
		}
		code.Store(500)
		read(bob, chats[2])
		time.Sleep(time.Minute)
		if n := closes("bob"); n != 1 {
			t.Errorf("%d pushes, of which one failed", n)
		}
		code.Store(201)
		read(bob, chats[0]) // nothing new, and yet the one that failed is sent
		read(ann, chats[0])
		time.Sleep(time.Minute)
		read(bob, chats[0])
		time.Sleep(time.Minute)
		if bobs, others := closes("bob"), closes("ann")+closes("cleo")+closes("dan"); bobs != 1 || others != 0 {
			t.Errorf("%d pushes to bob and %d to others", bobs, others)
		}
		read(cleo, chats[0])
		code.Store(410)
		time.Sleep(2 * time.Second)
		if subscribed, err := x.store.PushTargets(t.Context(), chats[0]); closes("cleo") != 1 || err != nil || len(subscribed) != 3 {
			t.Errorf("after 410: %+v, %v", subscribed, err)
		}
	})
}
