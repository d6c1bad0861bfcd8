package main

import (
	"net/http"

	"parley/internal/frame"
	"parley/server/engineio"
)

// newEngine returns the server that the suite of Engine.IO expects: it echoes every message.
func newEngine() http.Handler {
	c := suite
	c.Open = func(conn *engineio.Conn, _ *http.Request) (engineio.Handler, error) {
		return &engineEcho{keepalive{conn}}, nil
	}
	return serve("/engine.io/", c)
}

// keepalive is what the handlers of both protocols have in common.
type keepalive struct{ conn *engineio.Conn }

func (k keepalive) Request(*http.Request) {}
func (k keepalive) Packet()               {}
func (k keepalive) Heard()                {}
func (k keepalive) Silent()               { k.conn.Close(1000, "silent", nil) }
func (k keepalive) Closed()               {}

// PingDue writes on a goroutine of its own, since Write may wait.
func (k keepalive) PingDue(ping []byte) { go func() { _ = k.conn.Write(ping) }() }

type engineEcho struct{ keepalive }

func (e *engineEcho) Message(text bool, b []byte) {
	if text {
		b = append([]byte{'4'}, b...)
	}
	_ = e.conn.Write(frame.Append(nil, text, b))
}
