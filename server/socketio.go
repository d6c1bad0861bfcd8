package server

import (
	"cmp"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/server/engineio"
	"parley/server/session"
	"parley/server/socketio"
	"parley/wire"
)

// SocketIO is which transports of Socket.IO clients are accepted.
type SocketIO string

const (
	SocketIOOn        SocketIO = "on"
	SocketIOWebSocket SocketIO = "websocket" // no polling: requests of one client may reach any replica
	SocketIOOff       SocketIO = "off"
)

// socketIOClients are the connections of all Socket.IO clients.
type socketIOClients struct {
	*Server
	engine       *engineio.Engine
	otherReplica atomic.Int64 // when a session id of another replica was logged, in seconds since 1970
}

func newSocketIOClients(server *Server) *socketIOClients {
	s := &socketIOClients{Server: server}
	s.engine = engineio.New(engineio.Config{
		PingInterval: s.sockets.PingEvery, PingTimeout: s.sockets.PingEvery * 4 / 5, AdmitWithin: cmp.Or(s.sockets.BindWithin, 10*time.Second),
		MaxPayload: maxMessage, Replica: s.Replica, WebSocketOnly: s.SocketIO == SocketIOWebSocket,
		Open: s.open, Refuse: s.api.Fail, Unknown: s.unknownSid,
	})
	return s
}

// serve answers a request of a Socket.IO client.
func (s *socketIOClients) serve(w http.ResponseWriter, r *http.Request) error {
	if err := s.ready(); err != nil && r.URL.Query().Get("sid") == "" {
		return err // clients retry more and more slowly
	}
	s.engine.ServeHTTP(w, r)
	return nil
}

// isKnown reports whether the request belongs to a connection that this server has. Such a
// request is not counted: commands have a budget of their own.
func (s *socketIOClients) isKnown(r *http.Request) bool {
	return s.engine.Has(r.URL.Query().Get("sid"))
}

// identify finds the caller of those requests that may carry a CONNECT: polls do
// not.
func (s *socketIOClients) identify(next http.Handler) http.Handler {
	identified := middleware.Identify(s.service, s.PublicURL)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost || r.Header.Get("Upgrade") != "" {
			identified.ServeHTTP(w, r)
		} else {
			next.ServeHTTP(w, r)
		}
	})
}

// unknownSid counts a sid that is not of this server. That of another replica means that
// the load balancer does not route by it.
func (s *socketIOClients) unknownSid(_ *http.Request, sid string) {
	name, _, named := strings.Cut(sid, ".")
	other := named && name != s.Replica
	s.metrics.unknownSid(other)
	if !other {
		return
	}
	now, last := time.Now().Unix(), s.otherReplica.Load()
	if now-last >= 60 && s.otherReplica.CompareAndSwap(last, now) {
		s.Log.Warn("Socket.IO requests reach a replica that does not have their session: " +
			"the load balancer must route by the name at the beginning of sid, see docs/balancer")
	}
}

// A client of Socket.IO comes back about a second after its connection was closed, whatever
// the close says. So when all are closed, it is not done at once: returnsPerSecond of them
// are, but within spreadWithin, so that a stop ends in time.
const (
	returnsPerSecond = 200
	spreadWithin     = 3 * time.Second
)

// spread returns how long the close of one of all connections waits. 0: they are few.
func (s *socketIOClients) spread() time.Duration {
	n := s.engine.Len()
	if n <= returnsPerSecond {
		return 0 // a restart takes no longer because of them
	}
	return rand.N(min(spreadWithin, time.Duration(n)*time.Second/returnsPerSecond))
}

// open opens the connection of a handshake.
func (s *socketIOClients) open(conn *engineio.Conn, r *http.Request) (engineio.Handler, error) {
	address := middleware.AddressKey(r.Context())
	if !s.sessions.Enter(address) {
		return nil, chat.FailAfter(chat.Unavailable, 5*time.Second, "too many connections of this address have not signed in")
	}
	c := &socketIO{server: s.Server, conn: conn, address: address}
	c.socket = socketio.New(c)
	return c.socket, nil
}

// socketIO is one connection of a Socket.IO client: what its packets do, and the transport
// of its session.
type socketIO struct {
	// Static after construction.
	server  *Server
	conn    *engineio.Conn
	socket  *socketio.Socket
	address string

	peer    *session.Peer                   // of the last request; nil after CONNECT; used by one request at a time
	packets int                             // before CONNECT; used by one request at a time
	session atomic.Pointer[session.Session] // nil before CONNECT

	identified atomic.Bool // hello has succeeded
	wrote      atomic.Bool // before that: the reason of a refusal is written
}

