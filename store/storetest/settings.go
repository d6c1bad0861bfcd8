package storetest

import (
	"context"
	"fmt"
	"testing"

	"parley/chat"
)

func ref[T any](v T) *T { return &v }

// mine tests a member's own settings of a chat.
func mine(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	c := group(t, s, "garden", ann, bob) // 1 and 2
	entry := func(u chat.User) chat.Chat {
		t.Helper()
		one, err := s.Chat(ctx, u.ID, c.ID)
		must(t, err)
		for _, l := range []chat.ChatList{{}, {Limit: 1, WithLast: 1}} {
			list, err := s.ChatsOf(ctx, u.ID, l)
			must(t, err)
			equal(t, "settings in the list", *list[0].Mine, *one.Mine)
			equal(t, "unread in the list", fmt.Sprint(list[0].Unread, list[0].Mentions), fmt.Sprint(one.Unread, one.Mentions))
		}
		wantUnread(t, s, u, map[chat.ChatID]int{c.ID: one.Unread})
		return one
	}
	patch := func(u chat.User, p chat.MinePatch, want chat.Mine) {
		t.Helper()
		got, err := s.PatchMine(ctx, c.ID, u.ID, p)
		must(t, err)
		equal(t, "settings", got, want)
		equal(t, "settings in the entry", *entry(u).Mine, want)
	}
	want := chat.Mine{Level: chat.LevelDefault}
	equal(t, "settings at first", *entry(bob).Mine, want)
	patch(bob, chat.MinePatch{}, want)
	want.Level = chat.LevelNone
	patch(bob, chat.MinePatch{Level: &want.Level}, want)
	want.MutedUntil, want.Starred = chat.MutedForEver, true
	patch(bob, chat.MinePatch{MutedUntil: &want.MutedUntil, Starred: &want.Starred}, want)
	want.MutedUntil = 1_800_000_000_000
	patch(bob, chat.MinePatch{MutedUntil: &want.MutedUntil}, want)
	want.Hidden = true
	patch(bob, chat.MinePatch{Hidden: &want.Hidden}, want)
	equal(t, "settings of another member", *entry(ann).Mine, chat.Mine{Level: chat.LevelDefault})

	title := "orchard"
	_, _, err := do(t, s, chat.Event{Kind: chat.Renamed, ChatID: c.ID, By: ann.ID, Title: &title}, chat.Rename) // 3
	must(t, err)
	equal(t, "hidden after another event than a post", *entry(bob).Mine, want)
	must(t, s.Close())
	s = open(t, dir)
	equal(t, "after a restart", *entry(bob).Mine, want)
	first := post(t, s, ann, c, "one") // 4
	want.Hidden = false
	equal(t, "hidden after a post", *entry(bob).Mine, want)
	patch(bob, chat.MinePatch{Hidden: ref(true)}, chat.Mine{Level: want.Level, MutedUntil: want.MutedUntil, Starred: true, Hidden: true})
	patch(bob, chat.MinePatch{Hidden: ref(false), Level: ref(chat.LevelDefault), MutedUntil: ref(int64(0)), Starred: ref(false)}, chat.Mine{Level: chat.LevelDefault})

	outer := t
	t.Run("unread again", func(t *testing.T) {
		sees := func(readUpTo, from chat.Seq, unread, mentions int) {
			t.Helper()
			c := entry(bob)
			equal(t, "(read up to, unread from, unread, mentions)", fmt.Sprint(c.ReadUpTo, c.Mine.UnreadFrom, c.Unread, c.Mentions), fmt.Sprint(readUpTo, from, unread, mentions))
		}
		mark := func(seq, at chat.Seq, moved bool) {
			t.Helper()
			gotAt, gotMoved, err := s.MarkRead(ctx, c.ID, bob.ID, seq)
			must(t, err)
			equal(t, "mark", fmt.Sprint(gotAt, gotMoved), fmt.Sprint(at, moved))
		}
		from := func(seq chat.Seq) {
			t.Helper()
			got, err := s.PatchMine(ctx, c.ID, bob.ID, chat.MinePatch{UnreadFrom: &seq})
			must(t, err)
			equal(t, "unread from", got.UnreadFrom, seq)
		}
		second := post(t, s, ann, c, "@bob two")  // 5
		third := post(t, s, ann, c, "@bob three") // 6
		sees(2, 0, 3, 2)
		mark(third, third, true)
		sees(third, 0, 0, 0)
		from(second)
		sees(third, second, 2, 2)
		mark(first, third, false)
		sees(third, second, 2, 2)
		_, _, err := do(t, s, targeting(chat.Deleted, ann, c, second, "", ""), chat.Delete) // 7
		must(t, err)
		sees(third, second, 1, 1)
		post(t, s, ann, c, "four") // 8
		sees(third, second, 2, 1)
		mark(second, third, true) // ends it, and the pointer stays
		sees(third, 0, 1, 0)
		from(1)
		sees(third, 1, 3, 1)
		mark(8, 8, true)
		sees(8, 0, 0, 0)
		from(7) // the number of an event that is not a message
		sees(8, 7, 1, 0)
		from(0)
		sees(8, 0, 0, 0)
		from(first)
		own := post(t, s, bob, c, "five") // 9: one's own post ends it
		sees(own, 0, 0, 0)
		from(first) // counts one's own, too
		sees(own, first, 4, 1)
		_, _, err = do(t, s, reacting(bob, c, first, "👍", true), chat.React) // 10: no post
		must(t, err)
		sees(own, first, 4, 1)
		must(t, s.Close())
		s = open(outer, dir)
		sees(own, first, 4, 1)
		_, err = s.PatchMine(ctx, c.ID, bob.ID, chat.MinePatch{UnreadFrom: ref(chat.Seq(11)), Starred: ref(true)})
		wantError(t, err, chat.BadInput, "unreadFrom")
		equal(t, "starred after a refusal", entry(bob).Mine.Starred, false)
	})

	t.Run("members only", func(t *testing.T) {
		_, err := s.PatchMine(ctx, c.ID, bob.ID, chat.MinePatch{Starred: ref(true)})
		must(t, err)
		cid := account(t, s, "cid")
		for _, id := range []chat.ChatID{c.ID, "nowhere"} {
			for _, p := range []chat.MinePatch{{}, {Starred: ref(true)}, {UnreadFrom: ref(chat.Seq(1))}, {UnreadFrom: ref(chat.Seq(1000))}} {
				_, err := s.PatchMine(ctx, id, cid.ID, p)
				wantError(t, err, chat.NotFound, "chatId")
			}
		}
		remove(t, s, ann, c, bob)
		_, err = s.PatchMine(ctx, c.ID, bob.ID, chat.MinePatch{Starred: ref(true)})
		wantError(t, err, chat.NotFound, "chatId")
		_, _, err = do(t, s, chat.Event{Kind: chat.Joined, ChatID: c.ID, By: ann.ID, Users: []chat.UserID{bob.ID}}, chat.Join)
		must(t, err)
		equal(t, "settings of who came again", *entry(bob).Mine, chat.Mine{Level: chat.LevelDefault})
	})
}

