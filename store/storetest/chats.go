package storetest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"parley/chat"
)

func chats(t *testing.T, open opener) {
	t.Run("make a group", func(t *testing.T) { groups(t, open) })
	t.Run("make a direct chat", func(t *testing.T) { directs(t, open) })
	t.Run("list", func(t *testing.T) { lists(t, open) })
	t.Run("members", func(t *testing.T) { members(t, open) })
}

func groups(t *testing.T, open opener) {
	ctx := context.Background()

	t.Run("its first events", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob, cid, dan := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid"), account(t, s, "dan")
		received := listen(t, s)
		n := newGroup("garden", ann, bob, ann, cid, bob) // each once, the maker not again
		n.Topic = "what grows"
		c, again, err := s.CreateChat(ctx, n)
		must(t, err)
		equal(t, "again", again, false)
		want := chat.Chat{ID: c.ID, Kind: chat.Group, Title: "garden", Topic: "what grows", Head: 2, MemberCount: 3, Activity: c.Activity, GroupMentions: chat.ByEveryone, Role: chat.RoleAdmin, ReadUpTo: 1, Mine: chat.Mine{}.OrDefaults()}
		equal(t, "as the maker sees it", c, want)

		var events []chat.Event
		for _, n := range received() {
			if n.Event != nil {
				events = append(events, *n.Event)
			}
		}
		joined := []chat.Event{
			{Kind: chat.Joined, ChatID: c.ID, Seq: 1, At: c.Activity, By: ann.ID, ClientID: "garden", Users: []chat.UserID{ann.ID}, Role: chat.RoleAdmin},
			{Kind: chat.Joined, ChatID: c.ID, Seq: 2, At: c.Activity, By: ann.ID, Users: []chat.UserID{bob.ID, cid.ID}, Role: chat.RoleMember},
		}
		if !reflect.DeepEqual(events, joined) {
			t.Fatalf("received %+v, want %+v", events, joined)
		}
		must(t, s.Close())
		s = open(t, dir)
		log, head, err := s.After(ctx, "", c.ID, 0, 10, 1<<20)
		must(t, err)
		equal(t, "head", head, 2)
		if !reflect.DeepEqual(log, joined) {
			t.Fatalf("log %+v, want %+v", log, joined)
		}
		want.Role, want.ReadUpTo = chat.RoleMember, 2
		got, err := s.Chat(ctx, cid.ID, c.ID)
		must(t, err)
		equal(t, "as a member sees it", got, want)
		_, err = s.Chat(ctx, dan.ID, c.ID)
		wantError(t, err, chat.NotFound)
		_, err = s.Chat(ctx, ann.ID, "nowhere")
		wantError(t, err, chat.NotFound)
		post(t, s, bob, c, "hello")
	})

	t.Run("an open group of one", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		n := newGroup("garden", ann)
		n.Open = true
		c, _, err := s.CreateChat(ctx, n)
		must(t, err)
		equal(t, "head", c.Head, 1)
		post(t, s, ann, c, "hello @bob")
		got, err := s.Chat(ctx, bob.ID, c.ID)
		must(t, err)
		equal(t, "as a stranger sees it", got, chat.Chat{ID: c.ID, Kind: chat.Group, Open: true, Title: "garden", Head: 2, MemberCount: 1, Activity: got.Activity, LastAt: got.Activity, GroupMentions: chat.ByEveryone})
	})

	t.Run("made once", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		var ids [2]chat.ChatID
		var again [2]bool
		first, second := race(func(i int) error {
			c, a, err := s.CreateChat(ctx, newGroup("garden", ann, bob))
			ids[i], again[i] = c.ID, a
			return err
		})
		must(t, first)
		must(t, second)
		if ids[0] != ids[1] || again[0] == again[1] {
			t.Fatalf("ids %v, again %v", ids, again)
		}
		off := false
		_, err := s.PatchUser(ctx, bob.ID, chat.UserPatch{Active: &off})
		must(t, err)
		retry := newGroup("garden", ann, bob) // bob is out by now; the answer stays
		retry.Title, retry.Topic = "another title", "another topic"
		c, known, err := s.CreateChat(ctx, retry)
		must(t, err)
		equal(t, "again", known, true)
		equal(t, "id", c.ID, ids[0])
		equal(t, "title and topic", c.Title+c.Topic, "garden")
		on := true
		_, err = s.PatchUser(ctx, bob.ID, chat.UserPatch{Active: &on})
		must(t, err)
		promote := draft(chat.RoleChanged, ann, c, "")
		promote.Users, promote.Role = []chat.UserID{bob.ID}, chat.RoleAdmin
		_, _, err = do(t, s, promote, chat.SetRole)
		must(t, err)
		remove(t, s, bob, c, ann)
		c, known, err = s.CreateChat(ctx, retry)
		must(t, err)
		equal(t, "again", known, true)
		equal(t, "after the maker was removed", c, chat.Chat{ID: ids[0], Kind: chat.Group})
		cid := account(t, s, "cid")
		other := group(t, s, "garden", cid) // a clientId is its author's
		if other.ID == c.ID {
			t.Fatal("another author's clientId opened the chat")
		}
	})

	t.Run("unknown members", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		off := false
		_, err := s.PatchUser(ctx, bob.ID, chat.UserPatch{Active: &off})
		must(t, err)
		for _, n := range []chat.NewChat{newGroup("g", ann, bob), newGroup("g", ann, chat.User{ID: "nobody"}), newGroup("g", ann, chat.User{}),
			{Kind: chat.Direct, By: ann.ID, ClientID: "d", Members: []chat.UserID{bob.ID}}} {
			_, _, err := s.CreateChat(ctx, n)
			wantError(t, err, chat.NotFound, "members")
		}
		many := newGroup("g", ann)
		for i := range chat.MaxJoinAtOnce + 1 {
			many.Members = append(many.Members, chat.UserID(fmt.Sprint("u", i)))
		}
		_, _, err = s.CreateChat(ctx, many)
		wantError(t, err, chat.BadInput, "members")
		ids, err := s.ChatIDs(ctx, ann.ID)
		must(t, err)
		sameIDs(t, ids)
		group(t, s, "g", ann) // what was refused left no clientId behind
	})
}

