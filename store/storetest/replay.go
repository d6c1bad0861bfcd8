package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/chat"
)

// model is the projections of a log's events, computed in the simplest way.
type model struct {
	title, topic string
	head         chat.Seq
	activity     int64
	members      map[chat.UserID]chat.Role
	readUpTo     map[chat.UserID]chat.Seq // while nobody calls MarkRead
	messages     map[chat.Seq]*chat.Message
	lastAt       int64
	unreadFrom   map[chat.UserID]chat.Seq
	pins         []chat.Seq // the last one pinned first
	group        chat.GroupMentions
}

func newModel(c chat.Chat) *model {
	return &model{title: c.Title, topic: c.Topic, members: map[chat.UserID]chat.Role{}, readUpTo: map[chat.UserID]chat.Seq{}, unreadFrom: map[chat.UserID]chat.Seq{}, group: chat.ByEveryone, messages: map[chat.Seq]*chat.Message{}}
}

func (w *model) apply(e chat.Event) {
	w.head, w.activity = e.Seq, e.At
	m := w.messages[e.Target]
	switch e.Kind {
	case chat.Posted:
		w.messages[e.Seq] = &chat.Message{ChatID: e.ChatID, Seq: e.Seq, At: e.At, By: e.By, ClientID: e.ClientID, Text: e.Text,
			Reply: e.Reply, Root: e.Root, Mentions: e.Mentions, MentionsAll: e.MentionsAll, EditedAt: e.EditedAt, DeletedAt: e.DeletedAt}
		w.readUpTo[e.By], w.lastAt = e.Seq, e.At
		delete(w.unreadFrom, e.By)
	case chat.Edited:
		m.Text, m.Mentions, m.MentionsAll, m.EditedAt = e.Text, e.Mentions, e.MentionsAll, e.At
	case chat.Deleted:
		m.Text, m.Mentions, m.MentionsAll, m.Reactions, m.Pinned, m.DeletedAt = "", nil, "", nil, false, e.At
		w.unpin(e.Target)
	case chat.Pinned:
		if m.DeletedAt != 0 {
			return // a replay has the deletion already
		}
		w.unpin(e.Target)
		if m.Pinned = *e.On; m.Pinned {
			w.pins = slices.Insert(w.pins, 0, e.Target)
		}
	case chat.Reacted:
		if e.Emoji == "" {
			return // of a reaction that is gone
		}
		at := slices.IndexFunc(m.Reactions, func(r chat.Reaction) bool { return r.Emoji == e.Emoji })
		if *e.On && at < 0 {
			m.Reactions = append(m.Reactions, chat.Reaction{Emoji: e.Emoji})
			at = len(m.Reactions) - 1
		}
		r := &m.Reactions[at]
		r.By = slices.DeleteFunc(r.By, func(u chat.UserID) bool { return u == e.By })
		if *e.On {
			r.By = append(r.By, e.By)
		}
		if r.Count = len(r.By); r.Count == 0 {
			m.Reactions = slices.Delete(m.Reactions, at, at+1)
		}
	case chat.Joined, chat.RoleChanged:
		for _, u := range e.Users {
			w.members[u] = e.Role
			if e.Kind == chat.Joined {
				w.readUpTo[u] = e.Seq
				delete(w.unreadFrom, u)
			}
		}
	case chat.Left:
		for _, u := range e.Users {
			delete(w.members, u)
		}
	case chat.Renamed:
		w.group = e.GroupMentions
		if e.Title != nil { // else it was replaced
			w.title = *e.Title
		}
		if e.Topic != nil {
			w.topic = *e.Topic
		}
	}
}

func (w *model) unpin(seq chat.Seq) {
	w.pins = slices.DeleteFunc(w.pins, func(p chat.Seq) bool { return p == seq })
}

// read is what a read of the user does.
func (w *model) read(u chat.UserID, seq chat.Seq) {
	w.readUpTo[u] = max(w.readUpTo[u], min(seq, w.head))
	if w.unreadFrom[u] <= seq {
		delete(w.unreadFrom, u)
	}
}

