package transfer

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"parley/chat"
)

// deadlines is a ResponseWriter that records its deadlines.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }

// Deadlines follow progress: a slow body has time, one that drips does not.
func TestBodyExtendsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		b := NewBody(w, httptest.NewRequest("POST", "/", bytes.NewReader(make([]byte, 3*step))))
		begin := w.read
		if begin != time.Now().Add(stepTime) || !w.write.After(begin) {
			t.Fatalf("read by %v, write by %v", w.read, w.write)
		}
		time.Sleep(stepTime / 2)
		if _, err := io.ReadFull(b, make([]byte, step-1)); err != nil || w.read != begin {
			t.Fatalf("%v, read by %v", err, w.read)
		}
		if _, err := io.ReadFull(b, make([]byte, 1)); err != nil || w.read != time.Now().Add(stepTime) {
			t.Fatalf("%v, read by %v", err, w.read)
		}
		if _, err := io.Copy(io.Discard, b); err != nil || w.read != time.Now().Add(answerTime) || b.Cut() {
			t.Fatalf("%v, read by %v", err, w.read)
		}
	})
}

// A client that sends a byte now and then has 30 s, however often it does.
func TestDripDoesNotExtendDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		drip, client := io.Pipe()
		b := NewBody(w, httptest.NewRequest("POST", "/", drip))
		end := w.read
		go func() {
			for range 3 {
				time.Sleep(stepTime - time.Second)
				_, _ = client.Write([]byte("x"))
			}
			_ = client.CloseWithError(io.ErrUnexpectedEOF)
		}()
		n, err := io.Copy(io.Discard, b)
		if n != 3 || !errors.Is(err, io.ErrUnexpectedEOF) || w.read != end {
			t.Errorf("%d bytes, %v; the deadline moved by %v", n, err, w.read.Sub(end))
		}
	})
}

func TestBodyCause(t *testing.T) {
	cut := errors.New("cut")
	r := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("x"), iotest.ErrReader(cut)))
	b := NewBody(httptest.NewRecorder(), r)
	_, err := io.Copy(io.Discard, b)
	if !b.Cut() || !chat.Is(b.Cause(err), chat.BadInput) {
		t.Errorf("%v becomes %v", err, b.Cause(err))
	}
	if other := chat.Fail(chat.DiskFull, "full"); b.Cause(other) != error(other) {
		t.Error("another error is changed")
	}
}

type blob struct{ *bytes.Reader }

func (blob) Close() error { return nil }

func TestSendExtendsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		r := httptest.NewRequest("GET", "/", http.NoBody)
		body := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
		Send(w, r, &chat.File{Name: "a.bin"}, blob{bytes.NewReader(body)}, "id")
		if want := time.Now().Add(stepTime); w.write != want || w.read != want {
			t.Errorf("write by %v, read by %v", w.write, w.read)
		}
		if !bytes.Equal(w.Body.Bytes(), body) {
			t.Error("other bytes")
		}
	})
}

// system is a connection to a client that takes what it gets fast at first, and then each step
// in a little less than its time.
type system struct {
	*deadlines
	fast int // bytes
	late bool
}

func (s *system) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(io.Discard, r)
	if s.fast -= int(n); s.fast < 0 {
		time.Sleep(time.Duration(n) * (stepTime - time.Second) / step)
	}
	s.late = s.late || time.Now().After(s.write)
	return n, err
}

// A file that the system sends has its time for each step, too.
func TestSendBySystemExtendsDeadlines(t *testing.T) {
	for _, fast := range []int{0, 30 * step} {
		synctest.Test(t, func(t *testing.T) {
			w := &system{deadlines: &deadlines{ResponseRecorder: httptest.NewRecorder()}, fast: fast}
			Send(w, httptest.NewRequest("GET", "/", http.NoBody), &chat.File{Name: "a.bin"}, blob{bytes.NewReader(make([]byte, 40*step+1))}, "id")
			if w.late {
				t.Error("a client that takes each step in time is cut off")
			}
			if left := time.Until(w.write); left > stepTime {
				t.Errorf("the connection has %v after the end", left)
			}
		})
	}
}
