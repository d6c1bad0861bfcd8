package main

import (
	"bytes"
	"net/http"
	"time"

	"parley/internal/frame"
	"parley/server/engineio"
	"parley/server/socketio"
	"parley/wire"
)

// connectTimeout is the time in which a client must have joined a namespace.
var connectTimeout = time.Second

// newSocketIO returns the server that the suite of Socket.IO expects: in the namespaces /
// and /custom it emits "auth" with what CONNECT brought, answers "message" by
// "message-back", and "message-with-ack" by an ack.
func newSocketIO() http.Handler {
	c := suite
	c.AdmitWithin = connectTimeout
	c.Open = func(conn *engineio.Conn, _ *http.Request) (engineio.Handler, error) {
		e := &socketEcho{keepalive: keepalive{conn}}
		e.Socket = socketio.New(e)
		return e.Socket, nil
	}
	return serve("/socket.io/", c)
}

type socketEcho struct {
	keepalive
	*socketio.Socket
}

// The methods that both embedded types have.
func (e *socketEcho) Request(*http.Request) {}
func (e *socketEcho) Packet()               {}
func (e *socketEcho) Heard()                {}
func (e *socketEcho) Silent()               { e.keepalive.Silent() }
func (e *socketEcho) Closed()               {}
func (e *socketEcho) PingDue(ping []byte)   { e.keepalive.PingDue(ping) }

func (e *socketEcho) Connect(p *wire.Packet) bool {
	if p.Namespace != "/" && p.Namespace != "/custom" {
		_ = e.conn.Write(e.Codec().ConnectError(p.Namespace, "Invalid namespace"))
		return false
	}
	e.conn.Admit()
	auth := p.Data
	if auth == nil {
		auth = []byte("{}")
	}
	e.write(wire.Packet{Type: wire.PacketConnect, Namespace: p.Namespace, Data: []byte(`{"sid":"` + e.conn.Sid() + `"}`)})
	e.write(wire.Packet{Type: wire.PacketEvent, Namespace: p.Namespace, Data: []byte(`["auth",` + string(auth) + `]`)})
	return true
}

func (e *socketEcho) Event(p *wire.Packet) {
	reply := *p
	if args, found := bytes.CutPrefix(p.Data, []byte(`["message",`)); found {
		reply.Data = append([]byte(`["message-back",`), args...)
		e.write(reply)
	}
	if args, found := bytes.CutPrefix(p.Data, []byte(`["message-with-ack",`)); found {
		reply.Type, reply.Data = wire.PacketAck, append([]byte{'['}, args...)
		e.write(reply)
	}
}

func (e *socketEcho) Attachment(b []byte) { _ = e.conn.Write(frame.Append(nil, false, b)) }
func (e *socketEcho) Disconnect(string)   {}
func (e *socketEcho) Malformed()          { e.conn.Close(1002, "malformed packet", nil) }

func (e *socketEcho) write(p wire.Packet) { _ = e.conn.Write(e.Codec().AppendPacket(nil, &p)) }
