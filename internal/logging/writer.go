// Package logging keeps the service apart from whoever reads its log: a reader
// that is slow, stopped or gone delays no request and ends no process.
package logging

import (
	"bytes"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxPending = 1 << 20   // bytes that wait to be written
	maxKept    = 256 << 10 // of a buffer that is used again
)

// Writer is an io.Writer whose Write never waits: it queues the line, and one
// goroutine writes what is queued. Lines that find the queue full, or that the
// output refuses, are lost and counted; a line tells how many, where they were,
// as soon as the output takes lines again.
type Writer struct {
	out    io.Writer                    // static
	format func(io.Writer) slog.Handler // static; for the line that tells of lost ones
	lost   atomic.Uint64
	wake   chan struct{} // has a token when pending became non-empty
	done   chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	pending []byte // guarded by mu: whole lines
	dropped uint64 // guarded by mu: lines after those of pending that found no room
	closed  bool   // guarded by mu

	// Owned by the goroutine.
	spare   []byte
	refused uint64 // lines that the output did not take and that nobody was told of
	torn    bool   // the output ends within a line
}

// NewWriter returns a writer to out and starts its goroutine, which Close ends.
func NewWriter(out io.Writer, format func(io.Writer) slog.Handler) *Writer {
	w := &Writer{out: out, format: format, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// Lost returns how many lines were lost so far.
func (w *Writer) Lost() uint64 { return w.lost.Load() }

// Write queues p, which must be whole lines. It never fails.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		w.lost.Add(lines(p))
		return len(p), nil
	}
	first := len(w.pending) == 0
	// After a dropped line all are dropped, so that the gap is in one place.
	if w.dropped > 0 || len(w.pending)+len(p) > maxPending {
		w.dropped += lines(p)
		w.lost.Add(lines(p))
	} else {
		w.pending = append(w.pending, p...)
	}
	if first {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	return len(p), nil
}

// Close returns when everything queued was written, or after the timeout: then
// the goroutine goes on until the output answers.
func (w *Writer) Close(timeout time.Duration) {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.wake)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-time.After(timeout):
	}
}

func (w *Writer) run() {
	defer close(w.done)
	for range w.wake {
		for w.flush() {
		}
	}
}

// flush writes what is pending and reports whether there was anything.
func (w *Writer) flush() bool {
	w.mu.Lock()
	chunk, dropped := w.pending, w.dropped
	if len(chunk) == 0 && dropped == 0 {
		w.mu.Unlock()
		return false
	}
	w.pending, w.dropped = w.spare, 0
	w.mu.Unlock()

	w.put(chunk, dropped)
	w.spare = nil
	if cap(chunk) <= maxKept {
		w.spare = chunk[:0]
	}
	return true
}

// put writes the chunk, before it a line about those that the output refused,
// and after it one about those that were dropped.
func (w *Writer) put(chunk []byte, dropped uint64) {
	if w.refused > 0 {
		if w.write(w.told(w.refused)) > 0 {
			w.lost.Add(lines(chunk))
			w.refused += lines(chunk) + dropped
			return
		}
		w.refused = 0
	}
	if n := w.write(chunk); n > 0 {
		w.lost.Add(n)
		w.refused = n + dropped
		return
	}
	if dropped > 0 && w.write(w.told(dropped)) > 0 {
		w.refused = dropped
	}
}

// write writes b and returns how many lines of it the output did not take.
func (w *Writer) write(b []byte) uint64 {
	if w.torn {
		b = append([]byte("\n"), b...)
	}
	n, _ := w.out.Write(b) // an error shows as n < len(b)
	if n > 0 {
		w.torn = b[n-1] != '\n'
	}
	return lines(b[n:])
}

func (w *Writer) told(n uint64) []byte {
	var b bytes.Buffer
	slog.New(w.format(&b)).Warn("log lines were lost", "lines", n)
	return b.Bytes()
}

func lines(b []byte) uint64 { return uint64(bytes.Count(b, []byte("\n"))) }
