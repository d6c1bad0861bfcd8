// Package server is where HTTP, WebSocket and rules meet. routes.go shows the
// whole surface on one screen; HTTP handlers and socket commands call the same
// actions (act.go), which judge nothing that a chat.Rule judges at the head.
//
// The way of a message: a session's read loop decodes a command, the action
// hands a draft and its rule to the store's Append and goes on reading. After
// the commit the reply is queued. The feed yields the event to the pump, which
// encodes it once per codec and publishes the bytes to the hub. The feed is the
// only door into the hub.
//
// Goroutines: net/http's, one per request; one read loop per socket (it ends
// when the socket does, and detaches); while a session has slow work, lanes and
// a pager (they end with the work or the socket, and the read loop waits for
// them); a lookup by clientId for somebody whose bucket is empty (Stop waits for
// it, as for a draft); and the four that Run owns: the pump, the presence beat,
// the check of sessions, and rest. Stop ends the sockets, and returns when their
// goroutines have ended.
//
// Locks: presence.mu may be taken under a session's looking, and the hub's locks
// under these two alone; a session's mu, the gate's and the rest are leaves. What
// the hub calls (the Sink, session.Write, Ping, Close) takes none of them.
package server
