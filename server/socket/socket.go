package socket

import (
	"bufio"
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Close codes that this package itself sends (RFC 6455, section 7.4.1).
const (
	protocolError  = int(websocket.StatusProtocolError)
	notUTF8        = int(websocket.StatusInvalidFramePayloadData)
	policyBroken   = int(websocket.StatusPolicyViolation)
	internalFailed = int(websocket.StatusInternalError)
)

const (
	messageWithin = 30 * time.Second // from a message's first byte to its last
	closeWithin   = 5 * time.Second  // from Close to the end of TCP
)

// Config configures Accept.
type Config struct {
	// Protocols are the supported subprotocols, the preferred one first. A client that
	// asks for none of them is accepted, with Protocol "".
	Protocols []string
	// ReadLimit bounds one message, in bytes; a longer one ends with 1009.
	ReadLimit int64
	// Refuse answers a request that is not a valid handshake. status is the HTTP status,
	// sentence the reason; headers that the answer needs are set. If Refuse is nil, the
	// answer is plain text.
	Refuse func(w http.ResponseWriter, r *http.Request, status int, sentence string)

	messageWithin, closeWithin, freshAfter time.Duration // for tests; 0 means the constants
}

// Socket is one accepted connection. Write, Ping, Close and Abort may be called
// from any goroutine; Serve once, by its owner.
type Socket struct {
	writer

	// Static after construction.
	ws            *websocket.Conn
	in            *bufio.Reader // the one that ws reads from
	protocol      string
	messageWithin time.Duration
	freshAfter    time.Duration

	// Owned by the goroutine in serve.
	handle        func(text bool, message []byte) error
	pong          func()
	over          func(error)
	first         [readBuffer]byte // of a frame
	early         []byte           // arrived together with the handshake, or part of first
	handled       error            // what handle gave
	readErr       error            // first error of conn, as opposed to one of the protocol
	betweenFrames bool             // nothing of the next frame has arrived
	inMessage     bool             // a data message is under way
	received      int              // bytes since it began, with the headers of its frames
	expected      int              // bytes of it that fit the buffer, above what is read of its content
	timed         bool             // conn has a read deadline
	fresh         bool             // another goroutine read before this one
	controls      int              // control frames since controlsFrom
	controlsFrom  time.Time
}

// Accept upgrades the request. The caller must check the Origin before. If Accept
// returns an error, a response was written. Otherwise the caller must call Serve, which
// alone frees the connection, and should let the HTTP handler return.
func Accept(w http.ResponseWriter, r *http.Request, c Config) (*Socket, error) {
	s := &Socket{
		writer:        writer{closeWithin: cmp.Or(c.closeWithin, closeWithin)},
		messageWithin: cmp.Or(c.messageWithin, messageWithin),
		freshAfter:    cmp.Or(c.freshAfter, freshAfter),
	}
	ws, err := websocket.Accept(&upgrade{ResponseWriter: w, request: r, refuse: c.Refuse, s: s}, r, &websocket.AcceptOptions{
		Subprotocols: c.Protocols,
		// The caller checked the Origin, knowing the public URL and whether a cookie was
		// sent; coder's own check would refuse what it allows.
		InsecureSkipVerify: true,
		CompressionMode:    websocket.CompressionDisabled,
		OnPingReceived:     s.onPing,
		OnPongReceived:     s.onPong,
	})
	if err != nil {
		if s.conn != nil {
			s.Abort()
		}
		return nil, err
	}
	ws.SetReadLimit(c.ReadLimit)
	s.ws = ws
	// The handshake echoes the client's spelling; Protocol returns that of Config.
	for _, p := range c.Protocols {
		if strings.EqualFold(p, ws.Subprotocol()) {
			s.protocol = p
		}
	}
	return s, nil
}

// SetReadLimit replaces Config.ReadLimit for messages that begin from now on.
func (s *Socket) SetReadLimit(bytes int64) { s.ws.SetReadLimit(bytes) }

// Protocol returns the negotiated subprotocol as spelled in Config, or "".
func (s *Socket) Protocol() string { return s.protocol }
