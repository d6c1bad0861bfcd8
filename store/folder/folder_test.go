package folder_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"parley/chat"
	"parley/store/folder"
	"parley/store/storetest"
)

func noReserve(int64) int64 { return 0 }

func TestMain(m *testing.M) {
	if dir := os.Getenv("PARLEY_FOLDER_CRASH"); dir != "" {
		writeForever(dir)
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string) *folder.Folder {
	t.Helper()
	f, err := folder.Open(dir, noReserve)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestBlobs(t *testing.T) {
	storetest.Blobs(t, func(t testing.TB, dir string) chat.Blobs { return open(t, dir) })
}

// writeForever creates blobs and appends to them, and prints what was acknowledged.
func writeForever(dir string) {
	f, err := folder.Open(dir, noReserve)
	for i := 0; err == nil; i++ {
		name := chat.NewID[string]()
		if err = f.Create(context.Background(), name, func(w io.Writer) error {
			_, err := io.Copy(w, strings.NewReader(strings.Repeat(name, 5000)))
			return err
		}); err == nil {
			_, _ = os.Stdout.WriteString(name + "\n")
		}
	}
	_, _ = os.Stderr.WriteString(err.Error())
	os.Exit(1)
}

func TestKillLeavesWholeBlobs(t *testing.T) {
	dir := t.TempDir()
	for range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "PARLEY_FOLDER_CRASH="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acked := make([]byte, 17*20)
		if _, err := io.ReadFull(out, acked); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Process.Kill()
		rest, _ := io.ReadAll(out)
		_ = cmd.Wait()
		f := open(t, dir)
		names := strings.Fields(string(append(acked, rest...)))
		for _, name := range names {
			if len(name) != 16 {
				continue // printed in part
			}
			if _, err := f.Size(t.Context(), name); err != nil {
				t.Errorf("%s was acknowledged: %v", name, err)
			}
		}
		for b, err := range f.List(t.Context()) {
			if err != nil || b.Size != 16*5000 {
				t.Errorf("%+v, %v: it is not whole", b, err)
			}
		}
	}
}

func TestOpenRemovesOldTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	for name, age := range map[string]time.Duration{".new-old": 25 * time.Hour, ".new-fresh": time.Hour, "blob": 999 * time.Hour} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir)
	for name, want := range map[string]bool{".new-old": false, ".new-fresh": true, "blob": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A symbolic link in the folder does not lead out of it.
func TestLinksDoNotLeaveTheFolder(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if b, err := open(t, dir).Open(t.Context(), "link"); err == nil {
		got, _ := io.ReadAll(b)
		t.Errorf("it reads %q", got)
	}
}

func TestKeptSpace(t *testing.T) {
	for total, want := range map[int64]int64{10 << 30: 2 << 30, 20 << 30: 2 << 30, 100 << 30: 10 << 30} {
		if got := folder.Kept(total); got != want {
			t.Errorf("Kept(%d) = %d, want %d", total, got, want)
		}
	}
	f, err := folder.Open(t.TempDir(), func(total int64) int64 { return total })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Append(t.Context(), "a", 0, bytes.NewReader(nil)); !chat.Is(err, chat.DiskFull) {
		t.Errorf("Append on a full disk: %v", err)
	}
	if err := f.Create(t.Context(), "a", func(io.Writer) error { return nil }); !chat.Is(err, chat.DiskFull) {
		t.Errorf("Create on a full disk: %v", err)
	}
	if err := f.Remove(t.Context(), "a"); err != nil {
		t.Errorf("Remove on a full disk: %v", err)
	}
}

// Many uploads that began while there was room do not fill the disk: each ends when there is
// none, and keeps what it has.
func TestSpaceEndsMeanwhile(t *testing.T) {
	var full atomic.Bool
	dir := t.TempDir()
	f, err := folder.Open(dir, func(total int64) int64 {
		if full.Load() {
			return total
		}
		return 0
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	endless := readerFunc(func(b []byte) (int, error) {
		full.Store(true)
		return len(b), nil
	})
	size, err := f.Append(t.Context(), "a", 0, endless)
	if !chat.Is(err, chat.DiskFull) || size == 0 || size > 8<<20 {
		t.Fatalf("%d bytes, %v", size, err)
	}
	if got, err := f.Size(t.Context(), "a"); err != nil || got != size {
		t.Errorf("the blob has %d bytes, %v", got, err)
	}
	full.Store(false)
	if now, err := f.Append(t.Context(), "a", size, strings.NewReader("more")); err != nil || now != size+4 {
		t.Errorf("%d bytes, %v", now, err)
	}
	err = f.Create(t.Context(), "b", func(w io.Writer) error { _, err := io.Copy(w, endless); return err })
	if !chat.Is(err, chat.DiskFull) {
		t.Errorf("%v", err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 1 {
		t.Errorf("left: %v, %v", names, err)
	}
}

type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(b []byte) (int, error) { return r(b) }