func directs(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
	direct := func(by chat.User, clientID string, others ...chat.User) (chat.Chat, bool, error) {
		n := newGroup(clientID, by, others...)
		n.Kind, n.Title = chat.Direct, ""
		return s.CreateChat(ctx, n)
	}
	for _, others := range [][]chat.User{nil, {ann}, {bob, cid}} {
		_, _, err := direct(ann, "d", others...)
		wantError(t, err, chat.BadInput, "members")
	}
	var made [2]chat.Chat
	var again [2]bool
	first, second := race(func(i int) (err error) {
		both := []chat.User{ann, bob}
		made[i], again[i], err = direct(both[i], "d", both[1-i])
		return err
	})
	must(t, first)
	must(t, second)
	if made[0].ID != made[1].ID || again[0] == again[1] {
		t.Fatalf("%+v, again %v", made, again)
	}
	c := made[0]
	equal(t, "as ann sees it", c, chat.Chat{ID: c.ID, Kind: chat.Direct, Head: 1, MemberCount: 2, Activity: c.Activity, GroupMentions: chat.ByEveryone, Role: chat.RoleMember, ReadUpTo: 1, With: bob.ID, Mine: chat.Mine{}.OrDefaults()})
	equal(t, "with", made[1].With, ann.ID)
	_, known, err := direct(ann, "another", bob)
	must(t, err)
	equal(t, "again", known, true)
	other, known, err := direct(cid, "d", bob)
	must(t, err)
	equal(t, "again", known, false)
	group(t, s, "not direct", ann, cid)

	must(t, s.Close())
	s = open(t, dir)
	for u, want := range map[chat.UserID][]chat.UserID{ann.ID: {bob.ID}, bob.ID: {ann.ID, cid.ID}, cid.ID: {bob.ID}, "nobody": nil} {
		chats, err := s.ChatsOf(ctx, u, chat.ChatList{})
		must(t, err)
		var with []chat.UserID
		for _, c := range chats {
			if c.With != "" {
				with = append(with, c.With)
			}
		}
		sameIDs(t, with, want...)
	}
	got, err := s.Chat(ctx, bob.ID, other.ID)
	must(t, err)
	equal(t, "with", got.With, cid.ID)
	log, _, err := s.After(ctx, "", c.ID, 0, 10, 1<<20)
	must(t, err)
	if len(log) != 1 || len(log[0].Users) != 2 || log[0].Role != chat.RoleMember {
		t.Fatalf("log %+v", log)
	}
	_, err = s.Chat(ctx, cid.ID, c.ID)
	wantError(t, err, chat.NotFound)
}

