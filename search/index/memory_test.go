package index

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
	"parley/search"
)

// However many messages are edited, memory has a bounded number of them. It says from when on
// messages may be missing, until all are rewritten.
func TestEditedMessagesInMemoryAreBounded(t *testing.T) {
	x := New(Config{})
	x.indexedFrom.Store(0)
	edit := func(n int) {
		for i := range n {
			x.Apply(&chat.Event{Kind: chat.Edited, ChatID: "c", Seq: chat.Seq(10*maxEdited + i), Target: chat.Seq(i + 1)})
		}
	}
	edit(maxEdited)
	if n, from := len(x.memory.edited), x.IndexedFrom(); n != maxEdited || from != 0 {
		t.Errorf("%d messages, incomplete before %d", n, from)
	}
	edited, before := x.memory.editedNow()
	edit(2 * maxEdited)
	if n, from := len(x.memory.edited), x.IndexedFrom(); n > maxEdited || from == 0 {
		t.Errorf("%d messages, incomplete before %d", n, from)
	}
	x.memory.rewritten(edited, before, nil)
	if x.IndexedFrom() == 0 {
		t.Error("messages that left later count as rewritten")
	}
	edited, before = x.memory.editedNow()
	x.memory.rewritten(edited, before, []chat.Replaced{{Message: chat.Message{ChatID: "c", Seq: 1}}})
	if x.IndexedFrom() == 0 {
		t.Error("the index is complete with a message that must be rewritten")
	}
	x.memory.rewritten(edited, before, nil)
	if n, from := len(x.memory.edited), x.IndexedFrom(); n != 0 || from != 0 {
		t.Errorf("all are rewritten: %d messages, incomplete before %d", n, from)
	}
}

// A server that does not write the index forgets the edited messages that another one rewrote,
// and finds them by their new words.
func TestOtherServersForgetRewrittenMessages(t *testing.T) {
	m := newModel(t, "sqlite:"+filepath.Join(t.TempDir(), "parley.db"), 1)
	ann, id := m.users[0].ID, m.newChat(m.users[0])
	var seqs []chat.Seq
	for i := range 3 * smallSizes().fold {
		ev := m.append(chat.Event{Kind: chat.Posted, ChatID: id, By: ann, ClientID: fmt.Sprint("post", i), Text: word(i, "old")}, chat.Post)
		seqs = append(seqs, ev.Seq)
	}
	m.passedAll()
	m.work(100)
	other := New(Config{Store: m.store, Log: slog.New(slog.DiscardHandler)})
	other.sizes = smallSizes()
	m.must(other.fill(t.Context()))
	for i := range smallSizes().fold {
		ev := m.append(chat.Event{Kind: chat.Edited, ChatID: id, By: ann, Target: seqs[i], ClientID: fmt.Sprint("edit", i), Text: word(i, "new")}, chat.Edit)
		other.Apply(&ev)
	}
	if n := len(other.memory.edited); n != smallSizes().fold {
		t.Fatalf("%d edited messages", n)
	}
	forget := func() {
		now, err := other.load(t.Context())
		m.must(err)
		other.forgetRewritten(t.Context(), now)
	}
	forget()
	if n := len(other.memory.edited); n != smallSizes().fold {
		t.Errorf("%d messages that are not rewritten", n)
	}
	m.passedAll()
	m.work(100)
	select {
	case <-other.grown: // Run looks
	default:
		t.Error("many edited messages do not wake Run")
	}
	forget()
	if n := len(other.memory.edited); n != 0 {
		t.Errorf("%d messages that are rewritten", n)
	}
	for i := range smallSizes().fold {
		for what, want := range map[string]int{"old": 0, "new": 1} {
			hits, _, _, err := other.Search(t.Context(), []chat.ChatID{id}, search.Query{Terms: []search.Term{{Words: []search.Word{{Text: word(i, what)}}}}}, 5, "")
			if err != nil || len(hits) != want {
				t.Errorf("%s finds %v, %v", word(i, what), hits, err)
			}
		}
	}
}

// replacedStore has records of replaced texts and counts what is read of them.
type replacedStore struct {
	chat.Store
	mu   sync.Mutex
	list []chat.Replaced // guarded by mu
	read int             // guarded by mu
}

func (s *replacedStore) IndexManifest(context.Context) ([]byte, int64, error) { return nil, 0, nil }

func (s *replacedStore) Replaced(context.Context, int) ([]chat.Replaced, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read += len(s.list)
	return s.list, nil
}

// While many messages wait to be rewritten, a server that does not write the index reads them
// again only after half of them can have been rewritten.
func TestLooksAtRewrittenMessagesAreBounded(t *testing.T) {
	s := &replacedStore{}
	x := New(Config{Store: s})
	n := x.sizes.edited
	for i := range n {
		seq := chat.Seq(i + 1)
		x.Apply(&chat.Event{Kind: chat.Edited, ChatID: "c", Seq: 10_000 + seq, Target: seq})
		s.list = append(s.list, chat.Replaced{Message: chat.Message{ChatID: "c", Seq: seq}})
	}
	half := int64(n / 2 / maxReplaced)
	for _, test := range []struct {
		rewritten  int64
		read, left int
	}{
		{5, n, n}, {5, 0, n}, {5 + half - 1, 0, n}, {5 + half, n, n}, {5 + half, 0, n},
		{5 + 2*half, n / 4, n / 4}, {5 + 2*half, 0, n / 4},
	} {
		if test.read == n/4 {
			s.list = s.list[:n/4]
		}
		s.read = 0
		for range 3 { // as Run does every second
			x.forgetRewritten(t.Context(), &manifest{Rewritten: test.rewritten})
		}
		if s.read != test.read || len(x.memory.edited) != test.left {
			t.Errorf("after %d changes: %d records read, %d messages in memory; want %d, %d", test.rewritten, s.read, len(x.memory.edited), test.read, test.left)
		}
	}
}

// A server from whose memory edited messages left for lack of room is complete again once
// another one has rewritten them, also if no more events come.
func TestRunLooksWithoutEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &replacedStore{list: make([]chat.Replaced, 10)}
		x := New(Config{Store: s})
		x.indexedFrom.Store(0)
		x.memory.editedDroppedAt = chat.Now()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- x.Run(ctx) }()
		time.Sleep(2 * lookEvery)
		s.mu.Lock()
		if s.read != 10 || x.IndexedFrom() == 0 {
			t.Errorf("%d records read, complete from %d", s.read, x.IndexedFrom())
		}
		s.list = nil
		s.mu.Unlock()
		x.mu.Lock()
		x.manifest, x.revision = &manifest{Rewritten: 1}, 1
		x.mu.Unlock()
		time.Sleep(2 * lookEvery)
		if x.IndexedFrom() != 0 {
			t.Error("nothing is left to be rewritten")
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
