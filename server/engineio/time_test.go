package engineio

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"parley/internal/frame"
)

const unknown = `{"code":1,"message":"Session ID unknown"}`

// An upgrade that is not complete after 10 s ends its WebSocket. The connection goes on
// polling, and may be upgraded again.
func TestUpgradeIsLimited(t *testing.T) {
	for name, probes := range map[string]bool{"no probe": false, "a probe alone": true} {
		t.Run(name, func(t *testing.T) {
			withEngine(t, func(t *testing.T, x *testEngine) {
				url := x.open()
				ws := x.upgrade(url)
				began := time.Now()
				if probes {
					sendProbe(t, ws)
				}
				_, _, err := ws.Read(t.Context())
				if took := time.Since(began); websocket.CloseStatus(err) != websocket.StatusProtocolError || took < 10*time.Second || took > 11*time.Second {
					t.Errorf("after %v: %v", took, err)
				}
				synctest.Wait()
				x.want("POST", url, "4still here", 200, "ok")
				x.want("GET", url, "", 200, "4still here")

				ws = x.upgrade(url)
				sendProbe(t, ws)
			})
		})
	}
}

// A close waits 30 s for the next poll, also if the client was silent before. A poll after that
// finds no connection.
func TestCloseWaitsForAPoll(t *testing.T) {
	for silent, queued := range map[time.Duration]string{0: "4x", 40 * time.Second: "2\x1e4x"} {
		withEngine(t, func(t *testing.T, x *testEngine) {
			url := x.open()
			e := x.echo
			time.Sleep(silent)
			e.conn.Close(1000, "", frame.Append(nil, true, []byte("4x")))
			synctest.Wait()
			if e.closed != 1 {
				t.Errorf("Closed was called %d times", e.closed)
			}
			time.Sleep(29 * time.Second)
			if e.silent != 0 {
				t.Error("Silent was called after Closed")
			}
			x.want("GET", url, "", 200, queued)
			x.want("GET", url, "", 200, "1")
			x.want("GET", url, "", 400, unknown)

			url = x.open()
			x.echo.conn.Close(1000, "", nil)
			time.Sleep(31 * time.Second)
			if x.engine.Len() != 0 {
				t.Error("the close waits for more than 30 s")
			}
			x.want("GET", url, "", 400, unknown)
		})
	}
}

func sendProbe(t *testing.T, ws *websocket.Conn) {
	t.Helper()
	if err := ws.Write(t.Context(), websocket.MessageText, []byte("2probe")); err != nil {
		t.Fatal(err)
	}
	if _, b, err := ws.Read(t.Context()); string(b) != "3probe" {
		t.Fatalf("%q, %v", b, err)
	}
}

// A second POST while one is handled closes the connection. Closed waits for the first one.
func TestTwoPosts(t *testing.T) {
	withEngine(t, func(t *testing.T, x *testEngine) {
		url := x.open()
		e, handled := x.echo, make(chan struct{})
		e.message = func() { <-handled }
		go func() {
			if _, _, err := x.request("POST", url, "4a"); err != nil {
				t.Error(err)
			}
		}()
		synctest.Wait()
		x.want("POST", url, "4b", 400, `{"code":3,"message":"Bad request"}`)
		x.want("GET", url, "", 400, unknown)
		if e.closed != 0 {
			t.Error("Closed was called while a message is handled")
		}
		close(handled)
		synctest.Wait()
		if e.closed != 1 || x.engine.Len() != 0 {
			t.Errorf("Closed was called %d times, %d connections are left", e.closed, x.engine.Len())
		}
	})
}

// A client that sends is not silent, whatever it sends, and one that only polls is not either.
func TestAnyPacketIsASignOfLife(t *testing.T) {
	withEngine(t, func(t *testing.T, x *testEngine) {
		for _, body := range []string{"3", "6", "4x", ""} {
			url := x.open()
			for range 4 {
				time.Sleep(44 * time.Second)
				if body != "" {
					x.want("POST", url, body, 200, "ok")
				} else {
					x.do("GET", url, "")
				}
			}
			if !x.engine.Has(x.echo.conn.Sid()) {
				t.Errorf("%q: closed", body)
			}
			time.Sleep(46 * time.Second)
			if x.engine.Has(x.echo.conn.Sid()) || x.echo.silent != 1 {
				t.Errorf("%q: a silent client is not closed; Silent was called %d times", body, x.echo.silent)
			}
		}
	})
}

// A client is asked once: a ping of the handler replaces the next one at the interval, and
// there is none while the last one is not answered.
func TestPingsAreNotRepeated(t *testing.T) {
	withEngine(t, func(t *testing.T, x *testEngine) {
		url := x.open()
		ping := func() {
			t.Helper()
			if err := x.echo.conn.Ping(); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(24 * time.Second)
		ping()
		ping()
		time.Sleep(2 * time.Second)
		x.want("GET", url, "", 200, "2")
		x.want("POST", url, "3", 200, "ok")
		began := time.Now()
		x.want("GET", url, "", 200, "2")
		if took := time.Since(began); took < 22*time.Second || took > 24*time.Second {
			t.Errorf("the next ping came after %v", took)
		}
		ping()
		x.want("POST", url, "3\x1e4x", 200, "ok")
		x.want("GET", url, "", 200, "4x")
		time.Sleep(time.Second)
		ping()
		x.want("GET", url, "", 200, "2")
	})
}
