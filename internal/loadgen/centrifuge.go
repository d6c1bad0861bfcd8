package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
)

// centrifuge is the server in bench/peers/centrifuge. Its clients speak its JSON
// protocol.
type centrifuge struct {
	binary string
	delay  string // of writes; they wait for further messages
	roomLists
}

func (t *centrifuge) name() string {
	if t.delay == "0" {
		return "centrifuge"
	}
	return "centrifuge " + t.delay
}

func (t *centrifuge) start(ctx context.Context) (*process, error) {
	return launch(ctx, exec.CommandContext(ctx, t.binary, "-delay", t.delay))
}

func (t *centrifuge) dial(p *process, person, buffer int) (*client, error) {
	c, err := upgrade(p, person, buffer, "/connection/websocket")
	if err != nil {
		return nil, err
	}
	c.opcode = opText
	c.pingReply = func(message []byte) []byte { // a message may have other values beside a ping
		if bytes.HasPrefix(message, []byte("{}")) || bytes.Contains(message, []byte("\n{}")) {
			return []byte("{}")
		}
		return nil
	}
	c.ids = 1
	if err := c.request([]byte(`{"id":1,"connect":{}}`), []byte(`"id":1`)); err != nil {
		return nil, err
	}
	var b []byte
	for _, room := range t.roomsOf[person] {
		c.ids++
		b = fmt.Appendf(b, `{"id":%d,"subscribe":{"channel":"room%d"}}`+"\n", c.ids, room)
	}
	return c, c.request(b, fmt.Appendf(nil, `"id":%d`, c.ids))
}

func (t *centrifuge) post(c *client, room int, text string) []byte {
	c.ids++
	return fmt.Appendf(nil, `{"id":%d,"publish":{"channel":"room%d","data":{"text":"%s"}}}`, c.ids, room, text)
}
