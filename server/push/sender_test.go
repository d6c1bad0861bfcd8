package push

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
	"parley/internal/webpush"
)

// within asserts that times are as wanted, or by the time later that results are saved together.
func within(t *testing.T, what string, got []time.Duration, want ...time.Duration) {
	t.Helper()
	if len(got) < len(want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	for i := range want {
		if got[i] < want[i] || got[i] > want[i]+2*flushWait {
			t.Fatalf("%s: number %d is %v, want %v: %v", what, i, got[i], want[i], got)
		}
	}
}

// A push that fails is sent again after twice the time, at most an hour, for a day.
func TestBackOff(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, session := x.user("bob")
		id := x.group(ann, bob)
		x.answer = func(*http.Request, string) (*http.Response, error) { return status(503), nil }
		x.post(ann, id, "hello")
		time.Sleep(23 * time.Hour)
		if n := x.queued(); n != 1 {
			t.Errorf("%d pushes are queued after 23 hours", n)
		}
		if last, _ := x.last(session); last.Result != string(webpush.Failed) || last.Reason != "because" {
			t.Errorf("the result is %+v", last)
		}
		time.Sleep(4 * time.Hour)
		got := x.of("bob")
		want := []time.Duration{2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600}
		for i := range want {
			want[i] *= time.Second
		}
		within(t, "gaps", gaps(got), want...)
		if end := got[len(got)-1].at; end < dropAfter || end > dropAfter+retryMax+time.Second || x.queued() != 0 {
			t.Errorf("the last try was after %v, and %d pushes are queued", end, x.queued())
		}
	})
}

// The time that a push service asks for is waited, in seconds and as a date; less than the
// back-off is not.
func TestRetryAfter(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		id := x.group(ann, bob)
		asked := []func() string{
			func() string { return "7" },
			func() string { return time.Now().Add(90 * time.Second).UTC().Format(http.TimeFormat) },
			func() string { return "1" },      // 8 s of back-off
			func() string { return "999999" }, // an hour at most
			func() string { return time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat) },
			func() string { return "soon" },
		}
		var tries atomic.Int64
		x.answer = func(*http.Request, string) (*http.Response, error) {
			n := int(tries.Add(1)) - 1
			if n == len(asked) {
				return status(201), nil
			}
			return status([]int{429, 503}[n%2], "Retry-After", asked[n]()), nil
		}
		x.post(ann, id, "hello")
		time.Sleep(3 * time.Hour)
		got := gaps(x.of("bob"))
		if len(got) != len(asked) || x.queued() != 0 {
			t.Fatalf("%d times, %d queued", len(got), x.queued())
		}
		if got[1] > 89*time.Second { // a date has whole seconds
			got[1] = max(got[1], 90*time.Second)
		}
		within(t, "gaps", got, 7*time.Second, 90*time.Second, 8*time.Second, time.Hour, 32*time.Second, 64*time.Second)
	})
}

// What is posted in a chat while its pushes fail is one push, and one queued push.
func TestQueueIsBounded(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		id := x.group(ann, bob)
		var up atomic.Bool
		x.answer = func(*http.Request, string) (*http.Response, error) {
			if up.Load() {
				return status(201), nil
			}
			return status(500), nil
		}
		for i := range 200 {
			x.post(ann, id, fmt.Sprint("message ", i))
			time.Sleep(time.Second)
			if n := x.queued(); n > 1 {
				t.Fatalf("%d pushes are queued", n)
			}
		}
		queued, err := x.store.QueuedPushes(t.Context(), 10)
		if err != nil || len(queued) != 1 || queued[0].Count != 200 || queued[0].Seq < 200 {
			t.Errorf("queued: %+v, %v", queued, err)
		}
		x.of("bob")
		up.Store(true)
		time.Sleep(time.Hour)
		if got := x.of("bob"); len(got) != 1 || x.queued() != 0 {
			t.Errorf("%d pushes came, %d are queued", len(got), x.queued())
		}
	})
}

