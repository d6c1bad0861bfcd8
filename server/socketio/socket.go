// Package socketio is the server's side of the Socket.IO protocol, version 5, on a
// connection of package engineio. It keeps the rules for the order of packets and leaves
// their meaning to an App. The form of packets is in package wire; which of the two parsers
// a client uses is told by its first message, which is a CONNECT: text for the default
// parser, binary for socket.io-msgpack-parser.
package socketio

import (
	"net/http"
	"slices"

	"parley/server/engineio"
	"parley/wire"
)

// App is what packets do. Its methods are called one at a time, as those of
// engineio.Handler; those that both have are passed on.
type App interface {
	Request(r *http.Request)
	Packet()
	Heard()
	PingDue(frame []byte)
	Silent()
	Closed()

	// Connect answers a CONNECT and reports whether the client has joined the namespace.
	Connect(p *wire.Packet) bool
	// Event handles an event of a namespace that the client has joined. Its attachments
	// follow.
	Event(p *wire.Packet)
	// Attachment handles a binary argument of the last event.
	Attachment(b []byte)
	// Disconnect is called when the client has left a namespace.
	Disconnect(namespace string)
	// Malformed is called when the client has broken the protocol. It must close the
	// connection.
	Malformed()
}

// Socket is the Handler of one connection.
type Socket struct {
	App
	codec       *wire.Codec // nil before the first message
	attachments int         // binary messages that belong to the last packet
	event       bool        // that packet is an event
	joined      []string    // namespaces
}

var _ engineio.Handler = (*Socket)(nil)

// New returns the Handler of a connection.
func New(app App) *Socket { return &Socket{App: app} }

// Codec returns the codec of the client's parser, once it has sent a packet.
func (s *Socket) Codec() *wire.Codec { return s.codec }

// Message implements engineio.Handler.
func (s *Socket) Message(text bool, b []byte) {
	if s.attachments > 0 && !text {
		if s.attachments--; s.event {
			s.App.Attachment(b)
		}
		return
	}
	if s.codec == nil {
		if s.codec = wire.SocketIOMsgPack; text {
			s.codec = wire.SocketIO
		}
	}
	if s.attachments > 0 || text != s.codec.Text {
		s.App.Malformed()
		return
	}
	p, err := s.codec.ParsePacket(b)
	if err != nil || !s.handle(&p) {
		s.App.Malformed()
	}
}

// handle handles one packet. It reports false if the client must not send it now.
func (s *Socket) handle(p *wire.Packet) bool {
	joined := slices.Contains(s.joined, p.Namespace)
	if p.Type == wire.PacketConnect {
		if joined || len(s.joined) == maxNamespaces {
			return false
		}
		if s.App.Connect(p) {
			s.joined = append(s.joined, p.Namespace)
		}
		return true
	}
	if !joined {
		return false
	}
	s.attachments, s.event = p.Attachments, false
	switch p.Type {
	case wire.PacketEvent:
		s.event = true
		s.App.Event(p)
	case wire.PacketAck: // of nothing: the server asks for none
		s.App.Packet()
	case wire.PacketDisconnect:
		s.joined = slices.DeleteFunc(s.joined, func(n string) bool { return n == p.Namespace })
		s.App.Disconnect(p.Namespace)
	}
	return true
}

// maxNamespaces bounds the namespaces of one connection.
const maxNamespaces = 10
