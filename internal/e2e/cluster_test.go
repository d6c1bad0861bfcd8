package e2e

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/chat"
	"parley/internal/mongotest"
)

// fleet is three replicas on one MongoDB, and a balancer before them. The house
// in it is the balancer: who asks it asks one of the three. Without a
// configuration there is none.
type fleet struct {
	*house
	db       *mongotest.Server
	replicas []*house
}

func openFleet(t testing.TB, config string) *fleet {
	f := &fleet{db: mongotest.Start(t)}
	var addrs []string
	for range 3 {
		h := hotel(t, f.db.URL("parley"))
		h.start("--trusted-proxies", "127.0.0.1")
		t.Cleanup(h.kill)
		f.replicas, addrs = append(f.replicas, h), append(addrs, h.addr)
	}
	for _, h := range f.replicas[1:] { // the same owner for whoever prints it
		_, code, _ := strings.Cut(f.replicas[0].setup, "#")
		if _, same, _ := strings.Cut(h.setup, "#"); same != code {
			t.Fatalf("the owner's links differ: %s and %s", f.replicas[0].setup, h.setup)
		}
	}
	f.house = &house{t: t, setup: f.replicas[0].setup}
	if config != "" {
		f.addr = balance(t, config, addrs...)
	}
	return f
}

// again repeats a call with the same clientId, as the rule of the protocol has
// it, until there is an answer that is final.
func (f *fleet) again(ctx context.Context, token, method, path string, in, out any) int {
	for {
		status := f.call(token, method, path, in, out)
		if status != 0 && status != 500 && status != 503 || ctx.Err() != nil {
			return status
		}
	}
}

// head waits until the chat's log has reached a number, or the patience ends.
func (f *fleet) head(ctx context.Context, p *person, id chat.ChatID, at chat.Seq, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		var c struct{ Chat chat.Chat }
		if f.again(ctx, p.Token, "GET", "/api/chats/"+string(id), nil, &c) == 200 && c.Chat.Head >= at {
			return
		}
	}
}

// freeze stops a replica for as long as the others need to move on, at most 3 s.
func (f *fleet) freeze(replica int) {
	p := f.replicas[replica].cmd.Process
	_ = p.Signal(syscall.SIGSTOP)
	defer func() { _ = p.Signal(syscall.SIGCONT) }()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	<-ctx.Done()
}
