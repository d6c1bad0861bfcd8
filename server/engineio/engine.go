package engineio

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Config configures an Engine. A zero duration or size means the default.
type Config struct {
	PingInterval  time.Duration // 25 s
	PingTimeout   time.Duration // 20 s
	ProbeTimeout  time.Duration // from the WebSocket of an upgrade to its last packet; 10 s
	AdmitWithin   time.Duration // until Conn.Admit must have been called; 0: no bound
	CloseWithin   time.Duration // until a poll must have taken a close; 30 s
	MaxPayload    int           // bytes of a message or the body of a POST; 128 KiB
	Replica       string        // begins each sid, with a dot, so that a load balancer can route by it
	WebSocketOnly bool          // polling is refused

	// Open is called with the request of a handshake and returns the handler of the new
	// connection. Refuse answers a request for which Open returned an error.
	Open   func(c *Conn, r *http.Request) (Handler, error)
	Refuse func(w http.ResponseWriter, r *http.Request, err error)
	// Unknown is called for a request with a sid that is not known here; it may be nil.
	Unknown func(r *http.Request, sid string)
}

// Handler receives what a client sends. Request, Message, Packet and Heard are called one at
// a time for a connection, and not any more once Closed is called.
type Handler interface {
	// Request is called with the request that carries the following messages: a POST or
	// the upgrade to a WebSocket.
	Request(r *http.Request)
	// Message handles one message. The Conn owns b again when Message returns.
	Message(text bool, b []byte)
	// Packet is called for each pong and noop of the client.
	Packet()
	// Heard is called for each ping and pong of the WebSocket itself. It must not block.
	Heard()
	// PingDue is called when the client must be pinged: frame must be written to the Conn.
	// It must not block.
	PingDue(frame []byte)
	// Silent is called when the client was not heard in time, before the connection is
	// closed. It must not block.
	Silent()
	// Closed is called once, as the last of all.
	Closed()
}

// Engine has the connections of a server. Its ServeHTTP handles all requests.
type Engine struct {
	// Static after construction.
	config Config
	start  time.Time

	mu      sync.Mutex
	bySid   map[string]*Conn // guarded by mu
	conns   []*Conn          // guarded by mu; Conn.slot is the place
	stopped bool             // guarded by mu
}

// New returns an Engine. It starts no goroutine.
func New(c Config) *Engine {
	c.PingInterval = cmp.Or(c.PingInterval, 25*time.Second)
	c.PingTimeout = cmp.Or(c.PingTimeout, 20*time.Second)
	c.ProbeTimeout = cmp.Or(c.ProbeTimeout, 10*time.Second)
	c.CloseWithin = cmp.Or(c.CloseWithin, 30*time.Second)
	c.MaxPayload = cmp.Or(c.MaxPayload, 128<<10)
	return &Engine{config: c, start: time.Now(), bySid: map[string]*Conn{}}
}

// Has reports whether there is a connection with that sid.
func (e *Engine) Has(sid string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bySid[sid] != nil
}

// Len returns the number of connections.
func (e *Engine) Len() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.conns)
}

// now returns the time since the start in nanoseconds.
func (e *Engine) now() int64 { return int64(time.Since(e.start)) }

// ServeHTTP answers one request of a client.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	transport, sid := q.Get("transport"), q.Get("sid")
	upgrade := isUpgrade(r)
	switch {
	case transport != "polling" && transport != "websocket":
		refuse(w, unknownTransport, "")
		return
	case q.Has("j"):
		refuse(w, badRequest, "JSONP is not supported")
		return
	case transport == "polling" && e.config.WebSocketOnly:
		refuse(w, unknownTransport, "this server accepts the transport websocket only: set transports: [\"websocket\"]; "+
			"replicas accept polling when they are started with --replica and the load balancer routes by it")
		return
	case !plainOrigin(r):
		refuse(w, badRequest, "")
		return
	}
	if sid == "" {
		e.handshake(w, r, transport, upgrade)
		return
	}
	c := e.find(sid)
	switch {
	case c == nil:
		if e.config.Unknown != nil {
			e.config.Unknown(r, sid)
		}
		refuse(w, unknownSid, "")
	case transport == "websocket" && upgrade:
		c.upgrade(w, r)
	case transport == "websocket", c.onWebSocket():
		refuse(w, badRequest, "")
	case r.Method == http.MethodGet:
		c.poll(w, r)
	case r.Method == http.MethodPost:
		c.post(w, r)
	default:
		refuse(w, badRequest, "")
	}
}