// Request implements engineio.Handler. Until CONNECT the identity is that of the last
// request; a cookie counts only from a page of this server, since browsers send it from any
// site's page.
func (c *socketIO) Request(r *http.Request) {
	if c.session.Load() != nil {
		return
	}
	caller := middleware.CallerOf(r.Context())
	peer := &session.Peer{Address: c.address, Identified: func() { c.identified.Store(true) }}
	if err := middleware.SocketOrigin(r, c.server.PublicURL, c.server.Origins, caller.Cookie); err != nil {
		peer.Err, peer.Cookie = chat.Fail(chat.NoIdentity, "%s", chat.AsError(err).Message), true
	} else {
		peer.User, peer.Session, peer.Err, peer.Cookie = caller.User, caller.Session, caller.Err, caller.Cookie
	}
	c.peer = peer
}

// Connect implements socketio.App.
func (c *socketIO) Connect(p *wire.Packet) bool {
	if p.Namespace != "/" {
		c.Packet()
		_ = c.conn.Write(c.socket.Codec().ConnectError(p.Namespace, "Invalid namespace")) // fails if the connection has ended
		return false
	}
	c.server.sessions.Leave(c.address) // Open counts it again
	c.conn.Admit()
	s := c.server.sessions.Open(c, c.socket.Codec(), *c.peer)
	c.peer = nil
	c.session.Store(s)
	s.HandlePacket(p)
	return true
}

// Event implements socketio.App. Attachments are read and dropped: no field of a command is
// binary.
func (c *socketIO) Event(p *wire.Packet) { c.session.Load().HandlePacket(p) }

// Attachment implements socketio.App.
func (c *socketIO) Attachment([]byte) {}

// Disconnect implements socketio.App.
func (c *socketIO) Disconnect(string) { c.conn.Close(1000, "", nil) }

// Malformed implements socketio.App.
func (c *socketIO) Malformed() {
	if s := c.session.Load(); s != nil {
		s.Malformed()
		return
	}
	c.conn.Close(wire.CloseProtocol, "malformed packet", nil)
}

// maxBeforeConnect bounds the packets that a client sends before CONNECT, and those of
// namespaces that do not exist.
const maxBeforeConnect = 100

// Packet implements engineio.Handler: a pong costs as much as a command, as do all packets
// that start none.
func (c *socketIO) Packet() {
	if s := c.session.Load(); s != nil {
		s.HeardPacket()
		return
	}
	if c.packets++; c.packets > maxBeforeConnect {
		c.conn.Close(wire.CloseOverLimit, "too many packets before CONNECT", nil)
	}
}

// Heard implements engineio.Handler.
func (c *socketIO) Heard() {
	if s := c.session.Load(); s != nil {
		s.Heard()
	}
}

// PingDue implements engineio.Handler. The hub writes the ping, in order with what is
// queued.
func (c *socketIO) PingDue(ping []byte) {
	if s := c.session.Load(); s != nil {
		s.SendEncoded(ping)
	}
}

// Silent implements engineio.Handler.
func (c *socketIO) Silent() {
	if s := c.session.Load(); s != nil {
		s.Close(hub.Silent)
		return
	}
	c.conn.Close(wire.CloseSilent, "silent", nil)
}

// Closed implements engineio.Handler.
func (c *socketIO) Closed() {
	if s := c.session.Load(); s != nil {
		s.Finish()
		return
	}
	c.server.sessions.Leave(c.address)
}

// Write implements session.Transport: values of the codecs of Socket.IO are whole frames.
func (c *socketIO) Write(b []byte, _ bool) error {
	b = b[hub.Headroom:]
	if len(b) == 0 {
		return nil
	}
	if !c.identified.Load() {
		c.wrote.Store(true)
	}
	return c.conn.Write(b)
}

// Ping implements session.Transport. The hub pings when it wants to know whether the client is there; the
// engine pings at its interval, since clients expect pings also while they send.
func (c *socketIO) Ping() error { return c.conn.Ping() }

// refusedWithin is the time in which a client that was refused is expected to close the
// connection.
const refusedWithin = time.Second

// Close implements session.Transport. Clients reconnect by themselves unless they are told by a packet
// not to.
func (c *socketIO) Close(code int, reason string) {
	final := code == wire.CloseProtocol || code == wire.CloseSessionEnded || code == wire.CloseRefused
	switch {
	case c.identified.Load() && final:
		c.conn.Close(code, reason, c.socket.Codec().Encode(wire.Disconnect{}))
	case !c.identified.Load() && (final || code == wire.CloseOverLimit):
		var refusal []byte
		if !c.wrote.Load() {
			text, after := wire.ParseCloseReason(reason)
			e := chat.AsError(chat.FailAfter(chat.RateLimited, after, "%s", text))
			if code == wire.CloseProtocol {
				e = chat.AsError(chat.Fail(chat.BadInput, "%s", text))
			}
			refusal = c.socket.Codec().Encode(wire.Failure{Error: e, Closes: true})
		}
		c.conn.CloseIn(refusedWithin, code, reason, refusal)
	default:
		if wait := c.server.socketIO.spread(); wait > 0 && (code == wire.CloseRestarting || code == wire.CloseFeedLost) {
			c.conn.CloseIn(wait, code, reason, nil)
		} else {
			c.conn.Close(code, reason, nil)
		}
	}
}
