package push

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
)

// A push starts as soon as its push service has room, and the queue is not read for it.
func TestManyDevicesOfOneService(t *testing.T) {
	const devices, answerTime = 20 * perHost, 100 * time.Millisecond
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		users := x.users(devices)
		id := x.group(ann, users...)
		x.answer = func(*http.Request, string) (*http.Response, error) {
			time.Sleep(answerTime)
			return status(201), nil
		}
		x.reads.Store(0)
		x.post(ann, id, "hello")
		const most = makeEvery + devices/perHost*(answerTime+startWait) + flushWait
		time.Sleep(most)
		x.mu.Lock()
		defer x.mu.Unlock()
		if len(x.got) != devices {
			t.Errorf("%d of %d pushes came within %v", len(x.got), devices, most)
		}
		if n := x.reads.Load(); n > 0 {
			t.Errorf("the queue was read %d times", n)
		}
	})
}

// While the outcomes of pushes cannot be saved, none is sent: it would be sent again. Then the
// others follow.
func TestOutcomesThatCannotBeSaved(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		cleo, _ := x.user("cleo")
		first, second := x.group(ann, bob), x.group(ann, bob, cleo)
		x.savesFail.Store(true)
		x.post(ann, first, "hello")
		time.Sleep(10 * time.Second)
		x.post(ann, second, "hello again")
		time.Sleep(time.Minute)
		if bobs, cleos := len(x.of("bob")), len(x.of("cleo")); bobs != 1 || cleos != 0 || x.queued() != 3 {
			t.Errorf("%d and %d pushes came, %d are queued", bobs, cleos, x.queued())
		}
		if n := x.failed.Load(); n < 60 || n > 75 {
			t.Errorf("saving was tried %d times in 70 seconds", n)
		}
		x.savesFail.Store(false)
		time.Sleep(10 * time.Second)
		if bobs, cleos := len(x.of("bob")), len(x.of("cleo")); bobs != 1 || cleos != 1 || x.queued() != 0 {
			t.Errorf("%d and %d further pushes came, %d are queued", bobs, cleos, x.queued())
		}
	})
}

// A message that comes while the push of an earlier one is sent is told of afterwards.
func TestMessageWhilePushIsSent(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		id := x.group(ann, bob)
		x.answer = func(*http.Request, string) (*http.Response, error) {
			time.Sleep(3 * time.Second)
			return status(201), nil
		}
		x.post(ann, id, "first")
		time.Sleep(time.Second)
		x.post(ann, id, "second")
		time.Sleep(10 * time.Second)
		if got := x.of("bob"); len(got) != 2 || x.queued() != 0 {
			t.Errorf("%d pushes came, %d are queued", len(got), x.queued())
		}
	})
}

// A user takes so many of the pushes that are sent at a time, over all push services.
func TestUserTakesTheirShare(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		for i := range 3 * perUser {
			session, err := x.store.CreateSession(t.Context(), bob.ID, chat.NewSession{TokenHash: chat.SecretHash(chat.NewSecret())})
			if err != nil {
				t.Fatal(err)
			}
			x.host = fmt.Sprint("push", i, ".example")
			x.subscribe(bob.ID, session.ID, fmt.Sprint("device", i))
		}
		id := x.group(ann, bob)
		var sending, most atomic.Int64
		x.answer = func(*http.Request, string) (*http.Response, error) {
			most.Store(max(most.Load(), sending.Add(1)))
			time.Sleep(time.Second)
			sending.Add(-1)
			return status(201), nil
		}
		x.post(ann, id, "hello")
		time.Sleep(time.Minute)
		if n := most.Load(); n != perUser || x.queued() != 0 {
			t.Errorf("%d pushes to a user at a time, %d are queued", n, x.queued())
		}
	})
}

// A push whose names cannot be read is not sent without them, but later.
func TestNamesThatCannotBeRead(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		id := x.group(ann, bob)
		x.namesFail.Store(true)
		x.post(ann, id, "hello")
		time.Sleep(10 * time.Second)
		if n := x.failed.Load(); len(x.of("bob")) != 0 || n < 8 || n > 12 || x.queued() != 1 {
			t.Errorf("a push was sent, or not tried each second: %d times, %d are queued", n, x.queued())
		}
		x.namesFail.Store(false)
		time.Sleep(5 * time.Second)
		if got := x.of("bob"); len(got) != 1 || got[0].header.Get("Topic") == "" || x.queued() != 0 {
			t.Errorf("%v came, %d are queued", got, x.queued())
		}
	})
}

