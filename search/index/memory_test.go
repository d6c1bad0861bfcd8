package index

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

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
	if n, from := x.memory.editedLen(), x.IndexedFrom(); n != maxEdited || from != 0 {
		t.Errorf("%d messages, incomplete before %d", n, from)
	}
	edited, before := x.memory.editedNow()
	edit(2 * maxEdited)
	if n, from := x.memory.editedLen(), x.IndexedFrom(); n > maxEdited || from == 0 {
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
	if n, from := x.memory.editedLen(), x.IndexedFrom(); n != 0 || from != 0 {
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
	if n := other.memory.editedLen(); n != smallSizes().fold {
		t.Fatalf("%d edited messages", n)
	}
	other.forgetRewritten(t.Context())
	if n := other.memory.editedLen(); n != smallSizes().fold {
		t.Errorf("%d messages that are not rewritten", n)
	}
	m.passedAll()
	m.work(100)
	select {
	case <-other.grown: // Run looks
	default:
		t.Error("many edited messages do not wake Run")
	}
	other.forgetRewritten(t.Context())
	if n := other.memory.editedLen(); n != 0 {
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
