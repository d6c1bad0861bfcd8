package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/wire"
)

// client is a client of one chat with a local log and an outbox. It reconnects as
// often as necessary, also after a restart of the server.
type client struct {
	server  *testServer
	account *account
	chatID  chat.ChatID
	epoch   string
	log     []chat.Event // seq i+1 at index i
	outbox  []string     // texts without an acknowledgement; the clientId is the text
}

// startClients starts a client for each account. Each posts a number of texts and
// reads until its log has total events: the first over a socket (JSON), the second
// over a socket (MessagePack), the others over HTTP. wait returns the first error.
func (s *testServer) startClients(ctx context.Context, accounts []*account, id chat.ChatID, epoch string, each, total int) (clients []*client, wait func() error) {
	g, ctx := errgroup.WithContext(ctx) // a failed client ends the others: they would wait for its posts
	for i, a := range accounts {
		c := &client{server: s, account: a, chatID: id, epoch: epoch}
		for n := range each {
			c.outbox = append(c.outbox, fmt.Sprintf("%s says %d", a.User.Handle, n))
		}
		clients = append(clients, c)
		g.Go(func() (err error) {
			switch i {
			case 0:
				err = c.runSocket(ctx, wire.JSON, total)
			case 1:
				err = c.runSocket(ctx, wire.MsgPack, total)
			default:
				err = c.runHTTP(ctx, total)
			}
			if err != nil {
				err = fmt.Errorf("%s: %w, with %d of %d events and %d texts to send", a.User.Handle, err, len(c.log), total, len(c.outbox))
			}
			return err
		})
	}
	return clients, g.Wait
}

// runSocket posts the outbox and reads until the log has n events, over as many
// sockets as necessary.
func (c *client) runSocket(ctx context.Context, codec *wire.Codec, n int) error {
	for ctx.Err() == nil {
		done, err := c.runConnection(ctx, codec, n)
		if err != nil || done {
			return err
		}
	}
	return ctx.Err()
}

// runConnection is runSocket over one socket. done is false if the socket ended
// before. An error means that the server broke the protocol.
func (c *client) runConnection(ctx context.Context, codec *wire.Codec, n int) (done bool, err error) {
	protocol := wire.JSON.Protocol
	typ := websocket.MessageText
	if codec == wire.MsgPack {
		protocol, typ = wire.MsgPack.Protocol, websocket.MessageBinary
	}
	conn, _, err := websocket.Dial(ctx, "ws://"+c.server.addr+"/api/socket", &websocket.DialOptions{
		Subprotocols: []string{protocol}, HTTPHeader: http.Header{"Authorization": {"Bearer " + c.account.Token}}})
	if err != nil {
		return false, nil
	}
	defer conn.CloseNow()
	conn.SetReadLimit(-1)
	commands := []wire.Command{{ID: 1, Do: "hello"},
		{ID: 2, Do: "resume", Epoch: c.epoch, Seen: map[chat.ChatID]chat.Seq{c.chatID: chat.Seq(len(c.log))}, At: map[chat.ChatID]int64{c.chatID: c.lastTime()}}}
	for i, text := range c.outbox {
		commands = append(commands, wire.Command{ID: uint64(10 + i), Do: "post", ChatID: c.chatID, ClientID: text, Text: text})
	}
	waiting := map[uint64]string{}
	var b []byte
	for _, command := range commands {
		waiting[command.ID] = command.Text
		b = append(b, codec.Encode(command)...)
	}
	if err := conn.Write(ctx, typ, b); err != nil {
		return false, nil
	}
	for len(c.log) < n || len(c.outbox) > 0 {
		_, message, err := conn.Read(ctx)
		if err != nil {
			return false, nil
		}
		for _, value := range split(codec, message) {
			if err := c.handle(codec, value, waiting); err == errRetry {
				return false, nil
			} else if err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// errRetry means that the client must try again over another socket.
var errRetry = errors.New("try again")

// handle processes one value from the socket. waiting holds the texts of the
// commands without a reply.
func (c *client) handle(codec *wire.Codec, value []byte, waiting map[uint64]string) error {
	var v received
	if err := json.Unmarshal(value, &v); err != nil {
		return fmt.Errorf("%s: %w", value, err)
	}
	switch {
	case v.Re != 0:
		text, ok := waiting[v.Re]
		if !ok {
			return fmt.Errorf("a second reply to %d: %s", v.Re, value)
		}
		delete(waiting, v.Re)
		if v.Error != nil {
			if v.Error.Code == chat.Unavailable || v.Error.Code == chat.Internal {
				return errRetry
			}
			return fmt.Errorf("%s", value)
		}
		c.outbox = slices.DeleteFunc(c.outbox, func(t string) bool { return t == text })
	case v.Kind != "" && v.ChatID == c.chatID:
		if int(v.Seq) != len(c.log)+1 {
			return fmt.Errorf("event %d after %d", v.Seq, len(c.log))
		}
		c.log = append(c.log, v.Event)
	case v.Signal == "reset":
		return fmt.Errorf("a reset after %d: %s", len(c.log), value)
	}
	return nil
}

// runHTTP is runSocket over HTTP: it posts one text at a time and reads by long poll.
func (c *client) runHTTP(ctx context.Context, n int) error {
	for ctx.Err() == nil && (len(c.log) < n || len(c.outbox) > 0) {
		if len(c.outbox) > 0 {
			text := c.outbox[0]
			status := c.server.call(c.account.Token, "POST", "/api/chats/"+string(c.chatID)+"/messages",
				map[string]any{"clientId": text, "text": text}, nil)
			switch status {
			case 200, 201:
				c.outbox = c.outbox[1:]
			case 0, 500, 503:
			default:
				return fmt.Errorf("post: %d", status)
			}
		}
		wait := 0
		if len(c.outbox) == 0 {
			wait = 5
		}
		var page struct{ Events []chat.Event }
		path := fmt.Sprintf("/api/chats/%s/events?after=%d&at=%d&epoch=%s&wait=%d", c.chatID, len(c.log), c.lastTime(), c.epoch, wait)
		switch status := c.server.call(c.account.Token, "GET", path, nil, &page); status {
		case 200:
			for _, e := range page.Events {
				if int(e.Seq) != len(c.log)+1 {
					return fmt.Errorf("event %d after %d", e.Seq, len(c.log))
				}
				c.log = append(c.log, e)
			}
		case 0, 500, 503:
		default:
			return fmt.Errorf("events: %d", status)
		}
	}
	return ctx.Err()
}

// lastTime returns the time of the last event in the log, 0 if the log is empty.
func (c *client) lastTime() int64 {
	if len(c.log) == 0 {
		return 0
	}
	return c.log[len(c.log)-1].At
}
