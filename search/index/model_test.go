package index

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/search"
	"parley/search/segment"
	"parley/store"
)

// smallSizes make folds and merges of a few messages.
func smallSizes() sizes {
	return sizes{fold: 12, merge: 3, level: 2, flush: 2, edited: 4}
}

// killable is a store whose changes of the index fail after some: a process that is killed
// leaves the store as it was between two changes.
type killable struct {
	chat.Store
	left atomic.Int64 // changes until it is killed; negative: it is not
}

var errKilled = errors.New("killed")

func (k *killable) ChangeIndex(ctx context.Context, c chat.IndexChange) error {
	if n := k.left.Load(); n >= 0 && k.left.Add(-1) < 0 {
		k.left.Store(0)
		return errKilled
	}
	return k.Store.ChangeIndex(ctx, c)
}

// model is what an index must find: all messages of a store.
type model struct {
	t        *testing.T
	r        *rand.Rand
	store    *killable
	index    atomic.Pointer[Index]
	writer   *writer // of index
	users    []chat.User
	chats    []chat.ChatID
	members  map[chat.ChatID]map[chat.UserID]bool
	messages map[ref]chat.Message
	refs     []ref
	posted   int
}

// newModel opens a store, with ann, bob and eve, and begins its feed.
func newModel(t *testing.T, url string, seed uint64) *model {
	t.Helper()
	s, err := store.Open(t.Context(), url, 20, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	m := &model{t: t, r: rand.New(rand.NewPCG(seed, 5)), store: &killable{Store: s}, members: map[chat.ChatID]map[chat.UserID]bool{}, messages: map[ref]chat.Message{}}
	m.store.left.Store(-1)
	for _, name := range []string{"ann", "bob", "eve"} {
		u, _, err := s.CreateAccount(t.Context(), chat.NewAccount{Handle: name, Name: name, PasswordHash: "-", Session: chat.NewSession{TokenHash: chat.SecretHash(name)}})
		m.must(err)
		m.users = append(m.users, u)
	}
	m.start()
	feed, err := s.OpenFeed(t.Context())
	m.must(err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for n, err := range feed {
			if err != nil {
				return
			}
			if n.Event != nil {
				m.index.Load().Apply(n.Event)
			}
		}
	}()
	t.Cleanup(func() { _ = s.Close(); <-ended })
	return m
}

// start makes a new index over the store, as a server that starts.
func (m *model) start() {
	x := New(Config{Store: m.store, Log: slog.New(slog.DiscardHandler)})
	x.sizes = smallSizes()
	m.index.Store(x)
	m.writer = &writer{Index: x}
	m.store.left.Store(-1)
	m.work(3) // so that the manifest is there
	m.must(x.fill(context.Background()))
}

// work does pieces of the index's work, at most n.
func (m *model) work(n int) {
	m.t.Helper()
	for range n {
		worked, err := m.writer.work(context.Background())
		if errors.Is(err, errKilled) {
			m.start()
			continue
		}
		m.must(err)
		if !worked {
			return
		}
	}
}

func (m *model) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatalf("%v\n%s", err, debug.Stack())
	}
}

func (m *model) append(e chat.Event, rule chat.Rule) chat.Event {
	m.t.Helper()
	done := make(chan error, 1)
	var ev chat.Event
	m.must(m.store.Append(context.Background(), e, rule, func(got chat.Event, _ bool, err error) { ev = got; done <- err }))
	m.must(<-done)
	m.index.Load().Acknowledged(&ev)
	return ev
}

func (m *model) newChat(members ...chat.User) chat.ChatID {
	m.t.Helper()
	n := chat.NewChat{Kind: chat.Group, Title: "chat", By: members[0].ID, ClientID: fmt.Sprint("chat", m.r.Uint64())}
	in := map[chat.UserID]bool{members[0].ID: true}
	for _, u := range members[1:] {
		n.Members = append(n.Members, u.ID)
		in[u.ID] = true
	}
	c, _, err := m.store.CreateChat(context.Background(), n)
	m.must(err)
	m.chats = append(m.chats, c.ID)
	m.members[c.ID] = in
	return c.ID
}

var vocabulary = strings.Fields("apple apply apples banana band bandana cherry the a of cherries straße Straßenbahn 東京 東京タワー İstanbul tea teapot")

func (m *model) text() string {
	var words []string
	for range 1 + m.r.IntN(6) {
		words = append(words, vocabulary[min(m.r.IntN(len(vocabulary)), m.r.IntN(len(vocabulary)))])
	}
	return strings.Join(words, " ")
}

