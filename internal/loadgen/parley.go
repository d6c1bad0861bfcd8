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

// build makes the binary that a release would ship.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "parley")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "parley")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return path, cmd.Run()
}

// parley is the product, with its default settings but for the rates.
type parley struct {
	label  string // in place of its name
	binary string
	dir    string // for stores
	*seeded
	messages int // in each room from the beginning
	flags    []string
	env      []string
}

// on is the same one with so many cores.
func (t *parley) on(cores int) *parley {
	of := *t
	of.label = fmt.Sprint("parley, GOMAXPROCS=", cores)
	of.env = []string{fmt.Sprint("GOMAXPROCS=", cores)}
	return &of
}

func (t *parley) name() string { return cmp.Or(t.label, "parley") }

func (t *parley) prepare(ctx context.Context, w world) error {
	dir, err := os.MkdirTemp(t.dir, "seeded")
	if err == nil {
		t.seeded, err = seed(ctx, dir, w, t.messages)
	}
	return err
}

// start copies the store: what one repeat writes is not there in the next.
func (t *parley) start(ctx context.Context) (*process, error) {
	path, err := t.duplicate()
	if err != nil {
		return nil, err
	}
	return t.run(ctx, path, "127.0.0.1:0")
}

func (t *parley) duplicate() (path string, err error) {
	dir, err := os.MkdirTemp(t.dir, "store")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "parley.db"), os.CopyFS(dir, os.DirFS(t.seeded.dir))
}

func (t *parley) run(ctx context.Context, path, listen string) (*process, error) {
	cmd := exec.CommandContext(ctx, t.binary, append([]string{"--listen", listen, "--store", "sqlite:" + path,
		"--limit-anonymous", "off", "--limit-user", "off", "--limit-posts", "off", "--limit-sockets", "100000"}, t.flags...)...)
	cmd.Env = append(os.Environ(), t.env...)
	return launch(ctx, cmd)
}

var caughtUp = []byte("caughtUp")

// dial resumes with nothing, so that events follow at once.
func (t *parley) dial(p *process, person, buffer int) (*client, error) {
	c, err := t.open(p, person, buffer)
	if err != nil {
		return nil, err
	}
	b := wire.MsgPack.Encode(wire.Command{ID: 1, Do: "hello"})
	b = append(b, wire.MsgPack.Encode(wire.Command{ID: 2, Do: "resume"})...)
	return c, c.say(b, caughtUp)
}

// open upgrades and says nothing yet.
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

// address is where a process listens, so that another can take its place.
func (p *process) address() string { return strings.TrimPrefix(p.url, "http://") }