// What the sender knows is what the store has, whatever is queued while pushes are sent.
func TestQueueIsThatOfTheStore(t *testing.T) {
	x := newTestPushes(t)
	ann, _ := x.user("ann")
	var users []chat.User
	for i := range 3 {
		u, _ := x.user(fmt.Sprint("user", i))
		users = append(users, u)
	}
	chats := []chat.ChatID{x.group(ann, users...), x.group(ann, users...)}
	random := rand.New(rand.NewPCG(1, 2))
	q := newQueue()
	var seq chat.Seq
	sending := map[*device][]chat.QueuedPush{}
	for range 2000 {
		switch random.IntN(4) {
		case 0:
			var pushes []chat.QueuedPush
			seq++
			for _, u := range users[random.IntN(3):] {
				pushes = append(pushes, chat.QueuedPush{User: u.ID, Seq: seq, Count: 1 + random.IntN(3), At: 1, Due: 1})
			}
			id := chats[random.IntN(2)]
			if err := q.put(func() ([]chat.QueuedPush, error) {
				queued, _, err := x.store.MakePushes(t.Context(), []chat.ChatPushes{{ChatID: id, After: seq - 1, Last: seq, Pushes: pushes}})
				return queued, err
			}); err != nil {
				t.Fatal(err)
			}
		case 1:
			q.addMade()
			got := map[string]int{}
			for _, d := range q.devices {
				for _, p := range d.pushes {
					got[fmt.Sprint(p.Session, p.ChatID, p.Seq, p.Tries)] += p.Count
				}
			}
			list, err := x.store.QueuedPushes(t.Context(), 100)
			want := map[string]int{}
			for _, p := range list {
				want[fmt.Sprint(p.Session, p.ChatID, p.Seq, p.Tries)] += p.Count
			}
			if err != nil || !maps.Equal(got, want) {
				t.Fatalf("known: %v, in the store: %v, %v", got, want, err)
			}
		case 2:
			for _, d := range q.devices {
				if !d.busy && len(d.pushes) > 0 {
					d.busy, sending[d] = true, slices.Clone(d.pushes)
					break
				}
			}
		case 3:
			for d, pushes := range sending {
				o := outcome{device: d}
				for _, p := range pushes {
					if random.IntN(3) > 0 {
						o.ended = append(o.ended, p)
					} else {
						p.Tries++
						o.again = append(o.again, p)
					}
				}
				if err := x.store.EndPushes(t.Context(), o.ended, o.again, nil); err != nil {
					t.Fatal(err)
				}
				q.end(o)
				delete(sending, d)
				break
			}
		}
	}
}

// Of a device that waits only urgent pushes are due, and those that have to wait are not.
func TestDeviceThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue()
		push := func(id chat.ChatID, urgent bool) chat.QueuedPush {
			return chat.QueuedPush{Session: "phone", ChatID: id, Due: time.Now().UnixMilli(), Urgent: urgent}
		}
		q.add(push("garden", false))
		d := q.devices[0]
		end := func(wait time.Duration) { q.end(outcome{device: d, tried: d.due(time.Now()), wait: wait}) }
		due := func(want ...chat.ChatID) {
			t.Helper()
			var got []chat.ChatID
			for _, p := range d.due(time.Now()) {
				got = append(got, p.ChatID)
			}
			if at, _ := d.dueAt(); !slices.Equal(got, want) || (len(want) > 0) == at.After(time.Now()) {
				t.Fatalf("due are %v, the first at %v; want %v", got, at, want)
			}
		}
		due("garden")
		end(10 * time.Second)
		due()
		q.add(push("direct", true))
		due("direct")
		end(9 * time.Second)
		due()
		q.add(push("garden", true))
		due("garden")
		q.end(outcome{device: d, wait: 9 * time.Second}) // queued while another one was tried
		due("garden")
		time.Sleep(9 * time.Second)
		due("garden", "direct")
	})
}

// Of a queue that is too long for the memory, urgent pushes are known at once, and others when it
// is read again.
func TestUrgentPushesOfALongQueue(t *testing.T) {
	q := newQueue()
	now := time.Now()
	q.partly, q.earliest, q.readAt = true, now.Add(time.Second), now.Add(time.Minute)
	if err := q.put(func() ([]chat.QueuedPush, error) {
		return []chat.QueuedPush{{Session: "phone", ChatID: "garden"}, {Session: "tablet", ChatID: "direct", Urgent: true}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	q.addMade()
	if len(q.devices) != 1 || q.devices[0].session != "tablet" || !q.devices[0].isUrgent(now) || q.readAt != q.earliest {
		t.Errorf("%d devices are known, read again in %v", len(q.devices), q.readAt.Sub(now))
	}
}
