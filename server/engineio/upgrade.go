package engineio

import (
	"errors"
	"net/http"

	"github.com/coder/websocket"

	"parley/internal/frame"
	"parley/server/socket"
)

// Close codes that this package itself sends (RFC 6455, section 7.4.1).
const (
	normalClosure = int(websocket.StatusNormalClosure)
	protocolError = int(websocket.StatusProtocolError)
)

var errProtocol = errors.New("engineio: protocol error")

func (e *Engine) accept(w http.ResponseWriter, r *http.Request) *socket.Socket {
	s, err := socket.Accept(w, r, socket.Config{ReadLimit: int64(e.config.MaxPayload)})
	if err != nil {
		return nil // Accept has answered
	}
	return s
}

// acceptFirst opens a connection that begins with a WebSocket.
func (c *Conn) acceptFirst(w http.ResponseWriter, r *http.Request) {
	s := c.engine.accept(w, r)
	if s == nil {
		c.handler.Closed()
		return
	}
	c.handler.Request(r)
	c.state, c.socket = webSocket, s
	if !c.engine.add(c) {
		c.over = true
		s.Close(stopping, "stopping")
		go s.Serve(discard, nil, func(error) { c.handler.Closed() })
		return
	}
	_ = s.WriteFrames(frame.Append(nil, true, c.openPacket())) // an error ends Serve
	// A new goroutine, so that net/http frees what it keeps for the request.
	go s.Serve(c.receive, c.onControl, c.socketOver)
}

// stopping is the close code of a server that stops.
const stopping = int(websocket.StatusGoingAway)

func discard(bool, []byte) error { return nil }

// refuseStopped answers a handshake after Close.
func (c *Conn) refuseStopped(w http.ResponseWriter, r *http.Request) {
	c.handler.Closed()
	c.engine.config.Refuse(w, r, errStopped)
}

// upgrade opens the WebSocket of an upgrade. A second one for the same connection is
// accepted and closed: the client library of the protocol's own suite does not expect an
// HTTP error here.
func (c *Conn) upgrade(w http.ResponseWriter, r *http.Request) {
	s := c.engine.accept(w, r)
	if s == nil {
		return
	}
	c.mu.Lock()
	first := c.state == polling
	if first {
		c.state, c.socket = probing, s
		c.probeBy = c.engine.now() + int64(c.engine.config.ProbeTimeout)
		c.notify()
	}
	c.mu.Unlock()
	if !first {
		s.Close(normalClosure, "this connection has a WebSocket")
		go s.Serve(discard, nil, func(error) {})
		return
	}
	p := &probe{conn: c, socket: s, request: r}
	go s.Serve(p.receive, nil, p.over)
}

// probe is the WebSocket of an upgrade until the client has sent its last packet.
type probe struct {
	conn    *Conn
	socket  *socket.Socket
	request *http.Request // nil once the client is on the WebSocket
	probed  bool
}

func (p *probe) receive(text bool, b []byte) error {
	c := p.conn
	switch {
	case p.request == nil:
		return c.receive(text, b)
	case text && !p.probed && string(b) == "2probe":
		p.probed = true
		return p.socket.WriteFrames(frame.Append(nil, true, []byte("3probe")))
	case text && p.probed && string(b) == "5" && c.switchOver(p):
		return nil
	}
	p.socket.Close(protocolError, "not a probe")
	return errProtocol
}

// switchOver makes the WebSocket carry all packets, those that are queued first. It
// reports false if the connection has ended.
func (c *Conn) switchOver(p *probe) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.state == probing && c.posting {
		c.wait()
	}
	if c.state != probing {
		return false
	}
	c.state = flushing
	frames := c.frames
	c.frames = nil
	c.notify() // a GET ends
	c.mu.Unlock()
	c.handler.Request(p.request)
	p.request = nil
	if c.noBinary {
		frames = asText(frames)
	}
	_ = p.socket.WriteFrames(frames) // an error ends Serve
	c.mu.Lock()
	c.state = webSocket
	c.notify()
	return true
}

// over is called when the read loop has ended.
func (p *probe) over(err error) {
	c := p.conn
	if p.request == nil {
		c.socketOver(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.socket = nil
	if c.state == probing { // the client goes on polling
		c.state = polling
		c.notify()
	}
}

// receive handles one message of the WebSocket.
func (c *Conn) receive(text bool, b []byte) error {
	c.hear()
	if !text {
		c.message(false, b)
		return nil
	}
	kind, content, err := decodePacket(b)
	switch {
	case err != nil:
	case kind == packetMessage:
		c.message(true, content)
		return nil
	case kind == packetBinary:
		c.message(false, content)
		return nil
	case kind == packetPong, kind == packetNoop:
		c.packet()
		return nil
	case kind == packetClose:
		c.Close(normalClosure, "", nil)
		return errClosed
	}
	c.Close(protocolError, "malformed packet", nil)
	return errProtocol
}

// errClosed ends the read loop after the client's close packet.
var errClosed = errors.New("engineio: closed by the client")

// onControl is called for each ping and pong of the WebSocket itself.
func (c *Conn) onControl() {
	c.hear()
	c.handler.Heard()
}

// socketOver is called when the read loop of the WebSocket has ended.
func (c *Conn) socketOver(error) {
	c.mu.Lock()
	c.state, c.socket, c.frames = closed, nil, nil
	again := c.over
	c.over = true
	c.engine.remove(c)
	c.notify()
	c.mu.Unlock()
	if !again {
		c.handler.Closed()
	}
}