// 404 and 410 end a subscription. What else is refused is not sent again, and its reason is
// saved.
func TestRefused(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		codes := map[string]int{"gone404": 404, "gone410": 410, "refused403": 403, "refused400": 400, "refused413": 413, "refused302": 302}
		ann, _ := x.user("ann")
		var users []chat.User
		sessions := map[string]chat.SessionID{}
		for name := range codes {
			u, session := x.user(name)
			users, sessions[name] = append(users, u), session
		}
		id := x.group(ann, users...)
		x.answer = func(_ *http.Request, device string) (*http.Response, error) {
			return status(codes[device], "Location", "https://127.0.0.1/"), nil
		}
		x.post(ann, id, "hello")
		time.Sleep(time.Hour)
		for name, code := range codes {
			if got := x.of(name); len(got) != 1 {
				t.Errorf("%s: %d pushes", name, len(got))
			}
			last, ok := x.last(sessions[name])
			switch gone := code == 404 || code == 410; {
			case gone == ok:
				t.Errorf("%s: there is a subscription: %v", name, ok)
			case !gone && (last.Result != string(webpush.Refused) || last.Reason != "because"):
				t.Errorf("%s: %+v", name, last)
			}
		}
		if n := x.queued(); n != 0 {
			t.Errorf("%d pushes are queued", n)
		}
		x.post(ann, id, "to those that are left")
		time.Sleep(time.Hour)
		for name, code := range codes {
			if n := len(x.of(name)); (n == 0) != (code == 404 || code == 410) {
				t.Errorf("%s: %d further pushes", name, n)
			}
		}
	})
}

// endless is a body without an end.
type endless struct {
	wait time.Duration // before each byte
	read *atomic.Int64
	r    *http.Request
}

func (e endless) Read(b []byte) (int, error) {
	if e.wait == 0 {
		clear(b)
		e.read.Add(int64(len(b)))
		return len(b), nil
	}
	select {
	case <-time.After(e.wait):
		e.read.Add(1)
		b[0] = 'x'
		return 1, nil
	case <-e.r.Context().Done():
		return 0, e.r.Context().Err()
	}
}

// A push service that does not answer, or answers without an end, costs its own users a
// timeout, and others nothing.
func TestSlowPushServices(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(r *http.Request, read *atomic.Int64) (*http.Response, error)
		gap    time.Duration // between the first push and the next try; 0: there is none
	}{
		"no answer": {func(r *http.Request, _ *atomic.Int64) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, webpush.Timeout + retryMin},
		"a fast answer without an end": {func(r *http.Request, read *atomic.Int64) (*http.Response, error) {
			return &http.Response{StatusCode: 400, Body: io.NopCloser(endless{0, read, r})}, nil
		}, 0},
		"a slow answer without an end": {func(r *http.Request, read *atomic.Int64) (*http.Response, error) {
			return &http.Response{StatusCode: 500, Body: io.NopCloser(endless{time.Second, read, r})}, nil
		}, webpush.Timeout + retryMin},
		"a broken connection": {func(*http.Request, *atomic.Int64) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, retryMin},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(x *testPushes) {
				ann, _ := x.user("ann")
				bob, _ := x.user("bob")
				x.host = "slow.example"
				cleo, session := x.user("cleo")
				id := x.group(ann, bob, cleo)
				var read atomic.Int64
				x.answer = func(r *http.Request, device string) (*http.Response, error) {
					if device == "cleo" {
						return c.answer(r, &read)
					}
					return status(201), nil
				}
				began := time.Since(x.began)
				x.post(ann, id, "hello")
				time.Sleep(time.Second)
				x.post(ann, id, "hello again") // while the first one is being sent
				time.Sleep(time.Minute)
				bobs := x.of("bob")
				if len(bobs) != 2 || bobs[0].at-began > makeEvery+flushWait || bobs[1].at-began > time.Second+2*makeEvery+flushWait {
					t.Errorf("the pushes to another user: %v", bobs)
				}
				cleos := x.of("cleo")
				if c.gap == 0 {
					if last, _ := x.last(session); len(cleos) != 2 || last.Result != string(webpush.Refused) {
						t.Errorf("%d pushes, %+v", len(cleos), last)
					}
				} else {
					within(t, "gaps", gaps(cleos), c.gap)
				}
				if n := read.Load(); n > 16<<10 {
					t.Errorf("%d bytes of answers were read", n)
				}
			})
		})
	}
}