// handshake opens a connection.
func (e *Engine) handshake(w http.ResponseWriter, r *http.Request, transport string, upgrade bool) {
	switch {
	case r.Method != http.MethodGet:
		refuse(w, badMethod, "")
		return
	case transport == "websocket" && !upgrade:
		refuse(w, badRequest, "")
		return
	case r.URL.Query().Get("EIO") != "4":
		refuse(w, unknownVersion, "")
		return
	}
	c := &Conn{engine: e, sid: e.newSid(), noBinary: r.URL.Query().Has("b64"), slot: -1}
	c.heardAt.Store(e.now())
	c.pingAt = c.heardAt.Load() + int64(e.config.PingInterval)
	c.admitBy = c.heardAt.Load() + int64(e.config.AdmitWithin)
	c.admitted = e.config.AdmitWithin == 0
	handler, err := e.config.Open(c, r)
	if err != nil {
		e.config.Refuse(w, r, err)
		return
	}
	c.handler = handler
	if transport == "websocket" {
		c.acceptFirst(w, r)
		return
	}
	if !e.add(c) {
		c.refuseStopped(w, r)
		return
	}
	answer(w, c.openPacket("websocket"))
}

// newSid returns a new sid: the name of the replica and 128 random bits.
func (e *Engine) newSid() string {
	var random [16]byte
	_, _ = rand.Read(random[:])
	sid := base64.RawURLEncoding.EncodeToString(random[:])
	if e.config.Replica != "" {
		sid = e.config.Replica + "." + sid
	}
	return sid
}

// openPacket returns the packet that answers a handshake.
func (c *Conn) openPacket(upgrades ...string) []byte {
	config := &c.engine.config
	b, _ := json.Marshal(struct {
		Sid          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}{c.sid, append([]string{}, upgrades...), config.PingInterval.Milliseconds(), config.PingTimeout.Milliseconds(), config.MaxPayload})
	return append([]byte{packetOpen}, b...)
}

// find returns the connection of a sid, or nil. It closes one that was not heard in time.
func (e *Engine) find(sid string) *Conn {
	e.mu.Lock()
	c := e.bySid[sid]
	e.mu.Unlock()
	if c != nil && c.silentSince(e.now()) {
		c.expire()
		return nil
	}
	return c
}

// add registers a connection. It reports false if the Engine was closed.
func (e *Engine) add(c *Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.stopped {
		return false
	}
	c.slot = len(e.conns)
	e.conns = append(e.conns, c)
	e.bySid[c.sid] = c
	return true
}

func (e *Engine) remove(c *Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c.slot < 0 {
		return
	}
	end := len(e.conns) - 1
	e.conns[c.slot] = e.conns[end]
	e.conns[c.slot].slot = c.slot
	e.conns[end] = nil
	e.conns = e.conns[:end]
	c.slot = -1
	delete(e.bySid, c.sid)
}

// Run pings the clients and closes the silent ones, until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	tick := min(time.Second, e.config.PingInterval/20, e.config.PingTimeout/10)
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		// In batches, so that a handshake does not wait for a whole round. A connection
		// that moves between two batches is checked in the next round.
		var some [64]*Conn
		for from := 0; ; from += len(some) {
			n := e.copyConns(some[:], from)
			for _, c := range some[:n] {
				c.check(e.now())
			}
			if n < len(some) {
				break
			}
		}
	}
}

func (e *Engine) copyConns(conns []*Conn, from int) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return copy(conns, e.conns[min(from, len(e.conns)):])
}

// Close closes all connections with a close code and a reason, and accepts no others.
func (e *Engine) Close(code int, reason string) {
	e.mu.Lock()
	e.stopped = true
	conns := append([]*Conn{}, e.conns...)
	e.mu.Unlock()
	for _, c := range conns {
		c.Close(code, reason, nil)
	}
}
