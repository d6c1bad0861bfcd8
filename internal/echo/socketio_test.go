package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func (c *client) isSocketIO() bool { return strings.HasSuffix(c.base, "/socket.io/") }

// second returns the query of a WebSocket for a polling session.
func second(query string) string { return strings.Replace(query, "polling", "websocket", 1) }

// TestSocketIO has the 32 tests of Socket.IO's own suite. The first 16 are Engine.IO's.
func TestSocketIO(t *testing.T) {
	t.Run("handshake", func(t *testing.T) { testHandshake(t, startSocketIO) })
	t.Run("heartbeat", func(t *testing.T) { testHeartbeat(t, startSocketIO) })
	t.Run("close", func(t *testing.T) { testClose(t, startSocketIO) })
	t.Run("upgrade", func(t *testing.T) {
		each(t, map[string]func(*testing.T){
			"14 probe and switch": func(t *testing.T) {
				p, _ := startSocketIO(t).upgrade()
				p.send("5")
			},
			"15 no poll after it": func(t *testing.T) {
				c := startSocketIO(t)
				p, query := c.upgrade()
				p.send("5")
				c.want("GET", query, "", 400, "")
			},
			"16 no second one": func(t *testing.T) {
				c := startSocketIO(t)
				p, query := c.upgrade()
				p.send("5")
				c.dial(second(query)).closes()
			},
		})
	})
	t.Run("connect", func(t *testing.T) {
		each(t, map[string]func(*testing.T){
			"17 main namespace": func(t *testing.T) { testConnect(t, "40", "40", `42["auth",{}]`) },
			"18 with auth":      func(t *testing.T) { testConnect(t, `40{"token":"123"}`, "40", `42["auth",{"token":"123"}]`) },
			"19 a namespace":    func(t *testing.T) { testConnect(t, "40/custom,", "40/custom,", `42/custom,["auth",{}]`) },
			"20 with auth": func(t *testing.T) {
				testConnect(t, `40/custom,{"token":"abc"}`, "40/custom,", `42/custom,["auth",{"token":"abc"}]`)
			},
			"and the main one named": func(t *testing.T) { testConnect(t, `40/,{"token":"t"}`, "40", `42["auth",{"token":"t"}]`) },
			"21 an unknown namespace": func(t *testing.T) {
				p := startSocketIO(t).openSocket()
				p.send("40/random")
				p.wants(`44/random,{"message":"Invalid namespace"}`)
			},
			"22 no CONNECT first": func(t *testing.T) { testMalformed(t, "", "4abc") },
			"23 nothing":          func(t *testing.T) { startSocketIO(t).openSocket().closes() },
			"and an event first":  func(t *testing.T) { testMalformed(t, "", `42["message"]`) },
			"and CONNECT twice":   func(t *testing.T) { testMalformed(t, "40", "40") },
		})
	})
	t.Run("disconnect", func(t *testing.T) {
		each(t, map[string]func(*testing.T){
			"24 main namespace": func(t *testing.T) {
				p := startSocketIO(t).joinSocket()
				p.send("41")
				p.wants("2")
			},
			"25 another one": func(t *testing.T) {
				p := startSocketIO(t).joinSocket()
				p.send("40/custom")
				p.read()
				p.read()
				p.send("41/custom")
				p.send(`42["message","message to main namespace"]`)
				p.wants(`42["message-back","message to main namespace"]`)
			},
		})
	})
	t.Run("message", func(t *testing.T) {
		each(t, map[string]func(*testing.T){
			"26 text": func(t *testing.T) {
				testEcho(t, []string{`42["message",1,"2",{"3":[true]}]`}, `42["message-back",1,"2",{"3":[true]}]`)
			},
			"27 attachments": func(t *testing.T) {
				testEcho(t, []string{`452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:\x01\x02\x03", "b:\x04\x05\x06"},
					`452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:\x01\x02\x03", "b:\x04\x05\x06")
			},
			"28 ack": func(t *testing.T) {
				testEcho(t, []string{`42456["message-with-ack",1,"2",{"3":[false]}]`}, `43456[1,"2",{"3":[false]}]`)
			},
			"and ack 0": func(t *testing.T) { testEcho(t, []string{`420["message-with-ack",1]`}, `430[1]`) },
			"29 ack with attachments": func(t *testing.T) {
				testEcho(t, []string{`452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:\x01\x02\x03", "b:\x04\x05\x06"},
					`462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "b:\x01\x02\x03", "b:\x04\x05\x06")
			},
			"30 unknown type":                func(t *testing.T) { testMalformed(t, "40", "4abc") },
			"31 no list":                     func(t *testing.T) { testMalformed(t, "40", "42{}") },
			"32 no ack id":                   func(t *testing.T) { testMalformed(t, "40", `42abc["message-with-ack",1,"2",{"3":[false]}]`) },
			"and 11 attachments":             func(t *testing.T) { testMalformed(t, "40", `4511-["message"]`) },
			"and text for an attachment":     func(t *testing.T) { testMalformed(t, "40", `451-["other"]`, `42["message"]`) },
			"and binary without a need":      func(t *testing.T) { testMalformed(t, "40", "b:\x01") },
			"and a name of the library's":    func(t *testing.T) { testMalformed(t, "40", `42["connect"]`) },
			"and another namespace's event":  func(t *testing.T) { testMalformed(t, "40", `42/custom,["message"]`) },
			"and CONNECT_ERROR":              func(t *testing.T) { testMalformed(t, "40", `44{"message":"x"}`) },
			"and DISCONNECT before anything": func(t *testing.T) { testMalformed(t, "", "41") },
		})
	})
}

// testConnect checks that a CONNECT is answered by one that begins with head, and by auth.
func testConnect(t *testing.T, connect, head, auth string) {
	p := startSocketIO(t).openSocket()
	p.send(connect)
	var fields map[string]string
	if got := p.read(); !strings.HasPrefix(got, head) || json.Unmarshal([]byte(got[len(head):]), &fields) != nil || len(fields) != 1 || fields["sid"] == "" {
		t.Errorf("%s: %s", connect, got)
	}
	p.wants(auth)
}

func testEcho(t *testing.T, messages []string, replies ...string) {
	p := startSocketIO(t).joinSocket()
	p.sendAll(messages...)
	p.wants(replies...)
}

// testMalformed checks that the server closes the connection after the messages.
func testMalformed(t *testing.T, connect string, messages ...string) {
	p := startSocketIO(t).openSocket()
	if connect != "" {
		p.send(connect)
		p.read()
		p.read()
	}
	p.sendAll(messages...)
	p.closes()
}

func (p *peer) sendAll(messages ...string) {
	p.t.Helper()
	for _, m := range messages {
		if b, binary := strings.CutPrefix(m, "b:"); binary {
			p.sendBinary(b)
		} else {
			p.send(m)
		}
	}
}
