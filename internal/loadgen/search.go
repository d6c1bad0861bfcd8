package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"parley/chat"
	"parley/store"
)

const (
	searchChats = 2000
	ownChats    = 200 // of the user who searches; the other user is in all
	findBuild   = "messages indexed a second, beside nothing else"
	findSize    = "size of the index, times that of the texts"
	findMemory  = "memory after the searches, less that of an empty server"
)

// searchKinds are the queries that are measured, with what they look for.
var searchKinds = []struct {
	what  string
	user  int // 0 is in all chats, 1 in ownChats of them
	query func(*words) string
	hits  bool // there must be some, mostly
	chat  bool // in one chat
}{
	{"a rare word, in all chats", 0, func(w *words) string { return w.rare() }, false, false},
	{"a rare word, in my 200 chats", 1, func(w *words) string { return w.rare() }, false, false},
	{"a common word, in all chats", 0, func(w *words) string { return w.common() }, true, false},
	{"a common word, in my 200 chats", 1, func(w *words) string { return w.common() }, true, false},
	{"a common word that only other chats have", 1, func(*words) string { return foreign }, false, false},
	{"a phrase of two common words", 1, func(w *words) string { return `"` + w.common() + " " + w.common() + `"` }, true, false},
	{"the first three letters of a word", 1, func(w *words) string { return w.rare()[:3] }, true, false},
	{"two Han characters", 1, func(w *words) string { i := w.r.IntN(len(han) - 1); return string(han[i : i+2]) }, true, false},
	{"the first two letters of a word, in one chat", 1, func(w *words) string { return w.rare()[:2] }, true, true},
}

// measureSearch searches a store of a million messages, over one connection to a server on
// one core: the first page of 50 messages.
func measureSearch(ctx context.Context, b *bench) error {
	t := b.parley().withCores(1)
	t.label = "parley"
	n := b.count(searchMessages())
	fmt.Printf(" writing %s messages in %d chats\n", digits(float64(n)), searchChats)
	texts, err := seedSearch(ctx, t, n)
	if err != nil {
		return err
	}
	what := func(s string) string { return fmt.Sprintf("%s messages: %s", millions(n), s) }
	before, err := size(t.path())
	if err != nil {
		return err
	}
	p, err := t.run(ctx, t.path(), "127.0.0.1:0")
	if err != nil {
		return err
	}
	began, cpu := time.Now(), p.cpu()
	if err := awaitIndex(ctx, p); err != nil {
		return err
	}
	fmt.Printf(" indexed in %v, %v of CPU\n", time.Since(began).Round(time.Second), (p.cpu() - cpu).Round(time.Second))
	b.add("search", t.name(), what("CPU to index a message"), "µs", (p.cpu()-cpu).Seconds()*1e6/float64(n))
	p.stop()
	after, err := size(t.path())
	if err != nil {
		return err
	}
	b.add("search", t.name(), what(findSize), "", float64(after-before)/float64(texts))
	for range b.repeat {
		p, err := t.run(ctx, t.path(), "127.0.0.1:0")
		if err != nil {
			return err
		}
		b.add("search", t.name(), what("exec to ready"), "ms", p.started.Seconds()*1000)
		idle := p.memory()
		for _, kind := range searchKinds {
			if err := b.search(t, p, what(kind.what), kind.user, kind.query, kind.hits, kind.chat); err != nil {
				p.stop()
				return fmt.Errorf("%s: %w", kind.what, err)
			}
		}
		b.add("search", t.name(), what(findMemory), "MB", float64(p.memory()-idle)/(1<<20))
		p.stop()
	}
	return nil
}

// searchMessages returns the number of messages of the store: PARLEY_SEARCH_MESSAGES, or a
// million.
func searchMessages() int {
	n := 0
	if _, err := fmt.Sscan(os.Getenv("PARLEY_SEARCH_MESSAGES"), &n); err != nil || n <= 0 {
		return 1_000_000
	}
	return n
}

func millions(n int) string { return fmt.Sprintf("%.3g million", float64(n)/1e6) }

