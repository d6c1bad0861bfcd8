package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestEngineIO has the 25 tests of Engine.IO's own suite, in its order.
func TestEngineIO(t *testing.T) {
	t.Run("handshake", func(t *testing.T) { testHandshake(t, startEngine) })
	t.Run("message", testMessages)
	t.Run("heartbeat", func(t *testing.T) { testHeartbeat(t, startEngine) })
	t.Run("close", func(t *testing.T) { testClose(t, startEngine) })
	t.Run("upgrade", func(t *testing.T) {
		each(t, map[string]func(*testing.T){
			"23 probe and switch": func(t *testing.T) {
				c := startEngine(t)
				p, query := c.upgrade()
				c.want("GET", query, "", 200, "6")
				p.send("5")
				p.send("4hello")
				p.wants("4hello")
			},
			"24 no poll after it": func(t *testing.T) {
				c := startEngine(t)
				p, query := c.upgrade()
				p.send("5")
				c.want("GET", query, "", 400, "")
				p.send("4hello")
				p.wants("4hello")
			},
			"and every poll meanwhile gets a noop, none a ping": func(t *testing.T) {
				c := startEngine(t)
				p, query := c.upgrade()
				for range 6 { // twice as long as the interval of pings
					c.want("GET", query, "", 200, "6")
				}
				p.send("5")
				p.wants("2")
			},
			"and what was queued follows": func(t *testing.T) {
				c := startEngine(t)
				p, query := c.upgrade()
				c.want("GET", query, "", 200, "6")
				c.want("POST", query, "4a\x1ebAQ==", 200, "ok")
				p.send("5")
				p.wants("4a", "b:\x01")
			},
			"and a probe that ends leaves polling": func(t *testing.T) {
				c := startEngine(t)
				for _, message := range []string{"", "5x", "4hello", "2probe2"} {
					p, query := c.upgrade()
					if message == "" {
						_ = p.ws.CloseNow()
					} else {
						p.send(message)
						p.closes()
					}
					c.want("POST", query, "4still here", 200, "ok")
					for { // until the server knows that the WebSocket has ended
						_, body := c.do(t.Context(), "GET", query, "")
						packets := strings.Split(body, "\x1e") // a ping may come with the message
						if slices.Contains(packets, "4still here") {
							break
						}
						for _, packet := range packets {
							if packet != "6" && packet != "2" {
								t.Fatalf("%q: %q", message, body)
							}
						}
					}
				}
			},
			"and a client without binary messages": func(t *testing.T) {
				p := startEngine(t).dial("EIO=4&transport=websocket&b64=1")
				p.read()
				p.send("bAQID")
				p.wants("bAQID")
			},
			"and no second one before it is over": func(t *testing.T) {
				c := startEngine(t)
				p, query := c.upgrade()
				c.dial(second(query)).closes()
				p.send("5")
				p.send("4hello")
				p.wants("4hello")
			},
			"25 no second one": func(t *testing.T) {
				c := startEngine(t)
				p, query := c.upgrade()
				p.send("5")
				c.dial(second(query)).closes()
				p.send("4hello")
				p.wants("4hello")
			},
		})
	})
}

func testHandshake(t *testing.T, start func(*testing.T) *client) {
	each(t, map[string]func(*testing.T){
		"1 polling": func(t *testing.T) { start(t).open() },
		"2 version over polling": func(t *testing.T) {
			c := start(t)
			c.want("GET", "transport=polling", "", 400, `{"code":5,"message":"Unsupported protocol version"}`)
			c.want("GET", "transport=polling&EIO=abc", "", 400, `{"code":5,"message":"Unsupported protocol version"}`)
		},
		"3 transport": func(t *testing.T) {
			c := start(t)
			c.want("GET", "EIO=4", "", 400, `{"code":0,"message":"Transport unknown"}`)
			c.want("GET", "EIO=4&transport=abc", "", 400, `{"code":0,"message":"Transport unknown"}`)
			c.want("GET", "EIO=4&transport=polling&j=0", "", 400, `{"code":3,"message":"Bad request: JSONP is not supported"}`)
		},
		"4 method": func(t *testing.T) {
			c := start(t)
			c.want("POST", "EIO=4&transport=polling", "", 400, `{"code":2,"message":"Bad handshake method"}`)
			c.want("PUT", "EIO=4&transport=polling", "", 400, `{"code":2,"message":"Bad handshake method"}`)
		},
		"5 WebSocket": func(t *testing.T) { start(t).openSocket() },
		"6 version over WebSocket": func(t *testing.T) {
			c := start(t)
			c.refused("transport=websocket")
			c.refused("EIO=abc&transport=websocket")
		},
		"7 transport over WebSocket": func(t *testing.T) {
			c := start(t)
			c.refused("EIO=4")
			c.refused("EIO=4&transport=abc")
		},
		"and without an upgrade": func(t *testing.T) {
			start(t).want("GET", "EIO=4&transport=websocket", "", 400, `{"code":3,"message":"Bad request"}`)
		},
		"and an unknown sid": func(t *testing.T) {
			c := start(t)
			c.want("GET", "EIO=4&transport=polling&sid=abc", "", 400, `{"code":1,"message":"Session ID unknown"}`)
			c.want("POST", "EIO=4&transport=polling&sid=abc", "4x", 400, `{"code":1,"message":"Session ID unknown"}`)
			c.refused("EIO=4&transport=websocket&sid=abc")
		},
	})
}