// ownSettings tests a user's own settings for all chats.
func ownSettings(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	has := func(u chat.User, want chat.Settings) {
		t.Helper()
		got, err := s.Settings(ctx, u.ID)
		must(t, err)
		equal(t, "settings", got, want)
	}
	patch := func(p chat.SettingsPatch, want chat.Settings) {
		t.Helper()
		got, err := s.PatchSettings(ctx, ann.ID, p)
		must(t, err)
		equal(t, "settings", got, want)
		has(ann, want)
	}
	want := chat.DefaultSettings()
	has(ann, want)
	patch(chat.SettingsPatch{}, want)
	want.Level = chat.LevelMentions
	patch(chat.SettingsPatch{Level: &want.Level}, want)
	want.QuietFrom, want.QuietTo, want.TimeZone, want.PushText = "22:00", "07:30", "Asia/Kathmandu", false
	patch(chat.SettingsPatch{QuietFrom: &want.QuietFrom, QuietTo: &want.QuietTo, TimeZone: &want.TimeZone, PushText: &want.PushText}, want)
	_, err := s.PatchSettings(ctx, ann.ID, chat.SettingsPatch{Level: ref(chat.LevelNone), QuietTo: ref("")})
	wantError(t, err, chat.BadInput, "settings.quietTo")
	has(ann, want)
	has(bob, chat.DefaultSettings())
	name := "Ann Lee"
	_, err = s.PatchUser(ctx, ann.ID, chat.UserPatch{Name: &name})
	must(t, err)
	must(t, s.Close())
	s = open(t, dir)
	has(ann, want)

	first, second := race(func(i int) error {
		p := []chat.SettingsPatch{{Level: ref(chat.LevelAll)}, {TimeZone: ref("UTC")}}[i]
		_, err := s.PatchSettings(ctx, ann.ID, p)
		return err
	})
	must(t, first)
	must(t, second)
	want.Level, want.TimeZone = chat.LevelAll, "UTC"
	has(ann, want)
	_, err = s.Settings(ctx, "nobody")
	wantError(t, err, chat.NotFound, "userId")
	_, err = s.PatchSettings(ctx, "nobody", chat.SettingsPatch{})
	wantError(t, err, chat.NotFound, "userId")
}