// search sends one query after another and measures the time to the whole answer.
func (b *bench) search(t *parley, p *process, what string, user int, query func(*words) string, hits, inChat bool) error {
	conn, err := net.Dial("tcp", p.address())
	if err != nil {
		return err
	}
	defer conn.Close()
	r, w, took, found := bufio.NewReaderSize(conn, 65536), newWords(), newLatency(), 0
	const warm, queries = 20, 300
	for i := range warm + queries {
		v := url.Values{"q": {query(w)}, "limit": {"50"}}
		if inChat {
			v.Set("chatId", string(t.chats[3+10*w.r.IntN(ownChats)]))
		}
		sent := time.Now()
		if _, err := fmt.Fprintf(conn, "GET /api/search?%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: application/json\r\n\r\n", v.Encode(), p.address(), t.tokens[user]); err != nil {
			return err
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(res.Body)
		if i >= warm {
			took.add(0, time.Since(sent))
		}
		var answer struct{ Hits []json.RawMessage }
		if err := errors.Join(err, json.Unmarshal(body, &answer)); err != nil || res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s %w", v.Get("q"), res.Status, err)
		}
		found += len(answer.Hits)
	}
	if hits && found == 0 {
		return errors.New("nothing was found")
	}
	b.add("search", t.name(), what+", p50", "ms", float64(took.sum().ValueAtQuantile(50))/1000)
	b.add("search", t.name(), what+", p99", "ms", float64(took.sum().ValueAtQuantile(99))/1000)
	return nil
}

// awaitIndex returns when all messages are indexed.
func awaitIndex(ctx context.Context, p *process) error {
	for {
		res, err := http.Get(p.url + "/readyz")
		if err != nil {
			return err
		}
		var state struct{ IndexedFrom int64 }
		err = json.NewDecoder(res.Body).Decode(&state)
		_ = res.Body.Close()
		if err != nil {
			return err
		}
		if state.IndexedFrom == 0 {
			return nil
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// size returns the size of a database after a stop, when its log is empty.
func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// seedSearch writes a store with n messages in chats of different sizes, at random, and
// returns how many bytes their texts have.
func seedSearch(ctx context.Context, t *parley, n int) (texts int64, err error) {
	dir, err := os.MkdirTemp(t.dir, "searched")
	if err != nil {
		return 0, err
	}
	s := &seededStore{dir: dir, users: make([]chat.UserID, 2), tokens: make([]string, 2)}
	t.seededStore = s
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "parley.db"), 0, slog.New(slog.DiscardHandler))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for i := range s.users {
		s.tokens[i] = chat.NewSecret()
		u, _, err := db.CreateAccount(ctx, chat.NewAccount{Handle: fmt.Sprintf("user%d", i), Name: fmt.Sprintf("User %d", i), PasswordHash: "-",
			Session: chat.NewSession{TokenHash: chat.SecretHash(s.tokens[i])}})
		if err != nil {
			return 0, err
		}
		s.users[i] = u.ID
	}
	var sizes []float64
	sum := 0.0
	for i := range searchChats {
		c := chat.NewChat{Kind: chat.Group, Title: fmt.Sprintf("Room %d", i), By: s.users[0], ClientID: fmt.Sprint("room", i)}
		if own(i) {
			c.Members = s.users[1:]
		}
		made, _, err := db.CreateChat(ctx, c)
		if err != nil {
			return 0, err
		}
		s.chats = append(s.chats, made.ID)
		sum += 1 / math.Pow(float64((i*701)%searchChats)+5, 0.8)
		sizes = append(sizes, sum)
	}
	w := newWords()
	err = appendAll(ctx, db, n, func(k int) (chat.Event, chat.Rule) {
		c := pick(w.r, sizes)
		text := w.text(!own(c))
		texts += int64(len(text))
		return chat.Event{Kind: chat.Posted, ChatID: s.chats[c], By: s.users[0], ClientID: fmt.Sprintf("seed%012d", k), Text: text}, chat.Post
	})
	return texts, err
}

// own reports whether the user who searches is in a chat.
func own(i int) bool { return i%(searchChats/ownChats) == 3 }
