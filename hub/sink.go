package hub

// Headroom is how many bytes are free before each message. A Sink may put a
// frame header there (RFC 6455, section 5.2: at most 10 bytes from a server),
// and so write header and message in one piece without a copy.
const Headroom = 10

// Sink is the write side of one connection: a WebSocket, or a fake in a test.
// The hub makes one call of Write or Ping at a time on each sink.
type Sink interface {
	// Write sends b[Headroom:] as one message; b[:Headroom] is scratch. b is the
	// hub's again when Write returns. After an error the hub writes no more.
	Write(b []byte) error
	// Ping sends a protocol ping. The answer is told by Conn.Heard.
	Ping() error
	// Close ends the connection. It returns at once, comes from any goroutine,
	// also while a Write is stuck, and must unstick it. The hub calls it at most
	// once, perhaps while the owner ends the sink itself.
	Close(Cause)
}

// Cause says why the hub closes a connection. All of them mean "come back".
type Cause uint8

const (
	TooSlow  Cause = iota // the queue is full, or one write takes too long while the peer talks
	Silent                // no answer to pings, a write that is stuck, or a write that failed
	Unbound               // nobody said in time who they are
	FeedLost              // events may have been missed: resume from the log
	Stopping              // the server stops

	// Causes is how many there are.
	Causes = iota
)

// String is the cause as a label for metrics.
func (c Cause) String() string {
	return [Causes]string{"too_slow", "silent", "unbound", "feed_lost", "stopping"}[c]
}