func lists(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	var made []chat.Chat
	for i := range 5 {
		n := newGroup(fmt.Sprint("g", i), ann)
		n.Open = i != 2
		if i < 3 {
			n.Members = []chat.UserID{bob.ID}
		}
		c, _, err := s.CreateChat(ctx, n)
		must(t, err)
		made = append(made, c)
	}
	last := post(t, s, ann, made[1], "newest")
	must(t, s.Close())
	s = open(t, dir)

	of := func(u chat.UserID, withLast int) []chat.Chat {
		t.Helper()
		list, err := s.ChatsOf(ctx, u, chat.ChatList{WithLast: withLast})
		must(t, err)
		if !slices.IsSortedFunc(list, func(a, b chat.Chat) int { return int(b.Activity - a.Activity) }) {
			t.Fatalf("not by activity: %+v", list)
		}
		return list
	}
	idsOf := func(list []chat.Chat) (ids []chat.ChatID) {
		for _, c := range list {
			ids = append(ids, c.ID)
		}
		return ids
	}
	sameIDs(t, idsOf(of(ann.ID, 0)), idsOf(made)...)
	sameIDs(t, idsOf(of(bob.ID, 0)), idsOf(made[:3])...)
	sameIDs(t, idsOf(of("nobody", 1)))
	ids, err := s.ChatIDs(ctx, bob.ID)
	must(t, err)
	sameIDs(t, ids, idsOf(made[:3])...)

	for withLast := range 6 {
		for i, c := range of(bob.ID, withLast) {
			one, err := s.Chat(ctx, bob.ID, c.ID)
			must(t, err)
			if i >= withLast {
				one.Last = nil
			}
			if !reflect.DeepEqual(c, one) {
				t.Fatalf("listed %+v, alone %+v", c, one)
			}
			if c.ID == made[1].ID && (i < withLast) != (c.Last != nil && c.Last.Seq == last && c.Last.Text == "newest") {
				t.Fatalf("place %d of %d with a last message: %+v", i, withLast, c.Last)
			}
		}
	}
	for u, all := range map[chat.UserID][]chat.Chat{ann.ID: of(ann.ID, 2), bob.ID: of(bob.ID, 2), "nobody": nil} {
		n, err := s.CountChats(ctx, u)
		must(t, err)
		equal(t, "count", n, len(all))
		for limit := range 7 {
			for from := range len(all) + 1 {
				l, want := chat.ChatList{Limit: limit, WithLast: max(0, 2-from)}, all[from:]
				if from > 0 {
					l.Below = chat.ChatPlace{Activity: all[from-1].Activity, ID: all[from-1].ID}
				}
				if limit > 0 {
					want = want[:min(limit, len(want))]
				}
				got, err := s.ChatsOf(ctx, u, l)
				must(t, err)
				if len(got) != len(want) || len(got) > 0 && !reflect.DeepEqual(got, want) {
					t.Fatalf("%+v: %+v, want %+v", l, got, want)
				}
			}
		}
	}
	unread := map[chat.ChatID]int{}
	for _, c := range of(bob.ID, 0) {
		unread[c.ID] = c.Unread
	}
	equal(t, "unread in one of them", unread[made[1].ID], 1)
	wantUnread(t, s, bob, unread)
	wantUnread(t, s, ann, map[chat.ChatID]int{})
	only := func(u chat.User, ids ...chat.ChatID) []chat.ChatID {
		t.Helper()
		list, err := s.ChatsOf(ctx, u.ID, chat.ChatList{Only: append([]chat.ChatID{}, ids...)})
		must(t, err)
		return idsOf(list)
	}
	sameIDs(t, only(bob))
	sameIDs(t, only(bob, made[0].ID, made[1].ID, made[4].ID, "unknown"), made[1].ID, made[0].ID) // 4: open, and he is not in it
	remove(t, s, ann, made[1], bob)
	sameIDs(t, idsOf(of(bob.ID, 0)), made[0].ID, made[2].ID)
	sameIDs(t, only(bob, made[0].ID, made[1].ID), made[0].ID)
	wantUnread(t, s, bob, map[chat.ChatID]int{})

	t.Run("open chats", func(t *testing.T) {
		want := []chat.ChatID{made[4].ID, made[3].ID, made[1].ID, made[0].ID} // not the closed one
		slices.Sort(want)                                                     // within a millisecond, ids fall as they like
		slices.Reverse(want)
		for limit := 1; limit <= 5; limit++ {
			var got []chat.ChatID
			for before := chat.ChatID(""); ; {
				page, err := s.OpenChats(ctx, bob.ID, before, limit)
				must(t, err)
				for _, c := range page {
					one, err := s.Chat(ctx, bob.ID, c.ID)
					must(t, err)
					one.Last = nil
					equal(t, "open chat", c, one)
				}
				got = append(got, idsOf(page)...)
				if len(page) < limit {
					break
				}
				before = page[len(page)-1].ID
			}
			if !slices.Equal(got, want) {
				t.Fatalf("limit %d: %v, want %v", limit, got, want)
			}
		}
	})
}