// A push service that hangs takes so many of the pushes that are sent at a time, and others are
// sent at once. When it answers again, all of its own are sent.
func TestHangingServiceTakesItsShare(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		ann, _ := x.user("ann")
		var users []chat.User
		for i := range 2 * workers {
			x.host = fmt.Sprint("hangs", i%2, ".example")
			u, _ := x.user(fmt.Sprint("slow", i))
			users = append(users, u)
		}
		x.host = "push.example"
		bob, _ := x.user("bob")
		id := x.group(ann, append(users, bob)...)
		var mu = make(chan struct{}, 1)
		sending, most := map[string]int{}, 0
		x.answer = func(r *http.Request, _ string) (*http.Response, error) {
			if r.URL.Host == "push.example" {
				return status(201), nil
			}
			mu <- struct{}{}
			sending[r.URL.Host]++
			most = max(most, sending[r.URL.Host])
			<-mu
			time.Sleep(webpush.Timeout / 2)
			mu <- struct{}{}
			sending[r.URL.Host]--
			<-mu
			return status(201), nil
		}
		began := time.Since(x.began)
		x.post(ann, id, "hello")
		time.Sleep(5 * time.Minute)
		if got := x.of("bob"); len(got) != 1 || got[0].at-began > makeEvery+2*busyWait+flushWait {
			t.Errorf("the push to another service: %v after the post", got[0].at-began)
		}
		if most != perHost {
			t.Errorf("%d pushes to a service at a time", most)
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		if n, _, _ := x.store.CountPushes(t.Context()); n != 0 || len(x.sent) != 2*workers+1 || slices.ContainsFunc(x.sent, func(s string) bool { return s != "accepted" }) {
			t.Errorf("%d are queued, %d were sent: %v", n, len(x.sent), x.sent)
		}
	})
}

// A push whose answer is under way when the server stops stays queued, for who runs next.
func TestStopKeepsWhatIsBeingSent(t *testing.T) {
	var x *testPushes
	dir := t.TempDir()
	inBubbleOn(t, dir, func(y *testPushes) {
		x = y
		ann, _ := x.user("ann")
		bob, _ := x.user("bob")
		id := x.group(ann, bob)
		x.answer = func(r *http.Request, _ string) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		x.post(ann, id, "hello")
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(x.of("bob")); n != 1 {
			t.Errorf("%d pushes came", n)
		}
	})
	if len(x.sent) != 0 {
		t.Errorf("results: %v", x.sent)
	}
	inBubbleOn(t, dir, func(x *testPushes) {
		time.Sleep(time.Minute)
		if got := x.of("bob"); len(got) != 1 || x.queued() != 0 {
			t.Errorf("%d pushes came after the start, %d are queued", len(got), x.queued())
		}
	})
}

// The first one who subscribes is not told of what was posted before.
func TestMessagesBeforeTheFirstSubscription(t *testing.T) {
	inBubble(t, func(x *testPushes) {
		account := func(name string) (chat.User, chat.SessionID) {
			u, session, err := x.store.CreateAccount(t.Context(), chat.NewAccount{Handle: name, Name: name, Session: chat.NewSession{TokenHash: chat.SecretHash(chat.NewSecret())}})
			if err != nil {
				t.Fatal(err)
			}
			return u, session.ID
		}
		ann, _ := account("ann")
		bob, session := account("bob")
		id := x.group(ann, bob)
		x.post(ann, id, "long ago")
		time.Sleep(20 * time.Minute)
		x.subscribe(bob.ID, session, "bob")
		time.Sleep(time.Minute)
		if got := x.of("bob"); len(got) != 0 {
			t.Errorf("%d pushes of an old message", len(got))
		}
		x.post(ann, id, "now")
		time.Sleep(time.Minute)
		if got := x.of("bob"); len(got) != 1 {
			t.Errorf("%d pushes of a new message", len(got))
		}
	})
}
