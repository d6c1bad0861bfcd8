package index

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/chat"
	"parley/search"
)

// Words that were deleted or edited away are in no file, whatever the index did with them
// before: they were in memory, in a folded or in a merged segment.
func TestDeletedWordsAreInNoFile(t *testing.T) {
	dir := t.TempDir()
	m := newModel(t, "sqlite:"+filepath.Join(dir, "parley.db"), 1)
	ann := m.users[0].ID
	kept, purged := m.newChat(m.users[0]), m.newChat(m.users[0])
	type secret struct {
		seq  chat.Seq
		word string
	}
	var secrets []secret
	post := func(id chat.ChatID, word string) chat.Seq {
		m.posted++
		ev := m.append(chat.Event{Kind: chat.Posted, ChatID: id, By: ann, ClientID: fmt.Sprint("post", m.posted), Text: "tea " + word + " and " + strings.Repeat("banana ", 20)}, chat.Post)
		return ev.Seq
	}
	for i := range 200 {
		secrets = append(secrets, secret{post(kept, word(i, "secret")), word(i, "secret")})
		post(purged, word(i, "purged"))
		post(kept, word(i, "stays"))
		m.passedAll()
		if i < 150 {
			m.work(20)
		}
	}
	levels := map[int]bool{}
	for _, s := range m.index.Load().manifest.Segments {
		levels[s.Level] = true
	}
	if !levels[0] || !levels[2] || m.index.Load().memory.len() == 0 {
		t.Fatalf("segments of levels %v", levels)
	}
	for i, s := range secrets {
		if i%2 == 0 {
			m.append(chat.Event{Kind: chat.Deleted, ChatID: kept, By: ann, Target: s.seq}, chat.Delete)
		} else {
			m.append(chat.Event{Kind: chat.Edited, ChatID: kept, By: ann, Target: s.seq, ClientID: fmt.Sprint("edit", i), Text: word(i, "renewed")}, chat.Edit)
		}
	}
	m.append(chat.Event{Kind: chat.Left, ChatID: purged, By: ann}, chat.DeleteChat)
	for {
		more, err := m.store.Purge(t.Context())
		m.must(err)
		if !more {
			break
		}
	}
	m.passedAll()
	m.work(1000)
	for i := range secrets {
		for what, want := range map[string]bool{"secret": false, "purged": false, "stays": true, "renewed": i%2 == 1} {
			q := search.Query{Terms: []search.Term{{Words: []search.Word{{Text: word(i, what)}}}}}
			hits, _, _, err := m.index.Load().Search(t.Context(), []chat.ChatID{kept, purged}, q, 50, "")
			if err != nil || len(hits) == 1 != want {
				t.Errorf("%s finds %v, %v", word(i, what), hits, err)
			}
		}
	}
	m.must(m.store.Close()) // scrubs, and empties SQLite's log
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	m.must(err)
	stays := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		m.must(err)
		for _, word := range []string{"secret", "purged"} {
			if n := bytes.Count(b, []byte(word)); n > 0 {
				i := bytes.Index(b, []byte(word))
				t.Errorf("%s has %d words that were deleted: %q", filepath.Base(file), n, b[max(0, i-20):min(len(b), i+40)])
			}
		}
		stays += bytes.Count(b, []byte("stays"))
	}
	if stays < 200 {
		t.Errorf("%d words that stay", stays)
	}
}

// word returns a word of which others share only the first letters, so that a leaf has the
// rest of each.
func word(i int, what string) string {
	return string([]rune{'a' + rune(i/26), 'a' + rune(i%26)}) + "q" + what
}

// passedAll waits until the feed has yielded what was acknowledged.
func (m *model) passedAll() { m.index.Load().passed.wait(m.t.Context()) }

// A server that stops first removes deleted words, also from segments that were merged and
// are not dropped yet.
func TestStopRemovesDeletedWords(t *testing.T) {
	dir := t.TempDir()
	m := newModel(t, "sqlite:"+filepath.Join(dir, "parley.db"), 1)
	ann, id := m.users[0].ID, m.newChat(m.users[0])
	var seqs []chat.Seq
	garbage := func() int {
		x := m.index.Load()
		x.mu.Lock()
		defer x.mu.Unlock()
		return len(x.manifest.Garbage)
	}
	for i := 0; garbage() == 0; i++ {
		if i == 1000 {
			t.Fatal("nothing was merged")
		}
		ev := m.append(chat.Event{Kind: chat.Posted, ChatID: id, By: ann, ClientID: fmt.Sprint("post", i), Text: word(i%600, "secret")}, chat.Post)
		seqs = append(seqs, ev.Seq)
		m.passedAll()
		m.work(1)
	}
	for _, seq := range seqs {
		m.append(chat.Event{Kind: chat.Deleted, ChatID: id, By: ann, Target: seq}, chat.Delete)
	}
	m.passedAll()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	m.must(m.index.Load().Write(ended))
	m.must(m.store.Close())
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	m.must(err)
	for _, file := range files {
		b, err := os.ReadFile(file)
		m.must(err)
		if n := bytes.Count(b, []byte("secret")); n > 0 {
			t.Errorf("%s has %d words that were deleted", filepath.Base(file), n)
		}
	}
}
