package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	driver "modernc.org/sqlite"

	"parley/chat"
	"parley/internal/disk"
)

// OpenForTest is Open with the hooks of tests. change may set more.
func OpenForTest(path string, change func(*settings)) (*DB, error) {
	opts := defaultSettings()
	opts.preparing, opts.diskSpace = addQuery, testDiskSpace
	if change != nil {
		change(&opts)
	}
	return open(context.Background(), path, slog.New(slog.DiscardHandler), opts)
}

// testDiskSpace is settings.diskSpace of all stores that tests open.
var testDiskSpace = disk.Space

func opened(t testing.TB, path string) *DB {
	t.Helper()
	return openedWith(t, path, nil)
}

func openedWith(t testing.TB, path string, change func(*settings)) *DB {
	t.Helper()
	db, err := OpenForTest(path, change)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// garden is a store with one chat of one member.
func garden(t testing.TB) (db *DB, path string, ann chat.UserID, c chat.ChatID) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "parley.db")
	db = opened(t, path)
	ann = account(t, db, "ann")
	made, _, err := db.CreateChat(context.Background(), chat.NewChat{Kind: chat.Group, Title: "garden", By: ann, ClientID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	return db, path, ann, made.ID
}

// post appends texts together and returns the numbers of the acknowledged ones, by text.
func post(t testing.TB, db *DB, by chat.UserID, c chat.ChatID, texts ...string) (acked map[string]chat.Seq, failed map[string]error) {
	t.Helper()
	acked, failed = map[string]chat.Seq{}, map[string]error{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, text := range texts {
		wait.Add(1)
		draft := chat.Event{Kind: chat.Posted, ChatID: c, By: by, ClientID: fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(text))), Text: text}
		err := db.Append(context.Background(), draft, chat.Post, func(ev chat.Event, _ bool, err error) {
			defer wait.Done()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[text] = err
				return
			}
			acked[text] = ev.Seq
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	wait.Wait()
	return acked, failed
}

// On a full disk nothing is acknowledged or written, and the store goes on once there is
// room. SQLite rolls such a transaction back by itself in the middle of a batch: if the
// rest of the batch were done, it would be committed statement by statement, and parts of
// it acknowledged.
func TestFullDisk(t *testing.T) {
	ctx := context.Background()
	db, _, ann, c := garden(t)
	feed, err := db.OpenFeed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, _ := post(t, db, ann, c, "before")
	limit := func(pages int) {
		t.Helper()
		err := db.writeWhenFull(ctx, func(t *tx) error {
			var got int
			return t.row(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Scan(&got)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var used int
	if err := db.row(ctx, "PRAGMA page_count").Scan(&used); err != nil {
		t.Fatal(err)
	}
	limit(used + 20)
	refused := 0
	for round := range 5 {
		var texts []string
		for i := range 200 {
			texts = append(texts, fmt.Sprintf("%d-%d %s", round, i, strings.Repeat("x", i%2*4000)))
		}
		acked, failed := post(t, db, ann, c, texts...)
		for text, seq := range acked {
			all[text] = seq
		}
		for text, err := range failed {
			refused++
			if !chat.Is(err, chat.Unavailable) {
				t.Fatalf("%.10q refused with %v", text, err)
			}
		}
	}
	if refused == 0 {
		t.Fatal("the disk was never full")
	}
	if err := db.RenameServer(ctx, strings.Repeat("n", 60)); err != nil && !chat.Is(err, chat.Unavailable) {
		t.Fatal(err)
	}
	limit(1 << 20)
	checkpointNow(t, db)
	acked, failed := post(t, db, ann, c, "after")
	if len(failed) != 0 {
		t.Fatalf("there is room again: %v", failed)
	}
	all["after"] = acked["after"]
	events, head, err := db.After(ctx, "", c, 0, 10_000, 1<<30)
	if err != nil || len(events) != len(all)+1 || head != chat.Seq(len(events)) {
		t.Fatalf("%d events and head %d for %d acknowledged, %v", len(events), head, len(all), err)
	}
	for i, e := range events {
		if e.Seq != chat.Seq(i+1) || e.Kind == chat.Posted && (all[e.Text] != e.Seq || e.N != chat.Seq(i)) {
			t.Fatalf("event %d: number %d, n %d, acknowledged as %d", i+1, e.Seq, e.N, all[e.Text])
		}
	}
	yielded := chat.Seq(1)
	for n, err := range feed {
		if err != nil {
			t.Fatal(err)
		}
		if yielded++; n.Event.Seq != yielded || all[n.Event.Text] != yielded {
			t.Fatalf("the feed yields %d, want %d", n.Event.Seq, yielded)
		}
		if yielded == head {
			break
		}
	}
}

// A batch whose COMMIT fails leaves nothing; its changes in the cache would make holes in
// the numbers.
func TestFailedCommit(t *testing.T) {
	ctx := context.Background()
	db, path, ann, c := garden(t)
	all, _ := post(t, db, ann, c, "one")
	var failing atomic.Bool
	err := db.write(ctx, func(t *tx) error {
		return t.conn.Raw(func(conn any) error {
			conn.(driver.HookRegisterer).RegisterCommitHook(func() int32 {
				if failing.Load() {
					return 1
				}
				return 0
			})
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	feed, err := db.OpenFeed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		failing.Store(true)
		acked, failed := post(t, db, ann, c, "two", "three", "four")
		if len(acked) != 0 || len(failed) != 3 {
			t.Fatalf("acknowledged %v without a commit", acked)
		}
		if _, _, err := db.CreateAccount(ctx, chat.NewAccount{Handle: "bob", Name: "Bob"}); err == nil {
			t.Fatal("an account without a commit")
		}
		failing.Store(false)
		text := fmt.Sprint("after failure ", round)
		acked, _ = post(t, db, ann, c, text)
		if acked[text] != chat.Seq(3+round) {
			t.Fatalf("number %d", acked[text])
		}
		all[text] = acked[text]
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	got := 0
	for n, err := range feed {
		if err != nil {
			break
		}
		got++
		if n.Event.Seq != chat.Seq(2+got) {
			t.Fatalf("the feed yields %d", n.Event.Seq)
		}
	}
	if got != 3 {
		t.Fatalf("the feed yielded %d", got)
	}
	db = opened(t, path)
	events, _, err := db.After(ctx, ann, c, 1, 100, 1<<20)
	if err != nil || len(events) != len(all) {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		if all[e.Text] != e.Seq {
			t.Fatalf("%q is %d, acknowledged as %d", e.Text, e.Seq, all[e.Text])
		}
	}
	if users, err := db.UsersByHandle(ctx, []string{"bob"}); err != nil || len(users) != 0 {
		t.Fatalf("%v %v", users, err)
	}
}

// A job that fails after it wrote leaves nothing: no row, no event, no notice, no change of
// the cache, also after a post of the same batch.
func TestFailedJobLeavesOthers(t *testing.T) {
	ctx := context.Background()
	db, _, ann, c := garden(t)
	bob := account(t, db, "bob")
	feed, err := db.OpenFeed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	hold := make(chan struct{})
	var wait sync.WaitGroup
	queue := func(j *job) {
		wait.Add(1)
		done := j.done
		j.done = func(ev chat.Event, again bool, err error) { done(ev, again, err); wait.Done() }
		if err := db.put(ctx, j); err != nil {
			t.Error(err)
		}
	}
	say := func(text string, want chat.Seq) {
		queue(&job{draft: chat.Event{Kind: chat.Posted, ChatID: c, By: ann, ClientID: text, Text: text}, rule: chat.Post,
			done: func(ev chat.Event, _ bool, err error) {
				if ev.Seq != want || err != nil {
					t.Errorf("%s: number %d, %v; want %d", text, ev.Seq, err, want)
				}
			}})
	}
	fails := func(f func(*tx) error) {
		queue(&job{run: func(t *tx) error {
			if err := f(t); err != nil {
				return err
			}
			return chat.Fail(chat.Conflict, "on purpose")
		}, done: func(_ chat.Event, _ bool, err error) {
			if !chat.Is(err, chat.Conflict) {
				t.Errorf("want conflict, got %v", err)
			}
		}})
	}
	join := func(t *tx) error {
		_, err := t.append(chat.Event{Kind: chat.Joined, ChatID: c, By: ann, Users: []chat.UserID{bob}, Role: chat.RoleAdmin})
		t.publish(chat.Notice{Ended: &chat.Revocation{UserID: bob}})
		return err
	}
	// All of this in one batch.
	queue(&job{run: func(*tx) error { <-hold; return nil }, done: func(chat.Event, bool, error) {}})
	fails(join)
	say("one", 2)
	fails(join)
	fails(func(t *tx) error {
		return insertChat(t, "new", chat.NewChat{Kind: chat.Group, By: ann, ClientID: "x"})
	})
	fails(func(t *tx) error {
		_, err := t.exec("INSERT INTO meta (key, value) VALUES ('left', 'behind')")
		return err
	})
	queue(&job{run: func(t *tx) error {
		_, err := t.exec("INSERT INTO meta (key, value) VALUES ('epoch', 'twice')")
		return err
	}, done: func(_ chat.Event, _ bool, err error) {
		if !chat.Is(err, chat.Internal) {
			t.Errorf("a broken constraint gave %v", err)
		}
	}})
	say("two", 3)
	queue(&job{run: func(x *tx) error {
		if _, in := (view{x, x.cache.chats[c]}).Member(bob); in || x.cache.chats[c].memberCount != 1 || x.cache.chats["new"] != nil {
			t.Error("the cache kept what was undone")
		}
		return nil
	}, done: func(chat.Event, bool, error) {}})
	close(hold)
	wait.Wait()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for n, err := range feed {
		if err != nil {
			break
		}
		got = append(got, n.Event.Text)
	}
	if fmt.Sprint(got) != "[one two]" {
		t.Fatalf("the feed yielded %q", got)
	}
}

// A post has no savepoint. If its projection fails after its row was written, the batch
// fails.
func TestFailedPostWritesNothing(t *testing.T) {
	db, _, ann, c := garden(t)
	twice := func(_ chat.View, e *chat.Event) error { e.Mentions = []chat.UserID{ann, ann}; return nil }
	done := make(chan error, 1)
	draft := chat.Event{Kind: chat.Posted, ChatID: c, By: ann, ClientID: "half", Text: "half"}
	if err := db.Append(t.Context(), draft, twice, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !chat.Is(err, chat.Internal) {
		t.Fatal(err)
	}
	if acked, _ := post(t, db, ann, c, "whole"); acked["whole"] != 2 {
		t.Fatalf("the next number is %d", acked["whole"])
	}
	if ev, ok, err := db.Find(t.Context(), c, ann, "half"); ok || err != nil {
		t.Fatalf("it is there: %+v, %v", ev, err)
	}
}

// A deleted text and its edits are in none of the database's files soon after. Other rows
// of a page, and pages that split, must not keep copies.
func TestDeletedTextIsInNoFile(t *testing.T) {
	db, path, ann, c := garden(t)
	const n = 400
	text := func(i int) string { return fmt.Sprintf("SECRET%05d%s", i, strings.Repeat("z", i%7*600)) }
	var texts []string
	for i := range n {
		texts = append(texts, text(i))
	}
	acked, _ := post(t, db, ann, c, texts...)
	change := func(kind chat.Kind, rule chat.Rule, target chat.Seq, text string) {
		t.Helper()
		done := make(chan error, 1)
		draft := chat.Event{Kind: kind, ChatID: c, By: ann, Target: target, Text: text}
		if err := db.Append(context.Background(), draft, rule, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	for i := range n / 4 { // longer and shorter: rows move
		change(chat.Edited, chat.Edit, acked[text(4*i)], fmt.Sprintf("SECRET edit %d %s", i, strings.Repeat("y", i%5*300)))
	}
	for i := range n {
		change(chat.Deleted, chat.Delete, acked[text(i)], "")
	}
	// A write after the last deletion: the checkpoint follows its batch.
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if k := bytes.Count(b, []byte("SECRET")); k != 0 {
			at := bytes.Index(b, []byte("SECRET"))
			t.Errorf("%d deleted texts are in %s, one is %.40q", k, filepath.Base(f), b[at:])
		}
	}
}
