package socket

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestCloseHandshake(t *testing.T) {
	for _, useTLS := range []bool{false, true} {
		heard := make(chan string, 8)
		server, accepted := listen(t, Config{}, useTLS, func(_ *Socket, _ bool, m []byte) error {
			heard <- string(m)
			return nil
		})
		p := dial(t, server, "")
		s := receive(t, accepted)
		p.send(text("before"))
		if got := receive(t, heard); got != "before" {
			t.Fatal(got)
		}
		s.Close(4000, "retryAfterMs=5")
		s.Close(4500, "the first one wins")
		if reason := p.wantClose(4000); reason != "retryAfterMs=5" {
			t.Errorf("reason %q", reason)
		}
		// The peer may send frames before it answers: they are dropped, and the server sends
		// nothing after its close frame, not even a pong.
		p.send(text("after"), frame(finPing, []byte("?")), clientClose(4000, ""))
		p.wantEOF()
		if err := receive(t, s.end); err == nil {
			t.Error("Serve returned nil")
		}
		if len(heard) != 0 {
			t.Errorf("heard %q after Close", <-heard)
		}
		b := make([]byte, Headroom+1)
		if err := s.Write(b, true); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write after Close: %v", err)
		}
		if err := s.Ping(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Ping after Close: %v", err)
		}
		s.Close(1000, "too late to matter")
	}
}

// No data frame is sent after the close frame, also with concurrent writers.
func TestCloseFrameIsLast(t *testing.T) {
	server, accepted := listen(t, Config{}, false, nil)
	for range 20 {
		p := dial(t, server, "")
		s := receive(t, accepted)
		for range 4 {
			go func() {
				b := make([]byte, Headroom+10)
				for s.Write(b, false) == nil && s.Ping() == nil {
				}
			}()
		}
		go s.Close(4001, "")
		for {
			first, b, err := p.read()
			if err != nil {
				t.Fatal(err)
			}
			if first == finClose {
				if len(b) < 2 {
					t.Fatal("close frame without a code")
				}
				break
			}
		}
		p.send(clientClose(4001, ""))
		p.wantEOF()
		_ = receive(t, s.end)
	}
}

func TestLongReasonIsCutAtARune(t *testing.T) {
	for _, c := range []struct{ in, out string }{
		{strings.Repeat("x", 200), strings.Repeat("x", 123)},
		{strings.Repeat("x", 122) + "ü", strings.Repeat("x", 122)},
		{strings.Repeat("x", 121) + "ü", strings.Repeat("x", 121) + "ü"},
		{strings.Repeat("€", 60), strings.Repeat("€", 41)},
		{"", ""},
	} {
		server, accepted := listen(t, Config{}, false, nil)
		p := dial(t, server, "")
		receive(t, accepted).Close(4000, c.in)
		if got := p.wantClose(4000); got != c.out {
			t.Errorf("reason of %d bytes became %q", len(c.in), got)
		}
	}
}

// The peer reads nothing, so a Write blocks in the kernel. Close must end it, although its
// close frame cannot be sent either.
func TestCloseUnblocksWrite(t *testing.T) {
	for _, how := range []struct {
		name string
		end  func(*Socket)
	}{
		{"close", func(s *Socket) { s.Close(4001, "too slow") }},
		{"abort", func(s *Socket) { s.Abort() }},
	} {
		for _, useTLS := range []bool{false, true} {
			server, accepted := listen(t, Config{closeWithin: 100 * time.Millisecond}, useTLS, nil)
			p := dial(t, server, "")
			s := receive(t, accepted)
			stuck, failed := make(chan struct{}), make(chan error, 1)
			go func() {
				b := make([]byte, Headroom+1<<20)
				for i := 0; ; i++ {
					if i == 64 { // far beyond what the kernel buffers
						t.Error("nothing got stuck")
					}
					if i == 1 {
						close(stuck)
					}
					if err := s.Write(b, false); err != nil {
						failed <- err
						return
					}
				}
			}()
			receive(t, stuck)
			began := time.Now()
			how.end(s.Socket)
			if err := receive(t, failed); err == nil {
				t.Error(how.name, "Write gave no error")
			}
			_ = receive(t, s.end)
			// A tls.Conn would wait up to 5 s for its close message.
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("%s (TLS %v) took %v", how.name, useTLS, took)
			}
			_ = p.Close()
		}
	}
}

// The connection of a peer that never answers the close frame ends within the timeout.
func TestCloseWithoutAnswer(t *testing.T) {
	server, accepted := listen(t, Config{closeWithin: 50 * time.Millisecond}, false, nil)
	p := dial(t, server, "")
	s := receive(t, accepted)
	s.Close(4000, "")
	p.wantClose(4000)
	_ = receive(t, s.end)
	if _, err := io.Copy(io.Discard, p.in); err != nil {
		t.Logf("end: %v", err) // a reset is fine: this peer broke the rules
	}
}

func TestHandleErrorEndsServe(t *testing.T) {
	mine := errors.New("mine")
	for code, handle := range map[int]func(*Socket, bool, []byte) error{
		1011: func(*Socket, bool, []byte) error { return mine },
		4500: func(s *Socket, _ bool, _ []byte) error { s.Close(4500, ""); return mine },
	} {
		calls := 0
		server, accepted := listen(t, Config{}, false, func(s *Socket, text bool, m []byte) error {
			calls++
			return handle(s, text, m)
		})
		p := dial(t, server, "")
		s := receive(t, accepted)
		p.send(text("one"), text("two"))
		p.wantClose(code)
		p.send(clientClose(code, ""))
		p.wantEOF()
		if err := receive(t, s.end); err != mine {
			t.Errorf("Serve returned %v", err)
		}
		if calls != 1 {
			t.Errorf("handled %d messages after the error", calls-1)
		}
	}
}
