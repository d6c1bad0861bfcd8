package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"parley/wire"
)

// build builds Parley as a release is built. With pushesTo, all its pushes go to that address.
func build(ctx context.Context, dir, pushesTo string) (string, error) {
	path, flags := filepath.Join(dir, "parley"), "-s -w"
	if pushesTo != "" {
		flags += " -X parley/server.pushesTo=" + pushesTo
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", flags, "-o", path, "parley")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
}

// parley is Parley with its default settings, but without rate limits.
type parley struct {
	label  string // replaces the name if not empty
	binary string
	dir    string // for stores
	*seededStore
	messages int // in each room at the start
	flags    []string
	env      []string
}

// withCores returns the same target with GOMAXPROCS set.
func (t *parley) withCores(cores int) *parley {
	limited := *t
	limited.label = fmt.Sprint("parley, GOMAXPROCS=", cores)
	limited.env = []string{fmt.Sprint("GOMAXPROCS=", cores)}
	return &limited
}

func (t *parley) name() string { return cmp.Or(t.label, "parley") }

func (t *parley) prepare(ctx context.Context, pop population) error {
	dir, err := os.MkdirTemp(t.dir, "seeded")
	if err == nil {
		t.seededStore, err = seed(ctx, dir, pop, t.messages)
	}
	return err
}

// start runs a server on a copy of the store, so that one repeat does not change the
// store of the next.
func (t *parley) start(ctx context.Context) (*process, error) {
	path, err := t.copyStore()
	if err != nil {
		return nil, err
	}
	return t.run(ctx, path, "127.0.0.1:0")
}

// copyStore copies the store and returns the path of the copy.
func (t *parley) copyStore() (path string, err error) {
	dir, err := os.MkdirTemp(t.dir, "store")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "parley.db"), os.CopyFS(dir, os.DirFS(t.seededStore.dir))
}

// run runs a server on the store at path.
func (t *parley) run(ctx context.Context, path, listen string) (*process, error) {
	cmd := exec.CommandContext(ctx, t.binary, append([]string{"--listen", listen, "--store", "sqlite:" + path,
		"--limit-anonymous", "off", "--limit-user", "off", "--limit-posts", "off", "--limit-sockets", "100000"}, t.flags...)...)
	cmd.Env = append(os.Environ(), t.env...)
	return launch(ctx, cmd)
}

var caughtUp = []byte("caughtUp")

// dial sends hello and an empty resume; live events follow it at once.
func (t *parley) dial(p *process, person, buffer int) (*client, error) {
	c, err := t.open(p, person, buffer)
	if err != nil {
		return nil, err
	}
	b := wire.MsgPack.Encode(wire.Command{ID: 1, Do: "hello"})
	b = append(b, wire.MsgPack.Encode(wire.Command{ID: 2, Do: "resume"})...)
	return c, c.request(b, caughtUp)
}

// open opens the socket and sends nothing.
func (t *parley) open(p *process, person, buffer int) (*client, error) {
	return upgrade(p, person, buffer, "/api/socket", "Sec-WebSocket-Protocol: "+wire.MsgPack.Protocol, "Authorization: Bearer "+t.tokens[person])
}

func (t *parley) post(c *client, room int, text string) []byte {
	c.ids++
	return t.command(c, wire.Command{Do: "post", ChatID: t.chats[room], Text: text,
		ClientID: fmt.Sprintf("%s-%d", c.conn.LocalAddr(), c.ids)})
}

func (t *parley) command(c *client, cmd wire.Command) []byte {
	c.ids++
	cmd.ID = c.ids
	return wire.MsgPack.Encode(cmd)
}

// address returns the host and port that a process listens on.
func (p *process) address() string { return strings.TrimPrefix(p.url, "http://") }
