// Package logging decouples the server from the reader of its log: a reader that is
// slow, stopped or gone delays no request and does not end the process.
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
	maxPending = 1 << 20   // bytes that are queued
	maxReused  = 256 << 10 // capacity of a buffer that is used again
)

// Writer is an io.Writer whose Write does not wait: it queues the lines, and one
// goroutine writes them to the output. Lines are lost and counted if the queue is full or
// if the output returns an error. As soon as the output accepts lines again, a line at
// the place of the lost ones has their number.
type Writer struct {
	out    io.Writer                    // static
	format func(io.Writer) slog.Handler // static; for the line about lost lines
	lost   atomic.Uint64
	wake   chan struct{} // has a token when pending became non-empty
	done   chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	pending []byte // guarded by mu: whole lines
	dropped uint64 // guarded by mu: lines after those of pending that were dropped
	closed  bool   // guarded by mu

	// Owned by the goroutine.
	spare   []byte
	refused uint64 // lines that the output did not take and that no line reports yet
	torn    bool   // the output ends inside a line
}

// NewWriter returns a writer to out and starts its goroutine, which Close ends.
func NewWriter(out io.Writer, format func(io.Writer) slog.Handler) *Writer {
	w := &Writer{out: out, format: format, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w
}

// Lost returns the number of lines lost so far.
func (w *Writer) Lost() uint64 { return w.lost.Load() }

// Write queues p, which must consist of whole lines. It returns no error.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		w.lost.Add(countLines(p))
		return len(p), nil
	}
	first := len(w.pending) == 0
	// After a dropped line all further ones are dropped, so that there is one gap.
	if w.dropped > 0 || len(w.pending)+len(p) > maxPending {
		w.dropped += countLines(p)
		w.lost.Add(countLines(p))
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

// Close waits until the queue is written, at most for the timeout. After the timeout the
// goroutine still runs until the pending write to the output returns.
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

// run writes until Close.
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

	w.writeChunk(chunk, dropped)
	w.spare = nil
	if cap(chunk) <= maxReused {
		w.spare = chunk[:0]
	}
	return true
}

// writeChunk writes the chunk. Before it comes a line about lines that the output
// refused, after it a line about dropped lines.
func (w *Writer) writeChunk(chunk []byte, dropped uint64) {
	if w.refused > 0 {
		if w.write(w.lostLine(w.refused)) > 0 {
			w.lost.Add(countLines(chunk))
			w.refused += countLines(chunk) + dropped
			return
		}
		w.refused = 0
	}
	if n := w.write(chunk); n > 0 {
		w.lost.Add(n)
		w.refused = n + dropped
		return
	}
	if dropped > 0 && w.write(w.lostLine(dropped)) > 0 {
		w.refused = dropped
	}
}

// write writes b and returns how many of its lines the output did not take.
func (w *Writer) write(b []byte) uint64 {
	if w.torn {
		b = append([]byte("\n"), b...)
	}
	n, _ := w.out.Write(b) // an error shows as n < len(b)
	if n > 0 {
		w.torn = b[n-1] != '\n'
	}
	return countLines(b[n:])
}

// lostLine returns a log line about n lost lines.
func (w *Writer) lostLine(n uint64) []byte {
	var b bytes.Buffer
	slog.New(w.format(&b)).Warn("log lines were lost", "lines", n)
	return b.Bytes()
}

// countLines returns the number of lines in b.
func countLines(b []byte) uint64 { return uint64(bytes.Count(b, []byte("\n"))) }
