package storetest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"parley/chat"
)

// upload saves the record of an upload, complete unless partial.
func upload(t testing.TB, s chat.Store, by chat.User, c chat.Chat, name, typ string, partial bool) chat.File {
	t.Helper()
	u, err := chat.NewUpload(by.ID, c.ID, name, 1000, false)
	must(t, err)
	must(t, s.CreateUpload(context.Background(), u, 0))
	if partial {
		return u.File
	}
	u.Type, u.Size, u.Width, u.Height, u.DurationMs, u.Thumb, u.Cleaned = typ, 900, 640, 480, 1500, true, true
	saved, err := s.CompleteUpload(context.Background(), u)
	must(t, err)
	u.Complete = true
	equal(t, "the complete record", saved, u)
	return u.File
}

// withFiles is a draft of a post with files.
func withFiles(by chat.User, c chat.Chat, clientID, text string, files ...chat.File) chat.Event {
	e := chat.Event{Kind: chat.Posted, ChatID: c.ID, By: by.ID, ClientID: clientID, Text: text}
	for _, f := range files {
		e.Files = append(e.Files, chat.File{ID: f.ID, Alt: f.Alt})
	}
	return e
}

// postFiles posts files and returns the message's number.
func postFiles(t testing.TB, s chat.Store, by chat.User, c chat.Chat, clientID, text string, files ...chat.File) chat.Seq {
	t.Helper()
	ev, _, err := do(t, s, withFiles(by, c, clientID, text, files...), chat.Post)
	must(t, err)
	return ev.Seq
}

func removals(t testing.TB, s chat.Store) (ids []chat.FileID) {
	t.Helper()
	ids, err := s.Removals(context.Background(), 100)
	must(t, err)
	slices.Sort(ids)
	return ids
}

func wantRemovals(t testing.TB, s chat.Store, want ...chat.FileID) {
	t.Helper()
	slices.Sort(want)
	if got := removals(t, s); !slices.Equal(got, want) {
		t.Fatalf("to remove: %v, want %v", got, want)
	}
}

// files tests that a message shows its files everywhere, until it is deleted.
func files(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	c := group(t, s, "garden", ann, bob)
	received := listen(t, s)
	a, b := upload(t, s, ann, c, "a.png", "image/png", false), upload(t, s, ann, c, "b \"ä\".pdf", "application/pdf", false)
	a.Alt = "a \"bed\" of tulips\u202f🌷"
	seq := postFiles(t, s, ann, c, "two", "", a, b)
	_, _, err := do(t, s, chat.Event{Kind: chat.Posted, ChatID: c.ID, By: bob.ID, ClientID: "reply", Text: "nice", Reply: &chat.Quote{Seq: seq}}, chat.Post)
	must(t, err)

	want := []chat.File{a, b}
	for _, n := range received() {
		if n.Event != nil && n.Event.Seq == seq && !reflect.DeepEqual(n.Event.Files, want) {
			t.Errorf("the feed yields %+v", n.Event.Files)
		}
	}
	m, err := s.Message(ctx, bob.ID, c.ID, seq)
	must(t, err)
	page, err := s.Page(ctx, bob.ID, c.ID, chat.Window{Limit: 10})
	must(t, err)
	events, _, err := s.After(ctx, bob.ID, c.ID, seq-1, 10, 1<<20)
	must(t, err)
	first, _, err := s.Find(ctx, c.ID, ann.ID, "two")
	must(t, err)
	listed, _, err := s.FilesOf(ctx, bob.ID, c.ID, chat.FileList{Limit: 10})
	must(t, err)
	var list []chat.File
	for _, p := range listed {
		list = append(list, p.File)
	}
	for i, got := range [][]chat.File{m.Files, page.Messages[0].Files, events[0].Files, first.Files, list} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("read %d: %+v, want %+v", i, got, want)
		}
	}
	for i, q := range []*chat.Quote{page.Messages[1].Reply, events[1].Reply} {
		if q == nil || q.Files != 2 || q.Text != "" {
			t.Errorf("quote %d: %+v", i, q)
		}
	}

	u, err := s.File(ctx, bob.ID, c.ID, a.ID)
	must(t, err)
	equal(t, "number of the file's message", u.Message, seq)
	equal(t, "file", u.File, a)
	_, err = s.File(ctx, eve.ID, c.ID, a.ID)
	wantError(t, err, chat.NotFound)
	other := group(t, s, "kitchen", eve)
	_, err = s.File(ctx, eve.ID, other.ID, a.ID)
	wantError(t, err, chat.NotFound)
	remove(t, s, ann, c, bob)
	_, err = s.File(ctx, bob.ID, c.ID, a.ID)
	wantError(t, err, chat.NotFound)

	wantRemovals(t, s)
	_, _, err = do(t, s, targeting(chat.Deleted, ann, c, seq, "gone", ""), chat.Delete)
	must(t, err)
	wantRemovals(t, s, a.ID, b.ID)
	_, err = s.File(ctx, ann.ID, c.ID, a.ID)
	wantError(t, err, chat.NotFound)
	page, err = s.Page(ctx, ann.ID, c.ID, chat.Window{Limit: 10})
	must(t, err)
	if q := page.Messages[1].Reply; len(page.Messages[0].Files) != 0 || q.Files != 0 {
		t.Errorf("after the deletion: %+v, quoted %+v", page.Messages[0].Files, q)
	}
	must(t, s.EndRemovals(ctx, []chat.FileID{a.ID}))
	wantRemovals(t, s, b.ID)
	usage, err := s.FileUsage(ctx)
	must(t, err)
	equal(t, "usage", usage, chat.FileUsage{})
}