func (m *model) author(id chat.ChatID) chat.UserID {
	for {
		if u := m.users[m.r.IntN(len(m.users))].ID; m.members[id][u] {
			return u
		}
	}
}

func (m *model) post(id chat.ChatID) {
	m.t.Helper()
	m.posted++
	ev := m.append(chat.Event{Kind: chat.Posted, ChatID: id, By: m.author(id), ClientID: fmt.Sprint("post", m.posted), Text: m.text()}, chat.Post)
	r := ref{id, ev.Seq}
	m.messages[r] = messageOf(&ev)
	m.refs = append(m.refs, r)
}

// step changes something at random.
func (m *model) step() {
	m.t.Helper()
	id := m.chats[m.r.IntN(len(m.chats))]
	ann := m.users[0].ID
	switch n := m.r.IntN(100); {
	case n < 55:
		m.post(id)
	case n < 65 && len(m.refs) > 0:
		old := m.messages[m.refs[m.r.IntN(len(m.refs))]]
		if old.DeletedAt != 0 || !m.members[old.ChatID][old.By] {
			return
		}
		ev := m.append(chat.Event{Kind: chat.Edited, ChatID: old.ChatID, By: old.By, Target: old.Seq, Text: m.text(), ClientID: fmt.Sprint("edit", m.r.Uint64())}, chat.Edit)
		if ev.Seq != 0 {
			old.Text, old.Mentions = ev.Text, ev.Mentions
			m.messages[ref{old.ChatID, old.Seq}] = old
		}
	case n < 75 && len(m.refs) > 0:
		old := m.messages[m.refs[m.r.IntN(len(m.refs))]]
		if old.DeletedAt != 0 {
			return
		}
		ev := m.append(chat.Event{Kind: chat.Deleted, ChatID: old.ChatID, By: ann, Target: old.Seq}, chat.Delete)
		old.DeletedAt = ev.At
		m.messages[ref{old.ChatID, old.Seq}] = old
	case n < 80:
		u := m.users[1+m.r.IntN(2)].ID
		kind, rule := chat.Joined, chat.Join
		if m.members[id][u] {
			kind, rule = chat.Left, chat.Leave
		}
		m.append(chat.Event{Kind: kind, ChatID: id, By: ann, Users: []chat.UserID{u}}, rule)
		m.members[id][u] = !m.members[id][u]
	case n < 82:
		m.newChat(m.users[0], m.users[1])
	case n < 83 && len(m.chats) > 3:
		m.append(chat.Event{Kind: chat.Left, ChatID: id, By: ann, Reason: chat.ReasonDeleted}, chat.DeleteChat)
		m.chats = slices.DeleteFunc(m.chats, func(c chat.ChatID) bool { return c == id })
		delete(m.members, id)
		m.refs = slices.DeleteFunc(m.refs, func(r ref) bool { return r.chat == id })
	case n < 86:
		m.store.left.Store(int64(m.r.IntN(4)))
	case n < 88:
		m.start()
	default:
		m.work(1 + m.r.IntN(4))
	}
	m.work(m.r.IntN(2))
}

// query returns a random query.
func (m *model) query() (q search.Query) {
	tokens := search.Tokens(m.text())
	switch m.r.IntN(4) {
	case 0: // a phrase
		var t search.Term
		for _, w := range tokens {
			t.Words = append(t.Words, search.Word{Text: w.Word, Offset: w.Pos - tokens[0].Pos})
		}
		q.Terms = append(q.Terms, t)
	case 1: // a prefix
		w := tokens[0].Word
		q.Terms = append(q.Terms, search.Term{Words: []search.Word{{Text: string([]rune(w)[:1+m.r.IntN(len([]rune(w)))]), Prefix: true}}})
	case 2: // words, and who wrote it
		q.Terms = append(q.Terms, search.Term{Words: []search.Word{{Text: "\x00from:" + string(m.users[m.r.IntN(3)].ID)}}})
		fallthrough
	default:
		for _, w := range tokens[:1+m.r.IntN(min(2, len(tokens)))] {
			q.Terms = append(q.Terms, search.Term{Words: []search.Word{{Text: w.Word}}})
		}
	}
	if m.r.IntN(4) == 0 {
		q.Chats = []chat.ChatID{m.chats[m.r.IntN(len(m.chats))]}
	}
	if m.r.IntN(4) == 0 && len(m.refs) > 0 {
		q.Before = m.messages[m.refs[m.r.IntN(len(m.refs))]].At
	}
	if m.r.IntN(4) == 0 && len(m.refs) > 0 {
		q.After = m.messages[m.refs[m.r.IntN(len(m.refs))]].At
	}
	return q
}

