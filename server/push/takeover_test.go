package push

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
)

// holdOnce lets one more server hold the lease while f runs.
func (x *testPushes) holdOnce(f func()) {
	x.Pushes = New(x.Config)
	ctx, stop := context.WithCancel(x.t.Context())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		if err := x.Run(ctx); err != nil {
			x.t.Error(err)
		}
	}()
	defer func() { stop(); <-ran }()
	f()
}

// The server that takes over the lease closes notifications of pushes that its predecessor sent: of
// chats that were read in between, and of chats that are read later. A closing push is not repeated,
// and a server that is killed loses only what was not saved yet.
func TestShownAfterATakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTestPushes(t)
		ann, _ := x.user("ann")
		bob, phone := x.user("bob")
		a, b, c, d := x.group(ann, bob), x.group(ann, bob), x.group(ann, bob), x.group(ann, bob)
		read := func(id chat.ChatID) {
			if _, _, err := x.store.MarkRead(t.Context(), id, bob.ID, 1000); err != nil {
				t.Fatal(err)
			}
			x.Read(bob.ID)
		}
		want := func(what string, wantShowing, wantClosing int, wantShown chat.Shown) {
			t.Helper()
			showing, closing := 0, 0
			for _, p := range x.of("bob") {
				if p.header.Get("Topic") == "" {
					closing++
				} else {
					showing++
				}
			}
			sub, ok, err := x.store.Subscription(t.Context(), phone)
			if showing != wantShowing || closing != wantClosing || !maps.Equal(sub.Shown, wantShown) || !ok || err != nil {
				t.Errorf("%s: %d pushes that show, want %d; %d that close, want %d; shown are %v, want %v; %v", what, showing, wantShowing, closing, wantClosing, sub.Shown, wantShown, err)
			}
		}
		x.holdOnce(func() {
			x.post(ann, a, "hello")
			time.Sleep(2 * time.Second)
			x.post(ann, b, "hello")
			time.Sleep(2 * time.Second)
			x.savesFail.Store(true)
			x.post(ann, c, "hello")
			time.Sleep(2 * time.Second)
		})
		x.savesFail.Store(false)
		want("the first", 3, 0, chat.Shown{a: false, b: false})
		read(a)
		x.holdOnce(func() {
			time.Sleep(2 * time.Second)
			want("the second", 1, 0, chat.Shown{b: false, c: false}) // the push that was not saved comes again, and closes a
			read(b)
			time.Sleep(2 * time.Second)
			want("the second, after a read", 0, 1, chat.Shown{b: true, c: false})
		})
		x.holdOnce(func() {
			read(b)
			time.Sleep(time.Minute)
			want("the third", 0, 0, chat.Shown{b: true, c: false})
			x.post(ann, d, "hello")
			time.Sleep(2 * time.Second)
			want("the third, after a post", 1, 0, chat.Shown{c: false, d: false})
		})
		read(c)
		read(d)
		x.holdOnce(func() {
			time.Sleep(2 * time.Second)
			want("the fourth", 0, 1, chat.Shown{c: true, d: true})
		})
	})
}

// What devices may show is read before anything is sent, also if the store fails at first.
func TestShownThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTestPushes(t)
		ann, _ := x.user("ann")
		bob, phone := x.user("bob")
		a, b := x.group(ann, bob), x.group(ann, bob)
		x.holdOnce(func() {
			x.post(ann, a, "hello")
			time.Sleep(2 * time.Second)
		})
		x.showingFail.Store(true)
		x.holdOnce(func() {
			x.post(ann, b, "hello")
			time.Sleep(10 * time.Second)
			if got, n := x.of("bob"), x.failed.Load(); len(got) != 1 || n < 8 || n > 12 {
				t.Errorf("%d pushes came, reading was tried %d times in 10 s", len(got), n)
			}
			x.showingFail.Store(false)
			time.Sleep(2 * time.Second)
			sub, _, err := x.store.Subscription(t.Context(), phone)
			if got, want := x.of("bob"), (chat.Shown{a: false, b: false}); len(got) != 1 || !maps.Equal(sub.Shown, want) || err != nil {
				t.Errorf("%d pushes came, shown are %v, %v", len(got), sub.Shown, err)
			}
		})
	})
}