// fileOnce tests that a file is in one message, and which uploads a post may have.
func fileOnce(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	c, other := group(t, s, "garden", ann, bob), group(t, s, "kitchen", ann, bob)
	a, b := upload(t, s, ann, c, "a", "text/plain", false), upload(t, s, ann, c, "b", "text/plain", false)
	refused := func(draft chat.Event, code chat.Code) {
		t.Helper()
		_, _, err := do(t, s, draft, chat.Post)
		wantError(t, err, code, "files")
	}
	refused(withFiles(bob, c, "1", "x", a), chat.BadInput)
	refused(withFiles(ann, other, "1", "x", a), chat.BadInput)
	refused(withFiles(ann, c, "1", "x", chat.File{ID: "none"}), chat.BadInput)
	refused(withFiles(ann, c, "1", "x", upload(t, s, ann, c, "p", "", true)), chat.Conflict)

	seq := postFiles(t, s, ann, c, "1", "x", a)
	refused(withFiles(ann, c, "2", "x", b, a), chat.Conflict)
	ev, again, err := do(t, s, withFiles(ann, c, "1", "x", a), chat.Post)
	must(t, err)
	equal(t, "again", again, true)
	equal(t, "number of the retry", ev.Seq, seq)
	ev, again, err = do(t, s, withFiles(ann, c, "1", "x", b), chat.Post) // the clientId alone says what it is
	must(t, err)
	equal(t, "again", again, true)
	equal(t, "number of the retry", ev.Seq, seq)

	// Two posts at once, with text posts around them, in order.
	type result struct {
		seq chat.Seq
		err error
	}
	results := make(chan result, 8)
	for i := range 8 {
		draft := chat.Event{Kind: chat.Posted, ChatID: c.ID, By: ann.ID, ClientID: fmt.Sprint("race", i), Text: "text"}
		if i == 3 || i == 5 {
			draft = withFiles(ann, c, draft.ClientID, "", b)
		}
		must(t, s.Append(context.Background(), draft, chat.Post, func(ev chat.Event, _ bool, err error) { results <- result{ev.Seq, err} }))
	}
	last, failed := chat.Seq(0), 0
	for range 8 {
		r := <-results
		if r.err != nil {
			wantError(t, r.err, chat.Conflict, "files")
			failed++
			continue
		}
		if r.seq <= last {
			t.Errorf("number %d after %d", r.seq, last)
		}
		last = r.seq
	}
	equal(t, "posts that were refused", failed, 1)
}

