package logging

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// output is an output that a test can block and let fail.
type output struct {
	mu   sync.Mutex
	got  strings.Builder // guarded by mu
	room int             // guarded by mu: bytes that it accepts before it fails; -1: no limit
	gate chan struct{}   // if set, each Write takes a token from it
}

func (o *output) Write(p []byte) (int, error) {
	if o.gate != nil {
		<-o.gate
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.room >= 0 && len(p) > o.room {
		n := o.room
		o.room = 0
		o.got.Write(p[:n])
		return n, errors.New("no space left on device")
	}
	if o.room >= 0 {
		o.room -= len(p)
	}
	o.got.Write(p)
	return len(p), nil
}

func (o *output) set(room int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.room = room
}

func text(w io.Writer) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
}

const lostFormat = "level=WARN msg=\"log lines were lost\" lines=%d\n"

// While the output blocks, Write queues lines. When the queue is full it drops them, and
// a line at the gap has their number.
func TestBlockedOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &output{room: -1, gate: make(chan struct{})}
		w := NewWriter(out, text)
		var want strings.Builder
		line := strings.Repeat("x", 1023) + "\n"
		fmt.Fprint(w, "first\n")
		synctest.Wait() // the goroutine is inside Write
		want.WriteString("first\n")
		for range maxPending / len(line) {
			fmt.Fprint(w, line)
			want.WriteString(line)
		}
		for range 7 {
			fmt.Fprint(w, "no room\n")
		}
		if w.Lost() != 7 {
			t.Errorf("%d lines lost, want 7", w.Lost())
		}
		fmt.Fprintf(&want, lostFormat, 7)
		close(out.gate)
		synctest.Wait()
		fmt.Fprint(w, "last\n")
		want.WriteString("last\n")
		w.Close(time.Hour)
		if got := out.got.String(); got != want.String() {
			t.Errorf("got %d bytes, want %d, ending in %q", len(got), want.Len(), got[max(0, len(got)-200):])
		}
	})
}

// A line that the output refuses is lost and counted, also if a part was written. The
// next lines are complete.
func TestRefusedLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &output{room: 8}
		w := NewWriter(out, text)
		log := func(s string) {
			fmt.Fprintln(w, s)
			synctest.Wait()
		}
		log("one")
		log("half") // the output accepts "one\n" and four bytes of this line
		out.set(4)  // accepts a part of the line about lost lines
		log("two")
		log("three")
		if w.Lost() != 3 {
			t.Errorf("%d lines lost, want 3", w.Lost())
		}
		out.set(-1)
		log("four")
		w.Close(time.Hour)
		want := "one\nhalf\nlev\n" + fmt.Sprintf(lostFormat, 3) + "four\n"
		if got := out.got.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		log("after the end")
		if w.Lost() != 4 {
			t.Errorf("%d lines lost, want 4", w.Lost())
		}
	})
}

// Close waits for a slow output, and not longer than the timeout for a blocked one.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &output{room: -1, gate: make(chan struct{})}
		w := NewWriter(slow, text)
		fmt.Fprintln(w, "one")
		go func() {
			time.Sleep(time.Second)
			close(slow.gate)
		}()
		w.Close(2 * time.Second)
		if got := slow.got.String(); got != "one\n" {
			t.Errorf("got %q", got)
		}

		stuck := &output{room: -1, gate: make(chan struct{})}
		w = NewWriter(stuck, text)
		fmt.Fprintln(w, "one")
		began := time.Now()
		w.Close(2 * time.Second)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("Close took %v", took)
		}
		close(stuck.gate)
		w.Close(time.Hour) // a second Close is allowed; the goroutine ends
	})
}

// Concurrent writers keep the order of their own lines.
func TestConcurrent(t *testing.T) {
	out := &output{room: -1}
	w := NewWriter(out, text)
	log := slog.New(text(w))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 500 {
				log.Info("line", "by", i, "n", j)
			}
		})
	}
	all.Wait()
	w.Close(time.Minute)
	next := map[int]int{}
	for line := range strings.Lines(out.got.String()) {
		var by, n int
		if _, err := fmt.Sscanf(line, "level=INFO msg=line by=%d n=%d\n", &by, &n); err != nil || next[by] != n {
			t.Fatalf("%q, %v, want number %d", line, err, next[by])
		}
		next[by]++
	}
	if len(next) != 8 || next[0] != 500 || w.Lost() != 0 {
		t.Errorf("%v, %d lost", next, w.Lost())
	}
}

// BenchmarkLine measures a log line that is written directly to a pipe, and one that is
// written through a Writer.
func BenchmarkLine(b *testing.B) {
	for _, name := range []string{"direct", "queued"} {
		b.Run(name, func(b *testing.B) {
			r, p, err := os.Pipe()
			if err != nil {
				b.Fatal(err)
			}
			var read sync.WaitGroup
			read.Go(func() { _, _ = io.Copy(io.Discard, r) })
			var out io.Writer = p
			var w *Writer
			if name == "queued" {
				w = NewWriter(p, text)
				out = w
			}
			log := slog.New(slog.NewTextHandler(out, nil))
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					log.Info("request", "method", "POST", "route", "/api/chats/{chatId}/messages", "status", 201, "bytes", 300,
						"took", time.Millisecond, "request", "01a2b3c4d5e6f7", "address", "192.0.2.1", "user", "01a2b3c4d5e6f7")
				}
			})
			if w != nil {
				w.Close(time.Minute)
				b.ReportMetric(float64(w.Lost())/float64(b.N), "lost/op")
			}
			_ = p.Close()
			read.Wait()
		})
	}
}
