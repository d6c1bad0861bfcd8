package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"parley/chat"
)

// Blobs runs all cases of [chat.Blobs]. open opens the store that keeps its data under dir,
// the same data for the same dir, and closes it when the test ends.
func Blobs(t *testing.T, open func(t testing.TB, dir string) chat.Blobs) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, chat.Blobs, func() chat.Blobs)
	}{
		{"Append", blobAppend}, {"AppendConflict", blobConflict}, {"AppendReaderError", blobReaderError}, {"Create", blobCreate}, {"CreateFails", blobCreateFails},
		{"Remove", blobRemove}, {"Read", blobRead}, {"List", blobList}, {"Names", blobNames}, {"Canceled", blobCanceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.run(t, open(t, dir), func() chat.Blobs { return open(t, dir) })
		})
	}
}

// blobBytes returns n bytes that differ from place to place.
func blobBytes(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		h := sha256.Sum256(fmt.Append(nil, i))
		b = append(b, h[:]...)
	}
	return b[:n]
}

func blobContent(t testing.TB, s chat.Blobs, name string) []byte {
	t.Helper()
	b, err := s.Open(t.Context(), name)
	must(t, err)
	defer b.Close()
	all, err := io.ReadAll(b)
	must(t, err)
	equal(t, "Size of an open blob", b.Size(), int64(len(all)))
	return all
}

// Pieces of any size make one blob, and another server sees what is there.
func blobAppend(t *testing.T, s chat.Blobs, again func() chat.Blobs) {
	ctx := t.Context()
	want := blobBytes(3<<20 + 17)
	at := int64(0)
	for i, n := range []int{1, 0, 255 << 10, 1, 255<<10 - 1, 300_000, 1 << 20, 3 << 20} {
		end := min(at+int64(n), int64(len(want)))
		size, err := s.Append(ctx, "a.part", at, bytes.NewReader(want[at:end]))
		must(t, err)
		equal(t, fmt.Sprint("size after piece ", i), size, end)
		at = end
		if i%2 == 0 {
			s = again()
		}
		size, err = s.Size(ctx, "a.part")
		must(t, err)
		equal(t, "Size", size, end)
	}
	equal(t, "whole blob", bytes.Equal(blobContent(t, s, "a.part"), want), true)
	size, err := s.Append(ctx, "empty", 0, strings.NewReader(""))
	must(t, err)
	equal(t, "size of an empty blob", size, 0)
	equal(t, "empty blob", len(blobContent(t, s, "empty")), 0)
}

func blobConflict(t *testing.T, s chat.Blobs, again func() chat.Blobs) {
	ctx := t.Context()
	_, err := s.Append(ctx, "a", 5, strings.NewReader("xx"))
	wantError(t, err, chat.NotFound)
	_, err = s.Append(ctx, "a", 0, strings.NewReader("12345"))
	must(t, err)
	for _, at := range []int64{0, 4, 6, 1 << 40} {
		size, err := s.Append(ctx, "a", at, strings.NewReader("xx"))
		wantError(t, err, chat.Conflict)
		equal(t, "size that a conflict returns", size, 5)
	}
	equal(t, "blob after conflicts", string(blobContent(t, s, "a")), "12345")

	// A second Append, here or on another server, while the first waits for its reader.
	for _, other := range []chat.Blobs{s, again()} {
		size, err := s.Size(ctx, "a")
		must(t, err)
		r, w := io.Pipe()
		first := make(chan error, 1)
		go func() {
			_, err := s.Append(ctx, "a", size, r)
			first <- err
		}()
		_, err = w.Write([]byte("abc")) // the first Append reads, so it has begun
		must(t, err)
		_, err = other.Append(ctx, "a", size, strings.NewReader("xyz"))
		wantError(t, err, chat.Conflict)
		must(t, w.Close())
		must(t, <-first)
	}
	equal(t, "blob after two at once", string(blobContent(t, s, "a")), "12345abcabc")
}

// A cut keeps what came before it.
func blobReaderError(t *testing.T, s chat.Blobs, again func() chat.Blobs) {
	ctx := t.Context()
	cut := errors.New("cut")
	want := blobBytes(600_000)
	at := int64(0)
	for _, n := range []int64{0, 1, 261_119, 261_121, 77_759} {
		size, err := s.Append(ctx, "a", at, io.MultiReader(bytes.NewReader(want[at:at+n]), iotest.ErrReader(cut)))
		equal(t, "error of the reader", errors.Is(err, cut), true)
		at += n
		equal(t, "size after a cut", size, at)
		size, err = again().Size(ctx, "a")
		must(t, err)
		equal(t, "Size after a cut", size, at)
	}
	equal(t, "blob", bytes.Equal(blobContent(t, s, "a"), want), true)
}

func blobCreate(t *testing.T, s chat.Blobs, again func() chat.Blobs) {
	ctx := t.Context()
	for _, want := range [][]byte{blobBytes(700_000), blobBytes(3), {}} {
		must(t, s.Create(ctx, "a", func(w io.Writer) error {
			_, err := io.Copy(w, iotest.HalfReader(bytes.NewReader(want)))
			return err
		}))
		equal(t, "blob", bytes.Equal(blobContent(t, s, "a"), want), true)
		equal(t, "blob on another server", bytes.Equal(blobContent(t, again(), "a"), want), true)
		size, err := s.Size(ctx, "a")
		must(t, err)
		equal(t, "Size", size, int64(len(want)))
	}
}

