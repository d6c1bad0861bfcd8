package hub

// Headroom is the number of free bytes before each message. A Sink may put a frame
// header there (RFC 6455, section 5.2: at most 10 bytes from a server) and so write
// header and message at once without a copy.
const Headroom = 10

// Sink is the write side of one connection: a WebSocket, or a fake in a test. The
// hub calls Write and Ping of one sink one at a time.
type Sink interface {
	// Write sends b[Headroom:] as one message; b[:Headroom] is scratch space. The hub
	// owns b again when Write returns. After an error the hub writes no more.
	Write(b []byte) error
	// Ping sends a protocol ping. The owner reports the pong by Conn.Heard.
	Ping() error
	// Close closes the connection and returns at once. It may be called from any
	// goroutine, also while a Write is stuck, which must then return. The hub calls
	// it at most once, perhaps while the owner closes the sink itself.
	Close(Cause)
}

// Cause is the reason why the hub closes a connection. After any of them the client
// should reconnect.
type Cause uint8

const (
	TooSlow  Cause = iota // the queue is full, or one write takes too long although the peer still sends
	Silent                // no answer to pings, or a write that is stuck or failed
	Unbound               // Bind was not called in time
	FeedLost              // events may have been missed: resume from the log
	Stopping              // the server stops

	// Causes is the number of causes.
	Causes = iota
)

// String returns the cause as a label for metrics.
func (c Cause) String() string {
	return [Causes]string{"too_slow", "silent", "unbound", "feed_lost", "stopping"}[c]
}