// uploads tests the life of an upload that no message takes.
func uploads(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	c := group(t, s, "garden", ann, bob)
	create := func(by chat.User, length, most int64) error {
		u, err := chat.NewUpload(by.ID, c.ID, "f", length, true)
		must(t, err)
		return s.CreateUpload(ctx, u, most)
	}
	u, err := chat.NewUpload(ann.ID, c.ID, "a", 600, true)
	must(t, err)
	must(t, s.CreateUpload(ctx, u, 1000))
	wantError(t, create(ann, 401, 1000), chat.QuotaExceeded)
	must(t, create(bob, 401, 1000))
	outside := account(t, s, "eve")
	wantError(t, create(outside, 1, 0), chat.NotFound, "chatId")

	got, err := s.Upload(ctx, ann.ID, u.ID)
	must(t, err)
	equal(t, "record", got, u)
	for _, who := range []chat.User{bob, outside} {
		_, err = s.Upload(ctx, who.ID, u.ID)
		wantError(t, err, chat.NotFound)
		wantError(t, s.RemoveUpload(ctx, who.ID, u.ID), chat.NotFound)
	}
	_, err = s.File(ctx, ann.ID, c.ID, u.ID)
	wantError(t, err, chat.NotFound) // not complete

	must(t, s.Close())
	s = open(t, dir)
	u.Type, u.Size, u.Length = "image/png", 590, 595
	saved, err := s.CompleteUpload(ctx, u)
	must(t, err)
	u.Complete = true
	equal(t, "record", saved, u)
	changed := u
	changed.Size = 1
	saved, err = s.CompleteUpload(ctx, changed)
	must(t, err)
	equal(t, "record that was complete", saved, u)
	_, err = s.File(ctx, ann.ID, c.ID, u.ID)
	must(t, err)
	_, err = s.File(ctx, bob.ID, c.ID, u.ID)
	wantError(t, err, chat.NotFound) // it is in no message

	// Expired: only what no message has.
	posted := upload(t, s, ann, c, "posted", "video/mp4", false)
	postFiles(t, s, ann, c, "1", "", posted)
	wantError(t, s.RemoveUpload(ctx, ann.ID, posted.ID), chat.Conflict)
	n, err := s.ExpireUploads(ctx, chat.Now(), 10)
	must(t, err)
	equal(t, "expired now", n, 0)
	wantRemovals(t, s)
	must(t, s.RemoveUpload(ctx, ann.ID, u.ID))
	wantRemovals(t, s, u.ID)
	_, err = s.CompleteUpload(ctx, u)
	wantError(t, err, chat.NotFound)
	must(t, create(bob, 1, 0))
	tomorrow := chat.Now() + chat.UploadLife.Milliseconds() + 1
	for _, want := range []int{1, 1, 0} {
		n, err = s.ExpireUploads(ctx, tomorrow, 1)
		must(t, err)
		equal(t, "expired tomorrow", n, want)
	}
	equal(t, "to remove", len(removals(t, s)), 3)
	usage, err := s.FileUsage(ctx)
	must(t, err)
	equal(t, "usage", usage, chat.FileUsage{Files: 1, Bytes: 900})
	must(t, s.Close())
	s = open(t, dir)
	must(t, s.EndRemovals(ctx, removals(t, s)))
	wantRemovals(t, s)

	for i := range chat.MaxFreeUploads {
		if err := create(ann, 1, 0); err != nil {
			t.Fatal(i, err)
		}
	}
	wantError(t, create(ann, 1, 0), chat.QuotaExceeded)
}

