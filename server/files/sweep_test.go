package files

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/store/folder"
)

// records is a Store made by hand.
type records struct {
	Store
	uploads  []chat.Upload
	removals []chat.FileID
	fail     error
}

func (r *records) FilesWith(_ context.Context, ids []chat.FileID) (found []chat.Upload, err error) {
	for _, u := range r.uploads {
		if slices.Contains(ids, u.ID) {
			found = append(found, u)
		}
	}
	return found, nil
}

func (r *records) FilesAfter(_ context.Context, after chat.FileID, limit int) (found []chat.Upload, err error) {
	for _, u := range r.uploads {
		if u.Complete && u.ID > after && len(found) < limit {
			found = append(found, u)
		}
	}
	return found, nil
}

func (r *records) ExpireUploads(context.Context, int64, int) (int, error) { return 0, nil }
func (r *records) FileUsage(context.Context) (chat.FileUsage, error) {
	return chat.FileUsage{Files: 7}, nil
}
func (r *records) Removals(context.Context, int) ([]chat.FileID, error) {
	return slices.Clone(r.removals), nil
}
func (r *records) EndRemovals(_ context.Context, ids []chat.FileID) error {
	if r.fail != nil {
		return r.fail
	}
	r.removals = slices.DeleteFunc(r.removals, func(id chat.FileID) bool { return slices.Contains(ids, id) })
	return nil
}

func sweeper(t *testing.T, r *records, blobs ...string) (f *Files, dir string) {
	t.Helper()
	dir = t.TempDir()
	b, err := folder.Open(dir, func(int64) int64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	for _, name := range blobs {
		if err := b.Create(t.Context(), name, func(w io.Writer) error { _, err := io.WriteString(w, name); return err }); err != nil {
			t.Fatal(err)
		}
	}
	return New(Config{Store: r, Blobs: b, Log: slog.New(slog.DiscardHandler)}), dir
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

// Only blobs that no file can need are removed.
func TestCompare(t *testing.T) {
	id := func(n string) chat.FileID { return chat.FileID(strings.Repeat(n, fileIDLen)) }
	r := &records{uploads: []chat.Upload{
		{File: chat.File{ID: id("a"), Thumb: true}, Complete: true},
		{File: chat.File{ID: id("b")}, Complete: true, Cleaned: true},
		{File: chat.File{ID: id("c")}},
		{File: chat.File{ID: id("d")}, Complete: true},
	}}
	f, dir := sweeper(t, r,
		string(id("a")), id("a").ThumbBlob(), id("a").CleanedBlob(), // the last one is of no use
		string(id("b")), id("b").CleanedBlob(), // the first one has the places
		string(id("c")), id("c").CleanedBlob(), // under way
		string(id("e")), string(id("f")), // without a record: e is old
		"photo.jpg", "notes", string(id("g"))+".bak")
	old := time.Now().Add(-orphanAge - time.Hour)
	for _, name := range []string{string(id("e")), "photo.jpg", "notes", string(id("g")) + ".bak"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.compare(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{string(id("a")), id("a").ThumbBlob(), id("b").CleanedBlob(), string(id("c")), id("c").CleanedBlob(),
		string(id("f")), string(id("g")) + ".bak", "notes", "photo.jpg"}, " ")
	if got := names(t, dir); got != want {
		t.Errorf("left:\n%s\nwant\n%s", got, want)
	}
	if st, _ := f.Stats(); st.Orphans != 3 || st.Missing != 1 {
		t.Errorf("%+v", st)
	}
}

// A removal that was not saved as done is done again.
func TestRemovalsAreRepeated(t *testing.T) {
	id := chat.FileID(strings.Repeat("a", fileIDLen))
	r := &records{removals: []chat.FileID{id}, fail: errors.New("the store is down")}
	f, dir := sweeper(t, r, id.Blobs()...)
	if _, err := f.sweepOnce(t.Context()); !errors.Is(err, r.fail) || names(t, dir) != "" || len(r.removals) != 1 {
		t.Fatalf("%v, left %q", err, names(t, dir))
	}
	r.fail = nil
	if removed, err := f.sweepOnce(t.Context()); err != nil || !removed || len(r.removals) != 0 {
		t.Fatalf("%v, %v, %v", removed, err, r.removals)
	}
	if removed, err := f.sweepOnce(t.Context()); err != nil || removed {
		t.Fatalf("again: %v, %v", removed, err)
	}
	if err := f.count(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st, _ := f.Stats(); st.FileUsage.Files != 7 {
		t.Errorf("%+v", st)
	}
}

func TestSending(t *testing.T) {
	s := sending{by: map[chat.UserID]int{}}
	for range maxSending {
		if err := s.begin("ann"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.begin("ann"); !chat.Is(err, chat.RateLimited) {
		t.Errorf("one more: %v", err)
	}
	if err := s.begin("bob"); err != nil {
		t.Errorf("another user: %v", err)
	}
	s.end("ann")
	if err := s.begin("ann"); err != nil {
		t.Error(err)
	}
}

// A decoder that panics is a damaged file.
func TestGuarded(t *testing.T) {
	if _, err := guarded(func() (int, error) { panic("index out of range") }); err == nil {
		t.Error("no error")
	}
}
