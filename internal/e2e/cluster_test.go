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

// cluster is three replicas on one MongoDB behind a load balancer. The embedded
// testServer is the balancer: a call of its methods reaches one of the replicas.
type cluster struct {
	*testServer
	db       *mongotest.Server
	replicas []*testServer
}

// replicaNames are the names of the replicas in docs/balancer.
var replicaNames = [3]string{"one", "two", "three"}

// replicaFlags are the flags of a replica of a cluster.
func replicaFlags(i int) []string {
	return []string{"--trusted-proxies", "127.0.0.1", "--replica", replicaNames[i]}
}

// newCluster starts a cluster. config is the file of docs/balancer for the load
// balancer; there is none if it is empty.
func newCluster(t testing.TB, config string) *cluster {
	c := &cluster{db: mongotest.Start(t)}
	var addrs []string
	for i := range replicaNames {
		s := newMongoServer(t, c.db.URL("parley"))
		s.start(replicaFlags(i)...)
		t.Cleanup(s.kill)
		c.replicas, addrs = append(c.replicas, s), append(addrs, s.addr)
	}
	for _, s := range c.replicas[1:] { // each replica prints the same owner link
		_, code, _ := strings.Cut(c.replicas[0].setup, "#")
		if _, same, _ := strings.Cut(s.setup, "#"); same != code {
			t.Fatalf("the owner links differ: %s and %s", c.replicas[0].setup, s.setup)
		}
	}
	c.testServer = &testServer{t: t, setup: c.replicas[0].setup}
	if config != "" {
		c.addr = startBalancer(t, config, addrs...)
	}
	return c
}

// callUntilFinal repeats a call, with the same clientId, until the answer is not one
// that clients retry according to docs/protocol.md.
func (c *cluster) callUntilFinal(ctx context.Context, token, method, path string, in, out any) int {
	for {
		status := c.call(token, method, path, in, out)
		if status != 0 && status != 500 && status != 503 || ctx.Err() != nil {
			return status
		}
	}
}

// waitHead waits until the chat's head has reached a number, at most for timeout.
func (c *cluster) waitHead(ctx context.Context, a *account, id chat.ChatID, at chat.Seq, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for ctx.Err() == nil {
		var got struct{ Chat chat.Chat }
		if c.callUntilFinal(ctx, a.Token, "GET", "/api/chats/"+string(id), nil, &got) == 200 && got.Chat.Head >= at {
			return
		}
	}
}

// pause stops the process of a replica for 3 s and continues it.
func (c *cluster) pause(replica int) {
	p := c.replicas[replica].cmd.Process
	_ = p.Signal(syscall.SIGSTOP)
	defer func() { _ = p.Signal(syscall.SIGCONT) }()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	<-ctx.Done()
}
