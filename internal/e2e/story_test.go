package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/wire"
)

// person is somebody with an account, as curl would see them.
type person struct {
	User  chat.User `json:"user"`
	Token string    `json:"token"`
}

// call sends JSON and gives the status; out may be nil. It gives 0 when there is
// no answer, as while the server is down.
func (h *house) call(token, method, path string, in, out any) int {
	body, err := json.Marshal(in)
	if err != nil {
		h.t.Error(err)
	}
	r, err := http.NewRequest(method, "http://"+h.addr+path, bytes.NewReader(body))
	if err != nil {
		h.t.Error(err)
	}
	if in == nil {
		r.Body = http.NoBody
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0
	}
	if out != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(b, out); err != nil {
			h.t.Errorf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return res.StatusCode
}

func (h *house) must(status int, token, method, path string, in, out any) {
	h.t.Helper()
	if got := h.call(token, method, path, in, out); got != status {
		h.t.Fatalf("%s %s: %d, want %d\n%s", method, path, got, status, h.said())
	}
}

// owner uses the link of the first start.
func (h *house) owner(handle string) *person {
	h.t.Helper()
	_, code, _ := strings.Cut(h.setup, "#setup=")
	var p person
	h.must(201, "", "POST", "/api/accounts", map[string]any{"setup": code, "serverName": "Test", "handle": handle,
		"name": strings.ToUpper(handle), "password": "correct horse"}, &p)
	return &p
}

// guest signs up through an invite that host makes for a chat.
func (h *house) guest(host *person, chatID chat.ChatID, handle string) *person {
	h.t.Helper()
	var made struct{ URL string }
	h.must(201, host.Token, "POST", "/api/invites", map[string]any{"chatId": chatID, "uses": 1}, &made)
	_, code, _ := strings.Cut(made.URL, "#invite=")
	var p person
	h.must(201, "", "POST", "/api/accounts", map[string]any{"invite": code, "handle": handle,
		"name": strings.ToUpper(handle), "password": "correct horse"}, &p)
	return &p
}

func (h *house) chats(p *person) []chat.Chat {
	h.t.Helper()
	var list struct{ Chats []chat.Chat }
	h.must(200, p.Token, "GET", "/api/chats", nil, &list)
	return list.Chats
}

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

// lastAt is the time of what was seen last.
func (k *talker) lastAt() int64 {
	if len(k.log) == 0 {
		return 0
	}
	return k.log[len(k.log)-1].At
}

// errAgain: try again, over another socket.
var errAgain = errors.New("again")

// received is any value that a server sends.
type received struct {
	chat.Event
	Re     uint64          `json:"re"`
	OK     json.RawMessage `json:"ok"`
	Error  *chat.Error     `json:"error"`
	Signal string          `json:"signal"`
}

func split(codec *wire.Codec, message []byte) (values [][]byte) {
	if codec == wire.JSON {
		return bytes.Split(bytes.TrimSpace(message), []byte("\n"))
	}
	for len(message) > 0 {
		value, rest := msgpackToJSON(message)
		values, message = append(values, value), rest
	}
	return values
}

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

// Ann and Bob talk over sockets (JSON and MessagePack), Cleo and Dan with curl.
// In the middle of a burst the server is killed, twice, and started again. Each
// of them keeps sending what was not acknowledged. At the end all four hold the
// same log: every text once, no number missing.
func TestKilledInABurst(t *testing.T) {
	const each, kills = 300, 2
	h := openHouse(t)
	ann := h.owner("ann")
	general := h.chats(ann)[0].ID
	people := []*person{ann, h.guest(ann, general, "bob"), h.guest(ann, general, "cleo"), h.guest(ann, general, "dan")}

	var head struct{ Chat chat.Chat }
	h.must(200, ann.Token, "GET", "/api/chats/"+string(general), nil, &head)
	total := int(head.Chat.Head) + len(people)*each
	var log struct{ Epoch string } // who wants a chat from its beginning names the history
	h.must(200, ann.Token, "GET", "/api/chats/"+string(general)+"/events?after=0", nil, &log)

	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	talkers, wait := h.talk(ctx, people, general, log.Epoch, each, total)
	// The kills come when a third, and two thirds, of the log is written.
	for kill := 1; kill <= kills; kill++ {
		for at := chat.Seq(total * kill / (kills + 1)); head.Chat.Head < at && ctx.Err() == nil; {
			h.call(ann.Token, "GET", "/api/chats/"+string(general), nil, &head)
		}
		h.kill()
		h.start()
	}
	if err := wait(); err != nil {
		t.Fatalf("%v\n%s", err, h.said())
	}
	texts := map[string]int{}
	for _, e := range talkers[0].log {
		if e.Kind == chat.Posted {
			texts[e.Text]++
		}
	}
	if len(texts) != len(people)*each || slices.Max(slices.Collect(maps.Values(texts))) != 1 {
		t.Errorf("%d different texts, want %d, each once", len(texts), len(people)*each)
	}
	want, _ := json.Marshal(talkers[0].log)
	for _, k := range talkers[1:] {
		if got, _ := json.Marshal(k.log); !bytes.Equal(got, want) {
			t.Errorf("%s holds another log than ann", k.p.User.Handle)
		}
	}
}
