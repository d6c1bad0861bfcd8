// Package hub knows who is listening. It moves numbered bytes from one feed to
// many connections and knows nothing of users' rights, of codecs, or of what
// the bytes mean. Standard library only.
//
// # What it promises
//
//   - A live member of a topic gets every number once, in order, from the one
//     after the number it said it had seen. What the hub cannot deliver without
//     a hole it refuses ([Behind], [Gone], or a missing number from Publish).
//   - One who does not read hurts nobody: a queue is bounded in bytes, nothing
//     waits for a reader, and who falls behind is closed with [TooSlow].
//   - A member that was evicted at a number gets nothing behind it.
//   - After [Hub.Lost] returned, nobody who was attached before is a member of
//     anything, so a feed that reopens "from now" leaves no hole unnoticed.
//   - A value is encoded once for each codec in use, and many queued values
//     leave in one message.
//
// # Topics
//
// A topic exists while it has members. It holds the number it expects next
// (0: not known yet), its members, and a ring with the frames just before next,
// which are consecutive. The ring is the only buffer for catching up. All rings
// share one budget; the topic that was used least recently gives first.
//
// # Locks
//
// In this order, and never two of one kind: Hub.mu (who is attached), shard.mu
// (topics), Conn.mu (memberships of one connection and its queue), pool.mu.
// Under none of them is a Sink called, a frame encoded, or anything waited for.
//
// # Goroutines and buffers
//
//   - One sweeper, started by New, ended by Close: pings, and closes who is
//     silent, stuck or unbound. It owns the only ticker; a connection has none.
//   - Workers: a connection whose queue turns from empty to busy stands in line
//     at its pool, whose workers take one after the other. As long as somebody
//     stands there, one worker more is awake than those that drain; it is a parked
//     one, or a fresh goroutine when none is parked. The number is never fixed,
//     for enough stalled readers would stop a fixed one. While it drains a
//     connection, a worker is the only caller of that sink's Write and Ping.
//     Close waits for them.
//   - An encoded value is nobody's: it never changes, and the garbage collector
//     frees it. A queue is made of pooled chunks that belong to the connection
//     and go back when drained, so an idle connection holds none. The buffer of
//     a joined message is the worker's until it parks.
package hub
