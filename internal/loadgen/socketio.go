package main

import (
	"context"
	"fmt"

	"github.com/tinylib/msgp/msgp"
)

// socketIOPath opens a WebSocket without polling before it.
const socketIOPath = "/socket.io/?EIO=4&transport=websocket"

// parleySocketIO is Parley with clients that speak Socket.IO with the MessagePack parser,
// as those of node do.
type parleySocketIO struct{ *parley }

func (t parleySocketIO) name() string { return "parley, Socket.IO" }

func (t parleySocketIO) dial(p *process, person, buffer int) (*client, error) {
	c, err := openEngineIO(p, person, buffer)
	if err != nil {
		return nil, err
	}
	auth := map[string]any{"token": t.tokens[person], "seen": map[string]any{}}
	return c, c.request(encodePacket(map[string]any{"type": packetConnect, "nsp": "/", "data": auth}), caughtUp)
}

func (t parleySocketIO) post(c *client, room int, text string) []byte {
	c.ids++
	return encodePacket(map[string]any{"type": packetEvent, "nsp": "/", "id": int64(c.ids), "data": []any{"post",
		map[string]any{"chatId": string(t.chats[room]), "text": text, "clientId": fmt.Sprintf("%s-%d", c.conn.LocalAddr(), c.ids)}}})
}

// openEngineIO opens a connection of Engine.IO on a WebSocket, up to its open packet.
func openEngineIO(p *process, person, buffer int) (*client, error) {
	c, err := upgrade(p, person, buffer, socketIOPath)
	if err != nil {
		return nil, err
	}
	c.pingReply = func(message []byte) []byte {
		if string(message) == "2" {
			return []byte("3")
		}
		return nil
	}
	return c, c.readUntil([]byte("pingInterval"))
}

// encodePacket encodes a packet of Socket.IO.
func encodePacket(v map[string]any) []byte {
	b, err := msgp.AppendMapStrIntf(nil, v)
	if err != nil {
		panic(err) // a bug of the caller
	}
	return b
}

// socketIOTargets returns both servers that speak Socket.IO, and Parley's own protocol.
func (b *bench) socketIOTargets() []target {
	return append([]target{b.parley(), parleySocketIO{b.parley()}}, b.peers[:min(1, len(b.peers))]...)
}

// measureSocketIO measures one chat and idle connections with the same Socket.IO clients on
// Parley and on the Node.js stack.
func measureSocketIO(ctx context.Context, b *bench) error {
	if err := b.measureOneChat(ctx, "socketio", b.socketIOTargets()); err != nil {
		return err
	}
	return b.measureConnections(ctx, "socketio", b.socketIOTargets())
}
