package main

import (
	"context"
	"fmt"
	"os/exec"

	"github.com/tinylib/msgp/msgp"
)

// node is the Node.js stack in bench/peers/node: Socket.IO's protocol 5 in
// MessagePack, over Engine.IO's protocol 4 on a WebSocket.
type node struct {
	dir string
	seats
}

func (t *node) name() string { return "node" }

func (t *node) start(ctx context.Context) (*process, error) {
	cmd := exec.CommandContext(ctx, "node", "server.js")
	cmd.Dir = t.dir
	return launch(ctx, cmd)
}

// Types of packets, and how one of a type begins.
const (
	packetConnect = 0
	packetEvent   = 2
	packetAck     = 3
)

func packet(kind int) []byte { return append([]byte("\xa4type"), byte(kind)) }

// dial tries again, as Socket.IO's clients do: while the primary hands a socket
// to its worker, both may read, and what the primary reads is lost.
func (t *node) dial(p *process, person, buffer int) (c *client, err error) {
	for range 5 {
		if c, err = t.once(p, person, buffer); err == nil {
			return c, nil
		}
	}
	return nil, err
}

func (t *node) once(p *process, person, buffer int) (*client, error) {
	c, err := upgrade(p, person, buffer, "/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		return nil, err
	}
	c.answer = func(message []byte) []byte {
		if string(message) == "2" {
			return []byte("3")
		}
		return nil
	}
	if err := c.until([]byte("pingInterval")); err != nil { // Engine.IO's open
		return nil, err
	}
	if err := c.say(t.encode(map[string]any{"type": packetConnect, "nsp": "/"}), packet(packetConnect)); err != nil {
		return nil, err
	}
	rooms := []any{}
	for _, room := range t.roomsOf[person] {
		rooms = append(rooms, fmt.Sprint("room", room))
	}
	return c, c.say(t.encode(map[string]any{"type": packetEvent, "nsp": "/", "id": 1, "data": []any{"join", rooms}}), packet(packetAck))
}

func (t *node) post(_ *client, room int, text string) []byte {
	return t.encode(map[string]any{"type": packetEvent, "nsp": "/",
		"data": []any{"post", map[string]any{"room": fmt.Sprint("room", room), "text": text}}})
}

func (t *node) encode(v map[string]any) []byte {
	b, err := msgp.AppendMapStrIntf(nil, v)
	if err != nil {
		panic(err) // a mistake in the lines above
	}
	return b
}
