package main

import (
	"context"
	"fmt"
	"os/exec"
)

// node is the server in bench/peers/node. Its clients speak Socket.IO protocol 5 in
// MessagePack over Engine.IO protocol 4 on a WebSocket.
type node struct {
	dir string
	roomLists
}

func (t *node) name() string { return "node" }

func (t *node) start(ctx context.Context) (*process, error) {
	cmd := exec.CommandContext(ctx, "node", "server.js")
	cmd.Dir = t.dir
	return launch(ctx, cmd)
}

// Types of Socket.IO packets.
const (
	packetConnect = 0
	packetEvent   = 2
	packetAck     = 3
)

// packet returns the first bytes of an encoded packet of a type.
func packet(kind int) []byte { return append([]byte("\xa4type"), byte(kind)) }

// dial retries, as Socket.IO clients do: while the primary process passes a socket to
// its worker, both may read from it, and what the primary reads is lost.
func (t *node) dial(p *process, person, buffer int) (c *client, err error) {
	for range 5 {
		if c, err = t.dialOnce(p, person, buffer); err == nil {
			return c, nil
		}
	}
	return nil, err
}

func (t *node) dialOnce(p *process, person, buffer int) (*client, error) {
	c, err := openEngineIO(p, person, buffer)
	if err != nil {
		return nil, err
	}
	if err := c.request(encodePacket(map[string]any{"type": packetConnect, "nsp": "/"}), packet(packetConnect)); err != nil {
		return nil, err
	}
	rooms := []any{}
	for _, room := range t.roomsOf[person] {
		rooms = append(rooms, fmt.Sprint("room", room))
	}
	return c, c.request(encodePacket(map[string]any{"type": packetEvent, "nsp": "/", "id": 1, "data": []any{"join", rooms}}), packet(packetAck))
}

func (t *node) post(_ *client, room int, text string) []byte {
	return encodePacket(map[string]any{"type": packetEvent, "nsp": "/",
		"data": []any{"post", map[string]any{"room": fmt.Sprint("room", room), "text": text}}})
}
