package server

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"parley/chat"
	"parley/search"
	"parley/server/find"
)

// scan is the naive index: it reads all messages of the chats. Its cursor is the number of
// hits before.
func scan(store chat.Store) find.Index {
	return func(ctx context.Context, chats []chat.ChatID, q search.Query, limit int, cursor string) (hits []chat.MessagePlace, next string, indexedFrom int64, err error) {
		var found []chat.Message
		for _, id := range chats {
			for seen := chat.Seq(0); ; {
				events, _, err := store.After(ctx, "", id, seen, 1000, 1<<30)
				if err != nil {
					return nil, "", 0, err
				}
				if len(events) == 0 {
					break
				}
				for _, e := range events {
					m := chat.Message{ChatID: id, Seq: e.Seq, At: e.At, By: e.By, Text: e.Text, Mentions: e.Mentions, Files: e.Files}
					if seen = e.Seq; e.Kind == chat.Posted && q.Match(m) {
						found = append(found, m)
					}
				}
			}
		}
		slices.SortFunc(found, func(a, b chat.Message) int {
			return cmp.Or(cmp.Compare(b.At, a.At), cmp.Compare(b.ChatID, a.ChatID), cmp.Compare(b.Seq, a.Seq))
		})
		from := 0
		if cursor != "" {
			if _, err := fmt.Sscan(cursor, &from); err != nil || from < 0 || from > len(found) {
				return nil, "", 0, chat.FailField(chat.BadInput, "cursor", "cursor must be the next of an earlier page")
			}
		}
		for _, m := range found[from:min(from+limit, len(found))] {
			hits = append(hits, chat.MessagePlace{Chat: m.ChatID, Seq: m.Seq})
		}
		if from+limit < len(found) {
			next = fmt.Sprint(from + limit)
		}
		return hits, next, 0, nil
	}
}

// withScan searches by scan.
func withScan(c *Config) { c.find = scan(c.Store) }

// found is the answer to a search.
type found struct {
	find.Answer
	t testing.TB
}

// search makes a search; more are further parameters.
func (c *client) search(q string, more ...string) found {
	c.server.t.Helper()
	out := found{t: c.server.t}
	c.call("GET", searchPath(q, more...), nil).want(200).into(&out.Answer)
	return out
}