// matches compares the model with what the store's reads return to a member.
func (w *model) matches(t testing.TB, s chat.Store, viewer chat.UserID, id chat.ChatID) {
	t.Helper()
	ctx := context.Background()
	c, err := s.Chat(ctx, viewer, id)
	must(t, err)
	equal(t, "chat", fmt.Sprintf("%q %q %d %d %d", c.Title, c.Topic, c.Head, c.Activity, c.MemberCount)+fmt.Sprint(c.LastAt, c.GroupMentions),
		fmt.Sprintf("%q %q %d %d %d", w.title, w.topic, w.head, w.activity, len(w.members))+fmt.Sprint(w.lastAt, w.group))
	w.matchLists(t, s, viewer, id)
	members, err := s.Members(ctx, viewer, id, "", 1000)
	must(t, err)
	equal(t, "members", len(members), len(w.members))
	for _, m := range members {
		equal(t, "role of "+string(m.UserID), m.Role, w.members[m.UserID])
		c, err := s.Chat(ctx, m.UserID, id)
		must(t, err)
		unread, mentions := w.unread(m.UserID)
		equal(t, "what "+string(m.UserID)+" has read (up to, unread, mentions)", fmt.Sprint(m.ReadUpTo, c.ReadUpTo, c.Unread, c.Mentions, c.Mine.UnreadFrom),
			fmt.Sprint(w.readUpTo[m.UserID], w.readUpTo[m.UserID], unread, mentions, w.unreadFrom[m.UserID]))
	}
	seen, count := chat.Seq(0), 0
	for more := true; more; {
		p, err := s.Page(ctx, viewer, id, chat.Window{After: seen, FromStart: seen == 0, Limit: chat.MaxPage})
		must(t, err)
		for _, got := range p.Messages {
			want := *w.messages[got.Seq]
			want.Reactions = slices.Clone(want.Reactions)
			for i := range want.Reactions {
				r := &want.Reactions[i]
				r.Mine = slices.Contains(r.By, viewer)
				r.By = r.By[:min(len(r.By), chat.MaxReactBy)]
			}
			if want.Reply != nil {
				want.Reply = chat.QuoteOf(*w.messages[want.Reply.Seq])
			}
			if len(want.Reactions) == 0 {
				want.Reactions = nil
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("message %d is\n%+v, the log says\n%+v", got.Seq, got, want)
			}
			seen = got.Seq
			count++
		}
		more = p.MoreAfter
	}
	equal(t, "messages", count, len(w.messages))
}

func (w *model) unread(u chat.UserID) (messages, mentions int) {
	from := w.readUpTo[u] + 1
	if w.unreadFrom[u] != 0 {
		from = min(from, w.unreadFrom[u])
	}
	for seq, m := range w.messages {
		if seq >= from && m.DeletedAt == 0 {
			messages++
			if slices.Contains(m.Mentions, u) || m.MentionsAll == chat.MentionAll {
				mentions++
			}
		}
	}
	return messages, mentions
}

// checkReplay checks a whole chat: numbers have no holes, and the projections equal a
// replay of the log. It returns the log. live, if there is one, has how far members read
// and what they marked as unread, which are not in the log.
func checkReplay(t testing.TB, s chat.Store, viewer chat.UserID, c chat.Chat, live ...*model) []chat.Event {
	t.Helper()
	w := newModel(c)
	log := fullLog(t, s, c.ID)
	n := chat.Seq(0)
	for i, e := range log {
		if e.Kind == chat.Posted {
			n++
		}
		if e.Seq != chat.Seq(i+1) || e.N != n {
			t.Fatalf("event %d of the log has number %d and n %d, want n %d", i+1, e.Seq, e.N, n)
		}
		w.apply(e)
	}
	for _, l := range live {
		w.readUpTo, w.unreadFrom = l.readUpTo, l.unreadFrom
	}
	w.matches(t, s, viewer, c.ID)
	return log
}

// replay runs a random history of all kinds, of which rules refuse many: the model of the
// acknowledged events, and that of the log, must equal what reads return.
func replay(t *testing.T, open opener) {
	for _, seed := range []uint64{1, 2, rand.Uint64()} {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { t.Parallel(); replaySeed(t, open, seed) })
	}
}