// fileLists tests lists of files and records.
func fileLists(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	c := group(t, s, "garden", ann, bob)
	var ids []chat.FileID
	var want []string
	for i, types := range [][]string{{"image/png"}, {"video/mp4", "image/jpeg", "image/gif"}, {"application/pdf"}, {"audio/ogg"}} {
		var list []chat.File
		for k, typ := range types {
			f := upload(t, s, ann, c, fmt.Sprintf("%d%d", i, k), typ, false)
			list, ids = append(list, f), append(ids, f.ID)
		}
		postFiles(t, s, ann, c, fmt.Sprint(i), "", list...)
	}
	upload(t, s, ann, c, "free", "image/png", false)
	upload(t, s, ann, c, "partial", "", true)
	names := func(l chat.FileList) (names []string, last chat.Seq, more bool) {
		t.Helper()
		page, more, err := s.FilesOf(ctx, bob.ID, c.ID, l)
		must(t, err)
		for _, p := range page {
			if p.By != ann.ID || p.At == 0 {
				t.Errorf("%+v", p)
			}
			names, last = append(names, p.File.Name), p.Seq
		}
		return names, last, more
	}
	all, _, more := names(chat.FileList{Limit: 50})
	want = []string{"30", "20", "10", "11", "12", "00"}
	if !slices.Equal(all, want) || more {
		t.Errorf("all: %v, more %v", all, more)
	}
	images, _, _ := names(chat.FileList{Limit: 50, Kind: chat.ImageFile})
	if !slices.Equal(images, []string{"11", "12", "00"}) {
		t.Errorf("images: %v", images)
	}
	var paged []string
	for l := (chat.FileList{Limit: 1}); ; {
		page, last, more := names(l)
		paged = append(paged, page...)
		if !more {
			break
		}
		l.Before = last
	}
	if !slices.Equal(paged, want) {
		t.Errorf("page by page: %v", paged)
	}
	_, _, err := s.FilesOf(ctx, eve.ID, c.ID, chat.FileList{Limit: 1})
	wantError(t, err, chat.NotFound)

	records, err := s.FilesWith(ctx, append(slices.Clone(ids[:2]), "none"))
	must(t, err)
	equal(t, "records of two ids", len(records), 2)
	var walked []chat.FileID
	for after := chat.FileID(""); ; {
		page, err := s.FilesAfter(ctx, after, 2)
		must(t, err)
		for _, u := range page {
			walked, after = append(walked, u.ID), u.ID
		}
		if len(page) < 2 {
			break
		}
	}
	if len(walked) != len(ids)+1 || !slices.IsSorted(walked) {
		t.Errorf("all records: %v", walked)
	}
}

// filesOfDeletedChat tests that the files of a deleted chat are removed.
func filesOfDeletedChat(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	c, other := group(t, s, "garden", ann, bob), group(t, s, "kitchen", ann, bob)
	a, b := upload(t, s, ann, c, "a", "image/png", false), upload(t, s, ann, other, "b", "image/png", false)
	free := upload(t, s, ann, c, "free", "image/png", false)
	postFiles(t, s, ann, c, "a", "", a)
	postFiles(t, s, ann, other, "b", "", b)
	must(t, try(t, s, step{draft(chat.Left, ann, c, "deleted"), chat.DeleteChat}).err)
	for _, id := range []chat.FileID{a.ID, free.ID} {
		_, err := s.File(ctx, ann.ID, c.ID, id)
		wantError(t, err, chat.NotFound)
	}
	u, err := chat.NewUpload(ann.ID, c.ID, "late", 1, false)
	must(t, err)
	wantError(t, s.CreateUpload(ctx, u, 0), chat.NotFound, "chatId")
	purge(t, s)
	wantRemovals(t, s, a.ID)
	_, err = s.File(ctx, bob.ID, other.ID, b.ID)
	must(t, err)
}
