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
