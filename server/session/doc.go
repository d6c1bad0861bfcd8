// Package session is one client connection, whatever its transport: who is behind
// it (hello), where it stands in each chat (resume), the commands that it sends, and
// what is delivered to it. commands.go is the table of all commands.
//
// A transport opens a session with [Sessions.Open], passes each message to Handle,
// calls Heard when the peer answers a ping, and Finish when its read loop has ended.
// The session writes through [Transport]; what it needs of the server is [Service]
// and [Presence].
//
// Goroutines of a session: the transport's read loop; while there is work, one
// goroutine for each chat with waiting commands (queue.go) and one subscriber
// (subscriber.go). Finish waits for both before it detaches from the hub.
//
// Locks: a session's focusMu may be held while the lock of Presence is taken, and the
// hub's locks under these two; a session's mu is taken last. What the hub calls
// (Write, Ping, Close) takes none of them.
package session