func searchPath(q string, more ...string) string {
	v := url.Values{"q": {q}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return "/api/search?" + v.Encode()
}

// show returns the snippets with highlights in brackets, newest first.
func (f found) show() string {
	var all []string
	for _, h := range f.Hits {
		units := utf16.Encode([]rune(h.Snippet))
		s, at := "", 0
		for _, x := range h.Highlights {
			s += string(utf16.Decode(units[at:x[0]])) + "[" + string(utf16.Decode(units[x[0]:x[0]+x[1]])) + "]"
			at = x[0] + x[1]
		}
		all = append(all, s+string(utf16.Decode(units[at:])))
	}
	return strings.Join(all, " | ")
}

func (f found) want(snippets string) found {
	f.t.Helper()
	if got := f.show(); got != snippets {
		f.t.Errorf("found %q, want %q", got, snippets)
	}
	return f
}

// The index finds what a scan of all messages finds.
func TestSearch(t *testing.T) {
	t.Run("index", func(t *testing.T) { testSearch(t, start(t)) })
	t.Run("scan", func(t *testing.T) { testSearch(t, start(t, withScan)) })
}

func testSearch(t *testing.T, x *testServer) {
	ann, bob := x.addUser("ann"), x.addUser("bob")
	group := ann.chat(chat.NewChat{Kind: chat.Group, Title: "Design review"}, bob)
	ann.post(group, "Hello world")
	ann.post(group, "明日は東京都で会議です 🎉 world")
	seq := bob.post(group, "hello Straße, see https://x.org @ann")
	ann.search("hello").want("[hello] Straße, see https://x.org @ann | [Hello] world")
	ann.search("HELLO wor").want("[Hello] [world]")
	ann.search(`"hello world"`).want("[Hello] [world]")
	ann.search("東京").want("明日は[東京]都で会議です 🎉 world")
	ann.search("東京 world").want("明日は[東京]都で会議です 🎉 [world]")
	ann.search("strasse").want("hello [Straße], see https://x.org @ann")
	ann.search("has:link").want("hello Straße, see https://x.org @ann")
	ann.search("hello from:@bob").want("[hello] Straße, see https://x.org @ann")
	ann.search("hello from:me").want("[Hello] world")
	ann.search("mentions:me").want("hello Straße, see https://x.org @ann")
	bob.search("mentions:me").want("")
	bob.search("mentions:@ann").want("hello Straße, see https://x.org @ann")
	ann.search(`world in:"design review"`).want("明日は東京都で会議です 🎉 [world] | Hello [world]")
	ann.search("world in:" + string(group)).want("明日は東京都で会議です 🎉 [world] | Hello [world]")
	ann.search("world on:today").want("明日は東京都で会議です 🎉 [world] | Hello [world]")
	ann.search("world before:yesterday").want("")
	ann.search("wo").want("")
	ann.search("wo", "chatId", string(group)).want("明日は東京都で会議です 🎉 [world] | Hello [world]")

	f := ann.search("straße")
	h := f.Hits[0]
	if h.ChatID != group || h.Message.Seq != seq || h.Message.By != bob.user.ID || h.Message.Text == "" {
		t.Errorf("hit %+v", h)
	}
	if len(f.Chats) != 1 || f.Chats[0].ID != group || f.Chats[0].Title != "Design review" || f.Chats[0].Role != chat.RoleAdmin {
		t.Errorf("chats %+v", f.Chats)
	}
	if len(f.Users) != 2 { // the author, and who is named
		t.Errorf("users %+v", f.Users)
	}
	// An edited and a deleted text are found no more.
	path := "/api/chats/" + string(group) + "/messages/" + fmt.Sprint(seq)
	bob.call("PATCH", path, m{"text": "now another text"}).want(200)
	ann.search("straße").want("")
	ann.search("another").want("now [another] text")
	bob.call("DELETE", path, nil).want(204)
	ann.search("another").want("")
	ann.msgpack = true
	ann.search("world", "limit", "1").want("明日は東京都で会議です 🎉 [world]")
}

func TestSearchPages(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	group := ann.group()
	for n := range 7 {
		ann.post(group, fmt.Sprint("word ", n))
	}
	var got []string
	for cursor := ""; ; {
		f := ann.search("word", "limit", "3", "cursor", cursor)
		for _, h := range f.Hits {
			got = append(got, h.Message.Text)
		}
		if cursor = f.Next; cursor == "" {
			break
		}
	}
	if strings.Join(got, " ") != "word 6 word 5 word 4 word 3 word 2 word 1 word 0" {
		t.Errorf("%q", got)
	}
}

// A user finds nothing of chats that they are not in, or are no longer in.
func TestSearchFindsOwnChatsAlone(t *testing.T) {
	x := start(t)
	ann, bob, eve := x.addUser("ann"), x.addUser("bob"), x.addUser("eve")
	group, open := ann.group(bob), ann.chat(chat.NewChat{Kind: chat.Group, Title: "Open secret", Open: true})
	ann.post(group, "the secret word")
	ann.post(open, "the secret of an open chat")
	bob.search("secret").want("the [secret] word")
	eve.search("secret").want("")
	if f := eve.search("secret"); len(f.Chats)+len(f.ByName.Chats)+len(f.Users)+len(f.ByName.Users) != 0 || f.Next != "" {
		t.Errorf("%+v", f.Answer)
	}
	eve.call("GET", searchPath("secret", "chatId", string(group)), nil).wantError(chat.NotFound, "chatId")
	eve.call("GET", searchPath("secret in:"+string(group)), nil).wantError(chat.BadInput, "q")
	bob.call("DELETE", "/api/chats/"+string(group)+"/members/me", nil).want(204)
	bob.search("secret").want("")
	bob.call("GET", searchPath("secret", "chatId", string(group)), nil).wantError(chat.NotFound, "chatId")
	x.anonymous().call("GET", searchPath("secret"), nil).wantError(chat.NoIdentity, "")
}

// The index may be behind: what it finds is read, and judged again.
func TestSearchReadsWhatTheIndexFinds(t *testing.T) {
	var hits []chat.MessagePlace
	x := start(t, func(c *Config) {
		c.find = func(context.Context, []chat.ChatID, search.Query, int, string) ([]chat.MessagePlace, string, int64, error) {
			return hits, "more", 1234, nil
		}
	})
	ann, bob := x.addUser("ann"), x.addUser("bob")
	group, foreign := ann.group(), bob.group()
	hits = []chat.MessagePlace{
		{Chat: group, Seq: ann.post(group, "a right word")},
		{Chat: group, Seq: ann.post(group, "a wrong one")},
		{Chat: foreign, Seq: bob.post(foreign, "a foreign right word")},
		{Chat: group, Seq: 1000},
		{Chat: "gone", Seq: 1},
	}
	deleted := ann.post(group, "a deleted right word")
	ann.call("DELETE", "/api/chats/"+string(group)+"/messages/"+fmt.Sprint(deleted), nil).want(204)
	hits = append(hits, chat.MessagePlace{Chat: group, Seq: deleted})
	if f := ann.search("right").want("a [right] word"); f.Next != "more" || f.IndexedFrom != 1234 {
		t.Errorf("%+v", f.Answer)
	}
}

// Chats and people are found by name, on the first page of all chats.
func TestSearchByName(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	group := ann.chat(chat.NewChat{Kind: chat.Group, Title: "Bobsleigh — 東京オフィス"})
	direct := ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	ann.post(direct, "a talk with somebody")
	f := ann.search("bob").want("")
	if len(f.ByName.Users) != 1 || f.ByName.Users[0] != bob.user.ID || len(f.ByName.Chats) != 1 || f.ByName.Chats[0] != group {
		t.Errorf("by name %+v", f.ByName)
	}
	if len(f.Users) != 1 || len(f.Chats) != 1 {
		t.Errorf("users %+v, chats %+v", f.Users, f.Chats)
	}
	if f := ann.search("オフィス"); len(f.ByName.Chats) != 1 {
		t.Errorf("by name %+v", f.ByName)
	}
	for _, f := range []found{ann.search("bob", "chatId", string(group)), ann.search("bob", "cursor", "1.1."+string(group)), ann.search("bob in:@bob"), ann.search("from:@bob")} {
		if len(f.ByName.Chats)+len(f.ByName.Users) != 0 {
			t.Errorf("by name %+v", f.ByName)
		}
	}
	ann.search("talk in:@bob").want("a [talk] with somebody")
	ann.search("talk in:" + string(direct) + " in:" + string(group)).want("a [talk] with somebody")
}

// Errors name the parameter, and what of q was not understood.
func TestSearchErrors(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	group := ann.group()
	ann.call("GET", "/api/search", nil).wantError(chat.BadInput, "q")
	for q, want := range map[string]string{
		"": "no word", "has:coffee": "has:", "from:@nobody x": "@nobody", "mentions:@nobody": "mentions:", "x in:nowhere": `"nowhere"`, "x before:soon": "before:", "in:@nobody x": "@nobody",
		"x in:@ann": "@ann",
	} {
		a := ann.call("GET", searchPath(q), nil).wantError(chat.BadInput, "q")
		if !strings.Contains(a.failure().Message, want) {
			t.Errorf("%q: %s", q, a.failure().Message)
		}
	}
	for _, c := range []struct{ name, value, field string }{
		{"limit", "0", "limit"}, {"limit", "51", "limit"}, {"limit", "x", "limit"}, {"cursor", "x", "cursor"}, {"chatId", "a b", "chatId"}, {"chatId", "", "chatId"},
		{"tz", "Mars/Olympus", "tz"}, {"tz", "../etc/passwd", "tz"}, {"tz", "Local", "tz"}, {"tz", strings.Repeat("x", 100), "tz"},
	} {
		ann.call("GET", searchPath("x", c.name, c.value), nil).wantError(chat.BadInput, c.field)
	}
	ann.call("GET", searchPath("x", "chatId", "unknownchatid000"), nil).wantError(chat.NotFound, "chatId")
	other := ann.chat(chat.NewChat{Kind: chat.Group, Title: "Other"})
	ann.call("GET", searchPath("x in:other", "chatId", string(group)), nil).wantError(chat.BadInput, "q")
	ann.search("x in:other", "chatId", string(other))
	ann.search("x on:today", "tz", "Europe/Berlin")
}

// A search costs more than other calls.
func TestSearchCost(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.User.N, c.Limits.User.Per = 12, 1e12 })
	ann := x.addUser("ann")
	for range 3 {
		ann.search("x")
	}
	ann.call("GET", searchPath("x"), nil).wantError(chat.RateLimited, "")
}
