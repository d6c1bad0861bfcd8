package server

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// ioOpen opens a connection of Engine.IO and sends no CONNECT.
func (x *testServer) ioOpen(way ioWay, header http.Header) *ioClient {
	x.t.Helper()
	c := &ioClient{t: x.t, way: way, header: header, http: &http.Client{Transport: &http.Transport{}}, arrived: make(chan struct{})}
	c.ctx, c.stop = context.WithCancel(context.Background())
	reading := &sync.WaitGroup{}
	x.t.Cleanup(func() { c.cut(); reading.Wait(); c.http.CloseIdleConnections() })
	base := x.url + "/socket.io/?EIO=4&transport="
	if way.transport == "websocket" {
		c.ws = c.dial(base + "websocket")
		_, b, err := c.ws.Read(c.ctx)
		if err != nil {
			x.t.Fatal(err)
		}
		c.opened(b)
		reading.Go(func() { c.readSocket(c.ws) })
		return c
	}
	status, body := c.do("GET", base+"polling", "")
	if status != 200 {
		x.t.Fatalf("handshake: %d %s", status, body)
	}
	c.opened([]byte(body))
	c.url = base + "polling&sid=" + c.open.Sid
	reading.Go(func() { c.poll() })
	return c
}

func (c *ioClient) opened(b []byte) {
	if len(b) == 0 || json.Unmarshal(b[1:], &c.open) != nil || c.open.MaxPayload != maxMessage {
		c.t.Fatalf("open packet %q", b)
	}
}

func (c *ioClient) dial(url string) *websocket.Conn {
	c.t.Helper()
	ws, _, err := websocket.Dial(c.ctx, url, &websocket.DialOptions{HTTPHeader: c.header, HTTPClient: c.http})
	if err != nil {
		c.t.Fatal(err)
	}
	ws.SetReadLimit(-1)
	return ws
}

// do sends a request; status 0 means that there was no answer.
func (c *ioClient) do(method, url, body string) (status int, answer string) {
	r, err := http.NewRequestWithContext(c.ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	for k, v := range c.header {
		r.Header[k] = v
	}
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	res, err := c.http.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// poll reads until the connection ends, or to its upgrade.
func (c *ioClient) poll() {
	for !c.stalled.Load() {
		status, body := c.do("GET", c.url, "")
		if status != 200 {
			c.end(fmt.Sprint(status, " ", body))
			return
		}
		for _, packet := range strings.Split(body, "\x1e") {
			if b, binary := strings.CutPrefix(packet, "b"); binary {
				raw, err := base64.StdEncoding.DecodeString(b)
				if err != nil {
					c.t.Errorf("%q: %v", packet, err)
				}
				c.receive(false, raw)
				continue
			}
			c.receive(true, []byte(packet))
		}
		c.mu.Lock()
		probed := c.probed
		c.mu.Unlock()
		if probed != nil {
			c.sending.Lock()
			c.write(probed, "5")
			c.mu.Lock()
			c.ws = probed
			c.mu.Unlock()
			c.sending.Unlock()
			c.readSocket(probed)
			return
		}
	}
}

// upgrade opens the WebSocket of an upgrade; poll completes it.
func (c *ioClient) upgrade() {
	ws := c.dial(strings.Replace(c.url, "polling", "websocket", 1))
	c.write(ws, "2probe")
	if _, b, err := ws.Read(c.ctx); err != nil || string(b) != "3probe" {
		c.t.Errorf("probe: %q, %v", b, err)
	}
	c.mu.Lock()
	c.probed = ws
	c.mu.Unlock()
}

func (c *ioClient) readSocket(ws *websocket.Conn) {
	for {
		kind, b, err := ws.Read(c.ctx)
		if err != nil {
			c.end(fmt.Sprint(int(websocket.CloseStatus(err))))
			return
		}
		c.receive(kind == websocket.MessageText, b)
	}
}

func (c *ioClient) write(ws *websocket.Conn, packet string) {
	_ = ws.Write(c.ctx, websocket.MessageText, []byte(packet)) // the reader reports a closed socket
}

func (c *ioClient) notify() {
	close(c.arrived)
	c.arrived = make(chan struct{})
}

func (c *ioClient) end(how string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed == "" {
		c.closed, c.endedAt = how, time.Now()
		c.notify()
	}
}

// cut ends the connection without a word.
func (c *ioClient) cut() {
	c.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ws := range []*websocket.Conn{c.ws, c.probed} {
		if ws != nil {
			_ = ws.CloseNow()
		}
	}
}

// sendPacket sends one packet: text, or else binary.
func (c *ioClient) sendPacket(text string, binary []byte) {
	c.sending.Lock()
	defer c.sending.Unlock()
	c.mu.Lock()
	ws := c.ws
	c.mu.Unlock()
	switch {
	case ws != nil && binary != nil:
		_ = ws.Write(c.ctx, websocket.MessageBinary, binary)
	case ws != nil:
		c.write(ws, text)
	default:
		if binary != nil {
			text = "b" + base64.StdEncoding.EncodeToString(binary)
		}
		if status, body := c.do("POST", c.url, text); status != 200 || body != "ok" {
			c.end(fmt.Sprint(status, " ", body))
		}
	}
}