func testMessages(t *testing.T) {
	each(t, map[string]func(*testing.T){
		"8 one over polling":     func(t *testing.T) { testPoll(t, "4hello") },
		"9 several over polling": func(t *testing.T) { testPoll(t, "4test1\x1e4test2\x1e4test3") },
		"10 binary over polling": func(t *testing.T) { testPoll(t, "4hello\x1ebAQIDBA==") },
		"11 malformed over polling": func(t *testing.T) {
			c := startEngine(t)
			query := c.open()
			c.want("POST", query, "abc", 400, "")
			c.want("GET", query, "", 400, "")
		},
		"12 two polls": func(t *testing.T) {
			c := startEngine(t)
			query := c.open()
			// Which of the two is the second is not known.
			type result struct {
				status int
				body   string
			}
			results := make(chan result, 2)
			for range 2 {
				go func() {
					status, body := c.do(t.Context(), "GET", query, "")
					results <- result{status, body}
				}()
			}
			a, b := <-results, <-results
			if a.status == 400 {
				a, b = b, a
			}
			if a.status != 200 || a.body != "1" || b.status != 400 {
				t.Errorf("%v and %v", a, b)
			}
			c.want("GET", query, "", 400, "")
		},
		"13 an aborted poll": func(t *testing.T) {
			c := startEngine(t)
			query := c.open()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			defer cancel()
			c.do(ctx, "GET", query, "")
			// The server learns of it a moment later; a poll before that is a second one.
			c.want("GET", query, "", 400, "")
		},
		"14 text over WebSocket": func(t *testing.T) {
			p := startEngine(t).openSocket()
			p.send("4hello")
			p.wants("4hello")
		},
		"15 binary over WebSocket": func(t *testing.T) {
			p := startEngine(t).openSocket()
			p.sendBinary("\x01\x02\x03\x04")
			p.wants("b:\x01\x02\x03\x04")
		},
		"16 malformed over WebSocket": func(t *testing.T) {
			p := startEngine(t).openSocket()
			p.send("abc")
			p.closes()
		},
	})
}

func testPoll(t *testing.T, body string) {
	c := startEngine(t)
	query := c.open()
	c.want("POST", query, body, 200, "ok")
	c.want("GET", query, "", 200, body)
}

func testHeartbeat(t *testing.T, start func(*testing.T) *client) {
	each(t, map[string]func(*testing.T){
		"17 pings over polling": func(t *testing.T) {
			c := start(t)
			query := c.join()
			for range 3 {
				c.want("GET", query, "", 200, "2")
				c.want("POST", query, "3", 200, "ok")
			}
		},
		"18 silent over polling": func(t *testing.T) {
			c := start(t)
			query := c.join()
			<-time.After(suite.PingInterval + suite.PingTimeout) // the time itself is what is tested
			c.want("GET", query, "", 400, "")
		},
		"19 pings over WebSocket": func(t *testing.T) {
			p := start(t).joinSocket()
			for range 3 {
				p.wants("2")
				p.send("3")
			}
		},
		"20 silent over WebSocket": func(t *testing.T) { start(t).openSocket().closes() },
		"and a client that talks is pinged": func(t *testing.T) {
			p := start(t).joinSocket()
			done := make(chan struct{})
			var talk sync.WaitGroup
			talk.Go(func() {
				tick := time.NewTicker(20 * time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-done:
						return
					case <-tick.C:
						p.send("6")
					}
				}
			})
			p.wants("2", "2", "2")
			close(done)
			talk.Wait()
		},
		"and a client's ping": func(t *testing.T) {
			p := start(t).joinSocket()
			p.send("2")
			p.closes()
		},
		"and a client's ping over polling": func(t *testing.T) {
			c := start(t)
			query := c.join()
			c.want("POST", query, "2", 400, "")
			c.want("GET", query, "", 400, "")
		},
	})
}

// join is open for a client that the server does not close for want of a CONNECT.
func (c *client) join() string {
	query := c.open()
	if c.isSocketIO() {
		c.want("POST", query, "40", 200, "ok")
		c.do(c.t.Context(), "GET", query, "")
	}
	return query
}

func (c *client) joinSocket() *peer {
	p := c.openSocket()
	if c.isSocketIO() {
		p.send("40")
		p.read()
		p.read()
	}
	return p
}

func testClose(t *testing.T, start func(*testing.T) *client) {
	each(t, map[string]func(*testing.T){
		"21 polling": func(t *testing.T) {
			c := start(t)
			query, held := c.join(), make(chan string)
			go func() { // the close may overtake it
				_, body := c.do(t.Context(), "GET", query, "")
				held <- body
			}()
			c.want("POST", query, "1", 200, "ok")
			if body := <-held; body != "6" {
				t.Errorf("the poll was answered %q", body)
			}
			c.want("GET", query, "", 400, "")
		},
		"and polling without a poll": func(t *testing.T) {
			c := start(t)
			query := c.join()
			c.want("POST", query, "1", 200, "ok")
			c.want("GET", query, "", 400, "")
		},
		"22 WebSocket": func(t *testing.T) {
			p := start(t).openSocket()
			p.send("1")
			p.closes()
		},
	})
}
