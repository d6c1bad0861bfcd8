package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/chat"
)

// ioClient is a Socket.IO client that comes back after each failure, as the libraries do.
type ioClient struct {
	t       *testing.T
	addr    string
	account *account
	polling bool
	http    *http.Client

	mu      sync.Mutex
	epoch   string                   // guarded by mu
	seen    map[chat.ChatID]chat.Seq // guarded by mu
	got     map[chat.Seq]int         // guarded by mu: posts by seq
	opened  int                      // guarded by mu: connections that have said hello
	replica map[string]int           // guarded by mu: handshakes by the name in sid
}

// run connects again and again until ctx ends.
func (c *ioClient) run(ctx context.Context) {
	for ctx.Err() == nil {
		if c.polling {
			c.poll(ctx)
		} else {
			c.socket(ctx)
		}
		select { // a library waits longer
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (c *ioClient) do(ctx context.Context, method, query, body string) (string, bool) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+c.addr+"/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body))
	if err != nil {
		return "", false
	}
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	res, err := c.http.Do(r)
	if err != nil {
		return "", false
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err == nil && res.StatusCode == 200
}

func (c *ioClient) poll(ctx context.Context) {
	open, ok := c.do(ctx, "GET", "", "")
	if !ok {
		return
	}
	query := "&sid=" + c.handshake(open)
	if _, ok = c.do(ctx, "POST", query, c.connect()); !ok {
		return
	}
	for {
		body, ok := c.do(ctx, "GET", query, "")
		if !ok {
			return
		}
		for _, packet := range strings.Split(body, "\x1e") {
			switch {
			case packet == "2":
				if _, ok := c.do(ctx, "POST", query, "3"); !ok {
					return
				}
			case packet == "1":
				return
			default:
				c.receive(packet)
			}
		}
	}
}

func (c *ioClient) socket(ctx context.Context) {
	ws, _, err := websocket.Dial(ctx, "ws://"+c.addr+"/socket.io/?EIO=4&transport=websocket", &websocket.DialOptions{HTTPClient: c.http})
	if err != nil {
		return
	}
	defer func() { _ = ws.CloseNow() }()
	ws.SetReadLimit(-1)
	for first := true; ; first = false {
		_, b, err := ws.Read(ctx)
		if err != nil {
			return
		}
		answer := ""
		switch packet := string(b); {
		case first:
			c.handshake(packet)
			answer = c.connect()
		case packet == "2":
			answer = "3"
		default:
			c.receive(packet)
		}
		if answer != "" && ws.Write(ctx, websocket.MessageText, []byte(answer)) != nil {
			return
		}
	}
}

// handshake notes the open packet and returns the sid.
func (c *ioClient) handshake(packet string) string {
	var open struct{ Sid string }
	if err := json.Unmarshal([]byte(packet[1:]), &open); err != nil {
		c.t.Errorf("open packet %q", packet)
	}
	name, _, _ := strings.Cut(open.Sid, ".")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.replica[name]++
	return open.Sid
}

func (c *ioClient) connect() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	auth := map[string]any{"token": c.account.Token}
	if c.epoch != "" {
		auth["epoch"], auth["seen"] = c.epoch, c.seen
	}
	b, _ := json.Marshal(auth)
	return "40" + string(b)
}

func (c *ioClient) receive(packet string) {
	var args []json.RawMessage
	var name string
	if !strings.HasPrefix(packet, "42") || json.Unmarshal([]byte(packet[2:]), &args) != nil || json.Unmarshal(args[0], &name) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch name {
	case "hello":
		var h struct {
			Epoch string
			Chats []chat.Chat
		}
		_ = json.Unmarshal(args[1], &h) // checked by what follows
		c.opened++
		for _, one := range h.Chats {
			if c.epoch == "" {
				c.seen[one.ID] = one.Head
			}
		}
		c.epoch = h.Epoch
	case "posted":
		var ev chat.Event
		_ = json.Unmarshal(args[1], &ev)
		if ev.Seq != c.seen[ev.ChatID]+1 {
			c.t.Errorf("event %d after %d", ev.Seq, c.seen[ev.ChatID])
		}
		c.seen[ev.ChatID] = ev.Seq
		c.got[ev.Seq]++
	case "reset", "failed":
		c.t.Errorf("%s", packet)
	}
}

// Clients of Socket.IO behind the balancer, by polling and by WebSocket, lose nothing and
// receive nothing twice when a replica is killed.
func TestSocketIOOnReplicas(t *testing.T) {
	c := newCluster(t, "haproxy.cfg")
	owner := c.createOwner("owner")
	id := c.listChats(owner)[0].ID
	ctx, cancel := context.WithCancel(context.Background())
	var clients []*ioClient
	var running sync.WaitGroup
	for i := range 12 {
		p := &ioClient{t: t, addr: c.addr, account: owner, polling: i%2 == 0, http: &http.Client{Transport: &http.Transport{}},
			seen: map[chat.ChatID]chat.Seq{}, got: map[chat.Seq]int{}, replica: map[string]int{}}
		clients = append(clients, p)
		running.Go(func() { p.run(ctx) })
	}
	t.Cleanup(func() { cancel(); running.Wait() })
	all := func(what string, holds func(*ioClient) bool) {
		t.Helper()
		for end := time.Now().Add(90 * time.Second); ; {
			ok := true
			for _, p := range clients {
				p.mu.Lock()
				ok = ok && holds(p)
				p.mu.Unlock()
			}
			if ok {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("never: %s", what)
			}
			<-time.After(20 * time.Millisecond)
		}
	}
	all("every client has said hello", func(p *ioClient) bool { return p.opened > 0 })
	var last chat.Seq
	for n := range 60 {
		if n == 20 {
			c.replicas[1].kill()
		}
		if n == 40 {
			c.replicas[1].start(replicaFlags(1)...)
		}
		var out struct{ Message chat.Message }
		body := map[string]any{"clientId": fmt.Sprint("c", n), "text": "x"}
		if status := c.callUntilFinal(ctx, owner.Token, "POST", "/api/chats/"+string(id)+"/messages", body, &out); status != 201 && status != 200 {
			t.Fatalf("post: %d", status)
		}
		last = out.Message.Seq
	}
	all("every client has the last event", func(p *ioClient) bool { return p.seen[id] == last })
	names := map[string]int{}
	for _, p := range clients {
		p.mu.Lock()
		if len(p.got) != 60 {
			t.Errorf("polling %v: %d of 60 events", p.polling, len(p.got))
		}
		for seq, n := range p.got {
			if n != 1 {
				t.Errorf("event %d was delivered %d times", seq, n)
			}
		}
		for name, n := range p.replica {
			names[name] += n
		}
		p.mu.Unlock()
	}
	if len(names) != 3 || names["two"] == 0 {
		t.Errorf("handshakes by replica: %v", names)
	}
}
