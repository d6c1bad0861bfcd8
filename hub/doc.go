// Package hub fans numbered bytes out from one feed to many connections. It
// knows nothing of users' rights, of codecs, or of what the bytes mean. It
// imports the standard library only.
//
// # Guarantees
//
//   - A live member of a topic receives every number once, in order, starting
//     after the number that the member said it had seen. The hub refuses what
//     it cannot deliver without a gap ([Behind], [Gone], or a missing number
//     from Publish).
//   - A slow reader delays nobody: each queue is bounded in bytes, nothing waits
//     for a reader, and a connection whose queue overflows is closed with [TooSlow].
//   - A member that was evicted at a number receives nothing after that number.
//   - After [Hub.Lost] returns, no connection that was attached before is a
//     member of any topic. A feed that reopens "from now" cannot leave a gap
//     that a connection does not notice.
//   - A value is encoded once for each codec in use, and many queued values
//     are written as one message.
//
// # Topics
//
// A topic exists while it has members. It holds the next expected number (0:
// not known yet), its members, and a ring of the most recent frames, which are
// consecutive and end just before that number. The ring is the only buffer for
// catching up. All rings share one memory budget; the least recently used topic
// loses its oldest frames first.
//
// # Locks
//
// Locks are taken in this order, and never two of one kind: Hub.mu (attached
// connections), shard.mu (topics), Conn.mu (memberships and queue of one
// connection), pool.mu. While a lock is held, no Sink is called, no frame is
// encoded, and nothing is waited for.
//
// # Goroutines and buffers
//
//   - One keepalive goroutine, started by New, ended by Close. It sends pings
//     and closes connections that are silent, stuck or unbound. It owns the only
//     ticker; a connection has no timer.
//   - Workers. A connection whose queue becomes non-empty is enqueued at its
//     pool, whose workers drain one connection after the other. While connections
//     wait, one worker more than those that are writing is awake. The number of
//     workers is not fixed: enough stalled readers would block any fixed number.
//     While a worker drains a connection, it is the only caller of that sink's
//     Write and Ping. Close waits for the workers.
//   - An encoded value never changes and has no owner. A queue consists of pooled
//     chunks, which the connection owns until they are drained, so an idle
//     connection holds none. The buffer of a joined message belongs to the worker
//     until the worker parks.
package hub
