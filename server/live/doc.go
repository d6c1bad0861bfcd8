// Package live carries what happens to the sockets: the feed of events to the hub
// (pump.go), signals such as typing and presence (signal.go, presence.go), and ended
// sessions (revoke.go). The feed is the only source of what the hub delivers.
//
// Goroutines: the three that Run owns: the pump, the presence announcements and the
// session check.
//
// Locks: Presence.mu is taken before those of the hub; the gate's is taken last.
package live
