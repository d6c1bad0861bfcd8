package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"os/exec"
	"strings"
)

// bare is the relay in bench/peers/bare. It shows what the machine itself needs.
type bare struct {
	binary string
	roomLists
}

func (t *bare) name() string { return "bare loop" }

func (t *bare) start(ctx context.Context) (*process, error) {
	return launch(ctx, exec.CommandContext(ctx, t.binary))
}

func (t *bare) dial(p *process, person, buffer int) (*client, error) {
	rooms := strings.ReplaceAll(strings.Trim(fmt.Sprint(t.roomsOf[person]), "[]"), " ", ",")
	return upgrade(p, person, buffer, "/?rooms="+rooms)
}

func (t *bare) post(_ *client, room int, text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(room)), text...)
}
