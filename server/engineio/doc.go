// Package engineio is the server's side of Engine.IO 4, the transport below Socket.IO: HTTP
// long polling, WebSocket, and the upgrade from one to the other. It is independent of chat.
//
// A [Conn] is one connection of a client, whichever way its packets take. What is written to
// it are whole WebSocket frames (RFC 6455), made once for any number of connections. On a
// WebSocket they are sent as they are; for a poll they are queued, at most 64 KiB, and
// converted when a GET takes them. A Write to a full queue waits, as one to a WebSocket whose
// peer does not read.
//
// Goroutines: net/http's, one for each request, so one for each poll that is held; the read
// loop of each WebSocket, as in package socket; and [Engine.Run], which pings every client
// and closes those that are silent. A connection has no timer and no goroutine of its own.
//
// Locks: that of the Engine may be taken while that of a Conn is held, not the other way
// round. No method of a Handler is called while one is held.
package engineio
