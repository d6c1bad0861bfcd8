package storetest

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"testing"

	"parley/chat"
)

// subscribe gives the user a new session with a subscription, and returns it.
func subscribe(t testing.TB, s chat.Store, u chat.User, device string) chat.Subscription {
	t.Helper()
	session, err := s.CreateSession(context.Background(), u.ID, newSession(device))
	must(t, err)
	sub := chat.Subscription{Session: session.ID, User: u.ID, Endpoint: "https://push.example.com/" + device, P256dh: "key of " + device, Auth: "auth of " + device}
	must(t, s.Subscribe(context.Background(), sub))
	return sub
}

func subscriptions(t *testing.T, open opener) {
	ctx := context.Background()
	subscription := func(t testing.TB, s chat.Store, id chat.SessionID) (string, bool) {
		t.Helper()
		sub, ok, err := s.Subscription(ctx, id)
		must(t, err)
		return sub.Endpoint, ok
	}

	t.Run("a subscription belongs to one session", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		any := func(want bool) {
			t.Helper()
			got, err := s.AnySubscription(ctx)
			must(t, err)
			equal(t, "there is a subscription", got, want)
		}
		any(false)
		defer func() { any(false) }()
		phone := subscribe(t, s, ann, "phone")
		any(true)
		must(t, s.SavePushResult(ctx, phone.Session, chat.PushResult{At: 7, Result: "refused", Reason: "no"}))
		must(t, s.Subscribe(ctx, phone)) // the same again
		must(t, s.Close())
		s = open(t, dir)
		got, ok, err := s.Subscription(ctx, phone.Session)
		must(t, err)
		if !ok || !got.Same(phone) || got.Last == nil || *got.Last != (chat.PushResult{At: 7, Result: "refused", Reason: "no"}) {
			t.Fatalf("subscription %+v, %v", got, ok)
		}
		// The endpoint of another session, another user's: their browser has a new user.
		other, err := s.CreateSession(ctx, bob.ID, newSession("bob's"))
		must(t, err)
		moved := phone
		moved.Session, moved.User = other.ID, bob.ID
		must(t, s.Subscribe(ctx, moved))
		_, ok = subscription(t, s, phone.Session)
		equal(t, "the former session has it", ok, false)
		got, _, err = s.Subscription(ctx, other.ID)
		must(t, err)
		if got.Last != nil {
			t.Fatalf("the new one has a result: %+v", *got.Last)
		}
		renewed := moved
		renewed.Endpoint = "https://push.example.com/renewed"
		must(t, s.Subscribe(ctx, renewed))
		must(t, s.Unsubscribe(ctx, other.ID, phone.Endpoint)) // of one that was replaced
		endpoint, _ := subscription(t, s, other.ID)
		equal(t, "endpoint", endpoint, renewed.Endpoint)
		must(t, s.Unsubscribe(ctx, other.ID, ""))
		_, ok = subscription(t, s, other.ID)
		equal(t, "after the end", ok, false)
		must(t, s.SavePushResult(ctx, other.ID, chat.PushResult{At: 8, Result: "accepted"})) // too late
		wantError(t, s.Subscribe(ctx, chat.Subscription{Session: "never", User: ann.ID, Endpoint: "https://push.example.com/x"}), chat.NoIdentity)
		wrong := moved
		wrong.User = ann.ID
		wantError(t, s.Subscribe(ctx, wrong), chat.NoIdentity)
	})

	t.Run("what a device may show", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		phone, tablet, other := subscribe(t, s, ann, "phone"), subscribe(t, s, ann, "tablet"), subscribe(t, s, bob, "other")
		save := func(states map[chat.SessionID]chat.PushState) {
			t.Helper()
			must(t, s.EndPushes(ctx, nil, nil, states))
		}
		want := func(what string, last *chat.PushResult, shown map[chat.SessionID]chat.Shown) {
			t.Helper()
			list, err := s.ShowingSubscriptions(ctx, 10)
			must(t, err)
			equal(t, what+": showing", len(list), len(shown))
			for _, sub := range list {
				one, ok, err := s.Subscription(ctx, sub.Session)
				must(t, err)
				if !ok || !one.Same(sub) || !maps.Equal(sub.Shown, shown[sub.Session]) || !maps.Equal(one.Shown, sub.Shown) {
					t.Fatalf("%s: %+v and %+v, want %v", what, sub, one, shown[sub.Session])
				}
				if sub.Session == phone.Session && !reflect.DeepEqual(one.Last, last) {
					t.Fatalf("%s: the last result is %v, want %v", what, one.Last, last)
				}
			}
		}
		want("at first", nil, nil)
		first, second := chat.Shown{"garden": false, "a-b_C": true}, chat.Shown{"kitchen": false}
		save(map[chat.SessionID]chat.PushState{phone.Session: {Shown: first}, other.Session: {Shown: second}, "ended": {Shown: first}})
		want("saved", nil, map[chat.SessionID]chat.Shown{phone.Session: first, other.Session: second})
		some, err := s.ShowingSubscriptions(ctx, 1)
		must(t, err)
		equal(t, "at most one", len(some), 1)
		must(t, s.Close())
		s = open(t, dir)
		result := chat.PushResult{At: 7, Result: "accepted"}
		save(map[chat.SessionID]chat.PushState{phone.Session: {Last: &result}, other.Session: {Shown: chat.Shown{}}, tablet.Session: {Shown: second}})
		want("a result, and nothing", &result, map[chat.SessionID]chat.Shown{phone.Session: first, tablet.Session: second})
		save(map[chat.SessionID]chat.PushState{phone.Session: {Shown: second}})
		must(t, s.Subscribe(ctx, phone)) // the same again
		want("replaced", &result, map[chat.SessionID]chat.Shown{phone.Session: second, tablet.Session: second})
		result.At = 8
		must(t, s.SavePushResult(ctx, phone.Session, result))
		must(t, s.EndSession(ctx, ann.ID, tablet.Session))
		want("a session ended", &result, map[chat.SessionID]chat.Shown{phone.Session: second})
		phone.Endpoint += "/renewed"
		must(t, s.Subscribe(ctx, phone))
		want("renewed", nil, nil)
	})

	t.Run("it ends with its session", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann := account(t, s, "ann")
		c := group(t, s, "garden", ann)
		for i, end := range []func(sub chat.Subscription) error{
			func(sub chat.Subscription) error { return s.EndSession(ctx, ann.ID, sub.Session) },
			func(sub chat.Subscription) error { return s.EndOthers(ctx, ann.ID, "") },
			func(sub chat.Subscription) error {
				n := newSession("replacing")
				n.Replaces = sub.Session
				_, err := s.CreateSession(ctx, ann.ID, n)
				return err
			},
			func(sub chat.Subscription) error {
				hash := "another hash"
				_, err := s.PatchUser(ctx, ann.ID, chat.UserPatch{PasswordHash: &hash})
				return err
			},
		} {
			sub := subscribe(t, s, ann, fmt.Sprint("device ", i))
			makePushes(t, s, c, chat.Seq(i), chat.Seq(i+1), chat.QueuedPush{User: ann.ID, ChatID: c.ID, Seq: 1, Count: 1, At: 1, Due: 1})
			equal(t, "queued", len(queued(t, s, sub.Session)), 1)
			must(t, end(sub))
			_, ok := subscription(t, s, sub.Session)
			equal(t, fmt.Sprint("subscription after end ", i), ok, false)
			equal(t, fmt.Sprint("queued after end ", i), len(queued(t, s, sub.Session)), 0)
			n, _, err := s.CountPushes(ctx)
			must(t, err)
			equal(t, "pushes in the store", n, 0)
			must(t, s.Subscribe(ctx, subscribe(t, s, ann, fmt.Sprint("later ", i))))
			must(t, s.EndOthers(ctx, ann.ID, ""))
		}
	})
}
