// Package session is one client connection, whatever its transport: who is behind
// it (hello), where it stands in each chat (resume), the commands that it sends, and
// what is delivered to it. commands.go is the table of all commands.
//
// A transport opens a session with [Sessions.Open], passes each message to Handle,
// calls Heard when the peer answers a ping, and Finish when its read loop has ended.
// The session writes through [Transport]; what it needs of the server is [Service]
// and [Presence].
//
// A [Session] has the read side: hello, and what a message of the peer starts. Its parts
// are types with state of their own: client (the write side and the user), queues (the
// order of commands), places (how many are under way), subscriber (the position in each
// chat) and focus (what the client shows).
//
// Goroutines of a session: the transport's read loop; while there is work, one
// goroutine for each chat with waiting commands (queue.go) and one subscriber
// (subscriber.go). Finish waits for both before it detaches from the hub.
//
// Locks: that of focus may be held while the lock of Presence is taken, and the hub's
// locks under these two; those of the other parts are taken last, and no two of them
// together. What the hub calls (Write, Ping, Close) takes none of them.
package session
