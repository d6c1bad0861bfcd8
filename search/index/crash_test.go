package index

import (
	"bufio"
	"context"
	cryptorand "crypto/rand"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/chat"
	"parley/search"
	"parley/store"
)

// A process with this variable writes to the store in that folder until it is killed.
const crashDir = "PARLEY_SEARCH_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		victim(dir)
	}
	goleak.VerifyTestMain(m)
}

// victim posts, edits and deletes while it writes the index, and prints what is acknowledged.
func victim(dir string) {
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "parley.db"), 0, slog.New(slog.DiscardHandler))
	if err != nil {
		panic(err)
	}
	users, err := s.UsersByHandle(ctx, []string{"ann"})
	if err != nil {
		panic(err)
	}
	ann := users[0].ID
	chats, err := s.ChatIDs(ctx, ann)
	if err != nil {
		panic(err)
	}
	x := New(Config{Store: s, Log: slog.New(slog.DiscardHandler)})
	x.sizes = smallSizes()
	feed, err := s.OpenFeed(ctx)
	if err != nil {
		panic(err)
	}
	x.Opened()
	go func() {
		for n := range feed {
			if n.Event != nil {
				x.Apply(n.Event)
			}
		}
	}()
	go func() { _ = x.Run(ctx) }()
	go func() { _ = x.Write(ctx) }()
	fmt.Println("open")
	do := func(e chat.Event, rule chat.Rule) chat.Event {
		done := make(chan chat.Event, 1)
		_ = s.Append(ctx, e, rule, func(ev chat.Event, _ bool, err error) {
			if err != nil {
				panic(err)
			}
			done <- ev
		})
		return <-done
	}
	for n := 0; ; n++ {
		id := chats[n%len(chats)]
		word := strings.ToLower(cryptorand.Text())
		ev := do(chat.Event{Kind: chat.Posted, ChatID: id, By: ann, ClientID: word, Text: "tea " + word}, chat.Post)
		fmt.Println(id, ev.Seq, word)
		switch n % 5 {
		case 1:
			fmt.Println(id, ev.Seq, "?"+word)
			do(chat.Event{Kind: chat.Deleted, ChatID: id, By: ann, Target: ev.Seq}, chat.Delete)
			fmt.Println(id, ev.Seq, "-")
		case 3:
			changed := strings.ToLower(cryptorand.Text())
			fmt.Println(id, ev.Seq, "?"+word)
			do(chat.Event{Kind: chat.Edited, ChatID: id, By: ann, Target: ev.Seq, ClientID: changed, Text: "tea " + changed}, chat.Edit)
			fmt.Println(id, ev.Seq, changed)
		}
	}
}

// A process that is killed while it folds, merges and rewrites leaves an index that finds
// each message by the word that it has, and by no other; and so does one that is killed
// while it indexes an older database.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	m := newModel(t, "sqlite:"+filepath.Join(dir, "parley.db"), 3)
	ann := m.users[0].ID
	for range 4 {
		m.newChat(m.users[0])
	}
	m.work(100)
	m.must(m.store.Close())
	words := map[chat.MessagePlace]string{} // of each message; "-": deleted; "?": either of two
	gone := map[string]bool{}               // words that were replaced
	for round := range 12 {
		killVictim(t, dir, words, gone)
		s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "parley.db"), 0, slog.New(slog.DiscardHandler))
		m.must(err)
		x := New(Config{Store: s, Log: slog.New(slog.DiscardHandler)})
		x.sizes = smallSizes()
		w := &writer{Index: x}
		if round%4 == 3 { // as a database of an older Parley
			data, revision, err := s.IndexManifest(t.Context())
			m.must(err)
			m.must(s.ChangeIndex(t.Context(), chat.IndexChange{Revision: revision, Manifest: []byte(strings.Replace(string(data), `"version":`, `"version":9`, 1))}))
			for range 5 {
				_, err := w.work(t.Context())
				m.must(err)
			}
		}
		for n := 0; ; n++ {
			worked, err := w.work(t.Context())
			m.must(err)
			if !worked || round%2 == 0 && n == 3 {
				break
			}
		}
		m.must(x.fill(t.Context()))
		find := func(word string) []chat.MessagePlace {
			hits, _, from, err := x.Search(t.Context(), m.chats, search.Query{Terms: []search.Term{{Words: []search.Word{{Text: word}}}}}, 5, "")
			m.must(err)
			if from != 0 && len(hits) == 0 {
				return nil
			}
			return hits
		}
		for h, word := range words {
			complete := x.IndexedFrom() == 0
			switch hits := []chat.MessagePlace(nil); {
			case word == "-" || strings.HasPrefix(word, "?"):
			default:
				if hits = find(word); len(hits) > 1 || len(hits) == 1 && hits[0] != h || len(hits) == 0 && complete {
					t.Fatalf("round %d: %s of %v finds %v", round, word, h, hits)
				}
			}
		}
		for word := range gone {
			if hits := find(word); len(hits) > 0 {
				t.Fatalf("round %d: %s was replaced, and finds %v", round, word, hits)
			}
		}
		m.must(s.Close())
	}
	t.Logf("%d messages, %d words that are gone, of %s", len(words), len(gone), ann)
}

// killVictim runs a victim for a while and kills it.
func killVictim(t *testing.T, dir string, words map[chat.MessagePlace]string, gone map[string]bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self, "-test.run=^$")
	child.Env = append(os.Environ(), crashDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "open" {
		t.Fatalf("the victim said %q", lines.Text())
	}
	timer := time.AfterFunc(time.Duration(50+rand.IntN(400))*time.Millisecond, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	for lines.Scan() {
		var h chat.MessagePlace
		var word string
		if n, _ := fmt.Sscan(lines.Text(), &h.Chat, &h.Seq, &word); n != 3 {
			continue // a line that was cut
		}
		if old, ok := strings.CutPrefix(words[h], "?"); ok {
			gone[old] = true
		}
		words[h] = word
	}
	_ = child.Wait()
}