func members(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, cid, dan := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid"), account(t, s, "dan")
	c := group(t, s, "garden", ann, bob, cid)
	posted := post(t, s, bob, c, "mine") // posting moves one's own pointer
	want := []chat.Member{{UserID: ann.ID, Role: chat.RoleAdmin, ReadUpTo: 1}, {UserID: bob.ID, Role: chat.RoleMember, ReadUpTo: posted},
		{UserID: cid.ID, Role: chat.RoleMember, ReadUpTo: 2}}
	slices.SortFunc(want, func(a, b chat.Member) int {
		if a.UserID < b.UserID {
			return -1
		}
		return 1
	})
	for limit := 1; limit <= 4; limit++ {
		var got []chat.Member
		for after := chat.UserID(""); ; after = got[len(got)-1].UserID {
			page, err := s.Members(ctx, cid.ID, c.ID, after, limit)
			must(t, err)
			got = append(got, page...)
			if len(page) < limit {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("limit %d: %+v, want %+v", limit, got, want)
		}
	}
	_, err := s.Members(ctx, dan.ID, c.ID, "", 10)
	wantError(t, err, chat.NotFound)
	_, err = s.Members(ctx, ann.ID, "nowhere", "", 10)
	wantError(t, err, chat.NotFound)
	remove(t, s, ann, c, cid)
	_, err = s.Members(ctx, cid.ID, c.ID, "", 10)
	wantError(t, err, chat.NotFound)
	left, err := s.Members(ctx, ann.ID, c.ID, "", 10)
	must(t, err)
	equal(t, "members", len(left), 2)
}
