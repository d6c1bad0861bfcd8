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

// talker is one client with a memory: what it saw of one chat, and what it still
// has to send. It outlives sockets and servers.
type talker struct {
	h      *house
	p      *person
	chatID chat.ChatID
	epoch  string
	log    []chat.Event // seq i+1 at index i
	outbox []string     // texts without an acknowledgement; the clientId is the text
}

// talk lets each of the people say a number of texts, and read until their log
// has total events: the first with a socket (JSON), the second with another
// (MessagePack), all others with curl.
func (h *house) talk(ctx context.Context, people []*person, id chat.ChatID, epoch string, each, total int) (talkers []*talker, wait func() error) {
	g, ctx := errgroup.WithContext(ctx) // who fails ends the others: they would wait for what never comes
	for i, p := range people {
		k := &talker{h: h, p: p, chatID: id, epoch: epoch}
		for n := range each {
			k.outbox = append(k.outbox, fmt.Sprintf("%s says %d", p.User.Handle, n))
		}
		talkers = append(talkers, k)
		g.Go(func() (err error) {
			switch i {
			case 0:
				err = k.finish(ctx, wire.JSON, total)
			case 1:
				err = k.finish(ctx, wire.MsgPack, total)
			default:
				err = k.poll(ctx, total)
			}
			if err != nil {
				err = fmt.Errorf("%s: %w, with %d of %d events and %d texts to send", p.User.Handle, err, len(k.log), total, len(k.outbox))
			}
			return err
		})
	}
	return talkers, g.Wait
}

// finish sends what is in the outbox and reads until the log has n events, over
// as many connections as it takes.
func (k *talker) finish(ctx context.Context, codec *wire.Codec, n int) error {
	for ctx.Err() == nil {
		done, err := k.connection(ctx, codec, n)
		if err != nil || done {
			return err
		}
	}
	return ctx.Err()
}

// connection is one socket's life. An error is a broken promise; a socket that
// ends is none.
func (k *talker) connection(ctx context.Context, codec *wire.Codec, n int) (done bool, err error) {
	protocol := wire.JSON.Protocol
	typ := websocket.MessageText
	if codec == wire.MsgPack {
		protocol, typ = wire.MsgPack.Protocol, websocket.MessageBinary
	}
	c, _, err := websocket.Dial(ctx, "ws://"+k.h.addr+"/api/socket", &websocket.DialOptions{
		Subprotocols: []string{protocol}, HTTPHeader: http.Header{"Authorization": {"Bearer " + k.p.Token}}})
	if err != nil {
		return false, nil
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	commands := []wire.Command{{ID: 1, Do: "hello"},
		{ID: 2, Do: "resume", Epoch: k.epoch, Seen: map[chat.ChatID]chat.Seq{k.chatID: chat.Seq(len(k.log))}, At: map[chat.ChatID]int64{k.chatID: k.lastAt()}}}
	for i, text := range k.outbox {
		commands = append(commands, wire.Command{ID: uint64(10 + i), Do: "post", ChatID: k.chatID, ClientID: text, Text: text})
	}
	waiting := map[uint64]string{}
	var b []byte
	for _, command := range commands {
		waiting[command.ID] = command.Text
		b = append(b, codec.Encode(command)...)
	}
	if err := c.Write(ctx, typ, b); err != nil {
		return false, nil
	}
	for len(k.log) < n || len(k.outbox) > 0 {
		_, message, err := c.Read(ctx)
		if err != nil {
			return false, nil
		}
		for _, value := range split(codec, message) {
			if err := k.take(codec, value, waiting); err == errAgain {
				return false, nil
			} else if err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// errAgain: try again, over another socket.
var errAgain = errors.New("again")

func (k *talker) take(codec *wire.Codec, value []byte, waiting map[uint64]string) error {
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
				return errAgain
			}
			return fmt.Errorf("%s", value)
		}
		k.outbox = slices.DeleteFunc(k.outbox, func(t string) bool { return t == text })
	case v.Kind != "" && v.ChatID == k.chatID:
		if int(v.Seq) != len(k.log)+1 {
			return fmt.Errorf("event %d after %d", v.Seq, len(k.log))
		}
		k.log = append(k.log, v.Event)
	case v.Signal == "reset":
		return fmt.Errorf("a reset after %d: %s", len(k.log), value)
	}
	return nil
}

// poll is the same for somebody with curl: posts over HTTP, reads by long poll.
func (k *talker) poll(ctx context.Context, n int) error {
	for ctx.Err() == nil && (len(k.log) < n || len(k.outbox) > 0) {
		if len(k.outbox) > 0 {
			text := k.outbox[0]
			status := k.h.call(k.p.Token, "POST", "/api/chats/"+string(k.chatID)+"/messages",
				map[string]any{"clientId": text, "text": text}, nil)
			switch status {
			case 200, 201:
				k.outbox = k.outbox[1:]
			case 0, 500, 503:
			default:
				return fmt.Errorf("post: %d", status)
			}
		}
		wait := 0
		if len(k.outbox) == 0 {
			wait = 5
		}
		var page struct{ Events []chat.Event }
		path := fmt.Sprintf("/api/chats/%s/events?after=%d&at=%d&epoch=%s&wait=%d", k.chatID, len(k.log), k.lastAt(), k.epoch, wait)
		switch status := k.h.call(k.p.Token, "GET", path, nil, &page); status {
		case 200:
			for _, e := range page.Events {
				if int(e.Seq) != len(k.log)+1 {
					return fmt.Errorf("event %d after %d", e.Seq, len(k.log))
				}
				k.log = append(k.log, e)
			}
		case 0, 500, 503:
		default:
			return fmt.Errorf("events: %d", status)
		}
	}
	return ctx.Err()
}

// lastAt is the time of what was seen last.
func (k *talker) lastAt() int64 {
	if len(k.log) == 0 {
		return 0
	}
	return k.log[len(k.log)-1].At
}
