package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"parley/chat"
)

// Four clients post: Ann and Bob over sockets (JSON and MessagePack), Cleo and Dan
// over HTTP. Meanwhile the server is killed and started again, twice. The clients
// post again what was not acknowledged. In the end all four have the same log:
// each text once, and no number is missing.
func TestKillWhileClientsPost(t *testing.T) {
	const each, kills = 300, 2
	s := newTestServer(t)
	ann := s.createOwner("ann")
	general := s.listChats(ann)[0].ID
	accounts := []*account{ann, s.createUser(ann, general, "bob"), s.createUser(ann, general, "cleo"), s.createUser(ann, general, "dan")}

	var head struct{ Chat chat.Chat }
	s.mustCall(200, ann.Token, "GET", "/api/chats/"+string(general), nil, &head)
	total := int(head.Chat.Head) + len(accounts)*each
	var log struct{ Epoch string } // a client that reads a chat from its beginning names the epoch
	s.mustCall(200, ann.Token, "GET", "/api/chats/"+string(general)+"/events?after=0", nil, &log)

	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Second)
	defer cancel()
	clients, wait := s.startClients(ctx, accounts, general, log.Epoch, each, total)
	// The server is killed after a third and after two thirds of the log.
	for kill := 1; kill <= kills; kill++ {
		for at := chat.Seq(total * kill / (kills + 1)); head.Chat.Head < at && ctx.Err() == nil; {
			s.call(ann.Token, "GET", "/api/chats/"+string(general), nil, &head)
		}
		s.kill()
		s.start()
	}
	if err := wait(); err != nil {
		t.Fatalf("%v\n%s", err, s.logText())
	}
	texts := map[string]int{}
	for _, e := range clients[0].log {
		if e.Kind == chat.Posted {
			texts[e.Text]++
		}
	}
	if len(texts) != len(accounts)*each || slices.Max(slices.Collect(maps.Values(texts))) != 1 {
		t.Errorf("%d different texts, want %d, each once", len(texts), len(accounts)*each)
	}
	want, _ := json.Marshal(clients[0].log)
	for _, reader := range clients[1:] {
		if got, _ := json.Marshal(reader.log); !bytes.Equal(got, want) {
			t.Errorf("the log of %s differs from that of ann", reader.account.User.Handle)
		}
	}
}
