package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/chat"
)

// queued returns the queued pushes in order of session, as "chat seq xcount".
func queued(t testing.TB, s chat.Store, id chat.SessionID) (list []string) {
	t.Helper()
	all, err := s.QueuedPushes(context.Background(), 100)
	must(t, err)
	for _, q := range all {
		if q.Session == id {
			list = append(list, fmt.Sprintf("%s %d x%d", q.ChatID, q.Seq, q.Count))
		}
	}
	slices.Sort(list)
	return list
}

// makePushes makes pushes of a chat's messages, and reports whether it did.
func makePushes(t testing.TB, s chat.Store, c chat.Chat, after, last chat.Seq, pushes ...chat.QueuedPush) bool {
	t.Helper()
	_, made, err := s.MakePushes(context.Background(), []chat.ChatPushes{{ChatID: c.ID, After: after, Last: last, Pushes: pushes}})
	must(t, err)
	return made
}

func pushes(t *testing.T, open opener) {
	ctx := context.Background()
	t.Run("the key is made once", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		must(t, s.SavePushed(ctx, 1)) // it saves progress beside the key
		first, err := s.PushKey(ctx, []byte{1, 2, 3})
		must(t, err)
		again, err := s.PushKey(ctx, []byte{4})
		must(t, err)
		must(t, s.Close())
		later, err := open(t, dir).PushKey(ctx, []byte{5})
		must(t, err)
		if want := []byte{1, 2, 3}; !bytes.Equal(first, want) || !bytes.Equal(again, want) || !bytes.Equal(later, want) {
			t.Fatalf("keys %v, %v, %v", first, again, later)
		}
	})

	t.Run("targets", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
		c := group(t, s, "garden", ann, bob, cid)
		hello := post(t, s, ann, c, "hello")
		subscribe(t, s, ann, "phone")
		subscribe(t, s, ann, "tablet")
		subscribe(t, s, bob, "bob's")
		gone := subscribe(t, s, cid, "cid's")
		must(t, s.EndSession(ctx, cid.ID, gone.Session))
		level, until, quiet := chat.LevelMentions, int64(chat.MutedForEver), "22:00"
		to, zone := "07:00", "Europe/Berlin"
		_, err := s.PatchMine(ctx, c.ID, bob.ID, chat.MinePatch{Level: &level, MutedUntil: &until})
		must(t, err)
		_, err = s.PatchSettings(ctx, bob.ID, chat.SettingsPatch{QuietFrom: &quiet, QuietTo: &to, TimeZone: &zone})
		must(t, err)
		targets, err := s.PushTargets(ctx, c.ID)
		must(t, err)
		byUser := func(a, b chat.PushTarget) int { return strings.Compare(string(a.User), string(b.User)) }
		slices.SortFunc(targets, byUser)
		want := []chat.PushTarget{
			{User: ann.ID, Mine: chat.Mine{Level: chat.LevelDefault}, Settings: chat.DefaultSettings(), ReadUpTo: hello},
			{User: bob.ID, Mine: chat.Mine{Level: level, MutedUntil: until}, ReadUpTo: hello - 1,
				Settings: chat.Settings{Level: chat.LevelAll, QuietFrom: quiet, QuietTo: to, TimeZone: zone, PushText: true}},
		}
		slices.SortFunc(want, byUser)
		if !slices.Equal(targets, want) {
			t.Fatalf("targets\n%+v, want\n%+v", targets, want)
		}
		remove(t, s, ann, c, bob)
		targets, err = s.PushTargets(ctx, c.ID)
		must(t, err)
		equal(t, "targets after a removal", len(targets), 1)
		none, err := s.PushTargets(ctx, "no chat")
		must(t, err)
		equal(t, "targets of no chat", len(none), 0)
	})

	t.Run("a later message replaces a queued push", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		c, d := group(t, s, "garden", ann, bob), group(t, s, "kitchen", ann, bob)
		phone, tablet := subscribe(t, s, bob, "phone"), subscribe(t, s, bob, "tablet")
		push := func(c chat.Chat, seq chat.Seq, count int, due int64) chat.QueuedPush {
			return chat.QueuedPush{User: bob.ID, ChatID: c.ID, Seq: seq, Count: count, At: 100 + int64(seq), Due: due}
		}
		urgent := push(d, 2, 1, 400)
		urgent.Urgent = true
		got, every, err := s.MakePushes(ctx, []chat.ChatPushes{
			{ChatID: c.ID, After: 3, Last: 4, Pushes: []chat.QueuedPush{{User: ann.ID, ChatID: c.ID, Seq: 4, Count: 1}, push(c, 4, 1, 500)}},
			{ChatID: d.ID, After: 1, Last: 2, Pushes: []chat.QueuedPush{urgent}},
			{ChatID: c.ID, After: 4, Last: 5},
			{ChatID: c.ID, After: 5, Last: 6, Pushes: []chat.QueuedPush{push(c, 6, 2, 900)}},
		})
		must(t, err)
		var made []chat.QueuedPush
		for _, q := range []chat.QueuedPush{push(c, 4, 1, 500), urgent, push(c, 6, 2, 900)} {
			for _, sub := range []chat.Subscription{phone, tablet} {
				q.Session, q.Endpoint = sub.Session, sub.Endpoint
				made = append(made, q)
			}
		}
		order := func(a, b chat.QueuedPush) int {
			return strings.Compare(string(a.Session)+fmt.Sprint(a.Due), string(b.Session)+fmt.Sprint(b.Due))
		}
		slices.SortFunc(got, order)
		slices.SortFunc(made, order)
		if !every || !slices.Equal(got, made) {
			t.Fatalf("made %v: %+v, want %+v", every, got, made)
		}
		must(t, s.Close())
		s = open(t, dir)
		want := []string{fmt.Sprint(c.ID, " 6 x3"), fmt.Sprint(d.ID, " 2 x1")}
		slices.Sort(want)
		for _, id := range []chat.SessionID{phone.Session, tablet.Session} {
			if got := queued(t, s, id); !slices.Equal(got, want) {
				t.Fatalf("queued %v, want %v", got, want)
			}
		}
		first, err := s.QueuedPushes(ctx, 2)
		must(t, err)
		if len(first) != 2 || first[0].ChatID != d.ID || first[1].ChatID != d.ID || first[0].Due != 400 || first[0].At != 102 || first[0].Tries != 0 || first[0].User != bob.ID || first[0].Endpoint == first[1].Endpoint {
			t.Fatalf("the first are %+v", first)
		}
		n, oldest, err := s.CountPushes(ctx)
		must(t, err)
		equal(t, "queued", n, 4)
		equal(t, "since", oldest, 102)

		all, err := s.QueuedPushes(ctx, 100)
		must(t, err)
		var ended, again []chat.QueuedPush
		for _, q := range all {
			switch {
			case q.Session == tablet.Session:
				ended = append(ended, q)
			case q.Endpoint != phone.Endpoint:
				t.Fatalf("the endpoint is %q, not %q", q.Endpoint, phone.Endpoint)
			case q.ChatID == d.ID:
				q.Due, q.Tries = 5000, 1
				again = append(again, q)
			}
		}
		makePushes(t, s, d, 2, 9, push(d, 9, 4, 1)) // while the first ones are sent
		result := chat.PushResult{At: 9, Result: "failed", Reason: "busy"}
		must(t, s.EndPushes(ctx, ended, again, map[chat.SessionID]chat.PushState{phone.Session: {Last: &result}, "ended": {Last: &result}})) // one of the sessions is gone
		sub, _, err := s.Subscription(ctx, phone.Session)
		must(t, err)
		if sub.Last == nil || *sub.Last != result {
			t.Fatalf("the last result is %v", sub.Last)
		}
		if got, want := queued(t, s, tablet.Session), []string{fmt.Sprint(d.ID, " 9 x4")}; !slices.Equal(got, want) {
			t.Fatalf("queued for the tablet: %v, want %v", got, want)
		}
		all, err = s.QueuedPushes(ctx, 100)
		must(t, err)
		last := all[len(all)-1]
		if last.Session != phone.Session || last.ChatID != d.ID || last.Seq != 9 || last.Count != 5 || last.Due != 5000 || last.Tries != 1 {
			t.Fatalf("the failed one is %+v", last)
		}
	})

	t.Run("urgent pushes come first", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		c, d := group(t, s, "garden", ann, bob), group(t, s, "kitchen", ann, bob)
		subscribe(t, s, bob, "phone")
		seq := chat.Seq(0)
		push := func(c chat.Chat, due int64, urgent bool) {
			t.Helper()
			seq++
			makePushes(t, s, c, seq-1, seq, chat.QueuedPush{User: bob.ID, ChatID: c.ID, Seq: seq, Count: 1, At: 1, Due: due, Urgent: urgent})
		}
		want := func(what string, want ...chat.ChatID) {
			t.Helper()
			all, err := s.QueuedPushes(ctx, 10)
			must(t, err)
			var got []chat.ChatID
			for _, q := range all {
				if q.Urgent {
					got = append(got, "urgent")
				}
				got = append(got, q.ChatID)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
		}
		push(c, 1, false)
		push(d, 2, true)
		want("one is urgent", "urgent", d.ID, c.ID)
		push(d, 3, false)
		want("a later one is not urgent", "urgent", d.ID, c.ID)
		must(t, s.Close())
		s = open(t, dir)
		push(c, 4, true)
		want("both are urgent", "urgent", c.ID, "urgent", d.ID)
		all, err := s.QueuedPushes(ctx, 10)
		must(t, err)
		all[0].Tries, all[0].Due = 1, 0
		must(t, s.EndPushes(ctx, nil, all[:1], nil))
		want("one failed", "urgent", d.ID, c.ID)
	})

	t.Run("two processes make no push twice", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		c := group(t, s, "garden", ann, bob)
		phone := subscribe(t, s, bob, "phone")
		push := func(seq chat.Seq, count int) chat.QueuedPush {
			return chat.QueuedPush{User: bob.ID, ChatID: c.ID, Seq: seq, Count: count, At: 1, Due: 1}
		}
		equal(t, "the first made them", makePushes(t, s, c, 2, 5, push(5, 3)), true)
		equal(t, "one that was stopped made them", makePushes(t, s, c, 2, 4, push(4, 2)), false)
		equal(t, "one that was stopped made some", makePushes(t, s, c, 2, 6, push(6, 4)), false)
		other := group(t, s, "kitchen", ann, bob)
		one := chat.QueuedPush{User: bob.ID, ChatID: other.ID, Seq: 3, Count: 1, At: 1, Due: 1}
		got, all, err := s.MakePushes(ctx, []chat.ChatPushes{{ChatID: c.ID, After: 2, Last: 6, Pushes: []chat.QueuedPush{push(6, 4)}}, {ChatID: other.ID, After: 2, Last: 3, Pushes: []chat.QueuedPush{one}}})
		one.Session, one.Endpoint = phone.Session, phone.Endpoint
		if err != nil || all || !slices.Equal(got, []chat.QueuedPush{one}) {
			t.Fatalf("of two chats, one was made before: %+v, %v, %v", got, all, err)
		}
		must(t, s.EndPushes(ctx, got, nil, nil))
		if got, want := queued(t, s, phone.Session), []string{fmt.Sprint(c.ID, " 5 x3")}; !slices.Equal(got, want) {
			t.Fatalf("queued %v, want %v", got, want)
		}
		equal(t, "from there on", makePushes(t, s, c, 5, 6, push(6, 1)), true)
		if got, want := queued(t, s, phone.Session), []string{fmt.Sprint(c.ID, " 6 x4")}; !slices.Equal(got, want) {
			t.Fatalf("queued %v, want %v", got, want)
		}
		// Both at the same time.
		made := make(chan bool)
		for range 2 {
			go func() {
				_, ok, err := s.MakePushes(ctx, []chat.ChatPushes{{ChatID: c.ID, After: 6, Last: 7, Pushes: []chat.QueuedPush{push(7, 1)}}})
				if err != nil {
					t.Error(err)
				}
				made <- ok
			}()
		}
		if one, other := <-made, <-made; one == other {
			t.Fatalf("both made them: %v", one)
		}
		if got, want := queued(t, s, phone.Session), []string{fmt.Sprint(c.ID, " 7 x5")}; !slices.Equal(got, want) {
			t.Fatalf("queued %v, want %v", got, want)
		}
	})

	t.Run("progress", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		c, d, e, empty := group(t, s, "garden", ann, bob), group(t, s, "kitchen", ann, bob), group(t, s, "cellar", ann, bob), group(t, s, "empty", ann, bob)
		var first chat.Seq // the same in each
		for _, x := range []chat.Chat{c, d, e} {
			first = post(t, s, ann, x, "first in "+x.Title)
		}
		unmade := func() (list []chat.PushedTo) {
			t.Helper()
			for after := chat.ChatID(""); ; {
				chats, last, err := s.UnmadePushes(ctx, after, 3)
				must(t, err)
				list = append(list, chats...)
				if after = last; after == "" {
					return list
				}
			}
		}
		want := func(what string, want ...chat.PushedTo) {
			t.Helper()
			slices.SortFunc(want, func(a, b chat.PushedTo) int { return strings.Compare(string(a.ChatID), string(b.ChatID)) })
			if got := unmade(); !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
		}
		want("at first", chat.PushedTo{ChatID: c.ID}, chat.PushedTo{ChatID: d.ID}, chat.PushedTo{ChatID: e.ID})
		makePushes(t, s, c, 0, first)
		want("after one chat", chat.PushedTo{ChatID: d.ID}, chat.PushedTo{ChatID: e.ID})
		second := post(t, s, ann, c, "second")
		third := post(t, s, ann, d, "third")
		last, err := s.Message(ctx, ann.ID, d.ID, third)
		must(t, err)
		before, err := s.Message(ctx, ann.ID, d.ID, first)
		must(t, err)
		must(t, s.Close())
		s = open(t, dir)
		want("after another post", chat.PushedTo{ChatID: c.ID, Seq: second - 1}, chat.PushedTo{ChatID: d.ID}, chat.PushedTo{ChatID: e.ID})
		if before.At < last.At {
			must(t, s.SavePushed(ctx, last.At))
			if got := unmade(); !slices.Contains(got, chat.PushedTo{ChatID: d.ID, Seq: first}) {
				t.Fatalf("after a time between two posts: %v", got)
			}
		}
		must(t, s.SavePushed(ctx, last.At+1))
		want("after all")
		must(t, s.SavePushed(ctx, last.At-1000))
		want("after an earlier time")
		makePushes(t, s, d, first, third)
		equal(t, "made again", makePushes(t, s, d, 0, first), false) // never back
		for _, x := range unmade() {
			if x.ChatID == d.ID || x.ChatID == empty.ID {
				t.Fatalf("%v has none", x)
			}
		}
	})
}