func replaySeed(t *testing.T, open opener, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	dir := t.TempDir()
	s := open(t, dir)
	var people []chat.User
	for i := range 60 {
		people = append(people, account(t, s, "p"+strconv.Itoa(i)))
	}
	ann := people[0] // stays an admin
	c := group(t, s, "garden", ann, people[1:40]...)
	w := newModel(c)
	for _, e := range fullLog(t, s, c.ID) {
		w.apply(e)
	}
	refusals := map[chat.Code]int{}
	for range 30 {
		steps := make([]step, 40)
		for i := range steps {
			steps[i] = randomStep(r, people, c, int(w.head)+len(steps))
		}
		for _, o := range appendAll(t, s, steps...) {
			switch e := chat.AsError(o.err); {
			case e != nil:
				refusals[e.Code]++
			case !o.again && o.ev.Seq != 0:
				equal(t, "seq", o.ev.Seq, w.head+1)
				w.apply(o.ev)
			}
		}
		for range 20 {
			randomRead(t, r, s, w, people[r.IntN(len(people))].ID, c.ID)
		}
	}
	if refusals[chat.Internal]+refusals[chat.Unavailable] > 0 {
		t.Fatalf("refused: %v", refusals)
	}
	w.matches(t, s, ann.ID, c.ID)
	checkReplay(t, s, ann.ID, c, w)
	must(t, s.Close())
	s = open(t, dir)
	checkReplay(t, s, ann.ID, c, w)
	must(t, s.Close())
	t.Logf("%d events, %d messages, refused %v", w.head, len(w.messages), refusals)
}

// randomStep returns a random draft. Its target is in the newer half, so that many events
// have the same target.
func randomStep(r *rand.Rand, people []chat.User, c chat.Chat, head int) step {
	by, who := people[r.IntN(len(people))], people[1+r.IntN(len(people)-1)]
	if r.IntN(4) == 0 {
		by = people[0]
	}
	id := strconv.Itoa(r.IntN(2000))
	target := chat.Seq(head/2 + r.IntN(head/2+1))
	text := strings.Repeat("word ", r.IntN(60)) + "@" + who.Handle
	if r.IntN(10) == 0 {
		text += [...]string{" @all", " @here", " `@all`"}[r.IntN(3)]
	}
	switch r.IntN(14) {
	case 12, 13:
		return step{pinning(by, c, target, r.IntN(3) > 0), chat.Pin}
	case 0, 1:
		return step{targeting(chat.Edited, by, c, target, id, text), chat.Edit}
	case 2:
		return step{targeting(chat.Deleted, people[0], c, target, id, ""), chat.Delete}
	case 3, 4:
		return step{reacting(by, c, target, string(rune('a'+r.IntN(3))), r.IntN(3) > 0), chat.React}
	case 5:
		e := draft(chat.Joined, by, c, "")
		e.Users = []chat.UserID{who.ID, people[r.IntN(len(people))].ID}
		return step{e, chat.Join}
	case 6:
		e := draft(chat.Left, by, c, "")
		e.Users = []chat.UserID{who.ID}
		return step{e, chat.Leave}
	case 7:
		e := draft(chat.RoleChanged, by, c, "")
		e.Users, e.Role = []chat.UserID{who.ID}, [...]chat.Role{chat.RoleAdmin, chat.RoleMember}[r.IntN(2)]
		return step{e, chat.SetRole}
	case 8:
		e := draft(chat.Renamed, by, c, "")
		title := "garden " + strconv.Itoa(r.IntN(3))
		e.Title = &title
		e.GroupMentions = [...]chat.GroupMentions{"", chat.ByEveryone, chat.ByEveryone, chat.ByAdmins}[r.IntN(4)]
		return step{e, chat.Rename}
	case 9, 10:
		e := posting(by, c, id, text)
		e.Reply = &chat.Quote{Seq: target}
		return step{e, chat.Post}
	}
	return step{posting(by, c, id, text), chat.Post}
}
