package push

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"parley/chat"
)

// A direct message is told of at once while many other pushes wait for room at the same push service,
// whether its device waits among those or has nothing else to show.
func TestUrgentPushesDoNotWaitForOthers(t *testing.T) {
	const devices, answerTime = 800, 500 * time.Millisecond
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		users := x.users(devices)
		bob, _ := x.user("bob")
		everyone, withBob := x.group(ann, users...), x.direct(ann, bob)
		x.answer = func(*http.Request, string) (*http.Response, error) {
			time.Sleep(answerTime)
			return status(201), nil
		}
		x.post(ann, everyone, "hello")
		time.Sleep(makeEvery + time.Second)
		x.mu.Lock()
		told := map[string]bool{}
		for _, p := range x.got {
			told[p.device] = true
		}
		x.mu.Unlock()
		var waiting []chat.User
		for i, u := range users {
			if !told[fmt.Sprint("user", i)] {
				waiting = append(waiting, u)
			}
		}
		if len(waiting) < devices/2 {
			t.Fatalf("only %d devices wait", len(waiting))
		}
		last := waiting[len(waiting)-1]
		withLast := x.direct(ann, last)
		time.Sleep(time.Second)
		began := time.Since(x.began)
		x.post(ann, withBob, "psst")
		x.post(ann, withLast, "psst")
		time.Sleep(makeEvery + time.Second)
		for _, device := range []string{"bob", last.Name} {
			// A push of the group that is under way to the same device comes first.
			got := slices.DeleteFunc(x.of(device), func(p pushRequest) bool { return p.header.Get("Urgency") != "high" })
			if len(got) == 0 || got[0].at-began > makeEvery+answerTime+2*flushWait {
				t.Errorf("pushes to %s at %v, after a direct message was posted at %v", device, times(got), began)
			}
		}
		if n := x.queued(); n < devices/2 {
			t.Errorf("only %d other pushes wait", n)
		}
	})
}

// While a push service is kept busy by direct messages, others are told of, too.
func TestOtherPushesDoNotWaitForUrgentOnes(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		x.answer = func(*http.Request, string) (*http.Response, error) {
			time.Sleep(time.Second)
			return status(201), nil
		}
		group := x.group(ann, bob)
		for i := range 4 * perHost {
			u, _ := x.user(fmt.Sprint("user", i))
			x.post(ann, x.direct(ann, u), "psst")
		}
		time.Sleep(makeEvery)
		began := time.Since(x.began)
		x.post(ann, group, "hello")
		time.Sleep(time.Minute)
		if got := x.of("bob"); len(got) != 1 || got[0].at-began > 2*makeEvery || x.queued() != 0 {
			t.Errorf("pushes to bob at %v, after a message was posted at %v; %d are queued", times(got), began, x.queued())
		}
	})
}