// A Create that fails leaves what was there, or nothing.
func blobCreateFails(t *testing.T, s chat.Blobs, _ func() chat.Blobs) {
	ctx := t.Context()
	broken := errors.New("broken")
	create := func() error {
		return s.Create(ctx, "a", func(w io.Writer) error {
			_, err := w.Write(blobBytes(300_000))
			must(t, err)
			return broken
		})
	}
	equal(t, "error of the caller", errors.Is(create(), broken), true)
	_, err := s.Open(ctx, "a")
	wantError(t, err, chat.NotFound)
	must(t, s.Create(ctx, "a", func(w io.Writer) error { _, err := w.Write([]byte("old")); return err }))
	equal(t, "error of the caller", errors.Is(create(), broken), true)
	equal(t, "blob", string(blobContent(t, s, "a")), "old")
}

func blobRemove(t *testing.T, s chat.Blobs, again func() chat.Blobs) {
	ctx := t.Context()
	must(t, s.Remove(ctx, "a"))
	for range 2 {
		_, err := s.Append(ctx, "a", 0, bytes.NewReader(blobBytes(400_000)))
		must(t, err)
		must(t, again().Remove(ctx, "a"))
		_, err = s.Open(ctx, "a")
		wantError(t, err, chat.NotFound)
		_, err = s.Size(ctx, "a")
		wantError(t, err, chat.NotFound)
		_, err = s.Append(ctx, "a", 400_000, strings.NewReader("x"))
		wantError(t, err, chat.NotFound)
	}
}

func blobRead(t *testing.T, s chat.Blobs, _ func() chat.Blobs) {
	ctx := t.Context()
	want := blobBytes(1<<20 + 3)
	must(t, s.Create(ctx, "a", func(w io.Writer) error { _, err := w.Write(want); return err }))
	b, err := s.Open(ctx, "a")
	must(t, err)
	defer b.Close()
	for _, r := range []struct{ at, n int }{{0, 1}, {255<<10 - 1, 2}, {255 << 10, 255 << 10}, {1 << 20, 3}, {2, 1 << 20}} {
		got := make([]byte, r.n)
		_, err := b.ReadAt(got, int64(r.at))
		must(t, err)
		equal(t, fmt.Sprint("bytes at ", r.at), bytes.Equal(got, want[r.at:r.at+r.n]), true)
		_, err = b.Seek(int64(r.at), io.SeekStart)
		must(t, err)
		_, err = io.ReadFull(b, got)
		must(t, err)
		equal(t, fmt.Sprint("bytes after a seek to ", r.at), bytes.Equal(got, want[r.at:r.at+r.n]), true)
	}
	n, err := b.ReadAt(make([]byte, 10), 1<<20)
	equal(t, "bytes at the end", n, 3)
	equal(t, "error at the end", err, io.EOF)
	end, err := b.Seek(-3, io.SeekEnd)
	must(t, err)
	equal(t, "Seek from the end", end, 1<<20)
}

func blobList(t *testing.T, s chat.Blobs, _ func() chat.Blobs) {
	ctx := t.Context()
	want := map[string]int64{}
	for i := range 300 {
		name := fmt.Sprintf("b%03d.part", i)
		_, err := s.Append(ctx, name, 0, bytes.NewReader(blobBytes(i)))
		must(t, err)
		want[name] = int64(i)
	}
	from := chat.Now() - 3_600_000
	for b, err := range s.List(ctx) {
		must(t, err)
		size, ok := want[b.Name]
		if !ok || b.Size != size || b.ModifiedAt < from || b.ModifiedAt > chat.Now()+chat.MaxClockLead {
			t.Errorf("List yields %+v", b)
		}
		delete(want, b.Name)
	}
	equal(t, "blobs that List left out", len(want), 0)
	for range s.List(ctx) {
		break
	}
}

func blobNames(t *testing.T, s chat.Blobs, _ func() chat.Blobs) {
	ctx := t.Context()
	for _, name := range []string{"", ".", "..", "../a", "a/b", `a\b`, ".a", "a\x00", "ä", strings.Repeat("a", chat.MaxBlobName+1)} {
		_, err := s.Append(ctx, name, 0, strings.NewReader("x"))
		wantError(t, err, chat.BadInput)
		_, err = s.Open(ctx, name)
		wantError(t, err, chat.BadInput)
		_, err = s.Size(ctx, name)
		wantError(t, err, chat.BadInput)
		wantError(t, s.Remove(ctx, name), chat.BadInput)
		wantError(t, s.Create(ctx, name, func(io.Writer) error { return nil }), chat.BadInput)
	}
}

func blobCanceled(t *testing.T, s chat.Blobs, _ func() chat.Blobs) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Append(ctx, "a", 0, strings.NewReader("x"))
	equal(t, "error of the context", errors.Is(err, context.Canceled), true)
	err = s.Create(ctx, "b", func(w io.Writer) error { _, err := w.Write([]byte("x")); return err })
	equal(t, "error of the context", errors.Is(err, context.Canceled), true)
	_, err = s.Open(t.Context(), "b")
	wantError(t, err, chat.NotFound)
}