// scan is what a search must find: every message is looked at.
func (m *model) scan(in []chat.ChatID, q search.Query) (hits []chat.MessagePlace) {
	for _, r := range m.refs {
		message := m.messages[r]
		if message.DeletedAt == 0 && slices.Contains(in, r.chat) && (len(q.Chats) == 0 || slices.Contains(q.Chats, r.chat)) &&
			message.At >= q.After && (q.Before == 0 || message.At < q.Before) && occur(q.Terms, search.MessageTokens(message)) {
			hits = append(hits, chat.MessagePlace{Chat: r.chat, Seq: r.seq})
		}
	}
	slices.SortFunc(hits, func(a, b chat.MessagePlace) int {
		return (segment.Doc{At: m.messages[ref{b.Chat, b.Seq}].At, Chat: b.Chat, Seq: b.Seq}).Compare(segment.Doc{At: m.messages[ref{a.Chat, a.Seq}].At, Chat: a.Chat, Seq: a.Seq})
	})
	return hits
}

func occur(terms []search.Term, tokens []search.Token) bool {
	return !slices.ContainsFunc(terms, func(t search.Term) bool {
		return !slices.ContainsFunc(tokens, func(first search.Token) bool {
			return !slices.ContainsFunc(t.Words, func(w search.Word) bool {
				return !slices.ContainsFunc(tokens, func(have search.Token) bool {
					return have.Pos == first.Pos+w.Offset && (have.Word == w.Text || w.Prefix && strings.HasPrefix(have.Word, w.Text))
				})
			})
		})
	})
}

// check compares a search, page by page, with a scan.
func (m *model) check(q search.Query) {
	m.t.Helper()
	u := m.users[m.r.IntN(len(m.users))].ID
	var in []chat.ChatID
	for _, id := range m.chats {
		if m.members[id][u] {
			in = append(in, id)
		}
	}
	want, x := m.scan(in, q), m.index.Load()
	var got []chat.MessagePlace
	for cursor, pages := "", 0; ; pages++ {
		hits, next, from, err := x.Search(m.t.Context(), in, q, 1+m.r.IntN(20), cursor)
		m.must(err)
		if from != 0 { // older ones may be missing
			want = slices.DeleteFunc(want, func(h chat.MessagePlace) bool {
				return m.messages[ref{h.Chat, h.Seq}].At <= from && !slices.Contains(hits, h) && !slices.Contains(got, h)
			})
		}
		if got = append(got, hits...); next == "" || pages > 1000 {
			break
		}
		cursor = next
	}
	if !slices.Equal(got, want) {
		again, _, _, _ := x.Search(m.t.Context(), in, q, 1000, "")
		m.store.left.Store(-1)
		pending, _ := m.store.Replaced(m.t.Context(), 100)
		m.work(1000)
		last, _, _, _ := m.index.Load().Search(m.t.Context(), in, q, 1000, "")
		for _, h := range got {
			if !slices.Contains(want, h) {
				m.t.Logf("extra %v: %+v again %v at last %v; pending %+v", h, m.messages[ref{h.Chat, h.Seq}], slices.Contains(again, h), slices.Contains(last, h), pending)
			}
		}
		m.t.Fatalf("after %d posts, %+v in %d chats: found %v, want %v\n%+v", m.posted, q, len(in), got, want, *x.manifest)
	}
}

// run changes and searches.
func (m *model) run(steps int) {
	m.newChat(m.users[0], m.users[1], m.users[2])
	m.newChat(m.users[0], m.users[2])
	m.newChat(m.users[0], m.users[1])
	levels := map[int]int{}
	for range steps {
		m.step()
		m.check(m.query())
		for _, s := range m.index.Load().manifest.Segments {
			levels[s.Level]++
		}
	}
	m.store.left.Store(-1)
	m.work(10_000)
	for range 50 {
		m.check(m.query())
	}
	m.t.Logf("%d posts, %d messages; segments seen by level: %v", m.posted, len(m.refs), levels)
	if levels[0] == 0 || levels[1] == 0 {
		m.t.Error("there was no fold or no merge")
	}
}

func TestModel(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("sqlite ", seed), func(t *testing.T) {
			newModel(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"), seed).run(1500)
		})
	}
	t.Run("mongo", func(t *testing.T) {
		newModel(t, mongotest.Start(t).URL("search"), 7).run(250)
	})
}
